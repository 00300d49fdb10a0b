"""How things stand, for `status` and for messages: each marketplace, each missing week, the machine itself.

Reads a few rows and files per marketplace, never all runs or all crawls.
"""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from monitor.backup.keys import key_file
from monitor.backup.listed import list_backups, moment_of
from monitor.causes import action_for, explain
from monitor.config import Config
from monitor.crawl.files import list_crawls, read_info, read_stats
from monitor.database import translate_errors
from monitor.health import Health, judge
from monitor.health_history import earlier_crawls
from monitor.marketplaces import Marketplace, catalogue
from monitor.permission import allowed, permission_problem
from monitor.private_store import crawls, runs
from monitor.runs import is_alive
from monitor.scheduler.due import Scene, report_day, unread
from monitor.scheduler.past import SERVICE, moment, read_past, read_pauses
from monitor.scheduler.rules import rules_of, slot
from monitor.weeks import shift_week, utc_text, week_days, week_of_date

BACKUP_AGE = timedelta(days=2)
LITTLE_DISK = 4  # times what the service wants at least


@dataclass(frozen=True)
class Line:
    """part: line of work. subject: whose. state: how it stands. action: what a person should do; None: nothing.

    cause: names it for messages, which say each cause once a week. at_once: it cannot wait for the digest.
    """

    part: str
    subject: str
    state: str
    action: str | None = None
    cause: str = ""
    at_once: bool = False


@dataclass(frozen=True)
class Site:
    """A marketplace that may be crawled. shops: of its newest crawl; expected: what one may hold; next: its slot."""

    slug: str
    title: str
    state: str
    healthy_at: datetime | None
    shops: int | None
    expected: tuple[int, int]
    next: datetime | None
    cause: str | None = None
    action: str | None = None

    def age(self, now: datetime) -> str:
        """Of the last healthy crawl."""
        if self.healthy_at is None:
            return "never"
        age = now - self.healthy_at
        return f"{age.days} d" if age.days else f"{int(age.total_seconds() // 3600)} h"


URGENT = ("keys", "disk", "service", "week", "backup", "registry", "marketplaces")  # then whatever comes


@dataclass(frozen=True)
class Standing:
    """Everything on the screen. lines: in the order of the week, the machine first."""

    at: datetime
    sites: list[Site]
    lines: list[Line]

    @property
    def next(self) -> Line | None:
        """The one thing to do next."""
        waiting = [line for line in self.all_lines if line.action]
        return min(waiting, key=_urgency, default=None)

    @property
    def all_lines(self) -> list[Line]:
        read = [
            Line("marketplaces", site.title, site.state, site.action, f"{site.slug}:{site.cause}")
            for site in self.sites
            if site.action
        ]
        return [*self.lines, *read]


def _urgency(line: Line) -> tuple[bool, int]:
    return not line.at_once, URGENT.index(line.part) if line.part in URGENT else len(URGENT)


def scene_of(connection: Connection, config: Config, at: datetime, upkeep: Collection[str] = ()) -> Scene:
    """What the service decides on, only read. upkeep: of backup and purge, what it does."""
    runs, waiting = read_past(connection, at, only_reads=True), read_pauses(connection)
    rules, zone = rules_of(config.schedule), config.region.zone
    return Scene(catalogue(), runs, at, zone, rules, allowed(config), waiting, upkeep)


def read_scene(engine: Engine, config: Config, at: datetime, upkeep: Collection[str] = ()) -> Scene:
    with translate_errors(), engine.connect() as connection:
        return scene_of(connection, config, at, upkeep)


# --- marketplaces -----------------------------------------------------------------------------------------------------


def sites(connection: Connection, config: Config, scene: Scene) -> list[Site]:
    """Marketplaces that may be crawled, by slug."""
    healthy = _last_healthy(connection)
    return [_site(connection, config, scene, slug, healthy.get(slug)) for slug in sorted(scene.allowed)]


def _last_healthy(connection: Connection) -> dict[str, datetime]:
    query = select(crawls.c.marketplace, crawls.c.started_at).where(
        crawls.c.health == "healthy", crawls.c.kind == "crawl"
    )
    found: dict[str, datetime] = {}
    for slug, started in connection.execute(query.order_by(crawls.c.started_at)):
        found[slug] = moment(started)
    return found


def _site(connection: Connection, config: Config, scene: Scene, slug: str, healthy_at: datetime | None) -> Site:
    entry = scene.catalogue[slug]
    newest = list_crawls(config.crawls_dir, slug)[-1:]
    week, verdict, shops, began = _newest(connection, newest[0], entry) if newest else (None, None, None, None)
    if verdict is not None and verdict.health == "healthy" and began is not None:
        healthy_at = max(filter(None, (healthy_at, began)))
    state, cause, action = _state(scene, slug, week, verdict)
    bounds = entry.expected_shops
    return Site(
        slug, entry.title, state, healthy_at, shops, (bounds.min, bounds.max), _next_slot(scene, slug), cause, action
    )


