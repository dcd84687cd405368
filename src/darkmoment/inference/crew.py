"""Who does the work: pieces that are pure functions of a fit and an item, run here or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from darkmoment.fit import Fit
from darkmoment.inference.threads import one_thread

Work = Callable[[Fit, Sequence[Any]], list[Any]]
Report = Callable[[int, int], None]


def unheard(done: int, total: int) -> None:
    """Take a report of progress that nobody wants."""


class Crew:
    """Does pieces of work one after another in this process; subclasses do them elsewhere.

    Work is a module-level function of a fit and a chunk of items, which returns one result per item. Items
    and results are plain: numbers, text, None, arrays, and lists, tuples and dicts of these. A result may
    depend on the fit and on its own item only, to the last bit, not on its neighbours in the chunk: then
    neither the number of workers nor an interruption can be seen in a result.
    """

    def run(
        self, work: Work, fit: Fit, items: Sequence[Any], together: int = 1, report: Report = unheard
    ) -> list[Any]:
        """Return the result of every item, in order.

        Parameters
        ----------
        work : callable
            Module-level function `work(fit, items) -> results`.
        fit : Fit
            What the items are asked of.
        items : sequence
            Plain values; see above.
        together : int
            Items given to one call of `work`; their batch is evaluated at once.
        report : callable
            Called with (items done, items in all).
        """
        results: list[Any] = []
        with one_thread():
            for first in range(0, len(items), together):
                results += work(fit, items[first : first + together])
                report(len(results), len(items))
        return results
