"""invisible_branching: assumed leaves everything as it was; computed follows the widths."""

import json

import numpy as np
import pytest

from darkmoment.cli import main
from darkmoment.fit import Fit
from darkmoment.gaps import gaps
from darkmoment.inference.map_rows import reasons_for_silence, silence
from darkmoment.inference.maximise import maximise
from darkmoment.inference.profile import profile
from darkmoment.levels import delta_chi2
from darkmoment.runfile.loader import loads

TEXT = """
flavour: single_y
invisible_branching: {branching}
parameters:
  m_dark_photon: {{range: [1e-3, 3.0], prior: log_uniform, reference: 0.1}}
  epsilon: {{range: [1e-8, 1e-1], prior: log_uniform, reference: 1e-4}}
  y: 0.1
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 0
  m_E: 2000
experiments: {experiments}
"""
WIDTHS = [
    f"width_{channel}_GeV"
    for channel in ("e_e", "mu_mu", "tau_tau", "hadrons", "N_N", "scalars", "nu_nu", "total")
]


def fit(branching: str = "computed", experiments: str = "{na64: {}, babar: {}, meg2: {}}") -> Fit:
    return Fit(loads(TEXT.format(branching=branching, experiments=experiments)).base)


def points(seed: int, n: int = 400) -> dict[str, np.ndarray]:
    print("seed", seed)
    rng = np.random.default_rng(seed)
    return {
        "m_dark_photon": np.exp(rng.uniform(np.log(1e-3), np.log(10.0), n)),
        "epsilon": np.exp(rng.uniform(np.log(1e-8), np.log(1e-1), n)),
        "m_majorana": rng.uniform(-0.3, 0.3, n),
        "m_dirac": rng.uniform(-0.3, 0.3, n),
    }


def test_computed_reports_widths_that_add_up():
    found = fit().evaluate(points(5)).observables
    assert set(WIDTHS) < set(found.columns)
    assert {"BR_invisible", "BR_visible"} < set(found.columns)
    total = found[WIDTHS[:-1]].sum(axis=1)
    np.testing.assert_allclose(found["width_total_GeV"], total, rtol=1e-13)
    np.testing.assert_allclose(found["BR_invisible"] + found["BR_visible"], 1, rtol=1e-13)
    invisible = found[["width_N_N_GeV", "width_scalars_GeV", "width_nu_nu_GeV"]].sum(axis=1)
    np.testing.assert_allclose(found["BR_invisible"], invisible / total, rtol=1e-12)
    json.dumps(fit().evaluate({}).json(), allow_nan=False)


def test_assumed_is_as_before():
    """The same experiments with the branching fraction put in by hand: every bit is the same."""
    there = points(6)
    assumed = fit("assumed")
    found = assumed.evaluate(there)
    assert (found.observables["BR_invisible"] == 1).all()
    assert not set(WIDTHS) & set(found.observables.columns)
    assert "BR_visible" not in found.observables.columns
    for name in ("na64", "babar"):
        experiment = assumed.experiments[name]
        limit = experiment.curve.clamped(there["m_dark_photon"])
        expected = np.where(experiment.covered(there), np.square(there["epsilon"] / limit), 0.0)
        np.testing.assert_array_equal(found.chi2[name], experiment.shape.chi2(expected))
    # widths can be asked for all the same
    assert assumed.survey({}, ["width_e_e"]).quantities["width_e_e"][0] > 0


def test_computed_replaces_what_is_assumed():
    there = points(7)
    computed, assumed = fit(), fit("assumed")
    fraction = computed.evaluate(there).observables["BR_invisible"].to_numpy()
    for k, name in enumerate(computed.terms):
        power = 0 if name == "meg2" else 2
        expected = assumed.chi2(there)[:, k] * fraction**power
        np.testing.assert_allclose(computed.chi2(there)[:, k], expected, rtol=1e-12)


