"""The same work in several processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from typing import Any

from darkmoment.fit import Fit
from darkmoment.inference.blocks import Blocks
from darkmoment.inference.chunks import ChunkedCrew, CrewError, Done, Echo, WorkersError, do
from darkmoment.inference.crew import Work

LOSSES = 3
"""How often a chunk may be lost with its worker."""

_PRELOADED = ["darkmoment.inference.chunks", "darkmoment.inference.profile", "darkmoment.inference.sample"]
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def most_workers() -> int:
    """Return the largest number of workers that makes any sense on this machine."""
    return max(16, 4 * (os.cpu_count() or 1))


class Processes(ChunkedCrew):
    """Does chunks in several processes, each of which builds a fit once.

    A process that dies is replaced and what it was doing is done again, up to three times for a chunk.
    Use it as a context manager: at its end the processes are gone. A script that uses it needs the usual
    ``if __name__ == "__main__":`` around what it does, because workers import it.

    Parameters
    ----------
    workers : int
        Number of processes.
    blocks : Blocks, optional
        Where finished chunks are kept.

    Raises
    ------
    CrewError
        If the number makes no sense.

    Examples
    --------
    >>> from darkmoment import Fit, Processes
    >>> with Processes(2) as crew:
    ...     found = Fit.load("paper").maximise(along="m_dark_photon", points=[0.1], crew=crew)
    >>> found.certified  # no number depends on how many there are
    True
    """

    def __init__(self, workers: int, blocks: Blocks | None = None) -> None:
        super().__init__(blocks)
        if workers < 1:
            raise CrewError(f"{workers} workers: give at least 1")
        if workers > most_workers():
            cores = os.cpu_count() or 1
            raise CrewError(
                f"{workers} workers: this machine has {cores} cores, give {most_workers()} at most"
            )
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._echo = Echo()

    @property
    def hands(self) -> int:
        """Number of processes."""
        return self.workers

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        pool, self._pool = self._pool, None
        if pool is not None:
            with _undisturbed():
                _end(pool)

    def _each(self, work: Work, fit: Fit, chunks: Sequence[list[Any]]) -> Iterator[tuple[int, list[Any]]]:
        parcel = pickle.dumps(fit)
        waiting, lost = deque(range(len(chunks))), Counter[int]()
        running: dict[Future[Done], int] = {}
        try:
            while waiting or running:
                broken = not self._submit(work, parcel, chunks, waiting, running)
                ended = wait(running, return_when=FIRST_COMPLETED).done
                for future in sorted(ended, key=running.__getitem__):
                    error = future.exception()
                    if isinstance(error, BrokenProcessPool):
                        broken = True
                    elif error is None:
                        yield running.pop(future), self._taken(future)
                    else:
                        del running[future]
                        yield from self._rescued(running)
                        raise error
                if broken:
                    yield from self._after_a_loss(work, running, waiting, lost)
        finally:
            for future in running:
                future.cancel()

    def _submit(
        self,
        work: Work,
        parcel: bytes,
        chunks: Sequence[list[Any]],
        waiting: deque[int],
        running: dict[Future[Done], int],
    ) -> bool:
        """Hand out chunks, two for each process; return False where the pool turns out to be broken."""
        with _undisturbed():
            if self._pool is None:
                self._pool = _pool(self.workers)
            while waiting and len(running) < 2 * self.workers:
                try:
                    running[self._pool.submit(do, work, parcel, chunks[waiting[0]])] = waiting[0]
                except BrokenProcessPool:
                    return False
                waiting.popleft()
        return True

    def _taken(self, future: Future[Done]) -> list[Any]:
        results, warned = future.result()
        self._echo(warned)
        return results

    def _rescued(self, running: dict[Future[Done], int]) -> Iterator[tuple[int, list[Any]]]:
        """Yield, and forget, what was finished in the meantime."""
        for future in [f for f in running if f.done() and not f.cancelled() and f.exception() is None]:
            yield running.pop(future), self._taken(future)

    def _after_a_loss(
        self, work: Work, running: dict[Future[Done], int], waiting: deque[int], lost: Counter[int]
    ) -> Iterator[tuple[int, list[Any]]]:
        """Save what was finished, put the rest back in the queue, and let the broken pool go."""
        wait(running)  # a broken pool answers at once
        yield from self._rescued(running)
        self.close()
        lost.update(running.values() or [waiting[0]])
        for n in sorted(running.values(), reverse=True):
            waiting.appendleft(n)
        running.clear()
        worst = max(lost.values())
        if worst > LOSSES:
            raise WorkersError(
                f"worker processes ended {worst} times while they did the same piece of {work.__name__}: "
                "short of memory, or killed from outside? (In a script, what uses Processes goes under "
                'if __name__ == "__main__":)'
            )


def _pool(workers: int) -> ProcessPoolExecutor:
    context: BaseContext
    if "forkserver" in multiprocessing.get_all_start_methods():
        # one process imports everything once, has a single thread, and makes the workers by fork
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED)
    else:
        context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, _begin)


def _begin() -> None:
    """Prepare a worker: Ctrl-C is for the parent to handle, and without a parent there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()


def _leave_with(parent: Any) -> None:
    parent.join()
    os._exit(0)


def _end(pool: ProcessPoolExecutor) -> None:
    if sys.version_info >= (3, 14):
        pool.terminate_workers()
        return
    # what `terminate_workers` of Python 3.14 does; cancelled work is taken off the list before anybody dies,
    # since the pool's own thread fails when it meets some afterwards
    processes = list((getattr(pool, "_processes", None) or {}).values())
    manager = getattr(pool, "_executor_manager_thread", None)
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    if manager is not None:
        manager.join()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C, and have processes started here never hear it; one thread each for linear algebra."""
    mask = getattr(signal, "pthread_sigmask", None)
    old = mask(signal.SIG_BLOCK, {signal.SIGINT}) if mask else None
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if mask:
            mask(signal.SIG_SETMASK, old)
