"""GrabFood: a merchant's page as captured in September 2023; the search around a point as scrapers read it."""

import json
import re
from typing import Any

from monitor import pins
from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow, Storefront, stable, words_of
from monitor.sandbox.transport import Reply, Request, as_html, as_json
from monitor.sandbox.world import World

REACH_KM = 12.0
WINDOW = 500  # merchants that a search shows around one point
PAGE = "/restaurant-detail"
Json = dict[str, Any]
_CURRENCY = {"code": "IDR", "symbol": "Rp", "exponent": 2, "ISOSymbol": ""}
_MERCHANT = re.compile(r"/id/(?:id|en)/restaurant/(?:[^/]+/)?(?P<id>[0-9A-Za-z-]+)")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ADDRESS = ("acronym", "combinedAddress", "combinedCity", "house", "street", "suburb", "postcode", "city", "state")


def _point(shop: ShopRow) -> pins.Point:
    return (float(shop.latitude), float(shop.longitude)) if shop.latitude else (0.0, 0.0)


def _latlng(shop: ShopRow) -> Json:
    latitude, longitude = _point(shop)
    return {"latitude": latitude, "longitude": longitude}


def _hours(text: str) -> Json:
    return {"open": True, "displayedHours": "08:00-20:00", **dict.fromkeys(_DAYS, text)}


def _rating(shop: ShopRow) -> tuple[float, int]:
    return (round(5 - stable("rating", shop.shop_id), 1), shop.followers) if shop.followers else (0, 0)


def merchant_found(shop: ShopRow, away_km: float) -> Json:
    """A merchant as the search shows it."""
    rating, votes = _rating(shop)
    return {
        "id": shop.shop_id,
        "address": {"name": shop.name},
        "latlng": _latlng(shop),
        "estimatedDeliveryTime": 25,
        "merchantBrief": {
            "displayInfo": {"primaryText": shop.name},
            "cuisine": ["Aneka Nasi"],
            "photoHref": "",
            "openHours": _hours("08:00-20:00"),
            "distanceInKm": round(away_km, 3),
            "rating": rating,
            "vote_count": votes,
            "priceTag": 1,
        },
        "chainID": "",
        "chainName": "",
        "businessType": "FOOD",
        "merchantStatusInfo": {"status": "AVAILABLE", "statusText": "", "tipText": ""},
    }


def _amount(listing: Listing) -> Json:
    return {"amountInMinor": listing.price * 100, "amountDisplay": f"{listing.price:,}".replace(",", ".")}


def _item(listing: Listing, position: int) -> Json:
    return {
        "ID": listing.listing_id,
        "name": listing.title,
        "available": listing.stock > 0,
        "priceInMinorUnit": listing.price * 100,
        "imgHref": "",
        "images": [],
        "description": "",
        "modifierGroups": [],
        "sortOrder": position,
        "campaignID": "",
        "campaignName": "",
        "discountedPriceInMin": listing.price * 100,
        "priceV2": _amount(listing),
        "discountedPriceV2": _amount(listing),
        "_currency": dict(_CURRENCY),
        "position": position,
    }


def _category(shop: ShopRow, number: int, name: str, items: list[Json]) -> Json:
    code = f"IDCAT{number}{shop.shop_id}"
    return {"ID": code, "name": name, "available": True, "items": items, "sortOrder": number}


