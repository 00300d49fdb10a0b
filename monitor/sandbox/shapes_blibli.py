"""Blibli: its search in the shape of the captures of October 2023 and February 2024, cut off after 20 pages.

The merchant's page, the list of sellers and the categories are modelled from what public scrapers read of them.
"""

from functools import cache
from typing import Any
from zlib import crc32

from monitor.sandbox.listings import Listing
from monitor.sandbox.noise import slug
from monitor.sandbox.storefront import ShopRow, Storefront, rupiah, stable
from monitor.sandbox.transport import Reply, Request, as_html, as_json, not_found
from monitor.sandbox.vocabulary import trades
from monitor.sandbox.world import World

PER_PAGE = 40
SELLERS_PER_PAGE = 24
MAX_PAGES = 20
_BADGES = ("Diamond", "Gold", "Silver", "Bronze")
_NOW = 1_794_870_000_000  # serverCurrentTime
_SORTS = (
    ("Relevansi", "relevance", 0, True),
    ("Terlaris", "terlaris", 16, True),
    ("Termurah", "cheapest", 3, True),
    ("Termahal", "expensive", 4, True),
    ("Terpopuler", "popular", 7, True),
    ("Terbaru", "newest", 1, True),
    ("Terdekat", "nearby_product", 20, False),
)
Json = dict[str, Any]


@cache
def category_code(path: str) -> str:
    """`KE-1000180`; the real ones are not known."""
    return f"{path.rpartition('/')[2][:2].upper()}-1{crc32(path.encode()) % 10**6:06d}"


