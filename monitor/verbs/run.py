"""`run`, `plan`, `pause`, `resume`, `trigger`: the service and what people tell it."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy import Engine

from monitor.config import Config, load_config
from monitor.database import private_engine, transaction
from monitor.errors import UsageError
from monitor.marketplaces import marketplace
from monitor.permission import allowed, permission_problem, with_spider
from monitor.practice import is_practice
from monitor.read_only import NoStoreError, reading_engine
from monitor.scheduler import past, standing
from monitor.scheduler.due import EVERYTHING, Due, Scene
from monitor.scheduler.forecast import forecast
from monitor.scheduler.service import Service
from monitor.scheduler.standing import Line
from monitor.verbs import common
from monitor.weeks import last_ended_week, parse_week, utc_now, week_of

UPKEEP = ("backup", "purge")  # verbs that the service runs by itself, beside crawls and reports
console = Console(highlight=False)


def run(
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then end.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is due now.")] = False,
    after_long_stop: Annotated[
        bool, typer.Option("--after-long-stop", help="The clock is right although nothing ran for weeks.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is due, or was done, as JSON.")] = False,
) -> int:
    """Run the service: crawls in their slots, reports when a week has ended, until it is stopped.

    Example: monitor run --dry-run
    """
    config = common.config()
    _refuse_practice(config)
    engine = private_engine(config)
    service = Service(
        engine,
        config,
        lambda: allowed(load_config()),  # read anew: terms are entered while it runs
        upkeep=UPKEEP,
        trusts_clock=after_long_stop,
        look=lambda: lines_now(engine, load_config()),
    )
    if dry_run:
        items = service.due()
        common.show("Due now", [_row(item) for item in items], as_json)
        return _say_problem(service)
    with common.recorded(engine, "run"):
        if not once:
            console.print("The service runs; stop it with Ctrl-C. What it does: monitor status, monitor plan.")
            service.run()
            return 0
        done = service.run_once()
    common.show("Done", [_row(item) for item in done], as_json)
    return _say_problem(service)


def plan(
    days: Annotated[int, typer.Option(help="How far to look.", min=1, max=60)] = 14,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
) -> None:
    """Show what the service will begin in the next fourteen days, and why.

    Example: monitor plan --days 7
    """
    config = common.config()
    zone, scene = config.region.zone, _scene(config)
    rows = [
        {
            "when": planned.at.astimezone(zone).strftime("%a %Y-%m-%d %H:%M"),
            "what": " ".join(planned.item.arguments),
            "why": planned.item.why,
            "takes about": planned.about,
        }
        for planned in forecast(scene, days)
        if planned.item.verb != "backup"  # every night alike
    ]
    common.show(f"The next {days} days ({zone.key})", rows, as_json)
    if (until := scene.frozen_until) and not as_json:
        console.print(f"Everything is paused until {until.isoformat()}; end it with: monitor resume all")
    barred = {slug: problem for slug, entry in with_spider().items() if (problem := permission_problem(entry, config))}
    if barred and not as_json:
        console.print(f"{len(barred)} marketplaces are not crawled, for example:", style="dim")
        console.print(f"  {escape(next(iter(barred.values())))}", style="dim", soft_wrap=True)


def _scene(config: Config) -> Scene:
    """What the service would decide on, only read: it works beside whoever writes."""
    try:
        engine = reading_engine(config)
    except NoStoreError:  # a new folder, or the first command after an upgrade
        engine = private_engine(config)
    return standing.read_scene(engine, config, utc_now(), UPKEEP)


def pause(
    slug: Annotated[str, typer.Argument(help="Marketplace, or: all.")],
    until: Annotated[str, typer.Option(help="First day on which it is crawled again, like 2026-12-31.")],
    reason: Annotated[str, typer.Option(help="Why; it is shown in status.")] = "",
) -> None:
    """Do not crawl a marketplace for a while; `all` begins nothing but backups (what runs comes to its end).

    Example: monitor pause blibli --until 2026-12-31 --reason "asked us by letter"
    """
    config = common.config()
    day = _day(until)
    if day <= utc_now().astimezone(config.region.zone).date():
        raise UsageError(f"{until} is not in the future; a pause ends on a day to come.")
    with transaction(private_engine(config)) as connection:
        past.pause(connection, _pausable(slug), day, reason)
    common.show("Paused", {"marketplace": slug, "crawled again from": until})


def resume(slug: Annotated[str, typer.Argument(help="Marketplace, or: all.")]) -> None:
    """Crawl a paused marketplace again; `all` ends a freeze, single pauses stay.

    Example: monitor resume blibli
    """
    with transaction(private_engine(common.config())) as connection:
        was_paused = past.resume(connection, _pausable(slug))
    common.show("Resumed" if was_paused else "It was not paused", {"marketplace": slug})


def trigger(
    what: Annotated[str, typer.Argument(help="A marketplace to crawl, or: week.")],
    week: Annotated[str | None, typer.Option(help="Week to report; default: the last one that ended.")] = None,
) -> None:
    """Ask the service to crawl a marketplace or to report a week as soon as it can, whatever its slot.

    Example: monitor trigger tokopedia
    """
    config = common.config()
    if what == "week":
        item = Due("week", None, parse_week(week) if week else last_ended_week(utc_now(), config.region.zone), "")
    elif week:
        raise UsageError("--week goes with 'trigger week'; a crawl belongs to the week in which it starts.")
    else:
        if problem := permission_problem(marketplace(what), config):
            raise UsageError(problem)
        item = Due("crawl", what, week_of(utc_now(), config.region.zone), "")
    with transaction(private_engine(config)) as connection:
        past.ask(connection, item.verb, item.subject, item.week)
    common.show("Asked for", {"work": " ".join(item.arguments), "begins": "at the service's next look"})


def lines_now(engine: Engine, config: Config) -> Sequence[Line]:
    from monitor.verbs.status import read_standing  # which asks this module what may be crawled

    return read_standing(engine, config).all_lines


def _row(item: Due) -> dict[str, Any]:
    return {"what": " ".join(item.arguments), "why": item.why, "without": ", ".join(item.missing) or None}


def _say_problem(service: Service) -> int:
    if service.problem is None:
        return 0
    console.print(f"[bold]Nothing is begun:[/bold] {escape(service.problem)}", soft_wrap=True)
    return 1


def _refuse_practice(config: Config) -> None:
    if is_practice(config):
        raise UsageError(f"{config.data_dir} is a practice folder; name another one with MONITOR_DATA_DIR.")


def _pausable(slug: str) -> str:
    return slug if slug == EVERYTHING else marketplace(slug).slug


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is not a date; write it like 2026-12-31.") from None
