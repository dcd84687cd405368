"""Progress bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


@contextmanager
def bar(text: str, shown: bool) -> Iterator[Progress]:
    """Show a bar while something runs; yields what tells it how far that is."""
    from tqdm import tqdm

    with tqdm(desc=text, disable=not shown, leave=False, dynamic_ncols=True) as drawn:

        def report(done: int, total: int) -> None:
            drawn.total = total
            drawn.update(done - drawn.n)

        yield report
