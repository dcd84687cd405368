"""A user's own curves on figures: read with their units, refused with reasons, drawn, recorded."""

import json
import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from darkmoment.cli import main
from darkmoment.fit import Fit
from darkmoment.overlays import OverlayError, overlays_of, read_overlay
from darkmoment.plots.axis import Axis
from darkmoment.plots.overlay import Overlay, draw_overlays, seen
from darkmoment.redrawing import redraw
from darkmoment.report import write_report
from darkmoment.results.curves import curves_on
from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import load
from darkmoment.tasks.runner import refuse, run

GOOD = "m_dark_photon [MeV],mu_eff [muB]\n10,1e-14\n100,3e-13\n\n1000,5e-12\n"
MASS, MOMENT = Axis("m_dark_photon", "m", "GeV"), Axis("mu_eff", r"\mu", "muB")


@pytest.fixture
def file(tiny, tmp_path):
    """Return a function that writes the tiny run file with an overlay on its first task, and a curve."""

    def write(curve=GOOD, overlay="[{file: mine.csv, label: Mine}]", task="maximise: {along: m_dark_photon"):
        (tmp_path / "mine.csv").write_text(curve, encoding="utf-8")
        text = tiny.read_text()
        tiny.write_text(
            text[: text.index("tasks:")] + f"tasks:\n  - {task}, points: 2, starts: 1, overlay: {overlay}}}\n"
        )
        return tiny

    return write


def refused(path):
    """Return what is wrong with a run file, found before anything runs."""
    with pytest.raises(RunFileError) as error:
        read(path)
    return str(error.value)


def read(path):
    known = load(path)
    refuse(Fit(known.base), [Fit(spec) for spec in known.fits], known.tasks)


def test_a_curve_is_read_in_the_units_of_the_axes(file):
    (task,) = load(file()).tasks
    (given,) = task.options["overlay"]
    assert (given["x"], given["y"], given["units"]) == ("m_dark_photon", "mu_eff", ["GeV", "muB"])
    assert given["points"] == [[0.01, 0.1, 1.0], [1e-14, 3e-13, 5e-12]]
    (curve,) = overlays_of(task.options)
    assert curve == Overlay("Mine", *given["points"])


def test_the_label_is_the_files_name_where_none_is_given(file):
    (task,) = load(file(overlay="{file: mine.csv}")).tasks
    assert task.options["overlay"][0]["label"] == "mine"


def test_spreadsheets_and_closed_curves(tmp_path):
    path = tmp_path / "box.csv"
    path.write_bytes(
        b"\xef\xbb\xbfm_dark_photon [GeV] , epsilon \r\n1,1e-3\r\n2,1e-3\r\n2,1e-4\r\n1,1e-3\r\n"
    )
    found = read_overlay(path, "box.csv", "box")
    assert found["units"] == ["GeV", ""]
    assert found["points"][0] == [1.0, 2.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        ("", "line 1: a header with the names and units of both columns"),
        ("1,2\n3,4\n", "line 1: '1' is not a name with its unit"),
        ("m_dark_photon [GeV]\n1\n2\n", "1 columns, a curve has two"),
        ("m_dark_photon [GeV],mu_eff [muB]\n1,1e-12\n", "has 1 points: a curve has 2 to 10000"),
        ("m_dark_photon [GeV],mu_eff [muB]\n1,1e-12\n2;3\n", "line 3: '2;3' is not two numbers"),
        ("m_dark_photon [GeV],mu_eff [muB]\n1,1e-12\n2,nan\n", "line 3: '2,nan' is not finite"),
        ("m_dark_photon,mu_eff [muB]\n1,1e-12\n2,1e-12\n", "m_dark_photon is without a unit; write"),
        ("m_dark_photon [Mev],mu_eff [muB]\n1,1e-12\n2,1e-12\n", "is in 'Mev'; write .* mean 'MeV'"),
        ("m_dark_photon [rad],mu_eff [muB]\n1,1e-12\n2,1e-12\n", "is in 'rad'; write 'm_dark_photon"),
        ("mass_GeV,mu_eff [muB]\n1,1e-12\n2,1e-12\n", "first column is 'mass_GeV', that axis is"),
        ("mu_eff [muB],m_dark_photon [GeV]\n1e-12,1\n1e-12,2\n", "are the columns swapped"),
        ("m_dark_photon [GeV],epsilon\n1,1e-3\n2,1e-3\n", "second column is 'epsilon', that axis is"),
        ("m_dark_photon [GeV],mu_eff [muB]\n1,1e-12\n2,0\n", "mu_eff = 0 has no place on a logarithmic"),
    ],
)
def test_what_is_wrong_with_a_curve_is_said(file, curve, message):
    said = refused(file(curve))
    assert re.search(message, said), said
    assert "mine.csv" in said
    assert "tiny.yaml:18" in said


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        ("[{file: mime.csv}]", "there is no file 'mime.csv'"),
        ("[{file: mime.csv}]", "did you mean 'mine.csv'"),
        ("[mine.csv]", "is a list of curves, not 'mine.csv': write"),
        ("[{file: mine.csv, colour: red}]", "unknown key 'colour'"),
        ("[{label: x}]", "write \\[\\{file: mine.csv, label: Mine\\}\\]"),
        ("[{file: mine.csv}, {file: mine.csv}]", "two overlays are labelled 'mine'"),
        ("[{file: mine.csv, label: [a]}]", "label is text"),
    ],
)
def test_what_is_wrong_with_the_option_is_said(file, overlay, message):
    said = refused(file(overlay=overlay))
    assert re.search(message, said), said
    assert "tiny.yaml:18" in said


