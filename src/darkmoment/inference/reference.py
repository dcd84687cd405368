"""What Delta chi2 is counted from when it is not the smallest chi2 of the fit."""

from __future__ import annotations

import numpy as np

from darkmoment.fit import Fit
from darkmoment.parameters import Array


def standard_model_chi2(fit: Fit) -> Array:
    """Return chi2 of each term where there is nothing new, shape (K,).

    No point of the model need come near it: the widths of the Z and the oblique parameter T do not depend on
    the couplings. Constraints on parameters count as fulfilled.
    """
    values, _ = fit.complete({})
    point = fit.model.predict(values)
    chi2 = np.zeros(len(fit.terms))
    for k, experiment in enumerate(fit.experiments.values()):
        response = np.array([experiment.standard_model_response])
        chi2[k] = float(np.broadcast_to(experiment.chi2_of(response, point), (1,))[0])
    return chi2
