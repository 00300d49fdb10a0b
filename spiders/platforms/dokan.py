"""Dokan, a multi-vendor plugin of WooCommerce: its public list of stores and each store's products.

Read in the plugin's source. The stores' answer also carries the owner's name, e-mail, telephone, street and payment
details: only the fields named here are ever read.
"""

import re
from collections.abc import Mapping
from typing import Any

from monitor.items import Listing, Shop
from monitor.reading import (
    Page,
    bare_url,
    get,
    id_text,
    joined,
    last_part,
    maybe,
    need_text,
    plain_text,
    rating_or_none,
    rupiah_or_none,
    sold,
    text_or_none,
    whole_or_none,
)
from monitor.text import parse_date

STORES_PATH = "/wp-json/dokan/v1/stores"
PAGE_SIZE = 100
_DISTRICT = re.compile(r"\bkec(?:amatan|\.)?\s+([a-z][a-z .'-]{1,40})", re.IGNORECASE)
_LOCATION = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*")
# WooCommerce's codes of Indonesian provinces: of all that a store may print, only the region's is spelled out.
PROVINCES = {"BT": "Banten"}
Entry = Mapping[str, Any]


def _coordinates(value: Any) -> tuple[float | None, float | None]:
    match = _LOCATION.fullmatch(value) if isinstance(value, str) else None
    return (float(match[1]), float(match[2])) if match else (None, None)


def _place(store: Entry) -> tuple[str | None, str | None]:
    """City and province; PHP writes an empty address as a list."""
    address = maybe(store, "address")
    if not isinstance(address, dict):
        return None, None
    state = text_or_none(maybe(address, "state"), "address.state")
    return text_or_none(maybe(address, "city"), "address.city"), PROVINCES.get(state or "", state)


def _store_rating(value: Any) -> float | None:
    # "No Ratings found yet" stands where there are none.
    return rating_or_none(value, "rating.rating") if re.fullmatch(r"[\d.]+", str(value)) else None


def _district(store: Entry) -> str | None:
    """Kecamatan, where the second line of the address names one; the rest of the street address is never read."""
    match = _DISTRICT.search(str(maybe(store, "address", "street_2") or ""))
    return match[1].strip() if match else None


def _add_store(page: Page, store: Entry) -> None:
    shop_id = id_text(get(store, "id"), "id")
    url = bare_url(get(store, "shop_url"), "shop_url")
    slug = last_part(url)
    city, province = _place(store)
    latitude, longitude = _coordinates(maybe(store, "location"))
    page.add(
        Shop(
            marketplace=page.marketplace,
            shop_id=shop_id,
            aliases=[slug] if slug else [],
            name=need_text(plain_text(need_text(get(store, "store_name"), "store_name")), "store_name"),
            username=slug,
            url=url,
            city=city,
            district=_district(store),
            province=province,
            latitude=latitude,
            longitude=longitude,
            description=plain_text(text_or_none(maybe(store, "vendor_biography"), "vendor_biography")),
            rating=_store_rating(maybe(store, "rating", "rating")),
            rating_count=whole_or_none(maybe(store, "rating", "count"), "rating.count"),
            joined_on=parse_date(maybe(store, "registered")),
        )
    )


def read_stores(page: Page, document: Any) -> None:
    page.kind = "dokan_stores"
    page.read_each("stores", document, lambda store: _add_store(page, store))


def _add_product(page: Page, product: Entry) -> None:
    count, _ = sold(maybe(product, "total_sales"), "total_sales")
    categories = maybe(product, "categories")
    page.add(
        Listing(
            marketplace=page.marketplace,
            listing_id=id_text(get(product, "id"), "id"),
            shop_id=id_text(maybe(product, "store", "id") or page.shop_id, "store.id"),
            title=need_text(plain_text(need_text(get(product, "name"), "name")), "name"),
            url=bare_url(get(product, "permalink"), "permalink"),
            price_idr=rupiah_or_none(get(product, "price"), "price"),
            sold_count=count,
            sold_count_is_rounded=None if count is None else False,
            rating=rating_or_none(maybe(product, "average_rating"), "average_rating"),
            rating_count=whole_or_none(maybe(product, "rating_count"), "rating_count"),
            stock=whole_or_none(maybe(product, "stock_quantity"), "stock_quantity"),
            category=joined(plain_text(text_or_none(maybe(entry, "name"), "categories")) for entry in categories)
            if isinstance(categories, list)
            else None,
            created_on=parse_date(maybe(product, "date_created")),
        ),
        ("description", plain_text(text_or_none(maybe(product, "description"), "description"))),
    )


def read_products(page: Page, document: Any) -> None:
    page.kind = "dokan_products"
    page.read_each("products", document, lambda product: _add_product(page, product))


def is_stores(document: Any) -> bool:
    return isinstance(document, list) and bool(document) and isinstance(maybe(document[0], "store_name"), str)


def is_products(document: Any) -> bool:
    """Products as WooCommerce's REST API writes them: a price text instead of the Store API's object."""
    return isinstance(document, list) and bool(document) and isinstance(maybe(document[0], "permalink"), str)
