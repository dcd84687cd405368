"""`darkmoment diff`: what differs between two runs, in words."""

import json

import pytest

from darkmoment.differences import compare_runs


@pytest.fixture
def tiny_run(darkmoment, tiny, tmp_path):
    """Return a function that runs the small file with changes and returns the directory."""

    def run(name, *changes, seed=1):
        text = tiny.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / f"{name}.yaml"
        file.write_text(text)
        assert darkmoment("run", file, "--out", tmp_path / name, "--seed", seed).code == 0
        return tmp_path / name

    return run


def test_two_runs_of_one_file(darkmoment, tiny_run, tmp_path):
    first, second = tiny_run("first"), tiny_run("second")
    answer = darkmoment("diff", first, second)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "inputs: the same\nsoftware: the same\nanswers: the same\n"
    # and every file is the same but for how long it took
    names = {p.relative_to(first) for p in first.rglob("*") if p.is_file()}
    assert names == {p.relative_to(second) for p in second.rglob("*") if p.is_file()}
    changed = {str(n) for n in names if (first / n).read_bytes() != (second / n).read_bytes()}
    assert changed <= {"timings.json"}
    seconds = json.loads((first / "timings.json").read_text())["seconds"]
    assert set(seconds) == {"maximise_mu_eff", "profile_epsilon", "summary"}
    assert all(value >= 0 for value in seconds.values())


def test_inputs_and_answers(darkmoment, tiny_run):
    first = tiny_run("first")
    second = tiny_run(
        "second",
        ("[1e-2, 1.0]", "[1e-2, 2.0]"),
        ("g_D: 0.5", "g_D: 0.4"),
        ("meg2: {}", "meg2: {dataset: 2023}"),
    )
    answer = darkmoment("diff", first, second)
    assert answer.code == 1
    for line in (
        "m_dark_photon, upper end of its range (1.0 -> 2.0)",
        "g_D, value (0.5 -> 0.4)",
        'meg2, dataset ("2025" -> "2023")',
        "maximise_mu_eff: largest mu_eff ",
        "maximise_mu_eff: what forbids more at the largest value: na64 -> range",
        "new warning: tiny: no curve bounds epsilon for m_dark_photon in 1.2765 .. 2 GeV",
    ):
        assert line in answer.out, line
    assert "(0.8 times)" in answer.out  # the mass both have: linear in g_D


def test_a_seed_and_a_version(darkmoment, tiny_run):
    first, second = tiny_run("first"), tiny_run("second", seed=2)
    record = json.loads((second / "record.json").read_text())
    record["versions"]["numpy"] = "9.9.9"
    (second / "record.json").write_text(json.dumps(record))
    found = compare_runs(first, second)
    assert found.any
    assert found.inputs == ["seed (1 -> 2)"]
    assert any("numpy" in text and "9.9.9" in text for text in found.software)


def test_a_limit_and_a_leading_experiment(finished, copied):
    file = copied / "strong-g_D-0.5" / "maximise_mu_eff.csv"
    text = file.read_text()
    top = max(text.splitlines()[1:], key=lambda line: float(line.split(",")[1]))
    cells = top.split(",")
    cells[1], cells[2] = repr(2 * float(cells[1])), "meg2+mine"
    file.write_text(text.replace(top, ",".join(cells)))
    found = compare_runs(finished, copied)
    assert found.inputs == found.software == []
    name = "strong-g_D-0.5/maximise_mu_eff: "
    assert any(text.startswith(f"{name}largest mu_eff") and "(2 times)" in text for text in found.answers)
    assert any("limits differ at 1 of 4 values of m_dark_photon" in text for text in found.answers)
    assert any("-> meg2+mine" in text for text in found.answers)


def test_tables_that_one_run_lacks(finished, copied):
    (copied / "errata.json").unlink()
    (copied / "result.json").unlink()
    found = compare_runs(finished, copied)
    assert "errata.csv: only in the first run" in found.answers
    assert "the second run is not finished" in found.answers


def test_another_set_of_variants(finished, copied):
    record = json.loads((copied / "record.json").read_text())
    gone = list(record["fits"])[1]
    del record["fits"][gone]
    (copied / "record.json").write_text(json.dumps(record))
    assert f"variant {gone}: only in the first run" in compare_runs(finished, copied).inputs


def test_no_run_directory(darkmoment, finished, tmp_path):
    for pair in ((finished, tmp_path), (tmp_path, finished)):
        answer = darkmoment("diff", *pair)
        assert answer.code == 2
        assert f"{tmp_path} holds no readable record.json" in answer.err
