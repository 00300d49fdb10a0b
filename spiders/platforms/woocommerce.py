"""WooCommerce's public Store API (v1): products of one shop. Documented by WooCommerce; captured July 2026.

The API names no seller: the whole site is one shop, and `shop_id` is its host. Prices are digits in minor units of
`currency_minor_unit`; both 0 and 2 occur for rupiah.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from monitor.items import Listing, Shop
from monitor.reading import (
    Answer,
    Page,
    ShapeError,
    bare_url,
    get,
    id_text,
    joined,
    maybe,
    need_text,
    plain_text,
    rating_or_none,
    text_or_none,
    whole_or_none,
)

PRODUCTS_PATH = "/wp-json/wc/store/v1/products"
PAGE_SIZE = 100
Entry = Mapping[str, Any]


def host_of(url: Any) -> str:
    """Host of an address without `www.`; "" where it is none."""
    try:
        return (urlsplit(url if isinstance(url, str) else "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _price(page: Page, prices: Entry) -> int | None:
    """Whole rupiah; the lowest of a range. Another currency is an issue, once for an answer."""
    currency = get(prices, "currency_code")
    if currency != "IDR":
        if "foreign" not in page.next:
            page.next["foreign"] = True
            page.issue("currency", f"Prices are in {str(currency)[:3]}, not in rupiah, and were left out.", "prices")
        return None
    amount = whole_or_none(maybe(prices, "price_range", "min_amount") or get(prices, "price"), "prices.price")
    unit = whole_or_none(get(prices, "currency_minor_unit"), "prices.currency_minor_unit")
    if amount is None:
        return None
    if unit is None or not 0 <= unit <= 4:
        raise ShapeError("prices.currency_minor_unit", "is no number of decimals")
    return round(amount / float(10**unit))


def _names(entries: Any) -> str | None:
    if not isinstance(entries, list):
        return None
    return joined(plain_text(text_or_none(maybe(entry, "name"), "name")) for entry in entries)


def add_product(page: Page, product: Entry, shop_id: str) -> None:
    """One product of the Store API."""
    page.add(
        Listing(
            marketplace=page.marketplace,
            listing_id=id_text(get(product, "id"), "id"),
            shop_id=id_text(shop_id, "permalink"),
            title=need_text(plain_text(need_text(get(product, "name"), "name")), "name"),
            url=bare_url(get(product, "permalink"), "permalink"),
            price_idr=_price(page, get(product, "prices")),
            rating=rating_or_none(maybe(product, "average_rating"), "average_rating"),
            rating_count=whole_or_none(maybe(product, "review_count"), "review_count"),
            stock=whole_or_none(maybe(product, "low_stock_remaining"), "low_stock_remaining"),
            category=_names(maybe(product, "categories")),
            brand=_names(maybe(product, "brands")),
        ),
        ("description", plain_text(text_or_none(maybe(product, "description"), "description"))),
    )


def _site(page: Page, products: list[Any]) -> Shop | None:
    first = next((product for product in products if isinstance(product, dict)), {})
    host = host_of(page.url) or host_of(maybe(first, "permalink"))
    if not host:
        return None
    # On a marketplace's own site the shop sells the goods of many businesses.
    is_collective = page.marketplace != "own_shop"
    return Shop(
        marketplace=page.marketplace, shop_id=host, username=host, url=f"https://{host}", is_collective=is_collective
    )


def read_products(page: Page, document: Any) -> None:
    """Fill the page from a list of products and the one shop that offers them; its name is in none of these answers."""
    page.kind = "woocommerce_products"
    site = _site(page, document) if isinstance(document, list) and document else None
    if site is not None:
        page.add(site)
    shop_id = site.shop_id if site else ""
    page.read_each("products", document, lambda product: add_product(page, product, shop_id))


def is_products(document: Any) -> bool:
    """Whether a list is one of Store API products: their prices are objects with a currency."""
    return isinstance(document, list) and bool(document) and isinstance(maybe(document[0], "prices"), dict)


def total_of(answer: Answer) -> int | None:
    """Entries of the whole list, as WordPress says in a header."""
    total = answer.headers.get("x-wp-total", "")
    return int(total) if total.isdecimal() else None
