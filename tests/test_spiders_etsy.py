"""Etsy's official interface: places are checked, the key is nowhere to be found, nothing starts without one."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from crawling import WEEK, only_crawl, text_of, world_rows
from sandbox_client import ask
from scrapy.exceptions import CloseSpider
from scrapy.settings import Settings
from served_spider import at_sandbox, rows, served

from monitor import keys
from monitor.config import CrawlOptions, load_config
from monitor.crawl.store import read_crawl
from monitor.items import Listing, Shop
from monitor.marketplaces import marketplace
from monitor.permission import permission_problem
from monitor.reading import Answer
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.units import KnownShop, Tally, Unit
from monitor.verbs.crawl import crawl_all
from spiders.base import UnansweredError
from spiders.etsy import EtsySpider

KEY = "abcdefghij0123456789:rahasia-bersama"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world")
    world.write(world.make_world(seed=4, businesses=400, shops=40, marketplaces=("etsy",)), path)
    return path


@pytest.fixture(scope="module")
def server(folder: Path) -> Any:
    with Server(folder, faults={}) as running:
        yield running


def with_key(server: Server) -> Any:
    """Answers to requests that carry a key, as the spider's own `fetch` sends them."""
    return at_sandbox(server, x_api_key=KEY)


def test_nothing_starts_without_a_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    entry = marketplace("etsy")
    options = CrawlOptions(user_agent_contact="mailto:a@contoh.example", terms_checked_on={"etsy": "2026-11-20"})
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path)})
    ready = config.__class__(
        **{**{name: getattr(config, name) for name in config.__dataclass_fields__}, "crawl": options}
    )
    monkeypatch.delenv("MONITOR_ETSY_KEY", raising=False)
    problem = permission_problem(entry, ready)
    assert problem == "Etsy answers only with a key of its official interface: set MONITOR_ETSY_KEY."
    monkeypatch.setenv("MONITOR_ETSY_KEY", f" {KEY}\n")
    assert permission_problem(entry, ready) is None and keys.api_key("etsy") == KEY
    assert permission_problem(marketplace("tokopedia"), config) is not None


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "kunci\x00", "kún"])
def test_what_is_no_key(value: str) -> None:
    assert keys.api_key("etsy", {"MONITOR_ETSY_KEY": value}) is None


def test_a_key_is_taken_out_of_what_is_kept() -> None:
    body = b'{"error": "key abcdefghij0123456789 with rahasia-bersama is unknown", "sent": "' + KEY.encode() + b'"}'
    assert keys.without_key(body, KEY) == (b'{"error": "key [kunci] with [kunci] is unknown", "sent": "[kunci]"}')
    assert keys.without_key(b"a:b is no key", "a:b") == b"a:b is no key", "parts of no length would hide everything"


def test_a_crawl_without_a_key_ends_before_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MONITOR_ETSY_KEY", raising=False)
    spider: Any = EtsySpider()
    spider.settings = Settings()
    with pytest.raises(CloseSpider) as end:
        asyncio.run(spider.fetch(None))
    assert end.value.reason == "no_key"


def test_a_list_is_of_the_place_that_was_asked_for(server: Server) -> None:
    spider = served(EtsySpider, with_key(server))
    frame = world.read(server.folder).shops
    wanted = frame[frame["city"].str.startswith("Tangerang,")]["shop_id"]
    unit = Unit("daftar/tangerang", "", {"place": "Tangerang, Banten, Indonesia"})
    found = rows(spider, unit)
    shops = {item.shop_id for item in found if isinstance(item, Shop)}
    assert shops == set(wanted) and len(shops) > 2
    assert {item.city for item in found if isinstance(item, Shop)} == {"Tangerang, Banten, Indonesia"}
    assert {item.price_idr for item in found if isinstance(item, Listing)} == {None}  # dollars


def test_a_place_that_is_not_obeyed_is_noticed(server: Server) -> None:
    answer = with_key(server)

    def abroad(request: Any) -> Answer:
        found = answer(request)
        return Answer(
            found.body.replace(b'"shop_location_country_iso":"ID"', b'"shop_location_country_iso":"US"'), found.url
        )

    spider = served(EtsySpider, abroad)
    with pytest.raises(UnansweredError, match="another country"):
        rows(spider, Unit("daftar/serang", "", {"place": "Serang, Banten, Indonesia"}))


def test_one_shop(server: Server) -> None:
    frame, spider, tally = world.read(server.folder).shops, served(EtsySpider, with_key(server)), Tally()
    shop_id = str(frame["shop_id"].iloc[0])
    found = rows(spider, spider.shop_unit(KnownShop(shop_id)), tally)
    assert tally.found is True and isinstance(found[0], Shop) and found[0].joined_on
    assert "rahasia" not in str(found) and any(isinstance(item, Listing) for item in found)
    missing = Tally()
    assert rows(spider, spider.shop_unit(KnownShop("123")), missing) == [] and missing.found is False
    assert EtsySpider().shop_unit(KnownShop("KojaBaduy")) is None


def test_the_sandbox_refuses_without_a_key(server: Server) -> None:
    assert ask(server, "openapi.etsy.com", "/v3/application/listings/active").status == 403


def test_it_is_crawled_end_to_end(
    folder: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_ETSY_KEY", KEY)
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path), "MONITOR_PHONE_KEY_FILE": str(tmp_path / "phone.key")})
    (outcome,) = crawl_all(config, ["etsy"], sandbox=folder, week=WEEK)
    assert outcome.state == "done"
    directory = only_crawl(config, "etsy")
    shops, _ = world_rows(folder, "etsy")
    found = read_crawl(directory).shops.set_index("shop_id")
    assert len(found) and (found["name"] == shops.loc[found.index, "name"]).all()
    assert (found["area_codes"].map(len) > 0).all()
    said = text_of(directory)
    assert "rahasia" not in said and not any(part in said for part in KEY.split(":"))
