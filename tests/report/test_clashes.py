"""Files that two tasks would both write: each kind of task says what it writes, and clashes are refused."""

import pytest

from darkmoment.fit import Fit
from darkmoment.record import describe
from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import load
from darkmoment.saved import SavedRun
from darkmoment.tasks.clashes import written
from darkmoment.tasks.registry import TASKS
from darkmoment.tasks.runner import refuse, run, stems
from darkmoment.tasks.summary import JOINT, STEM

OWN = {"record", "result", "run", "timings", "best_fit", "report", "files", STEM}
"""Files of every run."""

STEPS = """\
variants: [{label: one}, {label: two, add: {g_minus_2: {}}}]
cumulative: true
tasks:
  - waterfall: {starts: 1}
  - sample: {for: two, ensembles: 2, walkers: 8, until: {ess: 20, of: mu_eff}, max_steps: 1000, name: s}
"""

MAP = "profile: {x: m_dark_photon, y: mu_eff, points: [2, 2], starts: 1, name: map}"
LIMIT = "maximise: {along: m_dark_photon, points: 2, starts: 1, level: 0.95, name: map_limit}"
CHAIN = "sample: {ensembles: 2, walkers: 8, max_steps: 1000, name: s}"


@pytest.fixture
def steps(tiny, tmp_path):
    """Return a run of the tasks, and with the options, that the other two have not."""
    text = tiny.read_text()
    tiny.write_text(text[: text.index("tasks:")] + STEPS)
    run(load(tiny), tmp_path / "out")
    return tmp_path / "out"


def declared(file):
    """Return task kind -> names of the files that tasks of a run file say they write."""
    fits = [Fit(spec) for spec in file.fits]
    found = {}
    for task, stem in zip(file.tasks, stems(file.tasks), strict=True):
        found.setdefault(task.kind, set()).update(written(task, stem, fits))
    return found


def test_tasks_write_what_they_declare(finished, later, steps):
    kinds, endings = set(), set()
    for folder in (finished, later, steps):
        (path,) = folder.parent.glob("*.yaml")
        said = declared(load(path))
        run_of = SavedRun.read(folder)
        assert len(run_of.tasks) == len(load(path).tasks)
        files = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
        there = {file.with_suffix("").as_posix() for file in files if file.parts[0] != "inputs"}
        there = {name for name in there if name not in OWN and JOINT not in name}
        assert there == set().union(*said.values())
        kinds |= set(said)
        endings |= {
            (kind, e)
            for kind, names in said.items()
            for e in TASKS[kind].endings
            for n in names
            if n.endswith(e)
        }
    assert kinds == set(TASKS)  # no kind is left out, and no ending
    assert endings == {(kind, ending) for kind in TASKS for ending in TASKS[kind].endings}


@pytest.fixture
def asked(tiny):
    """Return a function that writes the tiny run file with other tasks, from its line 18 on."""
    text = tiny.read_text()

    def write(*tasks, variants=""):
        tiny.write_text(
            text[: text.index("tasks:")] + variants + "tasks:\n" + "".join(f"  - {t}\n" for t in tasks)
        )
        return tiny

    return write


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        (
            (MAP, LIMIT),
            "task maximise (map_limit) and task profile (map, line 18) would both write map_limit.*",
        ),
        (
            (LIMIT, MAP),
            "task profile (map) and task maximise (map_limit, line 18) would both write map_limit.*",
        ),
        ((MAP, LIMIT.replace("map_limit", "MAP_leading")), "would both write MAP_leading.*"),
        ((CHAIN, LIMIT.replace("map_limit", "s_samples")), "would both write s_samples.*"),
        ((CHAIN, LIMIT.replace("map_limit", "s_corner")), "would both write s_corner.*"),
        ((CHAIN, LIMIT.replace("map_limit", "s_sensitivity")), "would both write s_sensitivity.*"),
        (
            ("maximise: {points: 2}", MAP.replace("map}", "Maximise_mu_eff}")),
            "would both write Maximise_mu_eff.*",
        ),
        ((LIMIT.replace("map_limit", "profile_and_posterior_mu_eff"),), "is taken by the run itself"),
        ((LIMIT.replace("map_limit", "Summary"),), "name 'Summary' is taken by the run itself"),
    ],
)
def test_two_tasks_that_write_one_file_are_refused(darkmoment, asked, tmp_path, tasks, expected):
    file = asked(*tasks)
    for answer in (darkmoment("check", file), darkmoment("run", file, "--out", tmp_path / "out")):
        assert answer.code == 2
        assert f"tiny.yaml:{17 + len(tasks)}: " in answer.err
        assert expected in answer.err
        assert "both" not in expected or "give one of them another name (name: ...)" in answer.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "tasks",
    [
        (MAP.replace("y: mu_eff, points: [2, 2]", "points: 3"), LIMIT),  # no map, and so no limit of one
        (CHAIN.replace("s}", "s, sensitivity: false}"), LIMIT.replace("map_limit", "s_sensitivity")),
        (MAP, LIMIT.replace("map_limit", "map_limits")),
        ("maximise: {points: 2}", "maximise: {points: 3}"),
    ],
)
def test_names_that_only_look_alike_pass(darkmoment, asked, tasks):
    answer = darkmoment("check", asked(*tasks))
    assert (answer.code, answer.err) == (0, "")


VARIANTS = "variants: [{label: one}, {label: two}]\n"


def test_variants_have_folders_of_their_own(asked):
    gains = "compare: {points: 2, starts: 1, gain_over: one, name: c}"
    for second, refused in (("maximise: {for: two, name: c_gain}", False), ("errata: {name: c_gain}", True)):
        file = load(asked(gains, second, variants=VARIANTS))
        fits = [Fit(spec) for spec in file.fits]
        if refused:
            with pytest.raises(RunFileError, match="would both write c_gain"):
                refuse(Fit(file.base), fits, file.tasks)
        else:
            refuse(Fit(file.base), fits, file.tasks)
            assert describe(file, {f.spec.slug: f for f in fits}, 1, {}, file.tasks)


@pytest.mark.parametrize("label", ["inputs", "blocks", "Result.json"])
def test_a_variant_in_a_folder_of_the_run_is_refused(darkmoment, asked, label):
    answer = darkmoment("check", asked("maximise: {points: 2}", variants=f"variants: [{{label: {label}}}]\n"))
    assert answer.code == 2
    assert f"tiny.yaml:17: variant {label!r}: folder {label!r} is taken by the run itself" in answer.err
