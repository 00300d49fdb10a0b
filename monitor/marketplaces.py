"""The catalogue of marketplaces: what each one is, when it is crawled and what is expected of it.

Declared once in `marketplaces.toml`; nothing in it is repeated in a spider.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from monitor.errors import UsageError

KINDS = ("general", "fashion", "groceries", "food", "b2b", "government", "social", "classifieds", "export")
SUPPORTS = ("crawled", "until_refused", "link_check", "handed_over", "closed")
EVIDENCE = ("captured", "documented", "modelled", "none")
REQUESTED = ("crawled", "until_refused", "link_check")  # supports in which this program sends requests
OWN_SHOP = "own_shop"  # every shop a site of its own
MIN_DELAY_S = 2.0  # no lane of ours is faster than this on a live site
CATALOGUE_FILE = Path(__file__).with_name("marketplaces.toml")

_NOT_TEXT: dict[str, tuple[type, ...]] = {
    "delay_s": (int, float),
    "collective": (bool,),
    "needs_key": (bool,),
    "shows_all": (bool,),
    "personal_names": (bool,),
    "weekly_budget": (int,),
}
_SLUG = re.compile(r"[a-z][a-z0-9_]*")
_WEEKLY = re.compile(r"(monday|tuesday|wednesday|thursday|friday|saturday|sunday) ([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class Bounds:
    """Shops of the region, or of unknown place, that a complete crawl or feed may hold."""

    min: int
    max: int


@dataclass(frozen=True, kw_only=True)
class Marketplace:
    """One entry of the catalogue.

    kind, support, evidence: one of KINDS, SUPPORTS, EVIDENCE. weekly_on: "sunday 01:00" in the region's time zone,
    "" where nothing is requested. terms_checked_on, ended_on: ISO dates or "". bare_places: how this site means a place
    printed without Kota or Kab., folded word -> kode. collective: its shops sell the goods of many businesses.
    personal_names: what it prints as a shop's name may be the owner's own name: for matching, never for publishing.
    shop_url_patterns: see `shop_of_url`. note: Indonesian sentence for readers, why it is not (fully) read; may be "".
    """

    slug: str
    title: str
    operator: str
    home_url: str
    kind: str
    support: str
    expected_shops: Bounds
    note: str
    hosts: tuple[str, ...]
    shop_url_patterns: tuple[re.Pattern[str], ...]
    weekly_on: str = ""
    delay_s: float = 5.0  # seconds between requests
    weekly_budget: int = 4_000  # requests of one week; 0: no limit
    terms_checked_on: str = ""
    ended_on: str = ""
    evidence: str = "none"
    collective: bool = False
    needs_key: bool = False  # of an official interface, in MONITOR_<SLUG>_KEY
    shows_all: bool = True  # whether its lists hold every shop, so that one they do not show may be gone
    personal_names: bool = False
    bare_places: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_requested(self) -> bool:
        """Whether this program ever sends it a request."""
        return self.support in REQUESTED

    @property
    def is_known_by_links(self) -> bool:
        """Whether its shops cannot be listed: only known ones are asked for, and absence from a crawl means nothing."""
        return self.support == "link_check" or self.slug == OWN_SHOP


@dataclass(frozen=True)
class ShopUrl:
    """Where a declared address points. An id or name of None means: this marketplace, shop not readable from it."""

    marketplace: str
    shop_id: str | None = None
    username: str | None = None


def nearest(word: str, known: Mapping[str, Any]) -> str:
    """` Did you mean 'x'?` for the known word closest to `word`."""
    from rapidfuzz import process

    found = process.extractOne(word, list(known))
    return f" Did you mean '{found[0]}'?" if found else ""


def _bounds(value: Any) -> Bounds:
    if not isinstance(value, dict) or set(value) != {"min", "max"}:
        raise ValueError("expected_shops must be like { min = 1, max = 5_000 }")
    low, high = value["min"], value["max"]
    if type(low) is not int or type(high) is not int or not 0 <= low <= high:
        raise ValueError("expected_shops needs whole numbers with 0 <= min <= max")
    return Bounds(low, high)


def _patterns(value: Any) -> tuple[re.Pattern[str], ...]:
    compiled = []
    for pattern in _texts(value, "shop_url_patterns"):
        try:
            compiled.append(re.compile(pattern))
        except re.error as error:
            raise ValueError(f"shop_url_patterns holds an invalid pattern ({error})") from None
        if not {"shop_id", "username"} & set(compiled[-1].groupindex):
            raise ValueError(f"shop_url_patterns needs a group shop_id or username in {pattern!r}")
    return tuple(compiled)


def _texts(value: Any, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{key} must be a list of texts")
    return tuple(value)


def _date(value: Any, key: str) -> str:
    text = value.isoformat() if isinstance(value, date) else value
    if text:
        try:
            date.fromisoformat(text)
        except (TypeError, ValueError):
            raise ValueError(f"{key} must be a date like 2026-11-21, not {value!r}") from None
    return str(text)


def _value(key: str, value: Any) -> Any:
    if key == "expected_shops":
        return _bounds(value)
    if key == "shop_url_patterns":
        return _patterns(value)
    if key == "hosts":
        return _texts(value, key)
    if key in ("terms_checked_on", "ended_on"):
        return _date(value, key)
    if key == "bare_places":
        if not isinstance(value, dict) or not all(re.fullmatch(r"\d{4}", str(code)) for code in value.values()):
            raise ValueError("bare_places must map words to four-digit codes")
        return dict(value)
    wanted = _NOT_TEXT.get(key, (str,))
    if type(value) not in wanted:
        raise ValueError(f"{key} must be {' or '.join(kind.__name__ for kind in wanted)}, not {value!r}")
    return float(value) if key == "delay_s" else value


def _check(entry: Marketplace) -> None:
    for key, allowed in (("kind", KINDS), ("support", SUPPORTS), ("evidence", EVIDENCE)):
        if getattr(entry, key) not in allowed:
            raise ValueError(f"{key} must be one of {', '.join(allowed)}, not {getattr(entry, key)!r}")
    if (entry.support == "closed") != bool(entry.ended_on):
        raise ValueError("ended_on belongs to closed marketplaces, and every closed one has it")
    if entry.is_requested and not _WEEKLY.fullmatch(entry.weekly_on):
        raise ValueError("weekly_on must be like 'sunday 01:00'")
    if not entry.is_requested and (entry.weekly_on or entry.terms_checked_on):
        raise ValueError("weekly_on and terms_checked_on belong to marketplaces that are requested")
    if entry.delay_s < MIN_DELAY_S:
        raise ValueError(f"delay_s must be at least {MIN_DELAY_S}")
    if entry.weekly_budget < 0:
        raise ValueError("weekly_budget is a number of requests, or 0 for no limit")
    if entry.support == "crawled" and entry.expected_shops.min < 1:
        raise ValueError("expected_shops of a crawled marketplace starts at 1 or more: an empty crawl is no result")
    if entry.support != "crawled" and not entry.note:
        raise ValueError("note must tell readers why it is not read")


def _entry(slug: str, values: Any) -> Marketplace:
    known = {item.name: item for item in fields(Marketplace) if item.name != "slug"}
    if not _SLUG.fullmatch(slug) or not isinstance(values, dict):
        raise ValueError("an entry is a table with a lower-case name")
    for key in values:
        if key not in known:
            raise ValueError(f"unknown key '{key}'.{nearest(key, known)}")
    for key, item in known.items():
        if key not in values and item.default is MISSING and item.default_factory is MISSING:
            raise ValueError(f"'{key}' is missing")
    entry = Marketplace(slug=slug, **{key: _value(key, value) for key, value in values.items()})
    _check(entry)
    return entry


def read_catalogue(text: str, where: str = CATALOGUE_FILE.name) -> dict[str, Marketplace]:
    """Entries by slug in file order. Raises UsageError naming entry and key."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where} is not valid TOML: {error}.") from None
    found = {}
    for slug, values in tables.items():
        try:
            found[slug] = _entry(slug, values)
        except ValueError as error:
            raise UsageError(f"{where}, [{slug}]: {str(error).rstrip('.')}.") from None
    return found


