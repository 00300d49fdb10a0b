"""Some weeks of the moving world as lists that are handed in: one marketplace refuses, another is read only later.

What people hand in each week is written from the truth, never from a crawl, as real offices and marketplaces would: a
complete list of every marketplace that can be read, businesses known to sell, participants of a training. Researchers
get their synthetic release from it (docs/research.md), so the same seed gives the same files everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas as pd
from pandas import DataFrame

from monitor.errors import StoreError
from monitor.handed_rows import title_of
from monitor.sandbox.moving import SHOP, Moving, Pace, set_moving
from monitor.sandbox.world import make_world
from monitor.weeks import week_days

LAST_WEEK, WEEKS, SEED = "2026-W42", 6, 47  # begins in one quarter and ends in the next
BUSINESSES, SHOPS, OWNED_SHARE = 8_000, 2_400, 0.6  # many sell, so that rows are alike enough to be released
MARKETPLACES = ("blibli", "plaza_banten", "shopee", "tokopedia")
REFUSES, REFUSED_IN = "tokopedia", 5  # week, counted from 1
LATE, READ_FROM = "blibli", 4
TRAINING = "pelatihan berjualan daring"
FEED_COLUMNS = [
    "shop_id", "shop_name", "username", "city", "district", "description", "joined_on", "sold_count", "status",
    "closed_on", "listing_id", "title", "category",
]  # fmt: skip


@dataclass(frozen=True)
class History(Moving):
    """The weeks and their lists."""

    def lists(self, number: int) -> dict[str, DataFrame]:
        """Marketplace -> its complete list of the week, FEED_COLUMNS, one row a listing."""
        rows = self._listed(number)
        if number == REFUSED_IN:
            rows = rows[rows["marketplace"] != REFUSES]
        if number < READ_FROM:
            rows = rows[rows["marketplace"] != LATE]
        return {str(slug): part[FEED_COLUMNS].reset_index(drop=True) for slug, part in rows.groupby("marketplace")}

    def _listed(self, number: int) -> DataFrame:
        day = week_days(self.week(number))[0]
        said = (self.shops["closes"] == number) & self.shops["says_closed"]
        told = pd.concat([self.open_in(number), self.shops[said]])
        told = told[told["captured"]].sort_values(SHOP)
        names = self.made.shops.rename(columns={"name": "shop_name"}).drop(columns="category")
        rows = told.merge(names, on=SHOP).merge(self.made.listings, on=SHOP)
        rows["joined_on"] = rows["joined_on"].where(rows["opens"] == 1, rows["opens"].map(self._mondays))
        rows["sold_count"] = 100 + rows["pace"] * number
        closed = rows["closes"] == number
        return rows.assign(
            status=closed.map({True: "closed", False: "live"}),
            closed_on=closed.map({True: (day - timedelta(days=1)).isoformat(), False: ""}),
        )


def make(
    seed: int = SEED,
    businesses: int = BUSINESSES,
    shops: int = SHOPS,
    owned_share: float = OWNED_SHARE,
    weeks: int = WEEKS,
    last_week: str = LAST_WEEK,
) -> History:
    """The same arguments give the same weeks. Raises UsageError on numbers that make no world or no history."""
    made = make_world(seed, businesses, shops, owned_share, marketplaces=MARKETPLACES)
    moving = set_moving(made, last_week, weeks, seed, Pace())
    return History(made, moving.shops, last_week, weeks, seed)


def write_list(path: Path, kind: str, rows: Sequence[dict[str, str]]) -> Path:
    """A list of an office as CSV under the titles that its template has; kind: probe or cohort. Raises StoreError."""
    frame = DataFrame(rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        frame.rename(columns={name: title_of(kind, name) for name in frame}).to_csv(path, index=False)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from None
    return path
