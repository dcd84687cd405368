"""Numbers with units and arithmetic."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkmoment.runfile.numbers import NumberError, constraint_from_text, number_from_text


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("100 MeV", "GeV", 0.1),
        ("100MeV", "GeV", 0.1),
        ("2 TeV", "GeV", 2000.0),
        ("1 keV", "GeV", 1e-6),
        ("511 keV", "GeV", 0.000511),
        ("0.3 eV", "GeV", 3e-10),
        ("1e-3 GeV", "GeV", 1e-3),
        ("45 deg", "rad", math.pi / 4),
        ("180 deg", "rad", math.pi),
        ("1 rad", "rad", 1.0),
        ("5 mrad", "rad", 0.005),
        ("sqrt(4) TeV", "GeV", 2000.0),
        ("(1+1) MeV", "GeV", 0.002),
        ("-1 MeV", "GeV", -0.001),
        ("pi/4", "rad", math.pi / 4),
        ("1e-4", "", 1e-4),
        (" 3 ", "", 3.0),
        ("2*pi", "rad", 2 * math.pi),
    ],
)
def test_values(text, unit, value):
    assert number_from_text(text, unit) == value


@given(st.integers(1, 10**6))
def test_a_unit_rounds_once(number):
    """The value is the float nearest to the decimal number, as if it had been typed in GeV."""
    assert number_from_text(f"{number} keV", "GeV") == float(f"{number}e-6")
    assert number_from_text(f"{number} MeV", "GeV") == float(f"{number}e-3")


@pytest.mark.parametrize(
    ("text", "unit", "message", "suggestion"),
    [
        ("100 MeV", "", "'100 MeV' is in MeV, but a pure number is wanted", None),
        ("100 MeV", "rad", "is in MeV, but a number in rad is wanted", None),
        ("45 deg", "GeV", "is in deg, but a number in GeV is wanted", None),
        ("100 Mev", "GeV", "unknown unit 'Mev' in '100 Mev'", "MeV"),
        ("10 %", "", "unknown unit '%'", None),
        ("1 2 GeV", "GeV", "'1 2 GeV' is not a number", None),
        ("GeV", "GeV", "'GeV' is not a number", None),
        ("abc", "", "'abc' is not a number", None),
        ("inf", "", "'inf' is not a number", None),
        ("1e400", "", "is not a finite number", None),
        ("log(0)", "", "is not a finite number", None),
        ("m_E/2", "GeV", '{expr: "m_E/2"}', None),
        ("", "", "is not arithmetic", None),
    ],
)
def test_refusals(text, unit, message, suggestion):
    with pytest.raises(NumberError) as caught:
        number_from_text(text, unit)
    assert message in str(caught.value)
    assert caught.value.suggestion == suggestion


@given(
    st.text(max_size=40) | st.text("0123456789.e+-*/() MeVkTdgrapi", max_size=20),
    st.sampled_from(["", "GeV", "rad"]),
)
def test_any_text_is_a_finite_number_or_refused(text, unit):
    try:
        value = number_from_text(text, unit)
    except NumberError:
        return
    assert math.isfinite(value)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("0.53 +- 0.05", "", (0.53, 0.05)),
        ("0.53+-0.05", "", (0.53, 0.05)),
        ("0.53 +/- 0.05", "", (0.53, 0.05)),
        ("0.53 ± 0.05", "", (0.53, 0.05)),
        ("100 +- 5 MeV", "GeV", (0.1, 0.005)),
        ("100 MeV +- 5 keV", "GeV", (0.1, 5e-6)),
        ("1e-3 +- 1e-4", "", (1e-3, 1e-4)),
        ("-1 +- 0.5", "rad", (-1.0, 0.5)),
    ],
)
def test_constraints(text, unit, value):
    assert constraint_from_text(text, unit) == value


@pytest.mark.parametrize(
    "text", ["0.53", "0.53 + 0.05", "+- 1", "1 +-", "1 +- 2 +- 3", "1 +- 0", "1 +- -1", "a +- b", ""]
)
def test_constraint_refusals(text):
    with pytest.raises(NumberError):
        constraint_from_text(text)
