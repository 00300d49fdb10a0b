"""GoFood's pages: home, list of areas, an area's localities, a locality, a list of outlets, one outlet with its menu.

Seen: a locality page and an outlet page (build 17.19.0, February 2026), an outlet page as HTML (build 6.1.3, September
2023) and outlets as a scraper flattened them. The others are as public scrapers unpack them and are read strictly.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from monitor.errors import InputError
from monitor.items import Issue, Listing, Shop
from monitor.reading import (
    WIB,
    Answer,
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
from spiders.pages.next_data import next_data, page_props

SLUG = "gofood"
HOME = "https://gofood.co.id"
Entry = Mapping[str, Any]

OPENING = (1, 2)  # open or closed at this hour; says nothing about whether the outlet still exists
REGULAR_SECTION = 1  # others (2 promotions, 4 the outlet's best) show items of regular ones again
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OUTLET = re.compile(rf"/(?P<area>[^/]+)/restaurant/[^/]*?(?P<uid>{_UUID})")
_LOCALITY = re.compile(r"/(?P<area>[^/]+)/(?P<locality>[^/]+)-restaurants")
_LIST = re.compile(r"/(?P<area>[^/]+)/(?P<locality>[^/]+)-restaurants/(?P<category>[^/]+(?:/[^/]+)?)")
_LANGUAGE = re.compile(r"^/(?:id|en|vi)(?=/|$)")
_PROBE = re.compile(rb"<script[^>]+src=\"[^\"]*/probe\.js")
_CHALLENGE_SIZE = 2_000  # the page that a plain request got in February 2026 has 209 bytes


def path_of(url: str) -> str:
    """Path of an address of this site without its language; JSON routes as the page they stand for."""
    path = unquote(urlsplit(url).path).rstrip("/")
    path = re.sub(r"^/_next/data/[^/]+|\.json$", "", path)
    return _LANGUAGE.sub("", path)


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


def _flat(page: Page, row: Entry) -> None:
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
    asked = _OUTLET.fullmatch(path_of(page.url))
    if asked and asked["uid"] != shop.shop_id:
        raise ShapeError("outlet.uid", "is another outlet's than the one asked for")
    if shop.latitude is None and shop.city is None:  # then the area it delivers in is all that is known of its place
        shop.city = text_or_none(maybe(props, "pathLocation", "name"), "pathLocation.name")
    page.add(shop)
    _menu(page, found, shop)
    shop.listing_count = sum(isinstance(item, Listing) for item in page.items)


# --- areas and localities ---------------------------------------------------------------------------------------------


def _links(props: Entry) -> list[tuple[str, str]]:
    """Name and path of everything that the page's contents link to."""
    contents = get(props, "contents")
    if not isinstance(contents, list):
        raise ShapeError("contents", "is no list")
    found = []
    for block in contents:
        entries = get(block, "data")
        for entry in entries if isinstance(entries, list) else []:
            name, path = maybe(entry, "name"), maybe(entry, "path")
            if isinstance(name, str) and isinstance(path, str):
                found.append((name.strip(), path_of(path)))
    return found


def cities(page: Page, props: Entry) -> None:
    """page.next["areas"]: path of the area -> name, as `/tangerang` -> `Tangerang`."""
    areas = {path: name for name, path in _links(props) if re.fullmatch(r"/[^/]+", path)}
    areas |= {path.removesuffix("/restaurants"): name for name, path in _links(props) if path.endswith("/restaurants")}
    if not areas:
        raise ShapeError("contents", "names no area")
    page.next["areas"], page.entry_count = areas, len(areas)


def localities(page: Page, props: Entry) -> None:
    """page.next["localities"]: path -> name, as `/tangerang/karawaci-restaurants` -> `Karawaci`."""
    found = {path: name for name, path in _links(props) if _LOCALITY.fullmatch(path)}
    if not found:
        raise ShapeError("contents", "names no locality")
    page.next["localities"], page.entry_count = found, len(found)


def locality(page: Page, props: Entry) -> None:
    """Outlets shown on the page, and page.next["lists"]: path -> name of its lists, nearest and by cuisine."""
    page.next["lists"] = {path: name for name, path in _links(props) if _LIST.fullmatch(path)}
    for block in get(props, "contents"):
        if maybe(block, "type") == "OUTLET":
            outlets(page, get(block, "data"))


