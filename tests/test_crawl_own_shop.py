"""The real command against the served own shops: every kind of software is found out and read, each site by itself."""

import json
import socket
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from crawling import WEEK, Answerer, little_site, only_crawl, text_of, world_rows

from monitor.config import Config, load_config
from monitor.crawl.process import Outcome, run_crawl
from monitor.crawl.store import read_crawl
from monitor.planner.steps import Plan, Step, write_plan
from monitor.sandbox import world
from monitor.sandbox.counter import Counter
from monitor.sandbox.platform_active import ActiveEcommerce
from monitor.sandbox.platform_jsonld import JsonLd
from monitor.sandbox.platform_shopify import Shopify
from monitor.sandbox.platform_wordpress import WordPress
from monitor.sandbox.server import Server
from monitor.sandbox.shapes_own_shop import PLATFORMS, OwnShops, Storekeeper
from monitor.sandbox.storefront import Storefront
from monitor.sandbox.transport import Request
from monitor.units import LINKED, KnownShop
from spiders.base import MAX_CONNECTION_FAILURES

MARKS = ("rahasia", "0899000")


@dataclass
class Crawled:
    config: Config
    world: Path
    outcome: Outcome
    platforms: dict[str, str]
    asked: dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world")
    world.write(world.make_world(11, 600, 90, 0.1, 0.5, marketplaces=["own_shop", "plaza_banten"]), path)
    return path


@pytest.fixture(scope="module")
def crawled(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path_factory.mktemp("data"))})
    with Server(folder, {}) as server:
        outcome = run_crawl(config, "own_shop", WEEK, sandbox=folder)
        site = next(site for site in server.sites if isinstance(site, OwnShops))
        yield Crawled(config, folder, outcome, site.platforms, server.requests())


def test_every_software_is_there_and_every_shop_is_read(crawled: Crawled) -> None:
    assert crawled.outcome.state == "done"
    shops, _ = world_rows(crawled.world, "own_shop")
    found = read_crawl(only_crawl(crawled.config, "own_shop")).shops.set_index("shop_id")
    assert set(crawled.platforms.values()) == set(PLATFORMS)
    assert set(found.index) == set(shops.index) == set(crawled.platforms)
    assert (found["name"] == shops.loc[found.index, "name"].str.strip()).all()
    assert (found["url"] == "https://" + found.index).all() and not found["is_collective"].any()


def world_id(listing_id: str, platform: str) -> str:
    """A listing's id in the world: Shopify's are longer, Magento's encoded."""
    if platform == "magento":
        return b64decode(listing_id).decode()
    return str(int(listing_id) - 8_312_929_000_000) if platform == "shopify" else listing_id


def test_listings_and_prices_are_those_of_the_world(crawled: Crawled) -> None:
    _, true = world_rows(crawled.world, "own_shop")
    found = read_crawl(only_crawl(crawled.config, "own_shop")).listings
    platforms = [crawled.platforms[shop_id] for shop_id in found["shop_id"]]
    found.index = pd.Index([world_id(*pair) for pair in zip(found["listing_id"], platforms, strict=True)])
    assert set(found.index) == set(true.index) and found.index.is_unique
    true = true.loc[found.index]
    assert (found["price_idr"].astype("int64") == true["price"]).all()
    assert (found["shop_id"] == true["shop_id"]).all()


def test_units_say_which_shops_were_found(crawled: Crawled) -> None:
    queries = read_crawl(only_crawl(crawled.config, "own_shop")).queries
    assert set(queries["unit"]) == {f"toko/{shop_id}" for shop_id in crawled.platforms}
    assert queries["found"].all()


def test_one_lane_per_site_and_nothing_personal(crawled: Crawled) -> None:
    for host in crawled.platforms:
        assert crawled.asked[host]["max_in_flight"] == 1
    said = text_of(only_crawl(crawled.config, "own_shop")).lower()
    assert not any(mark in said for mark in MARKS)


