"""Arithmetic against the same arithmetic done with Python floats while the text is built."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkmoment.runfile.expressions import ExpressionError, parse

VALUES = {"m_E": 2.5, "y": 0.25, "theta_R": -1.5}


def _numbers():
    return st.floats(0.01, 100).map(lambda x: (repr(x), x)) | st.integers(1, 99).map(
        lambda n: (str(n), float(n))
    )


def _grow(inner):
    def binary(args):
        (a, x), op, (b, y) = args
        value = {"+": x + y, "-": x - y, "*": x * y, "/": x / y if y else math.inf}[op]
        return f"({a}) {op} ({b})", value

    def unary(args):
        name, (a, x) = args
        # Python's own sin raises at infinity
        wave = {"sin": math.sin(x), "cos": math.cos(x)} if math.isfinite(x) else {}
        value = {"-": -x, "+": x, "abs": abs(x), **wave}.get(name, math.nan)
        return f"{name}({a})", value

    def power(args):
        (a, x), n = args
        return f"({a})**{n}", x**n

    return (
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(binary)
        | st.tuples(st.sampled_from(["-", "+", "sin", "cos", "abs"]), inner).map(unary)
        | st.tuples(inner, st.integers(0, 3)).map(power)
    )


LEAVES = _numbers() | st.sampled_from([*VALUES.items(), ("pi", math.pi)])
TREES = st.recursive(LEAVES, _grow, max_leaves=6)


@given(TREES)
def test_random_expressions(tree):
    text, value = tree
    if len(text) > 200 or not math.isfinite(value):
        return
    expression = parse(text, VALUES)
    assert set(expression.names) == {name for name in VALUES if name in text}
    batch = {name: np.array([x, x]) for name, x in VALUES.items()}
    result = np.broadcast_to(expression(batch), (2,))
    np.testing.assert_allclose(result, value, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pi/4", 0.7853981633974483),
        ("sqrt(4*pi)", 3.5449077018110318),
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("1 - 2 - 3", -4.0),
        ("2/4/2", 0.25),
        ("log(exp(2))", 2.0),
        ("tan(pi/4)", 1.0),
        ("1e-4", 1e-4),
        (".5", 0.5),
    ],
)
def test_precedence_and_functions(text, value):
    assert float(parse(text)({})) == pytest.approx(value, rel=1e-15)


def test_undefined_is_nan_or_inf_without_a_warning():
    assert np.isnan(parse("sqrt(y)", ["y"])({"y": np.array([-1.0])}))
    assert np.isnan(parse("(-8)**(1/3)")({}))
    assert np.isposinf(parse("9**9**9")({}))


@pytest.mark.parametrize(
    "text",
    [
        *[
            "__import__('os')",
            "y.real",
            "y[0]",
            "y if y else 1",
            "lambda: 1",
            "[y]",
            "(y, y)",
            "y == 1",
            "y < 1",
        ],
        *[
            "not y",
            "~y",
            "y // 2",
            "y % 2",
            "y @ y",
            "y and 1",
            "1j",
            "True",
            "None",
            "'a'",
            "sqrt",
            "sqrt()",
        ],
        *[
            "sqrt(y, y)",
            "sqrt(*y)",
            "sqrt(x=y)",
            "y(1)",
            "sin(y)(1)",
            "open(y)",
            "y := 1",
            "y; y",
            "",
            " ",
            "1 +",
        ],
        *[
            "1or 2",
            "(" * 90 + "1" + ")" * 89,
            "1" * 201,
            "y\n+1",
            "π",
            "y+\\\n1",
            "await y",
            "f'{y}'",
            "\0",
            "...",
        ],
    ],
)
def test_anything_beyond_arithmetic_is_refused(text):
    with pytest.raises(ExpressionError):
        parse(text, ["y"])


@given(st.text(max_size=60) | st.text("y0123456789.e+-*/() sqrtpi", max_size=60))
def test_any_text_is_arithmetic_or_refused(text):
    try:
        expression = parse(text, ["y"])
    except ExpressionError:
        return
    assert expression({"y": np.array([1.0])}).dtype == float


def test_names_are_suggested():
    with pytest.raises(ExpressionError) as caught:
        parse("delta_thet/2", ["delta_theta"])
    assert caught.value.suggestion == "delta_theta"


def test_workers_can_be_sent_an_expression():
    expression = pickle.loads(pickle.dumps(parse("-y/2", ["y"])))
    assert expression({"y": np.array([1.0])}) == -0.5
