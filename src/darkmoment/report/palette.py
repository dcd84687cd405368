"""Colours of experiments and variants: those of the figures, and lighter ones where the page is dark."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.colors import to_hex, to_rgb

from darkmoment.plots.style import CYCLE, colours

_DARK_PAGE = "#14171c"
_CONTRAST = 4.0


class Palette:
    """Colours in use on a page, each a CSS variable with a value for light and for dark."""

    def __init__(self) -> None:
        self._used: dict[str, str] = {}

    def css(self, colour: str) -> str:
        """Return a colour as CSS uses it; what matplotlib cannot read is taken as grey."""
        try:
            colour = to_hex(_CYCLE.get(colour, colour))
        except ValueError:
            colour = "#777777"
        return f"var({self._used.setdefault(colour, f'--k{len(self._used)}')})"

    def experiments(self, names: Sequence[str]) -> dict[str, str]:
        """Return the colour of each leading experiment, as the figures have it."""
        ordered = ["+".join(sorted(name.split("+"))) for name in names]
        found = colours(list(dict.fromkeys(ordered)))
        return {name: self.css(found[key]) for name, key in zip(names, ordered, strict=True)}

    def cycle(self, k: int) -> str:
        """Return the colour of the k-th curve."""
        return self.css(CYCLE[k % len(CYCLE)])

    def style(self) -> str:
        """Return the CSS that defines every colour in use."""
        light = "".join(f"{name}:{colour};" for colour, name in self._used.items())
        dark = "".join(f"{name}:{lightened(colour)};" for colour, name in self._used.items())
        if not light:
            return ""
        return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


_CYCLE = {f"C{k}": colour for k, colour in enumerate(CYCLE)}


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lightened(colour: str) -> str:
    """Return a colour mixed with white until it is seen well on a dark page."""
    for k in range(20):
        share = k / 20
        red, green, blue = (c + (1 - c) * share for c in to_rgb(colour))
        mixed = to_hex((red, green, blue))
        if contrast(mixed, _DARK_PAGE) >= _CONTRAST:
            return mixed
    return "#ffffff"
