"""What a shop software has to say about itself, so that one spider can list the shops and products of any of them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from monitor.items import Shop
from monitor.marketplaces import OWN_SHOP
from monitor.own_sites import name_in_host
from monitor.reading import Answer, Page, maybe

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class PagedList:
    """A list that is asked for page by page, below the address at which the software is installed.

    kind: of its pages. page_size: entries of a full page; 0 where the site decides. body: of a POST, by page number.
    """

    kind: str
    path: str
    page_size: int = 0
    parameters: Mapping[str, str | int] = field(default_factory=dict)
    body: Callable[[int], str] | None = None
    is_single: bool = False  # one answer, without a number

    def url(self, root: str, number: int) -> str:
        if self.body is not None or self.is_single:
            return f"{root}{self.path}"
        return f"{root}{self.path}?{urlencode({**self.parameters, 'page': number})}"


@dataclass(frozen=True)
class Software:
    """One shop software.

    read: fills the page from a decoded JSON answer and says whether it is one of this software's.
    about: a document about the site as one shop. shops, shop, products_of: its sellers, one of them, and what one of
    them offers, where it knows sellers.
    products: everything on the site; tried in order, the next where the site does not have the one before.
    finish: what a page of products needs of the page `about`.
    """

    name: str
    read: Callable[[Page, Answer, Any], bool]
    products: tuple[PagedList, ...] = ()
    about: PagedList | None = None
    shops: PagedList | None = None
    shop: Callable[[str], PagedList] | None = None
    products_of: Callable[[str], PagedList] | None = None
    finish: Callable[[Page, Page | None], None] | None = None


def host_of(url: Any) -> str:
    """Host of an address without `www.`; "" where it is none."""
    try:
        return (urlsplit(url if isinstance(url, str) else "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def absolute(address: str, base: str) -> str:
    """The address as seen from a page; "" where it is none at all."""
    try:
        return urljoin(base, address)
    except ValueError:  # "http://[": pages hold anything
        return ""


def site_of(url: str, path: str = "") -> str:
    """Host and folder of a site: what stands before `path` in the address of one of its answers."""
    host = host_of(url)
    folder = re.split(r"[?#]", url, maxsplit=1)[0].partition("://")[2].partition("/")[2]
    before = f"/{folder}".partition(path)[0].rstrip("/") if path and path in f"/{folder}" else ""
    return f"{host}{before}" if host else ""


def site_shop(page: Page, site: str, **known: Any) -> Shop | None:
    """The site as one shop. On a marketplace's own site that shop sells the goods of many businesses."""
    if not site:
        return None
    host, is_collective = site.partition("/")[0], page.marketplace != OWN_SHOP
    return Shop(
        marketplace=page.marketplace,
        shop_id=site,
        username=host if is_collective else name_in_host(host),
        url=f"https://{site}",
        is_collective=is_collective,
        **known,
    )


def in_rupiah(page: Page, currency: Any) -> bool:
    """Whether prices are in rupiah; another currency, or none, is an issue, once for an answer."""
    if currency == "IDR":
        return True
    if isinstance(currency, str) and re.fullmatch(r"[A-Za-z]{3}", currency):
        message = f"Prices are in {currency.upper()}, not in rupiah, and were left out."
    elif currency:
        message = "Prices are not in rupiah and were left out."
    else:
        message = "Prices name no currency and were left out."
    page.issue("currency", message, "prices")
    return False


def no_address(page: Page) -> None:
    """Where nothing in an answer says whose it is, its address has to."""
    page.issue("no_address", "Nothing in this answer says which shop it is from; give its address.")


def decimal_rupiah(amount: Any) -> int | None:
    """Whole rupiah of a number or a decimal text ("85000.00"); None where it is no positive amount."""
    text = str(amount).strip() if isinstance(amount, str | int | float) and not isinstance(amount, bool) else ""
    if not re.fullmatch(r"\d{1,13}(\.\d{1,6})?", text):
        return None
    return round(float(text)) or None


def rows_below(document: Any, *path: str) -> list[Any] | None:
    """The list at a path of a document, None where there is none."""
    found = maybe(document, *path) if path else document
    return found if isinstance(found, list) else None


def first_entry(rows: list[Any] | None) -> Entry:
    return rows[0] if rows and isinstance(rows[0], dict) else {}


def laravel_total(page: Page, document: Any) -> None:
    """What Laravel's pager says of a list: `meta.total`, or the flat form without `meta`."""
    meta = maybe(document, "meta")
    total = maybe(meta, "total")
    if isinstance(total, int) and not isinstance(total, bool):
        page.declared_total = total
    now, last = maybe(meta, "current_page"), maybe(meta, "last_page")
    if isinstance(now, int) and isinstance(last, int):
        page.next["is_last"] = now >= last
