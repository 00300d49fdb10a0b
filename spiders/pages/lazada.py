"""Lazada's search answers: JSON of `catalog/?ajax=true`, or the same object in the HTML page after `window.pageData=`.

No JSON answer of lazada.co.id was found stored; the shape is that of scrapers of 2024 and 2025 and of other countries'
sites. Prices are whole rupiah as number or text, `location` is the seller's place or province.
"""

import json
from collections.abc import Mapping
from typing import Any

from monitor.errors import InputError
from monitor.items import Listing, Shop
from monitor.reading import (
    Answer,
    Page,
    ShapeError,
    add_listing,
    bare_url,
    flag_or_none,
    get,
    has,
    id_text,
    maybe,
    need_text,
    rating_or_none,
    rupiah_or_none,
    sold,
    text_or_none,
    whole_or_none,
)

SLUG = "lazada"
HOME = "https://www.lazada.co.id"
PAGE_DATA = "window.pageData="
Entry = Mapping[str, Any]


def _place(value: Any) -> tuple[str | None, str | None]:
    """City and province: older pages print the province alone."""
    place = text_or_none(value, "location")
    return (None, place) if place and place.lower() == "banten" else (place, None)


def _product(page: Page, item: Entry) -> None:
    shop_id = id_text(get(item, "sellerId"), "sellerId")
    city, province = _place(get(item, "location"))
    address = maybe(item, "itemUrl") or maybe(item, "productUrl")
    count, rounded = sold(maybe(item, "itemSoldCntShow"), "itemSoldCntShow")
    shop = Shop(
        marketplace=SLUG,
        shop_id=shop_id,
        name=need_text(get(item, "sellerName"), "sellerName"),
        city=city,
        province=province,
    )
    listing = Listing(
        marketplace=SLUG,
        listing_id=id_text(maybe(item, "itemId") or get(item, "nid"), "itemId"),
        shop_id=shop_id,
        title=need_text(get(item, "name"), "name"),
        url=bare_url(address, "itemUrl", HOME),
        price_idr=rupiah_or_none(get(item, "price"), "price"),
        sold_count=count,
        sold_count_is_rounded=rounded,
        rating=rating_or_none(maybe(item, "ratingScore"), "ratingScore"),
        rating_count=whole_or_none(maybe(item, "review"), "review"),
        brand=text_or_none(maybe(item, "brandName"), "brandName"),
        is_advert=flag_or_none(maybe(item, "isSponsored"), "isSponsored"),
    )
    add_listing(page, listing, shop)


def _from_html(text: str) -> Any:
    """The object after `window.pageData=`, None where the page has none. Raises InputError when it is cut short."""
    start = text.find(PAGE_DATA)
    if start < 0:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text[start + len(PAGE_DATA) :].lstrip())
    except (ValueError, RecursionError):
        raise InputError("the page's data are cut short") from None
    return found


def read(answer: Answer) -> Page:
    """What one answer holds. Raises InputError on cut JSON."""
    page = Page(marketplace=SLUG, kind="unknown", url=answer.url)
    if answer.looks_like_html:
        document = _from_html(answer.text)
        if document is None and answer.status == 404:
            page.issue("unknown_answer", "The page is not there (status 404); nothing was read from it.")
            return page
        if document is None:
            # A 200 page without its data is a script shell: what guests get who are not let in.
            page.refused, page.sign = "html_instead_of_data", "an HTML page without its data"
            return page
    else:
        document = answer.json()
    if not has(document, "mods"):
        page.issue("unknown_answer", "The answer is of no known kind; nothing was read from it.")
        return page
    page.kind = "search"
    try:
        page.declared_total = whole_or_none(maybe(document, "mainInfo", "totalResults"), "mainInfo.totalResults")
        # A search without hits leaves the list out (as the scrapers handle it).
        page.read_each("listItems", maybe(document, "mods", "listItems") or [], lambda item: _product(page, item))
    except ShapeError as error:
        page.kind = "unknown"
        page.issue("shape", f"Nothing was read: {error}.", error.field)
    return page
