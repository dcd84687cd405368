"""Fits whose experiments observe an injected signal."""

import json
import pickle
from math import sqrt

import numpy as np
import pytest
from scipy.stats import norm

from darkmoment.asimov import notes, without_signal
from darkmoment.fit import Fit, PointError
from darkmoment.inference.maximise import maximise
from darkmoment.inference.profile import profile
from darkmoment.inference.sample import sample
from darkmoment.inference.workers import Processes
from darkmoment.levels import delta_chi2
from darkmoment.runfile.loader import loads

Z = norm.isf(0.05)
FILE = """\
name: signal
flavour: single_y
parameters:
  m_dark_photon: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}
  epsilon: {range: [1e-7, 1e-2], prior: log_uniform, reference: 2e-4}
  y: {range: [1e-2, 1.0], prior: log_uniform, reference: 0.1}
  g_D: 0.5
  delta_theta: pi/4
  m_S: 0.3
  delta_m_S: 0.1
  m_majorana: 0.1
  m_dirac: 1e-3
  m_E: 2000
experiments:
  mu2e: {dataset: run1}
  na64_1e13: {}
"""
ASIMOV = "data: {asimov: {at: reference}}\n"


def fit_of(extra: str = ASIMOV, **changes: str) -> Fit:
    text = FILE
    for name, value in changes.items():
        (line,) = [x for x in text.splitlines() if x.startswith(f"  {name}:")]
        text = text.replace(line, f"  {name}: {value}")
    return Fit(loads(text + extra, "signal.yaml").base)


@pytest.fixture(scope="module")
def signal() -> Fit:
    return fit_of()


def test_the_injected_point_is_the_best(signal: Fit) -> None:
    assert signal.data == "Asimov data at reference"
    assert signal.title == "signal (projected, Asimov data)"
    assert signal.total_chi2({})[0] == pytest.approx(0, abs=1e-12)
    seed = 5
    print("seed", seed)
    rng = np.random.default_rng(seed)
    u = rng.random((3, 5000))
    points = {p.name: p.from_unit(x) for p, x in zip(signal.free, u, strict=True)}
    assert (signal.chi2(points) >= -1e-9).all()
    published = fit_of("")
    assert published.data == "observed"
    assert published.title == "signal (projected)"
    assert published.total_chi2({})[0] > 1


def test_identity_and_travels(signal: Fit) -> None:
    published, other = fit_of(""), fit_of("data: {asimov: {at: {y: 0.2}}}")
    assert len({signal.identity, published.identity, other.identity}) == 3
    twin = pickle.loads(pickle.dumps(signal))
    assert twin.identity == signal.identity
    assert twin.injected == signal.injected
    points = {"epsilon": [1e-5, 1e-4], "y": [0.05, 0.3]}
    np.testing.assert_array_equal(twin.chi2(points), signal.chi2(points))
    held = pickle.loads(pickle.dumps(signal.pinned({"y": 0.2})))
    np.testing.assert_array_equal(held.chi2({}), signal.chi2({"y": [0.2]}))


def test_the_data_stay_when_parameters_are_held(signal: Fit) -> None:
    held = signal.holding({"epsilon": 1e-4})
    assert held.injected == signal.injected
    np.testing.assert_allclose(held.chi2({}), signal.chi2({"epsilon": [1e-4]}), rtol=1e-10, atol=1e-14)
    (note,) = notes(held)
    assert note == "the Asimov data have epsilon = 0.0002, which is held at 0.0001 in this fit"
    assert notes(signal) == []
    less = signal.without("na64_1e13")
    np.testing.assert_array_equal(less.chi2({"y": [0.2]})[:, 0], signal.chi2({"y": [0.2]})[:, 0])


def test_a_point_out_of_reach_is_named() -> None:
    (note,) = notes(fit_of("data: {asimov: {at: {m_dark_photon: 1.1}}}"))
    assert note == "the Asimov data have m_dark_photon = 1.1, outside its range [0.01, 1]"
    (note,) = notes(fit_of("data: {asimov: {at: {g_D: 0.2}}}"))
    assert note == "the Asimov data have g_D = 0.2, which is held at 0.5 in this fit"