def test_a_figure_without_two_axes(file):
    said = refused(file(task="maximise: {quantity: mu_eff"))
    assert "name a parameter with along" in said
    # a profile has Delta chi2 along y
    said = refused(file(task="profile: {x: m_dark_photon"))
    assert "second column is 'mu_eff', that axis is 'delta_chi2'" in said


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(OverlayError, match="is not a text file"):
        read_overlay(tmp_path / "x.csv", "x.csv", "x")
    with pytest.raises(OverlayError, match="cannot be read"):
        read_overlay(tmp_path / "none.csv", "none.csv", "x")


def test_drawn_without_moving_the_axes():
    ax = Figure().add_subplot()
    ax.set(xscale="log", yscale="log", xlim=(0.01, 1), ylim=(1e-14, 1e-11))
    curves = [Overlay("one", [0.001, 10], [1e-14, 1e-10]), Overlay("two", [0.1, -1.0], [1e-12, 1e-12])]
    handles = draw_overlays(ax, curves, MASS, MOMENT)
    assert list(handles) == ["one", "two"]
    assert ax.get_xlim() == (0.01, 1)
    assert ax.get_ylim() == (1e-14, 1e-11)
    first, second = ax.lines
    assert list(first.get_ydata()) == [1e-14, 1e-10]
    assert np.isnan(second.get_xdata()[1])
    assert first.get_linestyle() == "--"
    assert first._dash_pattern != second._dash_pattern


def test_an_axis_shows_what_lies_between_its_ends():
    found = seen([2.0], [Overlay("", [0.5, 5.0, 50.0], [1e-3, 1e-2, 1e-1])], MASS, MOMENT, [1.0, 10.0])
    assert sorted(found) == [1e-2, 2.0]
    assert list(seen([2.0], [], MASS, MOMENT, [])) == [2.0]


def test_in_the_record_and_on_the_figure(file, tmp_path):
    path = file()
    run(load(path), tmp_path / "with")
    record = json.loads((tmp_path / "with" / "record.json").read_text())
    (given,) = record["tasks"][0]["options"]["overlay"]
    assert given["points"][1] == [1e-14, 3e-13, 5e-12]
    # the curve is in the record: neither figure nor report need the file any more
    (tmp_path / "mine.csv").unlink()
    drawn = (tmp_path / "with" / "maximise_mu_eff.png").read_bytes()
    found = redraw(tmp_path / "with", tmp_path / "again")
    assert (found.figures, found.notes) == (["maximise_mu_eff"], [])
    assert (tmp_path / "again" / "maximise_mu_eff.png").read_bytes() == drawn
    assert "Mine: highest 5×10⁻¹²" in write_report(tmp_path / "with").read_text()


def test_nothing_changes_where_there_is_none(file, tmp_path):
    path = file(overlay="[]")
    with_none = load(path).tasks[0]
    assert "overlay" not in with_none.resolved()["options"]
    assert with_none.options["overlay"] == ()


