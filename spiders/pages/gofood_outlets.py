"""Outlets of GoFood: in lists, in lists that a scraper flattened, and alone with their menu."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from monitor.items import Listing, Shop
from monitor.reading import (
    WIB,
    Page,
    ShapeError,
    bare_url,
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
from spiders.pages.gofood_paths import HOME, OUTLET, path_of

SLUG = "gofood"
Entry = Mapping[str, Any]

OPENING = (1, 2)  # open or closed at this hour; says nothing about whether the outlet still exists
REGULAR_SECTION = 1  # others (2 promotions, 4 the outlet's best) show items of regular ones again


# --- outlets ----------------------------------------------------------------------------------------------------------


def _pin(location: Any) -> tuple[float | None, float | None]:
    """Latitude and longitude; 0,0 is no place of an outlet."""
    latitude = number_or_none(get(location, "latitude"), "location.latitude")
    longitude = number_or_none(get(location, "longitude"), "location.longitude")
    return (latitude, longitude) if latitude or longitude else (None, None)


def _town(core: Entry) -> str | None:
    """Last line of the address, where there are several; the lines above are a street and are not read on."""
    lines = maybe(core, "address", "rows")
    if not isinstance(lines, list) or len(lines) < 2:
        return None
    return text_or_none(lines[-1], "address.rows")


def _rating(outlet: Entry) -> tuple[float | None, int | None]:
    """Mean and number of ratings; lists of 2026 print the number as 0 beside a mean: then it is not known."""
    mean = rating_or_none(maybe(outlet, "ratings", "average"), "ratings.average")
    return mean, whole_or_none(maybe(outlet, "ratings", "total"), "ratings.total") or None


def _joined_on(core: Entry) -> str | None:
    """Day on which the outlet was made; the one start date that a marketplace prints for food."""
    created = text_or_none(maybe(core, "createTime"), "core.createTime")
    if created is None:
        return None
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        raise ShapeError("core.createTime", "is no time") from None
    if moment.tzinfo is None:
        raise ShapeError("core.createTime", "has no time zone")
    return moment.astimezone(WIB).date().isoformat()


def _shop(page: Page, outlet: Entry, path: Any) -> Shop:
    core = get(outlet, "core")
    status = whole_or_none(get(core, "status"), "core.status")
    if status not in OPENING:
        page.issue("unknown_value", f"Outlet status {status} is not known; the outlet is kept as live.", "core.status")
    latitude, longitude = _pin(get(core, "location"))
    rating, rating_count = _rating(outlet)
    link = bare_url(maybe(core, "shortLink"), "core.shortLink")
    return Shop(
        marketplace=SLUG,
        shop_id=id_text(get(outlet, "uid"), "uid"),
        aliases=[link] if link else [],
        name=need_text(get(core, "displayName"), "core.displayName"),
        url=bare_url(path, "path", HOME),
        city=_town(core),
        latitude=latitude,
        longitude=longitude,
        description=text_or_none(maybe(core, "description"), "core.description"),
        rating=rating,
        rating_count=rating_count,
        joined_on=_joined_on(core),
    )


def _listed(page: Page, outlet: Entry) -> None:
    page.add(_shop(page, outlet, get(outlet, "path")))


def outlets(page: Page, entries: Any) -> None:
    page.read_each("outlets", entries, lambda outlet: _listed(page, outlet))


def flat(page: Page, row: Entry) -> None:
    """One outlet of the flat lists that a scraper made of the site's answers (February 2026)."""
    latitude, longitude = _pin(row)
    link = bare_url(maybe(row, "short_link"), "short_link")
    page.add(
        Shop(
            marketplace=SLUG,
            shop_id=id_text(get(row, "uid"), "uid"),
            aliases=[link] if link else [],
            name=need_text(get(row, "name"), "name"),
            url=bare_url(get(row, "path"), "path", HOME),
            latitude=latitude,
            longitude=longitude,
            rating=rating_or_none(maybe(row, "rating_average"), "rating_average"),
            rating_count=whole_or_none(maybe(row, "rating_total"), "rating_total") or None,
        )
    )


# --- one outlet -------------------------------------------------------------------------------------------------------


def _price(price: Any, page: Page) -> int | None:
    if get(price, "currencyCode") != "IDR":
        page.issue("currency", "A price is not in rupiah and was left out.", "price.currencyCode")
        return None
    units = whole_or_none(get(price, "units"), "price.units")
    return units if not whole_or_none(maybe(price, "nanos"), "price.nanos") else None


def _item(page: Page, shop: Shop, section: str | None, item: Entry) -> None:
    if id_text(get(item, "outletUid"), "outletUid") != shop.shop_id:
        raise ShapeError("outletUid", "is not the outlet's")
    page.add(
        Listing(
            marketplace=SLUG,
            listing_id=id_text(get(item, "uid"), "uid"),
            shop_id=shop.shop_id,
            title=need_text(get(item, "displayName"), "displayName"),
            url=shop.url,
            price_idr=_price(get(item, "price"), page),
            category=section,
        ),
        ("description", text_or_none(maybe(item, "description"), "description")),
    )


def _menu(page: Page, outlet: Entry, shop: Shop) -> None:
    """Every item once, under its regular section."""
    sections = get(outlet, "catalog", "sections")
    if not isinstance(sections, list) or not all(isinstance(section, dict) for section in sections):
        raise ShapeError("catalog.sections", "is no list of sections")
    shown: set[str] = set()
    for section in sorted(sections, key=lambda section: maybe(section, "type") != REGULAR_SECTION):
        items = get(section, "items")
        name = text_or_none(maybe(section, "displayName"), "section.displayName")
        fresh = [item for item in items if _is_new(item, shown)] if isinstance(items, list) else items
        page.read_each("items", fresh, partial(_item, page, shop, name))


def _is_new(item: Any, shown: set[str]) -> bool:
    uid = str(maybe(item, "uid"))
    if has(item, "uid") and uid in shown:
        return False
    shown.add(uid)
    return True


def outlet(page: Page, props: Entry) -> None:
    found = get(props, "outlet")
    page.entry_count = 1
    shop = _shop(page, found, get(props, "outletUrl"))
    asked = OUTLET.fullmatch(path_of(page.url))
    if asked and asked["uid"] != shop.shop_id:
        raise ShapeError("outlet.uid", "is another outlet's than the one asked for")
    if shop.latitude is None and shop.city is None:  # then the area it delivers in is all that is known of its place
        shop.city = text_or_none(maybe(props, "pathLocation", "name"), "pathLocation.name")
    page.add(shop)
    _menu(page, found, shop)
    shop.listing_count = sum(isinstance(item, Listing) for item in page.items)
