"""Outlets and menus of GoFood, key for key as its pages of February 2026 hold them."""

from typing import Any

from monitor import pins
from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow, stable

CUISINES = {
    "martabak": "Martabak",
    "soto_bakso_sop": "Bakso & soto",
    "roti": "Roti",
    "snacks_jajanan": "Jajanan",
    "minuman": "Minuman",
    "bakmie": "Bakmie",
    "sate": "Sate",
}
_NIL = "00000000-0000-4000-8000-"
Json = dict[str, Any]


def point_of(shop: ShopRow) -> pins.Point:
    return (float(shop.latitude), float(shop.longitude)) if shop.latitude else (0.0, 0.0)


def _uuid(*parts: object) -> str:
    return _NIL + f"{int(stable(*parts) * 10**12):012d}"


def _hours(day: int) -> Json:
    start, end = ({"hours": hours, "minutes": 0, "seconds": 0, "nanos": 0} for hours in (8, 20))
    return {"day": day, "startTime": start, "endTime": end}


def _core(shop: ShopRow) -> Json:
    latitude, longitude = point_of(shop)
    cuisine = cuisine_of(shop)
    brand = _uuid("brand", shop.shop_id)
    return {
        "key": f"tenants/gofood/outlets/{shop.shop_id}",
        "tenantUid": "gofood",
        "uid": shop.shop_id,
        "displayName": shop.name,
        "description": "",
        "highlights": [],
        "location": {"latitude": latitude, "longitude": longitude},
        "countryCode": "ID",
        "timeZone": "Asia/Jakarta",
        "serviceArea": {"id": 71, "name": "", "zoneId": 0, "zoneName": ""},
        "status": 1 if stable("open", shop.shop_id) < 0.8 else 2,
        "openPeriods": [_hours(day) for day in range(1, 8)],
        "createTime": f"{shop.joined_on}T03:04:05.678Z",
        "brandUid": "",
        "idempotencyKey": "",
        "badges": [],
        "notes": "",
        "blockedReason": "",
        "shortLink": f"https://gofood.link/a/{shop.shop_id[:7]}",
        "nextCloseTime": "2026-11-16T13:00:00.000Z",
        "brand": {
            "key": f"tenants/gofood/brands/{brand}",
            "tenantUid": "gofood",
            "uid": brand,
            "displayName": shop.name,
            "description": "",
            "idempotencyKey": "",
        },
        "tags": [
            {
                "key": f"tenants/gofood/tags/CUISINE_{cuisine.upper()}",
                "tenantUid": "gofood",
                "uid": f"CUISINE_{cuisine.upper()}",
                "displayName": CUISINES[cuisine],
                "description": "",
                "taxonomy": 2,
                "parentKey": "",
            }
        ],
    }


def cuisine_of(shop: ShopRow) -> str:
    return list(CUISINES)[int(stable("cuisine", shop.shop_id) * len(CUISINES))]


def outlet(shop: ShopRow, path: str, away_km: float) -> Json:
    """One outlet as lists show it."""
    rating = round(5 - stable("rating", shop.shop_id), 1) if shop.followers else 0
    return {
        "key": f"tenants/gofood/outlets/{shop.shop_id}",
        "tenantUid": "gofood",
        "uid": shop.shop_id,
        "core": _core(shop),
        "delivery": {
            "enabled": False,
            "maxRadiusKm": 0,
            "maxRouteKm": 0,
            "maxItems": 0,
            "eta": {"seconds": 1500, "nanos": 0},
            "distanceKm": round(away_km, 2),
            "deliverable": True,
            "handlingAndDeliveryFee": 0,
        },
        "pickup": {"enabled": False},
        "ratings": {"average": rating, "total": 0},
        "maf": {"enabled": True, "autoAcceptEnabled": False},
        "media": {"logoImgUrl": "", "coverImgUrl": ""},
        "view": 0,
        "priceLevel": 2,
        "brandOutletsGrouped": False,
        "offers": [],
        "cannedReviews": [],
        "offeringToken": "",
        "path": path,
    }


def item(listing: Listing) -> Json:
    return {
        "key": f"tenants/gofood/items/{listing.listing_id}",
        "tenantUid": "gofood",
        "uid": listing.listing_id,
        "outletUid": listing.shop_id,
        "internalName": "",
        "displayName": listing.title,
        "description": "",
        "status": 1,
        "price": {"currencyCode": "IDR", "units": listing.price, "nanos": 0},
        "availablePeriods": [],
        "idempotencyKey": "",
        "signature": False,
        "shortLink": "",
        "sectionUid": "",
        "sectionRank": 0,
        "variantUids": [],
        "maxOrderQuantity": 0,
        "variants": [],
        "tags": [],
        "imageUrl": "",
        "orderCount": 0,
        "isLiked": False,
    }


def section(shop_id: str, kind: int, name: str, items: list[Json]) -> Json:
    return {
        "key": "",
        "tenantUid": "gofood",
        "uid": "",
        "outletUid": shop_id,
        "status": 1,
        "type": kind,
        "internalName": "",
        "displayName": name,
        "description": "",
        "selectedItemPosition": 0,
        "items": items,
        "categories": [],
    }
