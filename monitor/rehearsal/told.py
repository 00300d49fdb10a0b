"""What staff and ops were told in a week, beside the truth, and whether anything was told wrongly.

A figure beside its truth is no mistake while it misses about as seldom as its interval says; saying that shops are gone
because a site could not be read, keeping silent about a week or about a marketplace: those are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import comb
from typing import Any

from sqlalchemy import Connection, Engine, select

from monitor.config import Config
from monitor.marketplaces import marketplace
from monitor.private_store import estimates, marketplace_weeks
from monitor.rehearsal.stage import MARKETPLACES, Script, Stage
from monitor.sandbox.truth import Truth, load_truth
from monitor.shop_states import week_states

FIGURES = ("E1", "E6_1", "E7_IN", "E7_OUT", "FOUND")
PRACTICE = "DATA LATIHAN"
BROKEN = ("format_changed", "shape", "not_the_page", "errors", "fill")  # causes that send ops to the reader of a site
CHANCE_MISSES = 0.95  # a level's interval holds the truth so often


@dataclass(frozen=True)
class Figure:
    """A figure of the province as it was told first; value None: it was said not to be available, reason says why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    def holds(self, truth: float | None) -> bool | None:
        """None where either is not known. Both bounds count, as they are published."""
        if self.low is None or self.high is None or truth is None:
            return None
        return self.low <= truth <= self.high


@dataclass(frozen=True)
class Told:
    """One week. present, change: the truth in groups, on the marketplaces that the figures cover; events: what happened
    to shops; states: marketplace -> state and cause as the figures take it; message: what staff read first; gone: shops
    said to be closed or gone that are open and shown; alarms: what ops were told; cuts: when the power went. late: the
    change of the week before, whose arrivals were judged since its own report, and late_truth its truth.
    """

    number: int
    week: str
    events: Mapping[str, int]
    present: int | None
    change: int | None
    figures: Mapping[str, Figure] = field(default_factory=dict)
    states: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    message: str | None = None
    gone: Mapping[str, int] = field(default_factory=dict)
    alarms: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()
    seconds: float = 0.0
    late: Figure = field(default_factory=Figure)
    late_truth: int | None = None

    def figure(self, name: str) -> Figure:
        return self.figures.get(name, Figure(reason="not_measured"))

    @property
    def holds(self) -> bool | None:
        return self.figure("E1").holds(self.present)

    @property
    def gaps(self) -> dict[str, str]:
        """Marketplaces that could not be read in the week, and why."""
        return {
            slug: f"{state} ({cause})" if cause else state
            for slug, (state, cause) in self.states.items()
            if state not in ("measured", "fed", "partial")
        }

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "week": self.week,
            "truth": {"present": self.present, "change": self.change, **self.events},
            "told": {name: vars(figure) for name, figure in self.figures.items()},
            "interval_holds_truth": self.holds,
            "change_of_the_week_before": {"told": vars(self.late), "truth": self.late_truth},
            "gaps": self.gaps,
            "message": self.message,
            "said_to_be_gone_but_open": dict(self.gone),
            "alarms": list(self.alarms),
            "power_cuts": list(self.cuts),
            "seconds": round(self.seconds, 1),
        }


# --- reading ----------------------------------------------------------------------------------------------------------


def look(stage: Stage, engine: Engine, number: int, **happened: Any) -> Told:
    """What was told about week 1, 2, ..; happened: alarms, cuts and seconds."""
    week, moving = stage.moving.week(number), stage.moving
    truth = load_truth(stage.folder, engine)
    with engine.connect() as connection:
        states = _states(connection, week)
        figures = _figures(connection, week)
        gone = _wrongly_gone(connection, stage, truth, number)
        late, late_truth = _late(connection, stage, truth, number - 1)
    return Told(
        number,
        week,
        moving.events(number),
        len(_groups(truth, moving.sellers_in(number, _covered(states)))),
        _changed(truth, stage, number, _covered(states)),
        figures,
        states,
        message_of(stage.config, week),
        gone,
        late=late,
        late_truth=late_truth,
        **happened,
    )


def _covered(states: Mapping[str, tuple[str, str | None]]) -> set[str]:
    return {slug for slug, (state, _) in states.items() if state in ("measured", "fed", "partial", "carried")}


def _changed(truth: Truth, stage: Stage, number: int, covered: set[str]) -> int | None:
    """Truth, on these marketplaces; None for the first week."""
    if number < 2:
        return None
    now, then = (_groups(truth, stage.moving.sellers_in(each, covered)) for each in (number, number - 1))
    return len(now) - len(then)


def _late(connection: Connection, stage: Stage, truth: Truth, number: int) -> tuple[Figure, int | None]:
    """The change of a week as it is known now, with its truth."""
    if number < 2:
        return Figure(reason="no_earlier_week"), None
    week = stage.moving.week(number)
    covered = _covered(_states(connection, week))
    return _figures(connection, week, newest=True).get("E6_1", Figure()), _changed(truth, stage, number, covered)


