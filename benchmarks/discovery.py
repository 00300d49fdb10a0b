"""How many shops of registered businesses a budget finds on a capped marketplace, against the catalogue's own order.

Run: python benchmarks/discovery.py [--seed N ...] [--picture FILE]. Training worlds (three, kept apart from those that
the planner was made with), each with 5,000 shops on one marketplace whose searches end after sixty entries. The planner
and the order of units are the program's own; the marketplace answers in memory. Compared, with a tenth of the requests
of everything:

* catalogue's order: every query of the panel in every kab/kota, in the order of the file, each split until nothing is
  capped. To its end this is everything; after a tenth of its requests it is what a crawl without a plan has found.
* unsplit: the same order, and what is capped stays so until every query was asked once. Shown, not judged.
* plan: what the planner makes of it, week after week.

Links are taken from the truth: every shop of a registered business that was read counts as linked from the next week
on, since linkage is measured elsewhere. Each week 1.5 % of the shops leave.

Exits with 1 when the plan finds less than three times as many shops of registered businesses in week 1 as the
catalogue's order, over all worlds, or when in a later week of any of them fewer than 95 % of the linked shops that are
still there are known to be.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from scrapy.exceptions import CloseSpider
from scrapy.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from monitor import regions  # noqa: E402
from monitor.items import Shop  # noqa: E402
from monitor.marketplaces import marketplace  # noqa: E402
from monitor.planner.history import TITLES, UNSEEN_PER_SHOP, asked_queries  # noqa: E402
from monitor.planner.plan import Able, History, LinkedShop, plan  # noqa: E402
from monitor.planner.steps import Plan  # noqa: E402
from monitor.planner.words import Asked, Text, words_of  # noqa: E402
from monitor.reading import Row  # noqa: E402
from monitor.sandbox.draws import Draws  # noqa: E402
from monitor.sandbox.listings import Listing  # noqa: E402
from monitor.sandbox.storefront import Storefront  # noqa: E402
from monitor.sandbox.world import World, make_world  # noqa: E402
from monitor.units import (  # noqa: E402
    PANEL,
    QUERY_UNITS,
    SHOP_UNITS,
    KnownShop,
    Read,
    SearchShape,
    Tally,
    Unit,
    UnitDone,
    query_parts,
    unit_name,
)
from spiders.queries import panel  # noqa: E402
from spiders.running import UnitRunner  # noqa: E402

SLUG = "tokopedia"
SHOPS, BUSINESSES, OWNED_SHARE = 5_000, 20_000, 0.06
ROWS, PAGES = 60, 1  # entries of a page, pages after which a list ends
BUDGET_SHARE = 0.1
WEEKS = 4
LEAVING = 0.015  # shops per week
MIN_RATIO, MIN_FRESH = 3.0, 0.95
BANDS = ((0, 15_000), (15_000, 30_000), (30_000, 60_000), (60_000, 120_000), (120_000, 1_000_000_000))


class Site:
    """The marketplace: searches by words, place and price that end after PAGES pages, and pages of shops."""

    def __init__(self, world: World) -> None:
        self.store = Storefront(world, SLUG)
        self.left: set[str] = set()

        @cache
        def hits(words: str, area: str, low: int, high: int) -> tuple[Listing, ...]:
            def keep(listing: Listing) -> bool:
                return low <= listing.price < high and self.store.shop(listing).place == area

            return tuple(self.store.search(words, keep))

        self._hits = hits

    def search(self, words: str, area: str, low: int, high: int) -> list[Listing]:
        """All of them; a list shows ROWS * PAGES."""
        return [hit for hit in self._hits(words, area, low, high) if hit.shop_id not in self.left]


@dataclass
class Record:
    """What a crawl directory would hold."""

    course: Plan | None = None
    budget: int = 0
    failure: str | None = None
    done: dict[str, UnitDone] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def done_units(self) -> Any:
        return self.done.keys()

    def tally_of(self, name: str) -> Tally | None:
        row = self.done.get(name)
        return None if row is None else Tally(row.declared_total, row.fetched, row.capped, row.found)

    def plan(self, units: int) -> None: ...

    def replan(self, units: int) -> None: ...

    def count(self, name: str, by: int = 1) -> None:
        self.counts[name] += by


class MarketSpider(UnitRunner):
    """Reads the marketplace as Tokopedia's spider reads its own: by kab/kota and query, split by price."""

    name = SLUG
    search = SearchShape(by_area=True, rows=ROWS, most_rows=ROWS * PAGES)

    def __init__(self, site: Site, record: Record, owned: frozenset[str]) -> None:
        super().__init__()
        self.settings = Settings()
        self.site, self.kept, self.owned = site, record, owned
        self.record = record  # type: ignore[assignment]
        self.shown: dict[str, set[str]] = {}  # unit -> shops
        self.found: set[str] = set()  # of registered businesses
        self.curve: list[int] = []  # how many of them after each request

    @property
    def seen(self) -> set[str]:
        return set().union(*self.shown.values())

    async def units(self) -> AsyncIterator[Unit]:
        for query in (self.course.queries if self.course is not None else ()) or panel():
            for area in regions.areas():
                data = {"code": area.code, "query": query, "low": 0, "high": BANDS[-1][1]}
                yield Unit(f"{QUERY_UNITS}{area.code}/{unit_name(query)}", query, data)

    async def read_unit(self, unit: Unit, tally: Tally) -> AsyncIterator[Row]:
        if unit.kind == "shop":
            self._send()
            tally.found = unit.data["id"] not in self.site.left
            shown = [unit.data["id"]] if tally.found else []
            for shop_id in shown:
                yield self._row(shop_id, unit)
            return
        hits = self.site.search(unit.data["query"], unit.data["code"], unit.data["low"], unit.data["high"])
        tally.declared_total, tally.capped = len(hits), len(hits) > ROWS * PAGES
        for start in range(0, max(1, min(len(hits), ROWS * PAGES)), ROWS):
            self._send()
            page = hits[start : start + ROWS]
            tally.fetched += len(page)
            for hit in page:
                yield self._row(hit.shop_id, unit)
            self.curve[-1] = len(self.found)

    def _send(self) -> None:
        if self.kept.budget and self._sent >= self.kept.budget:
            raise CloseSpider("budget")
        self._sent += 1
        self._requests += 1
        self.curve.append(len(self.found))

    def _row(self, shop_id: str, unit: Unit) -> Row:
        self.shown.setdefault(unit.name, set()).add(shop_id)
        if shop_id in self.owned:
            self.found.add(shop_id)
        return Row(Shop(marketplace=SLUG, shop_id=shop_id))

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        """By price: first into bands, then in halves down to 1,000 rupiah."""
        low, high = unit.data["low"], unit.data["high"]
        bands = BANDS if high - low == BANDS[-1][1] else _halves(low, min(high, 2_000_000))
        return [Unit(f"{unit.name}/harga-{a}-{b}", unit.query, {**unit.data, "low": a, "high": b}) for a, b in bands]

    def shop_unit(self, shop: KnownShop) -> Unit:
        return Unit(f"toko/{shop.shop_id}", shop.shop_id, {"id": shop.shop_id})

    async def _hand_over(self, thing: Read | UnitDone) -> None:
        if isinstance(thing, UnitDone):
            self.kept.done[thing.unit] = thing


