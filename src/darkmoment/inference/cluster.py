"""The same work on a Dask cluster: the processes of many machines, behind one address."""

from __future__ import annotations

import json
import logging
import pickle
import re
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from darkmoment.fit import Fit
from darkmoment.inference.blocks import Blocks, Note
from darkmoment.inference.chunks import ChunkedCrew, CrewError, Done, Echo, WorkersError, do
from darkmoment.inference.crew import Work
from darkmoment.versions import making

CONNECT_WITHIN = 5.0
"""Seconds within which a scheduler has to answer."""

_ADDRESS = re.compile(
    r"(?:(?P<protocol>[a-z]+)://)?(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):(?P<port>\d{1,5})"
)
_PROTOCOLS = ("tcp", "tls", "ws", "wss", "ucx", "ucxx")
_LEAVE_WITHIN = 5.0


class Cluster(ChunkedCrew):
    """Does chunks on the workers of a Dask scheduler.

    Dask gives the work of a worker that is lost to the others. Use it as a context manager: at its end, what
    is still running for it is cancelled; the workers stay.

    Parameters
    ----------
    address : str
        Of the scheduler: ``tcp://host:8786``, ``host:8786``, or the path of its scheduler file (.json).
    blocks : Blocks, optional
        Where finished chunks are kept.
    note : callable
        Told where no worker is there yet.

    Raises
    ------
    CrewError
        If Dask is not installed, the address has no sense, nobody answers there, or a worker would not give
        the same numbers because its packages differ.
    """

    def __init__(self, address: str, blocks: Blocks | None = None, note: Note = warnings.warn) -> None:
        super().__init__(blocks)
        self.address = checked_address(address)
        self._levels: dict[str, int] = {}
        self._client = self._connected()
        self._echo = Echo()
        try:
            self._check_workers(note)
        except BaseException:
            self.close()
            raise

    @property
    def hands(self) -> int:
        """Number of threads of all workers; they may come and go."""
        return max(1, sum(self._client.nthreads().values()))

    def close(self) -> None:
        """Leave the cluster; what still runs there for us is given up."""
        self._client.close(timeout=_LEAVE_WITHIN)
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)

    def _connected(self) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what Dask's own imports say
                from distributed import Client
        except ImportError:
            raise CrewError(
                "--scheduler needs the package distributed, which is not installed: pip install distributed"
            ) from None
        # errors are told once, by us
        for name in [n for n in logging.root.manager.loggerDict if n.split(".")[0] == "distributed"]:
            self._levels[name] = logging.getLogger(name).level
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # versions are compared below
                return Client(self.address, timeout=CONNECT_WITHIN, set_as_default=False)
        except (OSError, ValueError, RuntimeError) as error:
            reason = _first_line(error)
            raise CrewError(f"--scheduler {self.address}: nobody answers there ({reason})") from None

    def _check_workers(self, note: Note) -> None:
        """Compare versions with the workers that are there; those that come later are asked at each chunk."""
        if not self._client.nthreads():
            note(f"no worker has joined the scheduler at {self.address} yet: waiting for one")
            return
        for worker, error in self._client.run(_difference, making(), on_error="return").items():
            if isinstance(error, ModuleNotFoundError):
                raise CrewError(f"worker {worker} has no darkmoment: {error}")
            if isinstance(error, Exception):
                raise CrewError(f"worker {worker} cannot be asked for its versions: {error}")
            if error:
                raise CrewError(f"worker {worker} would not give the same numbers: {error}")

    def _each(self, work: Work, fit: Fit, chunks: Sequence[list[Any]]) -> Iterator[tuple[int, list[Any]]]:
        from distributed import KilledWorker, as_completed

        parcel, ours = pickle.dumps(fit), making()
        sent = {
            self._client.submit(_do_alike, ours, work, parcel, chunk, pure=False): n
            for n, chunk in enumerate(chunks)
        }
        try:
            for future in as_completed(list(sent), loop=self._client.loop):
                try:
                    results, warned = future.result()
                except KilledWorker as error:
                    raise WorkersError(
                        f"workers of {self.address} ended again and again while they did the same piece of "
                        f"{work.__name__}, the last at {error.last_worker.address}: short of memory?"
                    ) from None
                except (CancelledError, TimeoutError, OSError) as error:
                    raise WorkersError(
                        f"the scheduler at {self.address} was lost ({_first_line(error)})"
                    ) from None
                self._echo(warned)
                yield sent.pop(future), results
        finally:
            if sent:
                self._client.cancel(list(sent), force=True)


def checked_address(text: str) -> str:
    """Return the address of a scheduler, read from its file where one is given.

    Raises
    ------
    CrewError
        If it is neither an address nor a scheduler file.
    """
    if text.endswith(".json"):
        try:
            text = str(json.loads(Path(text).read_text(encoding="utf-8"))["address"])
        except OSError as error:
            raise CrewError(f"--scheduler {text}: cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError):
            raise CrewError(f"--scheduler {text}: it is no scheduler file of Dask") from None
    parts = _ADDRESS.fullmatch(text)
    if parts is None or not 0 < int(parts["port"]) < 65536:
        raise CrewError(f"--scheduler {text}: write it as tcp://HOST:PORT, e.g. tcp://10.0.0.1:8786")
    protocol = parts["protocol"] or "tcp"
    if protocol not in _PROTOCOLS:
        raise CrewError(
            f"--scheduler {text}: {protocol} is none of Dask's protocols ({', '.join(_PROTOCOLS)})"
        )
    return f"{protocol}://{parts['host']}:{parts['port']}"


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


# --- what happens in a worker -----------------------------------------------------------------------------


def _difference(theirs: dict[str, str]) -> str:
    """Say how this process differs from the one that asks; nothing where it does not."""
    found = [
        f"{name} {mine} there, {theirs.get(name)} here"
        for name, mine in making().items()
        if mine != theirs.get(name)
    ]
    return ", ".join(found)


def _do_alike(theirs: dict[str, str], work: Work, parcel: bytes, items: list[Any]) -> Done:
    """Do a chunk in a worker that makes the same numbers as the process that asks."""
    if different := _difference(theirs):
        raise WorkersError(f"a worker that joined would not give the same numbers: {different}")
    return do(work, parcel, items)
