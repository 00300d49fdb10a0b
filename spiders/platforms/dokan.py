"""Dokan, a multi-vendor plugin of WooCommerce: its public list of stores and each store's products.

Read in the plugin's source. The stores' answer also carries the owner's name, e-mail, telephone, street and payment
details: only the fields named here are ever read.
"""

import re
from typing import Any

from monitor.items import Shop
from monitor.reading import (
    Answer,
    Page,
    bare_url,
    get,
    id_text,
    last_part,
    maybe,
    need_text,
    plain_text,
    rating_or_none,
    text_or_none,
    whole_or_none,
)
from monitor.text import parse_date
from spiders.platforms import woocommerce
from spiders.platforms.software import Entry, PagedList, Software, first_entry, rows_below

STORES_PATH = "/wp-json/dokan/v1/stores"
PAGE_SIZE = 100
_DISTRICT = re.compile(r"\bkec(?:amatan|\.)?\s+([a-z][a-z .'-]{1,40})", re.IGNORECASE)
_LOCATION = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*")
# WooCommerce's codes of Indonesian provinces: of all that a store may print, only the region's is spelled out.
PROVINCES = {"BT": "Banten"}


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


def read_products(page: Page, document: Any) -> None:
    page.kind = "dokan_products"
    page.read_each("products", document, lambda product: woocommerce.add_rest_product(page, product, "store"))


def is_stores(document: Any) -> bool:
    return isinstance(maybe(first_entry(rows_below(document)), "store_name"), str)


def is_products(document: Any) -> bool:
    """Products as WooCommerce's REST API writes them, with the store inside."""
    is_of_dokan = isinstance(maybe(first_entry(rows_below(document)), "store"), dict)
    return is_of_dokan and woocommerce.is_rest_products(document)


def read(page: Page, answer: Answer, document: Any) -> bool:
    path = woocommerce.path_of(answer.url)
    page.declared_total = woocommerce.total_of(answer)
    if path == STORES_PATH or (not path and is_stores(document)):
        read_stores(page, document)
    elif path.startswith(f"{STORES_PATH}/") and path.endswith("/products"):
        page.shop_id = path.split("/")[-2]
        read_products(page, document)
    elif path.startswith(f"{STORES_PATH}/") and path.count("/") == STORES_PATH.count("/") + 1:
        read_stores(page, [document])  # one store by its id
        page.kind = "dokan_store"
    elif not path and is_products(document):
        read_products(page, document)
    else:
        return False
    return True


def products_of(shop_id: str) -> PagedList:
    return PagedList("dokan_products", f"{STORES_PATH}/{shop_id}/products", PAGE_SIZE, {"per_page": PAGE_SIZE})


SOFTWARE = Software(
    "dokan",
    read,
    products=woocommerce.SOFTWARE.products,
    shops=PagedList("dokan_stores", STORES_PATH, PAGE_SIZE, {"per_page": PAGE_SIZE}),
    shop=lambda shop_id: PagedList("dokan_store", f"{STORES_PATH}/{shop_id}", is_single=True),
    products_of=products_of,
)
