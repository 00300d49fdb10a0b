"""Tokopedia's GraphQL answers: which operation answered is told by the root field, and an address has to agree."""

from collections.abc import Callable
from typing import Any

from monitor.items import Issue
from monitor.reading import Answer, Page, ShapeError, has, last_part, maybe
from spiders.pages import tokopedia_listings as listings
from spiders.pages import tokopedia_shops as shops
from spiders.pages.tokopedia_envelopes import enveloped
from spiders.pages.tokopedia_listings import SLUG, Entry

ROOTS: dict[str, tuple[str, Callable[[Page, Entry], None]]] = {
    "searchProductV5": ("search_v5", listings.search_v5),
    "ace_search_product_v4": ("search_v4", listings.search_v4),
    "CategoryProducts": ("category", listings.category),
    "displayAdsV3": ("adverts", listings.adverts),
    "componentInfo": ("discovery", listings.discovery),
    "pdpGetLayout": ("product_page", listings.product_page),
    "aceSearchShop": ("shop_search", shops.shop_search),
    "shopInfoByID": ("profile", shops.profiles),
    "GetShopProduct": ("shop_products", shops.shop_products),
    "filter_sort_product": ("filters", shops.filters),
}
OPERATIONS = {
    "SearchProductV5Query": "search_v5",
    "SearchProductQueryV4": "search_v4",
    "SearchProductQuery": "category",
    "DiscoveryComponentQuery": "discovery",
    "PDPGetLayoutQuery": "product_page",
    "AceSearchShop": "shop_search",
    "ShopInfoCore": "profile",
    "ShopProducts": "shop_products",
    "FilterSortProductQuery": "filters",
}


def _report_errors(page: Page, part: Entry) -> bool:
    errors = maybe(part, "errors")
    for error in errors if isinstance(errors, list) else []:
        path = maybe(error, "path")
        where = ".".join(str(step) for step in path) if isinstance(path, list) else "the answer"
        page.issue("graphql_error", f"The marketplace reports an error for {where}.", where)
    return bool(errors)


def _read_root(page: Page, name: str, root: Any) -> None:
    kind, read = ROOTS[name]
    if page.kind == "unknown":
        page.kind = kind
    try:
        if not isinstance(root, dict):
            raise ShapeError(name, "is no object")
        read(page, root)
    except ShapeError as error:
        page.issue("shape", f"Nothing was read from {name}: {error}.", error.field)
        if page.kind == kind:
            page.kind = "unknown"


def _read_part(page: Page, part: Any) -> None:
    if not isinstance(part, dict):
        return
    data = part.get("data")
    found = [name for name in ROOTS if has(data, name) and maybe(data, name) is not None]
    # Answers with errors are often partial: other roots hold data.
    if _report_errors(page, part) and not found:
        page.refused, page.sign = "graphql_errors", "a GraphQL answer with errors and without data"
    for name in found:
        _read_root(page, name, maybe(data, name))


def _only_issues(page: Page) -> None:
    page.kind, page.rows = "unknown", [row for row in page.rows if isinstance(row.item, Issue)]


def read(answer: Answer) -> Page:
    """What one answer holds: an object, or a list of them as the site batches them. Raises InputError on cut JSON."""
    page = Page(marketplace=SLUG, kind="unknown", url=answer.url, shop_id=answer.query("sid") or "")
    document = answer.json()
    wanted = OPERATIONS.get(last_part(answer.url) or "")
    if answer.is_saved and wanted:
        root = next(name for name, (kind, _) in ROOTS.items() if kind == wanted)
        document = enveloped(document, root)
    for part in document if isinstance(document, list) else [document]:
        _read_part(page, part)
    if wanted and page.kind not in ("unknown", wanted):
        found = page.kind
        _only_issues(page)
        page.issue("unknown_answer", f"The address asks for kind '{wanted}', the answer is of kind '{found}'.")
    elif page.kind == "unknown" and not page.rows:
        page.issue("unknown_answer", "The answer is of no known kind; nothing was read from it.")
    return page
