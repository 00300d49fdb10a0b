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
from pipelines.linkage.siblings import Siblings, present, siblings_of, support

__all__ = [
    "LEVELS", "PAIR_COLUMNS", "REACH", "Evidence", "added", "alone", "evidence_of", "framed", "joined", "measured",
    "parts_of", "score", "together", "weighed",
]  # fmt: skip

PAIR_COLUMNS = (
    "marketplace", "shop_id", "business_id", "group_id", "rule", "weight", "agreements", "enough", "settled",
    "contradicted",
    *(f"{name}_{what}" for name in COMPARISONS for what in ("level", "bits")),
    *(f"{name}_agrees" for name in AGREEMENTS),
)  # fmt: skip
REACH = 6.0  # bits below the floor from which the seller's other shops may lift a pair


def framed(made: Evidence, marketplace: Any, shop_id: Any, floor: float) -> pd.DataFrame:
    """The pairs as `PAIR_COLUMNS` and `shop`, those left out that nothing could lift above the floor.

    marketplace, shop_id: by shop.
    """
    columns: dict[str, Any] = {
        "marketplace": _texts(marketplace).take(made.shop),
        "shop_id": _texts(shop_id).take(made.shop),
        "shop": made.shop,
        "business_id": made.business_id,
        "group_id": made.group_id,
        "rule": _texts(RULES).take(made.rule),
        "weight": made.weight,
        "agreements": made.agreements,
        "enough": made.enough,
        "settled": made.settled,
    }
    for place, name in enumerate(COMPARISONS):
        levels = np.array(LEVELS[name], dtype=object)[made.levels[:, place]]
        columns[f"{name}_level"] = pd.Series(levels, dtype=object)
        columns[f"{name}_bits"] = made.bits[:, place]
    columns |= {f"{name}_agrees": made.agrees[:, place] for place, name in enumerate(AGREEMENTS)}
    frame = pd.DataFrame(columns | {"contradicted": made.contradicted})
    return frame[made.weight >= floor - REACH]


def _texts(values: Any) -> Any:
    """As a column that pairs take from: several times as fast as making texts of every pair's."""
    return pd.array(list(values), dtype="str")


def score(
    shops: pd.DataFrame, listings: pd.DataFrame, index: RegistryIndex, model: Model | None = None, threads: int = 1
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Every candidate pair of the shops with its evidence, ordered by shop and business, above the floor only.

    Returns the pairs (`PAIR_COLUMNS`, `shop`, a number by shop, and `odds`: log2, the other candidates counted) and the
    pairs skipped by blocking rule. model: the shipped one unless named.
    """
    chosen = model or load_model()
    own, skipped = alone(shops, listings, index, chosen, threads)
    return together(own, siblings_of(shops, threads), chosen, index.weights.decision.floor), skipped


def alone(
    shops: pd.DataFrame, listings: pd.DataFrame, index: RegistryIndex, model: Model, threads: int = 1
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Pairs by what each shop shows itself, down to `REACH` bits below the floor, and pairs skipped by blocking rule.

    What a shop gets does not depend on the other shops, but for `shop`, its place among them.
    """
    table = read_shops(shops, listings, index)
    pairs = candidate_pairs(table, index, threads)
    floor = index.weights.decision.floor
    made = joined(weighed(pairs, table, index, model, least=floor - REACH, threads=threads))
    return framed(made, table.marketplace, table.shop_id, floor).reset_index(drop=True), pairs.skipped


def together(pairs: pd.DataFrame, siblings: Siblings, model: Model, floor: float) -> pd.DataFrame:
    """Pairs above the floor once what the sellers' other shops show is counted, with `odds`.

    pairs: of every shop by itself, as `alone` gives them, `shop` numbered as in `siblings`.
    """
    gain, loss, has = support(pairs, siblings)
    same, more, less = model.sibling
    bits = (has * same + gain * more - loss * less).round(2)
    shop, group = pairs["shop"].to_numpy(), pairs["group_id"].to_numpy()
    lent = present(shop, group, (pairs["weight"] + bits).to_numpy(dtype=float), model.present).round(2)
    bits = (bits + lent).round(2)
    level = np.where((has > 0) | (lent > 0), np.where(bits >= 0, "supports", "doubts"), "missing")
    frame = pairs.assign(
        weight=(pairs["weight"] + bits).round(2), sibling_bits=bits, sibling_level=level.astype(object)
    )
    frame = frame[frame["weight"] >= floor].reset_index(drop=True)
    shop, group = frame["shop"].to_numpy(), frame["group_id"].to_numpy()
    odds = against_rivals(shop, group, frame["weight"].to_numpy(dtype=float), model.rivals).round(2)
    return frame.assign(odds=odds)
