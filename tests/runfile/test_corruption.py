"""Damaged run files: never anything but a fit or a list of problems."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import loads
from darkmoment.runfile.schema import RunFile

VALUES = st.sampled_from(
    [
        *[
            "",
            "null",
            "true",
            "no",
            "0",
            "-1",
            "1e400",
            ".nan",
            ".inf",
            "abc",
            "'100 MeV'",
            "3 kg",
            "[]",
            "{}",
            "[1]",
        ],
        *[
            "[2, 1]",
            "[1, 2, 3]",
            "{range: [0, 1]}",
            "{a: b}",
            "{expr: m_E}",
            "{same_as: y_e}",
            "{min: 1}",
            "1 +- 2",
        ],
        *[
            "{constraint: 1 +- 0.1}",
            "{normal: {mean: 0}}",
            "2025",
            "*x",
            "&x 1",
            "!t 1",
            '"',
            "'",
            "|",
            "?",
            "- a",
        ],
        *[
            "[[[]]]",
            "{x: {y: {z: 1}}}",
            "\t",
            "2**999**999",
            "__import__('os')",
            "١",
            "1_000",
            "0x10",
            "<<",
            "\x00",
        ],
    ]
)
WORD = "0123456789.e-abcdfghijklmnopqrstuvwxyz_+*/"
EXTRA = """\
variants:
  - {label: a, parameters: {g_D: 0.05}, style: {color: red}}
  - label: b
    only: [meg2]
    add: {babar: {}}
"""


def _cut(line):
    """Return indentation and key, and the value of a line."""
    key, colon, value = line.partition(":")
    return key + colon, value


@st.composite
def damages(draw, text):
    lines = text.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        index = draw(st.integers(0, len(lines) - 1))
        line = lines[index]
        kind = draw(
            st.sampled_from(["delete", "double", "retype", "inner", "misspell", "indent", "swap", "insert"])
        )
        if kind == "delete" and len(lines) > 1:
            del lines[index]
        elif kind == "double":
            lines.insert(draw(st.integers(0, len(lines))), line)
        elif kind == "retype":
            lines[index] = _cut(line)[0] + " " + draw(VALUES)
        elif kind == "inner" and ": " in line:
            parts = line.split(": ")
            at = draw(st.integers(1, len(parts) - 1))
            tail = parts[at].lstrip(WORD)
            lines[index] = ": ".join([*parts[:at], draw(VALUES) + tail, *parts[at + 1 :]])
        elif kind == "misspell" and line.strip():
            at = draw(st.integers(0, len(line) - 1))
            lines[index] = line[:at] + draw(st.sampled_from("abz:-[]{},'\"#_ \t&*!%@`0")) + line[at + 1 :]
        elif kind == "indent":
            lines[index] = draw(st.sampled_from([line.lstrip(), " " + line, "\t" + line]))
        elif kind == "swap":
            other = draw(st.integers(0, len(lines) - 1))
            lines[index], lines[other] = lines[other], lines[index]
        elif kind == "insert":
            lines.insert(index, draw(st.text(max_size=20)))
    return "\n".join(lines) + "\n"


LINE_ENDS = re.compile("[\\n\\r\\x85\\u2028\\u2029]")


def _check(text):
    """Return the file or None; every problem must be one line in the file, with its place."""
    try:
        file = loads(text, "fit.yaml")
    except RunFileError as refused:
        problems = refused.problems
    else:
        assert isinstance(file, RunFile)
        return file
    assert problems
    for problem in problems:
        assert problem.location.file == "fit.yaml"
        assert 1 <= problem.location.line <= len(LINE_ENDS.findall(text)) + 1
        assert "\n" not in str(problem)
    return None


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_files(good, data):
    _check(data.draw(damages(good + EXTRA)))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_any_text(text):
    _check(text)


@pytest.mark.parametrize("cut", range(0, 800, 13))
def test_a_file_that_ends_early(good, cut):
    _check(good[:cut])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_misspelt_key_is_never_ignored(good, data):
    """Whatever key is changed, the file is refused: nothing is skipped in silence."""
    lines = good.splitlines()
    keyed = [i for i, line in enumerate(lines) if not line.startswith("  -")]
    index = data.draw(st.sampled_from(keyed))
    head, value = _cut(lines[index])
    lines[index] = head[:-1] + data.draw(st.sampled_from("xzq")) + ":" + value
    assert _check("\n".join(lines) + "\n") is None
