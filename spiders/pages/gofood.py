"""GoFood's pages: home, list of areas, an area's localities, a locality, a list of outlets, one outlet with its menu.

Seen: a locality page and an outlet page (build 17.19.0, February 2026), an outlet page as HTML (build 6.1.3, September
2023) and outlets as a scraper flattened them. The others are as public scrapers unpack them and are read strictly.
"""

import re
from typing import Any

from monitor.items import Issue
from monitor.reading import Answer, Page, ShapeError, get, has, maybe
from spiders.pages.gofood_outlets import SLUG, Entry, flat, outlet, outlets
from spiders.pages.gofood_paths import LIST, LOCALITY, OUTLET, kind_of_path, path_of
from spiders.pages.next_data import next_data, page_props

_PROBE = re.compile(rb"<script[^>]+src=\"[^\"]*/probe\.js")
_CHALLENGE_SIZE = 2_000  # the page that a plain request got in February 2026 has 209 bytes


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
    found = {path: name for name, path in _links(props) if LOCALITY.fullmatch(path)}
    if not found:
        raise ShapeError("contents", "names no locality")
    page.next["localities"], page.entry_count = found, len(found)


def locality(page: Page, props: Entry) -> None:
    """Outlets shown on the page, and page.next["lists"]: path -> name of its lists, nearest and by cuisine."""
    page.next["lists"] = {path: name for name, path in _links(props) if LIST.fullmatch(path)}
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


def _kind(document: Any, props: Any) -> str:
    """What the page is, by what it carries; "" for one that is not GoFood's or of no known kind."""
    if isinstance(maybe(props, "outlet"), dict):
        return "outlet"
    if isinstance(maybe(props, "outlets"), list):
        return "outlets"
    paths = [path for _, path in _safe_links(props)]
    if any(LIST.fullmatch(path) for path in paths):
        return "locality"
    if any(LOCALITY.fullmatch(path) for path in paths):
        return "area"
    is_own = maybe(props, "tenant", "uid") == SLUG and has(document, "buildId")
    return "home" if is_own else ""


def _is_asked(document: Any, path: str) -> bool:
    """Whether the page says that it is about the place in its address; a JSON route does not say."""
    place = OUTLET.fullmatch(path) or LIST.fullmatch(path) or LOCALITY.fullmatch(path)
    said = maybe(document, "query", "service_area")
    if place is None or said is None:
        return True
    locality = maybe(document, "query", "locality")
    asked = f"{place['locality']}-restaurants" if "locality" in place.groupdict() else None
    return bool(said == place["area"] and (asked is None or locality in (None, asked)))


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
        page.read_each("outlets", document, lambda row: flat(page, row))
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
