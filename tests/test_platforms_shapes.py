"""Shop software in the sandbox beside its real captures: the same keys, the same types, at every depth."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_sandbox_shapes import always, capture, types, walk, wrong_types

from monitor.reading import Answer
from monitor.sandbox import platform_jsonld, platform_magento, platform_shopify
from monitor.sandbox.counter import Counter
from monitor.sandbox.shapes_woocommerce import store_product
from monitor.sandbox.storefront import Storefront
from monitor.sandbox.transport import Request
from monitor.sandbox.world import make_world
from spiders.own_shop import OwnShopSpider

pytestmark = pytest.mark.samples


@pytest.fixture(scope="module")
def counter() -> Iterator[Counter]:
    store = Storefront(make_world(5, 300, 150, 0.1, 0.5, marketplaces=["own_shop"]), "own_shop")
    yield Counter("https://kopi.example", list(store.shops.values()), lambda shop_id: store.of_shop.get(shop_id, []))


def test_shopify_products(counter: Counter, samples: Path) -> None:
    real = capture(samples, "platform-shopify/products-page4-elsewedyshop-2026-07-20.json")
    answer = platform_shopify.Shopify(counter).answer(
        Request("GET", "/products.json", {"limit": "250", "page": "1"}, {}, b""), ended=False
    )
    mine = json.loads(answer.body)
    assert mine.keys() == real.keys() and len(mine["products"]) > 100
    assert always(mine["products"]) == always(real["products"])
    assert types(mine["products"]).keys() == types(real["products"]).keys()
    assert wrong_types(types(mine["products"]), types(real["products"])) == {}


def test_magento_products(counter: Counter, samples: Path) -> None:
    """The captured query did not ask for the currency; categories and suffix stand in the file's other answers."""
    blocks = capture(samples, "platform-magento/graphql-products-madar-2026-07-20.json")
    page = blocks["products_page1_trimmed"]
    inner = [block["data"] for block in blocks.values() if isinstance(block, dict) and "data" in block]
    answers = [data["products"] for data in inner if "products" in data]
    real = types([*page["items"], *(item for answer in answers for item in answer["items"])])
    asked = json.loads(_magento(counter, 1))["data"]["products"]
    assert {key for key, _ in walk(asked["page_info"])} == {key for key, _ in walk(page["page_info"])}
    assert type(asked["total_count"]) is type(answers[0]["total_count"])
    mine = types(asked["items"])
    assert mine.keys() - real.keys() == {".price_range.minimum_price.final_price.currency"}
    assert wrong_types(mine, real) == {}


def _magento(counter: Counter, page: int) -> bytes:
    body = json.dumps({"query": "", "variables": {"page": page, "size": 100}}).encode()
    request = Request("POST", "/graphql", {}, {}, body)
    return platform_magento.Magento(counter).answer(request, ended=False).body


def test_jsonld_blocks(counter: Counter, samples: Path) -> None:
    pages = capture(samples, "platform-jsonld/product-ldjson-blocks-advancedcastle-2026-07-20.json")["pages"]
    blocks = [json.loads(text) for page in pages for text in page["ld_json_blocks"]]
    products = [block for block in blocks if block.get("@type") == "Product"]
    mine = [platform_jsonld.product(listing, counter.home) for listing in counter.listings]
    assert always(mine) <= always(products) and types(mine).keys() == types(products).keys()
    assert wrong_types(types(mine), types(products)) == {}
    graphs: list[Any] = [block for block in blocks if "@graph" in block]
    own = types([platform_jsonld.graph(counter)])
    assert own.keys() <= types(graphs).keys() and wrong_types(own, types(graphs)) == {}


def test_sitemap(counter: Counter, samples: Path) -> None:
    real = (samples / "marketplaces/platform-jsonld/sitemap-products-advancedcastle-2026-07-20.xml").read_text("utf-8")
    request = Request("GET", "/sitemap-products.xml.gz", {}, {}, b"")
    mine = gzip.decompress(platform_jsonld.JsonLd(counter).answer(request, ended=False).body).decode()
    assert all(tag in mine and tag in real for tag in ("<urlset", "<url>", "<loc>", "xmlns:image="))
    for text, count in ((real, 167), (mine, len(counter.listings))):
        host = "advancedcastle.com" if text is real else "kopi.example"
        page = OwnShopSpider.read_answer(Answer(text.encode(), f"https://{host}/sitemap.xml"))
        assert page.kind == "sitemap" and len(set(page.next["pages"])) == count


@pytest.mark.parametrize("decimals", [0, 2])
def test_woocommerce_products(counter: Counter, samples: Path, decimals: int) -> None:
    real = capture(samples, "platform-woocommerce/store-v1-products-samehgabriel-2026-07-20.json")
    mine = [store_product(listing, counter.home, decimals) for listing in counter.listings]
    assert always(mine) <= always(real) and always(real) - always(mine) <= {"._links.related"}
    assert wrong_types(types(mine), types(real)) == {}
