"""What a crawl is to do, step by step: the plan as it lies in the crawl directory and as spiders follow it.

Plain data without a database: a spider, which answers to a marketplace, holds nothing but this.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from monitor.crawl.lines import told, write_whole
from monitor.errors import StoreError
from monitor.units import EXPLORE, LINKED, NEW, PANEL, QUERY_UNITS, KnownShop, query_parts, unit_name

PLAN_FILE = "plan.json"
STAGES = (LINKED, PANEL, NEW, EXPLORE)
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Step:
    """One unit of the plan. cost: expected requests; expected: registry-like shops it may find that are not known yet.

    unit: name of the unit. query: what a search asks for, "" otherwise. fits: whether the budget reaches it.
    if_unseen: asked only where the panel, which showed the shop last time, does not show it.
    """

    stage: str
    unit: str
    reason: str
    cost: float
    expected: float = 0.0
    query: str = ""
    shop: KnownShop | None = None
    fits: bool = True
    if_unseen: bool = False


@dataclass(frozen=True)
class Plan:
    """budget: requests of the week, 0 for no limit. kept_for_details: of them, for pages that add to what others found.

    like_share: registry-like shops among all, as learnt. steps: in order of stage; those that do not fit are kept to
    be shown.
    """

    marketplace: str
    budget: int = 0
    kept_for_details: float = 0.0
    like_share: float = 0.0
    steps: Sequence[Step] = ()
    left_out: Sequence[str] = ()  # queries of the shipped panel that this marketplace does not ask
    fixes_panel: bool = False  # whether its panel was chosen by this plan and is fixed from now on
    known: Sequence[str] = ()  # ids of shops of earlier weeks, so that new ones can be told from them
    sentinels: Sequence[str] = ()  # ids of shops that are usually there; they are among the steps where shops are asked
    only_shops: bool = False  # nothing but the shops of the steps is asked for: no list, no search

    def of_stage(self, stage: str) -> list[Step]:
        return [step for step in self.steps if step.stage == stage]

    @property
    def shops(self) -> list[KnownShop]:
        """Known shops to be asked for, most important first."""
        return [*self.shops_to_ask(if_unseen=False), *self.shops_to_ask(if_unseen=True)]

    def shops_to_ask(self, *, if_unseen: bool) -> list[KnownShop]:
        """Those that come first, or those that are asked for only if the panel does not show them."""
        fitting = (step for step in self.of_stage(LINKED) if step.fits and step.if_unseen == if_unseen)
        return [step.shop for step in fitting if step.shop is not None]

    @property
    def queries(self) -> tuple[str, ...]:
        """What searches ask for, panel first, each once."""
        found = [step.query for stage in STAGES for step in self.of_stage(stage) if step.query and step.fits]
        return tuple(dict.fromkeys(found))

    @cached_property
    def known_ids(self) -> frozenset[str]:
        return frozenset(self.known)

    @cached_property
    def _by_unit(self) -> Mapping[str, Step]:
        return {step.unit: step for step in self.steps if step.fits}

    @cached_property
    def _by_word(self) -> Mapping[str, Step]:
        """First step of each query whatever its area, for sites that search without one."""
        found: dict[str, Step] = {}
        for step in self.steps:
            if step.query and step.fits:
                found.setdefault(unit_name(step.query), step)
        return found

    @cached_property
    def _left_out(self) -> frozenset[str]:
        asked = [*self.left_out, *(step.query for step in self.steps if step.query)]
        return frozenset(unit_name(query) for query in asked)

    def step_of(self, name: str) -> Step | None:
        """The step of a query unit; None where the plan leaves it out. Queries it knows nothing of are panel steps."""
        step = self._by_unit.get(name)
        if step is not None:
            return step
        area, word = query_parts(name)
        if area is None and word in self._by_word:
            return self._by_word[word]
        step = self._by_unit.get(f"{QUERY_UNITS}{word}")
        if step is None and word not in self._left_out:
            return Step(PANEL, name, "asked every week by this spider", 1.0)
        return step


def write_plan(directory: Path, plan: Plan) -> None:
    """Writes `plan.json`, whole."""
    text = json.dumps({"format_version": FORMAT_VERSION, **asdict(plan)}, indent=1, ensure_ascii=False)
    write_whole(directory / PLAN_FILE, text.encode("utf-8", "replace"))


def read_plan(directory: Path) -> Plan | None:
    """The plan of a crawl directory; None where it has none. Raises StoreError when it is damaged or newer."""
    path = directory / PLAN_FILE
    if not path.exists():
        return None
    with told(path):
        raw = path.read_bytes()
    try:
        values = json.loads(raw)
        if values.pop("format_version") > FORMAT_VERSION:
            raise StoreError(f"{path} was written by a newer program; update this program.")
        steps = tuple(_step(row) for row in values.pop("steps"))
        lists = {name: tuple(values[name]) for name in ("left_out", "known", "sentinels")}
        return Plan(**values | lists, steps=steps)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{path} is damaged; restore it from a backup or remove it.") from error


def _step(row: dict[str, Any]) -> Step:
    shop = row.pop("shop")
    return Step(**row, shop=KnownShop(**shop) if shop else None)
