"""One mistake per file, outside the parameters: its line, the offending value, the name that was meant."""

import pytest

_EXPERIMENTS = {
    "unknown": ("  meg2", "  megg2: {} #!", "unknown experiment 'megg2'", "meg2"),
    "letter case": ("  meg2", "  MEG2: {} #!", "unknown experiment 'MEG2'", "meg2"),
    "dataset": ("  meg2", "  meg2: {dataset: 2024} #!", "unknown dataset '2024' of meg2", "2025"),
    "shape": ("  meg2", "  meg2:\n    shape: stepp #!", "shape 'stepp'", "step"),
    "shape without data": (
        "  meg2",
        "  meg2: {shape: gaussian} #!",
        "'gaussian' needs a measured value",
        None,
    ),
    "option": (
        "  borexino",
        "  borexino: {T_min: 50} #!",
        "unknown key 'T_min' of experiment borexino",
        "T_min_keV",
    ),
    "option too large": (
        "  borexino",
        "  borexino: {T_min_keV: 1e4} #!",
        "T_min_keV of borexino = 1e4: must be at most 660",
        None,
    ),
    "option text": (
        "  borexino",
        "  borexino: {T_min_keV: low} #!",
        "T_min_keV of borexino: 'low' is not a number",
        None,
    ),
    "option a list": ("  borexino", "  borexino: {T_min_keV: [1]} #!", "is a single value, not [1]", None),
    "choice": (
        "  borexino",
        "  borexino: {flavour_weight: soler} #!",
        "unknown choice 'soler' for flavour_weight of borexino",
        "solar",
    ),
    "dataset directly": ("  meg2", "  meg2: 2025 #!", "write {dataset: 2025}", None),
    "list": ("  meg2", "  meg2: [2025] #!", "'meg2' takes a mapping, not [2025]", None),
    "dataset a list": (
        "  meg2",
        "  meg2: {dataset: [2025]} #!",
        "dataset of meg2 is a name, not [2025]",
        None,
    ),
    "own limit": (
        "  meg2",
        "  mine: {limits: epsilon, value: 1e-4} #!",
        "experiment 'mine' needs cl, its confidence level",
        None,
    ),
}

_TOP = {
    "key": ("formulas", "formula: derived #!", "unknown key 'formula'", "formulas"),
    "block": ("experiments", "experiment: #!", "unknown key 'experiment'", "experiments"),
    "parameters": ("parameters", "paramters: #!", "unknown key 'paramters'", "parameters"),
    "misplaced parameter": ("seed", "m_E: 2000 #!", "'m_E' does not belong here but under parameters", None),
    "misplaced experiment": (
        "seed",
        "babar: {} #!",
        "'babar' does not belong here but under experiments",
        None,
    ),
    "misplaced task": ("seed", "maximise: {} #!", "'maximise' does not belong here but under tasks", None),
    "misplaced variant key": (
        "seed",
        "only: [meg2] #!",
        "'only' does not belong here but in a variant",
        None,
    ),
    "formulas": ("formulas", "formulas: printd #!", "unknown choice for formulas: 'printd'", "printed"),
    "formulas a list": ("formulas", "formulas: [printed] #!", "formulas is one of derived, printed", None),
    "invisible branching": (
        "formulas",
        "invisible_branching: computd #!",
        "unknown choice for invisible_branching: 'computd'",
        "computed",
    ),
    "lepton flavour": (
        "formulas",
        "lepton_flavour: ful #!",
        "unknown choice for lepton_flavour: 'ful'",
        "full",
    ),
    "seed text": ("seed", "seed: one #!", "seed is a whole number >= 0, not 'one'", None),
    "seed negative": ("seed", "seed: -1 #!", "seed is a whole number >= 0, not -1", None),
    "seed flag": ("seed", "seed: true #!", "seed is a whole number >= 0, not true", None),
    "name": ("name", "name: a/b #!", "hold letters, digits and _ . + - only, not 'a/b'", "a-b"),
    "name a list": ("name", "name: [a] #!", "name is text, not ['a']", None),
    "title": ("title", "title: {a: b} #!", "title is text, not {a: 'b'}", None),
    "style": ("seed", "style: {colour: red} #!", "unknown key 'colour' of style", "color"),
    "style color": ("seed", "style: {color: redd} #!", "unknown color 'redd'", "red"),
    "style line": ("seed", "style: {linestyle: dahsed} #!", "linestyle: 'dahsed'", "dashed"),
    "style width": ("seed", "style: {linewidth: -1} #!", "linewidth must be > 0, not -1", None),
    "style text": (
        "seed",
        "style: red #!",
        "style is a mapping (color, linestyle, linewidth), not 'red'",
        None,
    ),
    "duplicate": ("seed", "seed: 1\nname: again #!", "key 'name' is given twice, first on line 1", None),
    "duplicate parameter": (
        "  m_E",
        "  m_E: 1270\n  m_E: 2000 #!",
        "'m_E' is given twice, first on line 19",
        None,
    ),
    "duplicate in flow": (
        "  meg2",
        "  meg2: {shape: step, shape: step} #!",
        "key 'shape' is given twice",
        None,
    ),
    "tag": ("  m_E", "  m_E: !mass 2000 #!", "the tag !mass has no meaning", None),
    "list as key": ("seed", "? [a, b] #!\n: 1", "a key must be a word", None),
    "extends unknown": ("seed", "extends: globl #!", "no such run file: 'globl'", "global"),
    "extends a list": (
        "seed",
        "extends: [global] #!",
        "extends is one file or shipped fit, not ['global']",
        None,
    ),
    "cumulative alone": ("seed", "cumulative: true #!", "cumulative has no meaning without variants", None),
    "cumulative no flag": ("seed", "cumulative: 1 #!", "cumulative is true or false, not 1", None),
    "remove absent": (
        "seed",
        "remove: [babar] #!",
        "unknown experiment 'babar' to remove; there is none",
        None,
    ),
}

