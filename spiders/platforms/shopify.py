"""Shopify's open feed `/products.json` (captured July 2026) and `/meta.json`, which describes the shop itself.

One site is one shop; `vendor` is a brand. The feed's prices are decimal texts without a currency: that stands in
`meta.json` (known from public code, not captured). Until it is known (`finish`) a listing has no price.
"""

from typing import Any
from urllib.parse import urlsplit

from monitor.items import Listing
from monitor.reading import Answer, Page, ShapeError, get, id_text, maybe, need_text, plain_text, text_or_none
from monitor.text import parse_date
from spiders.platforms.software import (
    Entry,
    PagedList,
    Software,
    decimal_rupiah,
    first_entry,
    in_rupiah,
    no_address,
    rows_below,
    site_of,
    site_shop,
)

PRODUCTS_PATH = "/products.json"
ABOUT_PATH = "/meta.json"
PAGE_SIZE = 250  # a larger limit is refused


def _amount(product: Entry) -> int | None:
    """The lowest price of the variants, in whole units of the shop's currency."""
    variants = get(product, "variants")
    if not isinstance(variants, list):
        raise ShapeError("variants", "is no list")
    amounts = []
    for variant in variants:
        text = need_text(get(variant, "price"), "variants.price")
        amount = decimal_rupiah(text)
        if amount is None and text.strip("0."):
            raise ShapeError("variants.price", "is no decimal amount")
        amounts.append(amount)
    return min((amount for amount in amounts if amount), default=None)


def _add_product(page: Page, product: Entry, shop_id: str) -> None:
    listing_id = id_text(get(product, "id"), "id")
    handle = need_text(get(product, "handle"), "handle")
    amount = _amount(product)
    page.add(
        Listing(
            marketplace=page.marketplace,
            listing_id=listing_id,
            shop_id=id_text(shop_id, "url"),
            title=need_text(plain_text(need_text(get(product, "title"), "title")), "title"),
            url=f"https://{shop_id}/products/{handle}",
            category=text_or_none(maybe(product, "product_type"), "product_type"),
            brand=text_or_none(maybe(product, "vendor"), "vendor"),
            created_on=parse_date(maybe(product, "published_at")),
        ),
        ("description", plain_text(text_or_none(maybe(product, "body_html"), "body_html"))),
    )
    if amount is not None:
        page.next.setdefault("amounts", {})[listing_id] = amount


def read_products(page: Page, document: Any) -> None:
    page.kind = "shopify_products"
    shop = site_shop(page, site_of(page.url, PRODUCTS_PATH))
    if shop is None:
        no_address(page)
        return
    if rows_below(document, "products"):
        page.add(shop)
    page.read_each("products", maybe(document, "products"), lambda product: _add_product(page, product, shop.shop_id))


def read_about(page: Page, document: Entry) -> None:
    """The shop's own name and place, its currency, and how many products it shows."""
    page.kind = "shopify_about"
    currency = maybe(document, "currency")
    page.next["currency"] = currency if isinstance(currency, str) else None
    count = maybe(document, "published_products_count")
    page.next["total"] = count if type(count) is int else None
    in_indonesia = maybe(document, "country") in (None, "", "ID", "Indonesia")
    shop = site_shop(
        page,
        site_of(page.url, ABOUT_PATH),
        name=text_or_none(maybe(document, "name"), "name"),
        city=text_or_none(maybe(document, "city"), "city") if in_indonesia else None,
        province=text_or_none(maybe(document, "province"), "province") if in_indonesia else None,
        description=plain_text(text_or_none(maybe(document, "description"), "description")),
    )
    if shop is not None:
        page.add(shop)


def finish(page: Page, about: Page | None) -> None:
    """Give the listings of a page their prices, where the shop's currency is known to be rupiah."""
    amounts = page.next.pop("amounts", {})
    if not amounts or not in_rupiah(page, about.next.get("currency") if about else None):
        return
    for item in page.items:
        if isinstance(item, Listing):
            item.price_idr = amounts.get(item.listing_id)


def is_products(document: Any) -> bool:
    first = first_entry(rows_below(document, "products"))
    return isinstance(maybe(first, "variants"), list) and isinstance(maybe(first, "handle"), str)


def is_about(document: Any) -> bool:
    return isinstance(maybe(document, "myshopify_domain"), str)


def read(page: Page, answer: Answer, document: Any) -> bool:
    path = urlsplit(answer.url).path
    if is_products(document) or (path.endswith(PRODUCTS_PATH) and maybe(document, "products") is not None):
        read_products(page, document)
        if answer.is_saved:
            finish(page, None)
    elif is_about(document):
        read_about(page, document)
    else:
        return False
    return True


SOFTWARE = Software(
    "shopify",
    read,
    about=PagedList("shopify_about", ABOUT_PATH, is_single=True),
    products=(PagedList("shopify_products", PRODUCTS_PATH, PAGE_SIZE, {"limit": PAGE_SIZE}),),
    finish=finish,
)