@cache
def _steps(path: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of every level of a category."""
    parts = path.split("/")
    paths = ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
    return tuple((category_code(one), one.rpartition("/")[2].replace("-", " ").title()) for one in paths)


def _sold(sold: int) -> Json | None:
    if sold <= 0:
        return None
    short = f"{sold / 1000:.1f}".rstrip("0").rstrip(".")
    return (
        {"en": f"{short} k", "id": f"{short.replace('.', ',')} rb"}
        if sold >= 1000
        else dict.fromkeys(("en", "id"), str(sold))
    )


def _badge(shop: ShopRow) -> Json:
    name = _BADGES[int(stable("badge", shop.shop_id) * len(_BADGES))]
    return {
        "merchantBadge": name,
        "merchantBadgeUrl": f"https://www.static-src.com/siva/asset/07_2020/{name.lower()}.png",
    }


def _price(listing: Listing) -> Json:
    shown = rupiah(listing.price)
    price: Json = {"priceDisplay": shown, "discount": 0, "minPrice": float(listing.price), "offerPriceDisplay": shown}
    if listing.before:
        price["strikeThroughPriceDisplay"] = rupiah(listing.before)
        price["discount"] = round(100 - 100 * listing.price / listing.before)
    return price | {"isPriceRange": False}


def _review(listing: Listing) -> Json:
    rating = listing.rating if listing.rating_count else 0.0
    return {"rating": int(rating), "count": listing.rating_count, "absoluteRating": rating}


def is_official(shop: ShopRow) -> bool:
    return shop.tier == 2


def product(listing: Listing, shop: ShopRow) -> Json:
    sku, steps = listing.listing_id, _steps(listing.category)
    codes = [code for code, _ in steps]
    row: Json = {
        "id": sku,
        "sku": sku,
        "merchantCode": shop.shop_id,
        "status": "AVAILABLE",
        "name": listing.title,
        "price": _price(listing),
        "images": [f"https://www.static-src.com/wcsstore/Indraprastha/images/catalog/medium/{sku}.jpg"],
        "rootCategory": {"id": steps[0][0], "name": steps[0][1]},
        "brand": listing.brand or "no brand",
        "review": _review(listing),
        "itemCount": 1,
        "defaultSku": f"{sku}-00001-PP-3{crc32(shop.shop_id.encode()) % 10**6:06d}",
        "itemSku": f"{sku}-00001",
        "tags": ["REGULAR", "BOPIS"],
        "formattedId": f"ps--{sku}",
        "url": f"/p/{slug(listing.title)}/ps--{sku}?ds={sku}-00001&source=SEARCH&sid=sandbox&cnc=false",
        "attributes": [{"count": 0}],
        "productFeatures": "",
        "storeClosingInfo": {"storeClosed": False, "endDate": 0, "delayShipping": False},
        "promoEndTime": 0,
        "debugData": {},
        "allCategories": codes,
        "merchantVoucherCount": 0,
        "expandedProducts": [],
        "location": shop.city,
        "numLocations": 0,
        "badge": _badge(shop),
        "size": [""],
        "level0Id": f"MTA-{crc32(sku.encode()) % 10**8}",
        "merchantName": shop.name,
        "categoryIdHierarchy": codes,
        "cartLogisticOptions": [],
        "merchantVoucherMessage": "No voucher available",
        "wholesaleMinQuantity": 0,
        "wholesaleDiscountPercentage": 0.0,
        "wholesaleDiscountParam": "MIN",
        "pickupPointCode": f"PP-3{crc32(shop.shop_id.encode()) % 10**6:06d}",
        "categoryNameHierarchy": [name for _, name in steps],
        "freshnessDaysCount": 0,
        "hasVariants": False,
        "additionalProperties": {},
        "official": is_official(shop),
        "preorder": False,
    }
    sold = _sold(listing.sold)
    return row | {"soldRangeCount": sold} if sold else row


def sponsored(listing: Listing, shop: ShopRow, rank: int) -> Json:
    sku, rating = listing.listing_id, _review(listing)
    if not listing.rating_count:
        rating = {"absoluteRating": 0.0}
    row: Json = {
        "badge": _badge(shop),
        "destinationUrl": f"https://www.blibli.com/p/{slug(listing.title)}/is--{sku}-00001?ds={sku}-00001&source=SEARCH",
        "discount": 0,
        "imageUrl": f"https://www.static-src.com/wcsstore/Indraprastha/images/catalog/full/{sku}.jpg",
        "location": shop.city,
        "mrp": float(listing.before or listing.price),
        "name": listing.title,
        "rank": rank,
        "review": rating,
        "salePrice": float(listing.price),
        "score": 1000,
        "sellerId": shop.shop_id,
        "skuId": f"{sku}-00001",
        "sku": sku,
        "tags": ["REGULAR", "BLIKLAN"],
        "uclid": f"{shop.shop_id}|sandbox|{sku}-00001",
        "pickupPointCode": f"PP-3{crc32(shop.shop_id.encode()) % 10**6:06d}",
        "biddingScore": 0.9,
        "categoryIds": [code for code, _ in _steps(listing.category)],
        "merchantName": shop.name,
        "hasVariants": False,
        "addToCartEligible": False,
        "official": is_official(shop),
    }
    sold = _sold(listing.sold)
    return row | {"soldRangeCount": sold} if sold else row


def seller(shop: ShopRow) -> Json:
    return {
        "merchantCode": shop.shop_id,
        "merchantName": shop.name,
        "merchantRating": 0.0,
        "merchantLogo": f"https://www.static-src.com/wcsstore/Indraprastha/images/catalog/mlogo/{shop.shop_id}.jpg",
        "merchantPageUrl": f"/merchant/{slug(shop.name)}/{shop.shop_id}",
        "badge": _badge(shop),
        "pickupPointCodeCount": 1,
        "isSeeMoreEnabled": True,
        "sellerCityLocation": shop.city,
        "merchant": True,
        "officialMerchant": is_official(shop),
    }


def _merchant(shop: ShopRow) -> Json:
    """`pickupPoint.address` is a street address, which nobody should read; it carries a mark."""
    return {
        "code": shop.shop_id,
        "name": shop.name,
        "description": shop.description,
        "url": f"/merchant/{slug(shop.name)}/{shop.shop_id}",
        "official": is_official(shop),
        "pickupPoint": {"address": f"Alamat rahasia: {shop.address}"},
    }


class Blibli:
    """Answers www.blibli.com from a world."""

    slug = "blibli"
    hosts: tuple[str, ...] = ("www.blibli.com",)

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        first, _, last = request.path.removeprefix("/backend/").partition("/")
        what, _, which = last.partition("/")
        if request.path == "/backend/common/categories":
            return as_json(_wrapped(_categories()))
        if (first, what) == ("search", "products"):
            return self._search(request.query, ended)
        if (first, what) == ("search", "seller") and which:
            return self._sellers(request.query, ended)
        shop = self.store.shops.get(which)
        if (first, what) == ("search", "merchant") and shop:
            return self._shop(shop, request.query, ended)
        return not_found()

    def _search(self, query: dict[str, str], ended: bool) -> Reply:
        words, category = query.get("searchTerm", ""), query.get("category", "")
        low, high = (int(query.get(name) or 0) for name in ("minPrice", "maxPrice"))

        def keep(listing: Listing) -> bool:
            fits = not category or category in (code for code, _ in _steps(listing.category))
            return fits and listing.price >= low and (not high or listing.price <= high)

        hits = self.store.search(words, keep) if words else [one for one in self.store.listings if keep(one)]
        data = self._product_list(hits, query, ended)
        if words:
            data["searchTerm"] = words
            adverts = self.store.search(words, every_word=False)[:10]
            data["sponsorProducts"] = [
                sponsored(listing, self.store.shop(listing), rank) for rank, listing in enumerate(adverts, start=1)
            ]
            named = self.store.search_shops(words)
            data |= {"sellerSuggestion": seller(named[0])} if named else {}
        return as_json(_wrapped(data))

    def _product_list(self, hits: list[Listing], query: dict[str, str], ended: bool) -> Json:
        number = max(1, int(query.get("page") or 1))
        start = int(query.get("start") or (number - 1) * PER_PAGE)
        shown = [] if ended or start >= MAX_PAGES * PER_PAGE else hits[start : start + PER_PAGE]
        return _list_data() | {
            "products": [product(listing, self.store.shop(listing)) for listing in shown],
            "paging": _paging(number, PER_PAGE, len(hits)),
        }

    def _shop(self, shop: ShopRow, query: dict[str, str], ended: bool) -> Reply:
        data = self._product_list(self.store.of_shop.get(shop.shop_id, []), query, ended)
        return as_json(_wrapped(data | {"merchant": _merchant(shop)}))

    def _sellers(self, query: dict[str, str], ended: bool) -> Reply:
        found = self.store.search_shops(query.get("searchTerm", ""))
        number = max(1, int(query.get("page") or 1))
        start = (number - 1) * SELLERS_PER_PAGE
        shown = [] if ended else found[start : start + SELLERS_PER_PAGE]
        paging = _paging(number, SELLERS_PER_PAGE, len(found))
        return as_json(_wrapped({"sellerCatalogs": [seller(shop) for shop in shown], "paging": paging}))

    def refusal(self, request: Request) -> Reply:
        """Akamai's page; no refusal of Blibli itself is stored anywhere."""
        page = "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n</BODY>\n</HTML>\n"
        return as_html(page, 403, {"Server": "AkamaiGHost"})


def _paging(number: int, size: int, total: int) -> Json:
    return {"page": number, "total_page": min(MAX_PAGES, -(-total // size)), "item_per_page": size, "total_item": total}


def _categories() -> list[Json]:
    roots = sorted({trade.category.partition("/")[0] for trade in trades()})
    return [
        {
            "id": 1000 + number,
            "categoryCode": category_code(root),
            "name": root.replace("-", " ").title(),
            "redirectUrl": f"/c/1/{root}",
        }
        for number, root in enumerate(roots)
    ]


def _list_data() -> Json:
    """What a list carries beside its products, as captured."""
    lists = ("pageType", "suggestions", "correctedSearchResponses", "filters", "quickFilters", "sellerNewProducts")
    more = ("responseFlags", "selectedFilters", "interspersedCardFilters", "sponsorProducts", "selectedCategoryIds")
    flags = ("ageRestricted", "showRestrictedMsg", "needMoreSearchResponse", "intentApplied", "nerApplied")
    others = ("showAllCategories", "catIntentFailed", "nearbyLocationFailed", "materiallResponse", "sponsorProductOS")
    options = [
        {"label": label, "name": name, "value": value, "selected": value == 0, "visibility": visible}
        for label, name, value, visible in _SORTS
    ]
    return {
        **{name: [] for name in (*lists, *more)},
        **dict.fromkeys((*flags, *others), False),
        "sorting": {"parameter": "sort", "options": options},
        "brandFilterCount": {},
        "maxOffers": 50,
        "serverCurrentTime": _NOW,
        "productInfo": {},
        "code": "OK",
        "redirectionUrl": "",
        "productsPerRow": 5,
        "intentAttributes": {},
        "nerAttributes": {},
        "searchPageUrl": "",
        "correctedNearbyLocation": "",
        "interspersedCardPos": {"Lokasi toko": 9, "RAM": 18},
        "correctedContextualSearchTerm": "",
    }


def _wrapped(data: Any) -> Json:
    return {"code": 200, "status": "OK", "data": data}


SITES = (Blibli,)
