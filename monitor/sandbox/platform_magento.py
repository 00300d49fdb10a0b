"""A shop on Magento 2: GraphQL as captured in July 2026 (and the currency, which that query did not ask for), or, where
GraphQL is closed, category pages with the usual product grid."""

import json
from base64 import b64encode
from html import escape
from math import ceil

from monitor.sandbox.counter import Counter, Json, number_of, part
from monitor.sandbox.listings import Listing
from monitor.sandbox.transport import Reply, Request, as_html, as_json, not_found

GRID_SIZE = 12


def product(listing: Listing) -> Json:
    return {
        "uid": b64encode(listing.listing_id.encode()).decode(),
        "sku": f"SKU-{listing.listing_id}",
        "name": listing.title,
        "url_key": listing.path,
        "url_suffix": ".html",
        "price_range": {"minimum_price": {"final_price": {"value": listing.price, "currency": "IDR"}}},
        "categories": [{"name": name.replace("-", " ").title()} for name in listing.category.split("/")],
    }


class Magento:
    """has_graphql: whether the shop answers its GraphQL endpoint."""

    def __init__(self, counter: Counter, has_graphql: bool = True) -> None:
        self.counter = counter
        self.has_graphql = has_graphql

    def answer(self, request: Request, ended: bool) -> Reply:
        path = request.path.rstrip("/")
        if path == "":
            return as_html(self._home())
        if path == "/graphql":
            return self._graphql(request, ended)
        if path.endswith(".html") and path[1:-5] in self._categories():
            return as_html(self._grid(path[1:-5], max(1, number_of(request, "p", 1)), ended))
        return not_found()

    def _graphql(self, request: Request, ended: bool) -> Reply:
        try:
            asked = json.loads(request.body)["variables"]
            size, page = int(asked["size"]), int(asked["page"])
        except (ValueError, KeyError, TypeError):
            return as_json({"errors": [{"message": "Syntax Error", "extensions": {"category": "graphql"}}]}, 400)
        if not self.has_graphql:
            message = 'Cannot query field "uid" on type "ProductInterface".'
            return as_json({"errors": [{"message": message, "extensions": {"category": "graphql"}}]})
        listings = self.counter.listings
        info = {"current_page": page, "total_pages": max(1, ceil(len(listings) / size))}
        items = [product(row) for row in part(listings, size, page, ended)]
        return as_json({"data": {"products": {"total_count": len(listings), "page_info": info, "items": items}}})

    def _categories(self) -> dict[str, list[Listing]]:
        found: dict[str, list[Listing]] = {}
        for listing in self.counter.listings:
            found.setdefault(listing.category.partition("/")[0], []).append(listing)
        return found

    def _home(self) -> str:
        name = escape(self.counter.name)
        links = "".join(
            f'<li class="level0"><a class="level-top" href="{self.counter.home}/{key}.html">{key}</a></li>'
            for key in self._categories()
        )
        return (
            f'<!doctype html><html lang="id"><head><title>{name}</title></head>'
            '<body data-container="body"><nav class="navigation" data-mage-init=\'{"menu":{}}\'>'
            f"<ul>{links}</ul></nav>"
            f"<h1>{name}</h1></body></html>"
        )

    def _grid(self, category: str, page: int, ended: bool) -> str:
        rows = self._categories()[category]
        items = "".join(self._item(row) for row in part(rows, GRID_SIZE, page, ended))
        more = f'<li class="item pages-item-next"><a class="action next" href="?p={page + 1}">Next</a></li>'
        has_more = page * GRID_SIZE < len(rows)
        return (
            '<!doctype html><html lang="id"><body data-mage-init="{}"><ol class="products list items product-items">'
            f'{items}</ol><ul class="items pages-items">{more if has_more else ""}</ul></body></html>'
        )

    def _item(self, listing: Listing) -> str:
        amount = f"{listing.price:,}".replace(",", ".")
        link = f"{self.counter.home}/{listing.path}.html"
        return (
            '<li class="item product product-item"><strong class="product name product-item-name">'
            f'<a class="product-item-link" href="{link}">{escape(listing.title)}</a></strong>'
            f'<div class="price-box price-final_price" data-role="priceBox" data-product-id="{listing.listing_id}">'
            f'<span data-price-amount="{listing.price}" data-price-type="finalPrice" class="price-wrapper">'
            f'<span class="price">Rp{amount}</span></span></div></li>'
        )