def _groups(truth: Truth, sources: set[str]) -> set[int]:
    return {truth.group_of_source[source] for source in sources if source in truth.group_of_source}


def _states(connection: Connection, week: str) -> dict[str, tuple[str, str | None]]:
    """Of the marketplaces that a rehearsal has."""
    table = marketplace_weeks.c
    query = select(table.marketplace, table.state, table.cause).where(table.week == week).order_by(table.marketplace)
    return {row.marketplace: (row.state, row.cause) for row in connection.execute(query) if row[0] in MARKETPLACES}


def _figures(connection: Connection, week: str, newest: bool = False) -> dict[str, Figure]:
    """As they were told first, or as they are known now."""
    table = estimates.c
    query = select(table.estimand, table.value, table.low, table.high, table.reason).where(
        table.week == week, table.domain_kind == "province", table.vintage == "flash", table.estimand.in_(FIGURES)
    )
    rows = connection.execute(query.order_by(table.revision if newest else table.revision.desc()))
    return {row.estimand: Figure(row.value, row.low, row.high, row.reason) for row in rows}


def message_of(config: Config, week: str) -> str | None:
    path = config.reports_dir / week / f"pesan-{week}.txt"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _wrongly_gone(connection: Connection, stage: Stage, truth: Truth, number: int) -> dict[str, int]:
    """Marketplace -> shops that the store calls closed or gone in the week although a visitor meets them."""
    shops = stage.moving.shown_in(number).shops
    there = set(zip(shops["marketplace"], shops["shop_id"], strict=True))
    states = week_states(connection, stage.moving.week(number))
    ended = states[states["state"].isin(("closed", "gone"))]
    found: dict[str, int] = {}
    for slug, shop in zip(ended["marketplace"], ended["shop_id"], strict=True):
        if truth.world_shop((slug, shop)) in there:
            found[slug] = found.get(slug, 0) + 1
    return found


# --- judging ----------------------------------------------------------------------------------------------------------


def wrongs(script: Script, weeks: list[Told]) -> list[str]:
    """What was told wrongly, one sentence each; none for an interval that misses now and then."""
    found = []
    for before, told in zip([None, *weeks], weeks, strict=False):
        found += [f"Week {told.number}: {what}" for what in _wrongs(script, before, told)]
    return found


def _wrongs(script: Script, before: Told | None, told: Told) -> list[str]:
    if told.message is None:
        return ["nothing was told, the report is missing."]
    found = [] if PRACTICE in told.message else ["the message does not say that its data are for practice."]
    found += [
        f"{count} open shops of {marketplace(slug).title} were said to be gone." for slug, count in told.gone.items()
    ]
    if told.number == script.refuses_in:
        found += _of_gap(told, script.refuses, ("refused",))
        found += _fallen(before, told, script.refuses)
    if told.number == script.changes_in:
        found += _of_gap(told, script.changes, BROKEN)
    unread = {slug for slug in told.gaps if slug not in script.faults(told.number)}
    found += [f"{marketplace(slug).title} counts as not read ({told.gaps[slug]})." for slug in sorted(unread)]
    return found


def _of_gap(told: Told, slug: str, causes: tuple[str, ...]) -> list[str]:
    """A marketplace that could not be read: carried on or left out, for the right cause, and named to staff."""
    title = marketplace(slug).title
    if slug not in told.gaps:
        return [f"{title} could not be read, and counts as read."]
    found = []
    cause = told.states[slug][1] or ""
    if not cause.startswith(causes):
        found.append(f"{title} could not be read for another cause than was said ({cause or 'none'}).")
    if title not in (told.message or ""):
        found.append(f"{title} could not be read, and the message does not name it.")
    if not any(title in alarm for alarm in told.alarms):
        found.append(f"{title} could not be read, and ops were told of no command for it.")
    return found


def _fallen(before: Told | None, told: Told, slug: str) -> list[str]:
    """A level below what the week before held possible, where the truth did not fall."""
    level, earlier = told.figure("E1"), (before or told).figure("E1")
    if level.value is None or earlier.low is None or (told.change or 0) < 0:
        return []
    return [f"the level fell because {marketplace(slug).title} refused."] if level.value < earlier.low else []


def misses(weeks: list[Told]) -> tuple[int, int, bool]:
    """Intervals that did not hold the truth, of how many, and whether that is more than chance allows (one in twenty
    such rehearsals would have as many)."""
    judged = [told.holds for told in weeks if told.holds is not None]
    missed = judged.count(False)
    return missed, len(judged), _at_least(missed, len(judged)) < 1 - CHANCE_MISSES


def _at_least(missed: int, count: int) -> float:
    """Chance of so many misses or more, if the intervals are right and the weeks were independent."""
    miss = 1 - CHANCE_MISSES
    return sum(comb(count, k) * miss**k * (1 - miss) ** (count - k) for k in range(missed, count + 1))
