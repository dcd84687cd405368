"""The Python API: methods of a fit, and answers that show themselves in words, tables and figures."""

import inspect
import json
import pickle
import re
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import darkmoment
from darkmoment import BestFit, Evaluation, Fit, LeaveOneOut, Maximum, PointError, Profile, ProfileMap, Sample
from darkmoment.overlays import OverlayError
from darkmoment.plots.style import save
from darkmoment.results import sentences

TASKS = """\
tasks:
  - maximise: {along: m_dark_photon, points: 2, starts: 1}
  - profile: {x: epsilon, points: 3, starts: 1}
  - profile: {x: m_dark_photon, y: mu_eff, points: [2, 3], y_range: [1e-14, 1e-11], starts: 1, name: plane}
  - leave_one_out: {along: m_dark_photon, points: 2, starts: 1}
"""
SAMPLE = """\
tasks:
  - sample: {ensembles: 2, walkers: 8, max_steps: 1000, until: {ess: 20, of: mu_eff}, sensitivity: false}
"""
WINDOW = (1e-13, 1e-9)


@pytest.fixture(scope="module")
def paper() -> Fit:
    return Fit.load("paper")


@pytest.fixture(scope="module")
def maximum(paper: Fit) -> Maximum:
    return paper.maximise("mu_eff", along="m_dark_photon", points=[0.01, 0.1], starts=1)


@pytest.fixture(scope="module")
def chains(paper: Fit) -> Sample:
    return paper.sample("mu_eff", ess=10, ensembles=2, walkers=8, max_steps=600)


@pytest.mark.parametrize(
    "name", ["maximise", "profile", "profile_map", "leave_one_out", "sample", "best_fit"]
)
def test_methods_take_what_the_functions_take(name: str) -> None:
    function = list(inspect.signature(getattr(darkmoment, name)).parameters.values())
    method = list(inspect.signature(getattr(Fit, name)).parameters.values())
    assert [(p.name, p.default) for p in method[1:]] == [(p.name, p.default) for p in function[1:]]


def test_methods_hand_everything_over(monkeypatch: pytest.MonkeyPatch, paper: Fit) -> None:
    for name in ("maximise", "profile", "profile_map", "leave_one_out", "sample", "best_fit"):
        names = list(inspect.signature(getattr(Fit, name)).parameters)[1:]
        seen: dict[str, object] = {}
        original = inspect.signature(getattr(darkmoment, name))

        def spy(*args: object, _seen=seen, _original=original, **options: object) -> None:
            _seen.update(_original.bind(*args, **options).arguments)

        monkeypatch.setattr(f"{darkmoment._HOMES[name].join(['darkmoment.', ''])}.{name}", spy)
        given = {key: f"value of {key}" for key in names}
        getattr(paper, name)(**given)
        assert seen == {"fit": paper, **given}


