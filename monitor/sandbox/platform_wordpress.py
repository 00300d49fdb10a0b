"""A WordPress shop: WooCommerce alone (new or old address of its Store API, in a folder or not), or WCFM's sellers.

WCFM's vendor objects hold what nobody should read; here it carries marks, so that a test can prove that it ends up
nowhere. `_fields` leaves out what was not asked for, as WordPress does.
"""

from html import escape
from math import ceil
from typing import Any

from monitor.sandbox.counter import Counter, Json, number_of, part
from monitor.sandbox.shapes_woocommerce import MAX_PER_PAGE, rest_product, store_product
from monitor.sandbox.storefront import ShopRow
from monitor.sandbox.transport import Reply, Request, as_html, as_json, not_found

_STORES = "/wcfmmp/v1/store-vendors"


def vendor(shop: ShopRow, number: int) -> Json:
    return {
        "vendor_id": number,
        "vendor_display_name": f"Rahasia{number}",
        "vendor_shop_name": escape(shop.name, quote=False),
        "vendor_email": f"rahasia{number}@contoh.example",
        "vendor_phone": f"0899000{number:05d}",
        "vendor_address": "Jl. Rahasia",
        "vendor_shop_logo": False,
        "vendor_list_banner": "",
        "social": [{"type": "fb", "url": "rahasia"}],
    }


class WordPress:
    """folder: where WordPress is installed. is_old: only the Store API's first address. has_sellers: WCFM is on."""

    def __init__(
        self, counter: Counter, folder: str = "", *, is_old: bool = False, decimals: int = 0, has_sellers: bool = False
    ) -> None:
        self.counter = counter
        self.root = f"{counter.home}{folder}"
        self.api = f"{folder}/wp-json"
        self.store = "/wc/store/products" if is_old else "/wc/store/v1/products"
        self.decimals = decimals
        self.has_sellers = has_sellers

    def answer(self, request: Request, ended: bool) -> Reply:
        path = request.path.rstrip("/")
        if path in ("", self.api.removesuffix("/wp-json")):
            return as_html(self._home())
        if not path.startswith(self.api):
            return not_found()
        route = path.removeprefix(self.api)
        if route == "":
            return as_json(self._index())
        if route == self.store:
            rows = [store_product(row, self.root, self.decimals) for row in self.counter.listings]
            return _listed(rows, request, ended)
        if self.has_sellers and route.startswith(_STORES):
            return self._sellers(route.removeprefix(_STORES).strip("/").split("/"), request, ended)
        message = "Tidak ada rute yang cocok dengan URL dan metode permintaan."
        return as_json({"code": "rest_no_route", "message": message, "data": {"status": 404}}, 404)

    def _sellers(self, parts: list[str], request: Request, ended: bool) -> Reply:
        if parts == [""]:
            return _listed([vendor(shop, number) for number, shop in enumerate(self.counter.shops, 1)], request, ended)
        shop = self.counter.shop(parts[0])
        if shop is None:
            return as_json({"code": "wcfmapi_rest_invalid_id", "data": {"status": 404}}, 404)
        store = vendor(shop, int(parts[0]))
        if len(parts) == 1:
            return _listed([store], request, ended, is_single=True)
        return _listed(
            [rest_product(row, self.root, store) for row in self.counter.of_shop(shop.shop_id)], request, ended
        )

    def _index(self) -> Json:
        spaces = ["oembed/1.0", "wc/v3", "wc/store", *(["wc/store/v1"] if self.store.count("v1") else []), "wp/v2"]
        spaces += ["wcfmmp/v1"] if self.has_sellers else []
        return {"name": self.counter.name, "description": "", "url": self.root, "namespaces": spaces, "routes": {}}

    def _home(self) -> str:
        name, plugins = escape(self.counter.name), f"{self.root}/wp-content/plugins"
        sellers = f'<link rel="stylesheet" href="{plugins}/wc-multivendor-marketplace/assets/css/store.css" />'
        return (
            f'<!doctype html><html lang="id"><head><title>{name}</title><meta property="og:site_name" content="{name}">'
            f'<link rel="https://api.w.org/" href="{self.root}/wp-json/" />'
            f'<link rel="stylesheet" href="{plugins}/woocommerce/assets/css/woocommerce.css" />'
            f"{sellers if self.has_sellers else ''}</head><body><h1>{name}</h1></body></html>"
        )


def _listed(rows: list[Json], request: Request, ended: bool, is_single: bool = False) -> Reply:
    """A page of a list as WordPress gives it; `_fields` keeps only those keys."""
    size, page = number_of(request, "per_page", 10), number_of(request, "page", 1)
    if not 1 <= size <= MAX_PER_PAGE or page < 1:
        return as_json({"code": "rest_invalid_param", "data": {"status": 400}}, 400)
    wanted = set(request.query.get("_fields", "").split(",")) - {""}
    shown: Any = [
        {key: value for key, value in row.items() if not wanted or key in wanted}
        for row in part(rows, size, page, ended)
    ]
    if is_single:
        return as_json(shown[0] if shown else {})
    headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(ceil(len(rows) / size))}
    return as_json(shown, headers=headers)
