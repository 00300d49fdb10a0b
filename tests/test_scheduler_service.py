"""The service: what it begins and never twice, how it ends what it began, and what makes it wait."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError

from monitor.config import Config
from monitor.database import private_engine, transaction
from monitor.private_store import runs
from monitor.runs import recorded as run_recorded
from monitor.scheduler import past
from monitor.scheduler.due import Due, Past, Scene
from monitor.scheduler.forecast import forecast
from monitor.scheduler.processes import Child, Limits, launch
from monitor.scheduler.service import Service, _Ticker

SUNDAY_NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)  # 12:00 in Jakarta, 2026-W47
Made = Callable[..., Service]


def child_of(code: str, seconds: float = 60, memory_mb: int = 512) -> Callable[[Config, Due, datetime], Child]:
    """Begins a small Python program instead of a verb."""

    def start(config: Config, item: Due, now: datetime) -> Child:
        return launch([sys.executable, "-c", code], config, item, now, Limits(seconds, memory_mb))

    return start


@pytest.fixture
def engine(config: Config) -> Iterator[Engine]:
    made = private_engine(config)
    yield made
    made.dispose()


@pytest.fixture
def service(engine: Engine, config: Config) -> Iterator[Made]:
    made: list[Service] = []

    def make(
        code: str = "", *, now: datetime = SUNDAY_NOON, slugs: tuple[str, ...] = ("tokopedia",), **limits: float
    ) -> Service:
        one = Service(
            engine,
            config,
            lambda: slugs,
            start=child_of(code, **limits),  # type: ignore[arg-type]
            clock=lambda: now + (datetime.now(UTC) - began),
        )
        made.append(one)
        return one

    began = datetime.now(UTC)
    yield make
    for one in made:
        for child in one.children.values():
            child.signal(signal.SIGKILL)
            child.process.wait()
            child.close()
        one.journal.close()


def recorded(engine: Engine) -> list[tuple[str, str | None, str, str | None]]:
    with engine.connect() as connection:
        query = select(runs.c.verb, runs.c.subject, runs.c.outcome, runs.c.message).order_by(runs.c.run_id)
        return [tuple(row) for row in connection.execute(query)]


def journal(config: Config) -> list[dict[str, object]]:
    return [json.loads(line) for line in (config.data_dir / "logs" / "service.jsonl").read_text().splitlines()]


def wait(one: Service) -> None:
    for child in one.children.values():
        child.process.wait(timeout=30)


def test_what_is_due_is_begun_once_and_its_end_is_noted(service: Made, engine: Engine, config: Config) -> None:
    one = service("import time; time.sleep(0.3)")
    assert [item.arguments for item in one.tick()] == [["crawl", "tokopedia"], ["probe", "check"]]
    assert one.tick() == []
    wait(one)
    assert one.tick() == []
    assert [row[:3] for row in recorded(engine)] == [("crawl", "tokopedia", "done"), ("probe check", None, "done")]
    assert [event["event"] for event in journal(config)] == ["begun", "begun", "ended", "ended"]
    assert (config.data_dir / "logs" / "service.jsonl").stat().st_mode & 0o077 == 0


def test_a_verb_that_fails_before_it_records_anything_is_not_begun_at_every_tick(service: Made, engine: Engine) -> None:
    one = service("import sys; sys.exit('monitor: The configuration is wrong.')")
    assert len(one.tick()) == 2
    wait(one)
    assert one.tick() == []
    assert recorded(engine)[0] == ("crawl", "tokopedia", "failed", "The configuration is wrong.")


def test_a_process_over_its_time_is_ended_with_all_it_began(service: Made, engine: Engine) -> None:
    stubborn = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)"
    )
    one = service(stubborn, seconds=0.5)
    one.tick()
    groups = [child.process.pid for child in one.children.values()]
    time.sleep(1)
    import monitor.scheduler.service as module

    grace, module.GRACE_S = module.GRACE_S, 1
    try:
        one.reap()
    finally:
        module.GRACE_S = grace
    assert not one.children
    for group in groups:
        with pytest.raises(ProcessLookupError):
            for _ in range(100):  # the grandchild is reaped by init
                os.killpg(group, 0)
                time.sleep(0.05)
    assert recorded(engine)[0][2:] == ("failed", "It ran longer than its limit and was stopped.")


GREEDY = """
import sys
try:
    bytearray(900 << 20)
except MemoryError:
    sys.exit("monitor: No memory.")
