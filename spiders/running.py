"""In what order a crawl's units are run, how a capped one is split, and where a budget ends it.

Linked shops are asked for first, since their state this week decides presence; then what is asked every week (lists and
the fixed panel), and the linked shops that it showed last time and does not show now; then, best first, the parts of
capped queries and new queries; then exploration; last the pages that add detail. A budget that ends within what comes
every week leaves the crawl unfinished; later it is just spent.
"""

import traceback
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from scrapy import Spider
from scrapy.exceptions import CloseSpider

from monitor.crawl.record import CrawlRecord
from monitor.items import Issue, Listing, Shop
from monitor.planner.steps import Plan, Step
from monitor.reading import Row
from monitor.units import EXPLORE, LINKED, NEW, PANEL, KnownShop, Read, SearchShape, Tally, Unit, UnitDone, query_parts
from spiders.yields import Yields

MAX_FAILED_UNITS = 10  # in a row: whatever it is, asking on is of no use to anybody
MAX_OPTIONAL_FAILURES = 3  # of a stage's first units; then the stage is given up
UNSEEN_SHARE = 0.5  # of a capped list whose site states no total


class UnansweredError(Exception):
    """One unit cannot be read; the crawl goes on. kind: kind of the issue."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


@dataclass(frozen=True)
class _Waiting:
    """A unit that is run when nothing better is left. promise: new shops that it should show per request."""

    unit: Unit
    stage: str
    promise: float
    kind: str  # part or query

    @property
    def area(self) -> str | None:
        return query_parts(self.unit.name)[0] if self.unit.kind == "query" else None


class UnitRunner(Spider):
    """The part of a spider that knows nothing of its marketplace."""

    search: ClassVar[SearchShape | None] = None  # of sites that are searched by `queries`
    record: CrawlRecord | None = None  # set by the extension when the crawl directory is open

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._failed_units = 0  # in a row
        self._optional_failures = 0
        self._optional_done = 0
        self._requests = 0  # since the unit began
        self._sent = 0
        self._seen: set[str] = set()  # ids of the shops of this run
        self._fresh = 0  # of them, new and first shown by the last unit
        self._counted: set[str] = set()  # units that this run read to their end
        self._waiting: list[_Waiting] = []
        self._yields = Yields()
        self._extra = 0  # units that `units` does not count
        self._skipped = 0  # units that the plan leaves out
        self._is_spent = False
        self._is_resumed = False

    # --- for subclasses ---

    def units(self) -> AsyncIterator[Unit]:
        """The units of a whole crawl, in order: lists and searches, then pages that add detail to what they found."""
        raise NotImplementedError

    def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        """Rows of one unit. Raises UnansweredError when it cannot be read to its end.

        A unit that asks for one shop sets `tally.found`: True with the shop's row, False where the site says that there
        is no such shop. A page that is not the page asked for raises and is never "not found".
        """
        raise NotImplementedError

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        """Narrower units that together hold what a capped unit holds; () where it cannot be split further.

        By area, category, price band or keyword. Their names go on from the parent's, since resuming goes by names:
        `cari/3603/kopi` -> `cari/3603/kopi/harga-0-25000`. A function of unit and tally alone: a resumed crawl calls it
        again for units that are done.
        """
        return ()

    def shop_unit(self, shop: KnownShop) -> Unit | None:
        """The unit `toko/<shop_id>` that asks for the present state of one known shop; None where there is none."""
        return None

    # --- order ---

    @property
    def course(self) -> Plan | None:
        return self.record.course if self.record is not None else None

    async def start(self) -> AsyncIterator[Any]:
        """Runs the units. Items are handed to the pipelines here and waited for, so that a unit ends after its rows."""
        if self.record is None:
            raise CloseSpider("not_started")
        try:
            await self._run_all()
        except UnansweredError as error:  # what has to be known before any unit
            await self._hand_over(Read(self.issue(error.kind, str(error)), "rencana"))
            raise CloseSpider("not_plannable") from None
        nothing: tuple[Any, ...] = ()
        for thing in nothing:  # Scrapy wants a generator here
            yield thing

    async def _run_all(self) -> None:
        assert self.record is not None
        self._is_resumed = bool(self.record.done_units)
        for unit in self._linked_units(self._known_shops(if_unseen=False)):
            await self._visit(unit, LINKED)
        if (self.course is not None and self.course.only_shops) or await self._run_planned():
            return
        for unit in self._linked_units(self._unseen()):
            await self._visit(unit, LINKED, must=False)
        await self._run_waiting()
        self.record.replan(self._extra - self._skipped)
        async for unit in self.units():
            if _is_detail(unit):
                await self._visit(unit, None)

    def _known_shops(self, *, if_unseen: bool) -> list[KnownShop]:
        return self.course.shops_to_ask(if_unseen=if_unseen) if self.course is not None else []

    def _unseen(self) -> list[KnownShop]:
        """Linked shops that the panel should have shown and did not."""
        assert self.record is not None
        shops = self._known_shops(if_unseen=True)
        if shops and self._is_resumed:
            self._seen.update(row["shop_id"] for row in self.record.seen_shops())
        return [shop for shop in shops if shop.shop_id not in self._seen]

    def _linked_units(self, shops: Sequence[KnownShop]) -> Iterator[Unit]:
        assert self.record is not None
        units = [unit for unit in map(self.shop_unit, shops) if unit is not None]
        self._extra += len(units)
        self.record.plan(len(units))
        yield from units

    async def _run_planned(self) -> bool:
        """What is asked every week; whether that was all. Else units wait that come before pages of detail."""
        assert self.record is not None
        async for unit in self.units():
            if _is_detail(unit):
                if self._waiting or self._known_shops(if_unseen=True):
                    return False
                await self._visit(unit, None)
                continue
            step = self._step_of(unit)
            if step is None:
                self._skipped += 1
                self.record.plan(-1)
            elif step.stage in (NEW, EXPLORE):
                self._waiting.append(self._new_query(unit, step))
            else:
                await self._visit(unit, step.stage)
                self._learn(self._new_query(unit, step))
        return not self._waiting and not self._known_shops(if_unseen=True)

    def _step_of(self, unit: Unit) -> Step | None:
        if self.course is None or unit.kind != "query":
            return Step(PANEL, unit.name, "", 1.0)
        return self.course.step_of(unit.name)

    def _new_query(self, unit: Unit, step: Step) -> _Waiting:
        like = self.course.like_share if self.course is not None and self.course.like_share else 1.0
        return _Waiting(unit, step.stage, step.expected / like / max(step.cost, 1.0), "query")

    def _learn(self, ran: _Waiting) -> None:
        if ran.promise and ran.unit.name in self._counted:
            self._yields.note(ran.kind, ran.area, ran.promise, self._fresh, max(self._requests, 1))

    def _worth(self, one: _Waiting) -> float:
        return self._yields.corrected(one.kind, one.area, one.promise)

    async def _run_waiting(self) -> None:
        """Parts of capped units and new queries, best first; a fixed share is kept for exploration."""
        kept = self.course.kept_for_details if self.course is not None else 0.0
        explore = sum(step.cost for step in self.course.of_stage(EXPLORE) if step.fits) if self.course else 0.0
        await self._run_best((NEW, PANEL), kept + explore)
        await self._run_best((EXPLORE,), kept)
        await self._run_best((NEW, PANEL, EXPLORE), kept)
        assert self.record is not None
        if self._waiting:
            self.record.count("units/not_asked", len(self._waiting))

    async def _run_best(self, stages: Sequence[str], kept: float) -> None:
        while self._left() > kept:
            best = max((one for one in self._waiting if one.stage in stages), key=self._worth, default=None)
            if best is None:
                return
            self._waiting.remove(best)
            await self._visit(best.unit, best.stage, must=False)
            self._learn(best)

    def _left(self) -> float:
        """Requests that may still be sent."""
        assert self.record is not None
        if self._is_spent:
            return 0.0
        return self.record.budget - self._sent if self.record.budget else float("inf")

    async def _visit(self, unit: Unit, stage: str | None, *, must: bool = True) -> None:
        """Runs the unit unless it is done; a capped one leaves narrower units waiting.

        must: asked every week, so that a budget that does not reach it leaves the crawl unfinished.
        """
        assert self.record is not None
        self._requests, self._fresh = 1, 1
        must = must and not unit.optional
        if unit.name not in self.record.done_units:
            if self._is_spent and not must:
                return
            try:
                await self._run(unit, stage, unit.optional or stage == LINKED)
            except CloseSpider as end:
                if must or end.reason != "budget":
                    raise
                self._is_spent = True
                self.record.count("budget/spent")
        self._wait_for_parts(unit, stage)

    def _wait_for_parts(self, unit: Unit, stage: str | None) -> None:
        assert self.record is not None
        tally = self.record.tally_of(unit.name)
        parts = self.split(unit, tally) if tally is not None and tally.capped else ()
        if tally is None or not parts:
            return
        self._extra += len(parts)
        self.record.plan(len(parts))
        promise = self._promise_of_parts(tally)
        self._waiting += [_Waiting(part, stage or PANEL, promise, "part") for part in parts]

    def _promise_of_parts(self, tally: Tally) -> float:
        """New shops per request among the rows that a cap hid, if they are like those it showed."""
        unseen = UNSEEN_SHARE
        if tally.declared_total:
            unseen = max(0.0, 1 - tally.fetched / tally.declared_total)
        return unseen * self._fresh / max(self._requests, 1)

    def _gave_up_optional(self) -> bool:
        return self._optional_done == 0 and self._optional_failures >= MAX_OPTIONAL_FAILURES

    # --- one unit ---

    async def _run(self, unit: Unit, stage: str | None, is_optional: bool) -> None:
        assert self.record is not None
        if is_optional and self._gave_up_optional():
            return
        tally = Tally()
        self._requests, self._fresh = 0, 0
        try:
            async for row in self.read_unit(unit, tally):
                self._notice(unit, row, tally)
                await self._hand_over(Read(row.item, unit.name, row.scan))
        except UnansweredError as error:
            await self._not_done(unit, error, is_optional)
            return
        except CloseSpider:
            raise
        except Exception as error:  # a mistake in a spider costs one unit, and the crawl its health
            self.record.count("errors")
            self.logger.error("Unit failed with %s at %s.", type(error).__name__, _place_of(error))
            problem = UnansweredError("error", f"The program failed with {type(error).__name__}.")
            await self._not_done(unit, problem, is_optional)
            return
        self._counted.add(unit.name)
        self._optional_done += is_optional
        self._failed_units = 0
        tally.requests = self._requests
        parts = len(self.split(unit, tally)) if tally.capped else 0
        await self._hand_over(replace(_done(unit, tally), stage=stage, split_into=parts))

    def _notice(self, unit: Unit, row: Row, tally: Tally) -> None:
        if not isinstance(row.item, Shop | Listing):
            return
        if row.item.shop_id and row.item.shop_id not in self._seen:
            self._seen.add(row.item.shop_id)
            self._fresh += self.course is None or row.item.shop_id not in self.course.known_ids
        if unit.kind == "shop" and tally.found is None and unit.name.endswith(f"/{row.item.shop_id}"):
            tally.found = True

    async def _not_done(self, unit: Unit, error: UnansweredError, is_optional: bool) -> None:
        assert self.record is not None
        self._optional_failures += is_optional
        self.record.count("units/optional_failed" if is_optional else "units/failed")
        if not is_optional:
            self.record.count(f"failed/{error.kind}")
        await self._hand_over(Read(self.issue(error.kind, f"{unit.name}: {error}"), unit.name))
        if error.kind == "robots" and not is_optional:
            raise CloseSpider("robots")
        self._failed_units += 1
        if reason := await self.reason_to_end(self._failed_units):
            raise CloseSpider(reason)

    async def reason_to_end(self, failed_in_a_row: int) -> str | None:
        """Why a crawl ends in which so many units in a row could not be read; None: it goes on."""
        return "unreadable" if failed_in_a_row >= MAX_FAILED_UNITS else None

    async def _hand_over(self, thing: Read | UnitDone) -> None:
        assert self.crawler.engine is not None and self.record is not None
        scraper = self.crawler.engine.scraper
        try:
            await scraper.start_itemproc_async(thing, response=None)
        finally:
            # After an item Scrapy looks whether it may close only for items of callbacks; a crawl that was told to end
            # just here would wait for ever (Scrapy 2.19).
            slot = scraper.slot
            if slot is not None and slot.closing is not None and not slot.closing.called and slot.is_idle():
                slot.closing.callback(self)
        if self.record.failure:
            raise CloseSpider("store_error")

    def issue(self, kind: str, message: str, field: str | None = None) -> Issue:
        return Issue(marketplace=self.name, kind=kind, message=message, field=field)


def _is_detail(unit: Unit) -> bool:
    return unit.optional or unit.kind == "shop"


def _done(unit: Unit, tally: Tally) -> UnitDone:
    return UnitDone(
        unit=unit.name,
        query=unit.query,
        declared_total=tally.declared_total,
        fetched=tally.fetched,
        capped=tally.capped,
        found=tally.found,
        requests=tally.requests,
    )


def _place_of(error: BaseException) -> str:
    """File and line, without values: what was read may be personal."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