_TASKS = {
    "unknown": ("  - sample", "  - smaple: {} #!", "unknown task 'smaple'", "sample"),
    "option": (
        "  - sample",
        "  - sample: {walker: 128} #!",
        "unknown option 'walker' of task sample",
        "walkers",
    ),
    "quantity": (
        "  - sample",
        "  - maximise: {quantity: mu_ef} #!",
        "unknown quantity 'mu_ef' for quantity of task maximise",
        "mu_eff",
    ),
    "parameter as quantity": (
        "  - sample",
        "  - maximise: {quantity: m_E} #!",
        "'m_E' for quantity of task maximise is a parameter",
        None,
    ),
    "axis": (
        "  - sample",
        "  - maximise: {along: m_darkphoton} #!",
        "unknown parameter 'm_darkphoton' for along of task maximise",
        "m_dark_photon",
    ),
    "axis fixed": (
        "  - sample",
        "  - maximise: {along: m_E} #!",
        "'m_E' for along of task maximise is fixed",
        None,
    ),
    "axis tied": (
        "  - sample",
        "  - maximise: {along: theta_R} #!",
        "'theta_R' for along of task maximise is tied",
        None,
    ),
    "points": (
        "  - sample",
        "  - maximise: {points: 6.5} #!",
        "points of task maximise is a whole number, not 6.5",
        None,
    ),
    "points few": (
        "  - sample",
        "  - maximise: {points: 0} #!",
        "points of task maximise = 0 must be at least 1",
        None,
    ),
    "level": (
        "  - sample",
        "  - maximise: {level: 90} #!",
        "level of task maximise = 90 is not a confidence level between 0 and 1",
        "0.9",
    ),
    "level text": (
        "  - sample",
        "  - maximise: {level: high} #!",
        "level of task maximise: 'high' is not a number",
        None,
    ),
    "until": (
        "  - sample",
        "  - sample: {until: {es: 1}} #!",
        "unknown key 'es' of until of task sample",
        "ess",
    ),
    "until of": (
        "  - sample",
        "  - sample: {until: {of: mueff}} #!",
        "unknown parameter or quantity 'mueff'",
        "mu_eff",
    ),
    "until negative": (
        "  - sample",
        "  - sample: {until: {ess: -1}} #!",
        "ess of until of task sample = -1",
        None,
    ),
    "until number": (
        "  - sample",
        "  - sample: {until: 1000} #!",
        "is written {ess: 1000, of: mu_eff}, not 1000",
        None,
    ),
    "required": ("  - sample", "  - recast: {points: 10} #!", "task recast needs 'experiment'", None),
    "experiment": (
        "  - sample",
        "  - recast: {experiment: borexno} #!",
        "unknown experiment 'borexno' for experiment of task recast",
        "borexino",
    ),
    "range inverted": (
        "  - sample",
        "  - recast: {experiment: borexino, range: [10, 1 keV]} #!",
        "range of task recast is inverted: [10, 1e-06]",
        "[1e-06, 10]",
    ),
    "range unit": (
        "  - sample",
        "  - recast: {experiment: borexino, range: [1 deg, 10]} #!",
        "'1 deg' is in deg, but a number in GeV is wanted",
        None,
    ),
    "name": ("  - sample", "  - sample: {name: a/b} #!", "name of task sample names files", "a-b"),
    "no value": (
        "  - sample",
        "  - maximise: {points: null} #!",
        "points of task maximise has no value",
        None,
    ),
    "options a list": ("  - sample", "  - sample: [1] #!", "options of sample are a mapping, not [1]", None),
    "two in one": ("  - sample", "  - sample: {}\n    maximise: {} #!", "one task per list item", None),
    "outdented options": ("  - sample", "  - sample:\n    walkers: 128 #!", "one task per list item", None),
    "number": ("  - sample", "  - 3 #!", "a task is written '- maximise: {...}', not 3", None),
    "same name": (
        "  - sample",
        "  - sample: {name: a}\n  - sample: {name: a} #!",
        "two tasks are named 'a', the first on line 26",
        None,
    ),
}

CASES = [
    pytest.param(*case, id=f"{kind}: {name}")
    for kind, cases in (
        ("experiment", _EXPERIMENTS),
        ("top level", _TOP),
        ("task", _TASKS),
    )
    for name, case in cases.items()
]


@pytest.mark.parametrize(("start", "new", "message", "suggestion"), CASES)
def test_one_mistake_gives_one_located_message(check_one, start, new, message, suggestion):
    check_one(start, new, message, suggestion)
