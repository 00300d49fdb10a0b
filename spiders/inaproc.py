"""INAPROC, the government's catalogue: products of sellers of each kab/kota, then the sellers that are known by name.

The site has no list of sellers; they are collected from their products. A place is asked for by its official code, and
every product says where its seller is, so a filter that is not obeyed shows at once. Cloudflare stands in front and may
refuse (403); the crawl then ends, as with every refusal.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any

from scrapy import Request

from monitor import regions
from monitor.items import Shop
from monitor.reading import Answer, Page, Row
from monitor.units import SHOP_UNITS, KnownShop, Tally, Unit
from spiders.asked_page import check_page_number
from spiders.bands import Band, narrower
from spiders.base import MarketplaceSpider, UnansweredError, unit_name
from spiders.pages import inaproc as pages

PAGE_SIZE = 100  # 50 to 200 were in use in 2025 and 2026
# It is not known whether lists end early; a window of 10,000 is what search engines mostly allow.
MAX_PAGES = 100
MIN_SHOPS_TO_JUDGE = 5
MIN_PLACE_SHARE = 0.5
_PLACE_LEVELS = "name regionCode child { name regionCode child { name regionCode child { name regionCode } } }"
_ITEM = (
    "id name slug username sellerName sellerId isSellerUMKK createdAt defaultPriceWithTax unitSold stockAccumulation "
    f"rating {{ count average }} category {{ name }} brand {{ brandName }} location {{ {_PLACE_LEVELS} }}"
)
_ERROR = "... on GenericError { code message reqId }"
PRODUCTS = (
    "query searchProducts($input: SearchProductInput!) { searchProducts(input: $input) { __typename "
    f"... on ListSearchProductResponse {{ total perPage currentPage lastPage items {{ {_ITEM} }} }} {_ERROR} }} }}"
)
_NODE = "id name children { id name children { id name } }"
CATEGORIES = (
    "query allMinifiedProductCategory { allMinifiedProductCategory(input: {}) { __typename "
    f"... on AllMinifiedProductCategories {{ items {{ {_NODE} }} }} {_ERROR} }} }}"
)


class InaprocSpider(MarketplaceSpider):
    """Products and sellers of the region, by kab/kota; lists that are too long by category, then by price."""

    name = "inaproc"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._categories: Sequence[Mapping[str, Any]] | None = None

    @classmethod
    def read(cls, answer: Answer) -> Page:
        return pages.read(answer)

    # --- units ---

    async def units(self) -> AsyncIterator[Unit]:
        assert self.record is not None
        if self._categories is None:  # the units may be gone through twice
            self._categories = await self._category_tree()
        self.record.plan(len(regions.areas()))
        for area in regions.areas():
            data = {"code": area.code, "children": self._categories}
            yield Unit(f"daftar/{area.code}", f"sellerRegionCodes={regions.dotted(area.code)}", data)

    async def _category_tree(self) -> Sequence[Mapping[str, Any]]:
        """First-level categories with what is below them; () where they cannot be read: prices then split."""
        try:
            page = await self.ask(_graphql("allMinifiedProductCategory", CATEGORIES, {}), "categories")
        except UnansweredError:
            return ()
        found: Sequence[Mapping[str, Any]] = page.next["categories"]
        return found

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        """By the next level of categories; below the last one by price."""
        if "code" not in unit.data:
            return ()
        children: Sequence[Mapping[str, Any]] = unit.data.get("children", ())
        if children:
            return [_in_category(unit, child) for child in children]
        return [_in_band(unit, band) for band in narrower(unit.data.get("band"))]

    def shop_unit(self, shop: KnownShop) -> Unit:
        return Unit(f"{SHOP_UNITS}{shop.shop_id}", f"sellerId={shop.shop_id}", {"shop_id": shop.shop_id}, optional=True)

    # --- one unit ---

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        request_for = partial(_products, _filter_of(unit.data))
        number = 0
        async for page in self.numbered_pages(request_for, "products", tally, page_size=PAGE_SIZE, max_pages=MAX_PAGES):
            number += 1
            check_page_number(page, number)
            self._check(unit, tally, page, number)
            for row in page.rows:
                yield row
            if number == 1 and not _is_full(page) and page.entry_count < (page.declared_total or 0):
                raise UnansweredError("unclear_end", "The list declares more than its only page, which is not full.")
            if number == 1 and self._is_too_long(tally) and self.split(unit, tally):
                tally.capped = True  # its parts are asked for instead
                return
        tally.capped = tally.capped or self._is_too_long(tally)

    @staticmethod
    def _is_too_long(tally: Tally) -> bool:
        # A total that is exactly the window is where a search engine stops counting.
        return (tally.declared_total or 0) >= PAGE_SIZE * MAX_PAGES

    def _check(self, unit: Unit, tally: Tally, page: Page, number: int) -> None:
        """Whether the site kept to what was asked for: one seller, or sellers of one place."""
        shops = [item for item in page.items if isinstance(item, Shop)]
        if "shop_id" in unit.data:
            if any(shop.shop_id != unit.data["shop_id"] for shop in shops):
                raise UnansweredError("shop_mismatch", "The list holds products of another seller.")
            if page.entry_count and not shops:
                raise UnansweredError("shape", "None of the seller's products could be read.")
            if number == 1:
                tally.found = bool(shops)
        elif number == 1 and self._is_elsewhere(unit.data["code"], shops):
            assert self.record is not None
            self.record.missing_place(regions.area_name(unit.data["code"]))
            raise UnansweredError("place_mismatch", "Most sellers are elsewhere; the place filter is not obeyed.")

    @staticmethod
    def _is_elsewhere(code: str, shops: Sequence[Shop]) -> bool:
        hits = sum(regions.area_codes(shop.city) == (code,) for shop in shops)
        return len(shops) >= MIN_SHOPS_TO_JUDGE and hits < MIN_PLACE_SHARE * len(shops)


def _is_full(page: Page) -> bool:
    return page.entry_count >= (page.next["page_size"] or PAGE_SIZE)


def _in_category(unit: Unit, child: Mapping[str, Any]) -> Unit:
    data = {**unit.data, "category": child["id"], "children": child["children"]}
    # Names of categories repeat in the tree and change; the ids do not.
    name = f"{unit.name}/kategori-{unit_name(child['id'])}"
    return Unit(name, f"{unit.query} categoryIds={child['id']}", data)


def _in_band(unit: Unit, band: Band) -> Unit:
    base, query = unit.name.split("/harga-")[0], unit.query.split(" price=")[0]
    return Unit(f"{base}/{band.name}", f"{query} price={band.low}..{band.high or ''}", {**unit.data, "band": band})


def _filter_of(data: Mapping[str, Any]) -> dict[str, Any]:
    if "shop_id" in data:
        return {"strategy": "SELLER_CATALOGUE", "keyword": None, "sellerId": data["shop_id"]}
    band: Band | None = data.get("band")
    return {
        "strategy": "SRP",
        "keyword": None,
        "labels": [],
        "sellerTypes": [],
        "sellerRegionCodes": [regions.dotted(data["code"])],
        "categoryIds": [data["category"]] if "category" in data else [],
        "minPrice": band.low if band else None,
        "maxPrice": band.high if band else None,
        "rateTypes": [],
        "productTypes": [],
        "ratingAvgGte": None,
    }


def _products(asked: Mapping[str, Any], number: int) -> Request:
    # Oldest first: what is added while the list is read comes at its end.
    order = [{"field": "CREATED_AT", "order": "ASC"}]
    pagination = {"page": number, "perPage": PAGE_SIZE}
    return _graphql("searchProducts", PRODUCTS, {"input": {"sort": order, "filter": asked, "pagination": pagination}})


def _graphql(operation: str, query: str, variables: Mapping[str, Any]) -> Request:
    return Request(
        f"{pages.HOME}/graphql",
        method="POST",
        body=json.dumps({"operationName": operation, "query": query, "variables": variables}),
        headers={"Accept": "application/json", "Content-Type": "application/json"},
        dont_filter=True,
    )