def test_public_names_are_what_they_say() -> None:
    assert sorted(darkmoment.__all__) == darkmoment.__all__
    assert set(darkmoment._HOMES) == set(darkmoment.__all__)
    for name in darkmoment.__all__:
        assert getattr(darkmoment, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Fitt'"):
        _ = darkmoment.Fitt  # type: ignore[attr-defined]


def same_figure(figure: Figure, drawn: Path, tmp_path: Path) -> bool:
    png, _ = save(figure, tmp_path / "api" / drawn.name)
    return png.read_bytes() == drawn.with_suffix(".png").read_bytes()


def ran(file: Path, tasks: str, out: Path, darkmoment) -> dict[str, object]:
    text = file.read_text()
    file.write_text(text[: text.index("tasks:")] + tasks)
    assert darkmoment("run", file, "--out", out).code in (0, 1)
    return json.loads((out / "result.json").read_text())


def test_figures_and_words_are_those_of_the_command_line(tiny: Path, tmp_path: Path, darkmoment) -> None:
    out = tmp_path / "run"
    said = json.dumps(ran(tiny, TASKS, out, darkmoment))
    fit = Fit.load(tiny)
    maximum = fit.maximise(along="m_dark_photon", points=2, starts=1)
    profile = fit.profile("epsilon", 3, starts=1, level=0.90)
    plane = fit.profile_map("m_dark_photon", "mu_eff", (2, 3), y_window=(1e-14, 1e-11), starts=1)
    limits = plane.limits(refine=True)
    left_out = fit.leave_one_out(along="m_dark_photon", points=2, starts=1)
    drawn = {
        "maximise_mu_eff": maximum.plot(),
        "profile_epsilon": profile.plot(),
        "plane": plane.plot(limits=limits),
        "plane_leading": plane.plot("leading", limits=limits),
        "leave_one_out_mu_eff": left_out.plot(),
    }
    for stem, figure in drawn.items():
        assert same_figure(figure, out / stem, tmp_path), stem
    for found in (maximum, profile, left_out):
        assert found.answer in said
    words = sentences.plane(plane.table, limits, plane.x, plane.y, plane.level, {"mu_eff": "muB"}.get)
    assert words in said


def test_chains_and_corner_are_those_of_the_command_line(tiny: Path, tmp_path: Path, darkmoment) -> None:
    out = tmp_path / "run"
    ran(tiny, SAMPLE, out, darkmoment)
    chains = Fit.load(tiny).sample("mu_eff", 20, 2, 8, 1000)
    assert same_figure(chains.plot(), out / "sample_corner", tmp_path)
    assert chains.chains.to_csv(index=False) == (out / "sample_samples.csv").read_text()


def test_a_maximum_has_its_value_and_its_point(paper: Fit, maximum: Maximum) -> None:
    assert maximum.certified
    assert maximum.value == maximum.table["mu_eff_max"].max()
    there = paper.evaluate(maximum.point)
    assert there.observables["mu_eff_muB"][0] == pytest.approx(maximum.value, rel=1e-9)
    assert set(maximum.point) == {p.name for p in paper.parameters}


def test_a_maximum_without_an_allowed_point_says_so(maximum: Maximum) -> None:
    empty = maximum.table.assign(mu_eff_max=np.nan, status="failed")
    nothing = replace(maximum, table=empty, warnings=["2 of 2 cells have no allowed point"])
    assert np.isnan(nothing.value)
    assert nothing.point == {}
    assert not nothing.certified
    assert "no allowed point was found" in repr(nothing)


@pytest.mark.parametrize("count", [0, 1, 5, 6, 40])
def test_warnings_are_shown_and_counted(maximum: Maximum, count: int) -> None:
    warnings = [f"warning number {k}." for k in range(count)]
    found = replace(maximum, warnings=warnings)
    for text in (repr(found), found._repr_html_()):
        listed = re.findall(r"warning number (\d+)\.", text)
        rest = re.findall(r"and (\d+) more: \.warnings", text)
        assert len(listed) + sum(map(int, rest)) == count
        assert len(listed) >= min(count, 4)


def test_html_is_escaped_and_parses(maximum: Maximum) -> None:
    from xml.etree import ElementTree

    table = maximum.table.assign(leading_experiment="<script>alert(1)</script>")
    html = replace(maximum, table=table, warnings=["a < b & c"] * 9)._repr_html_()
    assert "<script" not in html
    ElementTree.fromstring(html.replace('border="0"', ""))
    assert "a &lt; b &amp; c" in html


def test_long_tables_are_cut_and_say_so(maximum: Maximum) -> None:
    long = replace(maximum, table=pd.concat([maximum.table] * 10, ignore_index=True))
    for text in (repr(long), long._repr_html_()):
        assert "and 8 more rows" in text
        assert text.count(">certified<" if "<td" in text else " certified\n") == 12
    assert "more rows" not in repr(maximum)


KINDS = {
    "evaluation": Evaluation,
    "maximum": Maximum,
    "profile": Profile,
    "map": ProfileMap,
    "left out": LeaveOneOut,
    "best fit": BestFit,
    "sample": Sample,
}


def answers(fit: Fit) -> dict[str, object]:
    return {
        "evaluation": fit.evaluate({"epsilon": [1e-6, 1e-3]}),
        "maximum": fit.maximise(starts=1),
        "profile": fit.profile("epsilon", [1e-6, 1e-5], starts=1),
        "map": fit.profile_map("m_dark_photon", "epsilon", (2, 2), starts=1),
        "left out": fit.leave_one_out(starts=1),
        "best fit": fit.best_fit(),
    }


def test_every_answer_shows_itself_and_travels(paper: Fit, chains: Sample) -> None:
    for what, found in {**answers(paper), "sample": chains}.items():
        text, html, figure = repr(found), found._repr_html_(), found.plot()
        assert type(found) is KINDS[what]
        assert text.startswith(f"{type(found).__name__}: corrected, $g_D = 0.5$: "), what
        assert html.startswith("<div>"), what
        assert isinstance(figure, Figure), what
        assert figure._repr_png_().startswith(b"\x89PNG"), what
        assert isinstance(found.warnings, list), what
        twin = pickle.loads(pickle.dumps(found))
        assert repr(twin) == text, what
        assert twin.fit.identity == paper.identity, what
        orphan = replace(found, fit=None)
        assert repr(orphan), what
        with pytest.raises(ValueError, match="does not know its fit"):
            orphan.plot()


def test_saved_figures_keep_their_style(maximum: Maximum, tmp_path: Path) -> None:
    figure = maximum.plot()
    with matplotlib.rc_context({"pdf.fonttype": 3}):
        figure.savefig(tmp_path / "own.pdf")
        Figure.savefig(figure, tmp_path / "plain.pdf")
    assert b"/Type3" not in (tmp_path / "own.pdf").read_bytes()
    assert b"/Type3" in (tmp_path / "plain.pdf").read_bytes()


def test_a_title_and_curves_of_ones_own(maximum: Maximum, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("m_dark_photon [MeV],mu_eff [muB]\n10,1e-13\n100,2e-13\n")
    figure = maximum.plot(
        overlays={"a theory": ([0.01, 0.1], [1e-13, 2e-13]), "a file": file}, title="my title"
    )
    (ax,) = figure.axes
    assert ax.get_title(loc="left") == "my title"
    legends = [*figure.legends, ax.get_legend()]
    told = [text.get_text() for one in legends if one is not None for text in one.get_texts()]
    assert {"a theory", "a file"} <= set(told)
    lines = [line.get_xydata().tolist() for line in ax.lines]
    assert lines.count([[0.01, 1e-13], [0.1, 2e-13]]) == 2


@pytest.mark.parametrize(
    ("curve", "reason"),
    [
        (([0.01, 0.1], [1e-13]), "'mine' has shapes (2,), (1,)"),
        (([0.01], [1e-13]), "two points or more"),
        (([0.01, 0.1], [0.0, 1e-13]), "mu_eff = 0 has no place on a logarithmic axis"),
        (([0.01, 0.1], [np.nan, 1e-13]), "finite"),
        ("nowhere.csv", "nowhere.csv cannot be read"),
        (3.0, "give (x, y)"),
    ],
)
def test_curves_that_do_not_belong_are_refused(maximum: Maximum, curve, reason: str) -> None:
    with pytest.raises(OverlayError, match=re.escape(reason)):
        maximum.plot(overlays={"mine": curve})


def test_a_figure_without_axes_refuses_curves(paper: Fit) -> None:
    with pytest.raises(OverlayError, match="no two axes"):
        paper.maximise(starts=1).plot(overlays={"mine": ([1, 2], [1, 2])})


def test_a_sample_is_a_table_chains_and_arviz(chains: Sample, paper: Fit) -> None:
    assert list(chains.table.index) == ["m_dark_photon", "epsilon", "y", "mu_eff"]
    assert chains.table.loc["mu_eff", "limit_90"] == chains.limit("mu_eff", 0.90).value
    assert np.isnan(chains.table.loc["y", "limit_90"])
    assert chains.table.loc["m_dark_photon", "unit"] == "GeV"
    flat = chains.chains
    assert len(flat) == chains.chi2.size
    one = flat[(flat["ensemble"] == 1) & (flat["step"] == 2) & (flat["walker"] == 3)]
    assert one["y"].item() == chains.parameters["y"][1, 2, 3]
    data = chains.to_arviz()
    assert data["posterior"].sizes["chain"] == 2
    assert data.attrs["fit"] == "paper"
    assert not chains.converged
    assert "warning: not converged for mu_eff" in repr(chains)
    figure = chains.plot(["y", "mu_eff"])
    assert len(figure.axes) == 4
    with pytest.raises(ValueError, match=r"names = 'mu_ef' \(did you mean 'mu_eff'\?\)"):
        chains.plot(["mu_ef"])


def test_an_evaluation_counts_its_notes(paper: Fit) -> None:
    found = paper.evaluate(pd.DataFrame({"epsilon": [1e-6, 1e-3, 2e-3], "m_dark_photon": [0.1, 0.1, 1e3]}))
    assert isinstance(found, Evaluation)
    assert sum("na64 says nothing here" in text for text in found.warnings) == 1
    assert any(text.startswith("1 of 3 points: na64: chi2 is infinite") for text in found.warnings)
    assert any("was this meant in MeV" in text for text in found.warnings)
    with pytest.raises(ValueError, match="row = 3: there are 3 points"):
        found.plot(row=3)
    assert paper.evaluate().total_chi2.shape == (1,)
    from_printed = paper.using("printed").evaluate().warnings
    assert any("without a printed formula" in text for text in from_printed)


def test_a_best_fit_names_what_pulls(paper: Fit) -> None:
    best = replace(paper.best_fit(), agreed=False, chi2={"meg2": 16.0}, migrad="not valid: edm")
    assert not best.certified
    assert best.warnings == [
        "the best fit was not reached by two searches",
        "MIGRAD: not valid: edm",
        "meg2 is 4.0 sigma from anything this model gives",
    ]
    assert list(best.brief()["parameter"]) == [p.name for p in paper.free]


def test_a_fit_shows_its_parameters(paper: Fit) -> None:
    assert paper.table.loc["g_D", "role"] == "fixed"
    assert tuple(paper.table.loc["m_dark_photon", ["min", "max"]]) == (1e-3, 1.0)
    html = paper._repr_html_()
    for name in (*paper.experiments, *(p.name for p in paper.parameters)):
        assert name in html
    asimov = paper.observing({})._repr_html_()
    assert "Asimov data" in asimov


def test_a_map_reads_off_its_limits(paper: Fit) -> None:
    found = paper.profile_map("m_dark_photon", "mu_eff", (2, 6), y_window=WINDOW, starts=1)
    assert isinstance(found, ProfileMap)
    assert "at each m_dark_photon, read off the map" in found.answer
    assert list(found.limits()["m_dark_photon"]) == [1e-3, 1.0]
    with pytest.raises(KeyError, match="did you mean 'delta_chi2'"):
        found.grid("delta_chi")
    with pytest.raises(ValueError, match=r"kind = 'leadin' \(did you mean 'leading'\?\)"):
        found.plot("leadin")


def test_progress_is_a_bar_or_a_function(paper: Fit, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[tuple[int, int]] = []
    paper.maximise(starts=1, progress=lambda done, total: seen.append((done, total)))
    assert seen
    assert capfd.readouterr().err == ""
    paper.maximise(starts=1, progress=True)
    assert "largest mu_eff" in capfd.readouterr().err
    paper.maximise(starts=1, progress=False)
    assert capfd.readouterr().err == ""


REFUSED = {
    "evaluate, name": (lambda f: f.evaluate({"epsiln": 1e-4}), "'epsiln' (did you mean 'epsilon'?)"),
    "evaluate, list": (lambda f: f.evaluate([1, 2]), "points = [1, 2]: give a mapping"),
    "evaluate, other ansatz": (
        lambda f: f.evaluate({"y_e": 1}),
        "'y_e' (it belongs to another ansatz; there are: m_dark_photon",
    ),
    "fixed, text": (lambda f: f.holding({"epsilon": "a"}), "epsilon = 'a' is not a number: give one"),
    "fixed, unit": (
        lambda f: f.holding({"m_S": "300 MeV"}),
        "m_S = '300 MeV' is not a number: give one in GeV",
    ),
    "evaluate, unit": (
        lambda f: f.evaluate({"m_S": "300 MeV"}),
        "m_S = '300 MeV' is not a number: give one in GeV",
    ),
    "json, row": (lambda f: f.evaluate().json(9), "row = 9: there is one point, 0"),
    "quantity, parameter": (lambda f: f.maximise("epsilom"), "'epsilom' (did you mean 'epsilon'?)"),
    "sample, one level": (lambda f: f.sample(levels=0.9), "levels = 0.9: give a list of levels, [0.9]"),
    "fixed, list": (lambda f: f.holding({"epsilon": [1e-4]}), "epsilon = [0.0001] is not a number"),
    "without": (lambda f: f.without("na46"), "'na46' (did you mean 'na64'?)"),
    "quantity": (lambda f: f.maximise("mu_ef"), "'mu_ef' (did you mean 'mu_eff'?)"),
    "along": (lambda f: f.maximise(along="m_dark_photn"), "(did you mean 'm_dark_photon'?)"),
    "along fixed": (lambda f: f.maximise(along="g_D"), "g_D is fixed"),
    "points": (lambda f: f.maximise(along="epsilon", points=2.5), "points = 2.5: give the number"),
    "level": (lambda f: f.maximise(level=90), "level = 90 is not between 0 and 1 (did you mean 0.9?)"),
    "level, text": (lambda f: f.maximise(level="90%"), "level = '90%' is not a number"),
    "starts": (lambda f: f.maximise(starts=0), "starts = 0: give at least one"),
    "seed": (lambda f: f.maximise(seed="a"), "seed = 'a': give at least 0"),
    "hints": (lambda f: f.maximise(hints=[{"y": 1}]), "lacks m_dark_photon, epsilon"),
    "profile": (lambda f: f.profile("epsilo"), "'epsilo' (did you mean 'epsilon'?)"),
    "profile of two": (lambda f: f.profile("epsilon", "mu_eff"), "use profile_map"),
    "profile, window": (lambda f: f.profile("mu_eff", window=(1e-9, 1e-12)), "[1e-09, 1e-12] is upside down"),
    "profile, from 0": (lambda f: f.profile("mu_eff", window=(0, 1e-12)), "starts above 0, not at 0"),
    "profile, level": (lambda f: f.profile("epsilon", level=95), "(did you mean 0.95?)"),
    "map": (lambda f: f.profile_map("epsilon", "mu_ef"), "'mu_ef' (did you mean 'mu_eff'?)"),
    "map, points": (lambda f: f.profile_map("epsilon", "y", (2, 3, 4)), "points = (2, 3, 4)"),
    "map, window": (lambda f: f.profile_map("epsilon", "y", x_window=3), "the range 3 is not two numbers"),
    "sample": (lambda f: f.sample("mu_ef"), "of: corrected, $g_D = 0.5$ has no 'mu_ef'"),
    "sample, quantities": (lambda f: f.sample(quantities=["BR_mu"]), "(did you mean 'BR_mu_3e'?)"),
    "sample, one text": (lambda f: f.sample(quantities="mu_eff"), "give a list of names, ['mu_eff']"),
    "sample, ess": (lambda f: f.sample(ess=-1), "ess = -1: give a number above 0"),
    "sample, levels": (lambda f: f.sample(levels=[90]), "(did you mean 0.9?)"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_wrong_input_is_named_with_what_was_meant(paper: Fit, what: str) -> None:
    ask, said = REFUSED[what]
    with pytest.raises(ValueError, match=re.escape(said)):
        ask(paper)


def test_point_errors_stay_where_they_were() -> None:
    from darkmoment.fit import PointError as Known

    assert Known is PointError
    assert issubclass(PointError, ValueError)


def test_a_fit_is_loaded_by_its_name() -> None:
    with pytest.raises(TypeError, match=re.escape("Fit.load('global')")):
        Fit("global")  # type: ignore[arg-type]
    said = "global has no variant ['general'] (did you mean 'general'?)"
    with pytest.raises(ValueError, match=re.escape(said)):
        Fit.load("global", ["general"])  # type: ignore[arg-type]


def test_answers_are_themselves_and_no_others(paper: Fit) -> None:
    one, other = paper.evaluate(), paper.evaluate()
    assert one == one
    assert one != other
    assert len({one, other, one}) == 2
    for kind in KINDS.values():
        assert kind.__eq__ is object.__eq__, kind
        assert kind.__hash__ is object.__hash__, kind


def test_an_evaluation_has_a_table_like_every_answer(paper: Fit) -> None:
    found = paper.evaluate({"epsilon": [1e-6, 1e-5]})
    assert list(found.table["epsilon"]) == [1e-6, 1e-5]
    assert {"BR_mu_e_gamma", "chi2_meg2", "total_chi2", "notes"} <= set(found.table)
