"""A store that may only be read, a wrong clock, SIGTERM in any write, two services at once: real verbs, one machine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faulty_machine import ROOT, Machine, machine
from faulty_stages import NOW, Stage, files, half_written, integrity, lay_out, rows

from monitor.config import Config, load_config
from monitor.database import private_engine, transaction
from monitor.living import is_living
from monitor.runs import clock_behind
from monitor.scheduler import past
from monitor.scheduler.due import Due
from monitor.weeks import utc_text

HOUR, YEAR = 3600, 365 * 86_400


# --- the clock, by hand


def test_a_clock_behind_the_newest_run_is_said(config: Config) -> None:
    engine = private_engine(config)
    now = datetime(2026, 11, 17, 3, 0, tzinfo=UTC)
    with transaction(engine) as connection:
        assert clock_behind(connection, now) is None
        past.conclude(connection, Due("load", None, "2026-W46", ""), now, now, "done", None)
        assert clock_behind(connection, now - timedelta(minutes=5)) is None
        said = clock_behind(connection, now - timedelta(hours=2))
    assert said == (
        "The clock of this machine shows 2026-11-17T01:00:00Z, but work was recorded at 2026-11-17T03:00:00Z; set it "
        "right, else what follows is dated wrongly."
    )
    engine.dispose()


# --- real verbs


@pytest.fixture(scope="module")
def one() -> Iterator[Machine]:
    with machine() as made:
        yield made


@pytest.fixture(scope="module")
def stages(one: Machine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    return lay_out(one, tmp_path_factory.mktemp("week"), until="links", businesses=200, shops=60)


VERBS = ("import", "feed tokopedia", "load", "link", "review", "links")
# Noted before the file appears: better twice than not at all.
AT_LEAST_ONCE = ("access_log",)


def same(machine: Machine, stage: Stage) -> None:
    found, expected = rows(machine.data), rows(stage.after)
    for store, tables in expected.items():
        for name, kept in tables.items():
            assert name in AT_LEAST_ONCE or found[store][name] == kept, (store, name)
    assert files(machine.data) == files(stage.after)


@pytest.mark.prove
def test_a_store_that_may_only_be_read_while_the_folder_may_be_written(one: Machine, stages: dict[str, Stage]) -> None:
    """As after a restore by another user. Root may write everything, so this asks the machine for it."""
    stage = stages["load"]
    one.put(stage.before)
    lock = "import os; os.environ['X'] = ''\nimport monitor.database as d\n"
    lock += "begin = d.begin_writing\n"
    lock += "def only(connection, *rest):\n"
    lock += "    connection.exec_driver_sql('PRAGMA query_only = ON'); begin(connection, *rest)\n"
    lock += "d.begin_writing = only\n"
    ended = one.run(stage.arguments, lock)
    assert ended.code == 1
    assert "private.sqlite cannot be written; check the rights of the file and its folder" in ended.said
    assert stage.run(one).code == 0
    same(one, stage)


@pytest.mark.prove
@pytest.mark.parametrize("verb", VERBS)
def test_sigterm_in_any_write_of_a_verb_leaves_everything_to_be_gone_on_with(
    one: Machine, stages: dict[str, Stage], verb: str
) -> None:
    stage = stages[verb]
    one.put(stage.before)
    whole = stage.run(one)
    assert whole.code == 0
    for share in (0.1, 0.5, 0.9):
        one.put(stage.before)
        began = time.monotonic()
        with one.told_at(max(1, int(share * whole.needed)), signal.SIGTERM):
            ended = stage.run(one)
        assert ended.refused == 1
        assert ended.code != 0
        assert time.monotonic() - began < 30
        assert "Traceback" not in ended.said
        assert half_written(one, stage) == []
        assert integrity(one.data) == []
        assert stage.run(one).code == 0
        same(one, stage)


@pytest.mark.prove
@pytest.mark.parametrize("shift", [-2 * HOUR, YEAR])
@pytest.mark.parametrize("verb", ["load", "link"])
def test_a_verb_under_a_wrong_clock_gives_the_same_rows(
    one: Machine, stages: dict[str, Stage], verb: str, shift: int
) -> None:
    stage = stages[verb]
    one.put(stage.before)
    one.state.shift = shift
    try:
        ended = stage.run(one)
    finally:
        one.state.shift = 0
    assert ended.code == 0, ended.said
    behind = f"The clock of this machine shows {utc_text(datetime.fromtimestamp(NOW + shift, UTC))}, but work was"
    assert (behind in ended.said) == (shift < 0)
    same(one, stage)
    # Once the clock is right again, what a year ahead left behind is said, and nothing is done twice.
    again = stage.run(one)
    assert again.code == 0
    assert ("set it right" in again.said) == (shift > 0)
    same(one, stage)


# --- two services, and one with children that is told to stop


RUN = [sys.executable, "-m", "monitor", "run"]


def service(data: Path) -> "subprocess.Popen[str]":
    env = {**os.environ, "MONITOR_DATA_DIR": str(data)}
    return subprocess.Popen(RUN, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.prove
def test_of_two_services_started_at_the_same_second_one_wins_and_the_other_says_who(tmp_path: Path) -> None:
    data = tmp_path / "data"
    private_engine(load_config({"MONITOR_DATA_DIR": str(data)})).dispose()
    both = [service(data) for _ in range(2)]
    until = time.monotonic() + 120
    while all(process.poll() is None for process in both) and time.monotonic() < until:
        time.sleep(0.05)
    (loser,) = [process for process in both if process.poll() is not None]
    (winner,) = [process for process in both if process is not loser]
    _, said = loser.communicate()
    assert loser.returncode == 1
    (sentence,) = said.splitlines()
    assert sentence.startswith("monitor: 'run' is already being done by ")
    assert f":{winner.pid} since" in sentence
    assert winner.stdout is not None
    assert "The service runs" in winner.stdout.readline()
    winner.send_signal(signal.SIGTERM)
    assert winner.wait(timeout=30) == 0
    winner.communicate()


# A service whose work never ends by itself, and does not listen when it is told to.
STUBBORN = """
import sys
from datetime import UTC, datetime
from monitor.config import load_config
from monitor.database import private_engine
from monitor.runs import recorded
from monitor.scheduler.processes import Limits, launch
from monitor.scheduler.service import Service
child = ("import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
         "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']); time.sleep(300)")
