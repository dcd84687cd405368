"""Work in several processes: the same numbers, whatever becomes of the processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from darkmoment.fit import Fit, LikelihoodError
from darkmoment.inference.blocks import Blocks
from darkmoment.inference.chunks import ChunkedCrew, CrewError, WorkersError
from darkmoment.inference.workers import Processes, most_workers
from tests.inference.test_blocks import alike, done, items
from tests.inference.works import chi2_at, fail_at, fail_oddly, killed, too_few, warn, who

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fit(tiny):
    return Fit.load(tiny)


@pytest.fixture(scope="module")
def two():
    with Processes(2) as crew:
        yield crew


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] not in "ZX"
    except OSError:
        return False


def test_the_numbers_are_those_of_one_process(two, fit):
    for n, together in [(0, 3), (1, 3), (7, 3), (7, 1), (20, 7)]:
        heard = []
        found = two.run(chi2_at, fit, items(n), together, lambda *report, h=heard: h.append(report))
        assert alike(found, ChunkedCrew().run(chi2_at, fit, items(n), 20))
        assert [of for _, of in heard] == [n] * len(heard)
        assert [d for d, _ in heard] == sorted({d for d, _ in heard})
        assert not n or heard[-1] == (n, n)


def test_each_worker_builds_a_fit_once(two, fit):
    found = two.run(who, fit, [1] * 12, 1)
    built = {(process, fit_id) for process, fit_id, _ in found}
    assert len(built) == len({process for process, _ in built}) <= 2
    assert os.getpid() not in {process for process, _ in built}
    assert {threads for *_, threads in found} == {"1"}
    assert "OMP_NUM_THREADS" not in os.environ or os.environ["OMP_NUM_THREADS"]


def test_an_error_arrives_with_its_message(two, fit):
    asked = items(6)
    asked[2]["bad"] = True
    with pytest.raises(LikelihoodError, match=r"na64 returned NaN as chi2, at epsilon = 0\.00316228"):
        two.run(fail_at, fit, asked, 1)
    with pytest.raises(RuntimeError, match="TwoPartError: nothing at 3"):
        two.run(fail_oddly, fit, asked, 1)
    with pytest.raises(WorkersError, match=r"works\.too_few gave 2 results for 3 items"):
        two.run(too_few, fit, asked, 3)
    assert alike(two.run(chi2_at, fit, items(2)), ChunkedCrew().run(chi2_at, fit, items(2)))


def test_what_others_finished_before_an_error_is_kept(fit, tmp_path):
    log = tmp_path / "log"
    asked = items(5, log=str(log))
    asked[4] |= {"bad": True, "wait": 1.0}
    with Processes(2, Blocks(tmp_path / "b")) as crew:
        with pytest.raises(LikelihoodError):
            crew.run(fail_at, fit, asked, 1)
        done(log)
        with pytest.raises(LikelihoodError):
            crew.run(fail_at, fit, asked, 1)
    assert done(log) == [float(f"{asked[4]['x']:g}")]


def test_warnings_of_workers_are_given_here(two, fit):
    with pytest.warns(RuntimeWarning) as caught:
        two.run(warn, fit, [1, 2, 1], 1)
    assert {str(w.message) for w in caught} == {"odd: 1", "odd: 2"}
    assert caught[0].filename.endswith("works.py")
    with pytest.raises(RuntimeWarning, match="odd: 3"):  # pytest makes errors of warnings; so it does here
        two.run(warn, fit, [3], 1)


def test_work_that_nobody_could_find_is_refused(two, fit):
    for nowhere in (lambda fit, items: items, alike.__call__, np.sum.__call__):
        with pytest.raises(TypeError, match="is not a function at the top of a module"):
            two.run(nowhere, fit, [1])


@pytest.mark.parametrize("workers", [0, -3, 1000])
def test_senseless_numbers_of_workers(workers):
    with pytest.raises(CrewError, match=f"^{workers} workers: "):
        Processes(workers)
    assert most_workers() >= 16


def marks(tmp_path, n):
    folder = tmp_path / f"marks{n}"
    folder.mkdir()
    for i in range(n):
        (folder / f"{i}").touch()
    return str(folder)


def test_a_worker_that_is_killed_is_replaced(fit, tmp_path):
    log = tmp_path / "log"
    asked = items(8, log=str(log), marks=marks(tmp_path, 3))
    asked[3]["deadly"] = True
    with Processes(2, Blocks(tmp_path / "b")) as crew:
        assert crew.run(killed, fit, asked, 1) == [item["x"] for item in asked]
    found = done(log)
    assert found.count(float(f"{asked[3]['x']:g}")) == 4
    # only what was in somebody's hands was done again
    assert len(found) <= 8 + 3 * 4


def test_work_that_always_kills_its_worker_is_given_up(fit, tmp_path):
    asked = items(3, marks=marks(tmp_path, 9))
    asked[1]["deadly"] = True
    with (
        Processes(2) as crew,
        pytest.raises(
            WorkersError, match="worker processes ended 4 times while they did the same piece of killed"
        ),
    ):
        crew.run(killed, fit, asked, 1)


def test_killed_from_outside_while_idle_and_while_busy(fit):
    with Processes(2) as crew:
        before = {process for process, *_ in crew.run(who, fit, [1] * 8, 1)}
        os.kill(min(before), signal.SIGKILL)
        time.sleep(0.2)
        after = {process for process, *_ in crew.run(who, fit, [1] * 8, 1)}
        assert min(before) not in after

        def kill_one(finished, of):
            if finished == 2:
                os.kill(min(after), signal.SIGKILL)

        asked = items(8, wait=0.1)
        found = crew.run(chi2_at, fit, asked, 1, kill_one)
        assert alike(found, ChunkedCrew().run(chi2_at, fit, items(8), 8))
        last = {process for process, *_ in crew.run(who, fit, [1] * 8, 1)}
    until = time.monotonic() + 10
    while any(map(alive, last)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, last))


LONG = """
import sys
from darkmoment.fit import Fit
from darkmoment.inference.workers import Processes
from tests.inference.works import chi2_at, who
if __name__ == "__main__":
    fit = Fit.load(sys.argv[1])
    with Processes(2) as crew:
        print(*{p for p, *_ in crew.run(who, fit, [1] * 8, 1)}, flush=True)
        crew.run(chi2_at, fit, [{"x": 1e-4, "wait": 60.0}] * 4, 1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of another kind")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nobody_works_for_a_parent_that_is_gone(tiny, tmp_path, how):
    script = tmp_path / "long.py"
    script.write_text(f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{LONG}")
    command = [sys.executable, str(script), str(tiny)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        workers = [int(pid) for pid in process.stdout.readline().split()]
        assert workers
        assert all(map(alive, workers))
        time.sleep(0.3)
        if how == signal.SIGINT:
            os.killpg(process.pid, how)  # as a terminal does: everybody hears it
        else:
            process.kill()
        _, err = process.communicate(timeout=20)
    until = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, workers))
    # the script's own traceback and no other
    assert err.count("Traceback") == (how == signal.SIGINT)
