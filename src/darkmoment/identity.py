"""What a fit is made from: enough to know it again, and to build it anew in another process."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from darkmoment.fit import Fit
    from darkmoment.runfile.schema import FitSpec

_NO_MATTER = ("tasks", "seed", "style")
"""What a run file says of a fit, and its answers do not depend on."""


def contents(fit: Fit) -> dict[str, Any]:
    """Return what makes the chi2 of a fit and may have been put in by hand."""
    kept = ("experiments", "constraints", "terms")
    return {name: copy(getattr(fit, name)) for name in kept} | {"hard": np.asarray(fit.hard).tolist()}


def changes(fit: Fit, made: Mapping[str, Any]) -> dict[str, Any]:
    """Return what somebody has put in place of the contents that a fit was made with."""
    now = contents(fit)
    return {name: now[name] for name in now if now[name] != made[name]}


def identity_of(fit: Fit) -> str:
    """Return the digest of all that the answers of a fit depend on, besides code and data files."""
    kind, spec, fixed, pins, changed = fit.__reduce__()[1]
    resolved = {key: value for key, value in spec.resolved().items() if key not in _NO_MATTER}
    # in the order of the file: it is the order of the columns, and in which chi2 is summed
    content = json.dumps([kind.__qualname__, resolved, sorted(fixed.items()), sorted(pins.items())])
    return hashlib.sha256(content.encode() + (pickle.dumps(changed) if changed else b"")).hexdigest()


def rebuilt(
    kind: type[Fit],
    spec: FitSpec,
    fixed: Mapping[str, float],
    pins: Mapping[str, float],
    changed: Mapping[str, Any],
) -> Fit:
    """Build a fit that came from another process."""
    fit = kind(spec, fixed)
    for name, value in changed.items():
        if name != "hushed":
            setattr(fit, name, np.array(value, dtype=bool) if name == "hard" else value)
    if "hushed" in changed:
        fit = fit.hushed() or fit
    return fit.pinned(pins) if pins else fit
