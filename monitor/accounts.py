"""One seller on two marketplaces: the account that shops of different marketplaces share.

Tokopedia prints the seller's id on TikTok Shop beside each shop, and shops opened since the merger have no other id
(captures of December 2025). SIPLah Blibli and Blibli number their merchants together. A number that two other sites
happen to share says nothing.
"""

import re
from collections.abc import Iterable

# Marketplaces whose accounts are one and the same, and what such an account looks like there.
FAMILIES: dict[str, tuple[str, re.Pattern[str]]] = {
    "tokopedia": ("tiktok", re.compile(r"\d{19}")),
    "tiktok_shop": ("tiktok", re.compile(r"\d{19}")),
    "blibli": ("blibli", re.compile(r"[A-Z0-9]{2,4}-\d+")),
    "siplah_blibli": ("blibli", re.compile(r"[A-Z0-9]{2,4}-\d+")),
}


def account_of(marketplace: str, shop_id: str, account_id: str | None) -> str | None:
    """Key of the seller's account, equal for the same seller's shops; None where nothing says it.

    The account that was read, else the shop's own id where that marketplace names shops by the account.
    """
    if marketplace not in FAMILIES:
        return None
    family, pattern = FAMILIES[marketplace]
    found = next((text for text in (account_id, shop_id) if text and pattern.fullmatch(text)), None)
    return f"{family}:{found}" if found else None


def accounts_of(rows: Iterable[tuple[str, str, str | None]]) -> list[str | None]:
    """`account_of` for (marketplace, shop_id, account_id) of many shops."""
    return [account_of(*row) for row in rows]
