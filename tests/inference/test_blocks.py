"""Finished pieces on disk: they come back to the last bit, or are noticed to be damaged."""

import json

import numpy as np
import pytest

from darkmoment.files import write_whole
from darkmoment.fit import Fit
from darkmoment.inference.blocks import Blocks, PlainError, decode, encode, key_of
from darkmoment.inference.chunks import ChunkedCrew, divided
from tests.inference.works import chi2_at, fail_at, layouts

VALUES = [
    *(
        None,
        True,
        False,
        0,
        -1,
        2**127,
        0.1,
        -0.0,
        5e-324,
        float("inf"),
        "",
        "µ → e γ",
        'quo"te\n',
        b"\x00\xff",
    ),
    *(np.float64(0.1), np.float32(0.1), np.int64(-3), np.bool_(True), np.str_("meg2"), np.str_("")),
    *([], (), {}, [1, [2.0, (None, "x")]], ("a", ["b"]), {"a": {"b": (1, 1.0, True)}, 3: [4]}),
    *(np.array(1.5), np.arange(5), np.empty((0, 3)), np.array([True, False]), np.array(["a", "bcd"])),
    *(np.arange(6, dtype=np.float32).reshape(2, 3), np.array([1 + 2j]), np.arange(12.0)[::3]),
]


