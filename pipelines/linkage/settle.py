"""Scores and verdicts together: the candidate pairs of a week and the links among them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipelines.linkage.collective import own_shop
from pipelines.linkage.decide import decide, evidence
from pipelines.linkage.rivals import against_rivals, probability
from pipelines.linkage.sellers import one_group_an_account
from pipelines.linkage.weights import Weights
from pipelines.linkage.words import Floats

PAIR_COLUMNS = (
    "marketplace", "shop_id", "business_id", "group_id", "rule", "weight", "probability", "agreements", "decision",
    "evidence",
)  # fmt: skip
LINK_COLUMNS = (
    "marketplace", "shop_id", "listing_id", "group_id", "business_id", "decision", "weight", "probability", "evidence",
)  # fmt: skip
SHOP = ["marketplace", "shop_id"]
Curve = tuple[float, float] | None
RANK = {"link": 0, "review": 1, "reject": 2}


@dataclass(frozen=True)
class Settled:
    """pairs: `PAIR_COLUMNS`, one row a shop and business; links: `LINK_COLUMNS`, one row a shop, listing and group.

    decision is link, review or reject in pairs, and link or confirmed in links. probability is None until enough sample
    judgements exist to calibrate it; that of a pair is what it would be had nobody judged the shop (measurement draws
    and weighs by it), that of a link what it was decided by.
    """

    pairs: pd.DataFrame
    links: pd.DataFrame


def _texts(values: list[str], index: pd.Index) -> pd.Series:
    return pd.Series(values, index=index, dtype=object)


def _decided(pairs: pd.DataFrame, said: pd.DataFrame, weights: Weights, curve: Curve) -> pd.DataFrame:
    """Pairs above the floor with decision, evidence and, where people judged, `verdict` and `task_id`."""
    keyed = pairs.assign(real_shop=_texts([own_shop(shop) for shop in pairs["shop_id"]], pairs.index))
    known = said.rename(columns={"shop_id": "real_shop"})[
        ["marketplace", "real_shop", "group_id", "verdict", "task_id"]
    ]
    keyed = keyed.merge(known, on=["marketplace", "real_shop", "group_id"], how="left")
    refused = keyed["verdict"].eq("no")
    keyed["unjudged"] = _unjudged(keyed, curve)
    # What a person ruled out is no rival of the others any more.
    open_pairs, closed = decide(keyed[~refused], weights, curve), keyed[refused]
    closed = closed[closed["weight"] >= weights.decision.floor].assign(
        odds=closed["weight"], decision="reject", probability=None if curve is None else 0.0
    )
    frame = pd.concat([open_pairs, closed], ignore_index=True) if len(closed) else open_pairs
    frame = frame.sort_values(["marketplace", "shop_id", "business_id"], ignore_index=True)
    frame["evidence"] = pd.Series(evidence(frame), index=frame.index, dtype=object)
    for place in np.flatnonzero(frame["verdict"].notna()):
        frame.at[place, "evidence"] |= {"judgement": [frame.at[place, "verdict"], frame.at[place, "task_id"]]}
    frame.loc[frame["verdict"].eq("split"), "decision"] = "review"
    return frame


def _unjudged(keyed: pd.DataFrame, curve: Curve) -> Floats:
    """The probability of each pair among all candidates of its shop, whatever people said of them."""
    if curve is None:
        return np.full(len(keyed), np.nan)
    shop, group = keyed["shop"].to_numpy(), keyed["group_id"].to_numpy()
    odds = against_rivals(shop, group, keyed["weight"].to_numpy(dtype=float)).round(2)
    return probability(odds, curve).round(6)


def _overrule(frame: pd.DataFrame, confirmed: pd.DataFrame) -> pd.DataFrame:
    """A confirmed pair is the link; a shop that has one needs no other."""
    owned = pd.MultiIndex.from_frame(confirmed[SHOP])
    of_owned = pd.MultiIndex.from_arrays([frame["marketplace"], frame["real_shop"]]).isin(owned)
    yes = frame["verdict"].eq("yes")
    frame.loc[of_owned & ~yes, "decision"] = "reject"
    frame.loc[yes, "decision"] = "link"
    return frame


def _best(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The row with the most evidence of each key, a linked one first."""
    rank = frame["decision"].map(RANK)
    upward = [*[True] * len(keys), True, False, True]
    ordered = frame.assign(rank=rank).sort_values([*keys, "rank", "weight", "business_id"], ascending=upward)
    return ordered.drop_duplicates(keys).drop(columns="rank")


