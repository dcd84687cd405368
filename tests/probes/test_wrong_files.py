"""Mistakes in run files, as the command line tells them: file, line, what is wrong, what would be right.

The files beside this one probe everything else that goes wrong: exit codes are those of the README, nothing
is a traceback, what was computed is kept. Single mistakes in run files, in all their forms, are in
tests/runfile, and damaged and random files in tests/runfile/test_any_file.py.
"""

import pytest

WRONG = {
    "unknown experiment": ("  na64: {}", "  na46: {}", 16, "unknown experiment 'na46'", "na64"),
    "unknown dataset": ("  na64: {}", "  na64: {dataset: 2020}", 16, "unknown dataset '2020'", "2023"),
    "unknown shape": ("  meg2: {}", "  meg2: {shape: stpe}", 15, "'stpe'", "step"),
    "misspelt key": ("flavour: single_y", "flavor: single_y", 2, "unknown key 'flavor'", "flavour"),
    "misspelt block": ("experiments:", "experimens:", 14, "unknown key 'experimens'", "experiments"),
    "misspelt parameter": ("  m_E: 2000", "  m_e: 2000", 13, "unknown parameter 'm_e'", "m_E"),
    "misspelt task": ("  - profile: {x", "  - proflie: {x", 19, "unknown task 'proflie'", "profile"),
    "mn for min": (
        "  y: 0.1",
        "  y: {mn: 1e-3, max: 1}",
        6,
        "unknown key 'mn' of parameter y",
        "min",
    ),
    "inverted range": ("  y: 0.1", "  y: {range: [1, 0.1]}", 6, "range of y is inverted", "[0.1, 1]"),
    "log prior from zero": (
        "  y: 0.1",
        "  y: {range: [0, 1], prior: log_uniform}",
        6,
        "cannot start at 0",
        None,
    ),
    "a parameter that moves nothing": (
        "  m_E: 2000",
        "  m_E: 2000\n  P_ee: {range: [0.4, 0.6]}",
        14,
        "free parameter 'P_ee' moves no experiment and no quantity asked for: give it a value",
        None,
    ),
    "negative mass": ("  m_S: 0.3", "  m_S: -0.3", 9, "m_S = -0.3 must be > 0", None),
    "NaN": ("  m_S: 0.3", "  m_S: .nan", 9, "is not a finite number", None),
    "text for a number": ("  m_S: 0.3", "  m_S: heavy", 9, "'heavy' is not a number", None),
    "unit of another kind": ("  m_S: 0.3", "  m_S: 45 deg", 9, "a number in GeV is wanted", None),
    "misspelt unit": ("  m_S: 0.3", "  m_S: 300 Mev", 9, "unknown unit 'Mev' in '300 Mev'", "MeV"),
    "percent for a level": (
        "points: 2, starts",
        "level: 90, starts",
        18,
        "level of task maximise = 90",
        "0.9",
    ),
    "duplicate key": (
        "  m_S: 0.3",
        "  m_S: 0.3\n  m_S: 0.4",
        10,
        "'m_S' is given twice, first on line 9",
        None,
    ),
    "duplicate block": (
        "tasks:",
        "seed: 1\nseed: 2\ntasks:",
        18,
        "'seed' is given twice, first on line 17",
        None,
    ),
    "tab": ("  m_S: 0.3", "\tm_S: 0.3", 9, "a tab indents this line; YAML wants spaces", None),
    "profile of an observable": ("x: epsilon, points", "x: mu_eff, points", 19, "give the range", None),
    "broken YAML": ("  m_S: 0.3", "  m_S: {0.3", 0, "broken YAML", None),
    "a huge grid": (
        "points: 2, starts: 1",
        "points: 1e9, starts: 1",
        18,
        "go ahead with --max-hours",
        None,
    ),
}
ONLY_RUN = {"a huge grid"}
"""What `check` tells as a warning, beside everything else."""


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_with_its_line(darkmoment, tiny, tmp_path, command, case):
    if command == "check" and case in ONLY_RUN:
        return
    old, new, line, message, suggestion = WRONG[case]
    assert tiny.read_text().count(old) == 1
    tiny.write_text(tiny.read_text().replace(old, new))
    out = tmp_path / "out"
    answer = darkmoment(command, tiny, *(("--out", out) if command == "run" else ()))
    assert answer.code == 2
    assert answer.out == ""
    said = [text for text in answer.err.splitlines() if message in text]
    assert len(said) == 1, answer.err
    # where a bracket is missing is where the parser gives up
    assert (f"{tiny}:{line}: " if line else f"{tiny}:") in said[0]
    assert suggestion is None or f"(did you mean {suggestion!r}?)" in said[0]
    assert "Traceback" not in answer.err
    assert not out.exists()


@pytest.mark.parametrize("command", ["check", "run", "evaluate", "maximise", "sample", "cite"])
@pytest.mark.parametrize(
    "content", [b"", b"# nothing\n", b"[1, 2", b"just text\n", b"a: b: c\n", b"\xff\xfe\x00", b"\t- x"]
)
def test_empty_and_broken_files(darkmoment, tmp_path, command, content):
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    answer = darkmoment(command, file)
    assert answer.code == 2
    assert answer.out == ""
    assert str(file) in answer.err
    assert "Traceback" not in answer.err
