"""What another model moves: the links before it against the links after it."""

from dataclasses import dataclass

import pandas as pd

SHOP = ["marketplace", "shop_id"]


@dataclass(frozen=True)
class Moved:
    """Counts of shops: linked as before, newly linked, no longer linked, linked to another group."""

    kept: int
    gained: int
    lost: int
    turned: int


def moved(before: pd.DataFrame, after: pd.DataFrame) -> Moved:
    """Compares links that the system made. Both: marketplace, shop_id, group_id, decision; confirmed ones are a
    person's and do not count."""
    sides = [
        frame[frame["decision"] == "link"].groupby(SHOP)["group_id"].agg(frozenset).rename(name)
        for name, frame in (("before", before), ("after", after))
    ]
    both = pd.concat(sides, axis=1)
    there, now = both["before"].notna(), both["after"].notna()
    same = there & now & (both["before"] == both["after"])
    return Moved(
        kept=int(same.sum()),
        gained=int((now & ~there).sum()),
        lost=int((there & ~now).sum()),
        turned=int((there & now & ~same).sum()),
    )
