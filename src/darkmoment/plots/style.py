"""How every figure looks, and how it is written to disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import matplotlib
from cycler import cycler
from matplotlib.figure import Figure

COLUMN = 3.4
"""Width of one column of a two-column journal page, inches."""

PAGE = 7.0
"""Width of both columns, inches."""

CYCLE = (
    "#0072B2",  # C0 blue
    "#E69F00",  # C1 orange
    "#009E73",  # C2 green
    "#D55E00",  # C3 vermilion
    "#7A1E7A",  # C4 purple
    "#56B4E9",  # C5 sky
    "#603305",  # C6 brown
    "#555555",  # C7 grey
    "#D06AE0",  # C8 orchid
    "#10106A",  # C9 navy
)
"""Colour cycle: C0 .. C3 and C5 by Okabe and Ito, the rest far from them for colour-blind readers too."""

_FIXED: Mapping[str, str] = {
    # blue, red and purple as in arXiv:2603.25704, Fig. 7
    "na64": CYCLE[0],
    "babar": CYCLE[3],
    "borexino": CYCLE[4],
    "meg2": CYCLE[2],
    "g_minus_2": CYCLE[1],
    # far from these and from one another, for colour-blind readers too
    "xenonnt": "#280888",
    "lz": "#48C8E8",
    "gemma": "#A8C868",
    "texono": "#880808",
    "lsnd": "#A828E8",
    "range": CYCLE[7],
    "": "#333333",
}
_OTHERS = (*CYCLE[5:7], *CYCLE[8:], "#1E6B7A")
_LIKE = dict(zip(_OTHERS, ("#48C8E8", "#880808", "#A828E8", "#280888"), strict=False))
"""The experiment's colour that one of the others is hard to tell from."""

RC: Mapping[str, Any] = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 9.5,
    "axes.labelsize": 10,
    "axes.titlesize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fancybox": False,
    "legend.borderpad": 0.3,
    "legend.labelspacing": 0.3,
    "legend.handlelength": 1.8,
    "legend.borderaxespad": 0.4,
    "axes.prop_cycle": cycler(color=CYCLE),
    "axes.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "hatch.linewidth": 0.4,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "figure.dpi": 150,
    "figure.constrained_layout.w_pad": 0.03,
    "figure.constrained_layout.h_pad": 0.03,
    # TrueType outlines: journals refuse Type 3 fonts
    "pdf.fonttype": 42,
}


_MATHEMATICS = re.compile(r"(?<!\\)\$(?:\\.|[^$\\])*\$")
_MOMENT = re.compile(r"\bmu_nu(e|mu|tau)\b")
"""Moment of one flavour, as datasets are named."""


def printed(text: str) -> str:
    """Return a label as it is typeset: a dataset ``mu_numu`` as a moment, and primes as STIX needs them.

    The prime of STIX is raised already, and a dot if raised again.
    """
    text = _MOMENT.sub(
        lambda found: rf"$\mu_{{\nu_{{{'e' if found[1] == 'e' else chr(92) + found[1]}}}}}$", text
    )
    return _MATHEMATICS.sub(lambda found: found[0].replace("'", r"\prime "), text)


@contextmanager
def style() -> Iterator[None]:
    """Draw as for a journal page, whatever the user's matplotlibrc says; settings are restored at the end."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield


def colour(name: str) -> str:
    """Return the colour of an experiment, or of several joined with '+': the same in every figure and run.

    Parameters
    ----------
    name : str
        As in the column `leading_experiment`: ``meg2``, ``meg2+na64``, ``range``, empty where unknown. The
        order of joined names does not matter.

    Returns
    -------
    str
        Hexadecimal RGB.
    """
    name = "+".join(sorted(name.split("+")))
    if name in _FIXED:
        return _FIXED[name]
    # hash() differs from process to process
    return _OTHERS[crc32(name.encode()) % len(_OTHERS)]


def colours(names: list[str]) -> dict[str, str]:
    """Return a colour for each name, all different while colours last: `colour` where it is not yet taken."""
    chosen: dict[str, str] = {}
    for name in sorted(names, key=lambda n: (n not in _FIXED, n)):
        taken = set(chosen.values())
        free = [c for c in (colour(name), *_OTHERS) if c not in taken and _LIKE.get(c) not in taken]
        chosen[name] = free[0] if free else colour(name)
    return chosen


def save(fig: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG (200 dpi) and PDF, each first under a temporary name and then renamed.

    Nothing written depends on the time, so the same figure gives the same bytes.

    Parameters
    ----------
    stem : Path
        Path without suffix; missing folders are made.

    Returns
    -------
    list of Path
        The PNG and the PDF.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix, metadata in (("png", {"Software": None}), ("pdf", {"CreationDate": None})):
        target = stem.parent / f"{stem.name}.{suffix}"
        temporary = stem.parent / f".{stem.name}.{suffix}.tmp"
        try:
            with style(), temporary.open("wb") as stream:
                fig.savefig(stream, format=suffix, dpi=200, metadata=metadata)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        written.append(target)
    return written
