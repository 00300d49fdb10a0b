"""What passes from a spider through the item pipelines into the crawl directory: items in units of work.

A unit is the smallest piece of a crawl that is done or not done: one query, one shop's profile. A crawl that was killed
runs every unit again that was not done.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.items import Item

QUERY_UNITS = "cari/"  # names of units that are searches begin so: cari/[area/]word[/part of a split ...]
SHOP_UNITS = "toko/"  # names of units that ask for one known shop: toko/<shop_id>
LINKED, PANEL, NEW, EXPLORE = "linked", "panel", "new", "explore"  # stages, in the order in which a budget is spent
_AREA = re.compile(r"\d{4}")


def unit_name(text: str) -> str:
    """Part of a unit's name: lower case letters and digits, joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def query_parts(name: str) -> tuple[str | None, str]:
    """Kab/kota code (None where the site searches without one) and query of a query unit's name, or of a part of it.

    cari/3603/gula-aren/harga-0-25000 -> 3603, gula-aren
    """
    parts = name.removeprefix(QUERY_UNITS).split("/")
    if len(parts) > 1 and _AREA.fullmatch(parts[0]):
        return parts[0], parts[1]
    return None, parts[0]


@dataclass(frozen=True)
class Unit:
    """name: stable from run to run, since resuming goes by it. query: what is asked, for people.

    optional: adds detail to what others found (a shop's profile); that it cannot be read does not fail the crawl.
    """

    name: str
    query: str
    data: Mapping[str, Any] = field(default_factory=dict)
    optional: bool = False

    @property
    def kind(self) -> str:
        """`query` (a search), `shop` (asks for one known shop) or `list` (an enumeration)."""
        for prefix, kind in ((QUERY_UNITS, "query"), (SHOP_UNITS, "shop")):
            if self.name.startswith(prefix):
                return kind
        return "list"


@dataclass(frozen=True)
class SearchShape:
    """How a marketplace's search answers. by_area: one kab/kota at a time, units `cari/<kode>/<query>`.

    rows: entries of one answer. most_rows: entries after which a list ends whatever it holds.
    """

    by_area: bool = False
    rows: int = 60
    most_rows: int = 3_000


@dataclass(frozen=True)
class KnownShop:
    """A shop of earlier weeks that may be asked for by itself. is_linked: a registered business runs it."""

    shop_id: str
    username: str | None = None
    url: str | None = None
    is_linked: bool = False


@dataclass(slots=True)
class Tally:
    """How far a unit got. capped: the site, or we, end the list before its end.

    found: only of units that ask for one shop: True where it answered, False where the site says that there is no such
    shop, None where no shop was asked for. requests: sent for it; counted by the base.
    """

    declared_total: int | None = None
    fetched: int = 0
    capped: bool = False
    found: bool | None = None
    requests: int = 0


@dataclass(slots=True)
class Read:
    """One item of one unit. scan: (where, text) looked through for identifiers and then dropped."""

    item: Item
    unit: str
    scan: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class UnitDone:
    """The unit was read to its end; from here on its rows count."""

    unit: str
    query: str
    declared_total: int | None
    fetched: int
    capped: bool
    found: bool | None = None
    requests: int | None = None
    stage: str | None = None  # of the plan: linked, panel, new, explore
    split_into: int = 0  # narrower units that were made of it because it was capped
