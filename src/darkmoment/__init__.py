"""How large can the neutrino transition magnetic moment be, if a dark photon mediates it.

Inference and global fits for the model of arXiv:2603.25704. `Fit.load` opens a shipped fit or a run file;
the command line is ``darkmoment``.
"""

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darkmoment.fit import Fit
    from darkmoment.inference.leave_one_out import leave_one_out
    from darkmoment.inference.maximise import maximise
    from darkmoment.inference.profile import profile
    from darkmoment.inference.profile_map import profile_map
    from darkmoment.inference.sample import sample

__version__ = _version("darkmoment")
__all__ = ["Fit", "leave_one_out", "maximise", "profile", "profile_map", "sample"]

# looked up on first use, so that `darkmoment --help` need not import numpy
_HOMES = {
    "Fit": "darkmoment.fit",
    "leave_one_out": "darkmoment.inference.leave_one_out",
    "maximise": "darkmoment.inference.maximise",
    "profile": "darkmoment.inference.profile",
    "profile_map": "darkmoment.inference.profile_map",
    "sample": "darkmoment.inference.sample",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'darkmoment' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
