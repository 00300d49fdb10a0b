"""The state of a shop in a week, as a table: what was done on which day, and what may be said of the shop then."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
import pytest
from crawl_factory import SLUG, listing, shop
from sqlalchemy import Engine

from monitor.config import Config
from monitor.crawl.files import CrawlInfo
from monitor.crawl.store import CrawlWriter, left_capped
from monitor.database import private_engine
from monitor.shop_states import live_shops, week_states
from monitor.weeks import week_of_date
from pipelines.load import load_week

# Sundays of six weeks, and a Friday of the second.
W1, W2, W3, W4, W5, W6 = ("2026-11-01", "2026-11-08", "2026-11-15", "2026-11-22", "2026-11-29", "2026-12-06")
W2_FRIDAY = "2026-11-06"


@dataclass(frozen=True)
class Crawl:
    """One crawl: the shops it shows, those it asked for in vain, and how it read.

    way: list (every shop there is), search, capped (a list that hid some), partial, refused.
    """

    day: str
    shows: str = ""
    closed: str = ""
    not_found: str = ""
    way: str = "search"
    others: int = 0  # further shops that were asked for and found

    def units(self) -> list[dict[str, Any]]:
        name = "daftar" if self.way in ("list", "capped", "partial", "refused") else "cari/3603/kopi"
        first = {"unit": name, "fetched": 9, "capped": self.way == "capped", "declared_total": 99}
        asked = [{"unit": f"toko/{key}", "fetched": 0, "found": False} for key in self.not_found]
        found = [{"unit": f"toko/9{number}", "fetched": 1, "found": True} for number in range(self.others)]
        return [first, *asked, *found]


def write(config: Config, crawl: Crawl) -> None:
    info = CrawlInfo(
        marketplace=SLUG,
        week=week_of_date(date.fromisoformat(crawl.day)),
        coverage="partial" if crawl.way == "partial" else "complete",
        kind="feed",  # health asks less of a feed than of a crawl
        started_at=f"{crawl.day}T01:00:00Z",
    )
    with CrawlWriter.create(config.crawls_dir, info) as writer:
        units = crawl.units()
        for key in (*crawl.shows, *crawl.closed):
            status = "closed" if key in crawl.closed else "live"
            writer.write(shop(key, status=status), units[0]["unit"])
            writer.write(listing(f"p{key}", key), units[0]["unit"])
        for unit in units:
            writer.unit_done(query="q", **{"declared_total": None, **unit})
        reason = "refused" if crawl.way == "refused" else "finished"
        writer.finish({"finish_reason": reason, "shop_count": 2, "units": {"planned": 1}})


@dataclass(frozen=True)
class Case:
    """What is done, and what is then said of shop 2 in the week of `at`. counted: whether figures still use it."""

    name: str
    crawls: Sequence[Crawl] = field(default=())
    at: str = W2
    state: str = "live"
    counted: bool = True


FIRST = Crawl(W1, shows="12")
CASES = [
    Case("seen again", [FIRST, Crawl(W2, shows="12")]),
    Case("the site says closed", [FIRST, Crawl(W2, shows="1", closed="2")], W2, "closed", False),
    Case("a search does not show it", [FIRST, Crawl(W2, shows="1")], W2, "unknown", True),
    Case("searches do not show it for four weeks", [FIRST, Crawl(W2, "1"), Crawl(W5, "1")], W5, "unknown", True),
    Case("nor for five: its data are too old", [FIRST, Crawl(W2, "1"), Crawl(W6, "1")], W6, "unknown", False),
    Case("asked for, not there, once", [FIRST, Crawl(W2, shows="1", not_found="2")], W2, "unknown", False),
    Case(
        "not there in two weeks",
        [FIRST, Crawl(W2, shows="1", not_found="2"), Crawl(W3, shows="1", not_found="2")],
        W3,
        "gone",
        False,
    ),
    Case(
        "not there on two days of one week",
        [FIRST, Crawl(W2_FRIDAY, shows="1", not_found="2"), Crawl(W2, shows="1", not_found="2")],
        W2,
        "gone",
        False,
    ),
    Case(
        "not there twice on one day",
        [FIRST, Crawl(W2, shows="1", not_found="2"), Crawl(W2, shows="1", not_found="2")],
        W2,
        "unknown",
        False,
    ),
    Case(
        "not there once, then not asked",
        [FIRST, Crawl(W2, shows="1", not_found="2"), Crawl(W3, shows="1")],
        W3,
        "unknown",
        False,
    ),
    Case(
        "not there once, then nowhere because the site refuses",
        [FIRST, Crawl(W2, shows="1", not_found="2"), Crawl(W3, not_found="2", way="refused")],
        W3,
        "unknown",
        False,
    ),
    Case("the site refuses", [FIRST, Crawl(W2, not_found="12", way="refused")], W2, "unknown", True),
    Case("nothing was read", [FIRST], W2, "unknown", True),
    Case("a whole list lacks it", [FIRST, Crawl(W2, shows="1", way="list")], W2, "unknown", False),
    Case(
        "two whole lists lack it",
        [FIRST, Crawl(W2, shows="1", way="list"), Crawl(W3, shows="1", way="list")],
        W3,
        "gone",
        False,
    ),
    Case(
        "a whole list lacks it and it is not there",
        [FIRST, Crawl(W2, shows="1", way="list"), Crawl(W3, shows="1", not_found="2")],
        W3,
        "gone",
        False,
    ),
    Case("a list that ended at its cap lacks it", [FIRST, Crawl(W2, shows="1", way="capped")], W2, "unknown", True),
    Case("part of a list lacks it", [FIRST, Crawl(W2, shows="1", way="partial")], W2, "unknown", True),
    Case("listed although its page is not there", [FIRST, Crawl(W2, shows="12", not_found="2")]),
    Case("not there on Friday, listed on Sunday", [FIRST, Crawl(W2_FRIDAY, shows="1", not_found="2"), Crawl(W2, "12")]),
    Case(
        "listed on Friday, not there on Sunday",
        [FIRST, Crawl(W2_FRIDAY, shows="12"), Crawl(W2, "1", not_found="2")],
    ),
    Case(
        "gone, and back",
        [FIRST, Crawl(W2, "1", not_found="2"), Crawl(W3, "1", not_found="2"), Crawl(W4, shows="12")],
        W4,
    ),
    Case(
        "closed, and its page is no longer there",
        [FIRST, Crawl(W2, shows="1", closed="2"), Crawl(W3, "1", not_found="2"), Crawl(W4, "1", not_found="2")],
        W4,
        "closed",
        False,
    ),
    Case(
        "hardly any shop is there any more: the site has changed",
        [FIRST, Crawl(W2, shows="1", not_found="2345678", others=4), Crawl(W3, "1", not_found="2345678", others=4)],
        W3,
        "unknown",
        True,
    ),
    Case(
        "of many shops some are not there",
        [FIRST, Crawl(W2, shows="1", not_found="2345", others=9), Crawl(W3, "1", not_found="2345", others=9)],
        W3,
        "gone",
        False,
    ),
]


def loaded(config: Config, crawls: Sequence[Crawl]) -> Engine:
    engine = private_engine(config)
    for crawl in crawls:
        write(config, crawl)
    for week in sorted({week_of_date(date.fromisoformat(crawl.day)) for crawl in crawls}):
        load_week(engine, config, week)
    return engine


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_state_of_a_shop(config: Config, case: Case) -> None:
    engine = loaded(config, case.crawls)
    week = week_of_date(date.fromisoformat(case.at))
    with engine.connect() as connection:
        states = week_states(connection, week).set_index("shop_id")["state"]
        counted = "2" in set(live_shops(connection, week)["shop_id"])
    engine.dispose()
    assert (states["2"], counted) == (case.state, case.counted)


def test_a_search_ends_no_listing_of_a_shop_that_is_open(config: Config) -> None:
    engine = loaded(config, [FIRST, Crawl(W2, shows="1")])
    with engine.connect() as connection:
        open_listings = connection.exec_driver_sql("select listing_id from listings where valid_to_week is null")
        assert sorted(open_listings.scalars()) == ["p1", "p2"]
    engine.dispose()


def test_what_was_asked_for_in_vain_is_part_of_what_a_crawl_holds(config: Config) -> None:
    engine = loaded(config, [Crawl(W1, shows="1"), Crawl(W1, shows="1", not_found="2")])
    with engine.connect() as connection:
        hashes = connection.exec_driver_sql("select content_sha256 from crawls").scalars().all()
    engine.dispose()
    assert len(set(hashes)) == 2


@pytest.mark.parametrize(
    ("units", "left"),
    [
        ([("a", False, 0)], []),
        ([("a", True, 0)], ["a"]),
        ([("a", True, 2), ("a/x", False, 0), ("a/y", False, 0)], []),
        ([("a", True, 2), ("a/x", False, 0)], ["a"]),
        ([("a", True, 2), ("a/x", True, 0), ("a/y", False, 0)], ["a", "a/x"]),
        ([("a", True, 1), ("a/x", True, 1), ("a/x/1", False, 0), ("b", True, 0)], ["b"]),
    ],
)
def test_what_stayed_capped(units: list[tuple[str, bool, int]], left: list[str]) -> None:
    queries = pd.DataFrame(units, columns=["unit", "capped", "split_into"])
    assert left_capped(queries) == left