def test_from_python(signal: Fit) -> None:
    made = fit_of("").observing({"epsilon": 2e-4})
    np.testing.assert_array_equal(made.chi2({"y": [0.2]}), signal.chi2({"y": [0.2]}))
    with pytest.raises(PointError, match=r"no parameter 'epsilom' .did you mean 'epsilon'"):
        fit_of("").observing({"epsilom": 1e-4})
    with pytest.raises(PointError, match="a scalar mass is not positive"):
        fit_of("").observing({"delta_m_S": 0.7})


def test_a_constraint_observes_the_injected_value() -> None:
    fit = fit_of("data: {asimov: {at: {y: 0.2}}}\n", y='{range: [1e-2, 1.0], constraint: "0.3 +- 0.05"}')
    assert fit.terms[-1] == "y_constraint"
    chi2 = fit.chi2({"y": [0.2, 0.3, 0.15]})[:, -1]
    np.testing.assert_allclose(chi2, [0, 4, 1], atol=1e-12)


OUTSIDE = """\
  belle2: {}
  babar: {shape: step}
"""


def test_where_an_experiment_says_nothing() -> None:
    """Silent at the injected point: it observes no signal. Silent elsewhere: it denies nothing."""
    text = FILE.replace("  na64_1e13: {}\n", "  na64_1e13: {}\n" + OUTSIDE)
    fit = Fit(loads(text + ASIMOV, "signal.yaml").base)
    silent, hard = notes(fit)
    assert silent == "belle2 says nothing at the injected point: it is taken to observe no signal"
    assert hard.startswith("babar is a hard limit, which knows no data: it stays as published and allows")
    chi2 = fit.survey({"m_dark_photon": [0.1, 0.2], "epsilon": [2e-4, 2e-4]}).chi2
    row = list(fit.terms).index("belle2")
    strength = fit.survey({"m_dark_photon": [0.2], "epsilon": [2e-4]}).strength[0, row]
    np.testing.assert_allclose(chi2[:, row], [0, (Z * strength) ** 2], rtol=1e-9)
    step = list(fit.terms).index("babar")
    assert np.isinf(fit.chi2({"epsilon": [9e-3]})[0, step])
    # BaBar's range holds 0.1, Belle II's does not hold 0.1, NA64's ends at 1.2 GeV
    seen = fit_of(
        "data: {asimov: {at: {m_dark_photon: 0.2}}}", m_dark_photon="{range: [1e-2, 7], reference: 0.1}"
    )
    na64 = list(seen.terms).index("na64_1e13")
    found = seen.survey({"m_dark_photon": [0.2, 5.0, 0.2], "epsilon": [2e-4, 2e-4, 1e-7]})
    assert found.covered[:, na64].tolist() == [True, False, True]
    assert found.chi2[1, na64] == 0
    assert found.chi2[2, na64] > 9


def test_profiling_gives_back_what_was_injected(signal: Fit) -> None:
    """The interval of y is that of the Poisson likelihood; no signal at all is as many sigma away as said."""
    found = profile(signal, "y", 41, (0.04, 0.3), starts=2, seed=3)
    table = found.table
    assert table["y"][int(table["delta_chi2"].argmin())] == pytest.approx(0.1, rel=0.03)
    counting = signal.experiments["mu2e"].shape
    strength = signal.survey({}).strength[0, 0]
    n, b = counting.observed, counting.background
    # the rate goes as y^4; m_dark_photon and epsilon are free and cost nothing
    mean = b + counting.events_at_limit * strength * (table["y"] / 0.1) ** 4
    expected = 2 * (mean - n - n * np.log(mean / n))
    np.testing.assert_allclose(table["delta_chi2"], expected, rtol=1e-3, atol=2e-3)
    low, high = found.interval(0.90)
    assert low < 0.1 < high


