"""Places that cannot be written to, directories of other runs, options without meaning."""

import os

import pytest


@pytest.fixture
def finished(darkmoment, tiny, tmp_path):
    """Return the directory of a small run."""
    arguments = ("--along", "m_dark_photon", "--points", "2", "--starts", "1", "--set", "epsilon=1e-4")
    assert darkmoment("maximise", tiny, *arguments, "--out", tmp_path / "done").code == 0
    return tmp_path / "done"


# what hepdata_lib imports warns of itself
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_place_to_write(darkmoment, tiny, tmp_path, finished):
    """A folder below a file can be made by nobody, root included."""
    nowhere = tiny / "below" / "x"
    points = tmp_path / "points.csv"
    points.write_text("epsilon\n1e-4\n")
    for arguments in (
        ("run", tiny, "--out", nowhere),
        ("report", finished, "--out", nowhere),
        ("plot", finished, "--out", nowhere),
        ("export", finished, "--to", "hepdata", "--out", nowhere),
        ("evaluate", tiny, "--points", points, "--out", nowhere),
        ("closure", "meg2", "--csv", nowhere),
        ("init", "paper", nowhere),
    ):
        answer = darkmoment(*arguments)
        assert answer.code == 2, arguments
        assert str(nowhere) in answer.err
        assert "cannot be written" in answer.err
        assert answer.out == ""
        assert "Traceback" not in answer.err


def test_names_that_no_file_system_takes(darkmoment, tiny, tmp_path, finished):
    long = tmp_path / ("a" * 300)
    for arguments in (
        ("run", tiny, "--out", long),
        ("run", tiny, "--out", long, "--resume"),
        ("report", finished, "--out", long),
        ("verify", long),
        ("diff", finished, long),
    ):
        answer = darkmoment(*arguments)
        assert answer.code == 2, answer.err
        assert str(long) in answer.err
        assert "Traceback" not in answer.err


def test_a_directory_that_disappears_during_a_run(darkmoment, tiny, tmp_path, monkeypatch):
    from darkmoment.tasks import profile as task

    out, meant = tmp_path / "out", task.profile

    def gone(*arguments, **options):
        out.rename(tmp_path / "elsewhere")
        out.write_text("another thing")
        return meant(*arguments, **options)

    monkeypatch.setattr(task, "profile", gone)
    answer = darkmoment("run", tiny, "--out", out)
    assert answer.code == 3
    assert str(out) in answer.err
    assert "Traceback" not in answer.err
    assert (tmp_path / "elsewhere" / "maximise_mu_eff.csv").exists()


# --- directories of other runs ------------------------------------------------------------------------------


def test_another_fits_directory_is_neither_resumed_nor_overwritten(darkmoment, tiny, tmp_path, finished):
    before = {file: file.read_bytes() for file in finished.rglob("*") if file.is_file()}
    other = tmp_path / "other.yaml"
    other.write_text(tiny.read_text().replace("name: tiny", "name: other").replace("y: 0.1", "y: 0.2"))
    for arguments, message in [
        (("--resume",), "belongs to another run; changed since: "),
        ((), "is not empty (it holds "),
    ]:
        answer = darkmoment("run", other, "--out", finished, *arguments)
        assert answer.code == 2
        assert message in answer.err
        assert "Traceback" not in answer.err
    assert {file: file.read_bytes() for file in finished.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"digest": 1}', "\x00"])
def test_a_damaged_record_is_not_resumed(darkmoment, tiny, finished, content):
    (finished / "record.json").write_text(content)
    for arguments in (
        ("run", tiny, "--out", finished, "--resume"),
        ("verify", finished),
        ("report", finished),
    ):
        answer = darkmoment(*arguments)
        assert answer.code == 2, answer.err
        assert os.fspath(finished) in answer.err
        assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--seed", "x", "'x' is not a whole number"),
        ("--workers", "two", "'two' is not a whole number"),
        ("--workers", "0", "0 workers: give at least 1"),
        ("--variant", "single", "tiny has no variant 'single'; there is none"),
    ],
)
def test_options_without_meaning(darkmoment, tiny, option, value, message):
    answer = darkmoment("run", tiny, option, value)
    assert answer.code == 2
    assert message in answer.err
