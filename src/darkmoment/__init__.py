"""How large can the neutrino transition magnetic moment be, if a dark photon mediates it.

Inference and global fits for the model of arXiv:2603.25704. `Fit.load` opens a shipped fit or a run file, and
its methods ask it; each answer has a sentence (`answer`), a pandas `table`, `warnings` and `plot()`. The
command line is ``darkmoment``.
"""

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darkmoment.evaluation import Evaluation
    from darkmoment.fit import Fit, PointError
    from darkmoment.inference.best_fit import BestFit, best_fit
    from darkmoment.inference.leave_one_out import LeaveOneOut, leave_one_out
    from darkmoment.inference.maximise import maximise
    from darkmoment.inference.maximum import Maximum
    from darkmoment.inference.posterior import Sample
    from darkmoment.inference.profile import Profile, profile
    from darkmoment.inference.profile_map import ProfileMap, profile_map
    from darkmoment.inference.sample import sample
    from darkmoment.inference.workers import Processes
    from darkmoment.runfile.diagnostics import RunFileError

__version__ = _version("darkmoment")
__all__ = [
    "BestFit",
    "Evaluation",
    "Fit",
    "LeaveOneOut",
    "Maximum",
    "PointError",
    "Processes",
    "Profile",
    "ProfileMap",
    "RunFileError",
    "Sample",
    "best_fit",
    "leave_one_out",
    "maximise",
    "profile",
    "profile_map",
    "sample",
]

# looked up on first use, so that `darkmoment --help` need not import numpy
_HOMES = {
    "BestFit": "inference.best_fit",
    "Evaluation": "evaluation",
    "Fit": "fit",
    "LeaveOneOut": "inference.leave_one_out",
    "Maximum": "inference.maximum",
    "PointError": "fit",
    "Processes": "inference.workers",
    "Profile": "inference.profile",
    "ProfileMap": "inference.profile_map",
    "RunFileError": "runfile.diagnostics",
    "Sample": "inference.posterior",
    "best_fit": "inference.best_fit",
    "leave_one_out": "inference.leave_one_out",
    "maximise": "inference.maximise",
    "profile": "inference.profile",
    "profile_map": "inference.profile_map",
    "sample": "inference.sample",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'darkmoment' has no attribute {name!r}")
    return getattr(import_module(f"darkmoment.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
