"""What a second week costs when 2 % of the shops have changed: scoring time against the first week's, in process."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from pipelines.linkage.incremental import Scored, score_week
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.model import load_model
from pipelines.linkage.score import alone, together
from pipelines.linkage.threads import processors

CHANGED = 0.02
Frames = tuple[pd.DataFrame, pd.DataFrame]


def changed(shops: pd.DataFrame, listings: pd.DataFrame, seed: int = 7) -> Frames:
    """The same shops a week later: one in fifty has another name and another first listing."""
    rng = np.random.Generator(np.random.PCG64(seed))
    renamed = rng.random(len(shops)) < CHANGED
    keys = pd.MultiIndex.from_frame(shops.loc[renamed, ["marketplace", "shop_id"]])
    goods = pd.MultiIndex.from_frame(listings[["marketplace", "shop_id"]])
    first = goods.isin(keys) & ~goods.duplicated()
    later = shops.assign(name=shops["name"].where(~renamed, shops["name"].fillna("") + " Baru"))
    return later, listings.assign(title=listings["title"].where(~first, listings["title"] + " Baru"))


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


def measure(shops: pd.DataFrame, listings: pd.DataFrame, index: RegistryIndex) -> dict[str, float]:
    """first, second: seconds; share: second by first."""
    model = load_model()

    def own(some: pd.DataFrame, goods: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
        return alone(some, goods, index, model, processors())

    def week(frames: Frames, before: Scored | None) -> Scored:
        scored = score_week(*frames, own, "benchmark", before, processors())
        together(scored.pairs, scored.siblings, model, index.weights.decision.floor, scored.inputs)
        return scored

    one, two = (shops, listings), changed(shops, listings)
    first, scored = _timed(lambda: week(one, None))
    second, _ = _timed(lambda: week(two, scored))
    return {"first": first, "second": second, "share": second / first}
