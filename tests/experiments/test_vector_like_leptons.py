"""The stand-in bound on m_E, and the published results that say nothing about this model."""

from dataclasses import replace

import numpy as np
import pytest

from darkmoment import Fit
from darkmoment.experiments import ExperimentError, LowerLimit, UpperLimit, available, load
from darkmoment.experiments.closure import closure
from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import loads


@pytest.mark.parametrize(("dataset", "limit"), [(None, 1270.0), ("muon", 1270.0), ("electron", 1220.0)])
def test_heavier_is_allowed_lighter_is_not(dataset: str | None, limit: float) -> None:
    atlas = load("atlas_vll", dataset)
    assert (atlas.limits, atlas.needs, atlas.hard) == ("m_E", ("m_E",), True)
    p = {"m_E": limit * np.array([0.1, 0.999, 1.0, 1.001, 10.0])}
    np.testing.assert_allclose(atlas.response(p), [10, 1 / 0.999, 1, 1 / 1.001, 0.1], rtol=1e-15)
    assert atlas.chi2(p).tolist() == [np.inf, np.inf, 0, 0, 0]
    assert atlas.limit({}).tolist() == [limit]
    assert atlas.knots["m_E"].tolist() == [limit]
    assert np.isnan(atlas.chi2({"m_E": np.array([np.nan])})).all()


def test_it_closes_from_above() -> None:
    found = closure(["atlas_vll"]).set_index("dataset")
    assert found["ok"].all()
    assert found.loc["muon", "recovered"] == pytest.approx(1270, rel=1e-9)
    assert found.loc["electron", "recovered"] == pytest.approx(1220, rel=1e-9)


def test_a_lower_limit_has_no_smooth_shape() -> None:
    """(m_lim/m_E)^2 is no number of events: half a gaussian in it would reach far above the limit."""
    for shape in ("half_gaussian", "limit_and_sensitivity", "counting"):
        with pytest.raises(ExperimentError, match=r"needs an upper limit.*available: step$"):
            load("atlas_vll", shape=shape)


def test_the_two_kinds_of_limit_are_not_mistaken_for_each_other() -> None:
    mass, rate = {"m_E": np.array([2000.0])}, {"BR_mu_e_gamma": np.array([1e-14])}
    with pytest.raises(ExperimentError, match="atlas_vll has no upper limit"):
        UpperLimit(available()["atlas_vll"]).response(mass)
    with pytest.raises(ExperimentError, match="meg2 has no lower limit"):
        LowerLimit(available()["meg2"]).response(rate)


def fit(experiments: str) -> Fit:
    return Fit(loads(f"extends: paper\nname: t\nexperiments: {experiments}\n", "t.yaml").base)


def test_in_a_fit_it_shuts_off_light_partners() -> None:
    guarded = fit("{atlas_vll: {}}")
    term = guarded.terms.index("atlas_vll")
    m_E = np.array([1269.9, 1270.0, 2000.0])
    assert guarded.chi2({"m_E": m_E})[:, term].tolist() == [np.inf, 0, 0]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cms_vll", r"decays to tau leptons.*couples to electron and muon only.*atlas_vll is the stand-in"),
        ("belle2_zprime", r"L_mu - L_tau radiated by a muon"),
    ],
)
def test_what_does_not_apply_is_refused_with_its_reason(name: str, reason: str) -> None:
    assert not available()[name].applies
    with pytest.raises(ExperimentError, match=rf"{name} does not apply to this model: .*{reason}"):
        load(name)
    text = f"extends: paper\nname: t\nexperiments:\n  {name}: {{}}\n"
    with pytest.raises(RunFileError, match=rf"(?s)t\.yaml:4: .*does not apply to this model: .*{reason}"):
        loads(text, "t.yaml")
    with pytest.raises(ExperimentError, match="does not apply"):
        closure([name])


def test_a_note_is_all_it_takes() -> None:
    idle = replace(available()["meg2"], applies=False, notes="Another particle.")
    with pytest.raises(ExperimentError, match=r"meg2 does not apply to this model: Another particle\."):
        UpperLimit(idle)