def _newest(connection: Connection, path: Path, entry: Marketplace) -> tuple[str, Health, int | None, datetime]:
    """As `load` will judge it, so that a crawl kept back for what earlier ones held is told before the week ends."""
    info, stats = read_info(path), read_stats(path / "stats.json")
    shops = (stats or {}).get("shop_count")
    verdict = judge(info, stats, entry, earlier_crawls(connection, entry.slug, info.week))
    return info.week, verdict, shops, moment(info.started_at)


def _state(scene: Scene, slug: str, week: str | None, verdict: Health | None) -> tuple[str, str | None, str | None]:
    """State in words, cause and what to do, of the present week; until its slot, of a failed crawl of the week before.

    Slots lie on weekends and messages go out on working days: without that nobody would ever be told of a refusal.
    """
    if any((run.verb, run.subject) == ("crawl", slug) for run in scene.running):
        return "being read", None, None
    until = scene.frozen_until or scene.paused.get(slug)
    if until is not None and scene.local.date() < until:
        return f"paused until {until.isoformat()}", None, None
    past = [run for run in scene.of("crawl", slug, scene.week) if run.outcome != "lane"]
    if week != scene.week or verdict is None:
        if past and past[-1].outcome == "failed":
            return "could not be started", "crashed", action_for("crashed")
        at = slot(scene.catalogue[slug].weekly_on).in_week(scene.week, scene.zone)
        waits = "waits for its slot" if scene.local < at else "due"
        if verdict is not None and verdict.health == "failed" and week == shift_week(scene.week, -1):
            return f"{waits}; last week {_words(verdict)}", verdict.cause, action_for(verdict.cause)
        return waits, None, None
    if verdict.health == "healthy":
        return "read", None, None
    return _words(verdict), verdict.cause, action_for(verdict.cause)


def _words(verdict: Health) -> str:
    known = explain(verdict.cause) if verdict.cause else None
    return f"{verdict.health}: {known.title}" if known else verdict.health


def _next_slot(scene: Scene, slug: str) -> datetime | None:
    """Its slot in the first week in which it may be read; after a pause that ends behind the slot, that end."""
    entry = scene.catalogue[slug]
    pauses = [until for until in (scene.frozen_until, scene.paused.get(slug)) if until is not None]
    if not entry.weekly_on or any(until.year == date.max.year for until in pauses):  # 9999-12-31 is said for ever
        return None
    week = shift_week(scene.week, 1) if scene.is_done("crawl", slug, scene.week) else scene.week
    if pauses and max(pauses) > week_days(week)[1]:
        week = week_of_date(max(pauses))
    at = slot(entry.weekly_on).in_week(week, scene.zone)
    return max([at, *(scene.at(until, time(0)) for until in pauses)])


def barred(config: Config, known: Mapping[str, Marketplace]) -> list[Line]:
    """Marketplaces whose spider waits for a person: by reason, one line each."""
    found: dict[str, list[str]] = {}
    for slug, entry in known.items():
        if entry.is_requested and (problem := permission_problem(entry, config)):
            found.setdefault(problem.replace(entry.title, "..").replace(slug, ".."), []).append(slug)
    return [
        Line("marketplaces", f"{len(slugs)} not crawled", ", ".join(slugs), cause="not_permitted")
        for slugs in found.values()
    ]


# --- weeks ------------------------------------------------------------------------------------------------------------


def unhealthy(connection: Connection, scene: Scene) -> dict[str, dict[str, str]]:
    """Week -> marketplaces that were crawled in it without one healthy crawl -> why not, in words."""
    weeks = [shift_week(scene.week, -back) for back in range(1, scene.rules.catch_up_weeks + 1)]
    query = select(crawls.c.week, crawls.c.marketplace, crawls.c.health, crawls.c.cause).where(
        crawls.c.kind == "crawl", crawls.c.week.in_(weeks), crawls.c.marketplace.in_(list(scene.allowed))
    )
    found: dict[str, dict[str, str]] = {}
    healthy = set()
    for week, slug, health, cause in connection.execute(query.order_by(crawls.c.started_at)):
        known = explain(cause) if cause else None
        found.setdefault(week, {})[slug] = known.title if known else health
        healthy |= {(week, slug)} if health == "healthy" else set()
    return {
        week: {slug: why for slug, why in slugs.items() if (week, slug) not in healthy} for week, slugs in found.items()
    }


