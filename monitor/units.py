"""What passes from a spider through the item pipelines into the crawl directory: items in units of work.

A unit is the smallest piece of a crawl that is done or not done: one query, one shop's profile. A crawl that was killed
runs every unit again that was not done.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from monitor.items import Item
from monitor.reading import Answer
from monitor.refusal import Refusal

if TYPE_CHECKING:
    from monitor.planner.steps import Plan

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


class CrawlRecord(Protocol):
    """What a spider may know of its crawl directory; the extension hands it over as `spider.record`."""

    failure: str | None  # one sentence once nothing can be written any more
    course: "Plan | None"  # what this crawl is to do; None: everything the spider knows, without end
    budget: int  # requests of this run, 0 for no limit

    @property
    def done_units(self) -> Set[str]: ...

    def tally_of(self, name: str) -> Tally | None:
        """How far a done unit got."""

    def plan(self, units: int) -> None:
        """So many more units are to be run; for progress and stats."""

    def replan(self, units: int) -> None:
        """So many units are to be run, whatever was said before."""

    def seen_shops(self) -> list[dict[str, Any]]:
        """Shops of the done units, one row each, ordered by id, as the readers of the directory will see them."""

    def missing_place(self, name: str) -> None:
        """A kab/kota of the region that could not be searched; the crawl then is not complete."""

    def count(self, name: str, by: int = 1) -> None:
        """Add to a figure of `stats.json`."""

    def refused(self, refusal: Refusal, answer: Answer | None) -> None:
        """Keep the cause and the evidence of a refusal."""

    def evidence(self, name: str, body: bytes) -> Path | None:
        """Keep a body as it came."""
