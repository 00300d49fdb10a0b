"""`status`: how everything stands on one screen, and the one thing to do next. A new part is a function in PARTS."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection, Engine, func, select

from monitor import regions
from monitor.config import Config
from monitor.database import private_engine, translate_errors
from monitor.marketplaces import catalogue
from monitor.practice import is_practice, is_rehearsal
from monitor.private_store import judgements, review_tasks
from monitor.read_only import NoStoreError, reading_engine
from monitor.registry.snapshots import current_snapshot
from monitor.scheduler import standing
from monitor.scheduler.standing import Line, Standing
from monitor.verbs import common
from monitor.weeks import answer_by, utc_now, utc_text
from pipelines import probes

FEWEST_DETECTED = 10  # probes that the system must find before a level may be stated (method 6.3)


Part = Callable[[Connection, Config, date], list[Line]]
STATES = {"read": "green", "being read": "cyan", "waits for its slot": "dim"}


def status(as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False) -> int:
    """Show how everything stands and the one thing to do next. Exit code 1 when a person should do something.

    Example: monitor status
    """
    config = common.config()
    try:
        found = read_standing(reading_engine(config), config)
    except NoStoreError:  # a new folder, or the first command after an upgrade
        found = read_standing(private_engine(config), config)
    if as_json:
        common.show("", _as_json(found, config), as_json=True)
    else:
        _show(found, config)
    return 1 if found.next else 0


def read_standing(engine: Engine, config: Config, now: datetime | None = None) -> Standing:
    """How everything stands. Reads a few rows and files per marketplace and week."""
    at = now or utc_now()
    with translate_errors(), engine.connect() as connection:  # nothing is written: it works beside whoever writes
        scene = standing.scene_of(connection, config, at)
        has_machine = is_rehearsal(config) or not is_practice(config)
        machine = standing.machine_lines(connection, config, at) if has_machine else []
        lines = [
            *machine,
            *standing.week_lines(scene, standing.unhealthy(connection, scene)),
            *(line for part in PARTS for line in part(connection, config, scene.local.date())),
        ]
        return Standing(at, standing.sites(connection, config, scene), lines)


# --- the screen -------------------------------------------------------------------------------------------------------


def _show(found: Standing, config: Config) -> None:
    zone = config.region.zone
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    todo = found.next
    console.print(f"[bold]{found.at.astimezone(zone):%A %Y-%m-%d %H:%M}[/bold] ({zone.key})")
    if todo is None:
        console.print("[bold green]Nothing needs a person.[/bold green]")
    else:
        what = " ".join(part for part in (todo.part, todo.subject) if part)
        console.print(f"[bold]Next:[/bold] {escape(what)}, {escape(todo.state)}")
        console.print(f"      do: [bold]{escape(todo.action or '')}[/bold]")
    if found.sites:
        console.print(_sites(found, zone))
    console.print(_lines(found.all_lines))
    for line in [] if is_practice(config) else standing.barred(config, catalogue()):
        console.print(f"{escape(line.subject)}, no terms read or no key: {escape(line.state)}", style="dim")


def _table(*names: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name == "shops" else "left", overflow="fold")
    return table


def _sites(found: Standing, zone: ZoneInfo) -> Table:
    table = _table("marketplace", "this week", "last healthy", "shops", "expected", "next")
    for site in found.sites:
        healthy = site.healthy_at
        table.add_row(
            escape(site.title),
            f"[{STATES.get(site.state, 'yellow')}]{escape(site.state)}[/]",
            "never" if healthy is None else f"{healthy.astimezone(zone):%a %m-%d}, {site.age(found.at)}",
            "" if site.shops is None else f"{site.shops:,}",
            f"{site.expected[0]:,} to {site.expected[1]:,}",
            "" if site.next is None else f"{site.next:%a %m-%d %H:%M}",
        )
    return table


def _lines(lines: list[Line]) -> Table:
    """What to do stands below what is the matter, so that neither is broken into a narrow column."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    before = None
    for line in lines:
        text = f"{escape(line.subject)}: {escape(line.state)}" if line.subject else escape(line.state)
        if line.action:
            text = f"[yellow]{text}[/yellow]\ndo: [bold]{escape(line.action)}[/bold]"
        table.add_row(escape(line.part) if line.part != before else "", text)
        before = line.part
    return table


