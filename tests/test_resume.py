"""What a finished run says does not change when it is taken up again, whatever its variants are called."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkmoment.inference.profile import profile
from darkmoment.manifest import MANIFEST
from darkmoment.record import RunDirectory
from darkmoment.runfile.diagnostics import RunFileError
from darkmoment.runfile.loader import loads
from darkmoment.tasks.runner import run
from darkmoment.timing import TIMINGS


def listed(manifest: Path) -> list[str]:
    """Return the lines of a list of files; netCDF has other bytes with equal contents."""
    return [line for line in manifest.read_text().splitlines() if not line.endswith(".nc")]


def same_results(one: Path, other: Path) -> None:
    """Two run directories say the same, to the last digit."""
    import xarray

    names = {p.relative_to(one) for p in one.rglob("*") if p.is_file()}
    assert names == {p.relative_to(other) for p in other.rglob("*") if p.is_file()}
    assert names
    for name in sorted(names):
        if name.name == TIMINGS:
            continue
        if name.name == MANIFEST:
            assert listed(one / name) == listed(other / name)
        elif name.suffix in (".csv", ".json", ".yaml"):
            assert (one / name).read_bytes() == (other / name).read_bytes(), name
        elif name.suffix == ".nc":
            for group in ("posterior", "sample_stats"):
                found = [xarray.open_dataset(d / name, group=group, engine="h5netcdf") for d in (one, other)]
                with found[0], found[1]:
                    assert found[0].sizes
                    xarray.testing.assert_equal(*found)


def test_variants_called_like_numbers(tmp_path, tiny):
    text_of_tiny = tiny.read_text()
    text = text_of_tiny[: text_of_tiny.index("tasks:")]
    text += 'variants: [{label: "0.10"}, {label: "nan", parameters: {g_D: 0.4}}]\n'
    text += "tasks: [{compare: {along: m_dark_photon, points: 2, starts: 1}}]\n"
    file = loads(text, "tiny.yaml")
    first = run(file, tmp_path / "out")
    before = (tmp_path / "out" / "result.json").read_text()
    again = run(file, tmp_path / "out", resume=True)
    assert again.answers == first.answers
    assert (tmp_path / "out" / "result.json").read_text() == before
    assert [answer.split(":")[0] for answer in first.answers] == ["0.10", "nan"]


@pytest.mark.parametrize("name", ["summary", "record", "result", "run", "best_fit"])
def test_a_task_cannot_take_the_name_of_the_runs_own_files(tmp_path, tiny, name):
    text_of_tiny = tiny.read_text()
    text = text_of_tiny.replace("maximise: {along", f"maximise: {{name: {name}, along")
    with pytest.raises(RunFileError, match=rf"tiny.yaml:18: .*name '{name}' is taken"):
        run(loads(text, "tiny.yaml"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_tables_come_back_to_the_last_bit(tmp_path):
    seed = 17
    print(f"seed {seed}")
    x = np.exp(np.random.default_rng(seed).uniform(-300, 300, 2000))
    table = pd.DataFrame({"x": x, "label": ["1e3"] * 2000, "gap": np.where(x > 1, x, np.nan)})
    directory = RunDirectory(tmp_path / "out", {})
    directory.write_table("t", table, {"level": 0.9})
    back, about = directory.read_table("t")
    np.testing.assert_array_equal(back["x"], x)
    np.testing.assert_array_equal(back["gap"], table["gap"])
    assert set(back["label"]) == {"1e3"}
    assert about == {"level": 0.9}
    assert "text_columns" in json.loads((tmp_path / "out" / "t.json").read_text())


def test_a_profile_counted_from_what_is_not_certified_says_so_again(tmp_path, tiny, monkeypatch):
    text = tiny.read_text()
    text = text[: text.index("tasks:")] + "tasks: [{profile: {x: epsilon, points: 3, starts: 1}}]\n"

    def doubtful(*args, **options):
        return replace(profile(*args, **options), overall="uncertified")

    monkeypatch.setattr("darkmoment.tasks.profile.profile", doubtful)
    first = run(loads(text, "tiny.yaml"), tmp_path / "out")
    monkeypatch.undo()
    again = run(loads(text, "tiny.yaml"), tmp_path / "out", resume=True)
    assert [w for w in first.warnings if "smallest chi2 of all" in w]
    assert again.warnings == first.warnings
    assert again.certified is first.certified is False
