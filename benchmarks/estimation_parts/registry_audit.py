"""Check of the yearly audit (the method's 10.3): the share that is alive, and presence per alive business."""

from collections.abc import Iterable
from functools import partial

import numpy as np
import pandas as pd

from estimation_parts.checks import Reached, Run, at_most, check, coverage_band, covered, points
from estimation_parts.worlds import AREA_SHARES, REGISTRY
from pipelines.estimation.audit import alive_draws, alive_share, per_alive_draws

ALIVE, UNREACHED, PER_AREA = 0.8, 0.15, 50
PRESENT, ERROR = 16_000, 0.16 / 1.96  # groups present; relative standard error of their estimate: +-16 %


def audit_world(rng: np.random.Generator) -> tuple[float, ...]:
    """True share alive, low, high; true share present per alive business, low, high, relative half-width."""
    areas = [f"{code:02d}" for code in range(len(AREA_SHARES))]
    groups = pd.Series(np.round(REGISTRY * np.array(AREA_SHARES)).astype(int), index=areas)
    rates = rng.beta(20 * ALIVE, 20 * (1 - ALIVE), len(areas))
    alive = rng.random((len(areas), PER_AREA)) < rates[:, None]
    reached = rng.random(alive.shape) > UNREACHED
    outcome = np.where(reached, np.where(alive, "alive", "closed"), "not_reached")
    chance = np.repeat(PER_AREA / groups.to_numpy(), PER_AREA)
    audits = pd.DataFrame({"area": np.repeat(areas, PER_AREA), "outcome": outcome.ravel(), "inclusion_prob": chance})
    share = alive_draws(alive_share(audits, groups), rng)
    estimate = rng.normal(PRESENT, PRESENT * ERROR)
    present = np.maximum(rng.normal(estimate, PRESENT * ERROR, len(share)), 0)
    low, high = points(per_alive_draws(present, share, REGISTRY))
    true_share = float(groups @ rates / groups.sum())
    truth = PRESENT / (true_share * REGISTRY)
    return (true_share, *points(share), truth, low, high, (high - low) / 2 / truth)


@check("10.3", "the registry audit: 50 groups in each of 8 kab/kota, 15% not reached")
def audit(run: Run) -> Iterable[Reached]:
    found = run.simulate(partial(audit_world), "audit")
    alive = covered(found[:, 1], found[:, 2], found[:, 0])
    yield coverage_band(run, "share alive", alive, high=97.0, said="93.0-94.2")
    present = covered(found[:, 4], found[:, 5], found[:, 3])
    yield coverage_band(run, "present per alive business", present, high=97.0, said="94.4-95.1")
    width = round(100 * float(found[:, 6].mean()), 1)
    yield at_most("its half-width where that of Y is 16%", width, 18, said="17")
