"""What a marketplace is asked for in a week, within its budget of requests. Pure: no database, no files, no clock.

In this order: known shops of registered businesses (their state this week decides presence); the fixed query panel,
which never changes, so that weeks compare; new queries by registry-like shops expected per request; a fixed share for
exploration. Nothing here knows which businesses are used to measure what the monitor misses.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.marketplaces import Marketplace
from monitor.planner.steps import Plan, Step
from monitor.planner.words import Asked, Ranked, Text, Words, with_rates
from monitor.units import EXPLORE, LINKED, NEW, PANEL, QUERY_UNITS, SHOP_UNITS, KnownShop, SearchShape, unit_name

LINKED_SHARE = 0.8  # of a budget, at most: without a panel weeks do not compare
PANEL_SHARE = 0.4  # of what is left
EXPLORE_SHARE = 0.05  # of the budget
DETAIL_SHARE = 0.25  # of what is left after linked shops and panel, where a crawl reads pages of detail
FLOOR = 0.002  # registry-like shops per request; a query that promises less is left to exploration
USUAL_RATE = 0.005  # registry-like shops of a marketplace per registered business, before any were linked
RATE_PRIOR = 2_000  # businesses that weigh as much as what was learnt in an area
UNSEEN_COST = 0.1  # requests for a linked shop that the panel showed last time
EXPLORED = 2_000  # queries among which exploration draws


@dataclass(frozen=True)
class Able:
    """What a spider can do. search: None where the site is not searched by query."""

    asks_shops: bool = False
    search: SearchShape | None = None


@dataclass(frozen=True)
class LinkedShop:
    """A shop that a registered business runs. missed: attempts in a row that did not find it.

    in_panel: whether what is asked every week showed it last time.
    """

    shop: KnownShop
    seen_week: str
    missed: int = 0
    in_panel: bool = False


@dataclass(frozen=True)
class History:
    """What is known before the week.

    linked: shops of registered businesses. texts: what businesses sell, per kab/kota (users; shops are filled in here).
    titles: what linked shops offer, per kab/kota. linked_in: linked shops per kab/kota. asked: queries of past crawls.
    panel: query keys ("3603/gula aren" or "gula aren") if a part of the shipped panel was fixed for this marketplace.
    details: pages of detail that the last crawl read. like_share: linked shops among those of the region. known: ids of
    shops seen before.
    """

    linked: Sequence[LinkedShop] = ()
    texts: Sequence[Text] = ()
    titles: Sequence[Text] = ()
    linked_in: Mapping[str, int] = field(default_factory=dict)
    asked: Sequence[Asked] = ()
    panel: Sequence[str] = ()
    details: int = 0
    like_share: float = 0.05
    known: Sequence[str] = ()


def key_of(query: str, area: str) -> str:
    """How a query is named in the fixed panel: "3603/gula aren", or "gula aren" where a search has no place."""
    return f"{area}/{query}" if area else query


def plan(
    entry: Marketplace,
    able: Able,
    history: History,
    *,
    budget: int,
    week: str,
    panel: Sequence[str],
    areas: Sequence[str],
) -> Plan:
    """The steps of one week in order, those that do not fit included.

    budget: requests, 0 for no limit (then linked shops and the whole panel). panel: queries as shipped. areas: codes of
    the region. The same arguments give the same plan.
    """
    linked = _linked_steps(history, budget) if able.asks_shops else []
    if able.search is None:
        return Plan(entry.slug, budget, steps=tuple(linked), like_share=history.like_share)
    left = budget - sum(step.cost for step in linked if step.fits) if budget else 0.0
    queries = _Queries(able.search, history, tuple(areas) if able.search.by_area else ())
    asked = queries.panel_steps(panel, left * PANEL_SHARE if budget else float("inf"))
    steps = [*linked, *asked]
    kept = 0.0
    if budget:
        left -= sum(step.cost for step in asked)
        kept = min(float(history.details), max(0.0, left) * DETAIL_SHARE)
        explore = min(budget * EXPLORE_SHARE, max(0.0, left - kept))
        steps += queries.new_steps(panel, left - kept - explore)
        steps += queries.explore_steps(explore, random.Random(f"{entry.slug}/{week}"))
    chosen = {unit_name(step.query) for step in steps if step.query}
    left_out = tuple(query for query in panel if unit_name(query) not in chosen)
    return Plan(
        marketplace=entry.slug,
        budget=budget,
        kept_for_details=round(kept, 1),
        like_share=history.like_share,
        steps=tuple(steps),
        left_out=left_out,
        fixes_panel=queries.fixes_panel,
        known=history.known,
    )


def _linked_steps(history: History, budget: int) -> list[Step]:
    """Missed ones first, then those not seen for longest; those that the panel should show, and last what is known by
    an address only."""
    order = sorted(
        history.linked,
        key=lambda one: (not one.shop.is_linked, one.in_panel, -one.missed, one.seen_week, one.shop.shop_id),
    )
    left = budget * LINKED_SHARE if budget else float("inf")
    steps = []
    for one in order:
        cost = UNSEEN_COST if one.in_panel else 1.0
        left -= cost
        unit = f"{SHOP_UNITS}{one.shop.shop_id}"
        steps.append(Step(LINKED, unit, _reason(one), cost, shop=one.shop, fits=left >= 0, if_unseen=one.in_panel))
    return steps


def _reason(one: LinkedShop) -> str:
    if one.in_panel:
        return "linked, asked if the panel does not show it this time"
    if one.missed:
        return f"not found {one.missed} time(s)"
    return f"linked, last seen {one.seen_week}" if one.shop.is_linked else "known by a link"


class _Queries:
    """The queries of one plan; what is taken counts as asked for those that come after."""

    def __init__(self, search: SearchShape, history: History, areas: Sequence[str]) -> None:
        self.history = history
        self.areas = tuple(areas) or ("",)
        self.words = Words(_with_shops(history), areas, search)
        self.words.learn(history.asked)
        self.costs = {(unit_name(one.query), one.area): one.requests for one in history.asked}
        self.taken: set[tuple[str, str]] = set()
        self.fixes_panel = False

    def _pairs(self, queries: Iterable[str]) -> list[tuple[str, str]]:
        pairs = ((query, area) for query in queries for area in self.areas)
        return [(query, area) for query, area in pairs if (unit_name(query), area) not in self.taken]

    def _step(self, stage: str, found: Ranked, reason: str, fits: bool = True) -> Step:
        name = unit_name(found.query)
        self.taken.add((name, found.area))
        unit = f"{QUERY_UNITS}{found.area}/{name}" if found.area else f"{QUERY_UNITS}{name}"
        cost = self.costs.get((name, found.area), found.cost)
        return Step(stage, unit, reason, round(cost, 1), round(found.expected, 3), query=found.query, fits=fits)

    def panel_steps(self, shipped: Sequence[str], most: float) -> list[Step]:
        """The part that was fixed; else all of it where it fits, else the part that promises most, in file order."""
        fixed = set(self.history.panel)
        pairs = self._pairs(shipped)
        if fixed:
            chosen = [pair for pair in pairs if key_of(*pair) in fixed]
            reason = "fixed panel of this marketplace"
        elif sum(self._cost(*pair) for pair in pairs) <= most:
            chosen, reason = pairs, "fixed panel"
        else:
            self.fixes_panel = True
            return self._part_of_panel(pairs, most)
        steps = []
        for pair in chosen:
            steps.append(self._step(PANEL, self.words.value(*pair), reason))
            self.words.cover(*pair)
        return steps

    def _part_of_panel(self, pairs: Sequence[tuple[str, str]], most: float) -> list[Step]:
        found = {(one.query, one.area): one for one in self.words.best(pairs, most)}
        most -= sum(one.cost for one in found.values())
        for pair in pairs:  # what promises nothing that is known comes in file order
            cost = self._cost(*pair)
            if pair not in found and cost <= most:
                most -= cost
                found[pair] = self.words.value(*pair)
        return [self._step(PANEL, found[pair], "the fixed part of the panel") for pair in pairs if pair in found]

    def _cost(self, query: str, area: str) -> float:
        return self.costs.get((unit_name(query), area), self.words.value(query, area).cost)

    def new_steps(self, shipped: Sequence[str], budget: float) -> list[Step]:
        for one in self.history.asked:
            if (unit_name(one.query), one.area) not in self.taken:
                self.words.cover(one.query, one.area)
                self.taken.add((unit_name(one.query), one.area))
        pairs = self._pairs(dict.fromkeys([*shipped, *self.words.candidates()]))
        found = self.words.best(pairs, budget, FLOOR)
        return [self._step(NEW, one, f"{one.worth:.2f} registry-like shops a request expected") for one in found]

    def explore_steps(self, budget: float, chance: random.Random) -> list[Step]:
        """Drawn by chance: what is thought to promise little is looked at too, or nobody would ever know."""
        pairs = self._pairs(self.words.candidates())
        chance.shuffle(pairs)
        steps = []
        for query, area in pairs[:EXPLORED]:
            found = self.words.value(query, area)
            if found.cost <= budget:
                budget -= found.cost
                steps.append(self._step(EXPLORE, found, "drawn by chance"))
        return steps


def _with_shops(history: History) -> list[Text]:
    """Texts of businesses with the shops that their area promises, and of linked shops, which stand for others."""
    users: dict[str, float] = {}
    for text in history.texts:
        users[text.area] = users.get(text.area, 0.0) + text.users
    usual = (sum(history.linked_in.values()) + USUAL_RATE * RATE_PRIOR) / (sum(users.values()) + RATE_PRIOR)
    rates = {
        area: (history.linked_in.get(area, 0) + usual * RATE_PRIOR) / (count + RATE_PRIOR)
        for area, count in users.items()
    }
    return [*with_rates(history.texts, rates, usual), *history.titles]
