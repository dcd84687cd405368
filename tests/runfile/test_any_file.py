"""Any run file: a right one says what was written and comes back from its record; a damaged one is refused
with a place, or still says exactly what was written. Never a traceback, never a silent change."""

import copy
import json
from math import pi

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from darkmoment.fit import Fit
from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import loads
from darkmoment.runfile.recorded import spec_of
from tests.runfile.written import Leaf, differs, documents, render, text_of

ODD = [
    *[Leaf(text, float(text)) for text in ("0", "-1", "1e-4", "2000", "1e400", "0.5")],
    *[Leaf(text, text.strip("'")) for text in ("abc", "'1e-4x'", "uniform", "no", "epsilon", "m_E", "MEG2")],
    *[Leaf("100 MeV", 0.1), Leaf("pi/4", pi / 4), Leaf("45 deg", pi / 4), Leaf("1/0", None)],
    *[Leaf("true", True), Leaf("null", None), Leaf("", None), Leaf(".nan", None), Leaf(".inf", None)],
    *[[Leaf("1", 1), Leaf("2", 2)], [Leaf("2", 2), Leaf("1", 1)], [], {}, {"mn": Leaf("1", 1)}],
    *[{"range": [Leaf("0.1", 0.1), Leaf("0.2", 0.2)]}, {"value": Leaf("0.3", 0.3)}],
]
NAMES = ["mn", "rang", "m_EE", "meg3", "na64", "m_E", "y", "m_S", "seed", "points", "until", "title", "x"]


def places(node, path=()):
    """Every place in a document: the keys that lead to it."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if type(node) is list else ()
    return [path, *(place for key, value in inside for place in places(value, (*path, key)))]


@st.composite
def damaged(draw):
    """A right document with one thing changed: a value, a key, an entry added or taken out."""
    document = copy.deepcopy(draw(documents()))
    *way, key = draw(st.sampled_from([place for place in places(document) if place]))
    holder = document
    for step in way:
        holder = holder[step]
    kind = draw(st.sampled_from(["value", "value", "rename", "add", "take out"]))
    if kind == "take out":
        del holder[key]
    elif kind == "value" or isinstance(holder, list):
        holder[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
    else:
        new = draw(st.sampled_from([name for name in NAMES if name not in holder]))
        if kind == "add":
            into = holder[key] if isinstance(holder[key], dict) else holder
            into[new] = copy.deepcopy(draw(st.sampled_from(ODD)))
            return document
        renamed = {new if name == key else name: value for name, value in holder.items()}
        holder.clear()
        holder.update(renamed)
    return document


@settings(max_examples=60)
@given(documents())
def test_a_right_file_says_what_was_written_and_its_record_makes_the_same_fit(document):
    file = loads(text_of(document), "fit.yaml")
    assert differs(document, file) is None
    for spec in file.fits:
        kept = json.loads(json.dumps(spec.resolved(), allow_nan=False))
        twin = spec_of(kept, spec.slug)
        assert twin.resolved() == spec.resolved()
        one, other = Fit(spec), Fit(twin)
        assert one.identity == other.identity
        assert np.array_equal(one.chi2({}), other.chi2({}))


def as_run_file(resolved):
    """What a record holds of a fit, written as a run file again."""
    parameters = {
        name: entry
        | ({"constraint": "{mean!r} +- {sd!r}".format(**c)} if (c := entry.get("constraint")) else {})
        for name, entry in resolved["parameters"].items()
    }
    experiments = {
        name: {"dataset": e["dataset"], **({"shape": e["shape"]} if e["shape"] else {}), **e["options"]}
        for name, e in resolved["experiments"].items()
    }
    tasks = [
        {task["kind"]: {key: value for key, value in task["options"].items() if value is not None}}
        for task in resolved["tasks"]
    ]
    rest = {
        key: resolved[key] for key in resolved if key not in ("parameters", "experiments", "tasks", "label")
    }
    label = {"label": resolved["label"]} if resolved["label"] else {}
    return json.dumps({**rest, **label, "parameters": parameters, "experiments": experiments, "tasks": tasks})


@settings(max_examples=40)
@given(documents())
def test_what_a_record_holds_is_a_run_file_of_the_same_fit(document):
    for spec in loads(text_of(document), "fit.yaml").fits:
        text = as_run_file(spec.resolved())
        again = loads(text, "again.yaml").base
        assert again.resolved() == spec.resolved()
        assert Fit(again).identity == Fit(spec).identity


@settings(max_examples=40)
@given(documents(), st.randoms(use_true_random=False))
def test_order_and_layout_do_not_matter(document, random):
    keys = list(document)
    random.shuffle(keys)
    # only the order of experiments has a meaning: that of columns
    shuffled = {key: document[key] for key in keys}
    flow = "# one line a key\n" + "".join(
        f"{key}:   {render(node)}   # a note\n" for key, node in shuffled.items()
    )
    one, other = loads(text_of(document), "fit.yaml"), loads(flow, "fit.yaml")
    assert [spec.resolved() for spec in one.fits] == [spec.resolved() for spec in other.fits]


@settings(max_examples=600)
@given(damaged())
def test_a_damaged_file_is_refused_with_its_place_or_says_what_is_written(document):
    text = text_of(document)
    try:
        file = loads(text, "fit.yaml")
    except RunFileError as refused:
        lines = text.count("\n")
        for problem in refused.problems:
            assert problem.location.file == "fit.yaml"
            assert 1 <= problem.location.line <= lines
            assert problem.message
            assert "\n" not in str(problem)
        return
    assert differs(document, file) is None
