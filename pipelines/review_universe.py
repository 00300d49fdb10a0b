"""The groups that can be drawn for review in a week, and the shops that each is judged on."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, select

from monitor.database import read_frame
from monitor.intervals import as_of
from monitor.marketplaces import catalogue
from monitor.private_store import business_versions, candidate_pairs, links
from monitor.shop_states import live_shops
from monitor.weeks import shift_week
from pipelines.estimation.change import panel_flow
from pipelines.estimation.strata import group_scores, stratum_of
from pipelines.linkage.model import load_model
from pipelines.load_panel import panel_pair
from pipelines.measure_pairs import scored
from pipelines.measure_states import CARRY_WEEKS, marketplace_states

COLUMNS = ["group_id", "business_id", "marketplace", "shop_id", "score"]
SHOP = ["marketplace", "shop_id"]


@dataclass(frozen=True)
class Week:
    """What a week's draw is made from.

    pairs: candidates, one row a group and shop (of several rows of one business in the registry the likeliest):
    group_id, business_id, marketplace, shop_id, score. left: the same of groups that left the panel, with their shops
    of then. groups: as `sampling.draw_week` wants them. areas: kab/kota by business, None where unknown.
    """

    week: str
    pairs: pd.DataFrame
    left: pd.DataFrame
    groups: pd.DataFrame
    areas: dict[int, str | None]
    model_version: str


def read_universe(connection: Connection, week: str) -> Week:
    """The candidates of the week, and what changed since the week before."""
    pairs, before = candidates(connection, week), candidates(connection, shift_week(week, -1))
    left = _left(connection, week, pairs, before)
    areas = _areas(connection)
    groups = _groups(pairs, before, left, areas)
    return Week(week, pairs, left, groups, areas, model_version(connection, week))


def one_a_shop(pairs: pd.DataFrame) -> pd.DataFrame:
    """A group is one business: where several of its rows have the same shop as candidate, the likeliest is asked."""
    ordered = pairs.sort_values(["group_id", *SHOP, "score", "business_id"], ascending=[True, True, True, False, True])
    return ordered.drop_duplicates(["group_id", *SHOP]).reset_index(drop=True)


def model_version(connection: Connection, week: str) -> str:
    """The model that linked the week; the shipped one where it made no link."""
    found = select(links.c.model_version).where(as_of(links, week)).order_by(links.c.valid_from_week.desc()).limit(1)
    return connection.execute(found).scalar() or load_model().version


def candidates(connection: Connection, week: str) -> pd.DataFrame:
    """Candidates above the floor whose shop is open on a covered marketplace, as `measure_pairs` reads them."""
    states = marketplace_states(connection, week, catalogue())
    covered = states.loc[states["covered"].astype(bool), "marketplace"]
    live = live_shops(connection, week, (), max_age_weeks=CARRY_WEEKS)[SHOP]
    pairs = scored(connection, week).merge(live, on=SHOP)
    return one_a_shop(pairs.loc[pairs["marketplace"].isin(covered), COLUMNS])


def _left(connection: Connection, week: str, pairs: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Candidates of groups that the fixed panel showed the week before and no longer shows."""
    shops = panel_pair(connection, week, shift_week(week, -1)).shops
    now = pairs.merge(shops.loc[shops["now"].astype(bool), SHOP], on=SHOP)
    then = before.merge(shops.loc[shops["then"].astype(bool), SHOP], on=SHOP)
    return then[then["group_id"].isin(panel_flow(now, then).left)]


def _strata(pairs: pd.DataFrame) -> pd.Series:
    scores = group_scores(pairs)
    return pd.Series(stratum_of(scores.to_numpy()), index=scores.index)


def _groups(
    pairs: pd.DataFrame, before: pd.DataFrame, left: pd.DataFrame, areas: dict[int, str | None]
) -> pd.DataFrame:
    """group_id, score, area_code, entered, left_panel, in_universe."""
    scores = group_scores(pairs)
    gone = group_scores(left)
    gone = gone[~gone.index.isin(scores.index)]
    every = pd.concat([scores, gone]).rename("score").reset_index()
    best = pd.concat([pairs, left]).sort_values(["group_id", "score", "business_id"], ascending=[True, False, True])
    first = best.drop_duplicates("group_id").set_index("group_id")["business_id"]
    was, now = _strata(before), _strata(pairs)
    moved = set(now.index[now != was.reindex(now.index)])
    return every.assign(
        area_code=every["group_id"].map(first).map(areas).astype(object),
        entered=every["group_id"].isin(moved),
        left_panel=every["group_id"].isin(left["group_id"]),
        in_universe=every["group_id"].isin(scores.index),
    )


def _areas(connection: Connection) -> dict[int, str | None]:
    """kab/kota of every business that was ever a candidate."""
    table = business_versions.c
    asked = select(candidate_pairs.c.business_id).distinct()
    query = select(table.business_id, table.area_code).where(
        table.valid_to_part.is_(None), table.business_id.in_(asked)
    )
    found = read_frame(connection, query)
    return dict(zip(found["business_id"].tolist(), found["area_code"].tolist(), strict=True))
