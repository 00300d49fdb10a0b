"""Answers of Etsy's official Open API v3: listings, a shop. Read in its specification (2021) and its clients (to 2026).

An answer also carries the owner's login name and messages to buyers: only the fields named here are read.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from monitor.items import Issue, Listing, Shop
from monitor.reading import (
    Answer,
    Page,
    ShapeError,
    bare_url,
    epoch_date,
    get,
    has,
    id_text,
    last_part,
    maybe,
    need_text,
    plain_text,
    rating_or_none,
    text_or_none,
    whole_or_none,
)

SLUG = "etsy"
HOME = "https://www.etsy.com"
ROOT = "/v3/application"
COUNTRY = "ID"
Entry = Mapping[str, Any]
_SHOP_PATH = re.compile(rf"{ROOT}/shops/(\d+)")
_LIST_PATH = re.compile(rf"{ROOT}/(?:shops/(?P<shop>\d+)/)?listings/active")


def _price(page: Page, price: Any) -> int | None:
    """Whole rupiah of {amount, divisor, currency_code}; most shops of an export site ask for another currency."""
    amount, divisor = (
        whole_or_none(get(price, "amount"), "price.amount"),
        whole_or_none(get(price, "divisor"), "divisor"),
    )
    if get(price, "currency_code") != "IDR":
        page.issue("currency", "A price is not in rupiah and was left out.", "price.currency_code")
        return None
    if not amount or not divisor or divisor < 0:
        return None
    if max(abs(amount), divisor) >= 10**15:
        raise ShapeError("price.amount", "is no amount")
    return round(amount / divisor)


def _created(listing: Entry) -> str | None:
    for name in ("original_creation_timestamp", "created_timestamp", "creation_timestamp"):
        if maybe(listing, name) is not None:
            return epoch_date(maybe(listing, name), name)
    return None


def _listing(page: Page, place: str | None, listing: Entry) -> None:
    shop_id = id_text(get(listing, "shop_id"), "shop_id")
    if page.shop_id and shop_id != page.shop_id:
        raise ShapeError("shop_id", "is not the shop's that was asked for")
    if get(listing, "state") != "active":
        raise ShapeError("state", "is not that of an active listing")
    # The answer prints no place: it is the one that the list was asked for.
    page.add(Shop(marketplace=SLUG, shop_id=shop_id, city=place))
    page.add(
        Listing(
            marketplace=SLUG,
            listing_id=id_text(get(listing, "listing_id"), "listing_id"),
            shop_id=shop_id,
            title=need_text(plain_text(need_text(get(listing, "title"), "title")), "title"),
            url=bare_url(get(listing, "url"), "url", HOME),
            price_idr=_price(page, get(listing, "price")),
            stock=whole_or_none(maybe(listing, "quantity"), "quantity"),
            created_on=_created(listing),
        ),
        ("description", plain_text(text_or_none(maybe(listing, "description"), "description"))),
    )


def listings(page: Page, document: Entry, place: str | None) -> None:
    page.declared_total = whole_or_none(get(document, "count"), "count")
    page.read_each("results", get(document, "results"), partial(_listing, page, place))


def shop(page: Page, found: Entry) -> None:
    """page.next["country"]: ISO code of the shop's country, None where it is not printed."""
    page.entry_count = 1
    shop_id = id_text(get(found, "shop_id"), "shop_id")
    url = bare_url(get(found, "url"), "url", HOME)
    slug = last_part(url)
    page.next["country"] = text_or_none(maybe(found, "shop_location_country_iso"), "shop_location_country_iso")
    page.add(
        Shop(
            marketplace=SLUG,
            shop_id=shop_id,
            aliases=[slug] if slug else [],
            name=need_text(get(found, "shop_name"), "shop_name"),
            username=slug,
            url=url,
            description=plain_text(text_or_none(maybe(found, "title"), "title")),
            listing_count=whole_or_none(maybe(found, "listing_active_count"), "listing_active_count"),
            sold_count=whole_or_none(maybe(found, "transaction_sold_count"), "transaction_sold_count"),
            follower_count=whole_or_none(maybe(found, "num_favorers"), "num_favorers"),
            rating=rating_or_none(maybe(found, "review_average"), "review_average"),
            rating_count=whole_or_none(maybe(found, "review_count"), "review_count"),
            joined_on=epoch_date(maybe(found, "create_date"), "create_date"),
        )
    )


def is_not_found(answer: Answer) -> bool:
    """404 with the error object of the specification."""
    return answer.status == 404 and not answer.looks_like_html and b'"error"' in answer.body


def read(answer: Answer) -> Page:
    """What one answer holds. Raises InputError on cut JSON."""
    page = Page(marketplace=SLUG, kind="unknown", url=answer.url)
    document = answer.json()
    path = urlsplit(answer.url).path.rstrip("/")
    listed, asked = _LIST_PATH.fullmatch(path), _SHOP_PATH.fullmatch(path)
    try:
        if has(document, "results") and (listed or not path):
            page.kind, page.shop_id = "listings", (listed["shop"] or "") if listed else ""
            listings(page, document, answer.query("shop_location"))
        elif has(document, "shop_name") and (asked or not path):
            page.kind = "shop"
            if asked and id_text(get(document, "shop_id"), "shop_id") != asked[1]:
                raise ShapeError("shop_id", "is another shop's than the one asked for")
            shop(page, document)
        else:
            page.issue("unknown_answer", "The answer is of no known kind; nothing was read from it.")
    except ShapeError as error:
        page.kind, page.rows = "unknown", [row for row in page.rows if isinstance(row.item, Issue)]
        page.issue("shape", f"Nothing was read: {error}.", error.field)
    return page