config = load_config()
engine = private_engine(config)
def start(config, item, now):
    return launch([sys.executable, "-c", child], config, item, now, Limits(300, 512))
noon = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
began = datetime.now(UTC)
clock = lambda: noon + (datetime.now(UTC) - began)
with recorded(engine, "run"):
    Service(engine, config, lambda: ("tokopedia", "blibli"), start=start, clock=clock).run()
"""


@pytest.mark.prove
def test_sigterm_ends_the_service_and_all_it_began_within_thirty_seconds(tmp_path: Path) -> None:
    data = tmp_path / "data"
    env = {**os.environ, "MONITOR_DATA_DIR": str(data), "MONITOR_CONFIG": str(tmp_path / "monitor.toml")}
    (tmp_path / "monitor.toml").write_text("[schedule]\nmin_free_mb = 1\n")
    process = subprocess.Popen([sys.executable, "-c", STUBBORN], cwd=ROOT, env=env)
    journal = data / "logs" / "service.jsonl"
    until = time.monotonic() + 120
    while time.monotonic() < until and (not journal.exists() or journal.read_text().count('"begun"') < 3):
        time.sleep(0.1)
    children = [int(word) for word in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    assert len(children) == 3  # two crawls and the probe check
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert time.monotonic() - began < 30
    assert not [pid for pid in children if is_living(pid)]
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    ended = [event for event in events if event["event"] == "ended"]
    assert {event["outcome"] for event in ended} == {"abandoned"}
    assert len(ended) == 3
    engine = private_engine(load_config({"MONITOR_DATA_DIR": str(data)}))
    with transaction(engine) as connection:
        found = past.read_past(connection, datetime(2026, 11, 22, 6, 0, tzinfo=UTC))
    assert {run.outcome for run in found} == {"abandoned"}  # so that the next service goes on at once
    engine.dispose()
