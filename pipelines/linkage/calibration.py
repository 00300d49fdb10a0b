"""What judgements teach: how much each kind of evidence is worth here, and what odds mean as a probability.

Few parameters move, and only as far as the judgements force them from the shipped ones: an intercept, a factor for each
comparison, bits for each marketplace (registered businesses crowd on some), and the two numbers of the curve from odds
to probability. A judged shop is scored by a model that has not seen its own judgement.

Answers count alike however likely it was that they were asked for: that depends on the score alone, so among pairs of
one score they say the same with weights as without, and weights of a few hundred would let single answers decide. The
reliability table tells of all pairs, so there each answer stands for as many as it was drawn from.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.linkage.decide import COMPARISONS
from pipelines.linkage.learning import Prior, fit
from pipelines.linkage.model import Model
from pipelines.linkage.rivals import against_rivals, probability
from pipelines.linkage.words import Floats, Ints

MIN_SAMPLE = 200  # sample judgements below which no probability is stated
FOLDS = 5
# How firmly the shipped model is believed: standard deviations, in bits and as factors.
INTERCEPT_SPREAD, SCALE_SPREAD, SITE_SPREAD = 2.0, 0.12, 0.6
SHIFT_SPREAD, SLOPE_SPREAD = 2.0, 0.1
LEAST_SCALE = 0.25
LEAST_ODDS = (
    -4.25
)  # log2 of .05, from which on pairs are decided: the many answers about poorer ones say little of these
RELIABILITY_BINS = (0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 1.0)
RELIABILITY_COLUMNS = ("low", "high", "pairs", "stated", "true")
SHOP = ["marketplace", "shop_id"]


@dataclass(frozen=True)
class Taught:
    """model: for all shops but the judged ones; folds: for those, by `fold_of`. reliability: `RELIABILITY_COLUMNS`, of
    judged pairs out of fold, stated and true as shares. judged: sample judgements used."""

    model: Model
    folds: tuple[Model, ...]
    judged_shops: frozenset[tuple[str, str]]
    reliability: pd.DataFrame
    judged: int


def fold_of(marketplace: Sequence[str], shop_id: Sequence[str]) -> Ints:
    """The same shop falls into the same fold in every run."""
    keys = zip(marketplace, shop_id, strict=True)
    folds: Ints = np.array([zlib.crc32(f"{slug}\x1f{shop}".encode()) % FOLDS for slug, shop in keys], dtype=np.int64)
    return folds


def truth_of(pairs: pd.DataFrame, said: pd.DataFrame) -> Floats:
    """By pair 1 (theirs), 0 (not theirs) or NaN (nobody said). said: from `verdicts`.

    Who runs a shop is run by nobody else: all other candidates of a confirmed shop are 0.
    """
    keys = [*SHOP, "group_id"]
    known = pairs[keys].merge(said[[*keys, "verdict"]], on=keys, how="left")["verdict"].to_numpy(dtype=object)
    confirmed = pd.MultiIndex.from_frame(said.loc[said["verdict"] == "yes", SHOP])
    owned = pd.MultiIndex.from_frame(pairs[SHOP]).isin(confirmed)
    truth: Floats = np.select([known == "yes", (known == "no") | owned], [1.0, 0.0], np.nan)
    return truth


def _bits(pairs: pd.DataFrame) -> NDArray[np.float64]:
    bits: NDArray[np.float64] = pairs[[f"{name}_bits" for name in COMPARISONS]].to_numpy(dtype=float)
    return bits


def _adapted(judged: pd.DataFrame, truth: Floats, model: Model) -> Model:
    """The model with intercept, factors and marketplaces moved towards the judged pairs."""
    values = _bits(judged)
    start = judged["weight"].to_numpy(dtype=float) - values.sum(axis=1)  # bits before any evidence
    used = np.abs(values).sum(axis=0) > 0
    sites = sorted(set(judged["marketplace"]))
    of_site = (judged["marketplace"].to_numpy(dtype=object)[:, None] == np.array(sites, dtype=object)).astype(float)
    mean = np.repeat([1.0, 0.0], [used.sum(), len(sites)])
    spread = np.repeat([SCALE_SPREAD, SITE_SPREAD], [used.sum(), len(sites)])
    columns = np.column_stack([values[:, used], of_site])
    found, shift = fit(columns, truth == 1.0, start, np.ones(len(truth)), Prior(mean, 0.0, spread, INTERCEPT_SPREAD))
    factors = np.ones(len(COMPARISONS))
    factors[used] = np.maximum(found[: used.sum()], LEAST_SCALE)
    return model.changed(
        intercept=round(model.intercept + shift, 4),
        scale={name: round(float(factor), 4) for name, factor in zip(COMPARISONS, factors, strict=True)},
        sites={slug: round(float(bits), 4) for slug, bits in zip(sites, found[used.sum() :], strict=True)},
    )


def _curve(odds: Floats, truth: Floats) -> tuple[float, float]:
    there = odds >= LEAST_ODDS
    odds, truth = odds[there], truth[there]
    prior = Prior(np.ones(1), 0.0, np.array([SLOPE_SPREAD]), SHIFT_SPREAD)
    slope, shift = fit(odds[:, None], truth == 1.0, np.zeros(len(odds)), np.ones(len(odds)), prior)
    return round(shift, 4), round(float(max(slope[0], 0.1)), 4)


def _rescaled(pairs: pd.DataFrame, model: Model, shipped: Model) -> tuple[Floats, Floats]:
    """Weight and odds of pairs, that `shipped` has scored, under the model."""
    values, factors = _bits(pairs), np.array([model.scale[name] for name in COMPARISONS])
    start = pairs["weight"].to_numpy(dtype=float) - values.sum(axis=1)
    here, known = pd.factorize(pairs["marketplace"])
    start = start + np.array([model.sites.get(slug, 0.0) for slug in known])[here]
    weight = (start + model.intercept - shipped.intercept + values @ factors).round(2)
    shop, group = pairs["shop"].to_numpy(), pairs["group_id"].to_numpy()
    return weight, against_rivals(shop, group, weight, model.rivals).round(2)


def reliability(stated: Floats, truth: Floats, counts: Floats) -> pd.DataFrame:
    """`RELIABILITY_COLUMNS`: how many pairs were stated in each bin, the mean stated and the share that was true."""
    rows = []
    for low, high in pairwise(RELIABILITY_BINS):
        there = (stated >= low) & ((stated < high) | (high == 1.0))
        if there.any():
            weights = counts[there]
            means = np.average(stated[there], weights=weights), np.average(truth[there], weights=weights)
            rows.append((low, high, int(there.sum()), round(float(means[0]), 4), round(float(means[1]), 4)))
    return pd.DataFrame(rows, columns=list(RELIABILITY_COLUMNS))


def teach(pairs: pd.DataFrame, said: pd.DataFrame, shipped: Model, counts: pd.Series | None = None) -> Taught | None:
    """What the sample judgements make of the shipped model; None where there are fewer than `MIN_SAMPLE`.

    pairs: from `score` under the shipped model. said: from `verdicts`, of sample judgements only. counts: by row of
    `said`, how many pairs each stands for (1 / inclusion probability); 1 each when None.
    """
    if len(said) < MIN_SAMPLE:
        return None
    truth = truth_of(pairs, said)
    known = np.flatnonzero(~np.isnan(truth))
    judged = pairs.iloc[known]
    each = _counts(judged, said, counts)
    fold = fold_of(judged["marketplace"].tolist(), judged["shop_id"].tolist())
    folds, odds = [], np.zeros(len(known))
    whole = pairs[pd.MultiIndex.from_frame(pairs[SHOP]).isin(pd.MultiIndex.from_frame(judged[SHOP]))]
    place = pd.Series(np.arange(len(whole)), index=whole.index)
    for number in range(FOLDS):
        others = fold != number
        one = _adapted(judged[others], truth[known][others], shipped)
        _, found = _rescaled(whole, one, shipped)
        here = ~others
        odds[here] = found[place.loc[judged.index[here]].to_numpy()]
        folds.append(one)
    curve = _curve(odds, truth[known])
    model = _adapted(judged, truth[known], shipped).changed(curve=curve)
    return Taught(
        model=model,
        folds=tuple(one.changed(curve=curve) for one in folds),
        judged_shops=frozenset(zip(judged["marketplace"], judged["shop_id"], strict=True)),
        reliability=reliability(probability(odds, curve), truth[known], each),
        judged=len(said),
    )


def _counts(judged: pd.DataFrame, said: pd.DataFrame, counts: pd.Series | None) -> Floats:
    """How many pairs each judged pair stands for, by its shop; 1 on average."""
    if counts is None:
        return np.ones(len(judged))
    by_shop = said.assign(count=counts.to_numpy(dtype=float)).groupby(SHOP)["count"].max()
    found = by_shop.reindex(pd.MultiIndex.from_frame(judged[SHOP])).to_numpy(dtype=float)
    each: Floats = np.asarray(found / found.mean(), dtype=float)
    return each


def apply(pairs: pd.DataFrame, taught: Taught, shipped: Model) -> pd.DataFrame:
    """Pairs that the shipped model scored, with weight, odds, bits and `probability` of the taught one."""
    weight, odds = _rescaled(pairs, taught.model, shipped)
    factors = np.tile([taught.model.scale[name] for name in COMPARISONS], (len(pairs), 1))
    keys = list(zip(pairs["marketplace"], pairs["shop_id"], strict=True))
    judged = np.array([key in taught.judged_shops for key in keys], dtype=bool)
    if judged.any():
        whole = pairs[judged]
        fold = fold_of(whole["marketplace"].tolist(), whole["shop_id"].tolist())
        for number, model in enumerate(taught.folds):
            here = np.flatnonzero(judged)[fold == number]
            weight[here], odds[here] = _rescaled(pairs.iloc[here], model, shipped)
            factors[here] = [model.scale[name] for name in COMPARISONS]
    bits = (_bits(pairs) * factors).round(2)
    changed = {f"{name}_bits": bits[:, place] for place, name in enumerate(COMPARISONS)}
    curve = taught.model.curve or (0.0, 1.0)
    return pairs.assign(weight=weight, odds=odds, probability=probability(odds, curve).round(6), **changed)