def test_a_list_of_addresses_hostile_ones_included(folder: Path, tmp_path: Path) -> None:
    """The file is read too; what may not be asked is counted, named in the log by its line, and never sent."""
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})
    config.data_dir.mkdir()
    (config.data_dir / "own_shop.txt").write_text("http://127.0.0.1/\nhttps://a:rahasia@kopi.com\nhilang.example\n")
    with Server(folder, {}):
        outcome = run_crawl(config, "own_shop", WEEK, sandbox=folder)
    directory = only_crawl(config, "own_shop")
    assert outcome.state == "done"
    log = (directory / "crawl.log").read_text()
    assert "own_shop.txt, line 1 is an IP address" in log and "own_shop.txt, line 2 holds a user name" in log
    assert "rahasia" not in log
    data = read_crawl(directory)
    assert "hilang.example" not in set(data.shops["shop_id"])
    assert data.issues["message"].str.contains("toko/hilang.example").any()


@pytest.mark.parametrize("gone", ["sites", "network"])
def test_sites_that_do_not_answer_do_not_end_the_others(folder: Path, tmp_path: Path, gone: str) -> None:
    """More of them in a row than another marketplace may leave unanswered; unless nobody else answers either."""
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})
    with Server(folder, {}), socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = nobody.getsockname()[1]
        nobody.close()
        hosts = json.loads((folder / "hosts.json").read_text())
        shops = [host for host in hosts if "plazabanten" not in host]
        silent = set(hosts) if gone == "network" else set(shops[: len(shops) - 2])
        changed = {host: closed if host in silent else port for host, port in hosts.items()}
        (folder / "hosts.json").write_text(json.dumps(changed))
        outcome = run_crawl(config, "own_shop", WEEK, sandbox=folder)
    data = read_crawl(only_crawl(config, "own_shop"))
    assert len(silent) > MAX_CONNECTION_FAILURES
    assert set(data.shops["shop_id"]) == set(shops) - silent
    assert not (data.queries["found"] == False).any()  # noqa: E712 (a column)
    assert outcome.cause != "crashed" and (data.stats is None) == (gone == "network")  # to be gone on with
    assert data.stats is None or not data.stats["errors"]


@pytest.mark.parametrize(
    "fault",
    [
        "refuse",
        "redirect:to=loopback",
        pytest.param("redirect:to=host", marks=pytest.mark.prove),
        pytest.param("robots_refuse", marks=pytest.mark.prove),
        pytest.param("5xx", marks=pytest.mark.prove),
    ],
)
def test_a_site_that_is_closed_to_us_is_unknown_and_never_gone(folder: Path, tmp_path: Path, fault: str) -> None:
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})
    with Server(folder, {"own_shop": fault}):
        run_crawl(config, "own_shop", WEEK, sandbox=folder)
    data = read_crawl(only_crawl(config, "own_shop"))
    assert data.shops.empty and not (data.queries["found"] == False).any()  # noqa: E712 (a column)
    assert len(data.issues)


# --- the same software with many sellers: Plaza Banten --------------------------------------------------------------


def served(site: Storekeeper) -> Answerer:
    """The site as `little_site` wants it."""

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        if path == "/robots.txt":
            return 404, {}, b""
        bare, _, query = path.partition("?")
        pairs = dict(part.partition("=")[::2] for part in query.split("&") if part)
        reply = site.answer(Request("GET", bare, {k: v.replace("%2C", ",") for k, v in pairs.items()}, {}, b""), False)
        return reply.status, {"Content-Type": reply.content_type, **reply.headers}, reply.body

    return answer


def plaza(folder: Path) -> Counter:
    store = Storefront(world.read(folder), "plaza_banten")
    shops = sorted(store.shops.values(), key=lambda shop: int(shop.shop_id))[:6]
    return Counter("https://plazabanten.com", shops, lambda shop_id: store.of_shop.get(shop_id, []))


@pytest.mark.parametrize("make", [lambda one: WordPress(one, has_sellers=True), ActiveEcommerce])
def test_plaza_banten_with_sellers(folder: Path, config: Config, tmp_path: Path, make: object) -> None:
    counter = plaza(folder)
    with little_site(tmp_path / "site", ["plazabanten.com"], served(make(counter))):  # type: ignore[operator]
        outcome = run_crawl(config, "plaza_banten", WEEK, sandbox=tmp_path / "site")
    data = read_crawl(only_crawl(config, "plaza_banten"))
    assert (outcome.state, outcome.cause) == ("done", None)
    assert data.shops["name"].tolist() and len(data.shops) == len(counter.shops)
    assert sorted(data.listings["price_idr"]) == sorted(one.price for one in counter.listings)
    said = text_of(only_crawl(config, "plaza_banten")).lower()
    assert not any(mark in said for mark in MARKS)


