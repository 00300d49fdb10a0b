"""Readers of shop software: hostile sitemaps and JSON-LD, prices of every form, cost of a page."""

import gzip
import json
import time
import zlib
from typing import Any

import pytest

from monitor.items import Listing, Shop
from monitor.reading import Answer, Page
from spiders.own_shop import OwnShopSpider
from spiders.platforms import detect, sitemap
from spiders.platforms.software import decimal_rupiah, site_of
from spiders.plaza_banten import PlazaBantenSpider

HOME = "https://kopi.example"


def read(body: bytes | str, path: str = "/", **more: Any) -> Page:
    raw = body.encode() if isinstance(body, str) else body
    page: Page = OwnShopSpider.read_answer(Answer(raw, f"{HOME}{path}", **more))
    return page


def product_page(*blocks: Any) -> str:
    scripts = "".join(f'<script type="application/ld+json">{json.dumps(block)}</script>' for block in blocks)
    return f"<html><head>{scripts}</head><body></body></html>"


def listings(page: Page) -> list[Listing]:
    return [item for item in page.items if isinstance(item, Listing)]


# --- sitemaps ---------------------------------------------------------------------------------------------------------


def test_a_packed_sitemap_is_unpacked_up_to_a_bound() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * (sitemap.MAX_UNPACKED + 1), mtime=0)
    assert len(bomb) < 100_000
    page = read(bomb, "/sitemap.xml.gz")
    assert page.kind == "sitemap" and page.next["pages"] == []
    assert [item.kind for item in page.items] == ["sitemap"]  # type: ignore[union-attr]


@pytest.mark.parametrize("body", [b"\x1f\x8bxxxx", gzip.compress(b"<urlset><url></url></urlset>", mtime=0)[:-12]])
def test_a_cut_or_wrong_pack_is_an_issue(body: bytes) -> None:
    page = read(body, "/sitemap.xml.gz")
    assert page.kind == "sitemap" and len(page.items) == 1


def test_entities_do_not_explode() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><urlset><url><loc>{HOME}/produk/a&l11;</loc></url></urlset>'
    begun = time.process_time()
    page = read(text, "/sitemap.xml")
    assert time.process_time() - begun < 0.5
    assert [one.partition("&")[2] for one in page.next["pages"]] == ["l11"]


def test_an_address_of_another_host_or_machine_is_left_out() -> None:
    addresses = ("http://127.0.0.1/a", "file:///etc/passwd", "https://lain.example/a", "http://[", "//lain.example/x")
    text = "<urlset>" + "".join(f"<url><loc>{one}</loc></url>" for one in addresses) + "</urlset>"
    assert read(text, "/sitemap.xml").next["pages"] == []


def test_a_sitemap_is_cut_at_the_limit_of_the_protocol() -> None:
    text = "<urlset>" + "".join(f"<url><loc>/p/{n}</loc></url>" for n in range(sitemap.MAX_ADDRESSES + 5)) + "</urlset>"
    assert len(read(text, "/sitemap.xml").next["pages"]) == sitemap.MAX_ADDRESSES


def test_products_are_told_by_their_addresses() -> None:
    pages = [f"{HOME}/tentang", f"{HOME}/produk/a", f"{HOME}/product/b"]
    assert sitemap.of_products(pages, is_index=False) == pages[1:]
    assert sitemap.of_products(pages[:1], is_index=False) == pages[:1]
    files = [f"{HOME}/sitemap-halaman.xml", f"{HOME}/sitemap_products_1.xml"]
    assert sitemap.of_products(files, is_index=True) == files[1:]


# --- JSON-LD ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "price"),
    [
        ({"price": "85000", "priceCurrency": "IDR"}, 85_000),
        ({"price": "85000.00", "priceCurrency": "IDR"}, 85_000),
        ({"price": 85000, "priceCurrency": "IDR"}, 85_000),
        ({"price": 85000.0, "priceCurrency": "IDR"}, 85_000),
        ({"price": "85.000", "priceCurrency": "IDR"}, 85_000),
        ({"price": "1.250.000", "priceCurrency": "IDR"}, 1_250_000),
        ({"price": "Rp 85.000,00", "priceCurrency": "IDR"}, 85_000),
        ({"price": "85,000", "priceCurrency": "IDR"}, 85_000),
        ({"lowPrice": "15000", "highPrice": "90000", "priceCurrency": "IDR"}, 15_000),
        ({"price": "0", "priceCurrency": "IDR"}, None),
        ({"price": 85.0, "priceCurrency": "IDR"}, None),  # 85.000 written as a number
        ({"price": "85000"}, None),
        ({"price": "85000", "priceCurrency": "SAR"}, None),
        ({"priceSpecification": {"price": "9000", "priceCurrency": "IDR"}}, 9_000),
        ({"offers": [{"price": "7000", "priceCurrency": "IDR"}]}, 7_000),
        ({}, None),
    ],
)
def test_prices(offer: dict[str, Any], price: int | None) -> None:
    page = read(product_page({"@type": "Product", "name": "Kopi", "sku": "1", "offers": offer}), "/produk/kopi")
    assert [listing.price_idr for listing in listings(page)] == [price]


