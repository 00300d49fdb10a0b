"""Shopee and Lazada: parts of capped queries hold what the whole holds; one known shop is asked for."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sandbox_client import ask
from scrapy.exceptions import CloseSpider
from served_spider import at_sandbox, rows, served

from monitor import regions
from monitor.items import Issue, Listing, Shop
from monitor.marketplaces import marketplace
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.units import KnownShop, Tally, Unit
from spiders.base import UnansweredError
from spiders.lazada import LazadaSpider
from spiders.places import is_elsewhere, short_name
from spiders.shopee import ShopeeSpider

CAPPED = Tally(capped=True)
SPIDERS: dict[str, Any] = {"shopee": ShopeeSpider, "lazada": LazadaSpider}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("world")
    world.write(world.make_world(seed=9, businesses=500, shops=400, marketplaces=("shopee", "lazada")), folder)
    with Server(folder, faults={}) as running:
        yield running


def whole(query: str = "keripik") -> Unit:
    return Unit(f"cari/{query}", "", {"query": query})


def ids(items: list[Any]) -> set[str]:
    return {item.listing_id for item in items if isinstance(item, Listing)}


def query_of(request: Any) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(request.url).query).items()}


@pytest.mark.parametrize("slug", SPIDERS)
def test_parts_hold_what_the_whole_holds(server: Server, slug: str) -> None:
    spider = served(SPIDERS[slug], at_sandbox(server))
    found = rows(spider, whole())
    inside = {
        item.shop_id
        for item in found
        if isinstance(item, Shop) and regions.area_codes(item.city, marketplace(slug).bare_places) and item.city
    }
    wanted = {item.listing_id for item in found if isinstance(item, Listing) and item.shop_id in inside}
    areas = spider.split(whole(), CAPPED)
    assert [area.name for area in areas] == [f"cari/keripik/{area.code}" for area in regions.areas()]
    by_area = {area.name: ids(rows(spider, area)) for area in areas}
    assert set().union(*by_area.values()) == wanted and len(wanted) > 20
    fullest = max(areas, key=lambda area: len(by_area[area.name]))
    bands = spider.split(fullest, CAPPED)
    assert bands[0].name == f"{fullest.name}/harga-0-9999"
    by_price = [ids(rows(spider, band)) for band in bands]
    assert set().union(*by_price) == by_area[fullest.name] and sum(map(len, by_price)) == len(by_area[fullest.name])
    assert spider.split(bands[1], CAPPED) and not spider.split(Unit("toko/1", "", {}), CAPPED)


def test_places_and_prices_are_asked_for_as_each_site_writes_them(server: Server) -> None:
    shopee, lazada = (served(SPIDERS[slug], at_sandbox(server)) for slug in ("shopee", "lazada"))
    for spider in (shopee, lazada):
        area = next(part for part in spider.split(whole(), CAPPED) if part.data["code"] == "3603")
        rows(spider, spider.split(area, CAPPED)[1])
    asked = query_of(shopee.asked[-1])
    assert (asked["locations"], asked["price_min"], asked["price_max"]) == ("KAB. TANGERANG", "10000", "24999")
    asked = query_of(lazada.asked[-1])
    assert (asked["location"], asked["price"]) == ("Kab. Tangerang", "10000-24999")
    assert [short_name(area) for area in regions.areas()][-2:] == ["Kota Serang", "Kota Tangerang Selatan"]


def test_a_place_filter_that_is_not_obeyed_is_not_asked_further(server: Server) -> None:
    spider = served(ShopeeSpider, at_sandbox(server))
    part = next(part for part in spider.split(whole(), CAPPED) if part.data["code"] == "3601")
    found = rows(spider, Unit(part.name, "", {**part.data, "place": ""}))
    assert [item.kind for item in found if isinstance(item, Issue)] == ["place_mismatch"] and len(spider.asked) == 1
    short = spider.page("search", at_sandbox(server)(spider.asked[0]))
    assert not is_elsewhere(short, "3601", {}), "a page without rows proves nothing"


def first_shop(server: Server, slug: str) -> Shop:
    spider = served(SPIDERS[slug], at_sandbox(server))
    return next(item for item in rows(spider, whole()) if isinstance(item, Shop))


def test_a_known_shop_of_shopee(server: Server) -> None:
    shop, tally, spider = first_shop(server, "shopee"), Tally(), served(ShopeeSpider, at_sandbox(server))
    found = rows(spider, spider.shop_unit(KnownShop(shop.shop_id)), tally)
    shops = [item for item in found if isinstance(item, Shop)]
    assert tally.found is True and {item.shop_id for item in shops} == {shop.shop_id}
    assert shops[0].username and shops[0].listing_count == len(ids(found)) > 0
    assert {item.city for item in shops[1:]} == {shop.city}


def test_what_shopee_says_of_a_shop_that_is_gone_was_never_seen(server: Server) -> None:
    tally, spider = Tally(), served(ShopeeSpider, at_sandbox(server))
    with pytest.raises(UnansweredError):
        rows(spider, spider.shop_unit(KnownShop("1")), tally)
    assert tally.found is None


def test_a_known_shop_of_lazada(server: Server) -> None:
    shop, tally, spider = first_shop(server, "lazada"), Tally(), served(LazadaSpider, at_sandbox(server))
    frame = world.read(server.folder).shops.set_index("shop_id")
    found = rows(spider, spider.shop_unit(KnownShop(shop.shop_id, frame.loc[shop.shop_id, "username"])), tally)
    assert tally.found is True and {item.shop_id for item in found} == {shop.shop_id} and ids(found)
    other = KnownShop("1", frame.loc[shop.shop_id, "username"])
    with pytest.raises(UnansweredError, match="another shop"):
        rows(spider, spider.shop_unit(other), tally)
    assert LazadaSpider().shop_unit(KnownShop(shop.shop_id)) is None


def test_a_shops_name_stays_one_part_of_the_address(server: Server) -> None:
    spider = served(LazadaSpider, at_sandbox(server))
    with pytest.raises(UnansweredError):
        rows(spider, spider.shop_unit(KnownShop("1", "../catalog/?q=kopi#")))
    assert (
        urlsplit(spider.asked[0].url).path.endswith("%3Fq%3Dkopi%23/") and query_of(spider.asked[0])["ajax"] == "true"
    )
    assert LazadaSpider().shop_unit(KnownShop("1", url="http://[")) is None


@pytest.mark.parametrize("slug", SPIDERS)
def test_a_refusal_is_never_a_shop_that_is_gone(server: Server, slug: str) -> None:
    shop, tally, spider = first_shop(server, slug), Tally(), served(SPIDERS[slug], at_sandbox(server))
    server.set_faults({slug: "refuse"})
    try:
        assert ask(server, marketplace(slug).hosts[0], "/").status in (200, 403)
        with pytest.raises(CloseSpider):
            rows(spider, spider.shop_unit(KnownShop(shop.shop_id, "toko")), tally)
    finally:
        server.set_faults({slug: "none"})
    assert tally.found is None
