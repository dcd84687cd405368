"""Bare limits: on which side of a number a quantity is allowed, and which decays one on epsilon is for."""

from pathlib import Path

import numpy as np
import pytest

from darkmoment import Fit
from darkmoment.levels import delta_chi2
from darkmoment.reading import describe_file
from darkmoment.runfile.loader import loads
from darkmoment.runfile.recorded import spec_of

LINE = 21
"""Where the experiments of the good file begin."""

CURVE = "mass_GeV,epsilon\n0.01,1e-4\n1,1e-4\n"


@pytest.fixture
def read(tmp_path: Path, change):
    """Return a file with this entry among its experiments."""
    (tmp_path / "mine.csv").write_text(CURVE)

    def of(mine: str, switch: str = ""):
        text = change(("  meg2", f"  meg2: {{}}\n  mine: {mine}"), ("seed", f"seed: 1\n{switch}"))
        return loads(text, "fit.yaml", tmp_path)

    return of


@pytest.fixture
def problem(tmp_path: Path, change, problems):
    def found(mine: str):
        (only,) = problems(change(("  meg2", f"  mine: {mine}")))
        return only

    return found


def column(file, **points):
    fit = Fit(file.base)
    return fit.chi2(points)[:, fit.terms.index("mine")]


@pytest.mark.parametrize(
    "mine",
    [
        '{limits: m_E, value: "> 1500", cl: 0.95}',
        '{limits: m_E, value: ">1500 @ 95% CL"}',
        '{limits: m_E, value: "> 1500 @ 95 %", cl: 0.95}',
        '{limits: m_E, value: "> 1.5 TeV", cl: 0.95}',
    ],
)
def test_a_lower_limit_allows_what_lies_above(read, mine: str) -> None:
    file = read(mine)
    experiment = Fit(file.base).experiments["mine"]
    p = {"m_E": np.array([1, 1499, 1500, 1501, 1e5])}
    np.testing.assert_array_equal(experiment.chi2(p), [np.inf, np.inf, 0, 0, 0])
    assert (experiment.shape.name, experiment.dataset.cl) == ("step", 0.95)
    said = next(line for line in describe_file(file).splitlines() if line.startswith("  mine"))
    assert said.startswith("  mine (given), step, lower limit on m_E: ")
    defined = file.base.experiments["mine"].resolved()["definition"]
    assert (defined["value"], defined["lower"]) == (1500, True)


def test_an_upper_limit_on_a_parameter_has_to_say_so(read) -> None:
    file = read('{limits: m_E, value: "< 1500", cl: 0.95}')
    chi2 = Fit(file.base).experiments["mine"].chi2({"m_E": np.array([750.0, 1500, 3000])})
    np.testing.assert_allclose(chi2, delta_chi2(0.95) * np.array([0.25, 1, 4]), rtol=1e-14)
    assert "  mine (given), half_gaussian, upper limit on m_E: " in describe_file(file)


@pytest.mark.parametrize("value", ["6e-14", '"6e-14"', '"< 6e-14"', '"<6e-14 @ 90% CL"', '"6e-14 @ 90%"'])
def test_upper_limits_however_they_are_written_are_the_same(read, value: str) -> None:
    plain = read("{limits: BR_mu_e_gamma, value: 6e-14, cl: 0.90}")
    other = read(f"{{limits: BR_mu_e_gamma, value: {value}, cl: 0.90}}")
    assert Fit(other.base).identity == Fit(plain.base).identity
    assert "lower" not in str(other.base.experiments["mine"].resolved())
    assert "upper limit on BR_mu_e_gamma" in describe_file(other)


def test_a_lower_limit_forbids_zero_and_lets_nan_through(read) -> None:
    experiment = Fit(read('{limits: BR_mu_e_gamma, value: "> 1e-14", cl: 0.9}').base).experiments["mine"]
    chi2 = experiment.chi2({"BR_mu_e_gamma": np.array([0, -1, np.nan, 2e-14])})
    np.testing.assert_array_equal(chi2, [np.inf, np.inf, np.nan, 0])


@pytest.mark.parametrize(
    ("mine", "message"),
    [
        (
            "{limits: m_E, value: 1500, cl: 0.95}",
            'm_E is allowed: write value: "> 1500" for a lower limit, value: "< 1500" for an upper one',
        ),
        ('{limits: m_S, value: "0.1", cl: 0.95}', 'write value: "> 0.1"'),
        ('{limits: m_E, value: "1500 @ 95% CL"}', 'write value: "> 1500"'),
        ('{limits: m_dirac, value: "< 5", cl: 0.95}', "m_dirac may be negative"),
        ('{limits: m_E, value: "> 1500"}', "needs cl, its confidence level"),
        ('{limits: m_E, value: "> 1500 @ 95% CL", cl: 0.9}', "has cl: 0.9, and its value says 0.95"),
        ('{limits: m_E, value: "> 1500 @ 95"}', "'95' is no confidence level between 0 and 100%"),
        ('{limits: m_E, value: "> 1500 @ 100% CL"}', "'100% CL' is no confidence level"),
        ('{limits: m_E, value: "> @ 95% CL"}', "value of mine: "),
        ('{limits: m_E, value: ">= 1500", cl: 0.95}', '"> 1500 @ 95% CL"'),
        ('{limits: m_E, value: "> -1500", cl: 0.95}', "value of mine is a lower limit, which is positive"),
        ('{limits: m_E, value: "> 1500", cl: 0.95, shape: half_gaussian}', "shape 'half_gaussian' needs"),
        ("{limits: m_E, value: > 1500, cl: 0.95}", 'a text that begins with > is quoted: "> 1500"'),
        (
            "{limits: mu_eff, value: 1e-11, cl: 0.9, decays: any}",
            "decays belongs to an upper limit on epsilon",
        ),
        ('{limits: epsilon, value: "> 1e-9", cl: 0.9, decays: any}', "decays belongs to an upper limit"),
        ("{limits: epsilon, value: 1e-3, cl: 0.9, decays: visibel}", "visibel"),
    ],
)
def test_what_is_refused_and_how_to_write_it(problem, mine: str, message: str) -> None:
    found = problem(mine)
    assert found.location.line == LINE
    assert message in found.message


