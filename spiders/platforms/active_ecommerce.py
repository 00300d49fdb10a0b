"""Active eCommerce CMS, a script that is often resold: its public API of shops and their products (Laravel's pager).

Fields as the script's own resources write them in public copies (2021 to 2025); no answer was captured. A shop's detail
also carries telephone, street, owner id and payment flags: only the fields named here are ever read. Prices are printed
texts with the symbol of the site's currency.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from monitor.items import Listing, Shop
from monitor.reading import (
    Answer,
    Page,
    ShapeError,
    get,
    id_text,
    maybe,
    need_text,
    plain_text,
    rating_or_none,
    rupiah_or_none,
    sold,
    text_or_none,
)
from spiders.platforms.software import (
    Entry,
    PagedList,
    Software,
    host_of,
    in_rupiah,
    laravel_total,
)

API = "/api/v2"
SHOPS_PATH = f"{API}/shops"
DETAILS_PATH = f"{API}/shops/details/"
PRODUCTS_PATH = f"{API}/shops/products/all/"
_RUPIAH = re.compile(r"\s*(?:Rp\.?|IDR)\s*[\d.,]+\s*|\s*[\d.,]+\s*(?:Rp|IDR)\s*", re.IGNORECASE)
_OTHER = re.compile(r"[^\d.,\s]")


def _price(page: Page, text: Any) -> int | None:
    """The printed price, or the lower one of a range; a symbol other than the rupiah's is an issue."""
    printed = need_text(text, "main_price").split(" - ")[0]
    if not _RUPIAH.fullmatch(printed):
        if not _OTHER.search(printed):
            raise ShapeError("main_price", "names no currency")
        in_rupiah(page, printed)
        return None
    return rupiah_or_none(printed.strip(), "main_price")


def _place(shop: Entry) -> dict[str, Any]:
    """Where the seller hands goods over; in newer versions only."""
    found: dict[str, Any] = {}
    for name in ("latitude", "longitude"):
        value = maybe(shop, f"delivery_pickup_{name}")
        found[name] = float(value) if re.fullmatch(r"-?\d{1,3}\.\d+", str(value)) else None
    return found if all(found.values()) else {}


def _add_shop(page: Page, shop: Entry) -> None:
    shop_id = id_text(get(shop, "id"), "id")
    slug = text_or_none(maybe(shop, "slug"), "slug")
    host = host_of(page.url)
    page.add(
        Shop(
            marketplace=page.marketplace,
            shop_id=shop_id,
            aliases=[slug] if slug else [],
            name=need_text(plain_text(need_text(get(shop, "name"), "name")), "name"),
            username=slug,
            url=f"https://{host}/shop/{slug}" if slug and host else None,
            description=plain_text(text_or_none(maybe(shop, "description"), "description")),
            rating=rating_or_none(maybe(shop, "rating"), "rating"),
            **_place(shop),
        )
    )


def read_shops(page: Page, document: Any) -> None:
    page.kind = "active_shops"
    laravel_total(page, document)
    page.read_each("shops", maybe(document, "data"), lambda shop: _add_shop(page, shop))


def read_shop(page: Page, document: Any) -> None:
    """One shop; older versions wrap it into a list of one."""
    data = maybe(document, "data")
    page.read_each("shop", data if isinstance(data, list) else [data], lambda shop: _add_shop(page, shop))
    page.kind = "active_shop"


def _add_product(page: Page, product: Entry) -> None:
    count, _ = sold(maybe(product, "sales"), "sales")
    slug, host = text_or_none(maybe(product, "slug"), "slug"), host_of(page.url)
    page.add(
        Listing(
            marketplace=page.marketplace,
            listing_id=id_text(get(product, "id"), "id"),
            shop_id=id_text(page.shop_id or maybe(product, "shop_id"), "shop_id"),
            title=need_text(plain_text(need_text(get(product, "name"), "name")), "name"),
            url=f"https://{host}/product/{slug}" if slug and host else None,
            price_idr=_price(page, get(product, "main_price")),
            sold_count=count,
            sold_count_is_rounded=None if count is None else False,
            rating=rating_or_none(maybe(product, "rating"), "rating"),
        )
    )


def read_products(page: Page, document: Any) -> None:
    page.kind = "active_products"
    laravel_total(page, document)
    page.read_each("products", maybe(document, "data"), lambda product: _add_product(page, product))


def read(page: Page, answer: Answer, document: Any) -> bool:
    """Told by the address alone: a list named `data` says nothing about who wrote it."""
    path = urlsplit(answer.url).path.rstrip("/")
    below = path.partition(API)[2]
    if API not in path or not isinstance(document, dict):
        return False
    if below == "/shops":
        read_shops(page, document)
    elif below.startswith("/shops/details/"):
        read_shop(page, document)
    elif below.startswith("/shops/products/all/"):
        page.shop_id = below.rpartition("/")[2]
        read_products(page, document)
    else:
        return False
    return True


SOFTWARE = Software(
    "active_ecommerce",
    read,
    shops=PagedList("active_shops", SHOPS_PATH),
    shop=lambda shop_id: PagedList("active_shop", f"{DETAILS_PATH}{shop_id}", is_single=True),
    products_of=lambda shop_id: PagedList("active_products", f"{PRODUCTS_PATH}{shop_id}"),
)