class InOrder(MarketSpider):
    """Each query is split as soon as it is capped, before the next one is asked."""

    async def units(self) -> AsyncIterator[Unit]:
        async for unit in super().units():
            async for part in self._with_parts(unit):
                yield part

    async def _with_parts(self, unit: Unit) -> AsyncIterator[Unit]:
        yield unit
        tally = self.kept.tally_of(unit.name)
        for part in super().split(unit, tally) if tally is not None and tally.capped else ():
            async for narrower in self._with_parts(part):
                yield narrower

    def split(self, unit: Unit, tally: Tally) -> Sequence[Unit]:
        return ()


def _halves(low: int, high: int) -> tuple[tuple[int, int], ...]:
    middle = (low + high) // 2
    return ((low, middle), (middle, high)) if high - low > 1_000 else ()


def crawl(
    kind: type[MarketSpider], site: Site, owned: frozenset[str], budget: int, course: Plan | None = None
) -> MarketSpider:
    spider = kind(site, Record(course, budget), owned)

    async def whole() -> None:
        async for _ in spider.start():
            pass

    try:
        asyncio.run(whole())
    except CloseSpider as end:
        assert end.reason == "budget", end.reason
    return spider


# --- what the planner knows ---


def registry_texts(world: World) -> list[Text]:
    users: Counter[tuple[str, str, str]] = Counter()
    rows = (world.registry[name] for name in ("PRODUK", "KAB/KOTA", "KBLI"))
    for product, area, group in zip(*rows, strict=True):
        codes = regions.area_codes(area)
        if len(codes) == 1 and product:
            users[" ".join(words_of(product)), codes[0], group] += 1
    return [Text(text, area, float(count), 0.0, group) for (text, area, group), count in sorted(users.items())]


