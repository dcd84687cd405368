"""A figure that keeps its style wherever it is shown or saved."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure

_DPI = 200


class Drawing(Figure):
    """A matplotlib Figure that is saved, and shown in notebooks, in the style it was drawn in.

    Some settings act only when a figure is written: outlines of letters that journals accept are one.
    """

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save as `matplotlib.figure.Figure.savefig` does, in the style of the figure."""
        from darkmoment.plots.style import style

        with style():
            super().savefig(fname, **options)

    def _repr_png_(self) -> bytes:
        """Return what a notebook shows, whether or not pyplot has been imported."""
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=_DPI)
        return stream.getvalue()
