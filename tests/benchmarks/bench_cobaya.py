"""Time per point of the log posterior, beside the same likelihood called by cobaya.

    python tests/benchmarks/bench_cobaya.py [--rounds N] [--seed N]      (needs the extra `bench`)

The fit is the shipped `global`, variant `general`: five experiments, every parameter free. cobaya gets the
set-up that suits it best: one external likelihood that hands a point straight to the same code, and
coordinates in which the prior is flat. It asks for one point at a time, as its samplers do; darkmoment is
timed point by point as well, and in batches. All must give the same number at every point.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from darkmoment import Fit

SEED = 20260326
ROUNDS = 15
CALLS = 200
"""Points per round that are asked for one at a time."""

BATCHES = (256, 16384)
LEAST_RATIO = 20.0
AGREEMENT = 1e-9

SCALAR, COBAYA, EMPTY = "darkmoment, one point", "cobaya", "cobaya, likelihood that returns 0"


class Ours:
    """The log posterior in the unit box, where the prior of this fit is flat."""

    def __init__(self, fit: Fit) -> None:
        if any(p.prior.kind not in ("uniform", "log_uniform") for p in fit.free):
            raise SystemExit("this benchmark wants priors that are flat in a parameter's own coordinate")
        self.fit = fit
        self.names = [p.name for p in fit.free]

    def __call__(self, u: np.ndarray) -> np.ndarray:
        """Return it at u, shape (n, d)."""
        points = {p.name: p.from_unit(u[:, i]) for i, p in enumerate(self.fit.free)}
        return -0.5 * self.fit.total_chi2(points)

    def one(self, **u: float) -> float:
        """Return it at one point, as cobaya hands it over."""
        points = {p.name: p.from_unit(np.array([u[p.name]])) for p in self.fit.free}
        return -0.5 * float(self.fit.total_chi2(points)[0])


def cobaya_model(names: list[str], likelihood: Callable[..., float]) -> Any:
    """Return cobaya's model of a likelihood of these parameters, each flat in [0, 1]."""
    from cobaya.model import get_model

    return get_model(
        {
            "params": {name: {"prior": {"min": 0.0, "max": 1.0}} for name in names},
            "likelihood": {"all_experiments": {"external": likelihood, "input_params": list(names)}},
            "stop_at_error": True,
            "debug": logging.ERROR,
        }
    )


def measure(seed: int, rounds: int) -> tuple[dict[str, list[float]], float]:
    """Return seconds per point, a list over the rounds for each way to ask, and the largest disagreement."""
    ours = Ours(Fit.load("global", "general"))
    rng = np.random.default_rng(seed)
    model = cobaya_model(ours.names, ours.one)
    empty = cobaya_model(ours.names, lambda **u: 0.0)
    seconds: dict[str, list[float]] = {}
    worst = 0.0
    for _ in range(rounds):
        u = rng.random((max(BATCHES), len(ours.names)))
        few = u[:CALLS]
        expected = ours(few)
        found: dict[str, list[float]] = {}
        for name, points, ask in _ways(ours, model, empty, u, few):
            start = perf_counter()
            found[name] = ask()
            seconds.setdefault(name, []).append((perf_counter() - start) / points)
        for name in (SCALAR, COBAYA):
            worst = max(worst, float(np.abs(np.array(found[name]) / expected - 1).max()))
    return seconds, worst


def _ways(
    ours: Ours, model: Any, empty: Any, u: np.ndarray, few: np.ndarray
) -> Iterator[tuple[str, int, Callable[[], list[Any]]]]:
    """Yield each way to ask: its name, how many points it asks for, and the asking."""
    for n in BATCHES:
        repeat = max(1, 4096 // n)
        yield f"darkmoment, batch {n}", n * repeat, partial(_again, repeat, ours, u[:n])
    yield SCALAR, len(few), lambda: [float(ours(row[None])[0]) for row in few]
    yield COBAYA, len(few), lambda: [model.logpost(row) for row in few]
    yield EMPTY, len(few), lambda: [empty.logpost(row) for row in few]


def _again(repeat: int, ask: Callable[[np.ndarray], np.ndarray], u: np.ndarray) -> list[np.ndarray]:
    return [ask(u) for _ in range(repeat)]


def report(seed: int = SEED, rounds: int = ROUNDS) -> None:
    """Measure, print, and assert what does not depend on the machine's mood."""
    from importlib.metadata import version

    seconds, worst = measure(seed, rounds)
    print(
        f"log posterior of `global`, variant general; seed {seed}, {rounds} rounds, wall clock, one process"
    )
    print(f"cobaya {version('cobaya')}, {CALLS} points a round; largest disagreement {worst:.1e}")
    print(f"{'microseconds per point':<36}{'median':>12}{'min':>12}{'max':>12}")
    for name, found in seconds.items():
        print(f"{name:<36}{1e6 * np.median(found):12.3f}{1e6 * min(found):12.3f}{1e6 * max(found):12.3f}")
    print(f"\n{'cobaya slower than':<36}{'median':>12}{'min':>12}{'max':>12}")
    ratio = {}
    for name in seconds:
        if name.startswith("darkmoment"):
            each = np.divide(seconds[COBAYA], seconds[name])
            ratio[name] = float(np.median(each))
            print(f"{name:<36}{ratio[name]:12.1f}{each.min():12.1f}{each.max():12.1f}")
    largest = f"darkmoment, batch {max(BATCHES)}"
    print(f"\n{'MET' if ratio[largest] >= LEAST_RATIO else 'NOT MET'} {LEAST_RATIO:g} x, {largest}")
    assert worst <= AGREEMENT
    assert ratio[largest] >= LEAST_RATIO


def test_a_batch_is_twenty_times_faster_than_cobaya() -> None:
    import pytest

    pytest.importorskip("cobaya", reason="the extra `bench` is not installed")
    report()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="time per point beside cobaya")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    report(arguments.seed, arguments.rounds)
