"""Variants: each is the fit with some keys replaced."""

import pytest

from darkmoment.runfile.choosing import Variants
from darkmoment.runfile.diagnostics import Findings
from darkmoment.runfile.tasks import read_tasks
from darkmoment.runfile.tree import read_tree
from darkmoment.tasks.task import Option, Task

VARIANTS = """\
variants:
  - {label: as written}
  - {label: "g_D = 0.05", parameters: {g_D: 0.05}, style: {color: red}}
  - {label: printed, formulas: printed, seed: 9}
  - {label: single, flavour: single_y, parameters: {y: {range: [1e-3, 2]}}}
  - {label: "+ babar", add: {babar: {}}, experiments: {meg2: {dataset: 2023}}}
  - {label: "- meg2", remove: [meg2]}
  - {label: na64 only, only: [na64], parameters: {P_ee: null}}
"""


def _variants(*lines):
    return "variants:\n" + "".join(f"  - {line}\n" for line in lines)


def test_variants(good, read):
    good = good.replace("  m_E: 2000\n", "  m_E: 2000\n  P_ee: {constraint: 0.53 +- 0.05}\n") + "label: top\n"
    file = read(good + VARIANTS)
    as_written, g_d, printed, single, babar, no_meg, na64 = file.fits
    assert [fit.slug for fit in file.fits] == [
        "as-written",
        "g_D-0.05",
        "printed",
        "single",
        "babar",
        "meg2",
        "na64-only",
    ]
    plain = file.base.resolved()
    assert plain["label"] == "top"
    assert as_written.resolved() == plain | {"label": "as written"}
    assert (g_d.parameters["g_D"].value, g_d.style) == (0.05, {"color": "red"})
    assert (printed.formulas, printed.seed, file.base.seed) == ("printed", 9, 1)
    assert (single.flavour, "y" in single.parameters, "y_e" in single.parameters) == ("single_y", True, False)
    assert list(babar.experiments) == ["meg2", "na64", "borexino", "babar"]
    assert babar.experiments["meg2"].dataset == "2023"
    assert list(no_meg.experiments) == ["na64", "borexino"]
    assert list(na64.experiments) == ["na64"]
    assert na64.parameters["P_ee"].value == 0.53
    assert all(fit.tasks == file.tasks for fit in (file.base, *file.fits))


def test_cumulative_variants_build_on_each_other(good, read):
    steps = _variants(
        "{label: start, only: [meg2], style: {color: red}}",
        "{label: + na64, add: {na64: {}}}",
        "{label: heavy, parameters: {m_E: 3000}}",
        "{label: + borexino, add: {borexino: {}}}",
    )
    file = read(good + steps + "cumulative: true\n")
    assert [list(fit.experiments) for fit in file.fits] == [
        ["meg2"],
        ["meg2", "na64"],
        ["meg2", "na64"],
        ["meg2", "na64", "borexino"],
    ]
    assert [fit.parameters["m_E"].value for fit in file.fits] == [2000, 2000, 3000, 3000]
    assert [fit.style for fit in file.fits] == [{"color": "red"}, {}, {}, {}]


def test_only_filters_what_is_inherited_before_adding(good, read):
    file = read(
        good
        + _variants("{label: a, only: [], add: {babar: {}}}", "{label: b, only: [meg2], add: {babar: {}}}")
    )
    assert [list(fit.experiments) for fit in file.fits] == [["babar"], ["meg2", "babar"]]


def test_folder_names_differ_even_where_letter_case_does_not_count(good, read):
    file = read(good + _variants("{label: A b}", "{label: a/B}", "{label: '***'}", "{label: ...}"))
    assert [fit.slug for fit in file.fits] == ["A-b", "a-B-2", "variant", "variant-2"]


def test_variants_say_where_they_are(good, read):
    file = read(good + VARIANTS.replace(", parameters: {P_ee: null}", ""))
    assert [fit.where.line for fit in file.fits] == list(range(29, 36))
    assert file.fits[1].parameters["g_D"].where.line == 30
    assert file.fits[1].parameters["m_E"].where.line == 19


