import re
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from darkmoment.plots.axis import Axis
from darkmoment.plots.limit import limit_figure
from darkmoment.plots.style import CYCLE, RC, colour, colours, save, style


def test_settings_hold_inside_and_are_restored() -> None:
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 30}):
        with style():
            assert matplotlib.rcParams["font.size"] == RC["font.size"]
        assert matplotlib.rcParams["font.size"] == 30
    assert dict(matplotlib.rcParams) == before


def test_colours_do_not_depend_on_the_process() -> None:
    assert colour("na64") == "#0072B2"
    assert colour("meg2+na64") == "#56B4E9"
    assert colour("na64+meg2") == colour("meg2+na64")
    assert colour("charm") == "#1E6B7A"


def test_names_in_one_figure_have_different_colours() -> None:
    names = ["babar+meg2", "babar+na64", "meg2", "na64", "babar", "range", ""]
    assert colour(names[0]) == colour(names[1])
    chosen = colours(names)
    assert len(set(chosen.values())) == len(names)
    assert all(chosen[name] == colour(name) for name in ("meg2", "na64", "babar", "range", ""))
    assert len(set(CYCLE)) == 10


# what red, green and blue of linear light become without one kind of cone: Machado, Oliveira and Fernandes,
# IEEE Trans. Vis. Comput. Graph. 15 (2009) 1291, severity 1
SEEN = {
    "all": np.eye(3),
    "protanopia": [
        *([0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998])
    ],
    "deuteranopia": [
        *([0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881])
    ],
    "tritanopia": [
        *([1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900])
    ],
}


def lab(hexadecimal: str, sight: str) -> np.ndarray:
    """CIE 1976 L*a*b* of a colour as somebody sees it."""
    srgb = np.array(to_rgb(hexadecimal))
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.asarray(SEEN[sight]) @ linear, 0, 1)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750]]
    to_xyz.append([0.0193339, 0.1191920, 0.9503041])
    xyz = np.array(to_xyz) @ linear / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SEEN)
def test_experiments_are_told_apart_by_everybody(sight: str) -> None:
    """A difference of 2 is just noticed; 15 is told apart at a glance, in a thin line too."""
    scattering = ["xenonnt", "lz", "borexino", "gemma", "texono", "lsnd"]
    core = ["na64", "babar", "meg2", "g_minus_2"]
    seen = {name: lab(colour(name), sight) for name in (*scattering, *core)}
    apart = {(a, b): float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(seen, 2)}
    print(min(apart.items(), key=lambda item: item[1]))
    assert min(d for pair, d in apart.items() if set(pair) <= set(scattering)) > 22
    assert min(d for pair, d in apart.items() if not set(pair) <= set(core)) > 20
    assert min(apart.values()) > 16  # blue and green of Okabe and Ito for tritanopia


def test_a_colour_like_that_of_an_experiment_is_not_used_beside_it() -> None:
    assert colours(["meg2+na64"])["meg2+na64"] == "#56B4E9"
    assert colours(["lz", "meg2+na64"])["meg2+na64"] not in ("#56B4E9", colour("lz"))


def test_more_names_than_colours_still_get_one() -> None:
    names = [f"experiment_{i}" for i in range(40)]
    assert set(colours(names)) == set(names)


def test_png_and_pdf_are_the_same_bytes_twice(
    tmp_path: Path, table: pd.DataFrame, moment: Axis, mass: Axis
) -> None:
    fig = limit_figure(table, moment, mass, 0.90, "global")
    first = save(fig, tmp_path / "a" / "maximise_mu_eff")
    again = save(fig, tmp_path / "b" / "maximise_mu_eff")
    with matplotlib.rc_context({"font.family": "monospace", "axes.linewidth": 5, "savefig.dpi": 20}):
        anew = save(limit_figure(table, moment, mass, 0.90, "global"), tmp_path / "c" / "maximise_mu_eff")
    assert [p.name for p in first] == ["maximise_mu_eff.png", "maximise_mu_eff.pdf"]
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [
        "maximise_mu_eff.pdf",
        "maximise_mu_eff.png",
    ]
    for one, two, three in zip(first, again, anew, strict=True):
        assert one.read_bytes() == two.read_bytes() == three.read_bytes()
    assert first[0].read_bytes().startswith(b"\x89PNG")
    pdf = first[1].read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"CreationDate" not in pdf
    assert not re.search(rb"/Subtype\s*/Type3", pdf)


def test_a_stem_with_dots_keeps_them(tmp_path: Path) -> None:
    fig = Figure(figsize=(1, 1))
    assert [p.name for p in save(fig, tmp_path / "g_D_0.05")] == ["g_D_0.05.png", "g_D_0.05.pdf"]


def test_png_has_200_dots_per_inch(tmp_path: Path) -> None:
    png, _ = save(Figure(figsize=(3.4, 2)), tmp_path / "x")
    assert np.frombuffer(png.read_bytes()[16:24], ">u4").tolist() == [680, 400]


def test_a_failure_leaves_the_old_file_and_no_fragment(tmp_path: Path) -> None:
    class Broken(Figure):
        def savefig(self, fname: Any, **kwargs: Any) -> None:
            fname.write(b"half")
            raise OSError("disk full")

    old = save(Figure(figsize=(1, 1)), tmp_path / "x")
    before = [p.read_bytes() for p in old]
    with pytest.raises(OSError, match="disk full"):
        save(Broken(), tmp_path / "x")
    assert [p.read_bytes() for p in old] == before
    assert len(list(tmp_path.iterdir())) == 2
