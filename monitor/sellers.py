"""Two shops of one account are never counted as two businesses."""

import pandas as pd
from sqlalchemy import Connection, select

from monitor.accounts import FAMILIES, accounts_of
from monitor.database import read_frame
from monitor.private_store import shops

SHOP = ["marketplace", "shop_id"]


def shop_accounts(connection: Connection) -> pd.DataFrame:
    """marketplace, shop_id, account: shops whose account other marketplaces know too (`monitor.accounts`)."""
    columns = (shops.c.marketplace, shops.c.shop_id, shops.c.account_id)
    found = read_frame(connection, select(*columns).where(shops.c.marketplace.in_(sorted(FAMILIES))))
    found["account"] = pd.Series(accounts_of(found.itertuples(index=False, name=None)), index=found.index, dtype=object)
    return found.loc[found["account"].notna(), [*SHOP, "account"]]


def one_business_each(links: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """The links without those that give the shops of one account to different groups.

    links: marketplace, shop_id, listing_id, group_id, decision, weight and what else there is. What a person confirmed
    stays, and then speaks for the account; else the group with the most evidence, of equals the lowest. Listings of
    shops that sell the goods of many are not the account's.
    """
    held = links.assign(account=_account_of(links, accounts))
    own = held[held["account"].notna() & (held["listing_id"] == "")]
    confirmed = own[own["decision"] == "confirmed"]
    by_system = own[~own["account"].isin(confirmed["account"])]
    best = by_system.sort_values(["weight", "group_id"], ascending=[False, True]).drop_duplicates("account")
    said = pd.concat([confirmed, best])[["account", "group_id"]].drop_duplicates()
    kept = own.merge(said.assign(is_kept=True), on=["account", "group_id"], how="left")["is_kept"].notna()
    dropped = own.index[~kept.to_numpy()]
    return links.drop(index=dropped)


def _account_of(links: pd.DataFrame, accounts: pd.DataFrame) -> pd.Series:
    found = links[SHOP].merge(accounts, on=SHOP, how="left")["account"]
    return pd.Series(found.to_numpy(), index=links.index, dtype=object)
