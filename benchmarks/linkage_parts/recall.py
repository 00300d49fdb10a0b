"""What blocking finds of the true links, rule by rule: for benchmarks, and for whoever changes a rule."""

import numpy as np
import pandas as pd

from pipelines.linkage.blocking import RULES, Candidates
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.words import Ints

COLUMNS = ("rule", "pairs_per_shop", "recall", "alone", "skipped_per_shop")


def recall_by_rule(
    pairs: Candidates, index: RegistryIndex, shop: Ints, business_id: Ints, shop_count: int
) -> pd.DataFrame:
    """COLUMNS, one row a rule and one for all of them together ("any").

    shop, business_id: the true links, shops as places in the shop table; a candidate of the same group counts as found.
    alone: share of the true links that no other rule finds; skipped_per_shop: pairs left out, their key being common.
    """
    groups = pd.Series(index.group_id, index=index.business_id).reindex(business_id).to_numpy()
    true = pd.DataFrame({"shop": shop, "group": groups})
    found = pd.DataFrame({"shop": pairs.shop, "group": index.group_id[pairs.business], "rules": pairs.rules})
    best = found.groupby(["shop", "group"], as_index=False)["rules"].agg(np.bitwise_or.reduce)
    rules = true.merge(best, how="left", on=["shop", "group"])["rules"].fillna(0).to_numpy().astype(np.int64)
    shops, links = max(shop_count, 1), max(len(true), 1)
    rows = [
        (
            rule,
            float((pairs.rules >> place & 1).sum()) / shops,
            float((rules >> place & 1).sum()) / links,
            float((rules == 1 << place).sum()) / links,
            pairs.skipped.get(rule, 0) / shops,
        )
        for place, rule in enumerate(RULES)
    ]
    every = (
        "any",
        len(pairs.shop) / shops,
        float((rules != 0).sum()) / links,
        0.0,
        sum(pairs.skipped.values()) / shops,
    )
    return pd.DataFrame([*rows, every], columns=list(COLUMNS))
