"""Some weeks of the practice world: shops open and close, one marketplace refuses, another is read only later.

What people hand in each week is written from the truth, never from a crawl, as real offices and marketplaces would: a
complete list of every marketplace that can be read, businesses known to sell, participants of a training. Researchers
get their synthetic release from it (docs/research.md), so the same seed gives the same files everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from pandas import DataFrame

from monitor.errors import StoreError, UsageError
from monitor.handed_rows import title_of
from monitor.marketplaces import marketplace
from monitor.sandbox.draws import Draws
from monitor.sandbox.world import World, make_world
from monitor.weeks import shift_week, week_days

LAST_WEEK, WEEKS, SEED = "2026-W42", 6, 47  # begins in one quarter and ends in the next
BUSINESSES, SHOPS, OWNED_SHARE = 8_000, 2_400, 0.6  # many sell, so that rows are alike enough to be released
MARKETPLACES = ("blibli", "plaza_banten", "shopee", "tokopedia")
OPENS_LATER, CLOSES = 0.15, 0.03  # shops that open after the first week; chance a week to close
SAYS_CLOSED = 0.5  # of those that close, a last list says so; the others are only missing from then on
CAPTURED = 0.9  # shops that any list ever holds; the rest is what the probe tells about
TRADES = 0.7  # shops whose sales rise
REFUSES, REFUSED_IN = "tokopedia", 5  # week, counted from 1
LATE, READ_FROM = "blibli", 4
KNOWN_A_WEEK = 40  # businesses known to sell that offices write down each week
PARTICIPANTS, OF_THEM_SELLING = 400, 200
TRAINING, HELD_WEEKS_BEFORE = "pelatihan berjualan daring", 4
SHOP = ["marketplace", "shop_id"]
FEED_COLUMNS = [
    "shop_id", "shop_name", "username", "city", "district", "description", "joined_on", "sold_count", "status",
    "closed_on", "listing_id", "title", "category",
]  # fmt: skip
_WRITTEN = {
    "business_name": "NAMA USAHA",
    "owner_name": "NAMA PEMILIK",
    "district": "KECAMATAN",
    "area": "KAB/KOTA",
}


@dataclass(frozen=True)
class History:
    """shops: one row a shop of the world, source_id ("" for nobody in the registry), opens and closes (number of the
    week; closed from then on), says_closed, captured (does any list ever hold it), pace (sales a week).
    """

    made: World
    shops: DataFrame
    last_week: str
    weeks: int
    seed: int

    def week(self, number: int) -> str:
        """ISO week of week 1, 2, .."""
        return shift_week(self.last_week, number - self.weeks)

    @property
    def all_weeks(self) -> list[str]:
        return [self.week(number) for number in range(1, self.weeks + 1)]

    @property
    def as_of(self) -> str:
        """Day of the registry: the Monday before the first week."""
        return (week_days(self.week(1))[0] - timedelta(days=7)).isoformat()

    @property
    def held_on(self) -> str:
        """Day of the training."""
        return (week_days(self.week(1))[0] - timedelta(weeks=HELD_WEEKS_BEFORE)).isoformat()

    def open_in(self, number: int) -> DataFrame:
        return self.shops[(self.shops["opens"] <= number) & (number < self.shops["closes"])]

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
        monday = {turn: week_days(self.week(turn))[0].isoformat() for turn in range(1, self.weeks + 1)}
        rows["joined_on"] = rows["joined_on"].where(rows["opens"] == 1, rows["opens"].map(monday))
        rows["sold_count"] = 100 + rows["pace"] * number
        closed = rows["closes"] == number
        return rows.assign(
            status=closed.map({True: "closed", False: "live"}),
            closed_on=closed.map({True: (day - timedelta(days=1)).isoformat(), False: ""}),
        )

    def known_to_sell(self, number: int) -> list[dict[str, str]]:
        """Businesses that sell in the week, each with one of its shops, whether or not a list holds it."""
        there = self.open_in(number)
        owned = there[there["source_id"] != ""].sort_values(["source_id", *SHOP])
        shops: dict[str, list[tuple[str, str]]] = {}
        for slug, shop, source in owned[[*SHOP, "source_id"]].itertuples(index=False):
            shops.setdefault(source, []).append((slug, shop))
        draws, chosen = Draws(self.seed, f"known to sell in week {number}"), sorted(shops)
        draws.shuffle(chosen)
        return [self._known(source, draws.pick(shops[source]), number) for source in chosen[:KNOWN_A_WEEK]]

    def _known(self, source: str, shop: tuple[str, str], number: int) -> dict[str, str]:
        day = week_days(self.week(number))[0].isoformat()
        return self._person(source) | {
            "marketplace": marketplace(shop[0]).title,
            "shop_id": shop[1],
            "source": "kunjungan",
            "collected_on": day,
        }

    def participants(self) -> list[dict[str, str]]:
        """Businesses that took part in the training; half of them sell, more than of all others."""
        owned = sorted(set(self.shops["source_id"]) - {""})
        others = sorted(set(self.made.registry["ID"]) - set(owned))
        draws = Draws(self.seed, "participants")
        draws.shuffle(owned)
        draws.shuffle(others)
        chosen = owned[:OF_THEM_SELLING] + others[: PARTICIPANTS - OF_THEM_SELLING]
        return [self._person(source) for source in sorted(chosen)]

    def _person(self, source: str) -> dict[str, str]:
        row = self._registry[source]
        return {name: row[column] for name, column in _WRITTEN.items()}

    @cached_property
    def _registry(self) -> dict[str, dict[Any, Any]]:
        return {str(row["ID"]): row for row in self.made.registry.to_dict("records")}


def make(
    seed: int = SEED,
    businesses: int = BUSINESSES,
    shops: int = SHOPS,
    owned_share: float = OWNED_SHARE,
    weeks: int = WEEKS,
    last_week: str = LAST_WEEK,
) -> History:
    """The same arguments give the same weeks. Raises UsageError on numbers that make no world or no history."""
    if not 2 <= weeks <= 52:
        raise UsageError(f"A history has 2 to 52 weeks, not {weeks}.")
    made = make_world(seed, businesses, shops, owned_share, marketplaces=MARKETPLACES)
    return History(made, _with_life(seed, made.truth, weeks), last_week, weeks, seed)


def _with_life(seed: int, truth: DataFrame, weeks: int) -> DataFrame:
    draws = Draws(seed, "lives of shops")
    rows = [_life(draws, weeks) for _ in range(len(truth))]
    life = DataFrame(rows, columns=["opens", "closes", "says_closed", "captured", "pace"])
    return pd.concat([truth[[*SHOP, "source_id"]].reset_index(drop=True), life], axis=1)


def _life(draws: Draws, weeks: int) -> tuple[int, int, bool, bool, int]:
    opens = draws.between(2, weeks) if draws.chance(OPENS_LATER) else 1
    closes = next((week for week in range(opens + 1, weeks + 1) if draws.chance(CLOSES)), weeks + 1)
    pace = draws.between(1, 20) if draws.chance(TRADES) else 0
    return opens, closes, draws.chance(SAYS_CLOSED), draws.chance(CAPTURED), pace


def write_list(path: Path, kind: str, rows: Sequence[dict[str, str]]) -> Path:
    """A list of an office as CSV under the titles that its template has; kind: probe or cohort. Raises StoreError."""
    frame = DataFrame(rows)
    try:
        frame.rename(columns={name: title_of(kind, name) for name in frame}).to_csv(path, index=False)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from None
    return path
