"""Merging against the documentation: the rules written once more over plain dictionaries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkmoment.runfile.diagnostics import Findings, Location, RunFileError
from darkmoment.runfile.loader import load
from darkmoment.runfile.merging import merge
from darkmoment.runfile.tree import Block, Scalar, read_tree

PARAMETERS = ["m_E", "epsilon", "m_S", "delta_m_S", "m_H1", "y", "y_e"]
EXPERIMENTS = ["meg2", "na64", "babar", "lz"]
OWNED = {
    "spectrum": {"paired": {"m_S", "delta_m_S"}, "free": {"m_H1"}},
    "flavour": {"single_y": {"y"}, "general": {"y_e"}},
}
DEFAULT = {"spectrum": "paired", "flavour": "general"}

LAYERS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from("ab"),
        "seed": st.integers(0, 3),
        "spectrum": st.sampled_from(["paired", "free"]),
        "flavour": st.sampled_from(["general", "single_y"]),
        "parameters": st.dictionaries(st.sampled_from(PARAMETERS), st.none() | st.integers(1, 9)),
        "experiments": st.dictionaries(st.sampled_from(EXPERIMENTS), st.none() | st.integers(1, 9)),
        "add": st.dictionaries(st.sampled_from(EXPERIMENTS), st.integers(1, 9), max_size=2),
        "remove": st.lists(st.sampled_from(EXPERIMENTS), unique=True, max_size=2),
        "only": st.lists(st.sampled_from(EXPERIMENTS), unique=True),
        "variants": st.just("variants"),
        "cumulative": st.booleans(),
    },
)


def _text(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(value) + "]"
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _tree(layer, findings):
    text = "\n".join(f"{key}: {_text(value)}" for key, value in layer.items())
    return read_tree(text, "f", findings) if text else Block({}, Location("f"))


def _plain(node):
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Block):
        return {entry.key: _plain(entry.node) for entry in node}
    return [_plain(item) for item in node.items]


def documented(base, over):
    """Return what the documentation says, and whether it is a legal change."""
    legal = True
    result = {key: value for key, value in base.items() if key != "name"}
    if "variants" in over:
        result.pop("cumulative", None)
    for key in ("name", "seed", "spectrum", "flavour", "variants", "cumulative"):
        if key in over:
            result[key] = over[key]
    parameters = dict(base.get("parameters", {}))
    for switch, owned in OWNED.items():
        former = base.get(switch, DEFAULT[switch])
        if over.get(switch, former) != former:
            parameters = {name: value for name, value in parameters.items() if name not in owned[former]}
    for name, value in over.get("parameters", {}).items():
        if value is not None:
            parameters[name] = value
        elif name in base.get("parameters", {}):
            parameters.pop(name, None)
        elif base.get("parameters"):
            legal = False
        else:
            parameters[name] = None  # "has no value", said when the fit is built
    inherited = base.get("experiments", {})
    given, added = over.get("experiments", {}), over.get("add", {})
    removed = over.get("remove", [])
    legal &= all(name in inherited and name not in given and name not in added for name in removed)
    kept = {name: value for name, value in inherited.items() if name not in removed}
    if "only" in over:
        legal &= all(name in {**kept, **given, **added} for name in over["only"])
        legal &= not any(name in inherited and name not in over["only"] for name in given)
        kept = {name: value for name, value in kept.items() if name in over["only"]}
    legal &= not any(name in inherited or name in given for name in added)
    result["parameters"], result["experiments"] = parameters, {**kept, **given, **added}
    return result, legal


@given(LAYERS, LAYERS)
def test_merging_is_as_documented(first, second):
    base = {key: value for key, value in first.items() if key not in ("add", "remove", "only")}
    base["parameters"] = {
        name: value for name, value in base.get("parameters", {}).items() if value is not None
    }
    findings = Findings()
    merged = _plain(merge(_tree(base, findings), _tree(second, findings), findings))
    expected, legal = documented(base, second)
    assert (not findings.problems) == legal, findings.problems
    if legal:
        merged = {"parameters": {}, "experiments": {}, **merged}
        assert merged == expected
        assert list(merged["experiments"]) == list(expected["experiments"])


@given(LAYERS)
def test_an_empty_layer_changes_nothing_but_the_name(layer):
    base = {key: value for key, value in layer.items() if key not in ("add", "remove", "only", "name")}
    findings = Findings()
    assert _plain(merge(_tree(base, findings), Block({}, Location("f")), findings)) == base


def _chain(tmp_path, **files):
    for name, text in files.items():
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_chain_of_three_keeps_where_entries_came_from(tmp_path, good):
    _chain(
        tmp_path,
        first=good,
        second="extends: first.yaml\nparameters:\n  m_E: 1270\n  y_e: {range: [1e-2, 1]}\n"
        "remove: [borexino]\n",
        third="extends: second.yaml\nparameters: {m_E: 1500}\nseed: 5\n"
        "experiments: {babar: {}, meg2: {dataset: 2023}}\n",
    )
    file = load(tmp_path / "third.yaml")
    parameters, experiments = file.base.parameters, file.base.experiments
    assert (file.name, file.title, file.base.seed) == ("third", "", 5)
    assert (parameters["m_E"].value, parameters["y_e"].range, parameters["y_mu"].range) == (
        1500,
        (1e-2, 1),
        (1e-3, 3),
    )
    assert [(e.name, e.dataset) for e in experiments.values()] == [
        ("meg2", "2023"),
        ("na64", "2023"),
        ("babar", "2017"),
    ]
    assert [task.kind for task in file.tasks] == ["maximise", "sample"]
    places = {
        name: (parameters[name].where.file, parameters[name].where.line) for name in ("m_E", "y_e", "y_mu")
    }
    assert places == {
        "m_E": (str(tmp_path / "third.yaml"), 2),
        "y_e": (str(tmp_path / "second.yaml"), 4),
        "y_mu": (str(tmp_path / "first.yaml"), 11),
    }


def test_an_entry_is_replaced_whole(tmp_path, good):
    _chain(
        tmp_path,
        first=good,
        second="extends: first.yaml\nparameters: {g_D: {range: [1e-2, 1]}}\nexperiments: {borexino: }\n",
    )
    base = load(tmp_path / "second.yaml").base
    assert (base.parameters["g_D"].convention, base.parameters["g_D"].reference) == (False, None)
    assert base.experiments["borexino"].options == {}


def test_tasks_and_variants_are_replaced(tmp_path, good):
    _chain(
        tmp_path,
        first=good + "variants:\n- {label: a}\n- {label: b}\ncumulative: true\n",
        second="extends: first.yaml\ntasks: [maximise]\nvariants: [{label: c}]\n",
        third="extends: first.yaml\nvariants: []\n",
        fourth="extends: first.yaml\n",
    )
    second = load(tmp_path / "second.yaml")
    assert ([t.kind for t in second.tasks], [f.label for f in second.fits]) == (["maximise"], ["c"])
    assert load(tmp_path / "third.yaml").fits == (load(tmp_path / "third.yaml").base,)
    assert [f.label for f in load(tmp_path / "fourth.yaml").fits] == ["a", "b"]


def test_extending_a_shipped_fit(tmp_path):
    _chain(tmp_path, mine="extends: global\nexperiments: {meg2: {dataset: 2023}}\n")
    mine, shipped = load(tmp_path / "mine.yaml"), load("global")
    assert mine.base.experiments["meg2"].dataset == "2023"
    assert mine.base.parameters == shipped.base.parameters
    assert mine.base.parameters["m_E"].where.file == "global.yaml"


def test_relative_to_the_file_not_to_the_working_directory(tmp_path, good, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "first.yaml").write_text(good)
    (tmp_path / "sub" / "second.yaml").write_text("extends: ./first.yaml\n")
    (tmp_path / "third.yaml").write_text("extends: sub/second.yaml\n")
    monkeypatch.chdir(tmp_path)
    assert load("third.yaml").base.parameters["m_E"].where.file == "sub/first.yaml"


def _problems(path):
    with pytest.raises(RunFileError) as caught:
        load(path)
    return caught.value.problems


@pytest.mark.parametrize("text", ["extends: a.yaml\n", "extends: b.yaml\n"])
def test_circles(tmp_path, text):
    _chain(tmp_path, a=text, b="extends: a.yaml\n")
    (problem,) = _problems(tmp_path / "a.yaml")
    assert problem.message.startswith("extends runs in a circle: ")
    assert problem.location.line == 1


def test_problems_of_the_extended_file_have_its_lines(tmp_path, change):
    _chain(tmp_path, a=change(("  m_E", "  m_EE: 2000")), b="extends: a.yaml\nseeed: 1\n")
    found = _problems(tmp_path / "b.yaml")
    assert [(p.location.file, p.location.line) for p in found] == [
        (str(tmp_path / "a.yaml"), 19),
        (str(tmp_path / "b.yaml"), 2),
    ]


def test_a_missing_base_leaves_only_what_is_certain(tmp_path):
    _chain(
        tmp_path,
        a="extends: nowhere.yaml\nparameters: {m_E: -1, y_e: null}\nremove: [meg2]\n"
        "variants: [{label: a, only: [na64]}]\n",
    )
    found = _problems(tmp_path / "a.yaml")
    assert [(p.location.line, p.message.split(":")[0].split(" must")[0]) for p in found] == [
        (1, "no such run file"),
        (2, "m_E = -1"),
    ]


def test_taking_away_what_is_needed_or_not_there(tmp_path, good):
    _chain(
        tmp_path, a=good, b="extends: a.yaml\nparameters: {m_E: null, y: null}\nremove: [babar, meg2, meg2]\n"
    )
    found = [(p.location.line, p.message) for p in _problems(tmp_path / "b.yaml")]
    assert found == [
        (2, "parameter 'm_E' (mass of the charged partner E) is not given and has no default"),
        (
            2,
            "unknown parameter 'y' to take away; there is m_dark_photon, epsilon, g_D, y_e, y_mu, "
            "flavour_angle, theta_R, delta_theta and 5 more",
        ),
        (3, "experiment 'meg2' is listed twice under remove"),
        (3, "unknown experiment 'babar' to remove; there is meg2, na64, borexino"),
    ]
