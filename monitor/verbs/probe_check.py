"""`probe check`: are the shops of known sellers alive? A separate fetch that only the probe hears of."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection, Engine, select

from monitor.config import Config
from monitor.database import private_engine
from monitor.errors import StoreError, UsageError
from monitor.marketplaces import marketplace
from monitor.private_store import runs
from monitor.scheduler.past import read_pauses
from monitor.verbs import common
from monitor.verbs.crawl import MAX_PARALLEL, choose, keep_apart
from monitor.weeks import parse_week, utc_now, utc_text, week_of
from pipelines.probe_check import Checked, check_marketplace, shops_to_check

LENT = "the lane was lent to 'probe check'"


def check(
    slugs: Annotated[list[str] | None, typer.Argument(help="Marketplaces; default: all with probes.")] = None,
    week: Annotated[str | None, typer.Option(help="Week to write, only with --sandbox; else the present one.")] = None,
    sandbox: Annotated[
        Path | None, typer.Option(help="Folder of a served sandbox; nothing leaves this machine.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> int:
    """Ask for the shops of known sellers, as politely as a crawl and apart from it; run it once a week beside crawls.

    Writes nothing but the state of those shops. Where a site may not be asked or refuses, the last state stands.

    Example: monitor probe check
    """
    config = common.config()
    if week and sandbox is None:
        raise UsageError("--week goes with --sandbox; a live check belongs to the week in which it is made.")
    keep_apart(config, sandbox)
    name = parse_week(week) if week else week_of(utc_now(), config.region.zone)
    done = check_all(private_engine(config), config, name, slugs or [], sandbox)
    common.show(f"Shops of the probe, {name}", [one.row() for one in done] or {"shops to check": 0}, as_json)
    failed = [f"{marketplace(one.marketplace).title}: {one.message}" for one in done if one.is_failure]
    if failed:  # the service keeps the last sentence
        sys.stderr.write(f"monitor: {' '.join(failed)}\n")
    return 1 if failed else 0


def check_all(
    engine: Engine, config: Config, week: str, slugs: list[str], sandbox: Path | None = None
) -> list[Checked]:
    """Marketplaces side by side, each in its one slow lane: a crawl of the same site and week is never asked beside it.

    Without slugs: those that have not been asked today, so that a retry for one site asks no other again, and none that
    is paused. Whoever names a site knows of its pause, as with a crawl.
    """
    for slug in slugs:
        marketplace(slug)  # an unknown name is said with the nearest known one
    with engine.connect() as connection:
        found = sorted(set(shops_to_check(connection, week)["marketplace"]))
        asked = _asked_today(connection, config, week)
        paused = {} if slugs else _paused(connection, config)
    chosen = [slug for slug in found if (slug in slugs if slugs else slug not in asked)]
    barred = paused | (choose(config, chosen, sandbox)[1] if chosen else {})
    with common.progress("Checking", total=len(chosen)) as advance, ThreadPoolExecutor(MAX_PARALLEL) as pool:

        def one(slug: str) -> Checked:
            done = _one(engine, config, slug, week, barred.get(slug), sandbox)
            advance(1)
            return done

        return list(pool.map(one, chosen))


def _paused(connection: Connection, config: Config) -> dict[str, str]:
    """Marketplace -> why it is not asked: its operator may have wished so, and a check is a visit like any other."""
    today = utc_now().astimezone(config.region.zone).date()
    return {slug: f"Paused until {until}." for slug, until in read_pauses(connection).items() if today < until}


def _asked_today(connection: Connection, config: Config, week: str) -> set[str]:
    """Marketplaces whose check came to its end on this day of the region: a shop is gone only on two different days."""
    midnight = utc_now().astimezone(config.region.zone).replace(hour=0, minute=0, second=0)
    table = runs.c
    query = select(table.subject).where(table.verb == "probe check", table.week == week, table.outcome == "done")
    found = connection.execute(query.where(table.subject.is_not(None), table.started_at >= utc_text(midnight)))
    return {row.subject for row in found}


def _one(engine: Engine, config: Config, slug: str, week: str, barred: str | None, sandbox: Path | None) -> Checked:
    try:
        with (
            common.recorded(engine, "probe check", slug, week) as run,
            common.recorded(engine, "crawl", slug, week) as lane,  # one slow lane a site
        ):
            lane.message, lane.outcome = LENT, "abandoned"  # so that nobody takes it for a crawl
            done = check_marketplace(engine, config, slug, week, barred=barred, sandbox=sandbox)
            run.outcome = "failed" if done.is_failure else "done"
            return done
    except StoreError as error:  # somebody is crawling it: the other sites go on
        return Checked(slug, 0, message=str(error))
