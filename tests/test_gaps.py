"""A stretch of mass that no curve bounds is named when a fit is run or checked."""

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
    lines = found("[1e-3, 1.0]", "{na64: {}, lep_monophoton: {}, orsay: {}}")
    assert lines == [
        "lep_monophoton says nothing anywhere: it is for m_dark_photon in 10 .. 90 GeV, "
        "the range is 0.001 .. 1 GeV"
    ]
    assert any("orsay says nothing anywhere" in line for line in found("[0.2, 1.0]", "{na64: {}, orsay: {}}"))
