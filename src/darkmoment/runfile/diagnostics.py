"""Where something is wrong in a run file, what it is, and the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

_LISTED = 8
"""Without a close match, so many valid names at most are listed instead."""


@dataclass(frozen=True, order=True)
class Location:
    """A line of a file, or a place without lines (a command-line argument, a missing file).

    Attributes
    ----------
    file : str
        The file as the user named it.
    line : int
        Line number from 1; 0 where there is no line to point at.
    """

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong (or, as a warning, doubtful), where it is, and what was probably meant."""

    location: Location
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        hint = f" (did you mean {self.suggestion!r}?)" if self.suggestion else ""
        return f"{self.location}: {self.message}{hint}"


class RunFileError(ValueError):
    """Everything that is wrong with a run file, at once.

    Attributes
    ----------
    problems : tuple of Problem
        Sorted by file and line; `str()` gives one line for each.

    Examples
    --------
    >>> from darkmoment import Fit
    >>> Fit.load("globl")
    Traceback (most recent call last):
        ...
    darkmoment.runfile.diagnostics.RunFileError: globl: no such run file (did you mean 'global'?)
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.location, p.message)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass
class Findings:
    """Problems and warnings gathered while a file is read; the same one is kept once.

    Attributes
    ----------
    noted : int
        How often a problem was noted, repetitions counted: unchanged means that nothing went wrong.
    """

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    noted: int = 0

    def problem(self, where: Location, message: str, suggestion: str | None = None) -> None:
        """Note something that makes the file unusable."""
        self.noted += 1
        _append(self.problems, Problem(where, message, suggestion))

    def warning(self, where: Location, message: str) -> None:
        """Note something that looks like a slip but has a meaning."""
        _append(self.warnings, Problem(where, message))

    def unknown(
        self,
        where: Location,
        kind: str,
        name: str,
        valid: Iterable[str],
        of: str = "",
        besides: Iterable[str] = (),
    ) -> None:
        """Note a name that does not exist, with the nearest that does.

        Parameters
        ----------
        kind : str
            What the name should have been: 'parameter', 'dataset', ...
        of : str
            Where it was looked for (' of meg2'), for the message.
        besides : iterable of str
            Names of another kind, which may have been meant as well.
        """
        names = list(valid)
        suggestion = nearest(name, [*names, *besides])
        known = ""
        if suggestion is None:
            known = f"; there is {listed(names)}" if names else "; there is none"
        self.problem(where, f"unknown {kind} {name!r}{of}{known}", suggestion)

    def raise_if_any(self) -> None:
        """Raise RunFileError with every problem noted so far, if there is one."""
        if self.problems:
            raise RunFileError(self.problems)


def _append(into: list[Problem], problem: Problem) -> None:
    if problem not in into:
        into.append(problem)


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """Return the valid name closest to a misspelt one (letter case aside), or None where none is close."""
    by_folded = {text.casefold(): text for text in valid}
    close = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def listed(names: Iterable[str]) -> str:
    """Return names as one readable phrase, cut after a handful."""
    texts = list(names)
    rest = len(texts) - _LISTED
    return ", ".join(texts[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")
