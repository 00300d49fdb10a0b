"""The clerical draw: shops whose best candidate is in the clerical band, and links that nobody has confirmed, in turn.

Spread over the offices so that each gets about as many. These answers decide links; for the level they stand for
themselves only.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from monitor.database import read_frame
from monitor.intervals import as_of
from monitor.private_store import candidate_pairs, links
from pipelines.review_coders import hashed

ASKED = ("review", "link")  # decisions in the order in which they take turns
PAIR = ["marketplace", "shop_id", "business_id"]


def keys_of(frame: pd.DataFrame, names: Sequence[str] = PAIR) -> set[tuple[Any, ...]]:
    return set(frame[list(names)].itertuples(index=False, name=None))


def among(frame: pd.DataFrame, keys: set[tuple[Any, ...]], names: Sequence[str] = PAIR) -> Any:
    """By row: is its key one of these?"""
    return np.array([key in keys for key in frame[list(names)].itertuples(index=False, name=None)], dtype=bool)


def clerical_pairs(connection: Connection, week: str) -> pd.DataFrame:
    """The best pair of every shop that nobody has confirmed, if it is worth asking about."""
    table = candidate_pairs.c
    columns = (table.marketplace, table.shop_id, table.business_id, table.group_id, table.weight, table.probability)
    query = select(*columns, table.decision).where(as_of(candidate_pairs, week), table.decision.in_(ASKED))
    pairs = read_frame(connection, query)
    sure = select(links.c.marketplace, links.c.shop_id).where(as_of(links, week), links.c.decision == "confirmed")
    confirmed = {tuple(row) for row in connection.execute(sure)}
    pairs = pairs[~among(pairs, confirmed, PAIR[:2])].assign(weight=lambda frame: frame["weight"].astype(float))
    odds = np.exp2(np.clip(pairs["weight"].to_numpy(dtype=float), -60, 60))
    pairs = pairs.assign(
        score=pairs["probability"].astype(float).fillna(pd.Series(odds / (1 + odds), index=pairs.index))
    )
    order = ["marketplace", "shop_id", "weight", "business_id"]
    return pairs.sort_values(order, ascending=[True, True, False, True]).drop_duplicates(["marketplace", "shop_id"])


def next_pairs(pairs: pd.DataFrame, asked: pd.DataFrame, draw_id: str, count: int) -> pd.DataFrame:
    """The next `count` pairs: in each office clerical band and links in turn, offices in turn.

    The band by weight, since the likeliest are worth most; links at random, so that they show how right links are.
    """
    left = pairs[~among(pairs, keys_of(asked))]
    left = left.assign(chance=[hashed(draw_id, *key) for key in left[PAIR].itertuples(index=False)])
    band = left["decision"] == "review"
    left = left.assign(order=(-left["weight"]).where(band, 0.0)).sort_values(["order", "chance"])
    turn = left.groupby(["office", "decision"]).cumcount() * 2 + (~band[left.index]).astype(int)
    office = [hashed(draw_id, code) for code in left["office"]]
    return left.assign(turn=turn, by_office=office).sort_values(["turn", "by_office", "chance"]).head(max(count, 0))
