"""How a parameter can be given, and what a fit computes with."""

import math

import numpy as np
import pytest

from darkmoment.parameters import PARAMETERS, Prior, names_of
from darkmoment.runfile.compilation import compile_parameters, parse_assignment
from darkmoment.runfile.diagnostics import RunFileError


def _entry(change, read, name, text):
    return read(change((f"  {name}", f"  {name}: {text}"))).base.parameters[name]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("m_E", "2000", 2000.0),
        ("m_E", "2 TeV", 2000.0),
        ("m_E", "{value: 2 TeV}", 2000.0),
        ("m_E", "{expr: 1000 + 2**3}", 1008.0),
        ("m_E", '"2000"', 2000.0),
        ("delta_theta", "45 deg", math.pi / 4),
        ("delta_theta", "-pi/8", -math.pi / 8),
        ("m_dirac", "-0.1", -0.1),
        ("m_majorana", "1e-3", 1e-3),
    ],
)
def test_fixed(change, read, name, text, value):
    spec = _entry(change, read, name, text)
    assert (spec.value, spec.range, spec.free) == (value, None, False)


@pytest.mark.parametrize(
    "text",
    [
        "{range: [100 MeV, 1], prior: log_uniform}",
        "{min: 0.1, max: 1 GeV, prior: log_uniform}",
        "{range: [1/10, 10**0], prior: {log_uniform: }}",
    ],
)
def test_range(change, read, text):
    spec = _entry(change, read, "m_S", text)
    assert (spec.range, spec.value, spec.prior) == ((0.1, 1.0), None, Prior("log_uniform"))


@pytest.mark.parametrize(
    ("text", "prior"),
    [
        ("", Prior()),
        (", prior: uniform", Prior("uniform")),
        (", prior: {normal: {mean: 200 MeV, sd: 0.1}}", Prior("normal", 0.2, 0.1)),
        (", prior: {half_normal: {sd: 500 MeV}}", Prior("half_normal", sd=0.5)),
    ],
)
def test_prior(change, read, text, prior):
    assert _entry(change, read, "m_S", f"{{range: [0.1, 1]{text}}}").prior == prior


def test_constraint_alone_frees_within_five_sigma(change, read):
    spec = read(change(("  m_E", "  m_E: 2000\n  P_ee: {constraint: 0.53 +- 0.05}"))).base.parameters["P_ee"]
    assert spec.range == pytest.approx((0.28, 0.78))
    assert spec.constraint == (0.53, 0.05)
    assert spec.reference == 0.53


def test_constraint_alone_stays_where_values_have_a_meaning(change, read):
    spec = read(change(("  m_E", "  m_E: 2000\n  P_ee: {constraint: 0.53 +- 0.2}"))).base.parameters["P_ee"]
    assert spec.range == (0.0, 1.0)


def test_constraint_with_a_range(change, read):
    spec = _entry(change, read, "m_E", "{range: [1, 3 TeV], constraint: 2 +- 0.1 TeV, reference: 1900}")
    assert (spec.range, spec.constraint, spec.reference) == ((1.0, 3000.0), (2000.0, 100.0), 1900.0)


def test_every_parameter_is_there_in_catalogue_order_with_defaults(read, good):
    parameters = read(good).base.parameters
    assert tuple(parameters) == names_of("paired", "general")
    assert parameters["sin2_theta_23"].value == PARAMETERS["sin2_theta_23"].default
    assert parameters["P_ee"].value == PARAMETERS["P_ee"].default


def test_free_spectrum(change, read):
    masses = "".join(f"\n  {name}: {{range: [0.1, 1]}}" for name in ("m_H1", "m_H2", "m_A1", "m_A2"))
    file = read(
        change(
            ("spectrum", "spectrum: free"),
            ("  m_S", ""),
            ("  delta_m_S", ""),
            ("  m_E", "  m_E: 2000" + masses),
        )
    )
    assert tuple(file.base.parameters) == names_of("free", "general")


def test_slips_are_warnings_with_their_lines(change, read):
    file = read(change(("  m_E", "  m_E: 2"), ("  y_mu", "  y_mu: {range: [1e-3, 30]}")))
    assert [w.location.line for w in file.warnings] == [11, 19]
    assert "y_mu = 30" in file.warnings[0].message
    assert "m_E = 2 GeV" in file.warnings[1].message


def test_default_prior_is_uniform_and_reference_open(read, good):
    spec = read(good).base.parameters["y_e"]
    assert (spec.prior, spec.reference, spec.convention) == (Prior("uniform"), None, False)


def test_where_is_the_line(read, good):
    location = read(good).base.parameters["m_E"].where
    assert (location.file, location.line) == ("fit.yaml", 19)


def test_compiled(read, good):
    compiled = compile_parameters(read(good).base)
    assert tuple(compiled) == names_of("paired", "general")
    free = compiled["m_dark_photon"]
    assert (free.range, free.reference, free.prior.kind) == ((1e-3, 8.0), 0.1, "log_uniform")
    assert compiled["g_D"].convention
    assert compiled["m_E"].value == 2000.0
    tied = compiled["theta_R"]
    assert (tied.free, tied.value, tied.tied_to) == (False, None, ("delta_theta",))
    np.testing.assert_array_equal(tied.tie({"delta_theta": np.array([0.5, 1.0])}), [-0.25, -0.5])


def test_compiled_same_as(change, read):
    compiled = compile_parameters(read(change(("  m_dirac", "  m_dirac: {same_as: m_majorana}"))).base)
    values = np.array([0.1, 0.2])
    assert compiled["m_dirac"].tied_to == ("m_majorana",)
    np.testing.assert_array_equal(compiled["m_dirac"].tie({"m_majorana": values}), values)


def test_ties_of_fixed_parameters_are_checked_through_each_other(change, problems):
    (problem,) = problems(
        change(("  m_dirac", "  m_dirac: {expr: m_majorana - 1}"), ("  m_E", "  m_E: {expr: m_dirac * 2000}"))
    )
    assert problem.message == "tied value: m_E = -1800 must be > 0"
    assert problem.location.line == 19


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("epsilon=1e-4", ("epsilon", 1e-4)),
        ("m_dark_photon=100 MeV", ("m_dark_photon", 0.1)),
        (" flavour_angle = pi/4 ", ("flavour_angle", math.pi / 4)),
        ("y_e=10", ("y_e", 10.0)),
    ],
)
def test_assignment(text, expected):
    assert parse_assignment(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epsilon=abc", "--set epsilon=abc: 'abc' is not a number"),
        ("epsilon=2", "--set epsilon=2: epsilon = 2 must be <= 1"),
        ("epsilon=nan", "--set epsilon=nan: 'nan' is not a number"),
        ("m_E=-1", "--set m_E=-1: m_E = -1 must be > 0"),
        ("m_E=1 MEV", "--set m_E=1 MEV: unknown unit 'MEV' in '1 MEV' (did you mean 'MeV'?)"),
        ("epsilom=1", "--set epsilom=1: unknown parameter 'epsilom' (did you mean 'epsilon'?)"),
        ("epsilon", "--set epsilon: write it as name=value, e.g. --set epsilon=1e-4"),
        ("epsilon=", "--set epsilon=: write it as name=value, e.g. --set epsilon=1e-4"),
    ],
)
def test_assignment_refusals(text, message):
    with pytest.raises(RunFileError) as caught:
        parse_assignment(text)
    assert str(caught.value) == message


def test_assignment_to_a_parameter_of_another_ansatz():
    with pytest.raises(RunFileError, match="unknown parameter 'y'"):
        parse_assignment("y=1", names_of("paired", "general"))
