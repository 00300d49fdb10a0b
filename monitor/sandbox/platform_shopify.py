"""A shop on Shopify: `/products.json` as captured in July 2026, `/meta.json` as public code reads it."""

from html import escape

from monitor.sandbox.counter import Counter, Json, number_of, part
from monitor.sandbox.listings import Listing
from monitor.sandbox.transport import Reply, Request, as_html, as_json, not_found

MAX_LIMIT = 250
_IDS = 8_312_929_000_000  # their ids are long


def product(listing: Listing) -> Json:
    number = _IDS + int(listing.listing_id)
    moment = f"{listing.created_on}T09:00:00+07:00"
    variant = {
        "id": number + 1,
        "title": "Default Title",
        "option1": "Default Title",
        "option2": None,
        "option3": None,
        "sku": listing.listing_id,
        "requires_shipping": True,
        "taxable": False,
        "featured_image": None,
        "available": listing.stock > 0,
        "price": f"{listing.price}.00",
        "grams": 0,
        "compare_at_price": f"{listing.before}.00" if listing.before else f"{listing.price}.00",
        "position": 1,
        "product_id": number,
        "created_at": moment,
        "updated_at": moment,
    }
    image = {
        "id": number + 2,
        "created_at": moment,
        "position": 1,
        "updated_at": moment,
        "product_id": number,
        "variant_ids": [],
        "src": f"https://cdn.shopify.com/s/files/1/{listing.listing_id}.jpg",
        "width": 1000,
        "height": 1000,
    }
    return {
        "id": number,
        "title": listing.title,
        "handle": listing.path,
        "body_html": f"<p>{escape(listing.title, quote=False)}</p>",
        "published_at": moment,
        "created_at": moment,
        "updated_at": moment,
        "vendor": listing.brand or "Toko",
        "product_type": listing.category.rpartition("/")[2],
        "tags": [listing.category.partition("/")[0]],
        "variants": [variant],
        "images": [image],
        "options": [{"name": "Title", "position": 1, "values": ["Default Title"]}],
    }


def about(counter: Counter) -> Json:
    shop = counter.shops[0]
    return {
        "id": 70_449_725_740,
        "name": shop.name,
        "city": shop.city,
        "province": "",
        "country": "ID",
        "currency": "IDR",
        "domain": counter.home.partition("://")[2],
        "url": counter.home,
        "myshopify_domain": f"{shop.username}.myshopify.com",
        "description": shop.description,
        "ships_to_countries": ["ID"],
        "money_format": "Rp {{amount_no_decimals}}",
        "published_collections_count": 1,
        "published_products_count": len(counter.listings),
        "shopify_pay_enabled_card_brands": [],
        "offers_shop_pay_installments": False,
    }


class Shopify:
    """A Shopify storefront; it knows no sellers."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter

    def answer(self, request: Request, ended: bool) -> Reply:
        path = request.path.rstrip("/")
        if path == "":
            return as_html(self._home())
        if path == "/meta.json":
            return as_json(about(self.counter))
        if path == "/products.json":
            size = number_of(request, "limit", 30)
            rows = part(self.counter.listings, min(size, MAX_LIMIT), max(1, number_of(request, "page", 1)), ended)
            return as_json({"products": [product(row) for row in rows]})
        return not_found()

    def _home(self) -> str:
        name = escape(self.counter.name)
        return (
            f'<!doctype html><html lang="id"><head><title>{name}</title><meta property="og:site_name" content="{name}">'
            f'<script>var Shopify = Shopify || {{}};\nShopify.shop = "{self.counter.shops[0].username}.myshopify.com";'
            'Shopify.currency = {"active":"IDR","rate":"1.0"};</script>'
            '<link rel="stylesheet" href="//cdn.shopify.com/s/files/1/0704/t/1/assets/base.css"></head>'
            f"<body><h1>{name}</h1></body></html>"
        )