def test_check_names_a_curve_in_short(file, darkmoment):
    text = darkmoment("check", file()).out
    assert "overlay: [{file: mine.csv, label: Mine, points: 3}]" in text
    assert "sha256" not in text


OUTSIDE = "m_dark_photon [GeV],mu_eff [muB]\n50,1e-13\n100,1e-12\n"


def test_a_curve_of_which_nothing_is_seen_is_told_of(file, tmp_path, capsys):
    path = file(OUTSIDE)
    told = (
        "no point of overlay 'Mine' lies within the figure: m_dark_photon 50 .. 100 GeV beside 0.01 .. 1 GeV"
    )
    hint = "(1000 times smaller it would: is the unit right?)"
    found = run(load(path), tmp_path / "out")
    assert f"{told} {hint}" in found.warnings
    assert run(load(path), tmp_path / "out", resume=True).warnings == found.warnings
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert f"    warning: {told} {hint}\n" in said
    assert "overlay: [{file: mine.csv, label: Mine, points: 2}]" in said
    limits = Fit(load(path).base).maximise("mu_eff", along="m_dark_photon", points=2, starts=1)
    with pytest.warns(UserWarning, match=re.escape(told)):
        limits.plot(overlays={"Mine": ([50.0, 100.0], [1e-13, 1e-12])})


@pytest.mark.parametrize(
    ("task", "curve", "told"),
    [
        # crosses the figure, though none of its points lies there
        ("maximise: {along: m_dark_photon", "m_dark_photon [GeV],mu_eff [muB]\n1e-6,1e-14\n100,1e-10\n", ""),
        ("recast: {experiment: na64, range: [1e-3, 1e-2]", "m_dark_photon [MeV],epsilon\n20,1e-4\n30,1e-4\n",
         "m_dark_photon 0.02 .. 0.03 GeV beside 0.001 .. 0.01 GeV"),
        ("profile: {x: m_dark_photon", "m_dark_photon [GeV],delta_chi2\n0.1,20\n0.2,30\n",
         "delta_chi2 20 .. 30 beside -0.1268 .. 4.226"),
        ("profile: {x: m_dark_photon, y: epsilon", "m_dark_photon [GeV],epsilon\n0.1,20\n0.2,30\n",
         "epsilon 20 .. 30 beside"),
        ("compare: {along: m_dark_photon", OUTSIDE, "m_dark_photon 50 .. 100 GeV beside 0.01 .. 1 GeV"),
        ("leave_one_out: {along: m_dark_photon", OUTSIDE, "m_dark_photon 50 .. 100 GeV beside 0.01 .. 1 GeV"),
    ],
)  # fmt: skip
def test_what_is_outside_is_told_by_every_task(file, tmp_path, task, curve, told):
    path = file(curve, task=task)
    path.write_text(path.read_text().replace("starts: 1, ", "" if "recast" in task else "starts: 1, "))
    warnings = [w for w in run(load(path), tmp_path / "out").warnings if "overlay" in w]
    assert len(warnings) == bool(told)
    assert all(told in w for w in warnings)


@pytest.mark.parametrize("row", ["0.01,1e-300", "0.01,1e300", "-1e-200,1"])
def test_sizes_that_no_figure_shows_are_refused_before_anything_runs(file, row):
    said = refused(file(f"m_dark_photon [GeV],mu_eff [muB]\n0.01,1e-14\n{row}\n"))
    assert f"mine.csv, line 3: '{row}' has " in said
    assert "a figure shows 1e-100 to 1e+100" in said


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ([([1.0, 2.0], [1.0, 2.0])], 'are given as {"label": (x, y)}'),
        ({1: ([1.0, 2.0], [1.0, 2.0])}, 'are given as {"label": (x, y)}'),
        ("mine.csv", 'are given as {"label": (x, y)}'),
        ({"a": ([1.0, 2.0], [1.0, 1e300])}, "overlay 'a', point 1: (2, 1e+300) has 1e+300"),
        ({"a": ([1.0, np.nan], [1.0, 1.0])}, "overlay 'a', point 1: (nan, 1) is not finite"),
        ({"a": ([1.0], [1.0])}, "overlay 'a': a curve has two points"),
    ],
)
def test_what_python_gives_is_refused_with_a_reason(curves, message):
    with pytest.raises(OverlayError, match=re.escape(message)):
        curves_on(curves, MASS, MOMENT)
