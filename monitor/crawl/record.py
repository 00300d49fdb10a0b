"""What a spider may know of its crawl directory while it crawls."""

from collections.abc import Set
from pathlib import Path
from typing import Any, Protocol

from monitor.planner.steps import Plan
from monitor.reading import Answer
from monitor.refusal import Refusal
from monitor.units import Tally


class CrawlRecord(Protocol):
    """The extension hands it over as `spider.record`."""

    failure: str | None  # one sentence once nothing can be written any more
    course: Plan | None  # what this crawl is to do; None: everything the spider knows, without end
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
