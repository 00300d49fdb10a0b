"""Which part of a crawl a process reads: a decision by name alone, so that every unit belongs to exactly one process.

What is asked every week is divided (searches by kab/kota or by query, own shops by site); what depends on everything
that was found before it (parts of capped lists, new queries, shops that were not seen, pages of detail) is read
afterwards by one process, `REST`, which goes on with the merged crawl as with any interrupted one. A marketplace whose
units cannot be divided so is read by `REST` alone.
"""

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from zlib import crc32

from monitor.cluster.lanes import domain
from monitor.marketplaces import OWN_SHOP
from monitor.planner.steps import Plan
from monitor.units import EXPLORE, NEW, QUERY_UNITS, SHOP_UNITS, SearchShape, query_parts

AREA, QUERY, SITE = "area", "query", "site"  # by what a marketplace is divided
SHARDS = 4  # each begins with robots.txt and what the spider has to know first, so many small ones would cost requests
SITE_SHARDS = 8  # at most, of own shops: these have a lane each and are read side by side
SITES_PER_SHARD = 20
REST = -1
AREA_LISTS = re.compile(r"daftar/(\d{4})/[^/]+$")  # lists by kab/kota and word; a longer name is a part of a capped one
SPARE = 5  # requests before a process's first unit: places, categories, whether a kind of answer is given at all


@dataclass(frozen=True)
class Shard:
    """number of count, divided by `kind`; `2/4 area` as text."""

    kind: str
    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count} {self.kind}"

    @classmethod
    def of(cls, text: str) -> "Shard":
        """The shard of its text. Raises ValueError."""
        numbers, _, kind = text.partition(" ")
        number, _, count = numbers.partition("/")
        return cls(kind, int(number), int(count))

    def holds(self, unit: str, plan: Plan | None) -> bool:
        """Whether this shard reads the unit of that name. At most one does; units that none holds are `REST`'s."""
        return owner(unit, self.kind, self.count, plan) == self.number


def kind_of(slug: str, search: SearchShape | None) -> str | None:
    """By what the marketplace is divided; None where it is read whole."""
    if slug == OWN_SHOP:
        return SITE
    if search is None:
        return None
    return AREA if search.by_area else QUERY


def count_of(kind: str | None, sites: int = 0) -> int:
    """Shards of a marketplace; 0 where `REST` reads it alone. sites: how many own shops there are."""
    if kind == SITE:
        return max(2, min(SITE_SHARDS, sites // SITES_PER_SHARD))
    return SHARDS if kind is not None else 0


def owner(unit: str, kind: str, count: int, plan: Plan | None) -> int:
    """Number of the shard that reads the unit, or REST."""
    if kind == SITE:
        shop_id = unit.removeprefix(SHOP_UNITS)
        return _bucket(domain(shop_id.partition("/")[0]), count) if unit != shop_id else REST
    if unit.startswith(SHOP_UNITS):
        # Known shops come first and are given up as a whole when none answers, so they stay together.
        return 0 if plan is not None and unit.removeprefix(SHOP_UNITS) in _linked(plan) else REST
    listed = AREA_LISTS.match(unit)
    if listed is not None and kind == AREA and not (plan is not None and plan.only_shops):
        return _bucket(listed[1], count)
    if not unit.startswith(QUERY_UNITS) or not _is_weekly(unit, plan):
        return REST
    area, query = query_parts(unit)
    if unit.count("/") != (2 if area else 1):  # a part of a capped list
        return REST
    return _bucket(area if area is not None else query, count)


def _bucket(key: str, count: int) -> int:
    return (int(key) if key.isdecimal() else crc32(key.encode())) % count


def _linked(plan: Plan) -> Set[str]:
    return {shop.shop_id for shop in plan.shops_to_ask(if_unseen=False)}


def _is_weekly(unit: str, plan: Plan | None) -> bool:
    if plan is None:
        return True
    step = plan.step_of(unit)
    return not plan.only_shops and step is not None and step.stage not in (NEW, EXPLORE)


class DoneElsewhere(Set[str]):
    """Units that this process need not read: those that are done, and those that are another's."""

    def __init__(self, done: Mapping[str, object], shard: Shard, plan: Plan | None) -> None:
        self._done, self._shard, self._plan = done, shard, plan

    def __contains__(self, unit: object) -> bool:
        return unit in self._done or not self._shard.holds(str(unit), self._plan)

    def __iter__(self) -> Iterator[str]:
        return iter(self._done)

    def __len__(self) -> int:
        return len(self._done)


def budgets(whole: int, weights: Mapping[int, float]) -> dict[int, int]:
    """Requests of each shard, 0 for no limit. weights: requests that each is expected to need.

    Together they stay below the whole: at least one request is left for REST, which also gets what the shards do not
    use and goes on with what they did not reach. A shard that is missing here is left to REST.
    """
    if not whole:
        return dict.fromkeys(weights, 0)
    share = (whole - 1) / sum(weights.values())
    given = {number: max(1, int(weight * share)) for number, weight in weights.items()}
    while sum(given.values()) >= whole and given:  # a budget smaller than the number of shards
        given.pop(max(given))
    return given


def weights(kind: str, count: int, plan: Plan) -> dict[int, float]:
    """Requests that each shard is expected to need, by the plan's own costs."""
    found = dict.fromkeys(range(count), float(SPARE))
    for step in plan.steps:
        number = owner(step.unit, kind, count, plan) if step.fits else REST
        if number != REST:
            found[number] += step.cost
    return found
