"""Reading one answer of a marketplace into items: pure, so that a spider, `parse` and a test do the same.

An answer (`Answer`) becomes a page (`Page`): the items it holds and what the spider needs to go on. Required fields are
read strictly; an entry that lacks one becomes an issue and is left out, never guessed.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

from parsel import Selector

from monitor.errors import InputError
from monitor.items import Issue, Item, Listing, Shop
from monitor.text import parse_count, parse_money
from monitor.weeks import utc_text

WIB = timezone(timedelta(hours=7))  # the marketplaces print dates of Western Indonesia


class ShapeError(ValueError):
    """An entry is not as documented. field: path such as `shop.id`; the message never quotes a value."""

    def __init__(self, field_name: str, problem: str) -> None:
        self.field = field_name
        super().__init__(f"'{field_name}' {problem}")


@dataclass(frozen=True)
class Answer:
    """One response, or a file that somebody saved. url may be "": then the kind of answer is told by its shape."""

    body: bytes
    url: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names
    is_saved: bool = False  # somebody's file: may be the inner part that `url` names, without its envelope

    @property
    def text(self) -> str:
        return self.body.decode("utf-8-sig", "replace")

    @property
    def looks_like_html(self) -> bool:
        return self.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"

    def json(self) -> Any:
        """The decoded body. Raises InputError when it is no whole JSON document."""
        try:
            return json.loads(self.text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise InputError(f"the answer of {len(self.body)} bytes is no whole JSON document") from None

    def query(self, name: str) -> str | None:
        """Parameter of the request's address."""
        found = parse_qs(urlsplit(self.url).query).get(name)
        return found[0] if found else None


def _refuse_constant(text: str) -> Any:
    raise ValueError(text)


@dataclass(slots=True)
class Row:
    """An item, and text of the same entry that is looked through for identifiers but not kept: (where, text)."""

    item: Item
    scan: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Page:
    """What one answer holds. kind: name of the answer's shape. entry_count: entries in it, readable or not."""

    marketplace: str
    kind: str
    url: str = ""
    shop_id: str = ""  # the shop that was asked for, where the answer itself does not say
    rows: list[Row] = field(default_factory=list)
    entry_count: int = 0
    declared_total: int | None = None
    next: dict[str, Any] = field(default_factory=dict)  # what the spider needs for the next request
    refused: str = ""  # cause, where the answer itself says that it refuses
    sign: str = ""  # what in the answer says so
    _shops: dict[str, list[Shop]] = field(default_factory=dict)
    _said: set[tuple[str, str]] = field(default_factory=set)

    @property
    def items(self) -> list[Item]:
        return [row.item for row in self.rows]

    def add(self, item: Item, *scan: tuple[str, str | None]) -> None:
        """Keep an item; the same shop said twice in one answer is kept once."""
        if isinstance(item, Shop):
            said = self._shops.setdefault(item.shop_id, [])
            if item in said:
                return
            said.append(item)
        self.rows.append(Row(item, tuple((where, text) for where, text in scan if text)))

    def issue(self, kind: str, message: str, field_name: str | None = None) -> None:
        # The query of an address can hold words somebody searched for; host and path say enough.
        url = self.url.split("?")[0] or None
        issue = Issue(marketplace=self.marketplace, kind=kind, message=message, field=field_name, url=url)
        if (kind, message) not in self._said:
            self._said.add((kind, message))
            self.add(issue)

    def read_each(self, where: str, entries: Any, read_one: Callable[[Mapping[str, Any]], None]) -> None:
        """Read every entry of a list; one that is not as documented becomes an issue, the others are kept."""
        if not isinstance(entries, list):
            self.issue("shape", f"'{where}' is no list", where)
            return
        self.entry_count += len(entries)
        for number, entry in enumerate(entries):
            try:
                if not isinstance(entry, dict):
                    raise ShapeError(where, "holds something that is no object")
                read_one(entry)
            except ShapeError as error:
                self.issue("shape", f"{where}[{number}] was left out: {error}", error.field)


# --- fields ---------------------------------------------------------------------------------------------------------


def has(value: Any, *path: str) -> bool:
    """Whether the nested objects hold that path, be the value null or not."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def get(value: Any, *path: str) -> Any:
    """Nested value that must be there (null is allowed). Raises ShapeError with the path."""
    for number, key in enumerate(path):
        if not isinstance(value, dict) or key not in value:
            raise ShapeError(".".join(path[: number + 1]), "is missing")
        value = value[key]
    return value


def maybe(value: Any, *path: str) -> Any:
    """Nested value, None where any part of the path is missing."""
    return get(value, *path) if has(value, *path) else None


def id_text(value: Any, name: str) -> str:
    """An id as text. Never through a float: ids of 19 digits would change."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return str(value)
    if isinstance(value, str) and _is_id(value.strip()):
        return value.strip()
    raise ShapeError(name, "is no id")