def test_one_point_and_a_batch_have_the_same_bits():
    there = points(8, 60)
    computed = fit(experiments="{na64: {}, babar_2014: {}, e137: {}}")
    names = ["BR_invisible", "BR_visible", "width_total", "width_hadrons"]
    together = computed.survey(there, names)
    for row in range(60):
        alone = computed.survey({k: v[row] for k, v in there.items()}, names)
        np.testing.assert_array_equal(alone.chi2[0], together.chi2[row])
        np.testing.assert_array_equal(alone.covered[0], together.covered[row])
        for name in names:
            assert alone.quantities[name][0] == together.quantities[name][row]


@pytest.mark.parametrize(
    ("m", "invisible"), [(0.01, (0, 1e-6)), (0.1, (0, 1e-4)), (0.25, (0.99999, 1)), (1.0, (0.99999, 1))]
)
def test_where_the_benchmark_decays(m, invisible):
    """N_1 N_2 opens at 200 MeV; below, neutrinos are rare where the Yukawa is small (epsilon 1e-4)."""
    (found,) = fit().evaluate({"m_dark_photon": m, "y": 1e-3}).observables["BR_invisible"]
    assert invisible[0] <= found <= invisible[1]


@pytest.mark.parametrize(("m", "epsilon", "share"), [(0.01, 2.2275e-5, 0.908), (0.1, 2.0679e-4, 0.103)])
def test_neutrinos_by_their_vector_coupling(m, epsilon, share):
    """At the edges of MEG II and NA64: m/(24 pi) sum |g_nu|^2 from the numbers of F, against e+ e-."""
    y = 0.101932
    F = np.array([[-0.574764, -0.370693], [-0.370693, -0.473713]])
    g = 0.5 / (16 * np.pi**2) * y**2 * F
    electrons = (
        epsilon**2
        / (3 * 137.035999)
        * m
        * (1 + 2 * (0.511e-3 / m) ** 2)
        * np.sqrt(1 - 4 * (0.511e-3 / m) ** 2)
    )
    neutrinos = m / (24 * np.pi) * (g**2).sum()
    there = {"m_dark_photon": m, "epsilon": epsilon, "y": y}
    found = fit().evaluate(there).observables.iloc[0]
    assert found["BR_invisible"] == pytest.approx(neutrinos / (neutrinos + electrons), rel=1e-5)
    assert found["BR_invisible"] == pytest.approx(share, abs=1e-3)
    assert found["width_nu_nu_GeV"] == pytest.approx(neutrinos, rel=1e-5)


def test_below_the_electrons_it_decays_to_neutrinos_or_not_at_all():
    light = {"m_dark_photon": 1e-3}
    assert fit().evaluate(light).observables["BR_invisible"].tolist() == [1]
    stable = {**light, "delta_theta": 0.0, "m_majorana": 0.0, "m_dirac": 0.1}
    found = fit().evaluate(stable).observables.iloc[0]
    assert (found["width_total_GeV"], found["BR_invisible"], found["BR_visible"]) == (0, 1, 0)


def test_visible_and_invisible_searches_share_the_decays():
    """Below the N threshold the visible search bounds epsilon, above it the invisible one."""
    both = fit(experiments="{babar: {}, babar_2014: {}}")
    below, above = both.chi2({"m_dark_photon": [0.15, 0.4], "epsilon": 2e-3, "y": 1e-3})
    assert below[1] > 1 > 1e-6 > below[0]
    assert above[0] > 1 > 1e-6 > above[1]


