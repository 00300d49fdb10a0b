"""The sandbox beside the real captures: the same keys, the same types, at every depth."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_client import ask, graphql, search

from monitor.sandbox import world
from monitor.sandbox.server import Server

pytestmark = pytest.mark.samples


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("world")
    world.write(world.make_world(seed=5, businesses=2000, shops=1500), folder)
    with Server(folder, faults={}) as running:
        yield running


def walk(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every path of a document with the name of the type there; members of a list share the path `[]`."""
    yield at, "number" if type(value) in (int, float) else type(value).__name__
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, f"{at}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, f"{at}[]")


def types(rows: Iterable[Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for path, kind in walk(row):
            found[path].add(kind)
    return found


def always(rows: list[Any]) -> set[str]:
    """Paths outside lists that every row has."""
    return set.intersection(*({path for path, _ in walk(row) if "[]" not in path} for row in rows))


def wrong_types(mine: dict[str, set[str]], real: dict[str, set[str]]) -> dict[str, tuple[set[str], set[str]]]:
    shared = mine.keys() & real.keys()
    return {path: (mine[path], real[path]) for path in shared if not mine[path] <= real[path]}


def capture(samples: Path, name: str) -> Any:
    return json.loads((samples / "marketplaces" / name).read_text(encoding="utf-8"))


def test_tokopedia_search_products(server: Server, samples: Path) -> None:
    real = capture(samples, "tokopedia/search_v5_products_baju_2025-12-18.json")
    mine = [
        row for word in ("baju", "keripik", "kaos") for row in search(server, f"q={word}&rows=60")["data"]["products"]
    ]
    assert len(mine) > 60
    assert always(mine) == always(real)
    assert types(mine).keys() <= types(real).keys()
    assert wrong_types(types(mine), types(real)) == {}


def test_tokopedia_states_carry_what_the_crawl_kept(server: Server, samples: Path) -> None:
    states = capture(samples, "tokopedia/search_v5_pagination_states_2026-01.json")
    carried = {frozenset(state["carry"]) for state in states}
    more = search(server, "q=keripik&rows=60")["header"]["additionalParams"]
    assert frozenset(part.split("=")[0] for part in more.split("&")) in carried
    ended = search(server, "q=keripik&rows=60&start=2880")["header"]["additionalParams"]
    assert frozenset(part.split("=")[0] for part in ended.split("&")) in carried


def test_tokopedia_filters(server: Server, samples: Path) -> None:
    real = capture(samples, "tokopedia/filter_sort_product_2022-06.json")["data"]
    mine = graphql(server, "FilterSortProductQuery", params="q=kopi")
    groups = [data["filter_sort_product"]["data"]["filter"] for data in (mine, real)]
    assert always(groups[0]) == always(groups[1])
    assert types([mine]).keys() <= types([real]).keys()
    assert wrong_types(types([mine]), types([real])) == {}
    option = next(row for group in groups[0] for row in group["options"] if row["name"] == "Kab. Tangerang")
    assert option["key"] == "fcity"


def test_shopee_search_items(server: Server, samples: Path) -> None:
    real = capture(samples, "shopee/search_items_v4_2022-06.json")
    mine = ask(server, "shopee.co.id", "/api/v4/search/search_items?keyword=kaos&limit=60&newest=0").json
    assert mine.keys() == real.keys()
    assert always(mine["items"]) == always(real["items"])
    rows = [row["item_basic"] for row in mine["items"]]
    assert always(rows) == always([row["item_basic"] for row in real["items"]])
    # One captured row: a null there says nothing about the type.
    sure = {path: kinds for path, kinds in types(real["items"]).items() if kinds != {"NoneType"}}
    odd = {path: pair for path, pair in wrong_types(types(mine["items"]), sure).items() if "NoneType" not in pair[0]}
    assert odd == {}
    assert "shop_name" not in rows[0]


def test_shopee_shop_items(server: Server, samples: Path) -> None:
    real = capture(samples, "shopee/shop_search_items_v4_2024-10.json")
    feed = ask(server, "shopee.co.id", "/api/v4/search/search_items?keyword=kaos&limit=60&newest=0").json
    shops = {row["shopid"] for row in feed["items"]}
    answers = [ask(server, "shopee.co.id", f"/api/v4/shop/search_items?shopid={shop}&limit=30").json for shop in shops]
    assert all(answer.keys() == real.keys() for answer in answers)
    mine = [row for answer in answers for row in answer["items"]]
    # That shop has a voucher on everything.
    shallow = {path for path in always(real["items"]) if path.count(".") < 3} - {".item_basic.voucher_info"}
    assert shallow <= always(mine)
    assert wrong_types(types(mine), types(real["items"])) == {}


def test_shopee_recommendation(server: Server, samples: Path) -> None:
    captures = [capture(samples, f"shopee/recommend_daily_discover_v4_2022-05-21{name}.json") for name in ("", "b")]
    real = [row for answer in captures for row in answer["data"]["sections"][0]["data"]["item"]]
    answer = ask(server, "shopee.co.id", "/api/v4/recommend/recommend?bundle=daily_discover_main&limit=60").json
    mine = answer["data"]["sections"][0]["data"]["item"]
    assert always(mine) <= always(real)
    assert wrong_types(types(mine), types(real)) == {}


def test_shopee_profile(server: Server, samples: Path) -> None:
    real = capture(samples, "shopee/shop_base_wrapped_2023-12.json")["results"]
    shop = ask(server, "shopee.co.id", "/api/v4/search/search_items?keyword=kaos").json["items"][0]["shopid"]
    mine = ask(server, "shopee.co.id", f"/api/v4/shop/get_shop_base?shopid={shop}").json["data"]
    assert always([mine]) <= always([real])
    assert wrong_types(types([mine]), types([real])) == {}


def test_woocommerce_products(server: Server, samples: Path) -> None:
    real = capture(samples, "platform-woocommerce/store-v1-products-samehgabriel-2026-07-20.json")
    mine = ask(server, "plazabanten.com", "/wp-json/wc/store/v1/products?per_page=50").json
    assert always(mine) <= always(real)
    assert always(real) - always(mine) <= {"._links.related"}
    assert wrong_types(types(mine), types(real)) == {}
