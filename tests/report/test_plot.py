"""`darkmoment plot`: the figures of a run from its tables, the same to the last byte."""


def figures(folder):
    return {
        p.relative_to(folder): p.read_bytes()
        for suffix in ("png", "pdf")
        for p in folder.rglob(f"*.{suffix}")
    }


def others(folder):
    return {
        p.relative_to(folder): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.suffix not in (".png", ".pdf")
    }


def test_every_figure_comes_back(darkmoment, copied):
    folder = copied
    before, rest = figures(folder), others(folder)
    assert len(before) > 30
    for name in before:
        (folder / name).unlink()
    answer = darkmoment("plot", folder)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"{len(before) // 2} figures in {folder}\n"
    assert figures(folder) == before
    assert others(folder) == rest


def test_elsewhere(darkmoment, later, tmp_path):
    before = figures(later)
    assert darkmoment("plot", later, "--out", tmp_path / "new").code == 0
    assert figures(tmp_path / "new") == before
    assert others(tmp_path / "new") == {}


def test_what_cannot_be_drawn_is_named(darkmoment, later_copied):
    (later_copied / "compare_mu_eff.json").unlink()
    table = later_copied / "signal-all" / "maximise_mu_eff.csv"
    table.write_text(table.read_text().replace("mu_eff_max", "else"))
    answer = darkmoment("plot", later_copied)
    assert answer.code == 0
    assert "note: compare_mu_eff is not finished: not drawn" in answer.err
    assert "note: signal-all/maximise_mu_eff cannot be drawn: KeyError" in answer.err
    assert "Traceback" not in answer.err


def test_no_run_directory_or_no_place(darkmoment, later, tmp_path):
    answer = darkmoment("plot", tmp_path)
    assert answer.code == 2
    assert "is no run directory" in answer.err
    (tmp_path / "file").write_text("")
    answer = darkmoment("plot", later, "--out", tmp_path / "file" / "x")
    assert answer.code == 2
    assert "cannot be written" in answer.err
