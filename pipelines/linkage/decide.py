"""From evidence to link, review or reject: weights, independent agreements, rivals. Prefers silence to a guess."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipelines.linkage.comparisons import Bools
from pipelines.linkage.rivals import against_rivals, probability
from pipelines.linkage.weights import Weights
from pipelines.linkage.words import Ints

# Which agreements together make a link. Kecamatan and product say nothing about who runs a shop, and the product
# follows from a copied label, so each of them only supports one of the strong ones.
STRONG = ("name", "owner", "phone", "nib", "label", "declared")
SETTLING = ("owner", "phone", "nib", "declared")  # what an imitator or a reseller does not copy
WEAK = ("district", "product")
AGREEMENTS = (*STRONG, *WEAK)
COMPARISONS = ("name", "owner", "place", "product", "phone", "nib", "label", "declared", "pattern", "sibling")


def agreements(agrees: Mapping[str, Bools]) -> tuple[Ints, Bools, Bools]:
    """How many independent agreements every pair has, whether they are enough to link, and whether one settles it."""
    strong = np.sum([agrees[name] for name in STRONG], axis=0)
    weak = np.sum([agrees[name] for name in WEAK], axis=0)
    only_label = agrees["label"] & (strong == 1)
    # A label with the goods it stands on is one agreement, not two: whoever resells the goods shows both.
    weak = weak - (only_label & agrees["product"])
    count = strong + weak
    settled = np.logical_or.reduce([agrees[name] for name in SETTLING])
    return count.astype(np.int64), np.asarray((strong >= 1) & (count >= 2)), np.asarray(settled)


def _crowded(pairs: pd.DataFrame, most: int) -> Bools:
    """Links of groups that would get more than `most` shops of one marketplace: a fashion, not an owner."""
    wanted = pairs[pairs["decision"] == "link"]
    shops = wanted.groupby(["group_id", "marketplace"])["shop_id"].nunique()
    full = set(shops[shops > most].index)
    keys = zip(pairs["group_id"], pairs["marketplace"], strict=True)
    crowd = np.array([key in full for key in keys], dtype=bool)
    return np.asarray(crowd & (pairs["decision"] == "link").to_numpy(dtype=bool))


def decide(pairs: pd.DataFrame, weights: Weights, curve: tuple[float, float] | None = None) -> pd.DataFrame:
    """Adds `odds` (log2, rivals counted), `probability` and `decision` to scored pairs; drops those below the floor.

    curve: from odds to probability, of a model that judgements taught. Without one no probability is stated, and a link
    needs two independent agreements.

    pairs: shop (one number a shop), marketplace, shop_id, business_id, group_id, weight (bits, prior included), enough
    and settled (agreements), contradicted (another kab/kota or kecamatan, and no owner or identifier to explain it).
    Each pair stands for itself: of a group registered twice both rows can be `link`, and mean one business.
    """
    limits = weights.decision
    frame = pairs[pairs["weight"] >= limits.floor].copy()
    frame["odds"] = against_rivals(
        frame["shop"].to_numpy(), frame["group_id"].to_numpy(), frame["weight"].to_numpy(dtype=float)
    ).round(2)
    if curve is None:
        wanted = np.where(frame["settled"], limits.link_settled, limits.link)
        # Trees rank from the beginning; they decide from judgements on.
        learnt = frame.get("pattern_bits", 0.0)
        link = (frame["odds"] - learnt >= wanted) & frame["enough"] & ~frame["contradicted"]
        doubt = frame["weight"] >= limits.review
        stated = np.full(len(frame), np.nan)
    else:
        stated = probability(frame["odds"].to_numpy(dtype=float), curve).round(6)
        link, doubt = stated >= limits.link_probability, stated >= limits.review_probability
    frame["probability"] = stated
    frame["decision"] = np.where(link, "link", np.where(doubt, "review", "reject"))
    frame.loc[_crowded(frame, limits.max_shops_per_group), "decision"] = "review"
    return frame


def evidence(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Per pair: comparison -> [level, bits] for all that says something, the prior (bits before), and what agrees."""
    flags = frame[[f"{name}_agrees" for name in AGREEMENTS]].to_numpy(dtype=bool)
    levels = [frame[f"{name}_level"].tolist() for name in COMPARISONS]
    bits = [frame[f"{name}_bits"].tolist() for name in COMPARISONS]
    prior = (frame["weight"] - sum(frame[f"{name}_bits"] for name in COMPARISONS)).tolist()
    rows = []
    for place in range(len(frame)):
        agreed = [name for name, flag in zip(AGREEMENTS, flags[place], strict=True) if flag]
        row: dict[str, Any] = {"prior": round(prior[place], 2), "agrees": agreed}
        for name, level, bit in zip(COMPARISONS, levels, bits, strict=True):
            if level[place] != "missing" or bit[place]:
                row[name] = [level[place], bit[place]]
        rows.append(row)
    return rows