def test_no_signal_is_sigma_away_from_the_best_fit(signal: Fit) -> None:
    none = {name: [value] for name, value in without_signal(signal.injected).items()}
    chi2 = dict(zip(signal.terms, signal.chi2(none)[0], strict=True))
    na64 = signal.survey({}).strength[0, 1]
    assert chi2["na64_1e13"] == pytest.approx((Z * na64) ** 2, rel=1e-9)
    # epsilon -> 1e-7 is no signal but for a part in 4 million
    found = profile(signal.pinned({"m_dark_photon": 0.1}), "epsilon", 2, (1e-7, 2e-4), starts=2, seed=3)
    rise = found.table["delta_chi2"].to_numpy()
    assert rise[1] == pytest.approx(0, abs=1e-4)
    assert sqrt(rise[0]) == pytest.approx(Z * na64, rel=1e-4)


def test_the_upper_limit_lies_above_the_injected_value(signal: Fit) -> None:
    alone = signal.without("mu2e")
    found = maximise(alone, "delta_a_mu_dark_photon", "m_dark_photon", [0.1], 0.90, 2, 1)
    # delta_a goes as epsilon^2, as the strength: s_max = s + sqrt(2.7055)/z = s + 1
    strength = alone.survey({}).strength[0, 0]
    here = float(alone.predictions({})["delta_a_mu_dark_photon"][0])
    column = found.table["delta_a_mu_dark_photon_max"]
    assert column[0] == pytest.approx(here * (strength + sqrt(delta_chi2(0.9)) / Z) / strength, rel=2e-3)


def test_the_posterior_surrounds_the_injected_value(signal: Fit) -> None:
    fit = signal.pinned({"m_dark_photon": 0.1})
    found = sample(fit, "mu_eff", ess=200, ensembles=2, walkers=32, max_steps=600, seed=4)
    for name, value in (("epsilon", 2e-4), ("y", 0.1)):
        low, high = np.quantile(found.parameters[name], [0.02, 0.98])
        assert low < value < high
        assert high < 3 * low  # a measurement, not a limit


def test_workers_have_the_same_data(signal: Fit) -> None:
    settings = ("mu_eff", "m_dark_photon", [0.05, 0.1], 0.90, 1, 7)
    alone = maximise(signal, *settings).table
    with Processes(2) as crew:
        together = maximise(signal, *settings, crew=crew).table
    assert alone.equals(together)


def test_evaluate_and_check_say_it(darkmoment, tmp_path) -> None:
    file = tmp_path / "signal.yaml"
    file.write_text(FILE + ASIMOV)
    found = json.loads(darkmoment("evaluate", file, "--json", "--set", "epsilon=1e-4").out)
    assert found["data"] == "Asimov data at reference"
    assert found["notes"][0].startswith("Asimov data at reference: chi2 compares with what is expected there")
    assert found["chi2"]["mu2e"] == pytest.approx(0, abs=1e-12)
    assert found["chi2"]["na64_1e13"] > 1
    said = darkmoment("check", file).out
    assert "Asimov data at reference: m_dark_photon = 0.1, epsilon = 0.0002, g_D = 0.5" in said
    file.write_text(FILE)
    assert "data" not in json.loads(darkmoment("evaluate", file, "--json").out)


def test_a_run_on_asimov_data_is_recorded_and_resumed(darkmoment, tmp_path) -> None:
    file, out = tmp_path / "signal.yaml", tmp_path / "out"
    task = "tasks:\n  - profile: {x: epsilon, points: 3, starts: 1}\n"
    file.write_text(FILE + ASIMOV + task)
    assert darkmoment("run", file, "--out", out).code in (0, 1)
    record = json.loads((out / "record.json").read_text())
    assert record["fits"][""]["data"]["asimov"]["point"]["epsilon"] == 2e-4
    assert json.loads((out / "profile_epsilon.json").read_text())["data"] == "Asimov data at reference"
    assert "1007.1727" in darkmoment("cite", out).out
    assert darkmoment("run", file, "--out", out, "--resume").code in (0, 1)
    file.write_text(FILE + "data: {asimov: {at: {epsilon: 1e-4}}}\n" + task)
    refused = darkmoment("run", file, "--out", out, "--resume")
    assert refused.code == 2
    assert "fits.data.asimov.at" in refused.err
    file.write_text(FILE + task)
    assert "fits.data" in darkmoment("run", file, "--out", out, "--resume").err
    assert "1007.1727" not in darkmoment("cite", file).out
