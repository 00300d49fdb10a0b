"""Shops that sell the goods of many businesses: linked listing by listing, by brand or printed permit, never as a shop.

Each brand (or, without one, each printed permit) of a collective shop is looked at as if it were a small shop of its
own, without a place, since the shop's place is not the maker's.
"""

import pandas as pd

from monitor.text import fold

SEPARATOR = "\x1f"
LABEL_KINDS = ("pirt", "halal", "bpom")


def _mark(brand: object, identifiers: object) -> str | None:
    if isinstance(brand, str) and fold(brand):
        return fold(brand)
    for entry in identifiers if isinstance(identifiers, list | tuple) else ():
        if entry.get("kind") in LABEL_KINDS and entry.get("value"):
            return f"#{entry['value']}"
    return None


def as_brand_shops(shops: pd.DataFrame, listings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stand-in shops and their listings; a stand-in's shop_id is the shop's, `SEPARATOR` and the mark.

    shops, listings: those of collective shops, columns as in `read_shops`. Listings with neither brand nor permit are
    left out: nothing says whose they are.
    """
    marks = [_mark(brand, found) for brand, found in zip(listings["brand"], listings["identifiers"], strict=True)]
    known = pd.Series([mark is not None for mark in marks], index=listings.index, dtype=bool)
    own = listings[known].assign(mark=[mark for mark in marks if mark is not None])
    own = own.merge(shops[["marketplace", "shop_id"]].drop_duplicates(), on=["marketplace", "shop_id"])
    own["shop_id"] = own["shop_id"].astype(object) + SEPARATOR + own["mark"].astype(object)
    stand_ins = own.sort_values("listing_id").drop_duplicates(["marketplace", "shop_id"])
    names = [None if mark.startswith("#") else mark for mark in stand_ins["mark"].tolist()]
    frame = pd.DataFrame(
        {
            "marketplace": stand_ins["marketplace"].tolist(),
            "shop_id": stand_ins["shop_id"].tolist(),
            "name": pd.Series(names, dtype=object),
        }
    )
    return frame, own.drop(columns="mark")


def own_shop(stand_in: str) -> str:
    return stand_in.partition(SEPARATOR)[0]
