"""Lazada as its public scrapers describe it (2024 to 2026): the search's JSON form, and the punish page.

No JSON answer of lazada.co.id is stored anywhere, so this shape is modelled from its descriptions.
"""

import json
from typing import Any
from urllib.parse import quote_plus

from monitor.sandbox import places
from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow, Storefront, rupiah
from monitor.sandbox.transport import Reply, Request, as_html, as_json, not_found
from monitor.sandbox.world import World

ROWS = 40
MAX_PAGES = 50
Json = dict[str, Any]


def _sold(sold: int) -> str:
    if sold >= 1000:
        return f"{sold / 1000:.1f}".rstrip("0").rstrip(".").replace(".", ",") + "K terjual"
    return f"{sold} terjual" if sold else ""


def item(listing: Listing, shop: ShopRow) -> Json:
    url = f"//www.lazada.co.id/products/{listing.path}-i{listing.listing_id}.html"
    row: Json = {
        "name": listing.title,
        "nid": listing.listing_id,
        "itemId": listing.listing_id,
        "icons": [],
        "image": f"https://id-test-11.slatic.net/p/sandbox-{listing.listing_id}.jpg",
        "price": str(listing.price),
        "priceShow": rupiah(listing.price),
        "ratingScore": f"{listing.rating:.4f}" if listing.rating_count else "",
        "review": str(listing.rating_count) if listing.rating_count else "",
        "location": shop.city,
        "description": [],
        "sellerName": shop.name,
        "sellerId": shop.shop_id,
        "brandId": "0",
        "brandName": listing.brand or "No Brand",
        "skuId": f"{listing.listing_id}1",
        "sku": f"{listing.listing_id}_ID-{listing.listing_id}1",
        "itemUrl": url,
        "itemSoldCntShow": _sold(listing.sold),
        "inStock": listing.stock > 0,
    }
    if listing.before:
        row["originalPrice"] = str(listing.before)
        row["originalPriceShow"] = rupiah(listing.before)
        row["discount"] = f"{round(100 - 100 * listing.price / listing.before)}% Off"
    return row


class Lazada:
    """Answers www.lazada.co.id from a world."""

    slug = "lazada"
    hosts: tuple[str, ...] = ("www.lazada.co.id",)

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)
        self.provinces = {city.key: city.province.lower() for city in places.cities()}

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        first, _, rest = request.path.strip("/").partition("/")
        if not first:
            return as_html("<!doctype html><html><head><title>Lazada Indonesia</title></head><body></body></html>")
        if first == "catalog":
            return self._list(request, self._search(request.query.get("q", ""), request.query), ended)
        if first == "tag" and rest:
            words = request.query.get("q") or rest.strip("/").replace("-", " ")
            return self._list(request, self._search(words, request.query), ended)
        username = rest if first == "shop" else first
        shop = self.store.by_username.get(username.strip("/"))
        return self._list(request, self.store.of_shop.get(shop.shop_id, []), ended) if shop else not_found()

    def _search(self, text: str, query: dict[str, str]) -> list[Listing]:
        wanted = {place.strip().lower() for place in query.get("location", "").split(",")} - {""}
        low, _, high = query.get("price", "").partition("-")
        prices = range(int(low or 0), int(high or 10**12) + 1)

        def keep(listing: Listing) -> bool:
            shop = self.store.shop(listing)
            in_place = not wanted or bool({shop.city.lower(), self.provinces.get(shop.place, "")} & wanted)
            return in_place and listing.price in prices

        return self.store.search(text, keep)

    def _list(self, request: Request, found: list[Listing], ended: bool) -> Reply:
        try:
            page = max(1, int(request.query.get("page") or 1))
        except ValueError:
            return not_found()
        shown = [] if ended or page > MAX_PAGES else found[(page - 1) * ROWS : page * ROWS]
        answer = {
            "templates": [],
            "mods": {"listItems": [item(listing, self.store.shop(listing)) for listing in shown]},
            "mainInfo": {
                "totalResults": str(len(found)),
                "page": str(page),
                "pageSize": str(ROWS),
                "q": request.query.get("q", ""),
            },
        }
        if request.query.get("ajax") == "true":
            return as_json(answer)
        script = json.dumps(answer, ensure_ascii=False).replace("</", "<\\/")
        return as_html(f"<!doctype html><html><body><script>window.pageData={script};</script></body></html>")

    def refusal(self, request: Request) -> Reply:
        """Status 200 and easy to miss: header, cookie and a script that leads to the punish page (May, Sept 2026)."""
        target = f"https://www.lazada.co.id{request.path}_____tmd_____/punish?x5secdata=sandbox&x5step=1"
        script = f'window.location.replace("{target}");sessionStorage.x5referer="{quote_plus(request.path)}";'
        headers = {"bxpunish": "1", "Set-Cookie": "x5secdata=sandbox; Path=/; Max-Age=20"}
        return as_html(f"<html><body><script>{script}</script></body></html>", 200, headers)


SITES = (Lazada,)
