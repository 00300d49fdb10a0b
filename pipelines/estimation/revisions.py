"""How figures of a week were revised from flash to final, and what that says about the next flash (9)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.estimation.arrays import Floats

WEEKS = 26  # looked back on
MIN_WEEKS = 8  # with fewer pairs of vintages nothing is said about how often a flash holds
INSIDE_SHARE = 0.90  # of the flash intervals that must hold the final value


@dataclass(frozen=True)
class RevisionStatistics:
    """weeks: pairs of vintages looked at. mean_absolute, mean: of final - flash, in units of the figure; mean is the
    sign (above zero: flashes were too low). relative: mean_absolute over the mean final value. inside: share of finals
    inside the interval of their flash; widen: factor by which a flash interval is widened, 1 where flashes hold. All
    but weeks and widen are None without a pair."""

    weeks: int
    mean_absolute: float | None
    mean: float | None
    relative: float | None
    inside: float | None
    widen: float


def revision_statistics(pairs: pd.DataFrame) -> RevisionStatistics:
    """Statistics of the last WEEKS pairs of one figure.

    pairs: one row per week that has both: week, flash_value, flash_low, flash_high, final_value; rows with a missing
    value are left out. flash_low and flash_high are as computed, before any widening: else a flash that was widened
    once would call off its own widening.
    """
    columns = ["flash_value", "flash_low", "flash_high", "final_value"]
    known = pairs.dropna(subset=columns).sort_values("week").tail(WEEKS)
    if known.empty:
        return RevisionStatistics(0, None, None, None, None, 1.0)
    flash, low, high, final = (known[name].to_numpy(dtype=float) for name in columns)
    change, level = final - flash, float(np.abs(final).mean())
    inside = float(((low <= final) & (final <= high)).mean())
    size = float(np.abs(change).mean())
    relative = size / level if level > 0 else None
    return RevisionStatistics(len(known), size, float(change.mean()), relative, inside, _widen(flash, low, high, final))


def _widen(flash: Floats, low: Floats, high: Floats, final: Floats) -> float:
    """The observed ratio: by how much the intervals would have had to be wider for 90 % of the finals to lie inside."""
    inside: NDArray[np.bool_] = (low <= final) & (final <= high)
    if len(flash) < MIN_WEEKS or inside.mean() >= INSIDE_SHARE:
        return 1.0
    half = np.where(final >= flash, high - flash, flash - low)
    needed = np.abs(final - flash) / np.maximum(half, 1e-12)
    return float(max(1.0, np.quantile(needed, INSIDE_SHARE, method="inverted_cdf")))


def widened(value: float, low: float, high: float, factor: float, most: float | None = None) -> tuple[float, float]:
    """The interval with both sides `factor` times as long; not below 0, not above `most` where that is given."""
    below, above = max(0.0, value - factor * (value - low)), value + factor * (high - value)
    return below, above if most is None else min(above, most)


def widened_draws(draws: Floats, value: float, factor: float, most: float) -> Floats:
    """The draws as far from the value again: their interval is that of `widened`."""
    return draws if factor == 1.0 else np.clip(value + factor * (draws - value), 0.0, most)
