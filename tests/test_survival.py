"""Runs that are killed, interrupted, or out of room: what was finished is kept, and the answer stays."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import TINY
from tests.test_resume import same_results

# the handler is set by hand: processes started in the background may inherit that it is ignored
START = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from darkmoment.cli import main
"""
GO = "\nif __name__ == '__main__': sys.exit(main(sys.argv[1:]))\n"

KILLED_AT_A_RENAME = """
import os
from pathlib import Path
left, rename = int(os.environ["RENAMES"]), Path.replace
def replace(self, target):
    global left
    left -= 1
    if left == 0 and os.environ["MOMENT"] == "before": os.kill(os.getpid(), signal.SIGKILL)
    rename(self, target)
    if left == 0: os.kill(os.getpid(), signal.SIGKILL)
Path.replace = replace
"""

BROKEN = """
import os
from pathlib import Path
if "BROKEN_AFTER" in os.environ:
    import numpy as np
    from darkmoment.likelihoods.na64.likelihood import Experiment
    sound = Experiment.response
    def response(self, p):
        if not Path(os.environ["BROKEN_AFTER"]).exists():
            return sound(self, p)
        if os.environ["BROKEN_HOW"] == "raises":
            raise ZeroDivisionError("by nothing")
        return np.full(1, np.nan)
    Experiment.response = response
"""

TASKS = """\
tasks:
  - maximise: {along: m_dark_photon, points: 4, starts: 1}
  - profile: {x: epsilon, points: 3, starts: 1}
  - sample: {ensembles: 2, walkers: 8, until: {ess: 20, of: mu_eff}, max_steps: 1000, sensitivity: false}
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")


@pytest.fixture
def small(tiny):
    """Return a run file that asks for everything once."""
    text = tiny.read_text()
    tiny.write_text(text[: text.index("tasks:")] + TASKS)
    return tiny


@pytest.fixture
def short(small):
    """Return the same without what takes longest."""
    small.write_text("".join(line for line in small.read_text().splitlines(True) if "sample" not in line))
    return small


class Started:
    """A run in a process, and a session, of its own."""

    def __init__(self, *arguments, code="", **environment):
        script = START + code + GO
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def when(self, happens):
        until = time.monotonic() + 60
        while not happens() and self.process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        return self

    def signalled(self, what):
        os.killpg(self.process.pid, what)
        return self.ended()

    def ended(self):
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err


def undisturbed(out, tasks):
    """Run the same file without any disturbance."""
    file = out.with_suffix(".yaml")
    file.write_text(TINY[: TINY.index("tasks:")] + tasks)
    code, _, err = Started("run", file, "--out", out).ended()
    assert code in (0, 1), err
    assert not (out / "blocks").exists()
    return out


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the directory of a run of `small` that nobody disturbed."""
    return undisturbed(tmp_path_factory.mktemp("undisturbed") / "small", TASKS)


@pytest.fixture(scope="module")
def whole_short(tmp_path_factory):
    """Return the directory of a run of `short` that nobody disturbed."""
    tasks = "".join(line for line in TASKS.splitlines(True) if "sample" not in line)
    return undisturbed(tmp_path_factory.mktemp("undisturbed") / "short", tasks)


def blocks(out):
    return len(list((out / "blocks").glob("*.block")))


def test_killed_at_every_kind_of_moment(small, whole, tmp_path):
    """Before and after renames of record, run file, blocks and tables; with one process and with two."""
    out, ends = tmp_path / "out", []
    moments = [(1, "before"), (2, "after"), (3, "after"), (5, "before"), (9, "after"), (16, "before")]
    for number, (renames, moment) in enumerate([*moments, (10**9, "after")]):
        command = ["run", small, "--out", out, "--resume", "--workers", 1 + number % 2]
        started = Started(*command, code=KILLED_AT_A_RENAME, RENAMES=str(renames), MOMENT=moment)
        code, _, err = started.ended()
        ends.append(code)
        assert not err or "Traceback" not in err
    assert ends[:-1] == [-signal.SIGKILL] * len(moments)
    assert ends[-1] in (0, 1)
    same_results(whole, out)


