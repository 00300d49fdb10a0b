"""`parse` on the real captures gives exactly the listings, shops, places and prices that are in the files.

What is in a file is counted here from its raw JSON or CSV, not by the code under test.
"""

import csv
import json
import re
from pathlib import Path
from typing import Any

import captures
import pytest

from monitor.reading import Answer
from monitor.refusal import refusal
from monitor.verbs.parse import rows_of, spider_class
from spiders.pages.tokopedia_listings import paging_state

pytestmark = pytest.mark.samples
Rows = list[dict[str, Any]]


def parsed(samples: Path, name: str, url: str | None = None) -> tuple[Rows, Rows, Rows]:
    """Shops, listings and issues."""
    slug, own_url, body = captures.capture(samples, name)
    page = spider_class(slug).read_answer(Answer(body, own_url if url is None else url))
    rows = rows_of(page, slug)
    shops, listings, issues = ([row for row in rows if row["type"] == kind] for kind in ("shop", "listing", "issue"))
    return shops, listings, issues


def triples(listings: Rows) -> list[tuple[str, str, int | None]]:
    return [(row["listing_id"], row["shop_id"], row["price_idr"]) for row in listings]


def places(shops: Rows) -> dict[str, str | None]:
    return {row["shop_id"]: row["city"] for row in shops}


@pytest.mark.parametrize("name", captures.CAPTURES)
def test_the_address_is_not_needed_to_tell_the_kind(samples: Path, name: str) -> None:
    assert parsed(samples, name)[:2] == parsed(samples, name, "")[:2] or "woo" in name


# --- Tokopedia --------------------------------------------------------------------------------------------------------


def test_search_v5(samples: Path) -> None:
    name = "tokopedia/search_v5_products_baju_2025-12-18.json"
    shops, listings, issues = parsed(samples, name)
    raw = captures.raw(samples, name)
    assert len(raw) == 320 and not issues
    assert triples(listings) == [(p["id"], p["shop"]["id"], p["price"]["number"]) for p in raw]
    assert places(shops) == {p["shop"]["id"]: p["shop"]["city"] or None for p in raw}
    assert {row["shop_id"]: row["name"] for row in shops} == {p["shop"]["id"]: p["shop"]["name"] for p in raw}
    assert {row["account_id"] for row in shops} == {p["shop"]["ttsSellerID"] for p in raw}
    assert sum(len(row["shop_id"]) == 19 for row in listings) == sum(len(p["shop"]["id"]) == 19 for p in raw) > 0
    assert sum(row["sold_count"] is None for row in listings) == 13
    assert sum(row["rating"] is None for row in listings) == sum(p["rating"] == "" for p in raw) == 18
    assert all("?" not in row["url"] for row in listings)


def test_sold_texts_of_search_v5(samples: Path) -> None:
    name = "tokopedia/search_v5_products_baju_2025-12-18.json"
    _, listings, _ = parsed(samples, name)
    for product, row in zip(captures.raw(samples, name), listings, strict=True):
        said = next(
            (label["title"] for label in product["labelGroups"] if label["position"] == "ri_product_credibility"), None
        )
        match = re.fullmatch(r"(\d+)(rb|jt)?(\+)? terjual", said or "")
        expected = int(match[1]) * {None: 1, "rb": 1000, "jt": 10**6}[match[2]] if match else None
        assert row["sold_count"] == expected
        assert row["sold_count_is_rounded"] == (bool(match[3]) if match else None)


def test_search_v4(samples: Path) -> None:
    shops, listings, issues = parsed(samples, "tokopedia/ace_search_product_v4_2022-06.json")
    assert triples(listings) == [("2026520766", "8993444", 39_468_000)]
    assert places(shops) == {"8993444": "Jakarta Pusat"} and not issues


def test_category_and_adverts(samples: Path) -> None:
    name = "tokopedia/category_products_2024-10.json"
    shops, listings, issues = parsed(samples, name)
    data = captures.raw(samples, name)[0]["data"]
    products, adverts = data["CategoryProducts"]["data"], data["displayAdsV3"]["data"]
    assert (len(products), len(adverts)) == (60, 15) and not issues
    expected = [(str(p["id"]), str(p["shop"]["id"]), p["priceInt"]) for p in products]
    expected += [(a["product"]["id"], a["shop"]["id"], int(re.sub(r"\D", "", a["product"]["price"]))) for a in adverts]
    assert triples(listings) == expected
    assert [row["is_advert"] for row in listings] == [False] * 60 + [True] * 15
    said = {str(p["shop"]["id"]): p["shop"]["location"] for p in products}
    assert places(shops) == said | {a["shop"]["id"]: a["shop"]["city"] for a in adverts}
    assert "owner_id" not in json.dumps(shops) and "52547495" not in json.dumps(shops + listings)


def test_place_filter(samples: Path) -> None:
    slug, url, body = captures.capture(samples, "tokopedia/filter_sort_product_2022-06.json")
    page = spider_class(slug).read_answer(Answer(body, url))
    assert page.next["places"] == {"Kab. Tangerang": "144"}
    assert page.rows == []


def test_partial_error_is_said_and_gives_no_shop(samples: Path) -> None:
    shops, listings, issues = parsed(samples, "tokopedia/shop_info_partial_error_2023-12.json")
    assert not shops and not listings
    assert [row["kind"] for row in issues] == ["graphql_error", "shape"]


def test_product_page(samples: Path) -> None:
    shops, listings, issues = parsed(samples, "tokopedia/pdp_get_layout_2023-08.json")
    assert triples(listings) == [("525027826", "389824", 66_900)] and not issues
    assert listings[0]["created_on"] == "2019-08-02" and listings[0]["sold_count"] == 81
    assert places(shops) == {"389824": None}  # the answer has no place


