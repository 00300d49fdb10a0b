"""Which shops sell the goods of many producers, told by what their listings print.

A counter of a dinas, a cooperative or a gallery is seldom said to be one. Many brands alone do not tell it: every stall
sells many. What tells it are permits of several producers, or several brands that are names of different registered
businesses. A maker of many products has many P-IRT numbers but one producer number in all of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from monitor.arrow_text import squashed
from monitor.text import fold, squash

MIN_PRODUCERS = 3  # two can be a maker and its neighbour
MAX_NAMESAKES = 3  # a brand that more businesses bear as their name says nothing
MIN_NAME = 6  # letters of a brand
_PIRT_DIGITS = 15
SHOP = ["marketplace", "shop_id"]


def producer_of_pirt(number: str) -> str | None:
    """Kab/kota and running number of the producer in a P-IRT of 15 digits (BPOM rule 22/2018); None in other forms.

    1 packing, 2 kind of food, 4 kab/kota, 2 running number of the food, 4 of the producer, 2 year of expiry.
    """
    return number[3:7] + number[9:13] if len(number) == _PIRT_DIGITS and number.isdecimal() else None


def _permits(identifiers: Any) -> set[str]:
    found = set()
    for entry in identifiers if isinstance(identifiers, list | tuple) else ():
        value = entry.get("value")
        if entry.get("kind") == "pirt" and value and (producer := producer_of_pirt(value)):
            found.add(f"pirt {producer}")
    return found


def _names(registry: pd.DataFrame, wanted: set[str]) -> Mapping[str, int]:
    """Squashed trade and business names among the wanted that few groups bear -> one of these groups."""
    parts = []
    for column in ("trade_name", "business_name"):
        key = squashed(pa.array(registry[column], pa.string(), from_pandas=True)).to_pandas()
        parts.append(pd.DataFrame({"key": key.to_numpy(), "group": registry["group_id"].to_numpy()}))
    frame = pd.concat(parts)
    counted = frame[frame["key"].isin(wanted)].groupby("key")["group"].agg(["nunique", "min"])
    few = counted[counted["nunique"] <= MAX_NAMESAKES]
    return dict(zip(few.index, few["min"].tolist(), strict=True))


def sells_for_many(shops: pd.DataFrame, listings: pd.DataFrame, registry: pd.DataFrame) -> pd.Series:
    """Whether each shop (rows of `shops`: marketplace, shop_id) sells the goods of at least MIN_PRODUCERS producers.

    listings: marketplace, shop_id, brand, identifiers. registry: index business_id; group_id, business_name,
    trade_name. Boolean, index of `shops`.
    """
    own = pd.MultiIndex.from_frame(shops[SHOP])
    shop = own.get_indexer(pd.MultiIndex.from_frame(listings[SHOP]))
    permits = pd.Series([_permits(found) for found in listings["identifiers"]], dtype=object)
    many = set(_many(shop, permits))
    texts = {brand: squash(fold(brand)) for brand in listings["brand"].dropna().unique()}
    brands = listings["brand"].map(texts)
    rich = np.isin(shop, list(_many(shop, brands)))  # only their brands are looked up among the registry's names
    if rich.any():
        names = _names(registry, {text for text in brands[rich].dropna() if len(text) >= MIN_NAME})
        many |= set(_many(shop, brands.map(names)))
    return pd.Series(np.isin(np.arange(len(shops)), list(many)), shops.index)


def _many(shop: npt.NDArray[np.int64], marks: pd.Series) -> Iterable[int]:
    """Positions of the shops with at least MIN_PRODUCERS different marks.

    marks: by listing, one mark or a set of them; blank, empty or missing is none.
    """
    values = marks.to_numpy(dtype=object)
    has_any = marks.notna().to_numpy() & np.array([bool(found) for found in values], dtype=bool)
    frame = pd.DataFrame({"shop": shop, "mark": values})[has_any & (shop >= 0)]
    counted = frame.explode("mark").groupby("shop")["mark"].nunique()
    return [int(at) for at in counted.index[counted >= MIN_PRODUCERS]]
