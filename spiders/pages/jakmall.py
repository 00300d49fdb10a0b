"""JakMall's lists: the JavaScript literal `var result = {...}` inside the page, as captured in July 2023.

The city that is printed is that of the warehouse, mostly a fulfilment partner's: it is never read as a place of the
shop, so every shop here is of unknown place. What search and a store's page hold beside this literal was not seen.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from monitor.errors import InputError
from monitor.items import Listing, Shop
from monitor.reading import (
    Answer,
    Page,
    ShapeError,
    add_listing,
    bare_url,
    flag_or_none,
    get,
    has,
    id_text,
    last_part,
    maybe,
    need_text,
    rating_or_none,
    rupiah_or_none,
    text_or_none,
    whole_or_none,
)
from spiders.pages import js_literal

SLUG = "jakmall"
HOME = "https://www.jakmall.com"
_LITERAL = re.compile(r"\bvar\s+result\s*=\s*(?=\{)")
_NO_BRAND = "lainnya"  # "others"
Entry = Mapping[str, Any]


def _store_slug(url: str | None) -> str:
    """The store's name in its address, which is its only id in these lists."""
    slug = last_part(url)
    if slug is None or urlsplit(url or "").path.strip("/").count("/"):
        raise ShapeError("store.url", "names no store")
    return slug


def _shop(store: Entry) -> Shop:
    url = bare_url(get(store, "url"), "store.url", HOME)
    slug = _store_slug(url)
    is_open = flag_or_none(get(store, "is_opened"), "store.is_opened")
    return Shop(
        marketplace=SLUG,
        shop_id=slug,
        username=slug,
        name=need_text(get(store, "name"), "store.name"),
        url=url,
        is_official=flag_or_none(get(store, "is_official"), "store.is_official"),
        status="closed" if is_open is False else "live",
    )


def _price(product: Entry) -> int | None:
    """Whole rupiah; the lowest of the variants."""
    variants = get(product, "sku")
    if not isinstance(variants, list) or not variants:
        raise ShapeError("sku", "is no list of variants")
    prices = [rupiah_or_none(get(variant, "final_price"), "sku.final_price") for variant in variants]
    return min((price for price in prices if price), default=None)


def _product(page: Page, product: Entry) -> None:
    shop = _shop(get(product, "store"))
    brand = text_or_none(maybe(product, "brand", "name"), "brand.name")
    count = whole_or_none(get(product, "sold"), "sold")
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(get(product, "code"), "code"),
        shop_id=shop.shop_id,
        title=need_text(get(product, "name"), "name"),
        url=bare_url(get(product, "url"), "url", HOME),
        price_idr=_price(product),
        sold_count=count,
        sold_count_is_rounded=None if count is None else False,
        rating=rating_or_none(get(product, "rating"), "rating"),
        rating_count=whole_or_none(get(product, "review_count"), "review_count"),
        brand=None if brand and brand.lower() == _NO_BRAND else brand,
    )
    add_listing(page, listing, shop)


def _result(text: str) -> Any:
    """The literal's value, None where the page has none. Raises InputError when it is cut short."""
    match = _LITERAL.search(text)
    if match is None:
        return None
    try:
        return js_literal.parse(text[match.end() :])
    except js_literal.NoLiteralError as error:
        raise InputError(f"the page's data cannot be read: {error}") from None


def _list(page: Page, result: Any) -> None:
    page.declared_total = whole_or_none(get(result, "pagination", "total"), "pagination.total")
    following = text_or_none(get(result, "pagination", "next"), "pagination.next")
    page.read_each("products", get(result, "products"), lambda product: _product(page, product))
    number = whole_or_none(get(result, "pagination", "current"), "pagination.current")
    page.next |= {"is_last": following is None or page.entry_count == 0, "number": number}


def read(answer: Answer) -> Page:
    """What one page holds. Raises InputError where its literal is cut short."""
    page = Page(marketplace=SLUG, kind="unknown", url=answer.url)
    result = _result(answer.text) if answer.looks_like_html else None
    if not has(result, "products") or not has(result, "pagination"):
        page.issue("unknown_answer", "The page holds no list of products; nothing was read from it.")
        return page
    page.kind = "list"
    try:
        _list(page, result)
    except ShapeError as error:
        page.kind, page.rows, page.next = "unknown", [], {}
        page.issue("shape", f"Nothing was read: {error}.", error.field)
    return page
