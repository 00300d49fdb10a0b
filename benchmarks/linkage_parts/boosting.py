"""Grows the trees of `pipelines/linkage/trees.toml`: gradient boosting on what odds against rivals get wrong.

Each tree corrects the log2 odds of pairs. What it is judged by is the probability after the other candidates of the
shop have been counted (`rivals.py`), which is how the bits are used. Histograms of at most 64 values a column, as
LightGBM has them (Ke and others 2017); depth, leaves and shrinkage are the usual ones. One seed gives the same trees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.linkage.kernels import compiled
from pipelines.linkage.rivals import against_rivals, probability
from pipelines.linkage.trees import Trees

LN2 = float(np.log(2.0))
VALUES = 63  # at which a column may be cut
MOST_BITS = 2.0 / LN2  # of a leaf, before shrinkage
LEAST_GAIN = 1e-3
LEAST_SLOPE = 1e-4


@dataclass(frozen=True)
class Growing:
    """trees of a depth; least: pairs in a leaf; pull: towards 0, in pairs of even odds times 4; rate: shrinkage; rows
    and columns: shares that a tree sees."""

    trees: int = 150
    depth: int = 4
    least: int = 100
    pull: float = 20.0
    rate: float = 0.1
    rows: float = 0.6
    columns: float = 0.4
    seed: int = 1


@compiled
def _histogram(bins: Any, rows: Any, node: Any, columns: Any, slope: Any, curve: Any, nodes: int, values: int) -> Any:
    """node x column x bin: sums of slope and curve, and how many."""
    found = np.zeros((nodes, len(columns), values, 3))
    for row in rows:
        own = node[row]
        for place in range(len(columns)):
            value = bins[row, columns[place]]
            found[own, place, value, 0] += slope[row]
            found[own, place, value, 1] += curve[row]
            found[own, place, value, 2] += 1.0
    return found


@compiled
def _cuts(found: Any, columns: Any, pull: float, least: int, least_gain: float) -> Any:
    """By node the column and the last bin that goes left; -1 where no cut gains."""
    nodes, width, values, _ = found.shape
    column, last = np.full(nodes, -1), np.zeros(nodes, dtype=np.int64)
    for node in range(nodes):
        best = least_gain
        for place in range(width):
            held = found[node, place]
            slope, curve, count = held[:, 0].sum(), held[:, 1].sum(), held[:, 2].sum()
            left_slope, left_curve, left = 0.0, 0.0, 0.0
            for value in range(values - 1):
                left_slope += held[value, 0]
                left_curve += held[value, 1]
                left += held[value, 2]
                if left < least:
                    continue
                if count - left < least:
                    break
                gain = left_slope**2 / (left_curve + pull) + (slope - left_slope) ** 2 / (curve - left_curve + pull)
                gain -= slope**2 / (curve + pull)
                if gain > best:
                    best, column[node], last[node] = gain, columns[place], value
    return column, last


@compiled
def _step(bins: Any, node: Any, column: Any, last: Any) -> None:
    for row in range(len(node)):
        own = node[row]
        right = column[own] >= 0 and bins[row, column[own]] > last[own]
        node[row] = 2 * own + (1 if right else 0)


def _edges(values: Any) -> list[Any]:
    """By column the values above which a bin begins."""
    found = []
    for place in range(values.shape[1]):
        distinct = np.unique(values[:, place])
        if len(distinct) > VALUES:
            share = np.linspace(0, 1, VALUES + 1)[1:-1]
            distinct = np.append(np.unique(np.quantile(values[:, place], share, method="nearest")), np.inf)
        found.append(distinct[:-1].astype(np.float32))
    return found


def _one(bins: Any, slope: Any, curve: Any, rng: np.random.Generator, how: Growing) -> tuple[Any, Any, Any, Any]:
    """Column and last bin by node, bits by leaf, and the leaf of every row."""
    rows = np.flatnonzero(rng.random(len(bins)) < how.rows)
    columns = np.sort(rng.permutation(bins.shape[1])[: max(1, int(bins.shape[1] * how.columns))])
    node = np.zeros(len(bins), dtype=np.int64)
    asked, cut = [], []
    for level in range(how.depth):
        found = _histogram(bins, rows, node, columns, slope, curve, 2**level, VALUES + 1)
        column, last = _cuts(found, columns, how.pull, how.least, LEAST_GAIN)
        _step(bins, node, column, last)
        asked.append(column)
        cut.append(last)
    leaves = 2**how.depth
    slopes, curves = (np.bincount(node[rows], weights=part[rows], minlength=leaves) for part in (slope, curve))
    bits = how.rate * np.clip(-slopes / (curves + how.pull) / LN2, -MOST_BITS, MOST_BITS)
    return np.concatenate(asked), np.concatenate(cut), bits, node


def grow(names: Sequence[str], values: Any, truth: Any, odds: Any, shop: Any, group: Any, how: Growing) -> Trees:
    """Trees that make log2 `odds` (rivals not counted) fit the truth. values: pair x names."""
    edges = _edges(values)
    bins = np.column_stack([np.searchsorted(own, values[:, n]).astype(np.uint8) for n, own in enumerate(edges)])
    rng, now = np.random.Generator(np.random.PCG64(how.seed)), odds.astype(float)
    made: list[tuple[Any, Any, Any]] = []
    for _ in range(how.trees):
        believed = probability(against_rivals(shop, group, now), (0.0, 1.0))
        slope, curve = believed - truth, np.maximum(believed * (1.0 - believed), LEAST_SLOPE)
        column, last, bits, leaf = _one(bins, slope, curve, rng, how)
        now += bits[leaf]
        above = [edges[c][v] if c >= 0 else 0.0 for c, v in zip(column, last, strict=True)]
        made.append((column, np.array(above, dtype=np.float32), bits.round(4)))
    columns, above_what, leaves = (np.array(part) for part in zip(*made, strict=True))
    return Trees(tuple(names), columns, above_what, leaves)
