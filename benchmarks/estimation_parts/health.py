"""When a crawl counts (S21): runs with noise, a loss, and a lasting shift, through the project's own health check."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from estimation_parts.checks import Reached, Run, above, at_most, check, within
from monitor.health import check as check_health
from monitor.marketplaces import Bounds, catalogue

SHOPS, BEFORE, AFTER = 2_000, 8, 8  # shops of the marketplace; runs before and after something happens
LOST = 0.30
ENTRY = replace(catalogue()["rumah_sikum"], expected_shops=Bounds(1, 10 * SHOPS))


@dataclass(frozen=True)
class _Info:
    kind: str = "crawl"
    sandbox: bool = False


def _stats(count: int) -> dict[str, Any]:
    return {
        "finish_reason": "finished",
        "shop_count": count,
        "units": {"planned": 10, "done": 10},
        "responses": {"total": 100, "refused": 0},
    }


def runs(counts: Iterable[int]) -> list[bool]:
    """Which of the runs were healthy, each judged by those before it."""
    history: list[dict[str, Any]] = []
    for count in counts:
        stats = _stats(int(count))
        verdict = check_health(_Info(), stats, ENTRY, history)
        history.append({"kind": "crawl", "health": verdict.health, "cause": verdict.cause, "stats": stats})
    return [row["health"] == "healthy" for row in history]


def _counts(rng: np.random.Generator, noise: float, level: float, number: int) -> list[int]:
    return [max(1, round(float(x))) for x in SHOPS * level * (1 + noise * rng.normal(size=number))]


def noisy(rng: np.random.Generator, noise: float) -> tuple[float, float]:
    """Share of false alarms among runs after the first eight: by the check, and by a band of 4 MAD."""
    counts = _counts(rng, noise, 1.0, BEFORE + AFTER)
    alarms = 1 - sum(runs(counts)[BEFORE:]) / AFTER
    accepted, naive = counts[:2], 0
    for at, count in enumerate(counts[2:], 2):
        last = accepted[-BEFORE:]
        middle = statistics.median(last)
        if abs(count - middle) <= 4 * statistics.median(abs(one - middle) for one in last):
            accepted.append(count)
        else:
            naive += at >= BEFORE
    return alarms, naive / AFTER


def shifted(rng: np.random.Generator, noise: float) -> tuple[float, ...]:
    """Was the loss noticed at once; if so, was the new level accepted with the second run, and at last."""
    counts = _counts(rng, noise, 1.0, BEFORE) + _counts(rng, noise, 1 - LOST, AFTER)
    healthy = runs(counts)[BEFORE:]
    return float(not healthy[0]), float(healthy[1]), float(healthy[-1])


@check("S21", "health of crawls: false alarms, a loss of 30%, a lasting shift")
def health(run: Run) -> Iterable[Reached]:
    for noise, most, said in ((0.02, 1.0, "0.0%"), (0.05, 1.0, "0.3%")):
        found = 100 * run.simulate(partial(noisy, noise=noise), "S21", "noise", f"{noise:g}").mean(axis=0)
        yield at_most(f"noise {noise:.0%}: false alarms", round(float(found[0]), 2), most, said=said)
        yield above(f"noise {noise:.0%}: band of 4 MAD", float(found[1]), 10, said="24%", must_fail=True)
    found = run.simulate(partial(shifted, noise=0.05), "S21", "shift")
    caught = found[:, 0] > 0
    yield within("noise 5%: loss of 30% noticed at once", 100 * float(caught.mean()), 90, 100, said="94%")
    second = 100 * float(found[caught, 1].mean())
    yield within("lasting shift accepted with the second run", second, 90, 100, said="within 15% of each other")
    yield within("lasting shift accepted at last", 100 * float(found[caught, 2].mean()), 99, 100)