@cache
def _shipped() -> dict[str, Marketplace]:
    from monitor.spider_update import CATALOGUE, active

    bundle = active()
    path = bundle / CATALOGUE if bundle else CATALOGUE_FILE
    return read_catalogue(path.read_text(encoding="utf-8"))


def catalogue() -> dict[str, Marketplace]:
    """Every marketplace by slug, crawled ones first, in the order of the file."""
    return dict(_shipped())


def marketplace(slug: str) -> Marketplace:
    """The entry of `slug`. Raises UsageError with the nearest known slug."""
    known = _shipped()
    if slug not in known:
        raise UsageError(f"Unknown marketplace '{slug}'.{nearest(slug, known)}")
    return known[slug]


def _host_and_path(url: str) -> tuple[str, str]:
    text = url.strip()
    parts = urlsplit(text if "://" in text else f"https://{text}")
    host = (parts.hostname or "").removeprefix("www.")
    return host, f"{host}{unquote(parts.path).rstrip('/')}"


def shop_of_url(url: str) -> ShopUrl | None:
    """Marketplace and shop that an address names; None when its host belongs to no marketplace of the catalogue.

    Registries hold a domain followed by a display name with blanks; such an "address" names no shop, so a username
    with blanks is not returned.
    """
    try:
        host, path = _host_and_path(url)
    except ValueError:  # "http://[": people type anything
        return None
    found = _shop_at(host, path)
    if found is None and host.startswith("m."):  # the pages for telephones are the same shops
        found = _shop_at(host[2:], path[2:])
    return found


def _shop_at(host: str, path: str) -> ShopUrl | None:
    named = None
    for entry in _shipped().values():
        for pattern in entry.shop_url_patterns:
            match = pattern.search(path)
            if match:
                groups = {key: value for key, value in match.groupdict().items() if value and " " not in value}
                return ShopUrl(entry.slug, groups.get("shop_id"), groups.get("username"))
        if named is None and host in {name.removeprefix("www.") for name in entry.hosts}:
            named = ShopUrl(entry.slug)
    return named
