"""`status` and the pages read a large store in no time and beside whoever writes."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert, text

from monitor.config import Config, load_config
from monitor.database import private_engine, transaction
from monitor.marketplaces import catalogue
from monitor.private_store import runs
from monitor.scheduler import past
from monitor.scheduler.due import Past, Scene
from monitor.scheduler.forecast import forecast
from monitor.verbs import status
from monitor.weeks import utc_text, week_of

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)  # Wednesday 10:00 in Jakarta, 2026-W48
VERBS = ("crawl", "crawl", "crawl", "load", "link", "week", "backup", "measure")


@pytest.fixture
def engine(config: Config) -> Engine:
    config.data_dir.mkdir(parents=True)
    return private_engine(config)


def run_row(verb: str, subject: str | None, week: str | None, at: datetime, outcome: str = "done") -> dict[str, object]:
    when = utc_text(at)
    end = {"finished_at": when, "outcome": outcome, "holder": "gone:1", "heartbeat_at": when}
    return {"verb": verb, "subject": subject, "week": week, "started_at": when, **end}


def fill(engine: Engine, count: int, days: int, config: Config) -> None:
    zone, step = config.region.zone, timedelta(days=days) / count
    times = (NOW - step * number for number in range(count, 0, -1))
    rows = [
        run_row(VERBS[number % 8], "blibli" if number % 8 < 3 else None, week_of(at, zone), at)
        for number, at in enumerate(times)
    ]
    with transaction(engine) as connection:
        for first in range(0, count, 50_000):
            connection.execute(insert(runs), rows[first : first + 50_000])


def cpu_of_a_look(engine: Engine, config: Config) -> float:
    status.read_standing(engine, config, NOW)
    began = time.process_time()
    status.read_standing(engine, config, NOW)
    return time.process_time() - began


@pytest.mark.prove
def test_half_a_million_runs_are_looked_over_in_a_second(engine: Engine, config: Config) -> None:
    fill(engine, 500_000, 730, config)
    taken = cpu_of_a_look(engine, config)
    engine.dispose()
    assert taken < 1.0


def test_runs_of_years_ago_are_not_read(engine: Engine, config: Config) -> None:
    fill(engine, 2_000, 2_000, config)
    with engine.connect() as connection:
        found = past.read_past(connection, NOW, only_reads=True)
    engine.dispose()
    assert len(found) < 100
    assert min(run.started_at for run in found) >= NOW - past.REACH


def test_work_of_a_day_is_told_once_and_failures_are_all_told(engine: Engine) -> None:
    hours = [NOW - timedelta(minutes=number) for number in range(5)]
    with transaction(engine) as connection:
        rows = [run_row("crawl", "blibli", "2026-W48", at, outcome) for at in hours for outcome in ("done", "failed")]
        connection.execute(insert(runs), rows)
        found = past.read_past(connection, NOW)
    engine.dispose()
    assert sorted(run.outcome for run in found) == ["done", *["failed"] * 5]
    assert next(run.started_at for run in found if run.outcome == "done") == NOW


def test_looking_writes_nothing_and_does_not_wait_for_a_writer(engine: Engine, config: Config) -> None:
    with transaction(engine) as connection:
        connection.execute(insert(runs).values(**run_row("crawl", "blibli", "2026-W48", NOW, "running")))
    config = load_config({"MONITOR_DATA_DIR": str(config.data_dir)})
    with transaction(engine) as writer:  # holds the only lock there is for writing
        writer.execute(text("UPDATE runs SET message = 'x'"))
        found = status.read_standing(engine, config, NOW)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT outcome FROM runs")).scalar() == "running"
        assert past.read_past(connection, NOW, only_reads=True)[0].outcome == "abandoned"
    engine.dispose()
    assert found.lines


def test_the_plan_is_the_same_however_often_work_failed_or_was_done(config: Config) -> None:
    def plan(extra: int) -> list[tuple[str, ...]]:
        began = NOW - timedelta(days=9)
        tried = [Past("crawl", "blibli", "2026-W48", "failed", began + timedelta(minutes=n)) for n in range(4 + extra)]
        times = [began + timedelta(minutes=n) for n in range(1 + extra)]
        done = [Past("crawl", "tokopedia", "2026-W47", "done", at, at + timedelta(hours=1)) for at in times]
        scene = Scene(catalogue(), [*tried, *done], NOW, config.region.zone, allowed=("blibli", "tokopedia"))
        return [(str(one.at), *one.item.arguments, one.item.why) for one in forecast(scene, 7)]

    assert plan(0)
    assert plan(40) == plan(0)
