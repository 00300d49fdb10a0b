"""The shops of one account are one seller's: only a person may give them to different businesses."""

import pandas as pd

SHOP = ["marketplace", "shop_id"]


def one_group_an_account(frame: pd.DataFrame, shops: pd.DataFrame) -> pd.DataFrame:
    """Decided pairs, links that contradict the account's other links being for review.

    frame: marketplace, shop_id, group_id, decision, verdict, weight. shops: marketplace, shop_id and, where known,
    account. The groups that people confirmed speak for an account, else the linked one with the most evidence, of
    equals the lowest.
    """
    if "account" not in shops or frame.empty:
        return frame
    known = shops.loc[shops["account"].notna(), [*SHOP, "account"]].drop_duplicates(SHOP)
    account = frame[SHOP].merge(known, on=SHOP, how="left")["account"].set_axis(frame.index)
    linked = frame.assign(account=account)[frame["decision"].eq("link") & account.notna()]
    said = linked[linked["verdict"].eq("yes")]
    rest = linked[~linked["account"].isin(said["account"])]
    best = rest.sort_values(["weight", "group_id"], ascending=[False, True]).drop_duplicates("account")
    right = pd.MultiIndex.from_frame(pd.concat([said, best])[["account", "group_id"]])
    wrong = linked.index[~pd.MultiIndex.from_frame(linked[["account", "group_id"]]).isin(right)]
    frame.loc[wrong, "decision"] = "review"
    return frame
