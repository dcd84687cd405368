"""Random run files as documents: what is written and what it means, without the package's own reader."""

import json
from math import isclose, pi
from typing import NamedTuple

from hypothesis import strategies as st

from darkmoment.parameters import FLAVOURS, PARAMETERS, SPECTRA, names_of

DATASETS = {"meg2": ["2023", "2025"], "na64": ["2019", "2023"], "g_minus_2": ["wp2020", "wp2025"]}
SWITCHES = {
    "formulas": ("derived", "printed"),
    "invisible_branching": ("assumed", "computed"),
    "lepton_flavour": ("full", "dipole"),
}
DEFAULTS = {"spectrum": "paired", "flavour": "general", **{name: both[0] for name, both in SWITCHES.items()}}


class Leaf(NamedTuple):
    """A value as it is written, and what it means."""

    text: str
    meaning: object


def word(text):
    """A name, or other text that YAML takes as it is."""
    return Leaf(text, text)


def whole(number):
    return Leaf(str(number), number)


def render(node):
    """A value in YAML's flow style."""
    if isinstance(node, Leaf):
        return node.text
    if isinstance(node, list):
        return "[" + ", ".join(map(render, node)) + "]"
    return "{" + ", ".join(f"{key}: {render(value)}" for key, value in node.items()) + "}"


def text_of(document):
    """The document as a run file: its blocks one entry a line, so that lines mean something."""
    lines = []
    for key, node in document.items():
        if isinstance(node, dict) and node:
            lines += [f"{key}:", *(f"  {name}: {render(value)}" for name, value in node.items())]
        elif isinstance(node, list) and node:
            lines += [f"{key}:", *(f"  - {render(item)}" for item in node)]
        else:
            lines.append(f"{key}: {render(node)}")
    return "\n".join(lines) + "\n"


# --- values ------------------------------------------------------------------------------------------------


@st.composite
def numbers(draw, lower, upper, unit=""):
    """A number between two, as people write them."""
    value = draw(st.floats(lower, upper, allow_subnormal=False))
    forms = [(repr(value), value), (f"{value:.3e}", float(f"{value:.3e}")), (f'"{value!r}"', value)]
    if unit == "GeV":
        forms += [
            (f"{1e3 * value!r} MeV", value),
            (f"{value!r} GeV", value),
            (f'"{value / 1e3!r} TeV"', value),
        ]
    if unit == "rad":
        forms.append((f"{value * 180 / pi!r} deg", value))
    return Leaf(*draw(st.sampled_from(forms)))


def window(name):
    """Values of a parameter with a meaning, off the ends where rounding could leave it."""
    info = PARAMETERS[name]
    lower, upper = max(info.usual[0], info.domain[0]), min(info.usual[1], info.domain[1])
    lower, upper = max(lower, -10.0), min(upper, 1e5)
    inset = 1e-2 * (upper - lower)
    return (1e-3 if lower == 0 else lower + inset if lower < 0 else 1.1 * lower), upper - inset


@st.composite
def free(draw, name):
    """A parameter to scan."""
    info, (lower, upper) = PARAMETERS[name], window(name)
    middle = draw(st.floats(lower + 0.1 * (upper - lower), lower + 0.9 * (upper - lower)))
    bottom = draw(numbers(lower, middle - 0.05 * (upper - lower), info.unit))
    top = draw(numbers(middle + 0.05 * (upper - lower), upper, info.unit))
    entry = {"range": [bottom, top]} if draw(st.booleans()) else {"min": bottom, "max": top}
    if draw(st.booleans()):
        entry["reference"] = draw(numbers(middle, middle))
    kinds = [word("uniform")]
    kinds += [word("log_uniform"), {"half_normal": {"sd": Leaf("3e4", 3e4)}}] if lower > 0 else []
    if draw(st.booleans()):
        entry["prior"] = draw(st.sampled_from(kinds))
    if draw(st.booleans()):
        entry["convention"] = Leaf("true", True)
    return entry


