"""Plaza Banten as a WordPress site with WooCommerce and Dokan (what the real one runs on was found nowhere).

Products follow the capture of WooCommerce's Store API of 2026-07-20, stores Dokan's own REST controller. A store's
object holds what nobody should read: owner's name, e-mail, phone, payment. Here those carry marks (`PRIVATE_MARKS`),
so that a test can prove that they end up nowhere.
"""

from html import escape
from math import ceil
from typing import Any
from urllib.parse import urlencode

from monitor.sandbox.listings import Listing
from monitor.sandbox.noise import slug
from monitor.sandbox.storefront import ShopRow, Storefront
from monitor.sandbox.tokopedia_filters import category_id, category_title
from monitor.sandbox.transport import Reply, Request, as_html, as_json, not_found
from monitor.sandbox.world import World

PRIVATE_MARKS = ("rahasia", "0899000", "99990000")
MAX_PER_PAGE = 100
_HOME = "https://plazabanten.com"
_API = f"{_HOME}/wp-json"
Json = dict[str, Any]


def _category(listing: Listing, home: str) -> Json:
    title = category_title(listing.category)
    return {
        "id": category_id(listing.category),
        "name": title,
        "slug": slug(title),
        "link": f"{home}/product-category/{slug(title)}/",
    }


def _image(listing: Listing, home: str) -> Json:
    source = f"{home}/wp-content/uploads/2026/01/{listing.listing_id}.jpg"
    return {
        "id": int(listing.listing_id) + 100_000,
        "src": source,
        "thumbnail": source,
        "srcset": f"{source} 1000w",
        "sizes": "(max-width: 1000px) 100vw, 1000px",
        "thumbnail_srcset": f"{source} 430w",
        "thumbnail_sizes": "(max-width: 430px) 100vw, 430px",
        "name": listing.listing_id,
        "alt": "",
    }


def _price_html(listing: Listing) -> str:
    amount = f"{listing.price:,}".replace(",", ".")
    symbol = '<span class="woocommerce-Price-currencySymbol">Rp</span>'
    return f'<span class="woocommerce-Price-amount amount"><bdi>{symbol}{amount}</bdi></span>'


def store_product(listing: Listing, home: str = _HOME, decimals: int = 0) -> Json:
    """A product of /wc/store/v1/products: texts are HTML-escaped as WordPress does, prices in minor units."""
    title = escape(listing.title, quote=False)
    base = f"{home}/wp-json/wc/store/v1/products"
    unit = 10**decimals
    return {
        "id": int(listing.listing_id),
        "name": title,
        "slug": listing.path,
        "parent": 0,
        "type": "simple",
        "variation": "",
        "permalink": f"{home}/product/{listing.path}/",
        "sku": "",
        "short_description": "",
        "description": f"<p>{title}</p>\n",
        "on_sale": bool(listing.before),
        "prices": {
            "price": str(listing.price * unit),
            "regular_price": str((listing.before or listing.price) * unit),
            "sale_price": str(listing.price * unit),
            "price_range": None,
            "currency_code": "IDR",
            "currency_symbol": "Rp",
            "currency_minor_unit": decimals,
            "currency_decimal_separator": ",",
            "currency_thousand_separator": ".",
            "currency_prefix": "Rp",
            "currency_suffix": "",
        },
        "price_html": _price_html(listing),
        "average_rating": str(listing.rating if listing.rating_count else 0),
        "review_count": listing.rating_count,
        "images": [_image(listing, home)],
        "categories": [_category(listing, home)],
        "tags": [],
        "brands": [],
        "attributes": [],
        "variations": [],
        "grouped_products": [],
        "has_options": False,
        "is_purchasable": True,
        "is_in_stock": listing.stock > 0,
        "is_on_backorder": False,
        "low_stock_remaining": None,
        "stock_availability": {"text": "", "class": "in-stock"},
        "sold_individually": False,
        "weight": "",
        "dimensions": {"length": "", "width": "", "height": ""},
        "formatted_weight": "N/A",
        "formatted_dimensions": "N/A",
        "add_to_cart": {
            "text": "Tambah ke keranjang",
            "description": f"Tambah ke keranjang: &ldquo;{title}&rdquo;",
            "url": f"?add-to-cart={listing.listing_id}",
            "single_text": "Tambah ke keranjang",
            "minimum": 1,
            "maximum": 9999,
            "multiple_of": 1,
        },
        "is_password_protected": False,
        "extensions": {},
        "_links": {"self": [{"href": f"{base}/{listing.listing_id}"}], "collection": [{"href": base}]},
    }


