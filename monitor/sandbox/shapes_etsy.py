"""Etsy's Open API v3 as its specification and clients describe it (2021 to 2026); never captured, so modelled.

Any key is taken; without one the answer is a refusal, as the specification says.
"""

import re
from datetime import UTC, datetime
from typing import Any

from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow, Storefront
from monitor.sandbox.transport import Reply, Request, as_json
from monitor.sandbox.world import World

MAX_OFFSET = 12_000
RUPIAH_A_DOLLAR = 16_000
_SHOP = re.compile(r"/v3/application/shops/(\d+)(?P<listings>/listings/active)?")
Json = dict[str, Any]


def _epoch(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def listing_row(listing: Listing) -> Json:
    created = _epoch(listing.created_on)
    return {
        "listing_id": int(listing.listing_id),
        "user_id": int(listing.shop_id) + 7,
        "shop_id": int(listing.shop_id),
        "title": listing.title,
        "description": f"{listing.title}, handmade.",
        "state": "active",
        "creation_timestamp": created,
        "created_timestamp": created,
        "original_creation_timestamp": created,
        "quantity": listing.stock,
        "url": f"https://www.etsy.com/listing/{listing.listing_id}/{listing.path}",
        "num_favorers": listing.sold // 3,
        "tags": [],
        "materials": [],
        "price": {"amount": round(100 * listing.price / RUPIAH_A_DOLLAR), "divisor": 100, "currency_code": "USD"},
        "taxonomy_id": 1,
    }


class Etsy:
    """Answers openapi.etsy.com from a world."""

    slug = "etsy"
    hosts: tuple[str, ...] = ("openapi.etsy.com",)

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        if not request.headers.get("x-api-key"):
            return self.refusal(request)
        if request.path == "/v3/application/listings/active":
            wanted = request.query.get("shop_location", "").split(",")[0].strip().lower()
            found = [row for row in self.store.listings if self._is_in(self.store.shop(row), wanted)]
            return self._list(found, request, ended)
        match = _SHOP.fullmatch(request.path)
        shop = self.store.shops.get(match[1]) if match else None
        if match is None or shop is None:
            return as_json({"error": "Resource not found"}, 404)
        if match["listings"]:
            return self._list(self.store.of_shop.get(shop.shop_id, []), request, ended)
        return as_json(self._shop(shop))

    @staticmethod
    def _is_in(shop: ShopRow, wanted: str) -> bool:
        return not wanted or shop.city.split(",")[0].strip().lower() == wanted

    @staticmethod
    def _list(found: list[Listing], request: Request, ended: bool) -> Reply:
        try:
            limit = max(1, min(int(request.query.get("limit") or 25), 100))
            offset = int(request.query.get("offset") or 0)
        except ValueError:
            return as_json({"error": "Invalid parameter"}, 400)
        shown = [] if ended or offset > MAX_OFFSET else found[offset : offset + limit]
        return as_json({"count": len(found), "results": [listing_row(row) for row in shown]})

    def _shop(self, shop: ShopRow) -> Json:
        listings = self.store.of_shop.get(shop.shop_id, [])
        return {
            "shop_id": int(shop.shop_id),
            "shop_name": shop.name,
            "user_id": int(shop.shop_id) + 7,
            "create_date": _epoch(shop.joined_on),
            "created_timestamp": _epoch(shop.joined_on),
            "title": shop.description,
            "announcement": None,
            "currency_code": "USD",
            "is_vacation": False,
            "listing_active_count": len(listings),
            "digital_listing_count": 0,
            "login_name": f"pemilik-rahasia-{shop.shop_id}",
            "url": f"https://www.etsy.com/shop/{shop.name}",
            "num_favorers": shop.followers,
            "languages": ["en-US"],
            "transaction_sold_count": sum(row.sold for row in listings),
            "shipping_from_country_iso": "ID",
            "shop_location_country_iso": "ID" if shop.place else None,
            "review_average": 4.8 if listings else None,
            "review_count": sum(row.rating_count for row in listings),
        }

    def refusal(self, request: Request) -> Reply:
        return as_json({"error": "Invalid API key."}, 403)


SITES = (Etsy,)
