"""Blibli, INAPROC, Rumah Sikum and JakMall, crawled by the real command: nothing of the region is missed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from crawling import WEEK, only_crawl, short_command, text_of, world_rows

from monitor import regions
from monitor.config import Config, load_config
from monitor.crawl import process as crawl_process
from monitor.crawl.process import Outcome
from monitor.crawl.store import read_crawl
from monitor.identifiers import find_phones
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.sandbox.shapes_rumah_sikum import PRIVATE_MARK
from monitor.verbs.crawl import crawl_all

SITES = ("inaproc", "blibli", "rumah_sikum", "jakmall")
INSIDE = {area.code for area in regions.areas()}


@dataclass
class Crawled:
    config: Config
    world: Path
    outcomes: dict[str, Outcome]
    asked: dict[str, dict[str, object]]


@pytest.fixture(scope="module", autouse=True)
def few_queries() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crawl_process, "command", short_command)
        yield


def configured(data: Path) -> Config:
    return load_config({"MONITOR_DATA_DIR": str(data), "MONITOR_PHONE_KEY_FILE": str(data.parent / "phone.key")})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world")
    world.write(world.make_world(seed=21, businesses=900, shops=220, marketplaces=SITES), path)
    return path


@pytest.fixture(scope="module")
def crawled(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    config = configured(tmp_path_factory.mktemp("data") / "data")
    with Server(folder, {}) as server:
        outcomes = crawl_all(config, SITES, sandbox=folder, week=WEEK)
        return Crawled(config, folder, {one.marketplace: one for one in outcomes}, server.requests())


@pytest.fixture
def own_config(tmp_path: Path) -> Config:
    return configured(tmp_path / "data")


def test_all_are_crawled_whole(crawled: Crawled) -> None:
    assert {slug: outcome.state for slug, outcome in crawled.outcomes.items()} == dict.fromkeys(SITES, "done")


@pytest.mark.parametrize("slug", ["inaproc", "blibli", "rumah_sikum"])
def test_every_shop_of_the_region_is_found(crawled: Crawled, slug: str) -> None:
    shops, _ = world_rows(crawled.world, slug)
    found = read_crawl(only_crawl(crawled.config, slug)).shops.set_index("shop_id")
    wanted = shops[shops["place"].isin(INSIDE) & (shops["city"] != "")]
    assert len(wanted) > 20 and wanted.index.isin(found.index).all()
    true = shops.loc[found.index]
    assert [" ".join(name.split()) for name in found["name"]] == [" ".join(name.split()) for name in true["name"]]
    assert all(
        place in codes for codes, place in zip(found["area_codes"], true["place"], strict=True) if place in INSIDE
    )


@pytest.mark.parametrize("slug", SITES)
def test_listings_are_those_of_the_world(crawled: Crawled, slug: str) -> None:
    _, listings = world_rows(crawled.world, slug)
    found = read_crawl(only_crawl(crawled.config, slug)).listings.set_index("listing_id")
    assert len(found) and set(found.index) <= set(listings.index)
    true = listings.loc[found.index]
    assert (found["price_idr"].astype("int64") == true["price"]).all()
    assert (found["shop_id"].astype(str) == true["shop_id"]).all()
    has_phone = true["title"].map(lambda title: bool(find_phones(title)))
    assert (found["title"].astype(str) == true["title"].str.strip())[~has_phone].all()


@pytest.mark.parametrize("slug", SITES)
def test_a_refusal_ends_it_at_once_with_its_name(folder: Path, own_config: Config, slug: str) -> None:
    with Server(folder, {slug: "refuse"}) as server:
        (outcome,) = crawl_all(own_config, [slug], sandbox=folder, week=WEEK)
        asked = sum(host["count"] for host in server.requests().values())
    assert (outcome.state, outcome.is_failure) == ("refused", False)
    assert asked == 2  # robots.txt and one more


@pytest.mark.parametrize("slug", SITES)
def test_a_list_that_breaks_off_is_not_taken_for_few_shops(folder: Path, own_config: Config, slug: str) -> None:
    with Server(folder, {slug: "empty:after=4"}):
        (outcome,) = crawl_all(own_config, [slug], sandbox=folder, week=WEEK)
    assert (outcome.state, outcome.cause) == ("failed", "unclear_end")


def test_rumah_sikum_is_read_without_pictures_and_telephones_in_clear(crawled: Crawled) -> None:
    paths = {request["path"].split("/")[1] for request in crawled.asked["rumahsikum.com"]["requests"]}  # type: ignore[attr-defined]
    assert paths == {"robots.txt", "e-commerce", "toko"}
    directory = only_crawl(crawled.config, "rumah_sikum")
    assert PRIVATE_MARK not in text_of(directory)
    shops = read_crawl(directory).shops
    entries = [entry for entries in shops["identifiers"] for entry in entries if entry["kind"] == "phone"]
    assert len(entries) >= len(shops) and all(entry["value"] is None and entry["hash"] for entry in entries)


def test_rumah_sikum_reads_every_shop_once_in_its_kecamatan(crawled: Crawled) -> None:
    data = read_crawl(only_crawl(crawled.config, "rumah_sikum"))
    shops, listings = world_rows(crawled.world, "rumah_sikum")
    assert set(data.listings["listing_id"]) == set(listings.index)
    assert data.queries["unit"].str.fullmatch(r"daftar/(3603\d\d|tanpa-kecamatan)").all()
    printed = shops.loc[data.shops["shop_id"], "district"]
    assert printed.tolist() == data.shops["district"].fillna("").tolist() and data.shops["district_code"].notna().any()


def test_blibli_keeps_sellers_of_the_region_only(crawled: Crawled) -> None:
    shops = read_crawl(only_crawl(crawled.config, "blibli")).shops
    assert all(len(codes) for codes, city in zip(shops["area_codes"], shops["city"].fillna(""), strict=True) if city)
    assert (shops["account_id"] == shops["shop_id"]).all()


def test_jakmall_says_no_place_of_a_shop(crawled: Crawled) -> None:
    data = read_crawl(only_crawl(crawled.config, "jakmall"))
    shops, _ = world_rows(crawled.world, "jakmall")
    assert data.shops["city"].isna().all() and not any(len(codes) for codes in data.shops["area_codes"])
    assert set(data.shops["shop_id"]) <= set(shops.index) and len(data.shops) > 1
    assert set(data.listings["shop_id"]) == set(data.shops["shop_id"])