def alike(a, b):
    """Equal in type, bits and, for arrays, layout as well."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(map(alike, a.values(), b.values()))
    if isinstance(a, np.ndarray):
        same = a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        return same and (a.flags.c_contiguous or not a.flags.f_contiguous or b.flags.f_contiguous)
    return repr(a) == repr(b) and (not isinstance(a, np.generic) or a.dtype == b.dtype)


@pytest.mark.parametrize("value", VALUES, ids=lambda v: f"{type(v).__name__}-{str(v)[:12]!r}")
def test_every_plain_value_comes_back(value):
    assert alike(decode(encode(value)), value)
    assert alike(decode(encode([value, {"x": (value,)}])), [value, {"x": (value,)}])


def test_random_bits_come_back():
    seed = 23
    print(f"seed {seed}")
    bits = np.random.default_rng(seed).integers(0, 2**64, 4000, dtype=np.uint64)
    x = bits.view(np.float64)  # NaN of every kind among them
    back = decode(encode({"x": x, "each": [float(v) for v in x]}))
    assert (back["x"].view(np.uint64) == bits).all()
    own = np.array([float(v) for v in x]).view(np.uint64)
    assert (np.array(back["each"]).view(np.uint64) == own).all()
    back["x"][0] = 1.0  # and can be written to


def test_layouts_come_back():
    grid = np.arange(24.0).reshape(4, 6)
    back = decode(encode([grid, np.asfortranarray(grid), grid[::2, 1::2]]))
    assert [a.flags.c_contiguous for a in back] == [True, False, True]
    assert back[1].flags.f_contiguous
    for a, b in zip(back, [grid, grid, grid[::2, 1::2]], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("value", [{1, 2}, object(), np.array([None]), {"a": [lambda: 0]}, range(3), 1j])
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(PlainError, match="is not plain"):
        encode(value)


def test_keys_know_types_but_not_order():
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    grid = np.arange(6.0).reshape(2, 3)
    assert key_of(grid) == key_of(np.asfortranarray(grid))
    different = [1, 1.0, True, "1", [1], (1,), np.int64(1), np.array(1), np.array([1]), None, {"1": 1}]
    assert len({key_of(value) for value in different}) == len(different)
    assert key_of("ab", "c") != key_of("a", "bc")
    assert key_of([grid, grid[0]]) != key_of([grid[0], grid])


# --- a folder of blocks -----------------------------------------------------------------------------------


@pytest.fixture
def fit(tiny):
    return Fit.load(tiny)


def items(n, **more):
    return [{"x": 10.0 ** -(2 + i / 4), **more} for i in range(n)]


def done(log):
    """Return the items done since the last question."""
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [float(line.split()[0]) for line in lines]


def test_what_is_kept_is_not_done_again_however_it_is_divided(fit, tmp_path):
    log = tmp_path / "log"
    asked = items(7, log=str(log))
    plain = ChunkedCrew().run(chi2_at, fit, asked, 7)
    assert len(done(log)) == 7
    first = ChunkedCrew(Blocks(tmp_path / "blocks")).run(chi2_at, fit, asked[2:5], 2)
    assert len(done(log)) == 3
    assert alike(first, plain[2:5])
    heard = []
    again = ChunkedCrew(Blocks(tmp_path / "blocks"))
    found = again.run(chi2_at, fit, asked, 3, lambda *report: heard.append(report))
    assert done(log) == [float(f"{asked[i]['x']:g}") for i in (0, 1, 5, 6)]
    assert alike(found, plain)
    assert heard == [(3, 7), (5, 7), (7, 7)]
    assert alike(ChunkedCrew(Blocks(tmp_path / "blocks")).run(chi2_at, fit, asked[::-1], 1), plain[::-1])
    assert done(log) == []
    again.blocks.remove()
    assert not (tmp_path / "blocks").exists()
    assert alike(again.run(chi2_at, fit, asked, 4), plain)


def test_another_fit_work_or_code_is_not_mixed_up(fit, tmp_path):
    log = tmp_path / "log"
    asked = items(2, log=str(log))
    ChunkedCrew(Blocks(tmp_path / "b", "1")).run(chi2_at, fit, asked, 2)
    done(log)
    for work, other, salt in [
        (chi2_at, fit, "2"),
        (fail_at, fit, "1"),
        (chi2_at, fit.holding({"y": 0.05}), "1"),
        (chi2_at, fit.pinned({"m_dark_photon": 0.05}), "1"),
        (chi2_at, fit.without("na64"), "1"),
        (chi2_at, fit.using("printed"), "1"),
    ]:
        ChunkedCrew(Blocks(tmp_path / "b", salt)).run(work, other, asked, 2)
        assert len(done(log)) == 2
        ChunkedCrew(Blocks(tmp_path / "b", salt)).run(work, other, asked, 2)
        assert done(log) == []


def test_a_result_read_has_the_layout_of_one_computed(fit, tmp_path):
    fresh = ChunkedCrew(Blocks(tmp_path / "b")).run(layouts, fit, [1])
    kept = ChunkedCrew(Blocks(tmp_path / "b")).run(layouts, fit, [1])
    for a, b in zip(fresh[0], kept[0], strict=True):
        assert a.strides == b.strides


@pytest.mark.parametrize("harm", ["cut", "empty", "flipped", "foreign", "folder"])
def test_a_damaged_block_is_computed_again_with_a_note(fit, tmp_path, harm):
    log = tmp_path / "log"
    asked = items(6, log=str(log))
    folder = tmp_path / "blocks"
    whole = ChunkedCrew(Blocks(folder)).run(chi2_at, fit, asked, 2)
    done(log)
    victim = sorted(folder.iterdir())[1]
    data = victim.read_bytes()
    victim.unlink()
    if harm == "folder":
        victim.mkdir()
    else:
        flipped = bytearray(data)
        flipped[len(data) // 2] ^= 4
        victim.write_bytes({"cut": data[:-3], "empty": b"", "flipped": bytes(flipped)}.get(harm, b"PNG" * 50))
    notes = []
    crew = ChunkedCrew(Blocks(folder, note=notes.append))
    if harm == "folder":
        victim.rmdir()
    assert alike(crew.run(chi2_at, fit, asked, 2), whole)
    assert len(done(log)) == 2
    assert len(notes) == 1
    assert str(victim) in notes[0]
    assert "computed again" in notes[0]
    after = []
    assert alike(ChunkedCrew(Blocks(folder, note=after.append)).run(chi2_at, fit, asked, 6), whole)
    assert (done(log), after) == ([], [])


def test_damage_while_a_run_goes_on(fit, tmp_path):
    asked, notes = items(4), []
    crew = ChunkedCrew(Blocks(tmp_path / "b", note=notes.append))
    whole = crew.run(chi2_at, fit, asked, 2)
    victim = min((tmp_path / "b").iterdir())
    victim.write_bytes(victim.read_bytes()[:50])
    assert alike(crew.run(chi2_at, fit, asked, 2), whole)
    assert len(notes) == 1
    assert alike(crew.run(chi2_at, fit, asked, 2), whole)
    assert len(notes) == 1


def test_what_was_done_before_a_failure_is_kept(fit, tmp_path):
    log = tmp_path / "log"
    asked = items(5, log=str(log))
    asked[3]["bad"] = True
    for _ in range(2):
        crew = ChunkedCrew(Blocks(tmp_path / "b"))
        with pytest.raises(RuntimeError, match=r"na64 returned NaN as chi2, at epsilon = 0\.00177828"):
            crew.run(fail_at, fit, asked, 1)
        found = done(log)
    assert found == [float(f"{asked[3]['x']:g}")]


def test_chunks_are_even():
    for n in (0, 1, 5, 128, 129, 1000):
        for together in (1, 7, 128):
            for hands in (1, 2, 3):
                chunks = divided(range(n), together, hands)
                assert [i for chunk in chunks for i in chunk] == list(range(n))
                sizes = [len(chunk) for chunk in chunks]
                assert not sizes or (max(sizes) <= together and max(sizes) - min(sizes) <= 1 and min(sizes))
                if n >= hands:
                    assert len(chunks) % hands == 0 or max(sizes) == 1


# --- files and fits ---------------------------------------------------------------------------------------


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "t.json"
    write_whole(target, b"1")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*t\.json'"):
        write_whole(target, b"2")
    assert [p.name for p in tmp_path.iterdir()] == ["t.json"]
    assert target.read_bytes() == b"1"


def test_a_fit_travels(fit, tiny):
    import pickle

    points = {"epsilon": np.geomspace(1e-6, 1e-3, 5)}
    for one in (fit, fit.holding({"y": 0.3}), fit.pinned({"m_dark_photon": 0.03}), fit.without("meg2")):
        other = pickle.loads(pickle.dumps(one))
        assert other.identity == one.identity
        assert other.terms == one.terms
        assert [p.name for p in other.free] == [p.name for p in one.free]
        assert other.chi2(points).tobytes() == one.chi2(points).tobytes()
        assert pickle.loads(pickle.dumps(other)).identity == one.identity
    twice = fit.pinned({"m_dark_photon": 0.03}).pinned({"epsilon": 1e-4})
    assert twice.identity == fit.pinned({"epsilon": 1e-4, "m_dark_photon": 0.03}).identity
    assert fit.pinned({}).identity == fit.identity
    # what is no physics does not make another fit; the order of experiments is the order of columns
    text = tiny.read_text()
    tiny.write_text(text.replace("points: 2", "points: 5").replace("name: tiny", "name: tiny\nseed: 5"))
    assert Fit.load(tiny).identity == fit.identity
    tiny.write_text(text.replace("  meg2: {}\n  na64: {}", "  na64: {}\n  meg2: {}"))
    assert Fit.load(tiny).identity != fit.identity


def test_a_fit_with_experiments_put_in_by_hand_takes_them_along(fit):
    import pickle

    plain = fit.identity
    fit.experiments = {"na64": Fit.load("paper").experiments["na64"]}
    fit.terms, fit.hard = ("na64",), fit.hard[1:]
    other = pickle.loads(pickle.dumps(fit))
    assert other.terms == ("na64",)
    assert other.experiments["na64"].dataset == fit.experiments["na64"].dataset
    assert len({plain, fit.identity}) == 2
    json.dumps(other.identity)
