"""The denominator: which share of the registry is alive, and presence per alive business (estimation 10.3, 2026-11)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pipelines.estimation.arrays import Floats, Ints, counts, same_length, sizes
from pipelines.estimation.detected import stratum_rates
from pipelines.estimation.seeds import DRAWS

OUTCOMES = ("alive", "closed", "moved_out", "not_umkm", "duplicate", "not_reached")


@dataclass(frozen=True)
class AliveShare:
    """By area, in the order of `areas`: groups in the registry, effective number checked, and share alive (NaN where
    nobody was reached). overall: sum N_r a_r / N, areas without a check at the rate of the others; None without any.
    """

    areas: tuple[str, ...]
    groups: Ints
    checked: Floats
    alive: Floats
    overall: float | None


def alive_share(audits: pd.DataFrame, groups: pd.Series, dead_if_unreached: bool = False) -> AliveShare:
    """The share of groups that are alive, by area.

    audits: one row an audited group: area, outcome (`OUTCOMES`), inclusion_prob, and optionally is_live (the group has
    a live shop, which counts as alive whatever the audit found). groups: by area, how many groups the registry has.
    dead_if_unreached: the lower end of the band, with every not_reached counted as dead; else they are left out.
    Raises ValueError for an outcome or area that is unknown.
    """
    unknown = sorted(set(audits["outcome"]) - set(OUTCOMES)) + sorted(set(audits["area"]) - set(groups.index))
    if unknown:
        raise ValueError(f"Unknown outcomes or areas in the audit: {', '.join(map(str, unknown))}.")
    live = audits["is_live"].to_numpy(dtype=bool) if "is_live" in audits else np.zeros(len(audits), dtype=bool)
    alive = live | (audits["outcome"] == "alive").to_numpy(dtype=bool)
    reached = alive | (audits["outcome"] != "not_reached").to_numpy(dtype=bool) | dead_if_unreached
    place = groups.index.get_indexer(audits["area"])[reached]
    weight = 1 / audits["inclusion_prob"].to_numpy(dtype=float)[reached]
    rate, checked = stratum_rates(place, alive[reached], weight, len(groups))
    there = counts("Groups", groups.to_numpy())
    return AliveShare(
        tuple(map(str, groups.index)),
        there,
        checked,
        np.where(checked > 0, rate, np.nan),
        _overall(rate, checked, there),
    )


def _overall(rate: Floats, checked: Floats, groups: Ints) -> float | None:
    known = np.where(checked > 0, groups, 0)
    return float(known @ rate / known.sum()) if known.sum() else None


def alive_draws(share: AliveShare, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """(draws,) of the share alive: sum N_r a_r / N, a_r from Beta(alive + 0.5, checked - alive + 0.5)."""
    rate = np.nan_to_num(share.alive)[:, None]
    checked = share.checked[:, None]
    each = rng.beta(checked * rate + 0.5, checked * (1 - rate) + 0.5, (len(rate), draws))
    result: Floats = share.groups @ each / max(int(share.groups.sum()), 1)
    return result


def per_alive_draws(present: ArrayLike, alive: Floats, size: int) -> Floats:
    """(draws,) of the share present per alive business: min(1, Y / (a N)).

    present: draws of Y; alive: as many of the share alive, drawn from a generator of its own (they are independent).
    """
    there = sizes("Present groups", present)
    same_length(present=there, alive=alive)
    return np.minimum(1.0, there / np.maximum(alive * max(size, 1), 1e-9))


def per_alive(present: float, share: AliveShare) -> float | None:
    """Y_hat / (a N), at most 1; None without an audit."""
    if share.overall is None or share.overall <= 0 or not share.groups.sum():
        return None
    return float(min(1.0, present / (share.overall * share.groups.sum())))
