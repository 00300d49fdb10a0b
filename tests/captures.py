"""Real captures as whole answers: files that hold only the inner list of an answer get its envelope here.

`capture(folder, name)` gives the body and the address that says which kind of answer it is.
"""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Json = Any
GRAPHQL = "https://gql.tokopedia.com/graphql"


def _load(path: Path) -> Json:
    return json.loads(path.read_text(encoding="utf-8"))


def _search_v5(path: Path) -> Json:
    header = {"totalData": 320, "responseCode": 0, "additionalParams": ""}
    return [{"data": {"searchProductV5": {"header": header, "data": {"products": _load(path)}}}}]


def _search_v5_flat(path: Path) -> Json:
    """Rows of 20 columns back into products; the ids of TikTok Shop and the adverts' are not among them."""
    csv.field_size_limit(10_000_000)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    shop = {"id": "shop_id", "name": "shop_name", "url": "shop_url", "city": "shop_city"}
    products = [
        {
            "id": row["id"],
            "name": row["name"],
            "url": row["url"],
            "shop": {key: row[column] for key, column in shop.items()} | {"tier": int(row["shop_tier"])},
            "price": {"number": int(float(row["price_number"]))},
            "labelGroups": json.loads(row["labelGroups"] or "[]"),
            "rating": row["ratingAverage"],
            "category": {"breadcrumb": row["category_breadcrumb"]},
        }
        for row in rows
    ]
    header = {"totalData": len(rows), "responseCode": 0, "additionalParams": ""}
    return [{"data": {"searchProductV5": {"header": header, "data": {"products": products}}}}]


def _product_page(path: Path) -> Json:
    return [{"data": {"pdpGetLayout": _load(path)}}]


def _discovery(path: Path) -> Json:
    """Flattened rows back into the answer's form: dots are nesting, texts are what the CSV made of numbers."""
    csv.field_size_limit(10_000_000)
    rows = []
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines(keepends=True)):
        nested: dict[str, Json] = {}
        for key, value in row.items():
            target = nested
            *parents, last = key.split(".")
            for parent in parents:
                target = target.setdefault(parent, {})
            target[last] = {"True": True, "False": False}.get(value, value)
        nested["count_sold"] = str(nested["count_sold"]).removesuffix(".0")
        rows.append(nested)
    return [{"data": {"componentInfo": {"data": {"component": {"data": rows}}}}}]


def _shop_base(path: Path) -> Json:
    return {"error": 0, "data": _load(path)["results"]}


def _lazada(path: Path) -> Json:
    """Title, price and sold as they were read; the file has no ids and no shops, so those are made up here."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    items = [
        {
            "itemId": str(number),
            "name": title,
            "price": price,
            "itemSoldCntShow": sold,
            "itemUrl": f"//www.lazada.co.id/products/i{number}.html",
            "sellerId": "1",
            "sellerName": "tidak ada dalam berkas",
            "location": "",
        }
        for number, (title, price, sold) in enumerate(rows, start=1)
    ]
    return {"mods": {"listItems": items}, "mainInfo": {"totalResults": str(len(items))}}


SHOPEE = "https://shopee.co.id/api/v4"
SEARCH_V5 = f"{GRAPHQL}/SearchProductV5Query"
FLAT = ("khasdaerah", "rempahkhas", "banten_outside_tangerang", "kota_tangerang", "kab_tangerang")
CAPTURES: dict[str, tuple[str, str, Callable[[Path], Json] | None]] = {
    "tokopedia/search_v5_products_baju_2025-12-18.json": ("tokopedia", f"{GRAPHQL}/SearchProductV5Query", _search_v5),
    **{f"tokopedia/search_v5_flat_{name}_2026-01.csv": ("tokopedia", SEARCH_V5, _search_v5_flat) for name in FLAT},
    "tokopedia/ace_search_product_v4_2022-06.json": ("tokopedia", f"{GRAPHQL}/SearchProductQueryV4", None),
    "tokopedia/category_products_2024-10.json": ("tokopedia", f"{GRAPHQL}/SearchProductQuery", None),
    "tokopedia/filter_sort_product_2022-06.json": ("tokopedia", f"{GRAPHQL}/FilterSortProductQuery", None),
    "tokopedia/shop_info_partial_error_2023-12.json": ("tokopedia", f"{GRAPHQL}/ShopInfoCore", None),
    "tokopedia/pdp_get_layout_2023-08.json": ("tokopedia", f"{GRAPHQL}/PDPGetLayoutQuery", _product_page),
    "tokopedia/discovery_component_flat_2025-12-16.csv": (
        "tokopedia",
        f"{GRAPHQL}/DiscoveryComponentQuery",
        _discovery,
    ),
    "shopee/search_items_v4_2022-06.json": ("shopee", f"{SHOPEE}/search/search_items?keyword=koper", None),
    "shopee/item_get_v4_2022-06.json": ("shopee", f"{SHOPEE}/item/get?itemid=1", None),
    "shopee/recommend_daily_discover_v4_2022-05-21.json": ("shopee", f"{SHOPEE}/recommend/recommend", None),
    "shopee/recommend_daily_discover_v4_2022-05-21b.json": ("shopee", f"{SHOPEE}/recommend/recommend", None),
    "shopee/shop_search_items_v4_2024-10.json": ("shopee", f"{SHOPEE}/shop/search_items?shopid=121235261", None),
    "shopee/shop_base_wrapped_2023-12.json": ("shopee", f"{SHOPEE}/shop/get_shop_base?shopid=569137110", _shop_base),
    "lazada/search_flat_iphone_2025-11-25.csv": ("lazada", "https://www.lazada.co.id/catalog/?ajax=true", _lazada),
    "platform-woocommerce/store-v1-products-samehgabriel-2026-07-20.json": ("plaza_banten", "", None),
}


def capture(samples: Path, name: str) -> tuple[str, str, bytes]:
    """Slug, address and body of one capture; samples: the folder of all samples."""
    slug, url, envelope = CAPTURES[name]
    path = samples / "marketplaces" / name
    body = path.read_bytes() if envelope is None else json.dumps(envelope(path)).encode()
    return slug, url, body


def raw(samples: Path, name: str) -> Json:
    return _load(samples / "marketplaces" / name)
