"""Local searches of many cells in step, each from a start of its own; with hops between knots of curves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import inf
from typing import Any

from darkmoment.fit import Fit
from darkmoment.inference.charts import CHARTS
from darkmoment.inference.climb import ITERATIONS, Differentiate, climb, descend
from darkmoment.inference.hop import hop
from darkmoment.inference.lockstep import lockstep
from darkmoment.inference.problem import Problem, View, differentiate_all
from darkmoment.parameters import Array

HOPS = 2
"""How often a climb hops to another knot of a curve and goes on."""

HOPPING, HOPPED = 60, 30
"""Iterations of a climb that hops, before and after: most arrive in fewer, few would dither on. Points handed
over are given all they need."""

_NEARLY = 3.0


def search_locally(fit: Fit, items: Sequence[dict[str, Any]]) -> list[tuple[Array, float]]:
    """Run local searches in step, each of a cell of its own; return their points and scores."""
    keys = ("quantity", "held", "target", "scale", "least", "chart")
    problems = [Problem(fit, **{key: item[key] for key in keys}) for item in items]

    def answer_all(asked: list[tuple[int, Array]]) -> list[tuple[View, View]]:
        return differentiate_all([problems[i] for i, _ in asked], [u for _, u in asked])

    def job(i: int, differentiate: Differentiate, begin: Array | None = None) -> tuple[Array, float]:
        start, allowance = items[i]["start"] if begin is None else begin, items[i]["allowance"]
        if allowance is None:
            lowest = descend(problems[i], start, differentiate)
            return problems[i].box(lowest.u[None, :])[0], -lowest.value
        iterations = (HOPPING if begin is None else HOPPED) if items[i]["brief"] else ITERATIONS
        highest = climb(problems[i], start, allowance, differentiate, iterations)
        return problems[i].box(highest.u[None, :])[0], highest.value

    ends = lockstep([partial(job, i) for i in range(len(items))], answer_all)
    moving = list(range(len(items)))
    for _ in range(HOPS):
        hopped = {i: _hopped(problems[i], items[i], ends[i]) for i in moving}
        begin = {i: v for i, v in hopped.items() if v is not None}
        moving = list(begin)

        def answer_some(
            asked: list[tuple[int, Array]], moving: list[int] = moving
        ) -> list[tuple[View, View]]:
            return answer_all([(moving[k], u) for k, u in asked])

        again = lockstep([partial(job, i, begin=v) for i, v in begin.items()], answer_some)
        for i, end in zip(moving, again, strict=True):
            ends[i] = max(ends[i], end, key=lambda arrival: arrival[1])
    return ends


def _hopped(problem: Problem, item: dict[str, Any], end: tuple[Array, float]) -> Array | None:
    """Return where to climb on from, on another knot of a curve; None where that promises nothing."""
    u, score = end
    if not item["hops"] or item["allowance"] is None:
        return None
    box = problem.charted("")
    if score == -inf:
        # missed by little: a fresh start from there may get in
        there = u if box.view(u[None, :]).chi2[0] < _NEARLY * item["allowance"] else None
    else:
        there = hop(box, u, item["allowance"])
    if there is None or not problem.chart:
        return there
    return CHARTS[problem.chart].coordinates(problem.free, there)