def test_discovery(samples: Path) -> None:
    name = "tokopedia/discovery_component_flat_2025-12-16.csv"
    shops, listings, issues = parsed(samples, name)
    csv.field_size_limit(10_000_000)
    with (samples / "marketplaces" / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 275 and not issues
    assert triples(listings) == [
        (row["product_id"], row["shop_id"], int(re.sub(r"\D", "", row["price"]))) for row in rows
    ]
    assert places(shops) == {row["shop_id"]: row["shop_location"] for row in rows}


def test_crawl_states_are_read(samples: Path) -> None:
    """38 of 45 states go on; 7 hold only a search id, or nothing: an end that says nothing."""
    states = captures.raw(samples, "tokopedia/search_v5_pagination_states_2026-01.json")
    read = [paging_state("&".join(f"{key}={value}" for key, value in state["carry"].items())) for state in states]
    assert (
        sum(state["has_more"] is True and state["next_offset"] % 60 == 0 for state in read if state["has_more"]) == 38
    )
    assert sum(state["has_more"] is None and state["next_offset"] is None for state in read) == 7


# --- Shopee -----------------------------------------------------------------------------------------------------------


def rupiah(units: int) -> int:
    assert units % 100_000 == 0
    return units // 100_000


@pytest.mark.parametrize("name", [n for n in captures.CAPTURES if "recommend" in n])
def test_recommendations(samples: Path, name: str) -> None:
    shops, listings, issues = parsed(samples, name)
    raw = captures.raw(samples, name)["data"]["sections"][0]["data"]["item"]
    assert len(raw) == 60 and not issues
    assert triples(listings) == [(str(i["itemid"]), str(i["shopid"]), rupiah(i["price"])) for i in raw]
    assert places(shops) == {str(i["shopid"]): i["shop_location"] for i in raw}
    assert {row["name"] for row in shops} == {i["shop_name"].strip() for i in raw}
    assert {row["sold_count"] for row in listings} == {i["historical_sold"] for i in raw}


def test_search_items(samples: Path) -> None:
    shops, listings, issues = parsed(samples, "shopee/search_items_v4_2022-06.json")
    assert triples(listings) == [("11719461426", "295848216", 758_000)] and not issues
    assert places(shops) == {"295848216": "KOTA JAKARTA UTARA"}
    assert listings[0]["is_advert"] is True and shops[0]["name"] is None


def test_shop_items(samples: Path) -> None:
    name = "shopee/shop_search_items_v4_2024-10.json"
    shops, listings, issues = parsed(samples, name)
    raw = captures.raw(samples, name)["items"]
    assert len(raw) == 28 and not issues
    assert triples(listings) == [(str(i["itemid"]), str(i["shopid"]), rupiah(i["item_basic"]["price"])) for i in raw]
    assert places(shops) == {"121235261": "KOTA JAKARTA UTARA"}
    assert [row["stock"] for row in listings] == [i["item_basic"]["stock"] for i in raw]


def test_item_get(samples: Path) -> None:
    shops, listings, issues = parsed(samples, "shopee/item_get_v4_2022-06.json")
    assert triples(listings) == [("233077338", "20507921", 1_850_000)] and not issues
    assert places(shops) == {"20507921": "KOTA JAKARTA UTARA"}
    assert listings[0]["created_on"] == "2017-04-25"


def test_shop_base(samples: Path) -> None:
    shops, listings, issues = parsed(samples, "shopee/shop_base_wrapped_2023-12.json")
    assert not listings and not issues
    (shop,) = shops
    assert (shop["shop_id"], shop["name"], shop["username"]) == ("569137110", "Yvettery", "yvettery.id")
    assert (shop["listing_count"], shop["follower_count"]) == (3846, 124_035)
    assert (shop["joined_on"], shop["rating_count"]) == ("2021-10-21", 13_751 + 6_922 + 177_584)


def test_a_script_shell_is_a_refusal_in_spite_of_its_status(samples: Path) -> None:
    body = (samples / "marketplaces/shopee/spa_shell_mobile_2024-02.html").read_bytes()
    page = spider_class("shopee").read_answer(Answer(body, "https://shopee.co.id/x-i.1.2"))
    assert page.refused == "html_instead_of_data"
    assert [row["kind"] for row in rows_of(page, "shopee")] == ["refused"]


# --- Lazada and WooCommerce -----------------------------------------------------------------------------------------


def test_lazada_rows(samples: Path) -> None:
    name = "lazada/search_flat_iphone_2025-11-25.csv"
    _, listings, issues = parsed(samples, name)
    with (samples / "marketplaces" / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 100 and not issues
    assert [(row["title"], row["price_idr"]) for row in listings] == [(title, int(price)) for title, price, _ in rows]


def test_woocommerce_in_another_currency_gives_no_price(samples: Path) -> None:
    name = "platform-woocommerce/store-v1-products-samehgabriel-2026-07-20.json"
    shops, listings, issues = parsed(samples, name)
    raw = captures.raw(samples, name)
    assert [row["listing_id"] for row in listings] == [str(p["id"]) for p in raw] and len(raw) == 18
    assert [row["title"] for row in listings] == [" ".join(p["name"].split()) for p in raw]
    assert {row["price_idr"] for row in listings} == {None}
    assert [row["kind"] for row in issues] == ["currency"]
    assert [row["shop_id"] for row in shops] == ["samehgabriel.com"]


def test_no_capture_of_a_page_with_data_looks_like_a_refusal(samples: Path) -> None:
    for name in captures.CAPTURES:
        _, url, body = captures.capture(samples, name)
        assert refusal(Answer(body, url), wants_json=True) is None, name
