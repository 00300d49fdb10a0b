"""Tokopedia as its captures of 2025-12 and 2026-01 show it: GraphQL search V5, filters, shops.

The list shows what the real one shows: 60 rows a page, nothing beyond about 48 pages, repeats between pages, adverts,
a total that is no count, a fuzzy answer where nothing fits, and now and then an end that does not say so.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow, Storefront, rupiah, sold_text, stable, words_of
from monitor.sandbox.tokopedia_filters import category_id, filters
from monitor.sandbox.tokopedia_products import HOME, product, typed
from monitor.sandbox.transport import Reply, Request, as_html, as_json, not_found
from monitor.sandbox.world import World

MAX_ROWS = 60
MAX_OFFSET = 48 * MAX_ROWS  # deepest crawls seen: 44 to 48 pages (states of 2025-12 to 2026-01)
MAX_SHOP_ROWS = 80
REPEAT_RATE = 0.04
UNCLEAR_RATE = 0.04  # of the queries that have a second page
_SORTS: dict[str, Callable[[Listing], Any]] = {
    "3": lambda listing: listing.price,
    "4": lambda listing: -listing.price,
    "5": lambda listing: -listing.rating_count,
    "9": lambda listing: -int(listing.created_on.replace("-", "")),
}
Row = tuple[Listing, bool]  # and whether it is shown as an advert


class Tokopedia:
    """Answers gql.tokopedia.com and www.tokopedia.com from a world."""

    slug = "tokopedia"
    hosts: tuple[str, ...] = ("gql.tokopedia.com", "www.tokopedia.com")

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)
        self.city_ids = {str(number): key for key, number in world.settings["city_ids"].items()}
        self.filters = filters(world.settings["city_ids"])
        self._sequences: dict[tuple[str, ...], tuple[list[Row], int]] = {}
        self._operations: dict[str, Callable[[dict[str, Any], bool], dict[str, Any]]] = {
            "SearchProductV5Query": self.search,
            "FilterSortProductQuery": lambda variables, ended: {"filter_sort_product": self.filters},
            "AceSearchShop": self._search_shops,
            "ShopInfoCore": self._shop_info,
            "ShopProducts": self._shop_products,
        }

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        if host == "www.tokopedia.com":
            return self._page(request)
        operation = request.path.removeprefix("/graphql/")
        if request.method != "POST" or operation not in self._operations:
            return not_found()
        try:
            sent = json.loads(request.body)
            query = sent[0] if isinstance(sent, list) else sent
            data = self._operations[operation](query["variables"], ended)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return as_json({"errors": [{"message": "Bad request", "path": [], "extensions": {}}], "data": None})
        return as_json([{"data": data}] if isinstance(sent, list) else {"data": data})

    def refusal(self, request: Request) -> Reply:
        """The edge's own page; no such page of this site was found stored, only its status and kind."""
        text = f'You don\'t have permission to access "http://{self.hosts[0]}{request.path}" on this server.'
        page = f"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>{text}</BODY></HTML>"
        return as_html(page, 403, {"Server": "AkamaiGHost"})

    def _page(self, request: Request) -> Reply:
        shop = self.store.by_username.get(request.path.strip("/"))
        if request.path != "/" and shop is None:
            return not_found()
        title = "Situs Jual Beli Online" if shop is None else "Toko"
        return as_html(
            f"<!doctype html><html><head><title>{title} | Tokopedia</title></head><body></body></html>",
            headers={"Set-Cookie": "_SID_Tokopedia_=latihan; Path=/; Domain=tokopedia.com"},
        )

    # --- search -------------------------------------------------------------------------------------------------------

    def search(self, variables: dict[str, Any], ended: bool) -> dict[str, Any]:
        """`data` of SearchProductV5Query. Raises KeyError or ValueError on variables that it cannot have."""
        asked = dict(parse_qsl(variables["params"], keep_blank_values=True))
        rows = max(1, min(int(asked.get("rows") or MAX_ROWS), MAX_ROWS))
        start = int(asked.get("start") or (int(asked.get("page") or 1) - 1) * rows)
        wanted = tuple(asked.get(name, "") for name in ("q", "fcity", "sc", "ob", "pmin", "pmax"))
        sequence, total = self._sequence(*wanted)
        search_id = asked.get("search_id") or f"20261116{int(stable(*wanted) * 16**8):08X}SANDBOX"
        if ended or self._ends_unclear(wanted, start, len(sequence)):
            return _answer([], total, f"search_id={search_id}", wanted[0])
        shown = sequence[start : start + rows]
        page = [product(row, self.store.shop(row), advert, wanted[0], search_id) for row, advert in shown]
        more = urlencode(
            {
                "next_offset_organic": start + rows,
                "next_offset_organic_ad": start + rows,
                "search_id": search_id,
                "has_more": str(start + rows < len(sequence)).lower(),
            }
        )
        return _answer(page, total, more, wanted[0])

    def _ends_unclear(self, wanted: tuple[str, ...], start: int, length: int) -> bool:
        if start >= MAX_OFFSET:
            return True
        chance = stable(self.store.seed, "unclear", *wanted)
        return chance < UNCLEAR_RATE and length > MAX_ROWS and start >= MAX_ROWS * (1 + int(chance * 1000) % 3)

    def _sequence(self, *key: str) -> tuple[list[Row], int]:
        """Every row the list would show, repeats and adverts included, and the total that it claims."""
        if key not in self._sequences:
            if len(self._sequences) > 500:
                self._sequences.clear()
            self._sequences[key] = self._make_sequence(*key)
        return self._sequences[key]

    def _make_sequence(
        self, text: str, cities: str, category: str, sort: str, low: str, high: str
    ) -> tuple[list[Row], int]:
        prices = range(int(low or 0), int(high) + 1 if high else 10**12)
        keys = {self.city_ids.get(number, "?") for number in cities.split(",")} if cities else None

        def keep(listing: Listing) -> bool:
            in_place = keys is None or self.store.shop(listing).place in keys
            in_category = not category or category in self._category_ids(listing.category)
            return in_place and in_category and listing.price in prices

        found = self.store.search(text, keep)
        total = int(len(found) * (0.8 + stable(self.store.seed, "total", *(text, cities)) / 2))
        if not found and len(words_of(text)) > 1:
            return [(listing, False) for listing in self.store.search(text, keep, every_word=False)[:MAX_ROWS]], 0
        if sort in _SORTS:
            found.sort(key=_SORTS[sort])
        return self._with_repeats(text, found), total

    def _with_repeats(self, text: str, found: list[Listing]) -> list[Row]:
        adverts = [listing for listing in self.store.search(text)[:200] if self.store.shop(listing).tier > 1]
        rows: list[Row] = []
        for place, listing in enumerate(found):
            rows.append((listing, False))
            if stable(self.store.seed, text, listing.listing_id) < REPEAT_RATE:
                rows.append((found[max(0, place - 40)], False))
            if adverts and place % MAX_ROWS == 5:
                rows.append((adverts[place // MAX_ROWS % len(adverts)], True))
        return rows

    @staticmethod
    def _category_ids(path: str) -> set[str]:
        parts = path.split("/")
        return {str(category_id("/".join(parts[: count + 1]))) for count in range(len(parts))}

    # --- shops --------------------------------------------------------------------------------------------------------

    def _search_shops(self, variables: dict[str, Any], ended: bool) -> dict[str, Any]:
        asked = dict(parse_qsl(variables["params"], keep_blank_values=True))
        rows = max(1, min(int(asked.get("rows") or 30), 30))
        start = int(asked.get("start") or 0)
        cities = {self.city_ids.get(number) for number in asked["fcity"].split(",")} if asked.get("fcity") else None
        found = [shop for shop in self.store.search_shops(asked.get("q", "")) if cities is None or shop.place in cities]
        page = [] if ended else found[start : start + rows]
        answer = typed("AceSearchShopResult", totalData=len(found), shops=[self._found_shop(shop) for shop in page])
        return {"aceSearchShop": answer}

    def _found_shop(self, shop: ShopRow) -> dict[str, Any]:
        shown = self.store.of_shop.get(shop.shop_id, [])[:3]
        return typed(
            "AceSearchShopItem",
            id=shop.shop_id,
            name=shop.name,
            domain=shop.username,
            city=shop.city,
            shopStatus=1,
            tagLine="",
            desc=shop.description,
            reputationScore=0,
            totalFave=shop.followers,
            isPowerBadge=shop.tier in (1, 3),
            isPMPro=shop.tier == 3,
            isOfficial=shop.tier == 2,
            url=f"{HOME}/{shop.username}",
            imageURL="",
            products=[
                {
                    "id": listing.listing_id,
                    "name": listing.title,
                    "url": f"{HOME}/{shop.username}/{listing.path}",
                    "price": listing.price,
                    "priceText": rupiah(listing.price),
                }
                for listing in shown
            ],
        )

    def _shop_info(self, variables: dict[str, Any], ended: bool) -> dict[str, Any]:
        shop = self.store.by_username.get(str(variables.get("domain") or "")) or self.store.shops.get(
            str(variables.get("id") or "")
        )
        found = [self._profile(shop)] if shop else []
        return {"shopInfoByID": typed("ShopInfoResult", result=found, error={"message": ""})}

    def _profile(self, shop: ShopRow) -> dict[str, Any]:
        listings = self.store.of_shop.get(shop.shop_id, [])
        return typed(
            "TokoShopInfoData",
            shopCore={
                "shopID": shop.shop_id,
                "domain": shop.username,
                "name": shop.name,
                "description": shop.description,
                "tagLine": "",
            },
            createInfo={"openSince": shop.joined_on},
            favoriteData={"totalFavorite": shop.followers},
            activeProduct=len(listings),
            location=shop.city,
            shippingLoc={"districtName": shop.district, "cityName": shop.city},
            isOpen=1,
            statusInfo={"shopStatus": 1, "statusTitle": ""},
            closedInfo={"closedNote": "", "until": "", "reason": ""},
            shopStats={"productSold": str(sum(listing.sold for listing in listings)), "totalTxSuccess": "0"},
            goldOS=typed(
                "goldOSData", isOfficial=int(shop.tier == 2), shopTier=shop.tier, shopTierWording=_TIERS[shop.tier]
            ),
        )

    def _shop_products(self, variables: dict[str, Any], ended: bool) -> dict[str, Any]:
        listings = self.store.of_shop.get(str(variables["sid"]), [])
        rows = max(1, min(int(variables.get("perPage") or MAX_SHOP_ROWS), MAX_SHOP_ROWS))
        start = (int(variables.get("page") or 1) - 1) * rows
        more = start + rows < len(listings) and not ended
        answer = typed(
            "GetShopProductResponse",
            status="OK",
            errors="",
            links={"prev": "", "next": f"/shop/product?page={start // rows + 2}" if more else ""},
            data=[] if ended else [self._shop_product(listing) for listing in listings[start : start + rows]],
        )
        return {"GetShopProduct": answer}

    def _shop_product(self, listing: Listing) -> dict[str, Any]:
        shop = self.store.shop(listing)
        return {
            "product_id": listing.listing_id,
            "name": listing.title,
            "product_url": f"{HOME}/{shop.username}/{listing.path}",
            "price": {"text_idr": rupiah(listing.price)},
            "stats": {"reviewCount": listing.rating_count, "rating": listing.rating},
            "label_groups": [{"position": "integrity", "title": sold_text(listing.sold)}] if listing.sold else [],
            "flags": {"isSold": False, "isPreorder": False},
            "stock": listing.stock,
        }


_TIERS = {1: "Power Merchant", 2: "Official Store", 3: "Power Merchant Pro"}


def _answer(products: list[dict[str, Any]], total: int, more: str, text: str) -> dict[str, Any]:
    header = typed(
        "SearchProductV5Header",
        totalData=total,
        totalDataText=f"{total // 1000}rb+" if total >= 1000 else str(total),
        responseCode=0,
        keywordProcess="0",
        keywordIntention=0,
        componentID="02.01.00.00",
        isQuerySafe=True,
        additionalParams=more,
        backendFilters="",
    )
    related = typed("SearchProductV5Related", relatedKeyword="", position=0, otherRelated=[])
    suggestion = typed("SearchProductV5Suggestion", currentKeyword=text, suggestion="", query="", text="")
    data = typed("SearchProductV5Data", products=products, related=related, suggestion=suggestion)
    return {"searchProductV5": typed("SearchProductV5", header=header, data=data)}


SITES = (Tokopedia,)
