"""One thread for linear algebra: with several, the last digits depend on how many, and on chance.

OpenBLAS divides its work by the number of threads, and a call that finds the threads taken does without:
measured on a search of 24 starts, maxima differed by 5e-10 between 1 and 2 threads, and from run to run. The
matrices here are small: one thread is also the quickest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  (it brings a library of its own, which has to be there to be found)

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold numpy's and scipy's linear algebra to one thread."""
    with _controller().limit(limits=1):
        yield
