"""GoFood and GrabFood end to end: the real command against the served world."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from crawling import WEEK, only_crawl, world_rows

from monitor import pins
from monitor.config import Config, load_config
from monitor.crawl.process import Outcome
from monitor.crawl.store import read_crawl
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.verbs.crawl import crawl_all

SITES = ("gofood", "grabfood")


@dataclass
class Crawled:
    config: Config
    world: Path
    outcomes: dict[str, Outcome]


def configured(folder: Path) -> Config:
    return load_config({"MONITOR_DATA_DIR": str(folder), "MONITOR_PHONE_KEY_FILE": str(folder / "phone.key")})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world")
    world.write(world.make_world(13, 600, 40, 0.2, 0.5, marketplaces=SITES), path)
    return path


@pytest.fixture(scope="module")
def crawled(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    config = configured(tmp_path_factory.mktemp("data"))
    with Server(folder, {}):
        outcomes = crawl_all(config, [], sandbox=folder, week=WEEK)
    yield Crawled(config, folder, {one.marketplace: one for one in outcomes})


def test_both_are_crawled_whole(crawled: Crawled) -> None:
    assert {slug: outcome.state for slug, outcome in crawled.outcomes.items()} == dict.fromkeys(SITES, "done")


@pytest.mark.parametrize("slug", SITES)
def test_shops_of_the_region_are_found_with_their_menus(crawled: Crawled, slug: str) -> None:
    shops, listings = world_rows(crawled.world, slug)
    data = read_crawl(only_crawl(crawled.config, slug))
    found = data.shops.set_index("shop_id")
    area = {
        key: pins.codes_at(float(row.latitude), float(row.longitude), "36")[0]
        for key, row in shops.iterrows()
        if row.latitude
    }
    inside = {key for key, code in area.items() if code}
    # GoFood shows the nearest outlets of a locality and cuts its lists off; GrabFood's lists hold all.
    assert set(found.index) <= set(shops.index)
    assert len(inside & set(found.index)) >= (1.0 if slug == "grabfood" else 0.8) * len(inside)
    for key in inside & set(found.index):
        assert list(found.loc[key, "area_codes"]) == [area[key]]
        assert found.loc[key, "name"] == shops.loc[key, "name"].strip()
    rows = data.listings.set_index("listing_id")
    true = listings.loc[rows.index]
    assert (rows["price_idr"].astype("int64") == true["price"]).all()
    assert set(rows["shop_id"].astype(str)) == {key for key in found.index if list(found.loc[key, "area_codes"])}


def test_gofood_says_since_when_an_outlet_exists(crawled: Crawled) -> None:
    shops, _ = world_rows(crawled.world, "gofood")
    found = read_crawl(only_crawl(crawled.config, "gofood")).shops.set_index("shop_id")
    assert (found["joined_on"] == shops.loc[found.index, "joined_on"]).all()


def test_a_list_that_may_go_on_is_said_to_be_cut_off(crawled: Crawled) -> None:
    queries = read_crawl(only_crawl(crawled.config, "gofood")).queries
    lists = queries[queries["unit"].str.startswith("daftar/")]
    assert len(lists) > 100 and (lists["capped"] == (lists["fetched"] >= 12)).all()


@pytest.mark.parametrize("slug", SITES)
def test_a_refusal_ends_the_crawl_and_is_named(folder: Path, tmp_path: Path, slug: str) -> None:
    config = configured(tmp_path)
    with Server(folder, {slug: "refuse"}):
        (outcome,) = crawl_all(config, [slug], sandbox=folder, week=WEEK)
    directory = only_crawl(config, slug)
    stats = json.loads((directory / "stats.json").read_text())
    assert outcome.state == "refused" and stats["finish_reason"] == "refused"
    assert stats["cause"] == {"gofood": "challenge", "grabfood": "http_403"}[slug]
    assert read_crawl(directory).shops.empty