def test_killed_from_outside_as_blocks_appear(short, whole_short, tmp_path):
    out, code, seen = tmp_path / "out", None, []
    for more in (1, 2, 3, None):
        before = blocks(out)
        started = Started("run", short, "--out", out, "--resume", "--workers", 2)
        if more is not None:
            started.when(lambda b=before, m=more: blocks(out) >= b + m)
            started.process.kill()
            seen.append(blocks(out))
        code, _, err = started.ended()
    print("blocks when killed:", seen)
    assert seen[0] >= 1
    assert code in (0, 1), err
    same_results(whole_short, out)


@pytest.mark.parametrize("workers", [1, 2])
def test_control_c_leaves_a_usable_directory(short, whole_short, tmp_path, workers):
    out = tmp_path / "out"
    started = Started("run", short, "--out", out, "--workers", workers).when(lambda: blocks(out))
    code, _, err = started.signalled(signal.SIGINT)
    assert code == 130
    kept = f"what was finished is kept in {out}: the same command with --resume goes on"
    assert err == f"darkmoment: interrupted; {kept}\n"
    assert blocks(out)
    code, _, err = Started("run", short, "--out", out, "--resume").ended()
    assert code in (0, 1), err
    same_results(whole_short, out)


@pytest.mark.parametrize(
    ("workers", "how", "said"),
    [
        (1, "nan", "na64 returned NaN as chi2, at m_dark_photon = "),
        (2, "raises", "na64 raised ZeroDivisionError: by nothing, at m_dark_photon = "),
    ],
)
def test_a_likelihood_that_breaks_late(short, whole_short, tmp_path, workers, how, said):
    """The first task is done when it breaks: its answer stays, and the mended run goes on from there."""
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    out = tmp_path / "out"
    broken = {"BROKEN_AFTER": str(out / "maximise_mu_eff.json"), "BROKEN_HOW": how}
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    command = ("run", short, "--out", out, "--workers", workers)
    code, answered, err = Started(*command, PYTHONPATH=path, **broken).ended()
    assert code == 3
    assert err.startswith(f"darkmoment: {said}")
    assert err.splitlines()[1:] == [f"darkmoment: what was finished is kept in {out}"]
    assert answered.startswith("tiny: largest mu_eff = ")
    assert (out / "maximise_mu_eff.csv").read_bytes() == (whole_short / "maximise_mu_eff.csv").read_bytes()
    kept = (out / "maximise_mu_eff.csv").stat().st_mtime_ns
    code, _, err = Started(*command, "--resume", PYTHONPATH=path).ended()
    assert code in (0, 1), err
    assert (out / "maximise_mu_eff.csv").stat().st_mtime_ns == kept
    same_results(whole_short, out)


# --- room -------------------------------------------------------------------------------------------------

LIMITED = "import os, resource; resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ['MOST']),) * 2)\n"


def test_no_room_to_begin_with(short, tmp_path):
    out = tmp_path / "out"
    code, answered, err = Started("run", short, "--out", out, code=LIMITED, MOST="4000").ended()
    assert (code, answered) == (2, "")
    assert err == f"darkmoment: {out}: cannot be written to (File too large): choose another --out\n"
    assert list(out.iterdir()) == []