def merchant(shop: ShopRow, listings: list[Listing]) -> Json:
    """A merchant as its own page holds it; address and telephone are empty there."""
    rating, votes = _rating(shop)
    items = [_item(listing, position) for position, listing in enumerate(listings, start=1)]
    return {
        "ID": shop.shop_id,
        "name": shop.name,
        "cuisine": "Aneka Nasi",
        "photoHref": "",
        "timeZone": "Asia/Jakarta",
        "ETA": 25,
        "description": "",
        "openingHours": {**_hours("8:00am-8:00pm"), "tempClosed": False},
        "isIntegrated": True,
        "phoneNumber": "",
        "distanceInKm": 1.5,
        "section": "",
        "sectionOpenHours": _hours("08:00-20:00"),
        "latlng": _latlng(shop),
        "address": {**dict.fromkeys(_ADDRESS, ""), "cityID": 0, "country": "", "countryID": 0},
        "menu": {
            "categories": [_category(shop, 1, "Favorit", items[:1]), _category(shop, 2, "Menu", items)],
            "menuMeta": {},
            "campaigns": [],
        },
        "currency": dict(_CURRENCY),
        "rating": rating,
        "voteCount": votes,
        "status": "ACTIVE",
        "deliverBy": "GRAB",
        "radius": 12000,
        "isLeadsGen": False,
        "businessType": "FOOD",
    }


class GrabFood:
    """Answers food.grab.com (pages) and portal.grab.com (search) from a world."""

    slug = "grabfood"
    hosts: tuple[str, ...] = ("food.grab.com", "portal.grab.com")

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        if host == "portal.grab.com":
            is_search = request.path == "/foodweb/v2/search" and request.method == "POST"
            return self._search(request, ended) if is_search else as_json({"error": "not found"}, 404)
        found = _MERCHANT.fullmatch(request.path.rstrip("/"))
        shop = self.store.shops.get(found["id"]) if found else None
        if shop is None:
            return _page({"pageProps": {}}, "/_error", {}, 404)
        state = {
            "entities": {shop.shop_id: merchant(shop, self.store.of_shop.get(shop.shop_id, []))},
            "loadings": {shop.shop_id: False},
            "errors": {shop.shop_id: None},
            "cuisine": {},
            "menuRefreshedInfoBarVisible": False,
            "activeMerchantID": shop.shop_id,
        }
        query = {"nameSlug": "warung", "id": shop.shop_id}
        props = {"pageProps": {"pathname": PAGE, "query": query}, "initialReduxState": {"pageRestaurantDetail": state}}
        return _page(props, PAGE, query, 200)

    def _search(self, request: Request, ended: bool) -> Reply:
        try:
            asked = json.loads(request.body)
            latitude, longitude = (float(part) for part in asked["latlng"].split(","))
            offset, size = int(asked["offset"]), min(int(asked["pageSize"]), 64)
            words = words_of(asked["keyword"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return as_json({"error": "bad request"}, 400)
        found = sorted(
            (away, shop.shop_id)
            for shop in self.store.shops.values()
            if (away := pins.distance_km(_point(shop), (latitude, longitude))) <= REACH_KM and self._sells(shop, words)
        )
        shown = [] if ended or offset >= WINDOW else found[offset : offset + size]
        result = {
            "searchID": f"{int(stable(*words, offset) * 16**12):012x}",
            "totalCount": len(found),
            "searchMerchants": [merchant_found(self.store.shops[key], away) for away, key in shown],
        }
        return as_json({"searchResult": result})

    def _sells(self, shop: ShopRow, words: list[str]) -> bool:
        said = {word for listing in self.store.of_shop.get(shop.shop_id, []) for word in words_of(listing.title)}
        return set(words) <= said | set(words_of(shop.name))

    def refusal(self, request: Request) -> Reply:
        """Addresses of data centres get a bare 403 (two scrapers)."""
        return as_json({"error": "forbidden"}, 403)


def _page(props: Json, page: str, query: Json, status: int) -> Reply:
    document = {
        "props": {"ssrState": {}, **props},
        "page": page,
        "query": query,
        "buildId": "sandbox~1",
        "runtimeConfig": {},
        "dynamicIds": [],
    }
    script = json.dumps(document, ensure_ascii=False).replace("</", "<\\/")
    data = f'<script id="__NEXT_DATA__" type="application/json">{script}</script>'
    return as_html(f"<!DOCTYPE html><html><body><div id=__next></div>{data}</body></html>", status)


SITES = (GrabFood,)
