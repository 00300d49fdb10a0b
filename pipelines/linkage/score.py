"""Shops and a registry index in, scored pairs out. Pure: the same rows whatever their order or partition."""

from typing import Any

import numpy as np
import pandas as pd

from pipelines.linkage.blocking import RULES, candidate_pairs
from pipelines.linkage.decide import AGREEMENTS, COMPARISONS
from pipelines.linkage.evidence import LEVELS, Evidence, added, evidence_of, joined, measured, parts_of, weighed
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.model import Model, load_model
from pipelines.linkage.rivals import against_rivals
from pipelines.linkage.shops import read_shops
from pipelines.linkage.siblings import Siblings, in_order, present, seller_keys, siblings_of, support

__all__ = [
    "LEVELS", "PAIR_COLUMNS", "REACH", "Evidence", "added", "alone", "evidence_of", "framed", "joined", "measured",
    "named", "parts_of", "score", "together", "weighed",
]  # fmt: skip

PAIR_COLUMNS = (
    "marketplace", "shop_id", "business_id", "group_id", "rule", "weight", "agreements", "enough", "settled",
    "contradicted",
    *(f"{name}_{what}" for name in COMPARISONS for what in ("level", "bits")),
    *(f"{name}_agrees" for name in AGREEMENTS),
)  # fmt: skip
REACH = 6.0  # bits below the floor from which the seller's other shops may lift a pair


def framed(made: Evidence, floor: float) -> pd.DataFrame:
    """The pairs as numbers, those left out that nothing could lift above the floor.

    Columns of one type stand together, since they are moved together. `named` puts in the texts that rules (places in
    `RULES`) and levels (in `LEVELS`) stand for: most pairs stay below the floor and never need them.
    """
    columns: dict[str, Any] = {
        "shop": made.shop,
        "business_id": made.business_id,
        "group_id": made.group_id,
        "weight": made.weight,
        **{f"{name}_bits": made.bits[:, place] for place, name in enumerate(COMPARISONS)},
        "rule": made.rule.astype(np.int8),
        "agreements": made.agreements.astype(np.int8),
        **{f"{name}_level": made.levels[:, place] for place, name in enumerate(COMPARISONS)},
        "enough": made.enough,
        "settled": made.settled,
        "contradicted": made.contradicted,
        **{f"{name}_agrees": made.agrees[:, place] for place, name in enumerate(AGREEMENTS)},
    }
    return pd.DataFrame(columns).take(np.flatnonzero(made.weight >= floor - REACH)).reset_index(drop=True)


def named(pairs: pd.DataFrame, shops: pd.DataFrame) -> pd.DataFrame:
    """The pairs as `PAIR_COLUMNS` and `shop`. shops: marketplace and shop_id by number of `shop`."""
    found: dict[str, Any] = {str(name): pairs[name] for name in pairs}
    for name in ("marketplace", "shop_id"):
        found[name] = shops[name].take(pairs["shop"].to_numpy()).astype("str").array
    found["rule"] = pd.array(list(RULES), dtype="str").take(pairs["rule"].to_numpy())
    found["agreements"] = pairs["agreements"].astype(np.int64)
    for name in COMPARISONS:
        levels = np.array(LEVELS[name], dtype=object)[pairs[f"{name}_level"].to_numpy()]
        found[f"{name}_level"] = pd.Series(levels, pairs.index, dtype=object)
    return pd.DataFrame({name: found[name] for name in (*PAIR_COLUMNS, "shop")}, index=pairs.index)


def score(
    shops: pd.DataFrame, listings: pd.DataFrame, index: RegistryIndex, model: Model | None = None, threads: int = 1
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Every candidate pair of the shops with its evidence, ordered by shop and business, above the floor only.

    Returns the pairs (`PAIR_COLUMNS`, `shop`, a number by shop, and `odds`: log2, the other candidates counted) and the
    pairs skipped by blocking rule. model: the shipped one unless named.
    """
    chosen, ordered = model or load_model(), in_order(shops)
    own, skipped = alone(ordered, listings, index, chosen, threads)
    siblings = siblings_of(ordered, seller_keys(ordered, threads))
    return together(own, siblings, chosen, index.weights.decision.floor, ordered), skipped


def alone(
    shops: pd.DataFrame, listings: pd.DataFrame, index: RegistryIndex, model: Model, threads: int = 1
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Pairs by what each shop shows itself, down to `REACH` bits below the floor, and pairs skipped by blocking rule.

    What a shop gets does not depend on the other shops, but for `shop`, its place among them in their order.
    """
    table = read_shops(shops, listings, index)
    pairs = candidate_pairs(table, index, threads)
    floor = index.weights.decision.floor
    made = joined(weighed(pairs, table, index, model, least=floor - REACH, threads=threads))
    return framed(made, floor), pairs.skipped


def together(pairs: pd.DataFrame, siblings: Siblings, model: Model, floor: float, shops: pd.DataFrame) -> pd.DataFrame:
    """Pairs above the floor once what the sellers' other shops show is counted, with `odds` and all texts.

    pairs: of every shop by itself, as `alone` gives them; shops: marketplace and shop_id in their order, a row for each
    number of `shop`.
    """
    gain, loss, has = support(pairs, siblings)
    same, more, less = model.sibling
    bits = (has * same + gain * more - loss * less).round(2)
    shop, group, weight = (pairs[name].to_numpy() for name in ("shop", "group_id", "weight"))
    lent = present(shop, group, weight + bits, model.present).round(2)
    bits = (bits + lent).round(2)
    weight = (weight + bits).round(2)
    rows = np.flatnonzero(weight >= floor)
    bits, weight, helped = bits[rows], weight[rows], ((has > 0) | (lent > 0))[rows]
    level = np.where(helped, np.where(bits >= 0, "supports", "doubts"), "missing")
    odds = against_rivals(shop[rows], group[rows], weight, model.rivals).round(2)
    frame = named(pairs.take(rows).reset_index(drop=True), shops)
    return frame.assign(weight=weight, sibling_bits=bits, sibling_level=level.astype(object), odds=odds)