def test_the_disk_is_nearly_full(darkmoment, short, tmp_path, monkeypatch):
    usage = type("usage", (), {"free": 31_000_000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    answer = darkmoment("run", short, "--out", tmp_path / "out")
    assert answer.code == 2
    assert "only 31.0 MB are free there, a run needs 50 MB" in answer.err
    assert not (tmp_path / "out").exists()


def test_the_disk_fills_up_while_it_runs(short, whole_short, tmp_path):
    """Files of at most 12 kB stand for a disk that is full: the probe passes, a large file does not."""
    out = tmp_path / "out"
    command = ("run", short, "--out", out, "--workers", 2)
    code, _, err = Started(*command, code=LIMITED, MOST="12000").ended()
    assert code == 3
    assert err.startswith("darkmoment: ")
    assert err.endswith(
        "cannot be written (File too large); what was finished is kept: make room, then go on with --resume\n"
    )
    assert err.count("\n") == 1
    code, _, err = Started(*command, "--resume").ended()
    assert code in (0, 1), err
    same_results(whole_short, out)


# --- what may and may not change --------------------------------------------------------------------------


def test_what_changed_is_named(darkmoment, small, tmp_path, monkeypatch):
    out = tmp_path / "out"
    text = small.read_text()
    small.write_text(text[: text.index("  - profile")])
    assert darkmoment("run", small, "--out", out).code == 0
    record = (out / "record.json").read_text()
    text = small.read_text()
    for old, new, said in [
        ("range: [1e-7, 1e-2]", "range: [1e-7, 1e-3]", "fits.parameters.epsilon.range[1] (0.01 -> 0.001)"),
        (
            "prior: log_uniform, reference: 0.1",
            "prior: uniform, reference: 0.1",
            '("log_uniform" -> "uniform")',
        ),
        (
            "  meg2: {}\n",
            "",
            'fits.experiments.meg2 ({"dataset": "2025", "shape": null, "options": {}} removed)',
        ),
        ("  meg2: {}\n", "  meg2: {shape: step}\n", 'fits.experiments.meg2.shape (null -> "step")'),
        ("flavour:", "formulas: printed\nflavour:", 'fits.formulas ("derived" -> "printed")'),
        ("flavour:", "seed: 7\nflavour:", "seed (1 -> 7)"),
        ("points: 4", "points: 5", "tasks[0].options.points (4 -> 5)"),
    ]:
        assert text.count(old) == 1
        small.write_text(text.replace(old, new))
        answer = darkmoment("run", small, "--out", out, "--resume", "--workers", 2)
        assert answer.code == 2
        assert f"{out} belongs to another run; changed since: " in answer.err
        assert said in answer.err
    small.write_text(text)
    with monkeypatch.context() as patch:
        data = json.loads(record)["data"]
        data["na64"]["na64_2023_invisible.csv"] = "0" * 64
        patch.setattr("darkmoment.record._hashes", lambda folder: data[folder.name])
        answer = darkmoment("run", small, "--out", out, "--resume")
    assert answer.code == 2
    assert answer.err.endswith("changed since: the content of na64/na64_2023_invisible.csv\n")
    # refusing leaves no trace
    assert (out / "record.json").read_text() == record


def test_who_does_the_work_may_change_and_other_software_is_named(darkmoment, small, tmp_path, monkeypatch):
    out = tmp_path / "out"
    text = small.read_text()
    small.write_text(text[: text.index("  - profile")])
    assert darkmoment("run", small, "--out", out).code == 0
    answer = darkmoment("run", small, "--out", out, "--resume", "--workers", 2)
    assert (answer.code, answer.err) == (0, "")
    record = json.loads((out / "record.json").read_text())
    other = record["making"] | {"numpy": "9.9"}
    for module in ("record", "tasks.runner"):
        monkeypatch.setattr(f"darkmoment.{module}.making", lambda: other)
    answer = darkmoment("run", small, "--out", out, "--resume")
    assert answer.code == 0
    assert f'begun with other software: numpy ("{record["making"]["numpy"]}" -> "9.9")' in answer.err
    again = json.loads((out / "record.json").read_text())
    assert again["making"] == record["making"]
    assert again["resumed_with"] == [other]
    assert darkmoment("run", small, "--out", out, "--resume").err == ""
    assert Path(out / "record.json").read_text() == json.dumps(again, indent=1) + "\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--workers", 0), "0 workers: give at least 1"),
        (("--workers", -2), "-2 workers: give at least 1"),
        (("--workers", 100000), "100000 workers: this machine has"),
        (("--workers", "two"), "'two' is not a whole number"),
        (("--workers", 2, "--scheduler", "tcp://localhost:8786"), "by one or by the other"),
        (("--scheduler", "localhost"), "--scheduler localhost: write it as tcp://HOST:PORT"),
    ],
)
def test_workers_without_sense(darkmoment, short, tmp_path, options, said):
    for command in (("run",), ("maximise",), ("profile", "--x", "epsilon"), ("sample",)):
        name, *more = command
        answer = darkmoment(name, short, *more, "--out", tmp_path / "out", *options)
        assert answer.code == 2
        assert said in answer.err
        assert not (tmp_path / "out").exists()
