"""INAPROC's catalogue: GraphQL by POST. Items as in the capture of 2025-10, the envelope as scrapers ask for it.

As with GraphQL elsewhere, an answer holds only the fields whose names stand in the query.
"""

import json
import re
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from monitor.sandbox import places
from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow, Storefront, stable
from monitor.sandbox.transport import Reply, Request, as_html, as_json, not_found
from monitor.sandbox.vocabulary import trades
from monitor.sandbox.world import World

WINDOW = 10_000  # entries that a list reaches; whether the real one has an end is not known
MAX_PER_PAGE = 200
_NAMESPACE = UUID("6a1c9d52-7f0e-4f7c-9a53-0d3f5e1b2c47")
_PROVINCES = {
    "Banten": "36",
    "DKI Jakarta": "31",
    "Jawa Barat": "32",
    "Jawa Tengah": "33",
    "DI Yogyakarta": "34",
    "Jawa Timur": "35",
    "Sumatera Utara": "12",
    "Lampung": "18",
    "Sulawesi Selatan": "73",
}
Json = dict[str, Any]


def _uuid(*parts: object) -> str:
    return str(uuid5(_NAMESPACE, "|".join(map(str, parts))))


def _dotted(code: str) -> str:
    return ".".join(part for part in (code[:2], code[2:4], code[4:6], code[6:]) if part)


@cache
def city_code(key: str) -> str:
    """Dotted code of a kab/kota; made up outside the province."""
    city = places.city(key)
    if city.code:
        return _dotted(city.code)
    first = 71 if city.kind == "kota" else 1
    return f"{_PROVINCES[city.province]}.{first + int(stable(key) * 20):02d}"


def _level(name: str, code: str, child: Json | None = None) -> Json:
    return {"name": name, "regionCode": code, "child": child}


def _below(shop: ShopRow) -> Json | None:
    """Kecamatan and desa, where the shop shows its kecamatan."""
    villages = [one for one in places.villages().get(shop.place, ()) if one.district == shop.district]
    if not shop.district or not villages:
        return None
    named = shop.address.rpartition("Ds. ")[2]
    village = next((one for one in villages if one.name == named), villages[0])
    desa = {"name": village.name, "regionCode": _dotted(village.code)}
    return _level(village.district, _dotted(village.district_code), desa)


def location(shop: ShopRow) -> Json:
    if not shop.place:
        return _level("BANTEN", _PROVINCES["Banten"])
    province = places.city(shop.place).province
    city = _level(shop.city, city_code(shop.place), _below(shop))
    return _level(province.upper(), _PROVINCES[province], city)


def _tkdn(listing: Listing) -> Json | None:
    value = round(25 + 20 * stable("tkdn", listing.listing_id), 2)
    if value < 28:
        return None
    return {"value": value, "bmpValue": 15, "tkdnBmp": value + 15, "status": "APPROVED"}


def _scores() -> Json:
    names = ("keyword", "location", "price", "rating", "tkdn", "umkk", "unitSold")
    return {f"{name}Score": {"price": 1.5027, "umkk": 10}.get(name, 0) for name in names}


def item(listing: Listing, shop: ShopRow) -> Json:
    before_tax = round(listing.price / 1.11)
    return {
        "id": listing.listing_id,
        "type": "PHYSICAL",
        "isActive": True,
        "images": [f"https://asset.inaproc.id/upload/{_uuid('image', listing.listing_id)}.jpeg"],
        "isPreOrder": False,
        "isRegionPrice": False,
        "isSellerUMKK": shop.tier < 2,
        "labels": ["PDN", "PPN"],
        "isWholesale": False,
        "defaultPrice": before_tax,
        "defaultPriceWithTax": listing.price,
        "createdAt": f"{listing.created_on} 04:26:27.68998 +0000 UTC",
        "maxPrice": before_tax,
        "maxPriceWithTax": listing.price,
        "minPrice": before_tax,
        "minPriceWithTax": listing.price,
        "ppnBmPercentage": 0,
        "ppnPercentage": 12,
        "tkdn": _tkdn(listing),
        "location": location(shop),
        "name": listing.title,
        "stockAvailability": listing.stock > 0,
        "stockAccumulation": listing.stock,
        "sellerName": shop.name,
        "sellerId": shop.shop_id,
        "score": 11.9192,
        "scoreDetail": _scores(),
        "unitSold": listing.sold,
        "username": shop.username,
        "slug": listing.path,
        "rating": {"count": listing.rating_count, "average": listing.rating} if listing.rating_count else None,
        "variants": [_variant(listing, before_tax)],
        "status": "ACTIVE",
        "brand": {"brandName": listing.brand, "status": "APPROVED"} if listing.brand else None,
        "category": {"isActive": True, "name": _title(listing.category), "id": _uuid("category", listing.category)},
    }


