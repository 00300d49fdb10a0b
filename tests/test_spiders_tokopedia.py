"""Tokopedia's parts of a capped query, its shops by place, and one known shop, against the sandbox's answers."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from sandbox_client import city_ids, graphql

from monitor.items import Listing, Shop
from monitor.reading import Answer
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.units import KnownShop, Tally, Unit
from spiders import bands
from spiders.base import UnansweredError
from spiders.pages import tokopedia as pages
from spiders.pages import tokopedia_queries as queries
from spiders.tokopedia import TokopediaSpider
from spiders.tokopedia_shops import WORDS

CAPPED = Tally(capped=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("world")
    world.write(world.make_world(seed=8, businesses=500, shops=400, marketplaces=("tokopedia",)), folder)
    with Server(folder, faults={}) as running:
        yield running


class _Record:
    """A crawl of which nothing is kept."""

    def count(self, name: str, by: int = 1) -> None:
        self.counted = name

    def plan(self, units: int) -> None: ...

    def missing_place(self, name: str) -> None:
        self.missing = name

    def evidence(self, name: str, body: bytes) -> None: ...


class _Served(TokopediaSpider):
    """The spider without Scrapy: requests are answered by a function."""

    def __init__(self, answers: Any) -> None:
        super().__init__()
        self.record = _Record()  # type: ignore[assignment]
        self.answers = answers

    async def fetch(self, request: Any) -> Answer:
        return Answer(json.dumps(self.answers(request)).encode(), request.url)


def of(server: Server) -> _Served:
    def answer(request: Any) -> Any:
        (query,) = json.loads(request.body)
        return [{"data": graphql(server, query["operationName"], **query["variables"])}]

    return _Served(answer)


def rows(spider: TokopediaSpider, unit: Unit, tally: Tally) -> list[Any]:
    async def collected() -> list[Any]:
        return [row.item async for row in spider.read_unit(unit, tally)]

    return asyncio.run(collected())


def params(request: Any) -> dict[str, list[str]]:
    (query,) = json.loads(request.body)
    return parse_qs(query["variables"]["params"])


# --- parts ------------------------------------------------------------------------------------------------------------


def query_unit() -> Unit:
    return Unit("cari/3603/kopi", "q=kopi fcity=144", {"code": "3603", "fcity": "144", "query": "kopi"})


def test_a_capped_query_is_split_by_price_then_category_then_price() -> None:
    spider = TokopediaSpider()
    spider._categories = {"35": "Makanan & Minuman", "984": "Rumah Tangga"}
    priced = spider.split(query_unit(), CAPPED)
    assert [part.name for part in priced[:2]] == ["cari/3603/kopi/harga-0-9999", "cari/3603/kopi/harga-10000-24999"]
    by_category = spider.split(priced[1], CAPPED)
    assert [part.name for part in by_category] == [f"{priced[1].name}/kategori-35", f"{priced[1].name}/kategori-984"]
    halves = spider.split(by_category[0], CAPPED)
    assert [part.data["band"] for part in halves] == list(bands.narrower(priced[1].data["band"]))
    asked = params(queries.search(halves[0].data, {"next_offset": 60, "search_id": "x"}, 60))
    assert (asked["pmin"], asked["pmax"], asked["sc"], asked["fcity"]) == (["10000"], ["15810"], ["35"], ["144"])


def test_without_known_categories_prices_are_halved() -> None:
    first = TokopediaSpider().split(query_unit(), CAPPED)[-1]
    assert "pmax" not in params(queries.search(first.data, {"next_offset": 0}, 60))
    assert all("harga" in part.name.rpartition("/")[2] for part in TokopediaSpider().split(first, CAPPED))
    assert not TokopediaSpider().split(Unit("toko/1", "", {}), CAPPED)


def test_the_parts_together_hold_what_the_query_holds(server: Server) -> None:
    whole = _ids(server, {**query_unit().data, "query": "keripik", "fcity": ""})
    asked = {**query_unit().data, "query": "keripik", "fcity": ""}
    parts = [_ids(server, {**asked, "band": band}) for band in bands.narrower(None)]
    assert len(whole) > 30 and set().union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)


def _ids(server: Server, data: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for start in range(0, 2880, 60):
        (query,) = json.loads(queries.search(data, {"next_offset": start}, 60).body)
        data_found = graphql(server, "SearchProductV5Query", **query["variables"])
        page = pages.read(Answer(json.dumps({"data": data_found}).encode()))
        found |= {item.listing_id for item in page.items if isinstance(item, Listing) and not item.is_advert}
        if page.next["has_more"] is not True:
            break
    return found


# --- shops by place ---------------------------------------------------------------------------------------------------


def test_shops_are_enumerated_where_the_search_for_shops_answers(server: Server) -> None:
    ids = {"3603": city_ids(server)["Kab. Tangerang"]}
    spider = of(server)
    units = asyncio.run(spider.shop_lists(ids))
    assert len(units) == len(WORDS) and units[0].name == "daftar/3603/toko" and units[0].kind == "list"
    found = [shop for unit in units for shop in rows(spider, unit, Tally())]
    assert found and {shop.city for shop in found if isinstance(shop, Shop)} == {"Kab. Tangerang"}


@pytest.mark.parametrize(
    "answer", [{"errors": [{"message": "gone"}], "data": None}, {"data": {"aceSearchShop": {}}}, {}]
)
def test_nothing_depends_on_the_search_for_shops(answer: Any) -> None:
    asked: list[Any] = []

    def answers(request: Any) -> Any:
        asked.append(request)
        return answer

    spider = _Served(answers)
    for _ in range(2):
        assert asyncio.run(spider.shop_lists({"3603": "144"})) == []
    assert len(asked) == 1, "it is tried once a crawl"


# --- one shop ---------------------------------------------------------------------------------------------------------


def known(server: Server) -> KnownShop:
    shop = graphql(server, "AceSearchShop", params="q=toko")["aceSearchShop"]["shops"][0]
    return KnownShop(shop["id"], shop["domain"])


def test_a_known_shop_gives_its_profile_and_products(server: Server) -> None:
    shop, spider, tally = known(server), of(server), Tally()
    unit = spider.shop_unit(shop)
    assert unit is not None and unit.name == f"toko/{shop.shop_id}"
    found = rows(spider, unit, tally)
    (profile,) = [item for item in found if isinstance(item, Shop)]
    listings = [item for item in found if isinstance(item, Listing)]
    assert tally.found is True and profile.shop_id == shop.shop_id and profile.joined_on
    assert listings and {item.shop_id for item in listings} == {shop.shop_id}
    assert profile.listing_count == len(listings) == tally.fetched


def test_a_shop_that_the_site_does_not_know_is_not_found(server: Server) -> None:
    spider, tally = of(server), Tally()
    unit = spider.shop_unit(KnownShop("123", url="https://www.tokopedia.com/tidak-ada-toko-ini"))
    assert unit is not None and rows(spider, unit, tally) == [] and tally.found is False
    assert spider.shop_unit(KnownShop("123")) is None


def test_products_say_that_a_shop_is_there_where_profiles_are_not_answered(server: Server) -> None:
    shop, working = known(server), of(server)

    def answer(request: Any) -> Any:
        return {"errors": [{"message": "x"}], "data": None} if "ShopInfo" in request.url else working.answers(request)

    spider, tally = _Served(answer), Tally()
    unit = spider.shop_unit(shop)
    assert unit is not None
    found = rows(spider, unit, tally)
    assert isinstance(found[0], Shop) and found[0].shop_id == shop.shop_id
    assert any(isinstance(item, Listing) for item in found) and tally.found is not False


def test_another_shops_profile_says_nothing_about_this_one(server: Server) -> None:
    shop, spider, tally = known(server), of(server), Tally()
    unit = spider.shop_unit(KnownShop("999", shop.username))
    assert unit is not None
    with pytest.raises(UnansweredError, match="another shop"):
        rows(spider, unit, tally)
    assert tally.found is None


def test_a_shop_with_only_a_sellers_id_has_it_as_account() -> None:
    for shop_id, account in (("7495953031555614001", "7495953031555614001"), ("8993444", None)):
        profile = {"shopCore": {"shopID": shop_id, "domain": "mak-ijah", "name": "Mak Ijah"}}
        body = json.dumps({"data": {"shopInfoByID": {"result": [profile]}}}).encode()
        (shop,) = pages.read(Answer(body)).items
        assert isinstance(shop, Shop) and shop.account_id == account
