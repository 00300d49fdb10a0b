"""INAPROC's catalogue (katalog.inaproc.id): products by seller's place or by seller, and the tree of categories.

Items as captured in October 2025 (one seller's catalogue, without its envelope); the envelope and the tree as public
scrapers of 2025 and 2026 ask for them. An answer with status 200 may be a `GenericError` in place of the list.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from monitor import regions
from monitor.items import Listing, Shop
from monitor.reading import (
    WIB,
    Answer,
    Page,
    ShapeError,
    add_listing,
    flag_or_none,
    get,
    has,
    id_text,
    maybe,
    need_text,
    rating_or_none,
    rupiah_or_none,
    text_or_none,
    whole_or_none,
)

SLUG = "inaproc"
HOME = "https://katalog.inaproc.id"
LIST, ERROR = "ListSearchProductResponse", "GenericError"
_CREATED = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d{1,9})? \+0000 UTC")  # Go's default form
_ALIAS = re.compile(r"_v\d+_")  # browsers' answers carry the site's own aliases before the names
Entry = Mapping[str, Any]


def _created_on(value: Any) -> str | None:
    """ISO date (WIB)."""
    text = text_or_none(value, "createdAt")
    if text is None:
        return None
    match = _CREATED.fullmatch(text)
    try:
        moment = datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match else None
    except ValueError:
        moment = None
    if moment is None:
        raise ShapeError("createdAt", "is no time as the site writes it")
    return moment.astimezone(WIB).date().isoformat()


def _levels(location: Any) -> list[tuple[str | None, str]]:
    """(name, dotted code) of province, kab/kota, kecamatan and desa, as far as they are given."""
    found: list[tuple[str | None, str]] = []
    while location is not None and len(found) < 4:
        code = need_text(get(location, "regionCode"), "location.regionCode")
        found.append((text_or_none(get(location, "name"), "location.name"), code))
        location = maybe(location, "child")
    return found


def _city(name: str | None, dotted: str) -> str | None:
    """The printed name; the name of its code where the printed one does not say which kab/kota of the region it is."""
    code = dotted.replace(".", "")
    in_region = code in {area.code for area in regions.areas()}
    return regions.area_name(code) if in_region and regions.area_codes(name) != (code,) else name


def _shop(item: Entry) -> Shop:
    username = need_text(get(item, "username"), "username")
    levels = _levels(get(item, "location"))
    return Shop(
        marketplace=SLUG,
        shop_id=id_text(get(item, "sellerId"), "sellerId"),
        aliases=[username],
        name=need_text(get(item, "sellerName"), "sellerName"),
        username=username,
        url=f"{HOME}/{username}",
        province=levels[0][0] if levels else None,
        city=_city(*levels[1]) if len(levels) > 1 else None,
        district=levels[2][0] if len(levels) > 2 else None,
    )


def _rating(item: Entry) -> tuple[float | None, int | None]:
    """Null where nobody has rated; the object was only seen in queries, so its members are required."""
    rating = get(item, "rating")
    if rating is None:
        return None, None
    count = whole_or_none(get(rating, "count"), "rating.count")
    return rating_or_none(get(rating, "average"), "rating.average"), count


def _product(page: Page, item: Entry) -> None:
    if maybe(item, "__typename") == ERROR:
        raise ShapeError("items", "holds an error in place of a product")
    flag_or_none(get(item, "isSellerUMKK"), "isSellerUMKK")  # tells these items from products of other sites
    shop = _shop(item)
    count = whole_or_none(get(item, "unitSold"), "unitSold")
    rating, rating_count = _rating(item)
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(get(item, "id"), "id"),
        shop_id=shop.shop_id,
        title=need_text(get(item, "name"), "name"),
        url=f"{shop.url}/{need_text(get(item, 'slug'), 'slug')}",
        price_idr=rupiah_or_none(get(item, "defaultPriceWithTax"), "defaultPriceWithTax"),  # what a buyer pays
        sold_count=count,
        sold_count_is_rounded=None if count is None else False,
        rating=rating,
        rating_count=rating_count,
        stock=whole_or_none(maybe(item, "stockAccumulation"), "stockAccumulation"),
        category=text_or_none(maybe(item, "category", "name"), "category.name"),
        brand=text_or_none(maybe(item, "brand", "brandName"), "brand.brandName"),
        created_on=_created_on(get(item, "createdAt")),
    )
    add_listing(page, listing, shop)


def _products(page: Page, found: Entry) -> None:
    page.kind = "products"
    page.declared_total = whole_or_none(get(found, "total"), "total")
    current, last = (whole_or_none(get(found, name), name) for name in ("currentPage", "lastPage"))
    if page.declared_total is None or current is None or last is None:
        raise ShapeError("total", "or a page number is empty")
    items = get(found, "items")
    size = whole_or_none(maybe(found, "perPage"), "perPage")
    page.next |= {"is_last": current >= last or not items, "number": current, "page_size": size}
    page.read_each("items", items, lambda item: _product(page, item))


def _category(entry: Any) -> dict[str, Any]:
    children = maybe(entry, "children") or []
    if not isinstance(children, list):
        raise ShapeError("children", "is no list")
    return {
        "id": id_text(get(entry, "id"), "id"),
        "name": need_text(get(entry, "name"), "name"),
        "children": [_category(child) for child in children],
    }


def _categories(page: Page, found: Entry) -> None:
    page.kind = "categories"
    items = get(found, "items")
    if not isinstance(items, list):
        raise ShapeError("items", "is no list")
    page.entry_count = len(items)
    page.next["categories"] = [_category(entry) for entry in items]


ROOTS = {"searchProducts": _products, "allMinifiedProductCategory": _categories}


def _error(page: Page, found: Entry) -> None:
    code = str(maybe(found, "code"))
    said = code if re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", code) else "of unknown code"
    page.issue("graphql_error", f"The marketplace answers with an error {said} in place of the list.")


def _read_root(page: Page, name: str, found: Any) -> None:
    if maybe(found, "__typename") == ERROR or (has(found, "reqId") and has(found, "message")):
        _error(page, found)
        return
    if not isinstance(found, dict):
        raise ShapeError(name, "is no object")
    ROOTS[name](page, found)


def _known_root(document: Any) -> tuple[str, Any]:
    """Name and value of the one root that is read; ("", None) where there is none."""
    data = maybe(document, "data")
    for name, value in data.items() if isinstance(data, dict) else ():
        bare = _ALIAS.sub("", str(name), count=1)
        if bare in ROOTS and value is not None:
            return bare, value
    return "", None


def _is_items(document: Any) -> bool:
    """Whether somebody saved the bare list of items."""
    return isinstance(document, list) and any(has(item, "isSellerUMKK") for item in document)


def read(answer: Answer) -> Page:
    """What one answer holds. Raises InputError on cut JSON."""
    page = Page(marketplace=SLUG, kind="unknown", url=answer.url)
    document = answer.json()
    try:
        if _is_items(document) and (answer.is_saved or not answer.url):
            page.kind = "products"
            page.read_each("items", document, lambda item: _product(page, item))
            return page
        name, found = _known_root(document)
        if name:
            _read_root(page, name, found)
        elif isinstance(maybe(document, "errors"), list):
            page.issue("graphql_error", "The marketplace reports an error; the query is not answered.")
        else:
            page.issue("unknown_answer", "The answer is of no known kind; nothing was read from it.")
    except (ShapeError, RecursionError) as error:
        page.kind, page.rows, page.next = "unknown", [], {}
        page.issue("shape", f"Nothing was read: {error}.", getattr(error, "field", None))
    return page