@pytest.mark.parametrize("make", [WordPress, Shopify, JsonLd])
def test_plaza_banten_without_sellers_is_one_collective_shop(
    folder: Path, config: Config, tmp_path: Path, make: object
) -> None:
    counter = plaza(folder)
    with little_site(tmp_path / "site", ["plazabanten.com"], served(make(counter))):  # type: ignore[operator]
        outcome = run_crawl(config, "plaza_banten", WEEK, sandbox=tmp_path / "site")
    data = read_crawl(only_crawl(config, "plaza_banten"))
    assert (outcome.state, outcome.cause) == ("done", None)
    assert data.shops["shop_id"].tolist() == ["plazabanten.com"] and data.shops["is_collective"].all()
    assert sorted(data.listings["price_idr"]) == sorted(one.price for one in counter.listings)
    stats = json.loads((only_crawl(config, "plaza_banten") / "stats.json").read_text())
    assert stats["units"]["failed"] == 0


# --- single sites ---------------------------------------------------------------------------------------------------

HTML = {"Content-Type": "text/html"}
PARKED = b"<html><head><title>kopi.example is for sale</title></head><body>Buy this domain</body></html>"


@pytest.mark.parametrize(
    ("home", "found", "issue"),
    [
        ((404, HTML, b"<html>not found</html>"), False, None),
        ((410, HTML, b""), False, None),
        ((200, HTML, PARKED), None, "runs on no shop software"),
        ((302, {"Location": "https://lain.example/"}, b""), None, "leads to another one"),
        ((500, HTML, b""), None, "answers with status 500"),
    ],
)
def test_only_the_site_itself_says_that_it_is_gone(
    config: Config, tmp_path: Path, home: tuple[int, dict[str, str], bytes], found: bool | None, issue: str | None
) -> None:
    with little_site(tmp_path / "site", ["kopi.example"], lambda path: home if path == "/" else (404, {}, b"")):
        run_crawl(config, "own_shop", WEEK, sandbox=tmp_path / "site")
    data = read_crawl(only_crawl(config, "own_shop"))
    assert data.shops.empty
    assert [bool(value) for value in data.queries["found"].dropna()] == ([] if found is None else [found])
    assert data.issues["message"].str.contains(issue).any() if issue else data.issues.empty


def test_a_crawl_delay_slows_that_site(config: Config, tmp_path: Path) -> None:
    moments: list[float] = []

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        moments.append(time.monotonic())
        return (200, {}, b"User-agent: *\nCrawl-delay: 0.4\n") if path == "/robots.txt" else (200, HTML, PARKED)

    with little_site(tmp_path / "site", ["kopi.example"], answer):
        run_crawl(config, "own_shop", WEEK, sandbox=tmp_path / "site")
    gaps = [after - before for before, after in pairwise(moments)]
    assert len(gaps) >= 2 and min(gaps) > 0.3


@pytest.mark.parametrize("make", [lambda one: WordPress(one, has_sellers=True), ActiveEcommerce])
def test_a_known_shop_of_plaza_banten_is_asked_for_by_itself(
    folder: Path, config: Config, tmp_path: Path, make: object
) -> None:
    counter = plaza(folder)
    known = [KnownShop("2", is_linked=True), KnownShop("999", is_linked=True)]
    steps = tuple(Step(LINKED, f"toko/{shop.shop_id}", "linked", 1.0, shop=shop) for shop in known)
    (tmp_path / "plan").mkdir()
    write_plan(tmp_path / "plan", Plan("plaza_banten", steps=steps))
    with little_site(tmp_path / "site", ["plazabanten.com"], served(make(counter))):  # type: ignore[operator]
        run_crawl(config, "plaza_banten", WEEK, sandbox=tmp_path / "site", plan=tmp_path / "plan")
    queries = read_crawl(only_crawl(config, "plaza_banten")).queries.set_index("unit")
    assert queries["found"].dropna().to_dict() == {"toko/2": True, "toko/999": False}
