"""What can be wrong with a card, a curve, or the way an experiment is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class CardError(ValueError):
    """A card that cannot be used: names its file and the key at fault.

    Attributes
    ----------
    file : str
    key : str
        Path of the key, e.g. ``datasets.2025.limit``; empty where the file itself is at fault.
    """

    def __init__(self, file: object, key: str, message: str) -> None:
        super().__init__(f"{file}: {key}: {message}" if key else f"{file}: {message}")
        self.file = str(file)
        self.key = key
        self.message = message

    def __reduce__(self) -> tuple[type[CardError], tuple[str, str, str]]:
        return type(self), (self.file, self.key, self.message)


class CurveError(ValueError):
    """A limit curve that cannot be used: names its file and the line at fault (0: the file itself)."""

    def __init__(self, file: object, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = str(file)
        self.line = line
        self.message = message

    def __reduce__(self) -> tuple[type[CurveError], tuple[str, int, str]]:
        return type(self), (self.file, self.line, self.message)


class ExperimentError(ValueError):
    """An experiment, dataset, shape or option that does not exist or cannot be combined.

    Attributes
    ----------
    message : str
        What is wrong and what the choices are.
    suggestion : str or None
        The nearest valid name.
    """

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(f"{message} (did you mean '{suggestion}'?)" if suggestion else message)
        self.message = message
        self.suggestion = suggestion

    def __reduce__(self) -> tuple[type[ExperimentError], tuple[str, str | None]]:
        return type(self), (self.message, self.suggestion)


class AtFaultError(ExperimentError):
    """An experiment that raised, or breaks a rule that all of them keep.

    Attributes
    ----------
    experiment : str
        Its name in the fit.
    where : str
        The line that asks for it; empty where nothing but its name is known.
    """

    def __init__(self, experiment: str, message: str, where: str = "") -> None:
        super().__init__(message)
        self.experiment = experiment
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

    def __reduce__(self) -> tuple[type[AtFaultError], tuple[str, str, str]]:  # type: ignore[override]
        return type(self), (self.experiment, self.message, self.where)


def nearest(given: str, valid: Iterable[str]) -> str | None:
    """Return the valid name a misspelt one most resembles, or None where nothing is near."""
    lowered = {name.lower(): name for name in valid}
    matches = get_close_matches(given.lower(), lowered, n=1, cutoff=0.5)
    return lowered[matches[0]] if matches else None


def unknown(what: str, given: str, valid: Iterable[str]) -> ExperimentError:
    """Return the error for a name that is not among the valid ones: lists them and the nearest."""
    names = list(valid)
    listed = ", ".join(names) if names else "none"
    return ExperimentError(f"{what} '{given}' does not exist; available: {listed}", nearest(given, names))