@dataclass
class Known:
    """What stays from week to week."""

    texts: list[Text]
    linked: dict[str, str] = field(default_factory=dict)  # shop -> week it was last seen
    missed: Counter[str] = field(default_factory=Counter)
    asked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    panel: tuple[str, ...] = ()
    in_panel: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def history(self, site: Site) -> History:
        area_of = {shop: site.store.shops[shop].place for shop in self.linked}
        linked = [
            LinkedShop(KnownShop(shop, is_linked=True), week, self.missed[shop], shop in self.in_panel)
            for shop, week in self.linked.items()
            if self.missed[shop] < 2
        ]
        return History(
            linked=linked,
            texts=self.texts,
            titles=[text for shop, area in sorted(area_of.items()) for text in _titles(site, shop, area)],
            linked_in=Counter(area_of.values()),
            asked=[self.asked[key] for key in sorted(self.asked)],
            panel=self.panel,
            like_share=(len(self.linked) + 2.5) / (len(self.seen) + 50),
            known=sorted(self.seen),
        )

    def learn(self, spider: MarketSpider, week: str, course: Plan) -> None:
        owned = {unit: shops & spider.owned for unit, shops in spider.shown.items()}
        self.asked |= asked_queries([asdict(row) for row in spider.kept.done.values()], owned)
        weekly = (row.unit for row in spider.kept.done.values() if row.stage == PANEL)
        self.in_panel = {shop for unit in weekly for shop in owned.get(unit, ())}
        for shop in spider.found:
            self.linked[shop], self.missed[shop] = week, 0
        for row in spider.kept.done.values():
            self.missed[row.unit.removeprefix(SHOP_UNITS)] += row.found is False
        if course.fixes_panel:
            self.panel = tuple(f"{query_parts(step.unit)[0]}/{step.query}" for step in course.of_stage(PANEL))
        self.seen |= spider.seen


def _titles(site: Site, shop: str, area: str) -> list[Text]:
    titles = sorted({" ".join(words_of(listing.title)) for listing in site.store.of_shop.get(shop, [])})
    return [Text(title, area, 1 / len(titles), UNSEEN_PER_SHOP / len(titles), TITLES) for title in titles]


def make_course(known: Known, site: Site, budget: int, week: str) -> Plan:
    areas = [area.code for area in regions.areas()]
    able = Able(True, MarketSpider.search)
    return plan(marketplace(SLUG), able, known.history(site), budget=budget, week=week, panel=panel(), areas=areas)


# --- the benchmark ---


