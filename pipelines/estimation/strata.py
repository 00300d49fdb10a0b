"""Score strata, and how many groups of each are judged (estimation 5.2 and 5.4, 2026-11)."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pipelines.estimation.arrays import Floats, Ints, counts, same_length, shares

EDGES = (0.01, 0.05, 0.20, 0.50, 0.80, 0.95, 0.99, 1.0)
FLOOR = EDGES[0]  # pairs below it are no candidates; what they hide is paid for by the coverage
STRATA = len(EDGES) - 1
# Expected share of true groups in each stratum; only the allocation uses it, never an estimate.
GUESS = (0.022, 0.11, 0.33, 0.66, 0.89, 0.975, 0.996)
# Least judgements a non-empty stratum gets: in the weekly sample draw, the weekly flow draw, and a draw made once.
# With fewer, none of them may be positive, and the interval collapses.
WEEKLY_FLOOR, FLOW_FLOOR, SINGLE_FLOOR = 4, 2, 8
ROUNDING = 1e-9  # 1 - (1 - score) of a pair at the floor may come out just below it


def group_scores(pairs: pd.DataFrame) -> pd.Series:
    """By group_id (sorted): probability that at least one of its pairs is true, 1 - prod(1 - score).

    pairs: group_id, score (0 to 1, at or above the floor), one row a pair.
    """
    missing = np.log1p(-np.minimum(shares("Scores", pairs["score"].to_numpy()), 1 - 1e-12))
    none = pd.Series(missing, index=pairs["group_id"].to_numpy()).groupby(level=0).sum()
    return pd.Series(-np.expm1(none.to_numpy()), index=none.index.rename("group_id"), name="score")


def stratum_of(scores: ArrayLike) -> Ints:
    """The stratum 0 to 6 of every group score; an edge belongs to the stratum above it, 1.0 to the last.

    Raises ValueError for a score below the floor: such a pair is no candidate.
    """
    given = shares("Scores", scores)
    if (given < FLOOR - ROUNDING).any():
        raise ValueError(f"Scores below the floor of {FLOOR} have no stratum; leave these pairs out.")
    return np.searchsorted(EDGES[1:-1], given, side="right").astype(np.int64)


def allocate(sizes: ArrayLike, budget: int, floor: int = SINGLE_FLOOR, guess: ArrayLike = GUESS) -> Ints:
    """Judgements for each stratum: the floor (or all there are) everywhere, then in proportion to N sqrt(g (1 - g)).

    sizes: groups that can be drawn, by stratum. The sum is the budget, or all groups where there are fewer; a budget
    below the floors is exceeded, because a stratum without judgements costs more than a few minutes of reading.
    """
    there, expected = counts("Sizes", sizes), shares("Expected rates", guess)
    same_length(sizes=there, guess=expected)
    wanted = there * np.sqrt(expected * (1 - expected))
    given = np.minimum(there, floor).astype(float)
    left = min(float(budget), float(there.sum())) - given.sum()
    while left > ROUNDING:
        open_ = (there - given > ROUNDING) & (wanted > 0)
        if not open_.any():
            break
        more = np.minimum(left * np.where(open_, wanted, 0) / wanted[open_].sum(), there - given)
        given, left = given + more, left - more.sum()
    return _whole(given, there)


def _whole(given: Floats, there: Ints) -> Ints:
    """Largest remainders: whole numbers with the same (rounded) total, never above what is there."""
    whole = np.floor(given + ROUNDING).astype(np.int64)
    rest = int(np.rint(given.sum())) - int(whole.sum())
    order = np.argsort(-(given - whole), kind="stable")
    for place in order[whole[order] < there[order]][:rest]:
        whole[place] += 1
    return whole
