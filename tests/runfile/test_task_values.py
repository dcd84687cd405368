"""Option kinds that no shipped task has in every form: read with a task made for the purpose."""

import pytest

from darkmoment.runfile.choosing import Variants
from darkmoment.runfile.diagnostics import Findings
from darkmoment.runfile.tasks import read_tasks
from darkmoment.runfile.tree import read_tree
from darkmoment.tasks.task import Option, Task

TASK = Task(
    "ask",
    "",
    (
        Option("points", "points", "", 60, minimum=2),
        Option("width", "number", "", minimum=0.5),
        Option("levels", "levels", "", (0.68, 0.90)),
        Option("quantities", "quantities", "", ()),
        Option("order", "text", "", "up", choices=("up", "down")),
        Option("title", "text", ""),
        Option("log", "flag", "", False),
        Option("x", "parameter_or_quantity", ""),
        Option("range", "range", "", of="x"),
    ),
    lambda: None,
)


def _read(file, option):
    variants = Variants(file.fits, (file.base.experiments,), file.base.experiments, ())
    findings = Findings()
    tree = read_tree(f"tasks:\n- ask: {{{option}}}", "fit.yaml", findings)
    (task,) = read_tasks(tree.get("tasks"), {"ask": TASK}, variants, findings)
    assert {p.location.line for p in findings.problems} <= {2}
    return task.options, [str(p).partition(": ")[2] for p in findings.problems]


@pytest.mark.parametrize(
    ("option", "name", "value"),
    [
        ("points: 60", "points", 60),
        ("points: 6e1", "points", 60),
        ("points: [40, 60]", "points", (40, 60)),
        ("width: sqrt(4)", "width", 2.0),
        ("levels: 0.9", "levels", (0.9,)),
        ("levels: [0.68, 0.95]", "levels", (0.68, 0.95)),
        ("quantities: mu_eff", "quantities", ("mu_eff",)),
        ("quantities: [mu_eff, BR_mu_3e]", "quantities", ("mu_eff", "BR_mu_3e")),
        ("order: down", "order", "down"),
        ("title: 2025", "title", "2025"),
        ("log: true", "log", True),
        ("x: epsilon", "x", "epsilon"),
        ("x: m_E, range: [1 TeV, 2 TeV]", "range", (1000.0, 2000.0)),
        ("width: null", "width", None),
    ],
)
def test_values(good, read, option, name, value):
    options, problems = _read(read(good), option)
    assert problems == []
    assert options == TASK.defaults() | {key: options[key] for key in ("x", "range", name)}
    assert options[name] == value


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("points: [1, 60]", "points of task ask = 1 must be at least 2"),
        ("points: [60]", "points of task ask is a number or two, not [60]"),
        ("points: true", "points of task ask is a whole number, not true"),
        ("points: many", "points of task ask is a whole number, not 'many'"),
        ("width: 0.1", "width of task ask = 0.1 must be at least 0.5"),
        ("levels: []", "levels of task ask is empty"),
        (
            "levels: [0.9, 95]",
            "levels of task ask = 95 is not a confidence level between 0 and 1 (did you mean '0.95'?)",
        ),
        ("levels: 0", "levels of task ask = 0 is not a confidence level between 0 and 1"),
        (
            "quantities: [mu_ef]",
            "unknown quantity 'mu_ef' for quantities of task ask (did you mean 'mu_eff'?)",
        ),
        ("quantities: [3]", "quantities of task ask is a name, not 3"),
        ("order: dwn", "unknown choice 'dwn' for order of task ask (did you mean 'down'?)"),
        ("title: [a]", "title of task ask is text, not ['a']"),
        ("log: 1", "log of task ask is true or false, not 1"),
        ("range: [1]", "range of task ask is [lower, upper], not [1]"),
        ("range: [1, 1]", "range of task ask is empty: [1, 1]"),
        ("range: [1, x]", "range of task ask: 'x' is not a number"),
        ("x: mu_ef", "unknown parameter or quantity 'mu_ef' for x of task ask (did you mean 'mu_eff'?)"),
    ],
)
def test_refusals(good, read, option, message):
    _, problems = _read(read(good), option)
    assert problems == [message]


def test_a_fixed_parameter_needs_a_range_of_the_task(good, read):
    assert (
        "'m_E' for x of task ask is fixed; free parameters: m_dark_photon"
        in _read(read(good), "x: m_E")[1][0]
    )
    assert _read(read(good), "x: m_E, range: [1, 2]")[1] == []
