"""Files that are missing, unreadable, no YAML, or more YAML than a run file should be."""

import os
from pathlib import Path

import pytest

from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import load, loads
from darkmoment.runfile.shipped import shipped, text_of


def _problem(name):
    with pytest.raises(RunFileError) as caught:
        load(name)
    (problem,) = caught.value.problems
    return problem


def test_missing_file_names_the_nearest_shipped_fit():
    assert str(_problem("globall")) == "globall: no such run file (did you mean 'global'?)"


def test_missing_file_names_the_nearest_in_its_folder(tmp_path, good):
    (tmp_path / "my_fit.yaml").write_text(good)
    assert _problem(tmp_path / "myfit.yaml").suggestion == str(tmp_path / "my_fit.yaml")


def test_missing_file_without_anything_near_lists_the_shipped_fits(tmp_path):
    problem = _problem(tmp_path / "xyzzy.yaml")
    assert problem.suggestion is None
    assert all(name in problem.message for name in shipped())


def test_directory(tmp_path):
    assert _problem(tmp_path).message == "is a directory, not a run file"


def test_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert _problem(tmp_path / "pipe").message == "is no regular file, not a run file"


@pytest.mark.parametrize("name", ["~nobody-of-that-name/fit.yaml", "a" * 5000, "nul\0.yaml", ""])
def test_odd_names(name):
    assert "run file" in (message := _problem(name).message) or "looked for" in message


def test_unreadable_file(tmp_path, good, monkeypatch):
    path = tmp_path / "fit.yaml"
    path.write_text(good)

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert str(_problem(path)) == f"{path}: cannot be read: Permission denied"


def test_not_utf8(tmp_path):
    (tmp_path / "fit.yaml").write_bytes(b"name: a\ntitle: \xff\n")
    problem = _problem(tmp_path / "fit.yaml")
    assert (problem.location.line, problem.message) == (2, "is not UTF-8 text (byte 0xff)")


def test_byte_order_mark_and_windows_line_ends(tmp_path, good):
    (tmp_path / "fit.yaml").write_bytes(b"\xef\xbb\xbf" + good.replace("\n", "\r\n").encode())
    assert load(tmp_path / "fit.yaml").base.resolved() == loads(good, "fit.yaml").base.resolved()


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing but a comment\n", "---\n", "---\n...\n", "null\n"])
def test_empty(problems, text):
    (problem,) = problems(text)
    assert problem.message == "the file is empty"


@pytest.mark.parametrize("text", ["- a\n- b\n", "just text\n", "3\n", "[a, b]\n"])
def test_no_mapping(problems, text):
    (problem,) = problems(text)
    assert "a run file is a mapping (key: value)" in problem.message


def test_every_tab_is_named(problems):
    found = problems("parameters:\n\tm_E: 2000\n\ty: 1\nname: a\n")
    assert [(p.location.line, p.message) for p in found] == [
        (2, "a tab indents this line; YAML wants spaces"),
        (3, "a tab indents this line; YAML wants spaces"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: b: c\n", 1, "mapping values are not allowed here"),
        ("name: x\na: [1,\nb: }\n", 3, "expected the node content"),
        ("name: x\ntitle: 'open\n", 2, "unexpected end of stream"),
        ("name: x\n---\nname: y\n", 2, "expected a single document"),
        ("name: *nobody\n", 1, "undefined alias"),
        ("name: x\ntitle: a\x07b\n", 2, "U+0007 is not allowed"),
        ("name: x\n  title: y\n", 2, "mapping values are not allowed here"),
    ],
)
def test_broken_yaml_has_one_line_with_its_place(problems, text, line, message):
    (problem,) = problems(text)
    assert message in problem.message
    assert "\n" not in problem.message
    assert problem.location.line == line


def test_far_too_deep(problems):
    (problem,) = problems("a: " + "[" * 5000 + "]" * 5000)
    assert "nested far too deeply" in problem.message


def test_aliases_that_multiply(problems):
    levels = ["a0: &a0 [x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 20)]
    (problem,) = problems("\n".join(levels))
    assert "aliases multiply" in problem.message


def test_alias_within_itself(problems):
    found = problems("name: a\nparameters: &p\n  m_E: *p\n")
    assert [p.location.line for p in found if "the alias *p contains itself" in p.message] == [2]


def test_anchor_given_twice(change, problems):
    (problem,) = problems(change(("  y_e", "  y_e: &a {range: [1e-3, 3]}"), ("  y_mu", "  y_mu: &a 2")))
    assert (problem.location.line, problem.message) == (11, "the anchor &a is given twice")


def test_aliases_are_fine(change, read):
    file = read(change(("  y_e", "  y_e: &norm {range: [1e-3, 3]}"), ("  y_mu", "  y_mu: *norm")))
    assert file.base.parameters["y_mu"].range == file.base.parameters["y_e"].range == (1e-3, 3.0)


def test_shipped_name_wins_over_a_file_of_that_name(tmp_path, monkeypatch):
    (tmp_path / "global").write_text("nonsense")
    monkeypatch.chdir(tmp_path)
    assert load("global").path is None


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_fits_are_right(name):
    file = load(name)
    assert file.name == name
    assert file.warnings == ()
    assert file.text == text_of(name)


def test_copy_of_a_shipped_fit_is_the_same_fit(tmp_path):
    (tmp_path / "mine.yaml").write_text(text_of("global"))
    mine, theirs = load(tmp_path / "mine.yaml"), load("global")
    assert [fit.resolved() for fit in mine.fits] == [fit.resolved() for fit in theirs.fits]
    assert mine.path == tmp_path / "mine.yaml"


def test_text_of_unknown():
    with pytest.raises(RunFileError, match=r"unknown shipped fit 'globa'.*did you mean 'global'"):
        text_of("globa")


def test_name_is_the_stem_where_left_out(tmp_path, change):
    (tmp_path / "my fit.yaml").write_text(change(("name", "")))
    assert load(tmp_path / "my fit.yaml").name == "my-fit"


def test_messages_stay_on_one_line(problems):
    text = 'parameters:\n  m_E: {"a\\nb": 1}\n  y_e: ["a\\nb"]\n"k\\nl": 1\nexperiments: {"x\\ny": 1}\n'
    found = problems(text)
    assert len(found) == len("\n".join(map(str, found)).splitlines())
