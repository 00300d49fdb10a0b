"""Proves of finished frames that nobody stands alone in them, and reports what that cost.

It sees what a recipient sees, pseudonyms included, and compares whole texts: no hash, and nothing of the code that
generalised them.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from exports.base import CheckError
from exports.release.anonymity import Generalised

PSEUDONYMS = {"group_pseudonym", "shop_pseudonym"}


def joint_texts(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Per group everything that the tables say about it, in one text that names no pseudonym."""
    shops = tables["shops"].assign(text=_texts(tables["shops"])).set_index("shop_pseudonym")["text"]
    links = tables["link_history"]
    links = links[links["group_pseudonym"].isin(tables["businesses"]["group_pseudonym"])]
    sharers = links.groupby("shop_pseudonym")["group_pseudonym"].nunique()
    of_links = pd.Series(
        [
            f"{text} / {shops.loc[shop]} / {sharers.loc[shop]}"
            for text, shop in zip(_texts(links), links["shop_pseudonym"], strict=True)
        ],
        index=links["group_pseudonym"],
        dtype=object,
    )
    presence = pd.Series(_texts(tables["presence"]).to_numpy(), index=tables["presence"]["group_pseudonym"])
    businesses = tables["businesses"]
    own = pd.Series(_texts(businesses).to_numpy(), index=businesses["group_pseudonym"])
    for rows in (presence, of_links):
        if len(rows):
            joined = rows.groupby(level=0).agg(lambda texts: " # ".join(sorted(texts)))
            own = own.str.cat(joined.reindex(own.index).fillna("").to_numpy(dtype=object), sep=" || ")
    return own


def _texts(frame: pd.DataFrame) -> pd.Series:
    text = pd.Series("", index=frame.index, dtype=object)
    for name in frame.columns:
        if name not in PSEUDONYMS:
            text = text + ";" + frame[name].astype(object).where(frame[name].notna(), "-").astype(str)
    return text


def alone_texts(tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """The same of groups that stand in link_history alone, under pseudonyms that no other table has."""
    links = tables["link_history"]
    links = links[~links["group_pseudonym"].isin(tables["businesses"]["group_pseudonym"])]
    texts = pd.Series(_texts(links).to_numpy(), index=links["group_pseudonym"], dtype=object)
    return texts.groupby(level=0).agg(lambda rows: " # ".join(sorted(rows)))


def smallest_classes(tables: Mapping[str, pd.DataFrame]) -> dict[str, int | None]:
    """Members of the smallest class of groups, of shops without a link, of groups with links alone; None: no such."""
    groups = joint_texts(tables).value_counts()
    free = tables["shops"][~tables["shops"]["shop_pseudonym"].isin(tables["link_history"]["shop_pseudonym"])]
    shops = _texts(free).value_counts()
    links = alone_texts(tables).value_counts()
    return {
        "businesses": int(groups.min()) if len(groups) else None,
        "shops": int(shops.min()) if len(shops) else None,
        "links alone": int(links.min()) if len(links) else None,
    }


def proved(tables: Mapping[str, pd.DataFrame], found: Generalised, k: int, before: Mapping[str, int]) -> dict[str, Any]:
    """Report for the manifest. Raises CheckError when some class is smaller than k: then nothing may leave.

    before: rows of the tables before anything was generalised.
    """
    smallest = smallest_classes(tables)
    if any(size is not None and size < k for size in smallest.values()):
        raise CheckError(
            f"The check of the research release found rows that fewer than {k} businesses or shops share "
            f"({smallest}); nothing was released. Please report this as a defect."
        )
    return {
        "k": k,
        "joint_over": ["businesses", "presence", "link_history", "shops"],
        "smallest_class": smallest,
        "rows_before": dict(before),
        "rows_released": {name: len(tables[name]) for name in before},
        "withheld": found.withheld,
        "left_out": found.dropped,
        "judgements": "pseudonyms of their own, which join with no other table; scores rounded to 0.05",
    }