def _auto_links(frame: pd.DataFrame, goods: pd.DataFrame | None) -> pd.DataFrame:
    """Linked candidates, decided by the system or confirmed; with goods, one for each listing of a stand-in."""
    wanted = _best(frame[frame["decision"] == "link"], [*SHOP, "group_id"])
    wanted = wanted.assign(decision=np.where(wanted["verdict"].eq("yes"), "confirmed", "link"))
    if goods is None:
        return wanted.assign(listing_id="")
    return wanted.merge(goods[[*SHOP, "listing_id"]], on=SHOP)


def _unseen(said: pd.DataFrame, frame: pd.DataFrame, shops: pd.DataFrame) -> pd.DataFrame:
    """Confirmed pairs that the system does not see as candidates: a person knows more than the evidence."""
    whole = shops.loc[~shops["is_collective"].astype(bool), SHOP]
    confirmed = said[said["verdict"] == "yes"].merge(whole, on=SHOP)
    seen = pd.MultiIndex.from_frame(frame[[*SHOP, "group_id"]])
    missing = confirmed[~pd.MultiIndex.from_frame(confirmed[[*SHOP, "group_id"]]).isin(seen)]
    proof: list[dict[str, Any]] = [{"judgement": ["yes", task]} for task in missing["task_id"]]
    return missing.assign(
        listing_id="", decision="confirmed", weight=0.0, evidence=pd.Series(proof, index=missing.index, dtype=object)
    )


def _stated(frame: pd.DataFrame, curve: Curve) -> pd.DataFrame:
    """Without a curve no probability is stated; a pair that was not scored has none."""
    if curve is None:
        return frame.assign(probability=None)
    stated = frame["probability"].astype(object)
    return frame.assign(probability=stated.where(stated.notna(), None))


def settle(
    pairs: pd.DataFrame,
    brand_pairs: pd.DataFrame,
    goods: pd.DataFrame,
    shops: pd.DataFrame,
    said: pd.DataFrame,
    weights: Weights,
    curve: Curve = None,
) -> Settled:
    """Pairs and links of a week.

    pairs, brand_pairs: from `score`, of shops and of stand-ins for the brands of collective shops (`goods`: their
    listings); shops: marketplace, shop_id, is_collective and, where known, account of all open shops; said: from
    `verdicts`; curve: from odds to probability, of a model that judgements taught.
    """
    frame = _decided(pairs, said, weights, curve)
    brands = _decided(brand_pairs, said, weights, curve)
    confirmed = said[said["verdict"] == "yes"]
    frame, brands = _overrule(frame, confirmed), _overrule(brands, confirmed.iloc[:0])
    frame = one_group_an_account(frame, shops)
    found = pd.concat([_auto_links(frame, None), _auto_links(brands, goods), _unseen(said, frame, shops)])
    found["shop_id"] = _texts([own_shop(shop) for shop in found["shop_id"]], found.index)
    every = pd.concat([frame, brands.assign(shop_id=brands["real_shop"])], ignore_index=True)
    every = _best(every, ["marketplace", "shop_id", "business_id"])
    return Settled(
        pairs=_stated(every.assign(probability=every["unjudged"]), curve)[list(PAIR_COLUMNS)].reset_index(drop=True),
        links=_stated(found, curve)[list(LINK_COLUMNS)].reset_index(drop=True),
    )
