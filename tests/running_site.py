"""A marketplace in memory whose searches end at a cap, read by a spider that is run without a network."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from scrapy.exceptions import CloseSpider
from scrapy.settings import Settings

from monitor.items import Issue, Shop
from monitor.planner.steps import Plan
from monitor.reading import Row
from monitor.units import KnownShop, Read, Tally, Unit, UnitDone
from spiders.running import UnansweredError, UnitRunner

CAP = 4


class Record:
    """What the extension keeps on disk, in memory."""

    def __init__(self, course: Plan | None = None, budget: int = 0) -> None:
        self.failure: str | None = None
        self.course = course
        self.budget = budget
        self.done: dict[str, UnitDone] = {}
        self.shops: dict[str, Shop] = {}
        self.issues: list[str] = []
        self.counts: dict[str, int] = {}
        self.planned = 0

    @property
    def done_units(self) -> Any:
        return self.done.keys()

    def seen_shops(self) -> list[dict[str, Any]]:
        return [{"shop_id": shop_id} for shop_id in sorted(self.shops)]

    def tally_of(self, name: str) -> Tally | None:
        row = self.done.get(name)
        return None if row is None else Tally(row.declared_total, row.fetched, row.capped, row.found)

    def plan(self, units: int) -> None:
        self.planned += units

    def replan(self, units: int) -> None:
        self.planned = units

    def count(self, name: str, by: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + by

    def take(self, thing: Read | UnitDone) -> None:
        if isinstance(thing, UnitDone):
            self.done[thing.unit] = thing
        elif isinstance(thing.item, Shop):
            self.shops[thing.item.shop_id] = thing.item
        elif isinstance(thing.item, Issue):
            self.issues.append(thing.item.message)


class CappedSite(UnitRunner):
    """Searches by word; each shows at most CAP shops and states its total. `halves` of a word split it further.

    site: word -> ids of the shops it finds; a word is split by the last digit of the ids: even, odd, then each digit.
    """

    name = "contoh"

    def __init__(
        self, record: Record, site: Mapping[str, Sequence[str]], words: Sequence[str], details: bool = False
    ) -> None:
        super().__init__()
        self.settings = Settings()
        self.record = record  # type: ignore[assignment]
        self.kept = record
        self.site = site
        self.words = words
        self.details = details
        self.asked: list[str] = []
        self.fails: set[str] = set()
        self.gone: set[str] = set()

    async def units(self) -> AsyncIterator[Unit]:
        words = self.course.queries if self.course is not None else self.words
        self.kept.plan(len(words))
        for word in words:
            yield Unit(f"cari/{word}", word, {"word": word, "digits": "0123456789"})
        if self.details:
            shops = sorted(self.kept.shops)
            self.kept.plan(len(shops))
            for shop_id in shops:
                yield Unit(f"toko/{shop_id}", shop_id, {"id": shop_id}, optional=True)

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        if self.kept.budget and self._sent >= self.kept.budget:
            raise CloseSpider("budget")
        self._sent += 1
        self._requests += 1
        self.asked.append(unit.name)
        if unit.name in self.fails:
            raise UnansweredError("connection", "No answer.")
        if unit.kind == "shop":
            tally.found = unit.data["id"] not in self.gone
            found = [unit.data["id"]] if tally.found else []
        else:
            hits = [one for one in self.site.get(unit.data["word"], ()) if one[-1] in unit.data["digits"]]
            found, tally.declared_total, tally.capped = hits[:CAP], len(hits), len(hits) > CAP
        tally.fetched = len(found)
        for shop_id in found:
            yield Row(Shop(marketplace=self.name, shop_id=shop_id))

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        digits = unit.data["digits"]
        if len(digits) == 1:
            return ()
        parts = (digits[0::2], digits[1::2]) if len(digits) == 10 else tuple(digits)
        return [Unit(f"{unit.name}/{part}", unit.query, {**unit.data, "digits": part}) for part in parts]

    def shop_unit(self, shop: KnownShop) -> Unit | None:
        return Unit(f"toko/{shop.shop_id}", shop.shop_id, {"id": shop.shop_id})

    async def _hand_over(self, thing: Read | UnitDone) -> None:
        self.kept.take(thing)


def run(spider: CappedSite) -> str:
    """Runs the crawl; the reason it ended with."""

    async def whole() -> None:
        async for _ in spider.start():
            pass

    try:
        asyncio.run(whole())
    except CloseSpider as end:
        return end.reason
    return "finished"
