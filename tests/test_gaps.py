"""A stretch of mass that no curve bounds is named when a fit is run or checked."""

import pytest

from darkmoment.fit import Fit
from darkmoment.gaps import gaps
from darkmoment.runfile.loader import loads

TEXT = """
flavour: single_y
parameters:
  m_dark_photon: {{range: {window}, prior: log_uniform}}
  epsilon: {{range: [1e-8, 1e-2], prior: log_uniform}}
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
COMPUTED = "\ninvisible_branching: computed"


def found(window: str, experiments: str) -> list[str]:
    return gaps(Fit(loads(TEXT.format(window=window, experiments=experiments)).base))


def test_no_gap_where_curves_overlap():
    assert found("[1e-3, 7.99]", "{na64: {}, babar: {}, meg2: {}}") == []


def test_gap_above_and_between_is_named():
    (line,) = found("[1e-3, 20.0]", "{na64: {}, babar: {}}")
    assert line == "no curve bounds epsilon for m_dark_photon in 7.9999 .. 20 GeV"
    (line,) = found("[1e-4, 2.0]", "{na64: {}}")
    assert "0.0001 .. 0.001, 1.2765 .. 2" in line


def test_a_fit_without_curves_has_no_gap_to_name():
    assert found("[1e-3, 20.0]", "{borexino: {}}") == []


def test_a_curve_outside_the_range_is_named():
    assert found("[1e-3, 1.0]", "{na64: {}, meg2: {}}") == []
    lines = found("[1e-3, 1.0]", f"{{na64: {{}}, lep_monophoton: {{}}, orsay: {{}}}}{COMPUTED}")
    assert lines == [
        "lep_monophoton says nothing anywhere: it is for m_dark_photon in 10 .. 90 GeV, "
        "the range is 0.001 .. 1 GeV"
    ]
    (line,) = found("[0.2, 1.0]", f"{{na64: {{}}, orsay: {{}}}}{COMPUTED}")
    assert "orsay says nothing anywhere: it is for m_dark_photon in" in line


@pytest.mark.parametrize("window", ["[1e-3, 1.0]", "[0.2, 1.0]"])
def test_a_visible_search_where_no_decay_is_visible_can_never_speak(window):
    number = "number: {limits: epsilon, value: 1e-4, cl: 0.9, decays: visible}"
    asked = f"{{na64: {{}}, orsay: {{}}, lhcb_2019_prompt: {{}}, {number}}}"
    lines = found(window, asked)
    assert [line.split()[0] for line in lines] == ["orsay", "lhcb_2019_prompt", "number"]
    assert all("says nothing anywhere: it is for visible decays" in line for line in lines)
    assert all("write invisible_branching: computed" in line for line in lines)
    assert not any("for visible decays" in line for line in found(window, asked + COMPUTED))


def test_it_is_said_with_the_mass_fixed_as_well():
    text = TEXT.format(window="[1e-3, 1.0]", experiments="{na64: {}, orsay: {}}")
    (line,) = gaps(Fit(loads(text).base, {"m_dark_photon": 0.01}))
    assert line.startswith("orsay says nothing anywhere: it is for visible decays")
