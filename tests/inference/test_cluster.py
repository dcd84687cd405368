"""Work on a Dask cluster: two worker processes, one of which is killed, and the same numbers."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from darkmoment.fit import Fit, LikelihoodError
from darkmoment.inference import cluster
from darkmoment.inference.blocks import Blocks
from darkmoment.inference.chunks import ChunkedCrew, CrewError, WorkersError
from darkmoment.inference.cluster import Cluster, checked_address
from tests.inference.test_blocks import alike, done, items
from tests.inference.works import chi2_at, fail_at, killed, who
from tests.test_resume import same_results

pytest.importorskip("distributed")

ROOT = Path(__file__).parents[2]
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}


@pytest.fixture
def fit(tiny):
    return Fit.load(tiny)


@pytest.fixture
def dask(tmp_path):
    """Return a function that starts a process of Dask; all are ended afterwards."""
    processes = []

    def start(kind, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *options]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_TEMPORARY_DIRECTORY": str(tmp_path)}
        processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, **QUIET))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def scheduler(dask, tmp_path):
    file = tmp_path / "scheduler.json"
    process = dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    until = time.monotonic() + 60
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.1)  # the file appears before its content
    return process, str(file)


def worker(dask, file):
    return dask("worker", "--scheduler-file", file, "--nthreads", "1", "--no-nanny")


def wait_for(crew, n):
    crew._client.wait_for_workers(n, timeout=60)
    assert crew.hands == n


def test_the_numbers_are_those_of_one_process_though_a_worker_is_killed(dask, scheduler, fit, tmp_path):
    _, file = scheduler
    workers = [worker(dask, file) for _ in range(2)]
    log = tmp_path / "log"
    asked = items(12, log=str(log), wait=0.1)
    with Cluster(file, Blocks(tmp_path / "blocks"), note=print) as crew:
        wait_for(crew, 2)

        def kill_one(finished, of):
            if finished == 4:
                workers[0].send_signal(signal.SIGKILL)

        found = crew.run(chi2_at, fit, asked, 1, kill_one)
        assert workers[0].wait(10) == -signal.SIGKILL
        assert crew.hands == 1
        assert alike(found, ChunkedCrew().run(chi2_at, fit, items(12), 12))
        assert 12 <= len(done(log)) <= 14
        assert {process for process, *_ in crew.run(who, fit, [1, 1])} == {workers[1].pid}
        # what it kept is kept
        assert alike(crew.run(chi2_at, fit, asked, 5), found)
        assert done(log) == []
        # an error arrives with its message, and what was finished is kept
        with pytest.raises(LikelihoodError, match=r"na64 returned NaN as chi2, at epsilon = 0\.01"):
            crew.run(fail_at, fit, [{"x": 0.01, "bad": True}])


def test_a_whole_run_though_a_worker_is_killed(darkmoment, dask, scheduler, tiny, tmp_path):
    _, file = scheduler
    workers = [worker(dask, file) for _ in range(2)]
    assert darkmoment("run", tiny, "--out", tmp_path / "one").code == 0
    with Cluster(file, note=print) as crew:
        wait_for(crew, 2)

    def kill_one():
        until = time.monotonic() + 60
        while not list((tmp_path / "many" / "blocks").glob("*.block")) and time.monotonic() < until:
            time.sleep(0.002)
        workers[0].kill()

    killer = threading.Thread(target=kill_one)
    killer.start()
    answer = darkmoment("run", tiny, "--out", tmp_path / "many", "--scheduler", file)
    killer.join()
    assert (answer.code, answer.err) == (0, "")
    assert workers[0].wait(10) == -signal.SIGKILL
    same_results(tmp_path / "one", tmp_path / "many")


def test_work_that_always_kills_its_worker_is_given_up(dask, scheduler, fit, tmp_path):
    _, file = scheduler
    (tmp_path / "marks").mkdir()
    for i in range(9):
        (tmp_path / "marks" / str(i)).touch()
    for _ in range(5):
        worker(dask, file)
    with Cluster(file, note=print) as crew:
        wait_for(crew, 5)
        with pytest.raises(
            WorkersError, match="ended again and again while they did the same piece of killed"
        ):
            crew.run(killed, fit, [{"x": 1.0, "deadly": True, "marks": str(tmp_path / "marks")}])


def test_a_scheduler_that_is_lost(dask, scheduler, fit):
    process, file = scheduler
    notes = []
    with Cluster(file, note=notes.append) as crew:
        assert notes == [f"no worker has joined the scheduler at {crew.address} yet: waiting for one"]
        worker(dask, file)
        wait_for(crew, 1)
        with pytest.raises(WorkersError, match=rf"the scheduler at {crew.address} was lost"):
            crew.run(chi2_at, fit, items(20, wait=0.1), 1, lambda finished, of: process.kill())


def test_workers_of_other_versions_are_refused(dask, scheduler, fit, monkeypatch):
    _, file = scheduler
    worker(dask, file)
    with Cluster(file, note=print) as crew:
        wait_for(crew, 1)
        theirs = cluster.making()
        monkeypatch.setattr(cluster, "making", lambda: {**theirs, "numpy": "1.99"})
        with pytest.raises(
            CrewError, match=rf"would not give the same numbers: numpy {theirs['numpy']} there, 1.99"
        ):
            Cluster(file)
        # and those that join later are asked as well
        with pytest.raises(WorkersError, match=rf"numpy {theirs['numpy']} there, 1\.99 here"):
            crew.run(chi2_at, fit, items(1))


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_WITHIN", 0.5)
    with pytest.raises(CrewError, match=r"--scheduler tcp://127\.0\.0\.1:1: nobody answers there"):
        Cluster("127.0.0.1:1")


def test_dask_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CrewError, match="not installed: pip install distributed"):
        Cluster("127.0.0.1:1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("localhost", "write it as tcp://HOST:PORT"),
        ("", "write it as tcp://HOST:PORT"),
        ("tcp://localhost", "write it as tcp://HOST:PORT"),
        ("tcp://localhost:0", "write it as tcp://HOST:PORT"),
        ("tcp://localhost:65536", "write it as tcp://HOST:PORT"),
        ("tcp://local host:8786", "write it as tcp://HOST:PORT"),
        ("tcp://localhost:8786/x", "write it as tcp://HOST:PORT"),
        ("http://localhost:8786", "http is none of Dask's protocols"),
        ("nowhere.json", "cannot be read"),
    ],
)
def test_senseless_addresses(text, reason):
    with pytest.raises(CrewError, match=reason):
        checked_address(text)


def test_addresses(tmp_path):
    assert checked_address("a.b-c:8786") == "tcp://a.b-c:8786"
    assert checked_address("tls://10.0.0.1:1") == "tls://10.0.0.1:1"
    assert checked_address("[::1]:8786") == "tcp://[::1]:8786"
    file = tmp_path / "s.json"
    file.write_text('{"address": "tcp://10.0.0.1:8786"}')
    assert checked_address(str(file)) == "tcp://10.0.0.1:8786"
    for text in ("[]", "{}", "no"):
        file.write_text(text)
        with pytest.raises(CrewError, match="no scheduler file"):
            checked_address(str(file))