def rest_product(listing: Listing, home: str, store: Json) -> Json:
    """A product in WooCommerce's older form with its seller inside: Dokan's and WCFM's lists of one store."""
    return {
        "id": int(listing.listing_id),
        "name": listing.title,
        "slug": listing.path,
        "permalink": f"{home}/product/{listing.path}/",
        "date_created": f"{listing.created_on}T09:00:00",
        "type": "simple",
        "status": "publish",
        "catalog_visibility": "visible",
        "description": f"<p>{escape(listing.title, quote=False)}</p>\n",
        "sku": "",
        "price": str(listing.price),
        "regular_price": str(listing.before or listing.price),
        "sale_price": str(listing.price) if listing.before else "",
        "on_sale": bool(listing.before),
        "total_sales": listing.sold,
        "manage_stock": True,
        "stock_quantity": listing.stock,
        "in_stock": listing.stock > 0,
        "average_rating": f"{listing.rating if listing.rating_count else 0:.2f}",
        "rating_count": listing.rating_count,
        "categories": [{key: value for key, value in _category(listing, home).items() if key != "link"}],
        "tags": [],
        "images": [{"id": int(listing.listing_id) + 100_000, "src": _image(listing, home)["src"]}],
        "attributes": [],
        "store": store,
    }


def dokan_product(listing: Listing, shop: ShopRow) -> Json:
    store = {
        "id": int(shop.shop_id),
        "name": shop.name,
        "shop_name": shop.name,
        "url": _store_url(shop),
        "address": _address(shop),
    }
    return rest_product(listing, _HOME, store)


def _store_url(shop: ShopRow) -> str:
    return f"{_HOME}/store/{shop.username}/"


def _address(shop: ShopRow) -> Json | list[Any]:
    """What the seller filled in; PHP writes an address that nobody filled in as an empty list."""
    if not shop.city:
        return []
    district = f"Kec. {shop.district}" if shop.district else ""
    return {
        "street_1": shop.address,
        "street_2": district,
        "city": shop.city,
        "zip": shop.postal_code,
        "country": "ID",
        "state": "BT",
    }


def dokan_store(shop: ShopRow, listings: list[Listing]) -> Json:
    rated = [listing for listing in listings if listing.rating_count]
    count = sum(listing.rating_count for listing in rated)
    stars = sum(listing.rating * listing.rating_count for listing in rated) / count if count else 0
    number = int(shop.shop_id)
    return {
        "id": number,
        "store_name": shop.name,
        "first_name": f"Rahasia{number}",
        "last_name": "Rahasia",
        "email": f"rahasia{number}@contoh.example",
        "social": [],
        "phone": f"0899000{number:05d}",
        "show_email": False,
        "address": _address(shop),
        "location": "",
        "banner": "",
        "banner_id": 0,
        "gravatar": "",
        "gravatar_id": 0,
        "shop_url": _store_url(shop),
        "toc_enabled": False,
        "store_toc": "",
        "featured": False,
        "rating": {"rating": f"{stars:.2f}" if count else "No Ratings found yet", "count": count},
        "enabled": True,
        "registered": f"{shop.joined_on}T08:30:00",
        "payment": {"bank": {"ac_name": f"Rahasia{number}", "ac_number": f"99990000{number}", "bank_name": "Bank"}},
        "trusted": False,
        "store_open_close": {"enabled": False, "time": [], "open_notice": "", "close_notice": ""},
        "company_name": "",
        "vendor_biography": f"<p>{escape(shop.description, quote=False)}</p>",
        "categories": [],
        "_links": {"self": [{"href": f"{_API}/dokan/v1/stores/{number}"}]},
    }


