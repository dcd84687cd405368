"""Posterior chains as ArviZ netCDF: the one place that knows ArviZ."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from darkmoment.inference.quantiles import PosteriorLimit
from darkmoment.inference.sample import Sample

if TYPE_CHECKING:
    import xarray

    from darkmoment.fit import Fit


def as_inference_data(found: Sample, attributes: Mapping[str, str]) -> xarray.DataTree | Any:
    """Return the chains for ArviZ: one chain per ensemble, draws running over steps, then walkers.

    Walkers of an ensemble are not independent, so they are not chains; `walker` and `step` are kept as
    coordinates of the draws.
    """
    # importing ArviZ takes seconds and wants a writable cache
    os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())
    import arviz

    ensembles, steps, walkers = found.chi2.shape

    def chain(x: np.ndarray) -> np.ndarray:
        return x.reshape(ensembles, steps * walkers)

    posterior = {name: chain(x) for name, x in {**found.parameters, **found.quantities}.items()}
    return arviz.from_dict(
        posterior=posterior,
        sample_stats={"chi2": chain(found.chi2), "lp": chain(-0.5 * found.chi2)},
        attrs={**attributes, "walkers": str(walkers)},
    )


def write_chains(found: Sample, path: Path, attributes: Mapping[str, str]) -> None:
    """Write the chains as netCDF, whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    data = as_inference_data(found, attributes)
    # the same chains give the same bytes: when they were written is no part of them
    for group in data.groups():
        data[group].attrs.pop("created_at", None)
    data.to_netcdf(str(temporary), engine="h5netcdf")
    temporary.replace(path)


def read_chains(path: Path, about: Mapping[str, Any], fit: Fit | None = None) -> Sample:
    """Read chains back; `about` is what was written beside them (convergence, verdict)."""
    import xarray

    with xarray.open_dataset(path, group="posterior", engine="h5netcdf") as posterior:
        walkers = int(posterior.attrs["walkers"]) if "walkers" in posterior.attrs else 1
        arrays = {str(k): np.array(v).reshape(len(v), -1, walkers) for k, v in posterior.data_vars.items()}
    with xarray.open_dataset(path, group="sample_stats", engine="h5netcdf") as stats:
        chi2 = np.array(stats["chi2"]).reshape(len(stats["chi2"]), -1, walkers)
    kept = set(about["quantities"])
    return Sample(
        parameters={k: v for k, v in arrays.items() if k not in kept},
        quantities={k: v for k, v in arrays.items() if k in kept},
        chi2=chi2,
        rhat=about["rhat"],
        ess=about["ess"],
        tail_ess=about["tail_ess"],
        tau=about["tau"],
        limits=tuple(PosteriorLimit(**one) for one in about["limits"]),
        steps=about["steps"],
        burn_in=about["burn_in"],
        acceptance=about["acceptance"],
        converged=about["converged"],
        verdict=about["verdict"],
        fit=fit,
    )