@st.composite
def entries(draw, names):
    """The block `parameters`: one is free at least."""
    block = {"m_dark_photon": draw(free("m_dark_photon"))}
    for name in names:
        info, default = PARAMETERS[name], PARAMETERS[name].default
        others = [n for n in block if PARAMETERS[n].unit == info.unit and "same_as" not in block[n]]
        kind = draw(st.sampled_from(["fixed", "fixed", "value", "free", "tied", "left out"]))
        if name == "m_dark_photon" or (kind == "left out" and default is not None):
            continue
        # what a tie gives has to have a meaning, so unlike kinds are not tied to each other
        if kind == "tied" and info.domain[0] < 0 and others:
            block[name] = {"same_as": word(draw(st.sampled_from(others)))}
        elif kind == "free" and default is None:
            block[name] = draw(free(name))
        else:
            value = draw(numbers(*window(name), info.unit))
            block[name] = {"value": value} if kind == "value" else value
    return block


@st.composite
def tasks(draw, block):
    scanned = [
        name for name, entry in block.items() if isinstance(entry, dict) and {"range", "min"} & {*entry}
    ]
    free_names = [name for name in scanned if name != "g_D"]  # which a variant fixes
    along = word(draw(st.sampled_from(free_names)))
    points = whole(draw(st.integers(2, 100)))
    choices = [
        {"maximise": {"along": along, "points": points, "level": draw(numbers(0.5, 0.99))}},
        {"maximise": {"starts": points}},
        {"profile": {"x": along, "points": points}},
        {"sample": {"ensembles": points, "until": {"ess": points, "of": along}}},
        {"recast": {"experiment": word("borexino"), "range": [Leaf("1 keV", 1e-6), Leaf("10", 10.0)]}},
    ]
    return draw(st.lists(st.sampled_from(choices), min_size=1, max_size=3))


@st.composite
def documents(draw):
    """A run file without mistakes."""
    document = {"name": word(draw(st.from_regex(r"[a-z][a-z0-9_]{2,8}x", fullmatch=True)))}
    for switch, both in SWITCHES.items():
        if draw(st.booleans()):
            document[switch] = word(draw(st.sampled_from(both)))
    chosen = {}
    for switch, ansaetze in (("spectrum", SPECTRA), ("flavour", FLAVOURS)):
        chosen[switch] = draw(st.sampled_from([*ansaetze]))
        if chosen[switch] != DEFAULTS[switch] or draw(st.booleans()):
            document[switch] = word(chosen[switch])
    block = draw(entries(names_of(**chosen)))
    document["parameters"] = block
    # these two see every parameter of the model
    experiments = {"meg2": {}, "borexino": {}}
    for name in draw(st.lists(st.sampled_from(["na64", "babar", "g_minus_2"]), unique=True)):
        experiments[name] = {}
    for name in experiments:
        if name in DATASETS and draw(st.booleans()):
            experiments[name]["dataset"] = word(draw(st.sampled_from(DATASETS[name])))
    document["experiments"] = experiments
    document["tasks"] = draw(tasks(block))
    if draw(st.booleans()):
        document["seed"] = whole(draw(st.integers(0, 10**6)))
    if draw(st.booleans()):
        document["variants"] = [
            {"label": word("weak"), "parameters": {"g_D": draw(numbers(0.01, 1.0))}},
            {"label": Leaf(json.dumps("as: printed"), "as: printed"), "formulas": word("printed")},
        ]
    return document


# --- what was written against what was read ----------------------------------------------------------------


def same(written, read):
    """True where a value was read as it was written."""
    if isinstance(written, Leaf):
        if isinstance(read, str) and written.text.strip("'\"") == read:
            return True  # a name may look like a number: `name: 0`
        written = written.meaning
    if isinstance(written, dict):
        return isinstance(read, dict) and all(k in read and same(v, read[k]) for k, v in written.items())
    if isinstance(written, list):
        return (
            isinstance(read, list | tuple)
            and len(read) == len(written)
            and all(same(a, b) for a, b in zip(written, read, strict=True))
        )
    if isinstance(written, bool) or isinstance(read, bool) or not isinstance(written, int | float):
        return written == read or str(written) == read
    return isinstance(read, int | float) and isclose(written, read, rel_tol=1e-14)