def _as_json(found: Standing, config: Config) -> dict[str, Any]:
    lines = [*found.lines, *standing.barred(config, catalogue())]
    return {
        "at": utc_text(found.at),
        "next": asdict(found.next) if found.next else None,
        "marketplaces": [asdict(site) for site in found.sites],
        "lines": [asdict(line) for line in lines],
    }


# --- parts: people ----------------------------------------------------------------------------------------------------


def offices(config: Config) -> list[str]:
    return [*(area.code for area in regions.areas()), config.region.code]


def registry_lines(connection: Connection, config: Config, today: date) -> list[Line]:
    found = current_snapshot(connection)
    if found is None:
        return [Line("registry", "", "none", "import a list: monitor registry import FILE --as-of DATE")]
    return [Line("registry", "", f"{found.group_count:,} groups as of {found.as_of}")]


def probe_lines(connection: Connection, config: Config, today: date) -> list[Line]:
    """Businesses known to sell whose probes are young enough to count, against the target of each office and of all."""
    counts = probes.recruited(connection, today, config.region.code)
    target = config.probe.office_target
    usable = {office: counts.get(office, {}).get(probes.USABLE, 0) for office in offices(config)}
    below = [office for office in usable if office != config.region.code and usable[office] < target]
    lines = [_all_probes(sum(usable.values()), config)]
    if below:
        each = ", ".join(f"{office} {usable[office]}" for office in below)
        action = f"ask them for more: monitor probe template --office {below[0]}"
        lines.append(Line("probe", _offices(len(below)), f"below {target}: {each}", action, "probe_target"))
    known = {office: counts.get(office, {}).get(probes.UNIDENTIFIED, 0) for office in offices(config)}
    if waiting := {office: count for office, count in known.items() if count}:
        each = ", ".join(f"{office} {count}" for office, count in waiting.items())
        action = f"say which businesses they are: monitor probe open --office {next(iter(waiting))}"
        state = f"{sum(waiting.values())} of them without a certain business: {each}"
        lines.append(Line("probe", _offices(len(waiting)), state, action, "probe_open"))
    return lines


def _offices(count: int) -> str:
    return "1 office" if count == 1 else f"{count} offices"


def _all_probes(total: int, config: Config) -> Line:
    state, target = f"{total} of {config.probe.total_target}", config.probe.total_target
    if total < FEWEST_DETECTED:
        state += f"; no level can be stated before the system finds {FEWEST_DETECTED} of them"
    elif total < target:
        state += "; more of them make the interval narrower"
    action = "ask the offices for more: monitor probe template" if total < target else None
    return Line("probe", "all offices", state, action, "probe_total")


def review_lines(connection: Connection, config: Config, today: date) -> list[Line]:
    """Pairs that wait for an answer, by the office that was asked."""
    answered = select(judgements.c.task_id)
    query = (
        select(review_tasks.c.office, func.count(), func.min(review_tasks.c.week))
        .where(review_tasks.c.task_id.not_in(answered))
        .group_by(review_tasks.c.office)
        .order_by(review_tasks.c.office)
    )
    waiting = [tuple(row) for row in connection.execute(query) if row[0] in offices(config)]
    if not waiting:
        return []
    each = ", ".join(f"{office} {count}" for office, count, _ in waiting)
    total, oldest = sum(count for _, count, _ in waiting), min(week for _, _, week in waiting)
    late = [office for office, _, week in waiting if answer_by(week, config.review.deadline_days) < today]
    action = f"remind offices whose day for answers has passed: {', '.join(late)}" if late else None
    return [Line("review", f"{total} pairs", f"open since {oldest}, by office: {each}", action, "review")]


PARTS: tuple[Part, ...] = (registry_lines, probe_lines, review_lines)