def _variant(listing: Listing, before_tax: int) -> Json:
    return {
        "id": _uuid("variant", listing.listing_id),
        "isActive": True,
        "options": None,
        "price": before_tax,
        "priceWithTax": listing.price,
        "sortOrder": 0,
        "stock": listing.stock,
    }


def _title(path: str) -> str:
    return path.rpartition("/")[2].replace("-", " ").title()


@cache
def _tree() -> tuple[Json, ...]:
    paths = {trade.category for trade in trades()}
    return tuple(_nodes(paths, "", 1))


def _nodes(paths: set[str], above: str, level: int) -> list[Json]:
    prefix = f"{above}/" if above else ""
    below = (path for path in paths if path.startswith(prefix))
    here = sorted({prefix + path[len(prefix) :].partition("/")[0] for path in below})
    return [
        {
            "id": _uuid("category", path),
            "level": level,
            "name": _title(path),
            "productType": "PHYSICAL",
            "children": _nodes(paths, path, level + 1) if level < 3 else [],
        }
        for path in here
    ]


def _error(code: str, message: str) -> Json:
    return {"__typename": "GenericError", "code": code, "message": message, "reqId": "sandbox"}


def _asked(value: Any, names: set[str]) -> Any:
    """The value with only the fields whose names stand in the query."""
    if isinstance(value, dict):
        return {key: _asked(member, names) for key, member in value.items() if key in names}
    return [_asked(member, names) for member in value] if isinstance(value, list | tuple) else value


class Inaproc:
    """Answers katalog.inaproc.id from a world."""

    slug = "inaproc"
    hosts: tuple[str, ...] = ("katalog.inaproc.id",)

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)
        self.oldest_first = sorted(self.store.listings, key=lambda listing: (listing.created_on, listing.listing_id))

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        if request.path != "/graphql" or request.method != "POST":
            return not_found()
        try:
            document = json.loads(request.body)
            names = set(re.findall(r"\w+", str(document["query"])))
            asked = document.get("variables") or {}
            if "allMinifiedProductCategory" in names:
                found: Json = {"__typename": "AllMinifiedProductCategories", "items": _tree()}
                return as_json({"data": {"allMinifiedProductCategory": _asked(found, names)}})
            found = self._products(asked["input"], ended)
        except (ValueError, KeyError, TypeError, AttributeError):
            return as_json({"errors": [{"message": "GRAPHQL_VALIDATION_FAILED"}], "data": None}, 400)
        return as_json({"data": {"searchProducts": _asked(found, names)}})

    def _products(self, asked: Json, ended: bool) -> Json:
        size, number = int(asked["pagination"]["perPage"]), int(asked["pagination"]["page"])
        if not 1 <= size <= MAX_PER_PAGE or number < 1 or (number - 1) * size >= WINDOW:
            return _error("INVALID_ARGUMENT", "pagination is out of range")
        found = self._found(asked["filter"])[:WINDOW]
        shown = [] if ended else found[(number - 1) * size : number * size]
        return {
            "__typename": "ListSearchProductResponse",
            "total": len(found),
            "perPage": size,
            "currentPage": number,
            "lastPage": max(1, -(-len(found) // size)),
            "items": [item(listing, self.store.shop(listing)) for listing in shown],
        }

    def _found(self, wanted: Json) -> list[Listing]:
        if wanted["strategy"] == "SELLER_CATALOGUE":
            seller = wanted["sellerId"]
            return [listing for listing in self.oldest_first if listing.shop_id == seller]
        words = wanted.get("keyword")
        hits = set(map(id, self.store.search(words))) if words else None
        return [
            listing
            for listing in self.oldest_first
            if (hits is None or id(listing) in hits) and self._fits(listing, wanted)
        ]

    def _fits(self, listing: Listing, wanted: Json) -> bool:
        regions = [code for code in wanted.get("sellerRegionCodes") or [] if code]
        shop = self.store.shop(listing)
        code = city_code(shop.place) if shop.place else _PROVINCES["Banten"]
        if regions and not any(code == region or code.startswith(f"{region}.") for region in regions):
            return False
        categories = wanted.get("categoryIds") or []
        steps = listing.category.split("/")
        paths = ("/".join(steps[:depth]) for depth in (1, 2, 3))
        if categories and not any(_uuid("category", path) in categories for path in paths):
            return False
        low, high = wanted.get("minPrice"), wanted.get("maxPrice")
        return (low is None or listing.price >= low) and (high is None or listing.price <= high)

    def refusal(self, request: Request) -> Reply:
        """Cloudflare's page that asks to prove one is no robot."""
        page = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>sandbox</body></html>"
        return as_html(page, 403, {"cf-mitigated": "challenge", "Server": "cloudflare"})


SITES = (Inaproc,)
