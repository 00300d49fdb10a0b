"""Leases: two processes never do the same work at once, a dead one is taken over at once."""

import os
import signal
import socket
import subprocess
import sys

import pytest
from sqlalchemy import insert, select

from monitor.config import Config
from monitor.database import private_engine, transaction
from monitor.errors import InputError, StoreError
from monitor.living import is_living
from monitor.private_store import runs
from monitor.runs import abandon_dead, holder, recorded

HOLD = """
import sys, time
from monitor.config import load_config
from monitor.database import private_engine
from monitor.runs import recorded
with recorded(private_engine(load_config()), "load", week="2026-W47"):
    print("holding", flush=True)
    time.sleep(60)
"""


def outcomes(config: Config) -> list[tuple[str, str | None]]:
    engine = private_engine(config)
    with engine.connect() as connection:
        found = [(r.outcome, r.message) for r in connection.execute(select(runs).order_by(runs.c.run_id))]
    engine.dispose()
    return found


def test_a_run_is_recorded_with_its_outcome(config: Config) -> None:
    engine = private_engine(config)
    with recorded(engine, "load", week="2026-W47") as run:
        run.message = "3 shops"
    with pytest.raises(InputError), recorded(engine, "feed"):
        raise InputError("The file is empty.")
    with pytest.raises(KeyError), recorded(engine, "feed"):
        raise KeyError("Ibu Siti 0812")
    engine.dispose()
    assert outcomes(config) == [("done", "3 shops"), ("failed", "The file is empty."), ("failed", "KeyError")]


def test_the_same_work_is_not_done_twice_at_once_and_a_killed_holder_is_replaced(config: Config) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "holding\n"
        engine = private_engine(config)
        sentence = rf"'load 2026-W47' is already being done by .*:{other.pid}"
        with pytest.raises(StoreError, match=sentence), recorded(engine, "load", week="2026-W47"):
            pass
        with recorded(engine, "load", week="2026-W46"):
            pass
    finally:
        other.send_signal(signal.SIGKILL)
        other.communicate()
    with recorded(engine, "load", week="2026-W47"):
        pass
    engine.dispose()
    assert [outcome for outcome, _ in outcomes(config)] == ["abandoned", "done", "done"]


def test_a_killed_holder_of_which_nobody_took_note_is_replaced(config: Config) -> None:
    """As in a container whose first process does not: the killed one keeps its number and does nothing any more."""
    other = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert other.stdout is not None
    assert other.stdout.readline() == "holding\n"
    other.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    engine = private_engine(config)
    try:
        os.kill(other.pid, 0)  # its number is still taken
        assert not is_living(other.pid)
        with recorded(engine, "load", week="2026-W47"):
            pass
    finally:
        engine.dispose()
        other.communicate()
    assert [outcome for outcome, _ in outcomes(config)] == ["abandoned", "done"]


def test_another_host_keeps_its_lease_until_it_runs_out(config: Config) -> None:
    engine = private_engine(config)
    row = {"verb": "load", "holder": "elsewhere:1", "started_at": "x", "heartbeat_at": "x", "outcome": "running"}
    with transaction(engine) as connection:
        connection.execute(insert(runs).values(**row, lease_until="2999-01-01T00:00:00Z"))
    with pytest.raises(StoreError, match="elsewhere:1"), recorded(engine, "load"):
        pass
    with transaction(engine) as connection:
        connection.execute(runs.update().values(lease_until="2020-01-01T00:00:00Z"))
    with recorded(engine, "load"):
        pass
    engine.dispose()


def test_only_one_week_is_linked_at_a_time(config: Config) -> None:
    """Linking an earlier week makes the tables forget the later ones."""
    engine = private_engine(config)
    row = {"verb": "link", "week": "2026-W47", "holder": "elsewhere:1", "started_at": "x", "heartbeat_at": "x"}
    with transaction(engine) as connection:
        connection.execute(insert(runs).values(**row, outcome="running", lease_until="2999-01-01T00:00:00Z"))
    sentence = "'link 2026-W47' is already being done by elsewhere:1"
    with pytest.raises(StoreError, match=sentence), recorded(engine, "link", week="2026-W46"):
        pass
    engine.dispose()


def test_a_later_process_with_the_number_of_a_dead_one_is_not_taken_for_it(config: Config) -> None:
    """After a restart of the machine another program may carry the number of a run that was cut off."""
    engine = private_engine(config)
    host = socket.gethostname()
    now = "2026-11-22T00:00:00Z"
    row = {"verb": "load", "started_at": now, "heartbeat_at": now, "outcome": "running"}
    with transaction(engine) as connection:
        # our parent lives, but did not start at tick 1
        connection.execute(insert(runs).values(**row, holder=f"{host}:{os.getppid()}@1", week="2026-W46"))
        connection.execute(insert(runs).values(**row, holder=f"{host}:{os.getppid()}", week="2026-W47"))
        connection.execute(insert(runs).values(**row, holder=holder(), week="2026-W48"))  # our own goes on
        assert abandon_dead(connection) == 1
        assert abandon_dead(connection) == 0
        found = connection.execute(select(runs.c.week, runs.c.outcome, runs.c.finished_at).order_by(runs.c.week)).all()
    engine.dispose()
    assert [tuple(one) for one in found] == [
        ("2026-W46", "abandoned", now),
        ("2026-W47", "running", None),
        ("2026-W48", "running", None),
    ]
