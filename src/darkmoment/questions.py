"""What a fit can be asked, as methods: each hands over to the function of the same name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

if TYPE_CHECKING:
    from darkmoment.evaluation import Evaluation
    from darkmoment.fit import Fit, Points
    from darkmoment.inference.best_fit import BestFit
    from darkmoment.inference.crew import Crew
    from darkmoment.inference.leave_one_out import LeaveOneOut
    from darkmoment.inference.maximise import Origin
    from darkmoment.inference.maximum import Maximum
    from darkmoment.inference.posterior import Sample
    from darkmoment.inference.profile import Profile
    from darkmoment.inference.profile_map import ProfileMap

Values = int | Sequence[float]
Window = tuple[float, float]
Progress = Callable[[int, int], None] | bool | None
"""True for a progress bar, or a function called with (done, total)."""


class Questions:
    """The methods of a fit that search, sample or evaluate."""

    def evaluate(self, points: Points | None = None) -> Evaluation:
        """Return everything the fit says of `points`, with notes a person can read.

        Parameters
        ----------
        points : mapping of str to array_like, optional
            Parameter name -> value or array; a DataFrame will do. What is left out is at its reference.
        """
        from darkmoment.evaluation import evaluate

        return evaluate(cast("Fit", self), {} if points is None else points)

    def maximise(
        self,
        quantity: str = "mu_eff",
        along: str | None = None,
        points: Values = 60,
        level: float = 0.90,
        starts: int = 4,
        seed: int = 1,
        progress: Progress = None,
        hints: Sequence[Mapping[str, float]] = (),
        crew: Crew | None = None,
        above: Origin = "smallest",
    ) -> Maximum:
        """Find the largest allowed value of a quantity, along a parameter or overall: `darkmoment.maximise`.

        `progress=True` shows a bar.
        """
        from darkmoment.inference.maximise import maximise

        with _watched(progress, f"largest {quantity}") as report:
            fit = cast("Fit", self)
            return maximise(fit, quantity, along, points, level, starts, seed, report, hints, crew, above)

    def profile(
        self,
        x: str,
        points: Values = 60,
        window: Window | None = None,
        starts: int = 4,
        seed: int = 1,
        progress: Progress = None,
        level: float | None = None,
        crew: Crew | None = None,
    ) -> Profile:
        """Minimise chi2 over all else at each value of a parameter or observable: `darkmoment.profile`.

        `progress=True` shows a bar.
        """
        from darkmoment.inference.profile import profile

        with _watched(progress, f"profile of {x}") as report:
            return profile(cast("Fit", self), x, points, window, starts, seed, report, level, crew)

    def profile_map(
        self,
        x: str,
        y: str,
        points: int | tuple[Values, Values] = (60, 60),
        x_window: Window | None = None,
        y_window: Window | None = None,
        starts: int = 4,
        seed: int = 1,
        progress: Progress = None,
        crew: Crew | None = None,
        level: float = 0.90,
    ) -> ProfileMap:
        """Minimise chi2 over all else on a grid of two parameters or observables: `darkmoment.profile_map`.

        `progress=True` shows a bar.
        """
        from darkmoment.inference.profile_map import profile_map

        with _watched(progress, f"profile of {x} and {y}") as report:
            fit = cast("Fit", self)
            return profile_map(fit, x, y, points, x_window, y_window, starts, seed, report, crew, level)

    def leave_one_out(
        self,
        quantity: str = "mu_eff",
        along: str | None = None,
        points: Values = 30,
        level: float = 0.90,
        starts: int = 2,
        seed: int = 1,
        progress: Progress = None,
        crew: Crew | None = None,
    ) -> LeaveOneOut:
        """Find the limit without each experiment in turn: `darkmoment.leave_one_out`.

        `progress=True` shows a bar.
        """
        from darkmoment.inference.leave_one_out import leave_one_out

        with _watched(progress, f"largest {quantity} without each experiment") as report:
            return leave_one_out(
                cast("Fit", self), quantity, along, points, level, starts, seed, report, crew
            )

    def sample(
        self,
        of: str = "mu_eff",
        ess: float = 1000,
        ensembles: int = 4,
        walkers: int = 128,
        max_steps: int = 20_000,
        quantities: Sequence[str] = (),
        seed: int = 1,
        progress: Progress = None,
        crew: Crew | None = None,
        starts: Sequence[Mapping[str, float]] = (),
        tilt: str = "",
        taus: float = 50,
        levels: Sequence[float] = (0.68, 0.90, 0.95),
    ) -> Sample:
        """Sample the posterior until a quantity has converged: `darkmoment.sample`.

        `progress=True` shows a bar.
        """
        from darkmoment.inference.sample import sample

        with _watched(progress, f"posterior of {of}") as report:
            return sample(
                cast("Fit", self),
                of,
                ess,
                ensembles,
                walkers,
                max_steps,
                quantities,
                seed,
                report,
                crew,
                starts,
                tilt,
                taus,
                levels,
            )

    def best_fit(self, seed: int = 1, crew: Crew | None = None) -> BestFit:
        """Find the point of smallest chi2: `darkmoment.best_fit`."""
        from darkmoment.inference.best_fit import best_fit

        return best_fit(cast("Fit", self), seed, crew)

    @property
    def table(self) -> pd.DataFrame:
        """One row per parameter: its role, value or range, unit and prior."""
        rows = []
        for p in cast("Fit", self).parameters:
            role = "free" if p.free else "tied" if p.tie is not None else "fixed"
            low, high = p.range or (float("nan"), float("nan"))
            rows.append(
                {
                    "parameter": p.name,
                    "role": role,
                    "value": float("nan") if p.value is None else p.value,
                    "min": low,
                    "max": high,
                    "unit": p.unit,
                    "prior": p.prior.kind if p.free else "",
                    "meaning": p.info.description,
                }
            )
        return pd.DataFrame(rows).set_index("parameter")

    def _repr_html_(self) -> str:
        fit = cast("Fit", self)
        experiments = pd.DataFrame(
            [
                {
                    "experiment": name,
                    "title": e.label,
                    "limits": e.limits,
                    "status": "projected" if e.projected else "measured",
                }
                for name, e in fit.experiments.items()
            ]
        )
        look: dict[str, Any] = {"border": 0, "na_rep": "", "float_format": "{:.4g}".format}
        parameters = self.table.reset_index().to_html(index=False, **look)
        data = "" if fit.injected is None else f"<p>{escape(fit.data)}</p>"
        return (
            f"<div><p><strong>{escape(fit.name)}: {escape(fit.title)}</strong></p>{data}{parameters}"
            f"{experiments.to_html(index=False, **look)}</div>"
        )


@contextmanager
def _watched(progress: Progress, text: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield what reports progress: a bar where True is given."""
    if progress is not True:
        yield progress or None
        return
    from darkmoment.progress import bar

    with bar(text, shown=True) as report:
        yield report