def week_lines(scene: Scene, causes: Mapping[str, Mapping[str, str]] | None = None) -> list[Line]:
    """The last ended weeks: reported or not, and without which marketplaces. causes: as of `unhealthy`."""
    lines = []
    if until := scene.frozen_until:
        lines.append(Line("week", "all", f"paused until {until.isoformat()}; to end it: monitor resume all"))
    began = min((run.week for run in scene.runs if run.week), default=None)
    for back in reversed(range(1, scene.rules.catch_up_weeks + 1)):
        week = shift_week(scene.week, -back)
        if began is None or week < began:
            continue
        why = (causes or {}).get(week, {})
        lacking = sorted({*unread(scene, week), *why})
        without = f", without {', '.join(_named(slug, why.get(slug)) for slug in lacking)}" if lacking else ""
        if scene.is_reported(week):
            if back == 1 or lacking:
                lines.append(Line("week", week, f"reported{without}"))
        else:
            lines.append(_unreported(scene, week, without))
    return lines


def _named(slug: str, why: str | None) -> str:
    return f"{slug} ({why})" if why else slug


def _unreported(scene: Scene, week: str, without: str) -> Line:
    past = scene.reports(week)
    if any(run.outcome == "running" for run in past):
        return Line("week", week, f"being reported{without}")
    at = scene.at(report_day(week, scene.rules), scene.rules.report_deadline)
    if scene.local <= at and not (past and past[-1].outcome == "failed"):
        return Line("week", week, f"ended {week_days(week)[1].isoformat()}, to be reported by {at:%A %H:%M}{without}")
    if past and past[-1].outcome == "asked":
        return Line("week", week, f"asked for{without}")
    if scene.frozen_until is not None:
        return Line("week", week, f"not reported while everything is paused{without}")
    state = "failed" if past else "missed"
    return Line("week", week, f"{state}{without}", f"monitor week --week {week}", f"week:{week}", at_once=True)


# --- the machine ------------------------------------------------------------------------------------------------------


def machine_lines(connection: Connection, config: Config, now: datetime) -> list[Line]:
    """Service, disk, backups and keys."""
    return [_service(connection, config, now), _disk(config), _backups(connection, config, now), *_keys(config)]


def _service(connection: Connection, config: Config, now: datetime) -> Line:
    query = select(runs).where(runs.c.verb == SERVICE).order_by(runs.c.run_id.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    if row is None:
        return Line("service", "", "never started", "monitor run (or systemctl start monitor)", "service")
    if row["outcome"] == "running" and is_alive(row["holder"], row["lease_until"], utc_text(now)):
        return Line("service", "", f"runs since {_local(row['started_at'], config)}")
    state = f"stopped, last seen {_local(row['heartbeat_at'], config)}"
    return Line("service", "", state, "systemctl start monitor", "service", at_once=True)


def _local(at: str | datetime, config: Config) -> str:
    """In the region's time, like every other time on the screen."""
    when = moment(at) if isinstance(at, str) else at
    return f"{when.astimezone(config.region.zone):%a %Y-%m-%d %H:%M}"


def _disk(config: Config) -> Line:
    place = config.data_dir if config.data_dir.exists() else config.data_dir.parent
    free, least = shutil.disk_usage(place).free >> 20, config.schedule.min_free_mb
    state = f"{free / 1024:,.1f} GiB free"
    if free < least:
        return Line("disk", "", f"{state}: nothing is begun any more", "free space, then: monitor purge", "disk", True)
    if free < LITTLE_DISK * least:
        return Line("disk", "", state, "monitor purge, or a larger disk", "disk_low")
    return Line("disk", "", state)


def _backups(connection: Connection, config: Config, now: datetime) -> Line:
    if failed := _failed_backup(connection):
        return failed
    found = list_backups(config.backup_dir) if config.backup_dir.is_dir() else []
    at = moment_of(found[-1]) if found else None
    if at is None:
        return Line("backup", "", "none", "monitor backup", "backup")
    state = f"{len(found)}, newest of {_local(at, config)}"
    if now - at > BACKUP_AGE:
        return Line("backup", "", state, "monitor backup", "backup")
    return Line("backup", "", state)


def _failed_backup(connection: Connection) -> Line | None:
    """Whether the newest one failed. Only a sentence about something damaged is repeated: others can name files."""
    query = select(runs.c.outcome, runs.c.message).where(runs.c.verb == "backup", runs.c.outcome != "running")
    row = connection.execute(query.order_by(runs.c.run_id.desc()).limit(1)).first()
    if row is None or row.outcome != "failed":
        return None
    why = row.message if row.message and " is damaged" in row.message else "the newest failed"
    return Line("backup", "", why, "monitor backup", "backup_failed", at_once=True)


def _keys(config: Config) -> list[Line]:
    """Keys that others can read, or that are gone although data rest on them."""
    lines = []
    for path in (config.phone_key_file, key_file(config)):
        if path.exists() and path.stat().st_mode & 0o077:
            lines.append(Line("keys", path.name, "others may read it", f"chmod 600 {path}", f"key:{path.name}", True))
    if not config.phone_key_file.exists() and config.crawls_dir.is_dir():
        action = f"bring it back from where keys are kept: {config.phone_key_file}"
        lines.append(Line("keys", config.phone_key_file.name, "gone", action, "key:gone", True))
    return lines