class PlazaBanten:
    """Answers plazabanten.com from a world."""

    slug = "plaza_banten"
    hosts: tuple[str, ...] = ("plazabanten.com",)

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, self.slug)
        self.shops = sorted(self.store.shops.values(), key=lambda shop: -int(shop.shop_id))
        self.products = sorted(self.store.listings, key=lambda listing: -int(listing.listing_id))  # newest first

    def answer(self, host: str, request: Request, ended: bool) -> Reply:
        path = request.path.rstrip("/")
        if path == "":
            return as_html(_front_page())
        if path == "/wp-json":
            return as_json(_index())
        if path == "/wp-json/wc/store/v1/products":
            found = self._matching(request.query.get("search", ""))
            return _page([store_product(row) for row in _slice(found, request, ended)], len(found), request)
        if path == "/wp-json/dokan/v1/stores":
            shown = _slice(self.shops, request, ended)
            return _page([self._store(shop) for shop in shown], len(self.shops), request)
        if path.startswith("/wp-json/dokan/v1/stores/"):
            return self._one_store(path.split("/")[5:], request, ended)
        if path.startswith("/store/"):
            shop = self.store.by_username.get(path.removeprefix("/store/"))
            return as_html(_store_page(shop)) if shop else not_found()
        return _no_route() if path.startswith("/wp-json/") else not_found()

    def refusal(self, request: Request) -> Reply:
        return as_html("<html><head><title>403 Forbidden</title></head><body><h1>Forbidden</h1></body></html>", 403)

    def _matching(self, text: str) -> list[Listing]:
        if not text:
            return self.products
        return sorted(self.store.search(text), key=lambda listing: -int(listing.listing_id))

    def _store(self, shop: ShopRow) -> Json:
        return dokan_store(shop, self.store.of_shop.get(shop.shop_id, []))

    def _one_store(self, parts: list[str], request: Request, ended: bool) -> Reply:
        shop = self.store.shops.get(parts[0])
        if shop is None or len(parts) > 2 or (len(parts) == 2 and parts[1] != "products"):
            return _no_route() if shop else as_json({"code": "dokan_rest_invalid_id", "data": {"status": 404}}, 404)
        if len(parts) == 1:
            return as_json(self._store(shop))
        listings = self.store.of_shop.get(shop.shop_id, [])
        return _page([dokan_product(row, shop) for row in _slice(listings, request, ended)], len(listings), request)


def _sizes(request: Request) -> tuple[int, int]:
    """per_page and page as asked for; 0 where WordPress would refuse the value."""
    try:
        size, page = int(request.query.get("per_page") or 10), int(request.query.get("page") or 1)
    except ValueError:
        return 0, 0
    return (size, page) if 1 <= size <= MAX_PER_PAGE and page >= 1 else (0, 0)


def _slice(rows: list[Any], request: Request, ended: bool) -> list[Any]:
    size, page = _sizes(request)
    return [] if ended else rows[(page - 1) * size : page * size]


def _page(rows: list[Json], total: int, request: Request) -> Reply:
    size, page = _sizes(request)
    if not size:
        body = {"code": "rest_invalid_param", "message": "Parameter tidak valid: per_page", "data": {"status": 400}}
        return as_json(body, 400)
    pages = ceil(total / size)
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    if page < pages:
        following = urlencode({**request.query, "page": str(page + 1)})
        headers["Link"] = f'<{_HOME}{request.path}?{following}>; rel="next"'
    return as_json(rows, headers=headers)


def _no_route() -> Reply:
    message = "Tidak ada rute yang cocok dengan URL dan metode permintaan."
    return as_json({"code": "rest_no_route", "message": message, "data": {"status": 404}}, 404)


def _index() -> Json:
    spaces = ["oembed/1.0", "dokan/v1", "wc/v1", "wc/v2", "wc/v3", "wc/store", "wc/store/v1", "wp/v2"]
    routes = ("/dokan/v1/stores", "/dokan/v1/stores/(?P<id>[\\d]+)", "/wc/store/v1/products")
    return {
        "name": "Plaza Banten",
        "description": "Lokapasar produk Banten",
        "url": _HOME,
        "home": _HOME,
        "namespaces": spaces,
        "routes": {route: {"namespace": route.split("/")[1] + "/v1", "methods": ["GET"]} for route in routes},
    }


def _front_page() -> str:
    plugins = f"{_HOME}/wp-content/plugins"
    return (
        '<!doctype html><html lang="id"><head><title>Plaza Banten</title>'
        f'<link rel="https://api.w.org/" href="{_API}/" />'
        f'<link rel="stylesheet" href="{plugins}/woocommerce/assets/css/woocommerce.css" />'
        f'<link rel="stylesheet" href="{plugins}/dokan-lite/assets/css/style.css" />'
        '<meta name="generator" content="WooCommerce 10.3.4" /></head>'
        '<body class="home woocommerce"><h1>Plaza Banten</h1></body></html>'
    )


def _store_page(shop: ShopRow) -> str:
    name = escape(shop.name)
    return f'<!doctype html><html lang="id"><head><title>{name} | Plaza Banten</title></head><body>{name}</body></html>'


SITES = (PlazaBanten,)
