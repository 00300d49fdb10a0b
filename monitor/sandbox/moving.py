"""A world that moves from week to week: shops open, close, are shown late, and change name, address or username.

Whatever lets practice weeks pass stands on it: `history` hands in lists of it, `monitor.rehearsal` has it crawled. The
truth of every week is known. Weeks are numbered from 1; the same arguments give the same weeks.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import pandas as pd
from pandas import DataFrame

from monitor.errors import UsageError
from monitor.marketplaces import marketplace
from monitor.sandbox import places
from monitor.sandbox.businesses import brand
from monitor.sandbox.draws import Draws
from monitor.sandbox.habits import HABITS
from monitor.sandbox.noise import glued
from monitor.sandbox.vocabulary import words
from monitor.sandbox.world import World
from monitor.weeks import shift_week, week_days

SHOP = ["marketplace", "shop_id"]
SAYS_CLOSED = 0.5  # of those that close, a last list says so; the others are only missing from then on
CAPTURED = 0.9  # shops that any list ever holds; the rest is what the probe tells about
TRADES = 0.7  # shops whose sales rise
KNOWN_A_WEEK = 40  # businesses known to sell that offices write down each week
PARTICIPANTS, OF_THEM_SELLING = 400, 200
HELD_WEEKS_BEFORE = 4
NAMED_LIKE_BEFORE = 0.5  # of the renamed shops: a word more; the others take another name
LIFE = ["opens", "closes", "says_closed", "captured", "pace"]
CHANGES = ["shown_from", "renamed_in", "new_name", "username_in", "new_username", "moved_in", "new_district"]
_WRITTEN = {
    "business_name": "NAMA USAHA",
    "owner_name": "NAMA PEMILIK",
    "district": "KECAMATAN",
    "area": "KAB/KOTA",
}


@dataclass(frozen=True)
class Pace:
    """How fast the world moves. opens_later: share of the shops that open after the first week; the others are chances:
    closes, renames, username, moves a week and shop; late: that a marketplace shows a shop only from a later week on.
    """

    opens_later: float = 0.15
    closes: float = 0.03
    late: float = 0.0
    renames: float = 0.0
    username: float = 0.0
    moves: float = 0.0


@dataclass(frozen=True)
class Moving:
    """made: all shops that ever are. shops: one row a shop of it, source_id ("" for nobody in the registry), opens and
    closes (number of the week; closed from then on), says_closed, captured (does any list ever hold it), pace (sales a
    week); then CHANGES: shown_from, renamed_in, username_in, moved_in are weeks, 0 for never, beside what is new.
    """

    made: World
    shops: DataFrame
    last_week: str
    weeks: int
    seed: int

    # --- weeks

    def week(self, number: int) -> str:
        """ISO week of week 1, 2, .."""
        return shift_week(self.last_week, number - self.weeks)

    @property
    def as_of(self) -> str:
        """Day of the registry: the Monday before the first week."""
        return (week_days(self.week(1))[0] - timedelta(days=7)).isoformat()

    @property
    def held_on(self) -> str:
        """Day of the training."""
        return (week_days(self.week(1))[0] - timedelta(weeks=HELD_WEEKS_BEFORE)).isoformat()

    def monday(self, number: int) -> str:
        return week_days(self.week(number))[0].isoformat()

    # --- the truth of a week

    def open_in(self, number: int) -> DataFrame:
        return self.shops[(self.shops["opens"] <= number) & (number < self.shops["closes"])]

    def sellers_in(self, number: int, marketplaces: set[str] | None = None) -> set[str]:
        """Registered businesses with a shop that is open in the week, on these marketplaces (None: on any)."""
        there = self.open_in(number)
        if marketplaces is not None:
            there = there[there["marketplace"].isin(marketplaces)]
        return set(there["source_id"]) - {""}

    def events(self, number: int) -> dict[str, int]:
        """What happened to shops from the week before to this one; counts of shops."""
        here, late = self.shops, self.open_in(number)
        return {
            "opened": int((here["opens"] == number).sum()) if number > 1 else 0,
            "closed": int((here["closes"] == number).sum()),
            "shown late": int((late["shown_from"] == number).sum()) if number > 1 else 0,
            "renamed": int((late["renamed_in"] == number).sum()),
            "new username": int((late["username_in"] == number).sum()),
            "moved": int((late["moved_in"] == number).sum()),
        }

    # --- as marketplaces show it

    def shown_in(self, number: int) -> World:
        """The world as a visitor meets it in the week: shops that are open and shown, under the names of that week."""
        there = self.open_in(number)
        there = there[there["shown_from"] <= number]
        shops = self._renamed(self.made.shops.merge(there[[*SHOP, "opens", *CHANGES]], on=SHOP), number)
        opened = shops["opens"].map(self._mondays).where(shops["opens"] > 1)
        shops["joined_on"] = opened.fillna(shops["joined_on"])
        listings = self.made.listings.merge(shops[[*SHOP, "opens"]], on=SHOP)
        since = listings["opens"].map(self._mondays).where(listings["opens"] > 1)
        listings["created_on"] = since.fillna(listings["created_on"])
        return World(
            registry=self.made.registry,
            shops=shops[list(self.made.shops.columns)],
            listings=listings[list(self.made.listings.columns)],
            truth=self.made.truth.merge(there[SHOP], on=SHOP),
            settings=self.made.settings,
        )

    @cached_property
    def _mondays(self) -> dict[int, str]:
        return {number: self.monday(number) for number in range(1, self.weeks + 1)}

    def _renamed(self, shops: DataFrame, number: int) -> DataFrame:
        for column, since, new in (
            ("name", "renamed_in", "new_name"),
            ("username", "username_in", "new_username"),
            ("district", "moved_in", "new_district"),
        ):
            has_changed = shops[since].between(1, number)
            shops[column] = shops[new].where(has_changed, shops[column])
            if column == "district":
                shops["postal_code"] = shops["postal_code"].mask(has_changed, "")
        return shops

    # --- what offices know

    def known_to_sell(self, number: int, count: int = KNOWN_A_WEEK) -> list[dict[str, str]]:
        """Businesses that sell in the week, each with one of its shops, whether or not a list holds it."""
        there = self.open_in(number)
        owned = there[there["source_id"] != ""].sort_values(["source_id", *SHOP])
        shops: dict[str, list[tuple[str, str]]] = {}
        for slug, shop, source in owned[[*SHOP, "source_id"]].itertuples(index=False):
            shops.setdefault(source, []).append((slug, shop))
        draws, chosen = Draws(self.seed, f"known to sell in week {number}"), sorted(shops)
        draws.shuffle(chosen)
        return [self._known(source, draws.pick(shops[source]), number) for source in chosen[:count]]

    def _known(self, source: str, shop: tuple[str, str], number: int) -> dict[str, str]:
        return self._person(source) | {
            "marketplace": marketplace(shop[0]).title,
            "shop_id": shop[1],
            "source": "kunjungan",
            "collected_on": self.monday(number),
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


def set_moving(made: World, last_week: str, weeks: int, seed: int, pace: Pace) -> Moving:
    """The world with a life for each shop. Raises UsageError on numbers that make no weeks."""
    if not 2 <= weeks <= 52:
        raise UsageError(f"Practice weeks are 2 to 52, not {weeks}.")
    truth = made.truth
    draws = Draws(seed, "lives of shops")
    lives = DataFrame([_life(draws, weeks, pace) for _ in range(len(truth))], columns=LIFE)
    shops = pd.concat([truth[[*SHOP, "source_id"]].reset_index(drop=True), lives], axis=1)
    return Moving(made, _with_changes(seed, made, shops, weeks, pace), last_week, weeks, seed)


def _life(draws: Draws, weeks: int, pace: Pace) -> tuple[int, int, bool, bool, int]:
    opens = draws.between(2, weeks) if draws.chance(pace.opens_later) else 1
    closes = next((week for week in range(opens + 1, weeks + 1) if draws.chance(pace.closes)), weeks + 1)
    sales = draws.between(1, 20) if draws.chance(TRADES) else 0
    return opens, closes, draws.chance(SAYS_CLOSED), draws.chance(CAPTURED), sales


def _with_changes(seed: int, made: World, shops: DataFrame, weeks: int, pace: Pace) -> DataFrame:
    """A stream of its own, so that lives stay as they are whatever else changes."""
    draws = Draws(seed, "changes of shops")
    names = made.shops.set_index(SHOP)[["name", "username", "place", "district"]]
    known = names.reindex(pd.MultiIndex.from_frame(shops[SHOP])).itertuples(index=False)
    taken = set(zip(made.shops["marketplace"], made.shops["username"], strict=True))
    rows = []
    for slug, opens, shown in zip(shops["marketplace"], shops["opens"], known, strict=True):
        late = opens == 1 and draws.chance(pace.late)
        renamed = _some_week(draws, pace.renames, weeks)
        name = _new_name(draws, shown.name) if renamed else ""
        renames_user = not HABITS[slug].id_is_username and _some_week(draws, pace.username, weeks)
        username = _free(draws, taken, slug, glued(name or shown.name)) if renames_user else ""
        moved = _some_week(draws, pace.moves, weeks) if shown.district else 0
        district = _elsewhere(draws, shown.place, shown.district) if moved else ""
        rows.append(
            (
                draws.between(2, weeks) if late else 1,
                renamed,
                name,
                int(renames_user),
                username,
                moved if district else 0,
                district,
            )
        )
    return pd.concat([shops, DataFrame(rows, columns=CHANGES)], axis=1)


def _some_week(draws: Draws, chance: float, weeks: int) -> int:
    """The first week from the second on in which it happens; 0 for never."""
    return next((week for week in range(2, weeks + 1) if chance and draws.chance(chance)), 0)


def _new_name(draws: Draws, name: str) -> str:
    return f"{name} {draws.weighted(words().suffixes)}" if draws.chance(NAMED_LIKE_BEFORE) else brand(draws)


def _free(draws: Draws, taken: set[tuple[str, str]], slug: str, wanted: str) -> str:
    name = wanted[:40] or "toko"
    while (slug, name) in taken:
        name = f"{wanted[:36]}{draws.digits(3)}"
    taken.add((slug, name))
    return name


def _elsewhere(draws: Draws, place: str, district: str) -> str:
    """Another kecamatan of the same kab/kota; "" outside the province."""
    city = next((city for city in places.cities() if city.key == place), None)
    if city is None or not city.code:
        return ""
    found = draws.pick(sorted({village.district for village in places.villages()[city.code]} - {district}) or [""])
    return str(found)