"""


def test_memory_is_limited(service: Made, engine: Engine) -> None:
    one = service(GREEDY, memory_mb=400)
    one.tick()
    wait(one)
    one.reap()
    assert recorded(engine)[0][3] == "No memory."


def test_stopping_ends_what_runs_and_the_next_service_goes_on_at_once(service: Made, engine: Engine) -> None:
    one = service("import time; time.sleep(60)")
    assert len(one.tick()) == 2
    began = time.monotonic()
    one.stop()
    assert time.monotonic() - began < 25
    assert {row[2] for row in recorded(engine)} == {"abandoned"}
    assert len(service("").due()) == 2


def test_everything_due_is_done_by_one_run(service: Made, engine: Engine) -> None:
    one = service("", slugs=("tokopedia", "blibli", "plaza_banten", "gofood", "jakmall", "grabfood"))
    done = one.run_once()
    crawls = [item.subject for item in done if item.verb == "crawl"]
    assert len(crawls) == len(set(crawls)) > one.rules.parallel_crawls
    assert len(recorded(engine)) == len(done)


def test_the_weekly_purge_does_not_wait_for_the_service_itself(service: Made, engine: Engine) -> None:
    one = service("", slugs=())
    one.upkeep = ("purge",)
    with run_recorded(engine, "run"):
        assert [item.verb for item in one.run_once()] == ["purge"]


def test_what_a_person_asks_for_is_begun_once(service: Made, engine: Engine) -> None:
    early = datetime(2026, 11, 18, 5, 0, tzinfo=UTC)
    with transaction(engine) as connection:
        past.ask(connection, "crawl", "tokopedia", "2026-W47")
    one = service("", now=early)
    assert [item.why for item in one.tick()] == ["asked for by a person"]
    wait(one)
    assert one.tick() == []
    assert [row[2] for row in recorded(engine)] == ["begun", "done"]


def test_a_paused_marketplace_is_left_alone_until_its_day(service: Made, engine: Engine) -> None:
    with transaction(engine) as connection:
        past.pause(connection, "tokopedia", datetime(2026, 12, 1).date(), "by letter")  # noqa: DTZ001 (a date)
    assert [item.verb for item in service().due()] == ["probe check"]
    with transaction(engine) as connection:
        assert past.resume(connection, "tokopedia")
        assert not past.resume(connection, "tokopedia")
    assert [item.verb for item in service().due()] == ["crawl", "probe check"]


# --- the clock, the disk, the store


def done_at(engine: Engine, at: datetime) -> None:
    with transaction(engine) as connection:
        item = Due("load", None, "2026-W46", "")
        past.conclude(connection, item, at, at, "done", None)


def test_a_clock_a_year_ahead_begins_nothing_until_a_person_confirms(
    service: Made, engine: Engine, config: Config
) -> None:
    done_at(engine, SUNDAY_NOON)
    ahead = SUNDAY_NOON + timedelta(days=364)
    one = service(now=ahead)
    assert one.due() == []
    assert one.problem is not None
    assert "364 days" in one.problem
    assert [event["event"] for event in journal(config)] == ["held"]
    one.trusts_clock = True
    assert one.due()
    assert one.problem is None


def test_a_clock_two_hours_back_asks_nobody_twice(service: Made, engine: Engine) -> None:
    first = service("")
    first.run_once()
    again = service("", now=SUNDAY_NOON - timedelta(hours=2))
    assert again.due() == []


def test_the_ticker_goes_on_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import schedule

    looks: list[int] = []
    ticker = _Ticker(lambda: looks.append(1), 10)
    real = schedule.datetime.datetime

    class Back(real):  # type: ignore[valid-type, misc]
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return real.now(tz) - timedelta(hours=2)  # type: ignore[no-any-return]

    monkeypatch.setattr(schedule.datetime, "datetime", Back)
    assert ticker.scheduler.idle_seconds is not None
    assert ticker.scheduler.idle_seconds > 7000
    ticker.turn()
    assert ticker.scheduler.idle_seconds <= 10


def test_a_full_disk_begins_nothing_and_says_so(service: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    one = service()
    usage = shutil.disk_usage(one.config.data_dir)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100 << 20))
    assert one.tick() == []
    assert one.problem is not None
    assert "Only 100 MiB are free" in one.problem


def test_terms_that_are_entered_while_the_service_runs_are_seen(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor.__main__ import run
    from monitor.verbs import run as verb

    made: list[Service] = []

    class Kept(Service):
        def due(self) -> list[Due]:
            made.append(self)
            return []

    monkeypatch.setattr(verb, "Service", Kept)
    assert run(["run", "--dry-run"]) == 0
    assert list(made[0].allowed()) == []
    said = '[crawl]\nuser_agent_contact = "a@contoh.invalid"\n[crawl.terms_checked_on]\ntokopedia = 2026-11-20\n'
    (config.data_dir / "monitor.toml").write_text(said)
    assert list(made[0].allowed()) == ["tokopedia"]


def test_a_full_temporary_folder_fails_the_work_and_not_the_service(
    service: Made, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    one = service()
    monkeypatch.setattr(tempfile, "TemporaryFile", _raise(OSError(28, "No space left on device")))
    assert len(one.tick()) == 2
    assert one.children == {}
    assert (
        "crawl",
        "tokopedia",
        "failed",
        "'crawl tokopedia' cannot be started: No space left on device.",
    ) in recorded(engine)


def test_an_account_without_a_name_may_tell_the_service_things(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    import getpass

    monkeypatch.setattr(getpass, "getuser", _raise(KeyError("getpwuid(): uid not found: 4711")))
    with transaction(engine) as connection:
        past.ask(connection, "crawl", "tokopedia", None)
        past.pause(connection, "blibli", SUNDAY_NOON.date(), "why")
    assert [row[2] for row in recorded(engine)] == ["asked"]


def test_a_data_folder_that_is_not_there_any_more_is_waited_for(service: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    one = service()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", _raise(FileNotFoundError(2, "No such file or directory")))
        assert one.tick() == []
        assert one.problem is not None
        assert one.problem.endswith(
            "cannot be used: No such file or directory; mend that and run the same command again."
        )
    assert len(one.tick()) == 2


def test_a_store_that_cannot_be_used_is_waited_for(service: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.errors import StoreError

    one = service()
    with monkeypatch.context() as patch:
        patch.setattr(past, "read_past", _raise(StoreError("The database is locked by another process.")))
        assert one.tick() == []
        assert one.problem == "The database is locked by another process."
    assert len(one.tick()) == 2
    assert one.problem is None


@pytest.mark.parametrize("question", ["last_sign", "taken"])
def test_a_database_that_goes_away_between_two_questions_ends_no_service(
    service: Made, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    one = service()
    with monkeypatch.context() as patch:
        patch.setattr(past, question, _raise(OperationalError("SELECT", {}, Exception("connection failed"))))
        assert one.tick() == []
        assert one.problem is not None
        assert "does not answer" in one.problem
    assert len(one.tick()) == 2


def _raise(error: Exception) -> Callable[..., object]:
    def raising(*_: object) -> object:
        raise error

    return raising


# --- two services


RUN = [sys.executable, "-m", "monitor", "run"]
ROOT = Path(__file__).parents[1]


def test_a_second_service_is_refused_with_who_holds_it_and_sigterm_ends_the_first(tmp_path: Path) -> None:
    env = {**os.environ, "MONITOR_DATA_DIR": str(tmp_path / "data")}
    first = subprocess.Popen(RUN, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert first.stdout is not None
        assert "The service runs" in first.stdout.readline()
        second = subprocess.run(RUN, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert second.returncode == 1
        assert f":{first.pid} since" in second.stderr
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=30) == 0
    finally:
        first.kill()
        first.communicate()


# --- looking ahead


def test_two_weeks_ahead_hold_two_of_everything_weekly_each_at_its_slot() -> None:
    from zoneinfo import ZoneInfo

    from monitor.marketplaces import catalogue

    zone = ZoneInfo("Asia/Jakarta")
    now = datetime(2026, 11, 23, 3, 17, tzinfo=UTC)
    scene = Scene(
        catalogue(), [Past("crawl", "tokopedia", "2026-W47", "done", now, now)], now, zone, allowed=["tokopedia"]
    )
    found = [(one.item.verb, one.item.week, one.at.astimezone(zone).strftime("%a %H:%M")) for one in forecast(scene)]
    assert found == [
        ("week", "2026-W47", "Tue 06:00"),
        ("crawl", "2026-W48", "Sun 01:00"),
        ("probe check", "2026-W48", "Sun 12:00"),
        ("week", "2026-W48", "Tue 06:00"),
        ("crawl", "2026-W49", "Sun 01:00"),
        ("probe check", "2026-W49", "Sun 12:00"),
    ]
