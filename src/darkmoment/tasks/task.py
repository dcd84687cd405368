"""What a task is: its name, its options, and what it runs; run files and the command line read the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from darkmoment.fit import Fit

OptionKind = Literal[
    "quantity",  # an observable
    "quantities",  # a list of observables
    "axis",  # a free parameter
    "parameter_or_quantity",
    "experiment",  # an experiment of this fit
    "experiments",  # a list of them
    "variant",  # the label of a variant the task runs for
    "integer",
    "points",  # an integer, or a list of two
    "number",
    "numbers",  # a number or a list of them
    "level",  # a number strictly between 0 and 1
    "levels",  # a level or a list of them
    "range",  # [lower, upper]
    "text",
    "flag",
    "until",  # {ess: 1000, of: mu_eff}
    "overlay",  # [{file: mine.csv, label: Mine}]
]


class TaskError(RuntimeError):
    """A task that has no answer, through no fault of the program; the message says why."""


@dataclass(frozen=True)
class Option:
    """One option of a task.

    Attributes
    ----------
    required : bool
        True where the task has no meaning without it.
    alternative : str
        The option that serves in place of a required one.
    choices : tuple of str
        The only texts allowed, for kind `text`; empty where any text will do.
    minimum : float or None
        Smallest value allowed, for `integer`, `points` and `number`.
    of : str
        For kinds `range` and `numbers`: the option that names what they are values of.
    """

    name: str
    kind: OptionKind
    help: str
    default: Any = None
    required: bool = False
    alternative: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    of: str = ""


def _no_objection(base: Fit, fits: Sequence[Fit], options: Mapping[str, Any]) -> str | None:
    return None


@dataclass(frozen=True)
class Task:
    """A kind of question a run file can ask.

    Attributes
    ----------
    objection : callable
        Called with the fit of the file's top level, those of its variants and the options, before anything
        runs: says why the question has no answer for these fits, or None.
    whole_file : bool
        True where the task runs once over all variants (`compare`), False where it runs for each.
    top_level : bool
        True where it asks the top level of the file alone, whatever its variants.
    endings : mapping of str to str
        Ending of the names of its tables and figures, after the file stem -> the option without which it
        writes none of that name; empty where it always may.
    """

    name: str
    help: str
    options: tuple[Option, ...]
    run: Callable[..., Any]
    whole_file: bool = False
    top_level: bool = False
    endings: Mapping[str, str] = field(default_factory=lambda: {"": ""})
    objection: Callable[[Fit, Sequence[Fit], Mapping[str, Any]], str | None] = _no_objection

    def defaults(self) -> dict[str, Any]:
        """Return every option with its default."""
        return {option.name: option.default for option in self.options}

    def complete(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of a run file with the defaults filled in."""
        return {**self.defaults(), **given}
