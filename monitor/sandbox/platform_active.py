"""A site on Active eCommerce CMS: shops, one shop, its products, each as the script's own resources write them.

A shop's detail holds what nobody should read; here it carries marks, so that a test can prove that it ends up nowhere.
"""

from html import escape

from monitor.sandbox.counter import Counter, Json, laravel
from monitor.sandbox.listings import Listing
from monitor.sandbox.storefront import ShopRow
from monitor.sandbox.transport import Reply, Request, as_html, as_json, not_found

PAGE_SIZE = 10


def _rupiah(amount: int) -> str:
    return "Rp" + f"{amount:,}".replace(",", ".")


def shop_row(shop: ShopRow, number: int, home: str) -> Json:
    return {
        "id": number,
        "slug": shop.username,
        "name": shop.name,
        "logo": f"{home}/public/uploads/all/{number}.png",
        "rating": 0,
    }


def shop_detail(shop: ShopRow, number: int, home: str) -> Json:
    return {
        **shop_row(shop, number, home),
        "user_id": 99_990_000 + number,
        "title": shop.name,
        "description": shop.description,
        "delivery_pickup_latitude": None,
        "delivery_pickup_longitude": None,
        "sliders": [],
        "address": "Jl. Rahasia",
        "phone": f"0899000{number:05d}",
        "facebook": "rahasia",
        "true_rating": 0,
        "cash_on_delivery_status": 1,
    }


def product(listing: Listing, home: str) -> Json:
    before = listing.before or listing.price
    return {
        "id": int(listing.listing_id),
        "slug": listing.path,
        "name": listing.title,
        "thumbnail_image": f"{home}/public/uploads/all/{listing.listing_id}.png",
        "has_discount": bool(listing.before),
        "discount": f"-{round(100 - 100 * listing.price / before)}%",
        "stroked_price": _rupiah(before),
        "main_price": _rupiah(listing.price),
        "rating": listing.rating if listing.rating_count else 0,
        "sales": listing.sold,
        "is_wholesale": False,
        "links": {"details": f"{home}/api/v2/products/{listing.listing_id}"},
    }


class ActiveEcommerce:
    """Its sellers are numbered from 1."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter

    def answer(self, request: Request, ended: bool) -> Reply:
        home, path = self.counter.home, request.path.rstrip("/")
        if path == "":
            return as_html(self._home())
        if path == "/api/v2/shops":
            rows = [shop_row(shop, number, home) for number, shop in enumerate(self.counter.shops, 1)]
            return as_json(laravel(rows, PAGE_SIZE, request, f"{home}{path}", ended))
        shop = self.counter.shop(path.rpartition("/")[2])
        if shop is None:
            return as_json({"data": [], "success": False, "status": 404}, 404) if "/api/v2/" in path else not_found()
        if path.startswith("/api/v2/shops/details/"):
            return as_json(
                {"data": shop_detail(shop, int(path.rpartition("/")[2]), home), "success": True, "status": 200}
            )
        if path.startswith("/api/v2/shops/products/all/"):
            products = [product(row, home) for row in self.counter.of_shop(shop.shop_id)]
            return as_json(laravel(products, PAGE_SIZE, request, f"{home}{path}", ended))
        return not_found()

    def _home(self) -> str:
        name = escape(self.counter.name)
        return (
            f'<!doctype html><html lang="id"><head><title>{name}</title>'
            f'<link rel="stylesheet" href="{self.counter.home}/public/assets/css/aiz-core.css"></head>'
            f'<body><div class="aiz-main-wrapper"><h1>{name}</h1></div></body></html>'
        )
