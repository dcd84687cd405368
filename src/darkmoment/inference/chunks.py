"""A crew that can keep what it finishes: items in chunks, finished ones read, the rest done by somebody."""

from __future__ import annotations

import pickle
import threading
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import ceil
from types import TracebackType
from typing import Any, Self

from darkmoment.fit import Fit
from darkmoment.inference.blocks import Blocks
from darkmoment.inference.crew import Crew, Report, Work, unheard
from darkmoment.inference.threads import one_thread

Warned = tuple[str, type[Warning], str, int]
Done = tuple[list[Any], list[Warned]]


class CrewError(ValueError):
    """A crew that cannot be had: a number of workers or an address without sense, nobody there."""


class WorkersError(RuntimeError):
    """Workers that were lost again and again; the message says at what."""


class ChunkedCrew(Crew):
    """Divides items into chunks; what `blocks` holds is read, what is computed is kept there.

    This one does the chunks in this process; subclasses give them to somebody else in `_each`.

    Parameters
    ----------
    blocks : Blocks, optional
        Where finished chunks are kept; nowhere if left out.
    """

    def __init__(self, blocks: Blocks | None = None) -> None:
        self.blocks = blocks

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let everybody go, at once."""

    @property
    def hands(self) -> int:
        """How many chunks are done at a time."""
        return 1

    def run(
        self, work: Work, fit: Fit, items: Sequence[Any], together: int = 1, report: Report = unheard
    ) -> list[Any]:
        """Return the result of every item, in order; see `Crew.run`."""
        name = _name_of(work)
        keys = [] if self.blocks is None else self.blocks.keys(name, fit.identity, items)
        known = {} if self.blocks is None else self.blocks.found(keys)
        results: dict[int, Any] = {i: known[key] for i, key in enumerate(keys) if key in known}
        if results:
            report(len(results), len(items))
        missing = [i for i in range(len(items)) if i not in results]
        chunks = divided(missing, together, self.hands)
        for n, found in self._each(work, fit, [[items[i] for i in chunk] for chunk in chunks]):
            if len(found) != len(chunks[n]):
                raise WorkersError(f"{name} gave {len(found)} results for {len(chunks[n])} items")
            if self.blocks is not None:
                found = self.blocks.keep([keys[i] for i in chunks[n]], found)
            results.update(zip(chunks[n], found, strict=True))
            report(len(results), len(items))
        return [results[i] for i in range(len(items))]

    def _each(self, work: Work, fit: Fit, chunks: Sequence[list[Any]]) -> Iterator[tuple[int, list[Any]]]:
        """Yield number and results of each chunk as it is finished."""
        for n, chunk in enumerate(chunks):
            with one_thread():
                results = work(fit, chunk)
            yield n, results


def divided(indices: Sequence[int], together: int, hands: int) -> list[list[int]]:
    """Divide indices into even chunks of at most `together`, as many for each hand as for any other."""
    count = ceil(len(indices) / max(together, 1))
    count = min(len(indices), hands * ceil(count / hands))
    ends = [len(indices) * n // count for n in range(count + 1)] if count else [0]
    return [list(indices[a:b]) for a, b in pairwise(ends)]


def _name_of(work: Work) -> str:
    """Return a name under which any process finds the work."""
    name = getattr(work, "__qualname__", "")
    if not name.isidentifier():
        raise TypeError(f"{name or work!r} is not a function at the top of a module: workers cannot find it")
    return f"{work.__module__}.{name}"


# --- what happens in a worker -----------------------------------------------------------------------------

_one_at_a_time = threading.Lock()


@lru_cache(maxsize=8)
def _unpacked(parcel: bytes) -> Fit:
    fit: Fit = pickle.loads(parcel)
    return fit


def do(work: Work, parcel: bytes, items: list[Any]) -> Done:
    """Do one chunk in a worker; return its results and what it warned of.

    Parameters
    ----------
    parcel : bytes
        The pickled fit: a worker builds each fit once.
    """
    # a Dask worker may have several threads; warnings are caught for a whole process
    with _one_at_a_time, one_thread(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            results = work(_unpacked(parcel), items)
        except Exception as error:
            raise _travelling(error) from None
    return results, [(str(w.message), w.category, w.filename, w.lineno) for w in caught]


def _travelling(error: Exception) -> Exception:
    """Return an error that survives the way to another process, with its message."""
    try:
        copy = pickle.loads(pickle.dumps(error))
        if type(copy) is type(error) and str(copy) == str(error):
            return error
    except Exception:  # whatever goes wrong on the way: the message goes alone
        pass
    return RuntimeError(f"{type(error).__name__}: {error}")


class Echo:
    """Repeats here, once, what workers warned of; the filters of this process decide what becomes of it."""

    def __init__(self) -> None:
        self._seen: dict[Any, Any] = {}

    def __call__(self, warned: Sequence[Warned]) -> None:
        """Repeat warnings (text, category, file, line)."""
        for text, category, file, line in warned:
            warnings.warn_explicit(text, category, file, line, registry=self._seen)
