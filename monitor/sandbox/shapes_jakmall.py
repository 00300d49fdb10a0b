"""JakMall as captured in July 2023: HTML with a JavaScript literal whose keys carry no quotes, 60 products to a page.

A store's page is modelled on the captured category. The city is the warehouse's, whoever the seller is.
"""

import json
import re
from typing import Any
from zlib import crc32

from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow, Storefront, stable
from monitor.sandbox.transport import Reply, Request, as_html, not_found
from monitor.sandbox.world import World

PER_PAGE = 60
_HOME = "https://www.jakmall.com"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PROVINCES = {"Jakarta Barat": "DKI Jakarta", "Jakarta Pusat": "DKI Jakarta", "Tangerang": "Banten"}
Json = dict[str, Any]


def js_literal(value: Any) -> str:
    """The value as the site writes it: names without quotes, slashes escaped."""
    if isinstance(value, dict):
        members = (f"{key if _NAME.fullmatch(key) else json.dumps(key)}: {js_literal(value[key])}" for key in value)
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(js_literal(member) for member in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("/", "\\/")


def _store(shop: ShopRow) -> Json:
    return {
        "name": shop.name,
        "image": f"https://static.jakmall.id/images/stores/{shop.username}.png",
        "is_official": shop.tier == 2,
        "url": f"{_HOME}/{shop.username}",
        "is_opened": True,
    }


def _warehouse(shop: ShopRow) -> Json:
    city = shop.city or "Jakarta Barat"
    return {
        "name": "PICK N GO" if stable("warehouse", shop.shop_id) < 0.6 else shop.name,
        "drop_ship": True,
        "affiliate": True,
        "is_partner_store": True,
        "display_city": f"Gudang {city}",
        "city": {"name": city, "province": {"name": _PROVINCES.get(city, "Banten")}},
    }


def _variant(listing: Listing, url: str) -> Json:
    before = listing.before or listing.price
    return {
        "code": listing.listing_id,
        "sku": f"SB{crc32(listing.listing_id.encode()) % 10**8:08d}",
        "price": before,
        "normal_price": listing.price,
        "normal_affiliate_price": listing.price,
        "final_price": listing.price,
        "final_price_affiliate": listing.price,
        "discount": before - listing.price,
        "discount_percentage": round(100 - 100 * listing.price / before),
        "has_discount": bool(listing.before),
        "url": f"{url}?jtm=sandbox#{listing.listing_id}",
        "image": f"https://static.jakmall.id/images/products/{listing.listing_id}.jpg",
        "in_stock": listing.stock > 0,
        "limited_stock": None,
        "is_cheapest_event": False,
        "is_special_event": False,
        "cheapest_at": None,
        "snapshot": listing.listing_id[:11],
        "rank": None,
        "price_hash": "q2tA1p",
        "can_single_checkout": True,
        "variants": [],
        "standard_retail_price": None,
        "checkout_url": f"{_HOME}/checkout/single/{listing.listing_id}?jtm=sandbox",
        "can_single_checkout_mobile": True,
        "is_new": False,
        "is_coming_soon": False,
    }


def product(listing: Listing, shop: ShopRow) -> Json:
    url = f"{_HOME}/{shop.username}/{listing.path}"
    return {
        "name": listing.title,
        "code": listing.listing_id,
        "rating": listing.rating if listing.rating_count else 0,
        "review_count": listing.rating_count,
        "sold": listing.sold,
        "watcher": listing.sold // 9,
        "is_free_shipping": False,
        "weight": 250,
        "restriction": None,
        "brand": {"name": listing.brand or "Lainnya", "image": f"{_HOME}/images/desktop/empty/brand/icon.png"},
        "store": _store(shop),
        "warehouse": _warehouse(shop),
        "sku": [_variant(listing, url)],
        "delivery_types": [{"id": 1, "code": "JNE_REG", "name": "JNE REG"}],
        "badges": [],
        "variants": [],
        "matrix": [],
        "url": url,
        "selected": 0,
        "selected_validation": 0,
        "is_owner": False,
    }


class Jakmall:
    """Answers www.jakmall.com from a world."""

    slug = "jakmall"
    hosts: tuple[str, ...] = ("www.jakmall.com",)

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        name = request.path.strip("/")
        if name == "search":
            return self._list(request, self.store.search(request.query.get("q", "")), ended)
        shop = self.store.by_username.get(name)
        return self._list(request, self.store.of_shop.get(shop.shop_id, []), ended) if shop else not_found()

    def _list(self, request: Request, found: list[Listing], ended: bool) -> Reply:
        text = request.query.get("page", "1")
        number = int(text) if text.isdecimal() and int(text) > 0 else 1
        first = (number - 1) * PER_PAGE
        shown = [] if ended else found[first : first + PER_PAGE]
        result = {
            "products": [product(listing, self.store.shop(listing)) for listing in shown],
            "pagination": _pagination(request, number, len(found), len(shown)),
            "count": [],
            "watchlist_codes": [],
            "suggestions": {"filters": []},
        }
        script = f"<script>\nvar result = {js_literal(result)};\n</script>"
        title = "<title>Jual Produk Grosir | Jakmall.com</title>"
        return as_html(f"<!DOCTYPE html>\n<html lang='id'><head>{title}</head><body>{script}</body></html>\n")

    def refusal(self, request: Request) -> Reply:
        """A web server that lets nobody in; no refusal of this site is known."""
        return as_html("<html><head><title>403 Forbidden</title></head><body>403 Forbidden</body></html>", 403)


def _pagination(request: Request, number: int, total: int, shown: int) -> Json:
    last = max(1, -(-total // PER_PAGE))
    words = f"q={request.query['q']}&" if "q" in request.query else ""
    address = f"{_HOME}{request.path}?{words}page="
    return {
        "first_item": (number - 1) * PER_PAGE + 1,
        "last_item": (number - 1) * PER_PAGE + shown,
        "total": total,
        "total_number_formatted": f"{total:,}",
        "prev": f"{address}{number - 1}" if number > 1 else None,
        "next": f"{address}{number + 1}" if number < last else None,
        "current": number,
        "hasPages": last > 1,
        "links": {
            "first": {str(page): f"{address}{page}" for page in range(1, min(last, 9) + 1)},
            "slider": [],
            "last": {str(page): f"{address}{page}" for page in range(max(10, last - 1), last + 1)},
            "hasSlider": False,
            "hasLast": last > 9,
            "hasPages": last > 1,
        },
    }


SITES = (Jakmall,)
