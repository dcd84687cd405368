"""What an observable is: a named function of parameters and of other observables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Observable:
    """A quantity the model predicts.

    Attributes
    ----------
    name : str
        Name in run files, tables and plots.
    unit : str
        Unit, empty where dimensionless.
    label : str
        LaTeX symbol without dollar signs.
    needs : tuple of str
        Parameters and observables the function takes, by keyword, in this order of names.
    function : callable
        Function of `needs`: of arrays, and of numbers for a single point, with the same bits.
    key : str
        Name in JSON: name and unit; empty where it is the bare name.
    reported : bool
        True where `evaluate` prints it; False for a step on the way.
    logarithmic : bool
        True where it lives on a logarithmic axis.
    internal : bool
        True for a step on the way that is no array and cannot be asked for.
    """

    name: str
    unit: str
    label: str
    needs: tuple[str, ...]
    function: Callable[..., Any]
    key: str = ""
    reported: bool = False
    logarithmic: bool = True
    internal: bool = False

    @property
    def json_key(self) -> str:
        """Name in JSON, where it carries the unit."""
        return self.key or self.name
