"""What is due now: one pure function over the catalogue, what has run, and the time.

`schedule` only ticks; everything a decision rests on is read from the `runs` table, so a restart forgets nothing. The
clock is an argument, so that every rule can be tested as a table.

A crawl belongs to the ISO week in which it starts: its slot is the marketplace's weekday and hour, and from then on it
is due until the week ends, since what was missed cannot be read later. A week is reported from its slot in the rules on
and waits for crawls of that week that still run, but not past its deadline: then it goes out and names them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from monitor.marketplaces import Marketplace
from monitor.scheduler.rules import Rules, Slot, slot
from monitor.weeks import shift_week, week_days, week_of

EVERYTHING = "all"  # a pause of this name is a freeze: nothing is begun but backups
FINAL_AFTER = 5  # weeks from the first figures of a week to its final ones (method, section 9)


@dataclass(frozen=True)
class Past:
    """A run that was begun, or asked for: one row of `runs`. Times are aware; ended_at is None while it runs.

    outcome: running, done, failed, abandoned (its process died), asked (by a person, not begun), lane (another verb
    held the marketplace's lane, so that nobody else would ask it).
    """

    verb: str
    subject: str | None
    week: str | None
    outcome: str
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Due:
    """One thing to do, and why now. missing: marketplaces that a report goes out without."""

    verb: str
    subject: str | None
    week: str | None
    why: str
    missing: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        """What follows `python -m monitor`."""
        if self.verb == "measure":
            return ["measure", "--week", str(self.week), "--vintage", str(self.subject)]
        words = [*self.verb.split(), *([self.subject] if self.subject else [])]
        return [*words, "--week", str(self.week)] if self.verb == "week" else words


@dataclass(frozen=True)
class Scene:
    """Everything a decision rests on.

    allowed: marketplaces that may be crawled. paused: slug -> first day on which it may run again. upkeep: of backup
    and purge, what is set up.
    """

    catalogue: Mapping[str, Marketplace]
    runs: Sequence[Past]
    now: datetime
    zone: ZoneInfo
    rules: Rules = field(default_factory=Rules)
    allowed: Collection[str] = ()
    paused: Mapping[str, date] = field(default_factory=dict)
    upkeep: Collection[str] = ()

    @cached_property
    def local(self) -> datetime:
        return self.now.astimezone(self.zone)

    @cached_property
    def week(self) -> str:
        return week_of(self.now, self.zone)

    @property
    def frozen_until(self) -> date | None:
        """First day on which anything is begun again; None where nothing is frozen."""
        until = self.paused.get(EVERYTHING)
        return until if until is not None and self.local.date() < until else None

    @cached_property
    def by_work(self) -> dict[tuple[str, str | None, str | None], list[Past]]:
        found: dict[tuple[str, str | None, str | None], list[Past]] = {}
        for run in sorted(self.runs, key=lambda run: run.started_at):
            found.setdefault((run.verb, run.subject, run.week), []).append(run)
        return found

    @cached_property
    def running(self) -> list[Past]:
        return [run for run in self.runs if run.outcome == "running"]

    @cached_property
    def began(self) -> str:
        """Week of the first run."""
        return min((run.week or week_of(run.started_at, self.zone) for run in self.runs), default=self.week)

    def of(self, verb: str, subject: str | None, week: str | None) -> list[Past]:
        """Runs of this work, oldest first. After a clock was set back some began later than now: they count."""
        return self.by_work.get((verb, subject, week), [])

    def is_done(self, verb: str, subject: str | None, week: str | None) -> bool:
        return any(run.outcome == "done" for run in self.of(verb, subject, week))

    def reports(self, week: str) -> list[Past]:
        """Runs of the week's report, oldest first. One that began before the week ended told of a part of it."""
        over = self.at(week_days(week)[1] + timedelta(days=1), time(0))
        past = self.of("week", None, week)
        return [run for run in past if run.started_at >= over or run.outcome in ("running", "asked")]

    def is_reported(self, week: str) -> bool:
        return any(run.outcome == "done" for run in self.reports(week))

    def at(self, day: date, hour: object) -> datetime:
        return datetime.combine(day, hour, self.zone)  # type: ignore[arg-type]


def due(scene: Scene) -> list[Due]:
    """Everything to start now, crawls first, in a fixed order. While frozen backups alone; what was asked for waits."""
    if scene.frozen_until is not None:
        return [item for item in _upkeep(scene) if item.verb == "backup"]
    return [*_crawls(scene), *_probe_checks(scene), *_reports(scene), *_finals(scene), *_upkeep(scene)]


# --- crawls ---------------------------------------------------------------------------------------------------------


def _crawls(scene: Scene) -> list[Due]:
    """Crawls in the order in which their slots came, as many as may run at once and never two on one site."""
    busy = [run.subject for run in scene.running if run.verb == "crawl" and run.subject]
    hosts = {host for slug in busy for host in _hosts(scene, slug)}
    wanted: list[tuple[datetime, str, str]] = []
    for slug in scene.allowed:
        entry = scene.catalogue[slug]
        if entry.weekly_on and slug not in busy and (why := _crawl_reason(scene, entry)):
            wanted.append((slot(entry.weekly_on).in_week(scene.week, scene.zone), slug, why))
    found: list[Due] = []
    for _, slug, why in sorted(wanted):
        if len(busy) + len(found) < scene.rules.parallel_crawls and hosts.isdisjoint(_hosts(scene, slug)):
            found.append(Due("crawl", slug, scene.week, why))
            hosts |= _hosts(scene, slug)
    return found


def _hosts(scene: Scene, slug: str) -> set[str]:
    return set(scene.catalogue[slug].hosts) if slug in scene.catalogue else set()


def _crawl_reason(scene: Scene, entry: Marketplace) -> str | None:
    past = scene.of("crawl", entry.slug, scene.week)
    if is_asked(past):
        return _wanted(scene, past, "")  # a person knows of pauses and quiet hours
    until = scene.paused.get(entry.slug)
    if (until is not None and scene.local.date() < until) or scene.rules.is_quiet(scene.local.time()):
        return None
    at = slot(entry.weekly_on)
    return _wanted(scene, past, f"its slot, {at}") if _has_come(scene, at) else None


def _has_come(scene: Scene, at: Slot) -> bool:
    return scene.local >= at.in_week(scene.week, scene.zone)


def is_asked(past: Sequence[Past]) -> bool:
    return bool(past) and past[-1].outcome == "asked"


def _wanted(scene: Scene, past: Sequence[Past], first: str) -> str | None:
    """Why the work is to be started; None when it is done, runs, failed too short a time ago, or was given up.

    After a power cut it goes on at once; work whose process dies again and again waits as after failures.
    """
    tried = [run for run in past if run.outcome != "lane"]
    if any(run.outcome == "running" for run in tried):
        return None
    if is_asked(tried):
        return "asked for by a person"
    if any(run.outcome == "done" for run in tried):
        return None
    if not tried:
        return first
    if len(tried) > len(scene.rules.retry):
        return None
    if len(tried) == 1 and tried[-1].outcome == "abandoned":
        return "goes on where its process ended"
    waited = scene.now - (tried[-1].ended_at or tried[-1].started_at)
    if timedelta(0) <= waited < scene.rules.retry[len(tried) - 1]:
        return None
    return f"attempt {len(tried) + 1} after a failure"


def _probe_checks(scene: Scene) -> list[Due]:
    """Are the shops of the known-present businesses open? Once in each week that has crawls, while it lasts."""
    if not scene.allowed or not _has_come(scene, scene.rules.probe_check):
        return []
    past = scene.of("probe check", None, scene.week)
    why = _wanted(scene, past, f"once a week, {scene.rules.probe_check}")
    return [Due("probe check", None, scene.week, why)] if why else []


# --- reports --------------------------------------------------------------------------------------------------------


def report_day(week: str, rules: Rules) -> date:
    """The day on which the week is reported: the weekday of the rules after it, moved on past holidays and weekends."""
    day = week_days(week)[1] + timedelta(days=1 + rules.report.weekday)
    while not rules.is_working_day(day):
        day += timedelta(days=1)
    return day


def _reports(scene: Scene) -> list[Due]:
    """The oldest ended week that was not reported; one at a time, so that each builds on the one before.

    A week that was given up is left to people, who are told of it, and holds back none that came after it.
    """
    last = shift_week(scene.week, -1)
    asked = sorted(work[2] or last for work, past in scene.by_work.items() if work[0] == "week" and is_asked(past))
    weeks = [shift_week(last, -back) for back in reversed(range(scene.rules.catch_up_weeks))]
    for week in [*asked, *weeks]:
        if week not in asked:
            if scene.is_reported(week) or _is_given_up(scene, week):
                continue
            if week < scene.began:
                continue  # nothing was monitored yet
        found = _report(scene, week, is_late=week != last)
        return [found] if found else []
    return []


def _is_given_up(scene: Scene, week: str) -> bool:
    past = scene.reports(week)
    return len(past) > len(scene.rules.retry) and not any(run.outcome == "running" for run in past)


def _report(scene: Scene, week: str, is_late: bool) -> Due | None:
    past = scene.reports(week)
    asked = is_asked(past)
    day = report_day(week, scene.rules)
    is_time = scene.local >= scene.at(day, scene.rules.report.hour) and scene.local.date() not in scene.rules.holidays
    if not (is_time or asked) or any(run.verb == "week" for run in scene.running):
        return None
    reading = sorted(run.subject for run in scene.running if (run.verb, run.week) == ("crawl", week) and run.subject)
    if reading and not asked and scene.local < scene.at(day, scene.rules.report_deadline):
        return None
    why = _wanted(scene, past, "a missed week" if is_late else f"reported from {scene.rules.report} on")
    return Due("week", None, week, why, missing=unread(scene, week)) if why else None


def unread(scene: Scene, week: str) -> tuple[str, ...]:
    """Marketplaces that may be crawled and of which no crawl of the week came to its end."""
    return tuple(
        slug
        for slug in sorted(scene.allowed)
        if scene.catalogue[slug].weekly_on and not scene.is_done("crawl", slug, week)
    )


def _finals(scene: Scene) -> list[Due]:
    """The final figures of weeks that lie FINAL_AFTER weeks before a reported one: the oldest first, one at a time."""
    if any(run.verb == "measure" for run in scene.running):
        return []
    for back in range(scene.rules.catch_up_weeks, 0, -1):
        later = shift_week(scene.week, -back)
        week = shift_week(later, -FINAL_AFTER)
        if scene.is_reported(week) and scene.is_reported(later):
            why = _wanted(scene, scene.of("measure", "final", week), f"{FINAL_AFTER} weeks after its first figures")
            if why:
                return [Due("measure", "final", week, why)]
    return []


# --- upkeep ---------------------------------------------------------------------------------------------------------


def _upkeep(scene: Scene) -> list[Due]:
    """A backup a night; a purge a week, while nothing else runs."""
    found = []
    today = scene.local.date()
    if "backup" in scene.upkeep and scene.local >= scene.at(today, scene.rules.backup_at):
        past = [run for run in scene.of("backup", None, None) if run.started_at.astimezone(scene.zone).date() == today]
        if why := _wanted(scene, past, f"every night at {scene.rules.backup_at:%H:%M}"):
            found.append(Due("backup", None, None, why))
    if "purge" in scene.upkeep and not scene.running:
        monday = scene.at(week_days(scene.week)[0], scene.rules.backup_at)
        next_monday = monday + timedelta(days=7)  # runs that a clock set back left in the future count for nothing
        past = [run for run in scene.of("purge", None, None) if monday <= run.started_at < next_monday]
        if scene.local >= monday and (why := _wanted(scene, past, "once a week, while nothing else runs")):
            found.append(Due("purge", None, None, why))
    return found
