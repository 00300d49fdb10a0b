"""GrabFood's answers: the search around a point (JSON), and a merchant's page with its menu (`__NEXT_DATA__`).

Seen: one merchant page (September 2023). The search is as four public scrapers unpack it (2022 to 2025) and is read
strictly. Money is in minor units of `currency`: 590000 with exponent 2 are Rp 5.900.
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
    get,
    has,
    id_text,
    maybe,
    need_text,
    number_or_none,
    rating_or_none,
    text_or_none,
    whole_or_none,
)
from spiders.pages.next_data import next_data

SLUG = "grabfood"
HOME = "https://food.grab.com"
SEARCH = "/foodweb/v2/search"
LIVE = "ACTIVE"  # `status` of a merchant; others were not seen, so they are never read as "closed"
ENTITIES = ("props", "initialReduxState", "pageRestaurantDetail", "entities")
Entry = Mapping[str, Any]
_MERCHANT = re.compile(r"/id/(?:id|en)/restaurant/(?:(?P<slug>[^/]+)/)?(?P<id>[0-9A-Za-z-]+)")

MIN_RUPIAH = 100  # less is a price in another currency, or in another unit


def merchant_path(name: str, shop_id: str) -> str:
    """Path of a merchant's page; the words before the id are the name's and may be any."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "restoran"
    return f"/id/id/restaurant/{slug}-delivery/{shop_id}"


def _pin(latlng: Any) -> tuple[float | None, float | None]:
    latitude = number_or_none(get(latlng, "latitude"), "latlng.latitude")
    longitude = number_or_none(get(latlng, "longitude"), "latlng.longitude")
    return (latitude, longitude) if latitude or longitude else (None, None)


# --- search -----------------------------------------------------------------------------------------------------------


def _found(page: Page, merchant: Entry) -> None:
    """One merchant of the search. Telephone, address and the chain are not read: the web prints none."""
    shop_id = id_text(get(merchant, "id"), "id")
    name = need_text(get(merchant, "address", "name"), "address.name")
    latitude, longitude = _pin(get(merchant, "latlng"))
    brief = get(merchant, "merchantBrief")
    page.add(
        Shop(
            marketplace=SLUG,
            shop_id=shop_id,
            name=name,
            url=f"{HOME}{merchant_path(name, shop_id)}",
            latitude=latitude,
            longitude=longitude,
            rating=rating_or_none(maybe(brief, "rating"), "merchantBrief.rating"),
            rating_count=whole_or_none(maybe(brief, "vote_count"), "merchantBrief.vote_count"),
        )
    )


def search(page: Page, document: Any) -> None:
    result = get(document, "searchResult")
    page.declared_total = whole_or_none(maybe(result, "totalCount"), "searchResult.totalCount")
    entries = get(result, "searchMerchants")
    # The site writes lists without members as null.
    page.read_each("searchMerchants", [] if entries is None else entries, partial(_found, page))


# --- a merchant -------------------------------------------------------------------------------------------------------


def _exponent(currency: Any) -> int | None:
    """Decimals of the minor unit; None where the currency is not rupiah."""
    if get(currency, "code") != "IDR":
        return None
    exponent = whole_or_none(get(currency, "exponent"), "currency.exponent")
    if exponent is None or not 0 <= exponent <= 4:
        raise ShapeError("currency.exponent", "is no number of decimals")
    return exponent