@pytest.mark.parametrize("price", ["murah", "1e9", "-5", "12,5,0", {"x": 1}, [1], True])
def test_what_is_no_price_costs_the_entry(price: Any) -> None:
    offer = {"price": price, "priceCurrency": "IDR"}
    page = read(product_page({"@type": "Product", "name": "Kopi", "sku": "1", "offers": offer}), "/produk/kopi")
    assert all(listing.price_idr is None for listing in listings(page))


@pytest.mark.parametrize(
    ("said", "stock"),
    [
        ("https://schema.org/InStock", None),
        ("http://schema.org/OutOfStock", 0),
        ("OutOfStock", 0),
        ("sold out", 0),
        ("SoldOut", 0),
        ("Tersedia", None),
        ("", None),
    ],
)
def test_availability_as_address_or_word(said: str, stock: int | None) -> None:
    offer = {"price": "9000", "priceCurrency": "IDR", "availability": said}
    page = read(product_page({"@type": "Product", "name": "Kopi", "sku": "1", "offers": offer}), "/produk/kopi")
    assert [listing.stock for listing in listings(page)] == [stock]


def test_deep_and_wide_blocks_end() -> None:
    deep: Any = {"@type": "Product", "name": "x", "offers": {}}
    for _ in range(300):
        deep = {"@graph": [deep]}
    wide = [{"@type": "Thing"} for _ in range(100_000)]
    begun = time.process_time()
    page = read(product_page(deep, wide), "/produk/kopi")
    assert page.kind in ("product_page", "home")
    read(f'<html><script type="application/ld+json">{"[" * 100_000}</script></html>')
    assert time.process_time() - begun < 5


def test_nothing_personal_of_a_seller_is_read() -> None:
    who = {"@type": "Organization", "name": "Kopi", "url": f"{HOME}/", "telephone": "081200001111"}
    who |= {"email": "rahasia@contoh.example", "founder": {"name": "Rahasia"}}
    who["address"] = {"streetAddress": "Jl. Rahasia 1", "addressLocality": "Kota Serang", "addressRegion": "Banten"}
    page = read(product_page(who), "/")
    (shop,) = (item for item in page.items if isinstance(item, Shop))
    assert (shop.name, shop.city, shop.province) == ("Kopi", "Kota Serang", "Banten")
    assert "ahasia" not in f"{page}" and "0812" not in f"{page}"


# --- small parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "path", "site"),
    [
        ("https://www.kopi.id/wp-json/wc/store/products?page=1", "/wp-json", "kopi.id"),
        ("https://kopi.id/toko/wp-json/x", "/wp-json", "kopi.id/toko"),
        ("https://kopi.id/products.json?limit=250", "/products.json", "kopi.id"),
        ("https://kopi.id/a/b", "", "kopi.id"),
        ("", "/wp-json", ""),
        ("http://[", "/wp-json", ""),
    ],
)
def test_what_a_site_is_called(url: str, path: str, site: str) -> None:
    assert site_of(url, path) == site


@pytest.mark.parametrize(
    ("amount", "rupiah"),
    [("85000.00", 85000), (85000, 85000), ("0.00", None), ("-1", None), ("1e5", None), (True, None), ("9" * 20, None)],
)
def test_decimal_amounts(amount: Any, rupiah: int | None) -> None:
    assert decimal_rupiah(amount) == rupiah


def test_every_software_is_told_by_its_home_page() -> None:
    marks = {
        "dokan": "/wp-content/plugins/dokan-lite/a.css /wp-content/plugins/woocommerce/b.css",
        "wcfm": "/wp-content/plugins/wc-multivendor-marketplace/a.css /wp-content/plugins/woocommerce/b.css",
        "woocommerce": "/wp-content/plugins/woocommerce/b.css",
        "shopify": "//cdn.shopify.com/s/files/a.css",
        "magento": '<div data-mage-init="{}">',
        "active_ecommerce": "/public/assets/css/aiz-core.css",
        "jsonld": '<script type="application/ld+json">{}</script>',
    }
    assert set(marks) == set(detect.KNOWN)
    for name, text in marks.items():
        assert detect.of_home_page(Answer(f"<html>{text}</html>".encode())) == name


def test_a_page_of_sixty_products_is_cheap() -> None:
    """The whole budget is 40 ms with all pipelines; the readers take a small part of it."""
    one = {"variants": [{"price": "85000.00"}], "handle": "kopi", "body_html": "<p>Kopi robusta dari Lebak.</p>" * 20}
    body = json.dumps({"products": [{**one, "id": n + 1, "title": f"Kopi {n}"} for n in range(60)]}).encode()
    answer = Answer(body, f"{HOME}/products.json")
    begun = time.process_time()
    for _ in range(10):
        page = PlazaBantenSpider.read_answer(answer)
    assert len(listings(page)) == 60
    assert (time.process_time() - begun) / 10 < 0.04


def test_only_gzip_is_unpacked() -> None:
    plain = f"<urlset><url><loc>{HOME}/produk/a</loc></url></urlset>".encode()
    assert sitemap.unpacked(plain) == plain
    assert sitemap.unpacked(zlib.compress(plain)) == zlib.compress(plain)
