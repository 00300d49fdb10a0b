"""Shopee's answers (API v4), as seen from May 2022 to October 2024. Prices are rupiah x 100,000.

search_items and shop/search_items: products under `items[].item_basic`; recommend: flat under
`data.sections[].data.item`; item/get: flat under `data`; get_shop_base: a shop under `data`. Keys that were null in
2022 are left out in 2024, so optional ones are read with `maybe`.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from monitor.items import Listing, Shop
from monitor.reading import (
    Answer,
    Page,
    ShapeError,
    add_listing,
    epoch_date,
    epoch_time,
    flag_or_none,
    get,
    has,
    id_text,
    joined,
    maybe,
    need_text,
    number_or_none,
    rating_or_none,
    sold,
    text_or_none,
    whole_or_none,
)

SLUG = "shopee"
HOME = "https://shopee.co.id"
PRICE_UNIT = 100_000
KINDS = {
    "/api/v4/search/search_items": "search",
    "/api/v4/shop/search_items": "search",
    "/api/v4/recommend/recommend": "recommend",
    "/api/v4/item/get": "item",
    "/api/v4/shop/get_shop_base": "profile",
}
Entry = Mapping[str, Any]


def _price(value: Any, name: str) -> int | None:
    """Whole rupiah; 0 and -1 stand for a hidden price."""
    units = whole_or_none(value, name)
    return None if units is None or units <= 0 else round(units / PRICE_UNIT)


def _sold(product: Entry) -> tuple[int | None, bool | None]:
    for path in (("historical_sold",), ("item_card_display_sold_count", "display_sold_count")):
        if maybe(product, *path) is not None:
            return sold(maybe(product, *path), ".".join(path))
    return None, None


def _rating(product: Entry) -> tuple[float | None, int | None]:
    counts = maybe(product, "item_rating", "rating_count")
    if counts is not None and (not isinstance(counts, list) or not counts):
        raise ShapeError("item_rating.rating_count", "is no list of counts")
    star = rating_or_none(maybe(product, "item_rating", "rating_star"), "item_rating.rating_star")
    return star, whole_or_none(counts[0], "item_rating.rating_count") if counts else None


def _shop(product: Entry, shop_id: str) -> Shop:
    return Shop(
        marketplace=SLUG,
        shop_id=shop_id,
        name=text_or_none(maybe(product, "shop_name"), "shop_name"),
        url=f"{HOME}/shop/{shop_id}",
        city=text_or_none(get(product, "shop_location"), "shop_location"),
        rating=rating_or_none(maybe(product, "shop_rating"), "shop_rating"),
        is_official=flag_or_none(maybe(product, "is_official_shop"), "is_official_shop"),
    )


def _categories(product: Entry) -> str | None:
    steps = maybe(product, "fe_categories") or maybe(product, "categories")
    if not isinstance(steps, list):
        return None
    return joined(text_or_none(maybe(step, "display_name"), "categories") for step in steps)


def _product(page: Page, product: Entry, advert_id: Any) -> None:
    if maybe(product, "currency") not in (None, "IDR"):
        raise ShapeError("currency", "is not rupiah")
    item_id, shop_id = id_text(get(product, "itemid"), "itemid"), id_text(get(product, "shopid"), "shopid")
    count, rounded = _sold(product)
    rating, rating_count = _rating(product)
    listing = Listing(
        marketplace=SLUG,
        listing_id=item_id,
        shop_id=shop_id,
        title=need_text(get(product, "name"), "name"),
        url=f"{HOME}/product/{shop_id}/{item_id}",
        price_idr=_price(get(product, "price"), "price"),
        sold_count=count,
        sold_count_is_rounded=rounded,
        rating=rating,
        rating_count=rating_count,
        stock=whole_or_none(maybe(product, "stock"), "stock"),
        category=_categories(product),
        brand=text_or_none(maybe(product, "brand"), "brand"),
        created_on=epoch_date(maybe(product, "ctime"), "ctime"),
        is_advert=None if advert_id is None else bool(whole_or_none(advert_id, "adsid")),
    )
    description = text_or_none(maybe(product, "description"), "description")
    add_listing(page, listing, _shop(product, shop_id), ("description", description))


def _wrapped_product(page: Page, entry: Entry) -> None:
    _product(page, get(entry, "item_basic"), maybe(entry, "adsid"))


def _search(page: Page, document: Entry) -> None:
    # total_count counts adverts on top of what was found (3107 = 3007 + 100 in the capture of 2022).
    total = whole_or_none(maybe(document, "total_count"), "total_count")
    adverts = whole_or_none(maybe(document, "total_ads_count"), "total_ads_count") or 0
    page.declared_total = None if total is None else max(0, total - adverts)
    page.next["is_last"] = bool(flag_or_none(maybe(document, "nomore"), "nomore"))
    page.read_each("items", document["items"] or [], lambda entry: _wrapped_product(page, entry))


def _recommend(page: Page, data: Entry) -> None:
    sections = get(data, "sections")
    for section in sections if isinstance(sections, list) else []:
        entries = maybe(section, "data", "item")
        if entries is not None:
            page.read_each("sections.item", entries, lambda entry: _product(page, entry, maybe(entry, "adsid")))


def _profile(page: Page, shop: Entry) -> None:
    page.entry_count = 1
    shop_id = id_text(get(shop, "shopid"), "shopid")
    username = text_or_none(maybe(shop, "account", "username"), "account.username")
    counts = maybe(shop, "shop_rating")
    rated = [whole_or_none(value, "shop_rating") for value in counts.values()] if isinstance(counts, dict) else []
    page.add(
        Shop(
            marketplace=SLUG,
            shop_id=shop_id,
            aliases=[username] if username else [],
            name=need_text(get(shop, "name"), "name"),
            username=username,
            url=f"{HOME}/{username}" if username else f"{HOME}/shop/{shop_id}",
            # No field of this answer holds the place: it is taken from the shop's products.
            description=text_or_none(maybe(shop, "description"), "description"),
            listing_count=whole_or_none(maybe(shop, "item_count"), "item_count"),
            follower_count=whole_or_none(maybe(shop, "follower_count"), "follower_count"),
            rating=rating_or_none(number_or_none(maybe(shop, "rating_star"), "rating_star"), "rating_star"),
            rating_count=sum(value or 0 for value in rated) if rated else None,
            joined_on=epoch_date(maybe(shop, "ctime"), "ctime"),
            last_active_at=epoch_time(maybe(shop, "last_active_time"), "last_active_time"),
            is_official=flag_or_none(maybe(shop, "show_official_shop_label"), "show_official_shop_label"),
        )
    )


def _kind(document: Any) -> str:
    if isinstance(maybe(document, "items"), list) or (has(document, "items") and has(document, "nomore")):
        return "search"  # a search without hits has items null
    data = maybe(document, "data")
    if has(data, "sections"):
        return "recommend"
    if has(data, "itemid"):
        return "item"
    return "profile" if has(data, "shopid") and has(data, "account") else "unknown"


def _enveloped(document: Any, kind: str) -> Any:
    """A saved inner part in the envelope of its kind; as it is where it has one. Resellers wrap it as `results`."""
    inner = document["results"] if has(document, "success") and has(document, "results") else document
    if isinstance(inner, list):
        if kind == "search":
            return {"items": inner}
        return {"data": {"sections": [{"data": {"item": inner}}]}} if kind == "recommend" else document
    if _kind(inner) == kind:
        return inner
    return {"data": inner} if _kind({"data": inner}) == kind else document


def read(answer: Answer) -> Page:
    """What one answer holds. Raises InputError on cut JSON."""
    page = Page(marketplace=SLUG, kind="unknown", url=answer.url)
    document, wanted = answer.json(), KINDS.get(urlsplit(answer.url).path)
    if answer.is_saved and wanted:
        document = _enveloped(document, wanted)
    error, found = maybe(document, "error"), _kind(document)
    if error or found == "unknown":
        said = f"error {error}" if isinstance(error, int) else "no known kind of answer"
        page.issue("unknown_answer", f"Nothing was read: {said}.", "error" if error else None)
        return page
    if wanted not in (None, found):
        page.issue("unknown_answer", f"The address asks for kind '{wanted}', the answer is of kind '{found}'.")
        return page
    page.kind = found
    try:
        _read(page, document)
    except ShapeError as problem:
        page.kind = "unknown"
        page.issue("shape", f"Nothing was read: {problem}.", problem.field)
    return page


def _read(page: Page, document: Entry) -> None:
    if page.kind == "search":
        _search(page, document)
    elif page.kind == "recommend":
        _recommend(page, document["data"])
    elif page.kind == "item":
        page.entry_count = 1
        _product(page, document["data"], None)
    else:
        _profile(page, document["data"])