# --- decays -------------------------------------------------------------------------------------------------

SWITCH = "invisible_branching: computed"
LIMITS = {
    "curve": "{limits: epsilon, curve: mine.csv, cl: 0.90",
    "number": "{limits: epsilon, value: 1e-4, cl: 0.90",
}
# above 2 m_mu, below the lightest dark states: some of each
POINT = {"m_dark_photon": [0.25], "epsilon": [2e-4]}


@pytest.mark.parametrize("kind", LIMITS)
@pytest.mark.parametrize(
    ("decays", "name"), [("invisible", "BR_invisible"), ("visible", "BR_visible"), ("any", "")]
)
def test_the_signal_goes_with_the_decays_it_is_for(read, kind: str, decays: str, name: str) -> None:
    file = read(f"{LIMITS[kind]}, decays: {decays}}}", SWITCH)
    fit = Fit(file.base)
    share = float(fit.evaluate(POINT).observables[name].iloc[0]) if name else 1.0
    assert 0 < share <= 1
    strength = (2e-4 / 1e-4) ** 2 * share
    assert column(file, **POINT)[0] == pytest.approx(delta_chi2(0.9) * strength**2, rel=1e-10)
    p = fit.model.predict({name: np.array([x[0]]) for name, x in fit.complete(POINT)[0].items()})
    assert fit.experiments["mine"].limit(p)[0] == pytest.approx(1e-4 / np.sqrt(share), rel=1e-10)
    assert file.warnings == ()
    assert f"upper limit on epsilon, decays: {decays}: " in describe_file(file)


@pytest.mark.parametrize("kind", LIMITS)
def test_what_is_not_said_is_taken_as_invisible_with_one_warning(read, kind: str) -> None:
    bare, said = read(f"{LIMITS[kind]}}}", SWITCH), read(f"{LIMITS[kind]}, decays: invisible}}", SWITCH)
    (warning,) = bare.warnings
    assert str(warning).startswith(f"fit.yaml:{LINE + 1}: mine does not say for which decays")
    assert "write decays: invisible, visible" in str(warning)
    assert Fit(bare.base).identity == Fit(said.base).identity
    assert read(f"{LIMITS[kind]}}}").warnings == ()


def test_variants_of_a_file_share_the_warning(tmp_path: Path, good: str) -> None:
    mine = f"  mine: {LIMITS['number']}}}"
    variants = "variants:\n  - {label: a, SWITCH}\n  - {label: b, SWITCH}\n  - {label: c}\n".replace(
        "SWITCH", SWITCH
    )
    file = loads(good.replace("  na64: {}", f"  na64: {{}}\n{mine}") + variants, "fit.yaml", tmp_path)
    assert len(file.warnings) == 1


def test_a_visible_limit_is_silent_where_nothing_is_visible(read) -> None:
    for kind in LIMITS:
        fit = Fit(read(f"{LIMITS[kind]}, decays: visible}}").base)
        survey = fit.survey(POINT)
        row = fit.terms.index("mine")
        assert (survey.covered[0, row], survey.chi2[0, row]) == (False, 0.0)


def test_a_limit_that_is_to_come(read, problem) -> None:
    file = read("{limits: BR_mu_e_gamma, value: 2e-14, cl: 0.90, status: projected}")
    fit = Fit(file.base)
    assert fit.experiments["mine"].projected
    assert fit.projected
    assert fit.experiments["mine"].label == "mine (given, projected)"
    said = next(line for line in describe_file(file).splitlines() if line.startswith("  mine"))
    assert said.startswith("  mine (given), half_gaussian, upper limit on BR_mu_e_gamma, projected: ")
    asked = file.base.experiments["mine"]
    assert asked.resolved()["definition"]["status"] == "projected"
    assert spec_of(file.base.resolved(), "").experiments["mine"].definition == asked.definition
    for measured in ("", ", status: measured"):
        plain = read(f"{{limits: BR_mu_e_gamma, value: 2e-14, cl: 0.90{measured}}}").base.experiments["mine"]
        assert "status" not in plain.resolved()["definition"]
        assert not plain.load().projected
    wrong = problem("{limits: BR_mu_e_gamma, value: 2e-14, cl: 0.90, status: projectd}")
    assert wrong.suggestion == "projected"