_ONLY_FREE = ("reference", "convention", "prior", "constraint")


def parameter_differs(entry, spec):
    """Say how a parameter was read as something else than was written, or None."""
    if not isinstance(entry, dict):
        entry = {"value": entry}
    known = {"range", "min", "max", "value", "same_as", "expr", *_ONLY_FREE}
    if unknown := {*entry} - known:
        return f"{unknown} was ignored"
    written = {key: value for key, value in entry.items() if key not in ("min", "max")}
    if "min" in entry or "max" in entry:
        written["range"] = [entry.get("min"), entry.get("max")]
    read = {
        key: getattr(spec, key) for key in ("range", "value", "same_as", "expr", "reference", "convention")
    }
    read["prior"] = spec.resolved().get("prior")
    for key, value in written.items():
        if not same(value, read[key]):
            return f"{key}: {value} was read as {read[key]}"
    absent = {key: value for key, value in read.items() if key not in written}
    if any(value for key, value in absent.items() if key not in ("prior", "reference")):
        return f"{absent} was not written"
    return None if spec.reference is None or "reference" in written else f"reference {spec.reference}"


def differs(document, file):
    """Say what of a document was ignored or read as something else; None where nothing was."""
    base = file.base
    for switch, default in DEFAULTS.items():
        if not same(document.get(switch, default), getattr(base, switch)):
            return f"{switch} was read as {getattr(base, switch)}"
    keys = {*DEFAULTS, "name", "parameters", "experiments", "tasks", "variants", "seed", "title"}
    if unknown := {*document} - keys:
        return f"{unknown} was ignored"
    if not (same(document.get("seed", 1), base.seed) and same(document.get("name", base.name), base.name)):
        return f"seed, name were read as {base.seed}, {base.name}"
    for name, entry in document["parameters"].items():
        if name not in base.parameters:
            return f"{name} was ignored"
        if said := parameter_differs(entry, base.parameters[name]):
            return f"{name}: {said}"
    for name, spec in base.parameters.items():
        if name not in document["parameters"] and spec.value != PARAMETERS[name].default:
            return f"{name} was made up"
    if [*document["experiments"]] != [*base.experiments]:
        return f"experiments: {[*base.experiments]}"
    for name, entry in document["experiments"].items():
        read = base.experiments[name]
        given = {} if isinstance(entry, Leaf) else entry
        plain = {"dataset": read.dataset, "shape": read.shape, **read.options}
        if not same(given, plain):
            return f"{name} was read as {plain}"
    return _lists_differ(document, file)


def _lists_differ(document, file):
    written = document.get("tasks", [])
    written = [] if isinstance(written, Leaf) else written
    if len(written) != len(file.tasks):
        return f"{len(file.tasks)} tasks were read"
    for task, read in zip(written, file.tasks, strict=True):
        ((kind, options),) = ((task.meaning, {}),) if isinstance(task, Leaf) else task.items()
        options = {} if isinstance(options, Leaf) else options
        if kind != read.kind or not same(options, {**read.options, "name": read.name}):
            return f"{render(task)} was read as {read.kind} {read.options}"
    variants = document.get("variants", [])
    variants = [] if isinstance(variants, Leaf) else variants
    labels = [variant["label"] for variant in variants] or [file.base.label]
    if not same(labels, [fit.label for fit in file.fits]):
        return f"variants were read as {[fit.label for fit in file.fits]}"
    for variant, fit in zip(variants, file.fits, strict=False):
        if unknown := {*variant} - {"label", "parameters", *DEFAULTS}:
            return f"{unknown} of a variant was ignored"
        given = variant.get("parameters", {})
        if any(parameter_differs(entry, fit.parameters[name]) for name, entry in given.items()):
            return f"{render(variant)} was read as {fit.parameters}"
        if "formulas" in variant and not same(variant["formulas"], fit.formulas):
            return f"formulas of {fit.label} were read as {fit.formulas}"
    return None
