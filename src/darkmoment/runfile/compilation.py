"""From what a run file says to the parameters a fit computes with, and values given on the command line."""

from __future__ import annotations

from collections.abc import Collection

from darkmoment.parameters import PARAMETERS, Parameter
from darkmoment.runfile.diagnostics import Findings, Location, Problem
from darkmoment.runfile.numbers import NumberError, has_unit, number_from_text
from darkmoment.runfile.schema import FitSpec
from darkmoment.runfile.ties import tie_of


def compile_parameters(spec: FitSpec) -> dict[str, Parameter]:
    """Return the parameters of a fit in catalogue order; ties are functions of a mapping name -> array."""
    compiled: dict[str, Parameter] = {}
    for name, given in spec.parameters.items():
        tie = tie_of(given)
        compiled[name] = Parameter(
            PARAMETERS[name],
            range=given.range,
            value=given.value,
            tie=tie,
            tied_to=tie.names if tie is not None else (),
            prior=given.prior,
            given_reference=given.reference,
            convention=given.convention,
            constraint=given.constraint,
        )
    return compiled


def parse_assignment(
    text: str, names: Collection[str] = tuple(PARAMETERS), doubts: list[Problem] | None = None
) -> tuple[str, float]:
    """Read `name=value` of the command line's `--set`.

    Parameters
    ----------
    text : str
        `epsilon=1e-4`, `m_dark_photon=100 MeV`, `flavour_angle=pi/4`.
    names : collection of str
        The parameters that can be set: those of the fit.
    doubts : list of Problem, optional
        Receives what looks like a slip of the unit.

    Returns
    -------
    tuple
        Name, and value in the parameter's unit.

    Raises
    ------
    RunFileError
        If it is not an assignment, the parameter is unknown, or the value is no number or has no meaning.
    """
    findings = Findings()
    where = Location(f"--set {text}")
    name, equals, given = (part.strip() for part in text.partition("="))
    if not equals or not given:
        findings.problem(where, "write it as name=value, e.g. --set epsilon=1e-4")
    elif name not in names:
        findings.unknown(where, "parameter", name, names)
    else:
        try:
            value = number_from_text(given, PARAMETERS[name].unit)
        except NumberError as error:
            findings.problem(where, str(error), error.suggestion)
        else:
            refusal = PARAMETERS[name].refusal(value)
            if refusal is None:
                slip = None if has_unit(given) else PARAMETERS[name].slip(value)
                if slip is not None and doubts is not None:
                    doubts.append(Problem(where, slip))
                return name, value
            findings.problem(where, refusal)
    findings.raise_if_any()
    raise AssertionError("every way without a value notes a problem")
