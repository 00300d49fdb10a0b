"""Readers of GoFood and GrabFood: real captures give what is in them; lists are split; one outlet is asked for."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import served_spider
from sandbox_client import ask
from scrapy.exceptions import CloseSpider
from test_sandbox_shapes import always, types, wrong_types

from monitor.reading import Answer
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.units import KnownShop, Tally, Unit
from monitor.verbs.parse import read_file, rows_of, spider_class
from spiders.base import UnansweredError
from spiders.gofood import CUISINES, GofoodSpider
from spiders.grabfood import KEYWORDS, GrabfoodSpider
from spiders.pages import grabfood as grabfood_pages
from spiders.pages.gofood_paths import kind_of_path, path_of
from spiders.pages.next_data import is_not_found

UID = "4b1f0a52-6a0e-4c55-9a44-0d1c7b2f9e10"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("world")
    world.write(world.make_world(seed=6, businesses=900, shops=120, marketplaces=("gofood", "grabfood")), folder)
    with Server(folder, faults={}) as running:
        yield running


# --- real captures ----------------------------------------------------------------------------------------------------


def parsed(samples: Path, slug: str, name: str, url: str = "") -> tuple[list[dict[str, Any]], ...]:
    """Shops, listings and issues."""
    rows = rows_of(read_file(slug, samples / "marketplaces" / slug / name, url), slug)
    return tuple([row for row in rows if row["type"] == kind] for kind in ("shop", "listing", "issue"))


def next_data(samples: Path, slug: str, name: str) -> Any:
    text = (samples / "marketplaces" / slug / name).read_text(encoding="utf-8")
    found = re.search(r'<script id="__NEXT_DATA__"[^>]*>(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1] if found else text)


@pytest.mark.samples
def test_gofood_locality(samples: Path) -> None:
    name = "locality-sukolilo-nextdata-2026.json"
    shops, listings, issues = parsed(samples, "gofood", name)
    blocks = next_data(samples, "gofood", name)["props"]["pageProps"]["contents"]
    real = [outlet for block in blocks if block["type"] == "OUTLET" for outlet in block["data"]]
    assert not listings and not issues and len(shops) == len(real) == 8
    for shop, outlet in zip(shops, real, strict=True):
        core = outlet["core"]
        assert (shop["shop_id"], shop["name"]) == (outlet["uid"], core["displayName"].strip())
        assert (shop["latitude"], shop["longitude"]) == tuple(core["location"].values())
        assert (shop["rating"], shop["rating_count"]) == (outlet["ratings"]["average"], None)
        assert shop["area_codes"] == [] and shop["status"] == "live"
    assert [shop["joined_on"] for shop in shops] == [
        *("2018-04-14", "2017-01-25", "2016-06-20", "2017-02-06"),
        *("2025-01-30", "2022-01-14", "2022-05-27", "2024-06-03"),  # 19.02 UTC is the next day in WIB
    ]


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "items", "city", "joined"),
    [
        ("outlet-mie-mapan-nextdata-2026.json", 82, "Surabaya", "2017-01-25"),
        ("outlet-nelongso-tlogomas-2023.html", 32, "Lowokwaru. Malang", "2021-09-28"),
    ],
)
def test_gofood_outlet(samples: Path, name: str, items: int, city: str, joined: str) -> None:
    (shop,), listings, issues = parsed(samples, "gofood", name)
    outlet = next_data(samples, "gofood", name)["props"]["pageProps"]["outlet"]
    real = {item["uid"]: item for section in outlet["catalog"]["sections"] for item in section["items"]}
    assert not issues and len(listings) == len(real) == items
    assert {row["listing_id"]: row["price_idr"] for row in listings} == {
        uid: item["price"]["units"] for uid, item in real.items()
    }
    assert {row["title"] for row in listings} == {item["displayName"].strip() for item in real.values()}
    assert {row["category"] for row in listings}.isdisjoint({"Promo", None})
    assert (shop["city"], shop["joined_on"], shop["listing_count"]) == (city, joined, items)
    assert shop["area_codes"] == []


@pytest.mark.samples
@pytest.mark.parametrize("name", ["nearme-outlets-sukolilo", "outlets-medan-selayang", "outlets-tambaksari"])
def test_gofood_lists(samples: Path, name: str) -> None:
    shops, listings, issues = parsed(samples, "gofood", f"{name}-2026.json")
    real = json.loads((samples / "marketplaces/gofood" / f"{name}-2026.json").read_text(encoding="utf-8"))
    assert len(shops) == len(real) == 60 and not listings and not issues
    assert [(row["shop_id"], row["name"], row["url"]) for row in shops] == [
        (row["uid"], row["name"].strip(), row["full_url"]) for row in real
    ]
    assert [row["rating"] for row in shops] == [row["rating_average"] or None for row in real]


@pytest.mark.samples
def test_grabfood_merchant(samples: Path) -> None:
    name = "merchant-nelongso-tlogomas-2023.html"
    (shop,), listings, issues = parsed(samples, "grabfood", name)
    state = next_data(samples, "grabfood", name)["props"]["initialReduxState"]["pageRestaurantDetail"]
    (real,) = state["entities"].values()
    items = {item["ID"]: item for category in real["menu"]["categories"] for item in category["items"]}
    assert not issues and len(listings) == len(items) == 31
    assert {row["listing_id"]: row["price_idr"] for row in listings} == {
        key: int(item["priceV2"]["amountDisplay"].replace(".", "")) for key, item in items.items()
    }
    assert (shop["shop_id"], shop["name"]) == (real["ID"], real["name"])
    assert (shop["rating"], shop["rating_count"]) == (4.7, 523)
    assert "ayam-goreng-nelongso-tlogomas-delivery/6-C23HDCK2CAVTL2" in shop["url"]


@pytest.mark.samples
@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("gofood", "gofood/waf-challenge-2026.html"),
        ("gofood", "grabfood/captive-portal-instead-of-page-2023.html"),
        ("gofood", "grabfood/merchant-nelongso-tlogomas-2023.html"),
        ("gofood", "shopee/spa_shell_mobile_2024-02.html"),
        ("grabfood", "gofood/outlet-nelongso-tlogomas-2023.html"),
        ("grabfood", "grabfood/captive-portal-instead-of-page-2023.html"),
        ("grabfood", "shopee/spa_shell_mobile_2024-02.html"),
    ],
)
def test_another_page_is_never_read(samples: Path, slug: str, name: str) -> None:
    body = (samples / "marketplaces" / name).read_bytes()
    own = {"gofood": f"https://gofood.co.id/id/serang/restaurant/x-{UID}", "grabfood": f"{grabfood_pages.HOME}/id/id"}
    for url in ("", own[slug]):
        page = spider_class(slug).read_answer(Answer(body, url))
        assert page.kind in ("unknown", "refused")
        assert {row["type"] for row in rows_of(page, slug)} == {"issue"}
        assert (page.refused == "challenge") == ("waf" in name)


@pytest.mark.samples
def test_the_same_outlet_on_both(samples: Path) -> None:
    """A matched pair of 2023: names and pins agree, so that linkage can be tried on it."""
    (one,), *_ = parsed(samples, "gofood", "outlet-nelongso-tlogomas-2023.html")
    (other,), *_ = parsed(samples, "grabfood", "merchant-nelongso-tlogomas-2023.html")
    assert one["name"].replace(",", " -") == other["name"]
    assert abs(one["latitude"] - other["latitude"]) < 1e-3 and abs(one["longitude"] - other["longitude"]) < 1e-3


def outlet_page(**core: Any) -> Answer:
    """The modelled outlet page with some of its core fields changed."""
    folder = Path(__file__).with_name("recorded") / "gofood" / "outlet"
    page = json.loads(re.findall(r"json\">(.*?)</script>", (folder / "response.html").read_text(), re.DOTALL)[0])
    page["props"]["pageProps"]["pathLocation"] = {"name": "Serang", "serviceArea": "serang"}
    page["props"]["pageProps"]["outlet"]["core"] |= core
    return Answer(json.dumps(page).encode(), json.loads((folder / "meta.json").read_text())["url"])


@pytest.mark.parametrize(
    ("core", "city", "areas"),
    [
        ({}, "Tangerang Selatan", ["3674"]),
        ({"location": {"latitude": 0, "longitude": 0}}, "Tangerang Selatan", ["3674"]),
        ({"address": {"rows": ["Jl. Raya"]}}, None, ["3674"]),  # the pin says it; a single line is a street
        ({"address": {"rows": ["Jl. Raya"]}, "location": {"latitude": 0, "longitude": 0}}, "Serang", ["3604", "3673"]),
    ],
)
def test_where_an_outlet_is(core: dict[str, Any], city: str | None, areas: list[str]) -> None:
    page = spider_class("gofood").read_answer(outlet_page(**core))
    (shop,) = [row for row in rows_of(page, "gofood") if row["type"] == "shop"]
    assert (shop["city"], shop["area_codes"]) == (city, areas)


@pytest.mark.parametrize(
    "core", [{"createTime": "kemarin"}, {"createTime": "2022-05-26T19:02:39"}, {"location": None}, {"displayName": ""}]
)
def test_an_outlet_of_another_shape_is_an_issue(core: dict[str, Any]) -> None:
    page = spider_class("gofood").read_answer(outlet_page(**core))
    assert page.kind == "unknown" and [row["kind"] for row in rows_of(page, "gofood")] == ["shape"]


# --- units ------------------------------------------------------------------------------------------------------------


def test_gofood_splits_by_kind_of_food() -> None:
    unit = Unit("daftar/serang/kasemen", "", {"path": "/serang/kasemen-restaurants", "list": "near_me"})
    parts = GofoodSpider().split(unit, Tally(capped=True))
    assert [part.name for part in parts][:2] == [
        "daftar/serang/kasemen/martabak",
        "daftar/serang/kasemen/soto-bakso-sop",
    ]
    assert parts[0].data == {"path": "/serang/kasemen-restaurants", "list": "martabak"} and len(parts) == len(CUISINES)
    assert not GofoodSpider().split(parts[0], Tally(capped=True))


def test_what_is_no_address_is_none() -> None:
    for url in ("http://[", "//[::1", ""):
        assert path_of(url) == "" and grabfood_pages.kind_of_url(url) == ""
        assert GofoodSpider().shop_unit(KnownShop(UID, url=url)) is None
        assert GrabfoodSpider().shop_unit(KnownShop("6-C2A", url=url)).data["path"].endswith("/6-C2A")


def test_gofood_asks_for_one_outlet() -> None:
    url = f"https://gofood.co.id/id/serang/restaurant/sate-bandeng-{UID}"
    unit = GofoodSpider().shop_unit(KnownShop(UID, url=url))
    assert unit is not None and (unit.name, unit.kind) == (f"toko/{UID}", "shop")
    assert unit.data["path"] == f"/serang/restaurant/sate-bandeng-{UID}"
    for wrong in (None, "https://gofood.link/a/1", url[:-1] + "1", "https://gofood.co.id/serang/restaurants"):
        assert GofoodSpider().shop_unit(KnownShop(UID, url=wrong)) is None


def test_grabfood_splits_by_word_and_asks_for_one_merchant() -> None:
    unit = Unit("daftar/360301", "latlng=-6.2,106.4", {"latlng": "-6.2,106.4", "keyword": ""})
    parts = GrabfoodSpider().split(unit, Tally(capped=True))
    assert parts[0].name == "daftar/360301/nasi" and len(parts) == len(KEYWORDS)
    assert not GrabfoodSpider().split(parts[0], Tally(capped=True))
    shop = GrabfoodSpider().shop_unit(KnownShop("6-C2A"))
    assert shop.name == "toko/6-C2A" and grabfood_pages.kind_of_url(shop.data["path"]) == "merchant"


# --- not there, or another page ---------------------------------------------------------------------------------------


def test_only_the_sites_own_word_makes_an_outlet_missing() -> None:
    def page(name: str, status: int = 404) -> Answer:
        data = json.dumps({"page": name, "props": {}})
        body = f'<html><script id="__NEXT_DATA__" type="application/json">{data}</script></html>'
        return Answer(body.encode(), status=status)

    assert is_not_found(page("/404")) and is_not_found(page("/_error"))
    assert not is_not_found(page("/404", 200)) and not is_not_found(page("/[service_area]"))
    assert not is_not_found(Answer(b"<html>Not found</html>", status=404))
    assert not is_not_found(Answer(b"<html>__NEXT_DATA__</html>", status=404))
    assert not is_not_found(Answer(b'{"page": "/404"}', status=404))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/cities", "cities"),
        ("/serang/restaurants", "area"),
        ("/serang/kasemen-restaurants", "locality"),
        ("/serang/kasemen-restaurants/near_me", "outlets"),
        (f"/serang/kasemen-restaurants/brand/{UID}", "outlets"),
        (f"/serang/restaurant/sate-{UID}", "outlet"),
        (f"/serang/restaurant/{UID}", "outlet"),
        (f"/serang/restaurant/sate-{UID}/reviews", ""),
        ("/api/outlets", ""),
        ("//[", ""),
    ],
)
def test_addresses_of_gofood(path: str, kind: str) -> None:
    assert kind_of_path(path_of(f"https://gofood.co.id/id{path}")) == kind
    assert kind_of_path(path_of(f"https://gofood.co.id/_next/data/1.2.3/en{path}.json")) == kind


# --- one unit against the sandbox -------------------------------------------------------------------------------------


def test_a_full_page_of_outlets_may_go_on(server: Server) -> None:
    spider = served_spider.served(GofoodSpider, served_spider.at_sandbox(server))
    fetched = []
    for name in ("cikupa", "serpong", "sumur"):
        area = "pandeglang" if name == "sumur" else "tangerang"
        tally = Tally()
        unit = Unit(f"daftar/{area}/{name}", "", {"path": f"/{area}/{name}-restaurants", "list": "near_me"})
        found = served_spider.rows(spider, unit, tally)
        assert len(found) == tally.fetched <= 12 and tally.capped == (tally.fetched == 12)
        fetched.append(tally.fetched)
    assert max(fetched) == 12 > min(fetched)


def test_a_locality_without_such_a_list_is_empty_and_not_an_error(server: Server) -> None:
    spider, tally = served_spider.served(GofoodSpider, served_spider.at_sandbox(server)), Tally()
    unit = Unit("daftar/tangerang/cikupa/x", "", {"path": "/tangerang/cikupa-restaurants", "list": "tidak_ada"})
    assert served_spider.rows(spider, unit, tally) == [] and not tally.capped


@pytest.mark.parametrize("slug", ["gofood", "grabfood"])
def test_one_known_outlet(server: Server, slug: str) -> None:
    spider = served_spider.served(spider_class(slug), served_spider.at_sandbox(server))
    if slug == "gofood":
        first = Unit("daftar/x", "", {"path": "/tangerang/cikupa-restaurants", "list": "near_me"})
    else:
        first = Unit("daftar/x", "", {"latlng": "-6.1702,106.6403", "keyword": ""})
    shop = served_spider.rows(spider, first)[0]
    tally = Tally()
    found = served_spider.rows(spider, spider.shop_unit(KnownShop(shop.shop_id, url=shop.url)), tally)
    assert tally.found is True and found[0].shop_id == shop.shop_id and found[0].listing_count == len(found) - 1
    gone = shop.url.replace(shop.shop_id, UID if slug == "gofood" else "6-TIDAKADA")
    missing = Tally()
    unit = spider.shop_unit(KnownShop(gone.rsplit("/", 1)[1][-36:] if slug == "gofood" else "6-TIDAKADA", url=gone))
    assert served_spider.rows(spider, unit, missing) == [] and missing.found is False
    server.set_faults({slug: "refuse"})
    refused = Tally()
    try:
        with pytest.raises((CloseSpider, UnansweredError)):
            served_spider.rows(spider, spider.shop_unit(KnownShop(shop.shop_id, url=shop.url)), refused)
    finally:
        server.set_faults({slug: "none"})
    assert refused.found is None


# --- sandbox beside the captures --------------------------------------------------------------------------------------


def served(server: Server, host: str, path: str) -> Any:
    text = ask(server, host, path).text
    return json.loads(re.findall(r'type="application/json">(.*?)</script>', text, re.DOTALL)[0])


@pytest.mark.samples
def test_sandbox_gofood_lists_have_the_shape_of_the_capture(server: Server, samples: Path) -> None:
    real_page = next_data(samples, "gofood", "locality-sukolilo-nextdata-2026.json")
    mine_page = served(server, "gofood.co.id", "/id/tangerang/cikupa-restaurants")
    assert real_page.keys() - mine_page.keys() == {"isExperimentalCompile"} and mine_page["page"] == real_page["page"]
    blocks = {who: page["props"]["pageProps"]["contents"] for who, page in (("real", real_page), ("mine", mine_page))}
    real, mine = (
        [outlet for block in blocks[who] if block["type"] == "OUTLET" for outlet in block["data"]]
        for who in ("real", "mine")
    )
    assert mine and always(mine) == always(real)
    assert types(mine).keys() <= types(real).keys() and wrong_types(types(mine), types(real)) == {}
    for kind in ("COLLECTION", "CUISINE", "OUTLET"):
        one, other = (next(block for block in blocks[who] if block["type"] == kind) for who in ("mine", "real"))
        assert one.keys() == other.keys()
    listed = served(server, "gofood.co.id", "/id/tangerang/cikupa-restaurants/near_me")["props"]["pageProps"]["outlets"]
    assert always(listed) == always(real)


@pytest.mark.samples
def test_sandbox_gofood_outlet_has_the_shape_of_the_capture(server: Server, samples: Path) -> None:
    real = next_data(samples, "gofood", "outlet-mie-mapan-nextdata-2026.json")["props"]["pageProps"]
    listed = served(server, "gofood.co.id", "/id/tangerang/cikupa-restaurants/near_me")["props"]["pageProps"]["outlets"]
    mine = [served(server, "gofood.co.id", f"/id{row['path']}")["props"]["pageProps"] for row in listed[:5]]
    shared = {"outlet", "tenant", "auth", "outletUrl", "breadcrumbs", "reviewsData", "cannedOutlet", "isReviewsPage"}
    assert all(shared <= page.keys() for page in mine)
    outlets = [page["outlet"] for page in mine]
    assert always(outlets) == always([real["outlet"]])
    assert types(outlets).keys() <= types([real["outlet"]]).keys()
    assert wrong_types(types(outlets), types([real["outlet"]])) == {}


@pytest.mark.samples
def test_sandbox_grabfood_merchant_has_the_shape_of_the_capture(server: Server, samples: Path) -> None:
    real = next_data(samples, "grabfood", "merchant-nelongso-tlogomas-2023.html")
    asked = {"latlng": "-6.1702,106.6403", "keyword": "", "offset": 0, "pageSize": 32, "countryCode": "ID"}
    found = ask(server, "portal.grab.com", "/foodweb/v2/search", asked).json["searchResult"]["searchMerchants"]
    mine = [served(server, "food.grab.com", f"/id/id/restaurant/x/{row['id']}") for row in found[:5]]
    assert mine and all(page.keys() == real.keys() for page in mine)
    states = [page["props"]["initialReduxState"]["pageRestaurantDetail"] for page in (*mine, real)]
    assert all(state.keys() == states[-1].keys() for state in states)
    (*merchants, true) = [next(iter(state["entities"].values())) for state in states]
    details = {".promo", ".schedulerOrderConfig", ".sofConfiguration", ".features", ".menu.menuMeta"}
    missing = {path for path in always([true]) - always(merchants) if not path.startswith(tuple(details))}
    assert missing == set() and always(merchants) <= always([true])
    assert wrong_types(types(merchants), types([true])) == {}