# --- which page -------------------------------------------------------------------------------------------------------

READERS = {
    "cities": cities,
    "area": localities,
    "locality": locality,
    "outlets": lambda page, props: outlets(page, get(props, "outlets")),
    "outlet": outlet,
}


def kind_of_path(path: str) -> str:
    """Kind of page that a path asks for, "" for one that is not read."""
    if path == "/cities":
        return "cities"
    if re.fullmatch(r"/[^/]+/restaurants", path):
        return "area"
    for kind, pattern in (("outlet", _OUTLET), ("locality", _LOCALITY), ("outlets", _LIST)):
        if pattern.fullmatch(path):
            return kind
    return ""


def _kind(document: Any, props: Any) -> str:
    """What the page is, by what it carries; "" for one that is not GoFood's or of no known kind."""
    if isinstance(maybe(props, "outlet"), dict):
        return "outlet"
    if isinstance(maybe(props, "outlets"), list):
        return "outlets"
    paths = [path for _, path in _safe_links(props)]
    if any(_LIST.fullmatch(path) for path in paths):
        return "locality"
    if any(_LOCALITY.fullmatch(path) for path in paths):
        return "area"
    is_own = maybe(props, "tenant", "uid") == SLUG and has(document, "buildId")
    return "home" if is_own else ""


def _is_asked(document: Any, path: str) -> bool:
    """Whether the page says that it is about the place in its address; a JSON route does not say."""
    place = _OUTLET.fullmatch(path) or _LIST.fullmatch(path) or _LOCALITY.fullmatch(path)
    said = maybe(document, "query", "service_area")
    if place is None or said is None:
        return True
    locality = maybe(document, "query", "locality")
    asked = f"{place['locality']}-restaurants" if "locality" in place.groupdict() else None
    return bool(said == place["area"] and (asked is None or locality in (None, asked)))


def is_not_found(answer: Answer) -> bool:
    """Whether it is the site's own "not found", as its software writes it: 404 alone was also met as a refusal."""
    if answer.status != 404 or not answer.looks_like_html:
        return False
    try:
        return maybe(next_data(answer), "page") in ("/404", "/_error")
    except InputError:
        return False


def _safe_links(props: Any) -> list[tuple[str, str]]:
    try:
        return _links(props)
    except ShapeError:
        return []


def _refused(page: Page, answer: Answer) -> bool:
    """The page with nothing but `probe.js`, which a plain request got in February 2026 (said to come with 202)."""
    if len(answer.body) < _CHALLENGE_SIZE and _PROBE.search(answer.body):
        page.refused, page.sign = "challenge", "page with nothing but probe.js"
    return bool(page.refused)


def read(answer: Answer) -> Page:
    """What one page holds. Raises InputError where its data are cut short."""
    page = Page(marketplace=SLUG, kind="unknown", url=answer.url)
    if _refused(page, answer):
        return page
    document = next_data(answer)
    if answer.is_saved and isinstance(document, list):
        page.kind = "outlets"
        page.read_each("outlets", document, lambda row: _flat(page, row))
        return page
    build, props = maybe(document, "buildId"), page_props(document)
    path = path_of(answer.url)
    wanted, found = kind_of_path(path), _kind(document, props)
    if wanted == "cities" and found in ("", "home") and isinstance(maybe(props, "contents"), list):
        found = "cities"  # only its address tells the list of areas from other pages
    if not found or wanted not in ("", found) or not _is_asked(document, path):
        of = f"'{wanted}'" if wanted else "a known kind"
        page.issue("unknown_answer", f"This is not the page asked for: no data of {of} for this address.")
        return page
    page.kind = found
    page.next["build"] = build if isinstance(build, str) and re.fullmatch(r"[\w.~-]{1,60}", build) else None
    _fill(page, props)
    return page


def _fill(page: Page, props: Any) -> None:
    try:
        if page.kind in READERS:
            READERS[page.kind](page, props)
    except ShapeError as error:
        page.kind, page.rows = "unknown", [row for row in page.rows if isinstance(row.item, Issue)]
        page.issue("shape", f"Nothing was read: {error}.", error.field)