def run(seed: int) -> dict[str, Any]:
    regions.use("36")
    world = make_world(seed, BUSINESSES, SHOPS, OWNED_SHARE, 0.5, (SLUG,))
    site = Site(world)
    owned = frozenset(world.truth.loc[world.truth["source_id"] != "", "shop_id"])
    everything = crawl(InOrder, site, owned, 0)
    budget = round(BUDGET_SHARE * len(everything.curve))
    unsplit = crawl(MarketSpider, site, owned, budget)
    known, draws = Known(registry_texts(world)), Draws(seed, "leaving")
    weeks = []
    for number in range(WEEKS):
        week = f"2026-W{40 + number}"
        if number:
            site.left |= {shop for shop in sorted(site.store.shops) if draws.chance(LEAVING)}
        before = {shop for shop in known.linked if shop not in site.left}
        course = make_course(known, site, budget, week)
        spider = crawl(MarketSpider, site, owned, budget, course)
        known.learn(spider, week, course)
        weeks.append(
            {
                "week": number + 1,
                "requests": len(spider.curve),
                "linked": len(before),
                "fresh": len(before & spider.seen) / len(before) if before else None,
                "found": len(set(known.linked)),
                "stages": Counter(row.stage for row in spider.kept.done.values()),
                "curve": spider.curve,
            }
        )
    return {"owned": len(owned), "everything": everything, "unsplit": unsplit, "budget": budget, "weeks": weeks}


def in_order(found: dict[str, Any]) -> int:
    """What a crawl in the catalogue's order has found when the budget ends."""
    return int(found["everything"].curve[found["budget"] - 1])


def show(seed: int, found: dict[str, Any]) -> None:
    everything, unsplit, weeks = found["everything"], found["unsplit"], found["weeks"]
    print(f"world {seed}: {SHOPS:,} shops, {found['owned']} of registered businesses; lists end after {ROWS * PAGES}")
    print(f"everything:        {len(everything.curve):6,} requests find {len(everything.found)}")
    print(f"catalogue's order: {found['budget']:6,} requests find {in_order(found)}")
    print(f"unsplit:           {len(unsplit.curve):6,} requests find {len(unsplit.found)}")
    for week in weeks:
        fresh = "" if week["fresh"] is None else f", {week['fresh']:.1%} of {week['linked']} linked shops fresh"
        stages = ", ".join(f"{stage} {count}" for stage, count in week["stages"].items())
        print(f"plan, week {week['week']}:      {week['requests']:6,} requests, {week['found']} found so far{fresh}")
        print(f"{'':19}{stages}")


def holds(worlds: Sequence[dict[str, Any]]) -> bool:
    planned = sum(found["weeks"][0]["found"] for found in worlds)
    ratio = planned / max(sum(map(in_order, worlds)), 1)
    unsplit = planned / max(sum(len(found["unsplit"].found) for found in worlds), 1)
    least = min(week["fresh"] for found in worlds for week in found["weeks"][1:])
    print(f"week 1: {ratio:.2f} times the catalogue's order (at least {MIN_RATIO}), {unsplit:.2f} times unsplit")
    print(f"later weeks: at least {least:.1%} of the linked shops fresh (at least {MIN_FRESH:.0%})")
    return bool(ratio >= MIN_RATIO and least >= MIN_FRESH)


def draw(found: dict[str, Any], path: Path) -> None:
    """Shops of registered businesses found after each request of week 1, as PNG or SVG."""
    import altair
    import pandas as pd

    curves = {
        "catalogue's order": found["everything"].curve[: found["budget"]],
        "catalogue's order, unsplit": found["unsplit"].curve,
        "plan": found["weeks"][0]["curve"],
    }
    rows = [
        {"requests": at, "found": count, "way": way}
        for way, curve in curves.items()
        for at, count in enumerate(curve, start=1)
    ]
    chart = (
        altair.Chart(pd.DataFrame(rows))
        .mark_line()
        .encode(
            x=altair.X("requests:Q", title="requests of week 1"),
            y=altair.Y("found:Q", title=f"shops of registered businesses found (of {found['owned']})"),
            color=altair.Color("way:N", title=None),
        )
        .properties(width=520, height=300)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    chart.save(str(path), scale_factor=2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, nargs="*", default=[1001, 1002, 1003])
    parser.add_argument("--picture", type=Path, help="curve of week 1 of the first world, PNG or SVG")
    chosen = parser.parse_args()
    begun, worlds = time.monotonic(), []
    for seed in chosen.seed:
        worlds.append(run(seed))
        show(seed, worlds[-1])
    result = holds(worlds)
    print(f"{time.monotonic() - begun:.0f} s")
    if chosen.picture:
        draw(worlds[0], chosen.picture)
    return 0 if result else 1


if __name__ == "__main__":
    sys.exit(main())
