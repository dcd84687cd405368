"""Profile maps and leave-one-out limits by the command line: what they write, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest

import darkmoment as package

FREE_Y = ("  y: 0.1", "  y: {range: [1e-2, 1.0], prior: log_uniform}")


@pytest.fixture
def two(tiny):
    """The small run file with mass, mixing and Yukawa free."""
    tiny.write_text(tiny.read_text().replace(*FREE_Y))
    return tiny


def asking(file, *tasks):
    """Replace the tasks of a run file."""
    head = file.read_text().partition("tasks:")[0]
    file.write_text(head + "tasks:\n" + "".join(f"  - {task}\n" for task in tasks))
    return file


def is_figure(stem):
    png, pdf = stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.pdf")
    return png.read_bytes().startswith(b"\x89PNG") and pdf.read_bytes().startswith(b"%PDF")


def test_a_map_of_the_moment_meets_its_limit(darkmoment, two, tmp_path):
    out = tmp_path / "out"
    options = ("--x", "m_dark_photon", "--y", "mu_eff", "--points", "4,9", "--level", 0.95)
    answer = darkmoment("profile", two, *options, "--y-range", "1e-15,1e-10", "--out", out)
    assert answer.code == 0, answer.err
    (csv,) = [p for p in out.glob("*.csv") if not p.stem.endswith("_limit")]
    table = pd.read_csv(csv)
    assert len(table) == 36
    assert table["m_dark_photon"].is_monotonic_increasing
    wanted = {"m_dark_photon", "mu_eff", "chi2", "delta_chi2", "delta_chi2_at_x", "leading_experiment"}
    wanted |= {"status", "starts", "hits", "spread", "at_bound", "epsilon", "y", "chi2_meg2", "chi2_na64"}
    assert wanted <= set(table)
    np.testing.assert_allclose(np.unique(table["mu_eff"]), np.geomspace(1e-15, 1e-10, 9), rtol=1e-12)
    about = json.loads(csv.with_suffix(".json").read_text())
    assert (about["x"], about["y"], about["level"]) == ("m_dark_photon", "mu_eff", 0.95)
    assert (about["units"]["mu_eff"], about["units"]["m_dark_photon"]) == ("muB", "GeV")
    assert about["references"]["meg2"] == ["2504.15711"]
    stem = csv.with_suffix("")
    assert is_figure(stem)
    assert is_figure(stem.with_name(f"{stem.name}_leading"))
    limit = pd.read_csv(stem.with_name(f"{stem.name}_limit.csv"))
    fit = package.Fit.load(two)
    direct = package.maximise(fit, "mu_eff", "m_dark_photon", limit["m_dark_photon"].to_numpy(), level=0.95)
    # nine values over five decades: chi2 grows as the fourth power only far above its floor
    np.testing.assert_allclose(limit["mu_eff_max"], direct.table["mu_eff_max"], rtol=0.05)
    assert set(limit["edge"]) == {"reached"}
    lowest, highest = limit["mu_eff_max"].min(), limit["mu_eff_max"].max()
    assert f"mu_eff < {lowest:.4g} muB at m_dark_photon = " in answer.out
    assert f" to {highest:.4g} muB at m_dark_photon = " in answer.out
    assert "95% CL at each m_dark_photon" in answer.out


def test_a_finer_map_meets_it_better(darkmoment, two, tmp_path):
    """Around the limit, thirty values a decade."""
    fit = package.Fit.load(two)
    top = float(package.maximise(fit, "mu_eff", "m_dark_photon", [0.1]).table["mu_eff_max"][0])
    asking(
        two,
        f"profile: {{x: m_dark_photon, range: [0.1, 0.2], y: mu_eff, y_range: [{top / 2}, {2 * top}], "
        "points: [2, 19], name: fine}",
    )
    out = tmp_path / "out"
    assert darkmoment("run", two, "--out", out).code == 0
    limit = pd.read_csv(out / "fine_limit.csv")
    assert limit["m_dark_photon"][0] == 0.1
    assert limit["mu_eff_max"][0] == pytest.approx(top, rel=1e-3)


def test_maps_of_other_pairs_and_resume(darkmoment, two, tmp_path, monkeypatch):
    asking(
        two,
        "profile: {x: y, y: epsilon, points: [3, 5], starts: 1, limit: true, name: couplings}",
        "profile: {x: mu_eff, range: [1e-15, 1e-13], y: y, points: 3, starts: 1, name: turned}",
    )
    out = tmp_path / "out"
    answer = darkmoment("run", two, "--out", out)
    assert answer.code in (0, 1), answer.err
    assert (out / "couplings_limit.csv").exists()
    assert not (out / "turned_limit.csv").exists()
    assert len(pd.read_csv(out / "turned.csv")) == 9
    assert is_figure(out / "couplings")
    assert is_figure(out / "turned_leading")
    assert "tiny: profile of mu_eff and y: smallest chi2 of the map " in answer.out

    def again(*_, **__):
        raise AssertionError("a finished map was made again")

    monkeypatch.setattr("darkmoment.inference.profile_map.profile_map", again)
    resumed = darkmoment("run", two, "--out", out, "--resume")
    assert (resumed.code, resumed.out, resumed.err) == (answer.code, answer.out, answer.err)


REFUSED = {
    "same axis": ("x: y, y: y", "x and y are both y"),
    "two numbers, one axis": (
        "x: y, points: [5, 6]",
        "points = [5, 6] are for two axes: give one number, or y",
    ),
    "range of nothing": ("x: y, y_range: [1, 2]", "y_range asks for a range of y, but there is no y"),
    "limit on nothing": ("x: y, limit: true", "limit asks for a limit on y, but there is no y"),
    "observable without range": ("x: mu_eff, y: y", "mu_eff is an observable: give the range"),
    "log axis from zero": ("x: y, y: mu_eff, y_range: [0, 1e-12]", "mu_eff lives on a logarithmic axis"),
    "no such axis": ("x: y, y: mu_ef", "'mu_ef' for y of task profile (did you mean 'mu_eff'?)"),
    "fixed": ("x: y, y: m_S", "'m_S' for y of task profile is fixed"),
    "fixed with range": (
        "x: y, y: m_S, y_range: [0.1, 1]",
        "m_S is held in tiny: there is nothing to profile",
    ),
    "outside the domain": ("x: y, y: epsilon, y_range: [1e-3, 2]", "epsilon = 2 must be <= 1"),
    "too many cells": ("x: y, y: epsilon, points: 2000", "points = [2000, 2000] are 4000000 cells, about "),
    "one value": ("x: y, y: epsilon, points: [1, 5]", "points of task profile = 1 must be at least 2"),
    "inverted": ("x: y, y: epsilon, y_range: [1, 0.1]", "y_range of task profile is inverted"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_maps_without_meaning_are_refused(darkmoment, two, tmp_path, case):
    options, message = REFUSED[case]
    out = tmp_path / "out"
    answer = darkmoment("run", asking(two, f"profile: {{{options}}}"), "--out", out)
    assert answer.code == 2
    assert message in answer.err
    assert f"{two}:18: " in answer.err
    assert "Traceback" not in answer.err
    assert not out.exists()


def test_the_flags_of_a_map_are_named_where_they_are_wrong(darkmoment, two, tmp_path):
    out = tmp_path / "out"
    for flags, message in [
        (("--y", "mu_ef"), "--y: unknown parameter or quantity 'mu_ef'"),
        (("--y", "mu_eff", "--y-range", "3"), "--y-range: y_range of task profile is [lower, upper]"),
        (("--y", "mu_eff", "--points", "3,4,5"), "--points: points of task profile is a number or two"),
    ]:
        answer = darkmoment("profile", two, "--x", "y", *flags, "--out", out)
        assert answer.code == 2
        assert message in answer.err


def test_the_range_of_each_axis_has_its_unit(two, tmp_path):
    from darkmoment.runfile.loader import load

    asking(two, "profile: {x: m_dark_photon, range: [20 MeV, 1], y: m_S, y_range: [100 MeV, 1]}")
    two.write_text(two.read_text().replace("m_S: 0.3", "m_S: {range: [0.2, 1]}"))
    (task,) = load(two).tasks
    assert task.options["range"] == (0.02, 1.0)
    assert task.options["y_range"] == (0.1, 1.0)


def test_leave_one_out(darkmoment, two, tmp_path, monkeypatch):
    asking(
        two, "leave_one_out: {along: m_dark_photon, points: 3, starts: 1}", "leave_one_out: {name: overall}"
    )
    out = tmp_path / "out"
    answer = darkmoment("run", two, "--out", out)
    assert answer.code == 0, answer.err
    table = pd.read_csv(out / "leave_one_out_mu_eff.csv", keep_default_na=False)
    assert table["without"].tolist() == ["none"] * 3 + ["meg2"] * 3 + ["na64"] * 3
    full, without_meg, without_na64 = (table["mu_eff_max"].to_numpy()[s : s + 3] for s in (0, 3, 6))
    assert (without_meg > full).all()
    assert (without_na64 > full).all()
    np.testing.assert_allclose(
        table["ratio"].astype(float), [*np.ones(3), *without_meg / full, *without_na64 / full]
    )
    about = json.loads((out / "leave_one_out_mu_eff.json").read_text())
    assert about["units"]["mu_eff_max"] == "muB"
    assert "without" in about["columns"]
    assert is_figure(out / "leave_one_out_mu_eff")
    assert is_figure(out / "overall")
    top = max((without_na64 / full).max(), (without_meg / full).max())
    assert f"tiny: 90% limit on mu_eff rises by up to {top:.3g} times without " in answer.out
    assert "without na64 the limit leans on other ranges: epsilon max 0.01 in " in answer.err
    monkeypatch.setattr("darkmoment.tasks.leave_one_out.leave_one_out", lambda *_, **__: 1 / 0)
    resumed = darkmoment("run", two, "--out", out, "--resume")
    assert (resumed.code, resumed.out, resumed.err) == (answer.code, answer.out, answer.err)


def test_nothing_to_leave_out(darkmoment, two):
    asking(two, "leave_one_out: {along: m_dark_photon, points: 3}")
    two.write_text(two.read_text().replace("  meg2: {}\n", ""))
    answer = darkmoment("check", two)
    assert answer.code == 2
    assert "tiny has only na64: give it two experiments or more" in answer.err


def test_check_knows_how_long_they_take(darkmoment, two):
    asking(
        two,
        "profile: {x: m_dark_photon, y: mu_eff, points: [4, 9]}",
        "leave_one_out: {along: m_dark_photon, points: 3}",
    )
    answer = darkmoment("check", two)
    assert answer.code == 0
    assert (
        "profile: x: m_dark_photon, y: mu_eff, points: [4, 9], level: 0.9, levels: [0.68, 0.9, 0.95]"
        in answer.out
    )
    assert "leave_one_out: quantity: mu_eff, along: m_dark_photon, points: 3" in answer.out
    assert answer.out.count("(about ") == 2


def test_what_is_said_of_removals():
    from darkmoment.tasks.leave_one_out import sentence

    table = pd.DataFrame(
        {
            "without": ["none", "none", "a", "a", "b", "b", "c", "c"],
            "m": [1.0, 2.0] * 4,
            "ratio": [1, 1, 3, 7, 1.5, 1, 1.005, 0.995],
        }
    )
    assert sentence(table, "mu_eff", "m", 0.90) == (
        "90% limit on mu_eff rises by up to 7 times without a (at m = 2), 1.5 times without b (at m = 1); "
        "within 1% the same without c"
    )
    calm = table[table["without"].isin(["none", "c"])]
    assert sentence(calm, "mu_eff", "m", 0.90) == (
        "90% limit on mu_eff rises without no experiment; within 1% the same without c"
    )
    assert "no 90% limit" in sentence(table.assign(ratio=np.nan), "mu_eff", "m", 0.90)
