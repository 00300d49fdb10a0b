"""How many accounts the businesses of the registry declared, per marketplace, and what can be made of them."""

from collections import Counter, defaultdict
from typing import Any

import pandas as pd

from monitor.declared_links import KINDS, resolve
from monitor.marketplaces import catalogue

NOT_SAID = "(no marketplace)"


def declared_table(declared: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per marketplace, most businesses first.

    declared: business_id, marketplace, account (as `registry.frame.read_declared` gives them). Each row: marketplace
    (title), state (how it is read, or since when it is closed), businesses, accounts and their number per kind.
    """
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for (slug, account), count in declared.groupby(["marketplace", "account"]).size().items():
        kinds[slug][_kind(slug, account)] += int(count)
    businesses = declared.groupby("marketplace")["business_id"].nunique()
    order = sorted(kinds, key=lambda slug: (-int(businesses[slug]), slug))
    return [_row(slug, int(businesses[slug]), kinds[slug]) for slug in order]


def _kind(slug: str, account: str) -> str:
    """Kind of one account; a bare word in a marketplace's own column is the shop's name there."""
    found = resolve(account)
    return "name" if found.kind == "text" and slug in catalogue() else found.kind


def _row(slug: str, businesses: int, kinds: Counter[str]) -> dict[str, Any]:
    entry = catalogue().get(slug)
    state = entry.support if entry else ""
    if entry is not None and entry.ended_on:
        state = f"closed since {entry.ended_on}"
    named = {"marketplace": entry.title if entry else NOT_SAID, "state": state, "businesses": businesses}
    return {**named, "accounts": kinds.total(), **{kind.replace("_", " "): kinds[kind] for kind in KINDS}}