def test_a_dump_is_silent_counted_and_named_where_dark_decays_are_open():
    computed = fit(experiments="{na64: {}, meg2: {}, nucal: {}}")
    inside = {"m_dark_photon": [0.1, 0.3], "epsilon": [1e-6, 5e-7], "y": 1e-3}
    survey = computed.survey(inside)
    nucal = computed.terms.index("nucal")
    assert survey.covered[:, nucal].tolist() == [True, False]
    assert survey.chi2[0, nucal] > 100
    assert computed.evaluate(inside).out_of_range == [[], ["nucal"]]
    (note,) = [n for n in computed.evaluate(inside).notes[1] if n.startswith("nucal")]
    assert note == f"nucal says nothing here: {computed.experiments['nucal'].silence}"
    found = maximise(computed, "mu_eff", along="m_dark_photon", points=[0.3], starts=1)
    assert any(
        w.startswith("nucal says nothing in 1 of 1 cells: ") and "visible" in w for w in found.warnings
    )


def test_maps_and_profiles_name_the_reason_for_silence():
    """At 0.3 GeV, within nu-CAL's masses: it is the decays to N that silence it."""
    computed = fit(experiments="{na64: {}, meg2: {}, nucal: {}}")
    reason = f"nucal says nothing in 1 of 1 cells: {computed.experiments['nucal'].silence}"
    flat = profile(computed, "m_dark_photon", [0.3], starts=1)
    assert reason in flat.warnings
    assert reason in silence(flat.table, reasons_for_silence(computed))
    assert silence(flat.table, {}) == ["nucal says nothing in 1 of 1 cells: they are outside its range"]


def test_evaluate_gives_one_reason_for_silence(tmp_path, capsys):
    file = tmp_path / "fit.yaml"
    file.write_text("name: fit\n" + TEXT.format(branching="computed", experiments="{meg2: {}, nucal: {}}"))
    assert main(["evaluate", str(file), "--set", "m_dark_photon=0.3"]) == 0
    (said,) = [line for line in capsys.readouterr().out.splitlines() if "nucal says nothing" in line]
    assert said.endswith("less than 90% of the decays are visible")


@pytest.mark.parametrize(("top", "leads"), [(1e-1, "babar_2014"), (5e-5, "e137")])
def test_the_search_finds_the_largest_mixing_beside_closed_regions(top, leads):
    """Against every mixing on a fine grid: above the regions, or below one in which the range ends."""
    experiments = "{meg2: {}, e137: {}, orsay: {}, e141: {}, na64_2019: {}, babar_2014: {}}"
    text = TEXT.format(branching="computed", experiments=experiments)
    mixing = "[1e-8, 1e-1], prior: log_uniform, reference: 1e-4"
    assert mixing in text
    text = text.replace(mixing, f"[1e-8, {top}], prior: log_uniform, reference: 1e-6")
    # a Yukawa so small that neutrinos leave the decays visible
    crowded = Fit(loads(text.replace("  y: 0.1\n", "  y: 1e-5\n")).base)
    m = 0.0205
    found = maximise(crowded, "mu_eff", along="m_dark_photon", points=[m], starts=4).table.iloc[0]
    assert (found["leading_experiment"], found["status"]) == (leads, "certified")
    epsilon = np.geomspace(1e-8, top, 20001)
    chi2 = crowded.total_chi2({"m_dark_photon": m, "epsilon": epsilon})
    best = epsilon[chi2 <= chi2.min() + delta_chi2(0.90)].max()
    assert best <= found["epsilon"] * (1 + 1e-9)
    assert found["epsilon"] == pytest.approx(best, rel=1e-3)


def test_assumed_leaves_visible_searches_nothing_to_say():
    assumed = fit("assumed", experiments="{babar_2014: {}, nucal: {}, meg2: {}}")
    survey = assumed.survey({"m_dark_photon": 0.1, "epsilon": 1e-2})
    assert survey.covered[0].tolist() == [False, False, True]
    assert survey.chi2[0, :2].tolist() == [0, 0]
    assert [line.split(":")[0] for line in gaps(assumed)] == [
        f"{name} says nothing anywhere" for name in ("babar_2014", "nucal")
    ]
    (line,) = gaps(fit(experiments="{lhcb_2019_prompt: {}}"))
    assert "0.5237 .. 0.5742" in line
