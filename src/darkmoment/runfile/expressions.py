"""Arithmetic written in a run file, evaluated without `eval`: numbers, names, + - * / **, a few functions."""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import pi
from typing import Any

import numpy as np

from darkmoment.parameters import Array
from darkmoment.runfile.diagnostics import listed, nearest

_LONGEST = 200
"""Characters in an expression; keeps the parser away from its recursion limit."""

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}

FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "exp": np.exp,
    "log": np.log,
    "abs": np.abs,
}
"""Functions of one argument an expression may call; `log` is the natural logarithm."""

CONSTANTS: Mapping[str, float] = {"pi": pi}
"""Names that stand for a number."""


class ExpressionError(ValueError):
    """Text that is not arithmetic, or names something unknown.

    Attributes
    ----------
    suggestion : str or None
        The name that was probably meant.
    """

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


@dataclass(frozen=True)
class Expression:
    """Arithmetic over named arrays.

    Attributes
    ----------
    text : str
        As written.
    names : tuple of str
        The names it reads, in order of appearance, constants and functions left out.
    """

    text: str
    names: tuple[str, ...]
    _tree: ast.expr = field(compare=False, repr=False)

    @classmethod
    def of_name(cls, name: str) -> Expression:
        """Return the expression that is just one name."""
        return cls(name, (name,), ast.Name(name))

    def __call__(self, values: Mapping[str, Array]) -> Array:
        """Evaluate at `values`, name -> array; shapes broadcast. Where the value is undefined: NaN or inf."""
        with np.errstate(all="ignore"):
            return np.asarray(_evaluate(self._tree, values), dtype=float)


def parse(text: str, names: Collection[str] = ()) -> Expression:
    """Read arithmetic.

    Parameters
    ----------
    text : str
        For example `pi/4` or `-delta_theta/2`.
    names : collection of str
        The names it may read, besides `pi`.

    Raises
    ------
    ExpressionError
        For anything beyond numbers, those names, + - * / **, parentheses and the functions of `FUNCTIONS`.
    """
    if len(text) > _LONGEST:
        raise ExpressionError(f"{text[:30]!r} ... is longer than {_LONGEST} characters")
    stray = re.search(r"[^A-Za-z0-9_.+\-*/() ]", text)
    if stray:
        raise ExpressionError(f"{text!r} is not arithmetic: {stray[0]!r} has no meaning here")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's own hints on odd literals; such text is refused below
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        raise ExpressionError(f"{text!r} is not arithmetic") from None
    found: dict[str, None] = {}
    _check(tree, text, names, found)
    return Expression(text, tuple(found), tree)


def _check(node: ast.expr, text: str, names: Collection[str], found: dict[str, None]) -> None:
    """Refuse what is not arithmetic; note the names met."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        _check(node.left, text, names, found)
        _check(node.right, text, names, found)
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        _check(node.operand, text, names, found)
    elif isinstance(node, ast.Name):
        if node.id not in CONSTANTS:
            _check_name(node.id, text, names)
            found[node.id] = None
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        _check_call(node, node.func.id, text)
        _check(node.args[0], text, names, found)
    else:
        raise ExpressionError(f"{text!r} is more than arithmetic: {ast.unparse(node)!r} is not allowed")


def _check_name(name: str, text: str, names: Collection[str]) -> None:
    if name in names:
        return
    if not names:
        raise ExpressionError(f"{text!r} is not a number", nearest(name, CONSTANTS))
    raise ExpressionError(
        f"unknown name {name!r} in {text!r}", nearest(name, [*names, *CONSTANTS, *FUNCTIONS])
    )


def _check_call(node: ast.Call, function: str, text: str) -> None:
    if function not in FUNCTIONS:
        near = nearest(function, FUNCTIONS)
        known = "" if near else f"; there is {listed(FUNCTIONS)}"
        raise ExpressionError(f"unknown function {function!r} in {text!r}{known}", near)
    if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
        raise ExpressionError(f"{function} takes one argument in {text!r}")


def _evaluate(node: ast.expr, values: Mapping[str, Array]) -> Any:
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_evaluate(node.left, values), _evaluate(node.right, values))
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_evaluate(node.operand, values))
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return FUNCTIONS[node.func.id](_evaluate(node.args[0], values))
    if isinstance(node, ast.Name):
        return values[node.id] if node.id in values else np.float64(CONSTANTS[node.id])
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int | float)
    # numpy's floats give inf and nan where Python's raise or turn complex
    return np.float64(node.value)