def _is_id(text: str) -> bool:
    """No blanks and nothing that was no UTF-8: a damaged id is another shop's, or nobody's."""
    return text not in ("", "0") and "\ufffd" not in text and not any(character.isspace() for character in text)


def text_or_none(value: Any, name: str) -> str | None:
    """Text as printed without outer blanks; None for null and ""."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ShapeError(name, "is no text")
    return value.strip() or None


def need_text(value: Any, name: str) -> str:
    text = text_or_none(value, name)
    if text is None:
        raise ShapeError(name, "is empty")
    return text


def whole_or_none(value: Any, name: str) -> int | None:
    """A count that the site gives as number or as digits; None for null and ""."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value.strip()):
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        return int(value)
    raise ShapeError(name, "is no whole number")


def number_or_none(value: Any, name: str) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ShapeError(name, "is no number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise ShapeError(name, "is no number") from None
    if not abs(number) < 1e15:  # also inf and nan
        raise ShapeError(name, "is no number")
    return number


def rating_or_none(value: Any, name: str) -> float | None:
    """0 to 5; the sites write 0 for "not rated yet", which is absent here."""
    number = number_or_none(value, name)
    return None if number is None or number == 0 else number


def flag_or_none(value: Any, name: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if value in (0, 1):
        return bool(value)
    raise ShapeError(name, "is neither true nor false")


def sold(value: Any, name: str) -> tuple[int | None, bool | None]:
    """Sold count and whether the site rounded it; (None, None) where nothing is printed."""
    if value is None or value == "":
        return None, None
    count = parse_count(value) if _is_short(value) else None
    if count is None:
        raise ShapeError(name, "is no count of things sold")
    return count.value, count.is_rounded


def rupiah_or_none(value: Any, name: str) -> int | None:
    """Whole rupiah of a number or of text such as "Rp12.000"; None for null and ""."""
    if value is None or value == "":
        return None
    amount = parse_money(value) if _is_short(value) else None
    if amount is None:
        raise ShapeError(name, "is no amount of rupiah")
    return amount


def _is_short(value: Any) -> bool:
    """Whether it can be a printed amount: hundreds of digits are none."""
    return isinstance(value, str | int | float) and len(str(value)) <= 60


def epoch_date(value: Any, name: str) -> str | None:
    """ISO date (WIB) of epoch seconds; 0 and null are absent."""
    moment = _moment(value, name)
    return moment.astimezone(WIB).date().isoformat() if moment else None


def epoch_time(value: Any, name: str) -> str | None:
    """ISO time (UTC) of epoch seconds."""
    moment = _moment(value, name)
    return utc_text(moment) if moment else None


def _moment(value: Any, name: str) -> datetime | None:
    seconds = whole_or_none(value, name)
    if not seconds:
        return None
    if not 0 < seconds < 4_102_444_800:  # 2100-01-01: beyond it are milliseconds
        raise ShapeError(name, "is no time in seconds")
    return datetime.fromtimestamp(seconds, UTC)


def bare_url(value: Any, name: str, base: str = "") -> str | None:
    """Address without query and fragment (they hold tracking); `//host/…` and paths get the scheme of `base`."""
    url = text_or_none(value, name)
    if url is None:
        return None
    if url.startswith("//"):
        url = f"https:{url}"
    elif url.startswith("/"):
        url = f"{base}{url}"
    if not url.startswith(("http://", "https://")) or not _is_address(url):
        raise ShapeError(name, "is no address")
    return re.split(r"[?#]", url, maxsplit=1)[0].rstrip("/")


def _is_address(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname) and "\ufffd" not in url  # what was no UTF-8 leads elsewhere
    except ValueError:  # "http://["
        return False


def last_part(url: str | None) -> str | None:
    """Last part of an address's path: the slug of a shop."""
    try:
        path = urlsplit(url or "").path.strip("/")
    except ValueError:  # "http://[": people and pages print anything
        return None
    return path.rsplit("/", 1)[-1] or None


def plain_text(value: str | None) -> str | None:
    """Text of an HTML fragment, at most its first 200,000 characters."""
    if not value:
        return None
    value = value[:200_000]
    if "<" in value:  # a parser: patterns over hostile markup can run for hours
        found = Selector(text=value, type="html").xpath("//text()[not(ancestor::script or ancestor::style)]").getall()
        return " ".join(" ".join(found).split()) or None
    return " ".join(html.unescape(value).split()) or None


def joined(parts: Iterable[str | None]) -> str | None:
    """Category path: parts joined by " > "."""
    return " > ".join(part for part in parts if part) or None


def add_listing(page: Page, listing: Listing, shop: Shop | None, *scan: tuple[str, str | None]) -> None:
    """A listing together with what the same entry says about its shop."""
    if shop is not None:
        page.add(shop)
    page.add(listing, *scan)