@pytest.mark.parametrize(
    ("lines", "line", "message", "suggestion"),
    [
        (["{label: a}", "{label: a}"], 30, "two variants are labelled 'a', the first on line 29", None),
        (["{formulas: printed}"], 29, "variant {formulas: 'printed'} has no label", None),
        (["{label: [a]}"], 29, "label is text, not ['a']", None),
        (["printed"], 29, "a variant is a mapping with a label", None),
        (["{label: a, formula: printed}"], 29, "unknown key 'formula'", "formulas"),
        (["{label: a, tasks: []}"], 29, "'tasks' does not belong here but at the top level", None),
        (["{label: a, formulas: prnted}"], 29, "unknown choice for formulas: 'prnted'", "printed"),
        (["{label: a, remove: [meg]}"], 29, "unknown experiment 'meg' to remove", "meg2"),
        (["{label: a, remove: meg2}"], 29, "remove is a list of experiments, not 'meg2'", None),
        (["{label: a, remove: [3]}"], 29, "remove lists names of experiments, not 3", None),
        (["{label: a, only: [meg2, nna64]}"], 29, "unknown experiment 'nna64' to keep", "na64"),
        (["{label: a, only: []}"], 29, "no experiment is asked for", None),
        (["{label: a, add: {meg2: {}}}"], 29, "experiment 'meg2' is there already", None),
        (["{label: a, add: {baber: {}}}"], 29, "unknown experiment 'baber'", "babar"),
        (["{label: a, add: [babar]}"], 29, "add is a mapping (name: ...), not ['babar']", None),
        (
            ["{label: a, remove: [meg2], experiments: {meg2: {}}}"],
            29,
            "removed and given in the same place",
            None,
        ),
        (
            ["{label: a, only: [na64], experiments: {meg2: {}}}"],
            29,
            "given here, but 'only' leaves it out",
            None,
        ),
        (["{label: a, parameters: {y_e: null}}"], 29, "parameter 'y_e' (norm of the electron", None),
        (["{label: a, parameters: {y: null}}"], 29, "unknown parameter 'y' to take away", None),
        (["{label: a, parameters: {y: 1}}"], 29, "'y' belongs to flavour: single_y", None),
        (["{label: a, flavour: single_y}"], 29, "parameter 'y' (single Yukawa", None),
        (
            ["{label: a, parameters: {m_dark_photon: 0.1}}"],
            25,
            "'m_dark_photon' for along of task maximise is fixed",
            None,
        ),
        (["{label: a}", "{label: b, parameters: {m_dark_photon: 0.1}}"], 25, "is fixed in variant 'b'", None),
    ],
)
def test_refusals(good, problems, lines, line, message, suggestion):
    (problem,) = problems(good + _variants(*lines))
    assert problem.location.line == line
    assert message in problem.message
    assert problem.suggestion == suggestion


def test_a_mistake_of_the_fit_is_reported_once_however_many_variants(change, problems):
    text = change(("  m_E", "  m_E: -1"), ("  m_dirac", ""), ("  meg2", "  meg2: {dataset: 2024}"))
    found = problems(text + _variants("{label: a}", "{label: b}", "{label: c, seed: 2}"))
    assert [p.location.line for p in found] == [6, 18, 20]


@pytest.mark.parametrize(("whole_file", "expected"), [(False, ["is not in variant 'b'"]), (True, [])])
def test_tasks_that_run_for_each_variant_need_their_experiment_in_each(good, read, whole_file, expected):
    file = read(good + _variants("{label: a}", "{label: b, only: [meg2]}"))
    asked = tuple(fit.experiments for fit in file.fits)
    variants = Variants(file.fits, asked, file.base.experiments, tuple(fit.label for fit in file.fits))
    task = Task("ask", "", (Option("of", "experiment", ""),), lambda: None, whole_file)
    findings = Findings()
    tree = read_tree("tasks: [ask: {of: borexino}]", "fit.yaml", findings)
    read_tasks(tree.get("tasks"), {"ask": task}, variants, findings)
    assert [p.message.partition("task ask ")[2] for p in findings.problems] == expected


def test_empty_list_of_variants_is_the_fit_itself(good, read):
    for text in ("variants: []\n", "variants:\n"):
        file = read(good + text)
        assert file.fits == (file.base,)
