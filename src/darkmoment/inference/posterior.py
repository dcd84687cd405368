"""What `sample` found: chains, limits, convergence, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from darkmoment.fit import Fit
from darkmoment.inference.quantiles import PosteriorLimit
from darkmoment.parameters import Array
from darkmoment.results.result import Result, chosen, drawable, headed, unit_of

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

_CORNER_SAMPLES = 20_000
_LEVEL = 0.90


@dataclass(frozen=True, repr=False, eq=False)
class Sample(Result):
    """Result of `sample`: chains, upper limits with their errors, and whether they have converged.

    Attributes
    ----------
    parameters : dict of str to ndarray (ensembles, steps, walkers)
        Free parameters, physical units, burn-in removed and thinned.
    quantities : dict of str to ndarray (ensembles, steps, walkers)
        Observables asked for.
    chi2 : ndarray (ensembles, steps, walkers)
        Total chi2.
    rhat, ess, tail_ess, tau : dict of str to float
        Convergence of every parameter and quantity, from the chains before they are thinned to what is
        kept: rank-normalised split R-hat across ensembles, effective samples of the mean and of the 90% and
        95% quantiles, autocorrelation time in steps.
    limits : tuple of PosteriorLimit
        Upper limits on the quantities asked for, with their errors, from the same chains.
    converged : bool
        True where the stopping rule was met for the quantity asked for.
    verdict : str
        The same in words.
    fit : Fit or None
        The fit that was asked.

    Examples
    --------
    >>> from darkmoment import Fit
    >>> found = Fit.load("paper").sample("mu_eff", ensembles=2, walkers=16, max_steps=600)
    >>> found.converged  # far too short
    False
    >>> found.warnings
    ['not converged for mu_eff: ... effective samples instead of 1000, ...']
    >>> list(found.table.columns)  # one row per parameter and quantity
    ['unit', 'median', 'low_68', 'high_68', 'rhat', 'ess', 'tail_ess', 'tau', 'limit_90']
    >>> found.chains.shape  # one row per sample, ready for pandas
    (640, 8)
    >>> found.to_arviz()["posterior"].sizes["chain"]  # ensembles: walkers are not independent
    2
    """

    parameters: dict[str, Array]
    quantities: dict[str, Array]
    chi2: Array
    rhat: dict[str, float]
    ess: dict[str, float]
    tail_ess: dict[str, float]
    tau: dict[str, float]
    limits: tuple[PosteriorLimit, ...]
    steps: int
    burn_in: int
    acceptance: float
    converged: bool
    verdict: str
    fit: Fit | None = None

    @property
    def certified(self) -> bool:
        """The same as `converged`."""
        return self.converged

    @property
    def warnings(self) -> list[str]:
        """What a reader has to know before quoting it: the verdict where the stopping rule is not met."""
        return [] if self.converged else [self.verdict]

    @property
    def level(self) -> float:
        """Level of the limit that is quoted: 0.90, or the highest there is."""
        levels = sorted({one.level for one in self.limits})
        return _LEVEL if _LEVEL in levels or not levels else levels[-1]

    @property
    def answer(self) -> str:
        """The limits, or where there are none the verdict, in a sentence."""
        from darkmoment.results import sentences

        found = [
            sentences.posterior(one, unit_of(self.fit, one.quantity), "depends on priors and ranges")
            for one in self.limits
            if one.level == self.level
        ]
        return headed(self.fit, "; ".join(found) or self.verdict)

    @property
    def chains(self) -> pd.DataFrame:
        """One row per sample: ensemble, step and walker, parameters, quantities, chi2."""
        ensemble, step, walker = (index.ravel() for index in np.indices(self.chi2.shape))
        columns: dict[str, Any] = {"ensemble": ensemble, "step": step, "walker": walker}
        columns |= {name: x.ravel() for name, x in {**self.parameters, **self.quantities}.items()}
        return pd.DataFrame(columns | {"chi2": self.chi2.ravel()})

    @property
    def table(self) -> pd.DataFrame:
        """One row per parameter and quantity: median, central 68%, convergence, and the limit at `level`."""
        rows = {}
        for name, x in {**self.parameters, **self.quantities}.items():
            low, middle, high = (float(q) for q in np.quantile(x, [0.16, 0.5, 0.84]))
            limits = [one.value for one in self.limits if (one.quantity, one.level) == (name, self.level)]
            rows[name] = {
                "unit": unit_of(self.fit, name),
                "median": middle,
                "low_68": low,
                "high_68": high,
                "rhat": self.rhat[name],
                "ess": self.ess[name],
                "tail_ess": self.tail_ess[name],
                "tau": self.tau[name],
                f"limit_{self.level * 100:g}": limits[0] if limits else np.nan,
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("name")

    def brief(self) -> pd.DataFrame:
        """Return the table, quantities first."""
        names = [*self.quantities, *self.parameters]
        return self.table.loc[names].reset_index().drop(columns=["tail_ess", "tau"])

    def to_arviz(self) -> xarray.DataTree | Any:
        """Return the chains for ArviZ: one chain per ensemble, as walkers of one are not independent."""
        from darkmoment.inference.chains import as_inference_data

        fit = self.fit
        about = {} if fit is None else {"fit": fit.name, "variant": fit.label}
        return as_inference_data(self, {**about, "sampler": "emcee"})

    def plot(self, names: Sequence[str] | None = None, level: float | None = None) -> Figure:
        """Draw the posterior pair by pair as `darkmoment run` does.

        Parameters
        ----------
        names : sequence of str, optional
            Parameters and quantities; all of them where left out.
        level : float, optional
            Level of the upper limits on quantities, one of those in `limits`.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from darkmoment.plots.corner_plot import corner_figure

        every = {**self.parameters, **self.quantities}
        wanted = list(every) if names is None else [names] if isinstance(names, str) else list(names)
        for name in wanted:
            chosen("names", name, list(every))
        level = self.level if level is None else level
        _, axes = drawable(self.fit, *wanted)
        step = max(1, self.chi2.size // _CORNER_SAMPLES)
        samples = {name: every[name].ravel()[::step] for name in wanted}
        limits = {name: self.limit(name, level).value for name in self.quantities if name in wanted}
        return corner_figure(samples, axes, level, one_sided=set(limits), limits=limits)

    def limit(self, quantity: str, level: float = 0.90) -> PosteriorLimit:
        """Return the upper limit on a quantity at a level, 0.68, 0.90 or 0.95."""
        for found in self.limits:
            if found.quantity == quantity and abs(found.level - level) < 1e-9:
                return found
        known = ", ".join(f"{one.quantity} at {one.level:g}" for one in self.limits)
        raise KeyError(f"no limit on {quantity!r} at {level:g}; there is {known}")