def _price(page: Page, item: Entry, currency: Any) -> int | None:
    exponent = _exponent(maybe(item, "_currency") or currency)
    if exponent is None:
        page.issue("currency", "A price is not in rupiah and was left out.", "currency.code")
        return None
    minor = whole_or_none(get(item, "priceInMinorUnit"), "priceInMinorUnit")
    if minor is None or minor <= 0:
        return None
    if minor % 10**exponent:
        raise ShapeError("priceInMinorUnit", "is no whole number of rupiah")
    amount = int(minor // 10**exponent)
    if amount < MIN_RUPIAH:
        page.issue(
            "price", "A price of less than a hundred rupiah was left out; its unit is unknown.", "priceInMinorUnit"
        )
        return None
    return amount


def _item(page: Page, shop: Shop, category: str | None, currency: Any, shown: set[str], item: Entry) -> None:
    item_id = id_text(get(item, "ID"), "ID")
    if item_id in shown:  # a category of favourites shows items of others again
        return
    shown.add(item_id)
    page.add(
        Listing(
            marketplace=SLUG,
            listing_id=item_id,
            shop_id=shop.shop_id,
            title=need_text(get(item, "name"), "name"),
            url=shop.url,
            price_idr=_price(page, item, currency),
            category=category,
        ),
        ("description", text_or_none(maybe(item, "description"), "description")),
    )


def _menu(page: Page, merchant: Entry, shop: Shop) -> None:
    categories = get(merchant, "menu", "categories")
    if not isinstance(categories, list):
        raise ShapeError("menu.categories", "is no list")
    currency, shown = get(merchant, "currency"), set[str]()
    for category in categories:
        name = text_or_none(maybe(category, "name"), "category.name")
        page.read_each("items", get(category, "items"), partial(_item, page, shop, name, currency, shown))


def _shop(page: Page, merchant: Entry) -> Shop:
    shop_id = id_text(get(merchant, "ID"), "ID")
    name = need_text(get(merchant, "name"), "name")
    if get(merchant, "status") != LIVE:
        message = "The merchant's status is not known; the merchant is kept as live."
        page.issue("unknown_value", message, "status")
    latitude, longitude = _pin(get(merchant, "latlng"))
    return Shop(
        marketplace=SLUG,
        shop_id=shop_id,
        name=name,
        url=f"{HOME}{merchant_path(name, shop_id)}",
        latitude=latitude,
        longitude=longitude,
        description=text_or_none(maybe(merchant, "description"), "description"),
        rating=rating_or_none(maybe(merchant, "rating"), "rating"),
        rating_count=whole_or_none(maybe(merchant, "voteCount"), "voteCount"),
    )


def merchant(page: Page, document: Any) -> None:
    entities = get(document, *ENTITIES)
    asked = _MERCHANT.fullmatch(urlsplit(page.url).path)
    if not isinstance(entities, dict) or len(entities) != 1:
        raise ShapeError(".".join(ENTITIES), "does not hold one merchant")
    (shop_id, found) = next(iter(entities.items()))
    if not isinstance(found, dict) or (asked and asked["id"] != shop_id) or maybe(found, "ID") != shop_id:
        raise ShapeError("entities.ID", "is another merchant's than the one asked for")
    page.entry_count = 1
    shop = _shop(page, found)
    page.add(shop)
    _menu(page, found, shop)
    shop.listing_count = sum(isinstance(item, Listing) for item in page.items)


# --- which answer -----------------------------------------------------------------------------------------------------


def _kind(document: Any) -> str:
    if has(document, "searchResult"):
        return "search"
    return "merchant" if has(document, *ENTITIES) else ""


def kind_of_url(url: str) -> str:
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:  # "http://["
        return ""
    if path == SEARCH:
        return "search"
    return "merchant" if _MERCHANT.fullmatch(path) else ""


def read(answer: Answer) -> Page:
    """What one answer holds. Raises InputError where its data are cut short."""
    page = Page(marketplace=SLUG, kind="unknown", url=answer.url)
    document = next_data(answer)
    wanted, found = kind_of_url(answer.url), _kind(document)
    if not found or wanted not in ("", found):
        of = f"'{wanted}'" if wanted else "a known kind"
        page.issue("unknown_answer", f"This is not the page asked for: no data of {of} for this address.")
        return page
    page.kind = found
    try:
        (search if found == "search" else merchant)(page, document)
    except ShapeError as error:
        page.kind, page.rows = "unknown", [row for row in page.rows if isinstance(row.item, Issue)]
        page.issue("shape", f"Nothing was read: {error}.", error.field)
    return page
