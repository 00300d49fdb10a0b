"""Every verb's run, with a lease: two processes never do the same work at once, and a dead one is taken over.

The holder is `host:pid@start`, the start of the process telling it from a later one with the same number. On the same
host a holder counts as alive exactly while its process lives; on another host while its lease, renewed by a heartbeat,
has not run out.
"""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, TimeoutError

from monitor.database import transaction, translate_errors
from monitor.errors import MonitorError, StoreError
from monitor.living import is_living, started
from monitor.private_store import runs
from monitor.run_log import named, note, run_id, told
from monitor.weeks import utc_now, utc_text

LEASE_S = 60
LAST_RUNS = 50
CLOCK_DRIFT = timedelta(minutes=15)  # machines that share a store may differ; set right by hand, it is hours
HEARTBEAT_S = 20
ALONE = {"link"}  # verbs of which one at a time runs, whatever the week: linking a week forgets what follows it
ABANDONED = {"outcome": "abandoned", "finished_at": runs.c.heartbeat_at, "lease_until": None}


@dataclass
class Run:
    """A run in progress; set `message` and `input_digest` before it ends."""

    run_id: int
    message: str | None = None
    input_digest: str | None = None
    outcome: str = "done"


def holder() -> str:
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}@{started(pid)}"


def is_alive(who: str, lease_until: str | None, now: str) -> bool:
    """Whether the holder of a run still works on it. now, lease_until: UTC texts."""
    host, _, process = who.rpartition(":")
    if host != socket.gethostname():
        return lease_until is not None and lease_until > now
    number, _, began = process.partition("@")
    pid = int(number)
    return is_living(pid) and (not began or began == started(pid))


def abandon_dead(connection: Connection) -> int:
    """Runs whose process died are said to be abandoned, ended when they last gave a sign of life. Their number."""
    now = utc_text(utc_now())
    query = select(runs.c.run_id, runs.c.holder, runs.c.lease_until).where(runs.c.outcome == "running")
    dead = [row.run_id for row in connection.execute(query) if not is_alive(row.holder, row.lease_until, now)]
    if dead:
        connection.execute(update(runs).where(runs.c.run_id.in_(dead)).values(**ABANDONED))
    return len(dead)


def _same_work(verb: str, subject: str | None, week: str | None) -> ColumnElement[bool]:
    def same(column: ColumnElement[str], value: str | None) -> ColumnElement[bool]:
        return column.is_(None) if value is None else column == value

    week_too = () if verb in ALONE else (same(runs.c.week, week),)
    return and_(runs.c.verb == verb, same(runs.c.subject, subject), *week_too)


def clock_behind(connection: Connection, now: datetime) -> str | None:
    """A sentence where work was recorded at a time that this clock has yet to reach; None where all is well."""
    latest = select(runs.c.started_at).order_by(runs.c.run_id.desc()).limit(LAST_RUNS).subquery()
    newest = connection.execute(select(func.max(latest.c.started_at))).scalar()
    if newest is None or newest <= utc_text(now + CLOCK_DRIFT):
        return None
    return (
        f"The clock of this machine shows {utc_text(now)}, but work was recorded at {newest}; set it right, else what "
        "follows is dated wrongly."
    )


def _take(connection: Connection, verb: str, subject: str | None, week: str | None) -> int:
    now = utc_now()
    if wrong := clock_behind(connection, now):
        sys.stderr.write(f"{wrong}\n")
    if connection.dialect.name == "postgresql":  # SQLite's writing transactions exclude each other anyway
        connection.execute(text("LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE"))
    held = connection.execute(
        select(runs.c.run_id, runs.c.week, runs.c.holder, runs.c.lease_until, runs.c.started_at).where(
            _same_work(verb, subject, week), runs.c.outcome == "running"
        )
    ).all()
    for row in held:
        # A run of this very process is an earlier one that did not end well.
        if row.holder != holder() and is_alive(row.holder, row.lease_until, utc_text(now)):
            what = " ".join(part for part in (verb, subject, row.week) if part)
            who = row.holder.partition("@")[0]
            raise StoreError(f"'{what}' is already being done by {who} since {row.started_at}; wait for it.")
        connection.execute(update(runs).where(runs.c.run_id == row.run_id).values(**ABANDONED))
    result = connection.execute(
        insert(runs).values(
            verb=verb,
            subject=subject,
            week=week,
            holder=holder(),
            started_at=utc_text(now),
            heartbeat_at=utc_text(now),
            lease_until=utc_text(now + timedelta(seconds=LEASE_S)),
            outcome="running",
        )
    )
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def _beat(engine: Engine, run_id: int, stop: threading.Event) -> None:
    while not stop.wait(HEARTBEAT_S):
        now = utc_now()
        values = {"heartbeat_at": utc_text(now), "lease_until": utc_text(now + timedelta(seconds=LEASE_S))}
        try:
            with engine.begin() as connection:
                connection.execute(update(runs).where(runs.c.run_id == run_id).values(**values))
        except (DBAPIError, TimeoutError):
            continue  # the run's own transaction holds lock or connection; being alive is seen by its process


@contextmanager
def recorded(engine: Engine, verb: str, subject: str | None = None, week: str | None = None) -> Iterator[Run]:
    """Records the work inside as a run. Raises StoreError when somebody else is doing the same work."""
    with transaction(engine) as connection:
        run = Run(_take(connection, verb, subject, week))
    own = run_id.set(run.run_id)
    note("recorded", verb=verb, subject=named(subject), week=named(week))
    stop = threading.Event()
    beat = threading.Thread(target=_beat, args=(engine, run.run_id, stop), daemon=True)
    beat.start()
    try:
        yield run
    except BaseException as error:
        run.outcome = "failed"
        # Only our own sentences are kept: they carry nothing personal, other exceptions might.
        run.message = str(error) if isinstance(error, MonitorError) else type(error).__name__
        _stop(stop, beat)
        with suppress(MonitorError):  # what the work failed of is what has to be said
            _finish(engine, run)
        note("over", outcome=run.outcome, **told(error))
        run_id.reset(own)
        raise
    _stop(stop, beat)
    _finish(engine, run)
    note("over", outcome=run.outcome)
    run_id.reset(own)


def _stop(stop: threading.Event, beat: threading.Thread) -> None:
    stop.set()
    beat.join()


def abandoned_before(engine: Engine, run: Run) -> str | None:
    """When the run before this one of the same work began, if it was killed; else None."""
    with translate_errors(), engine.connect() as connection:
        own = connection.execute(select(runs).where(runs.c.run_id == run.run_id)).one()
        earlier = select(runs.c.outcome, runs.c.started_at).where(
            _same_work(own.verb, own.subject, own.week), runs.c.run_id < run.run_id
        )
        last = connection.execute(earlier.order_by(runs.c.run_id.desc()).limit(1)).first()
    return last.started_at if last is not None and last.outcome == "abandoned" else None


def _finish(engine: Engine, run: Run) -> None:
    values = {
        "outcome": run.outcome,
        "message": run.message,
        "input_digest": run.input_digest,
        "finished_at": utc_text(utc_now()),
        "lease_until": None,
    }
    with transaction(engine) as connection:
        connection.execute(update(runs).where(runs.c.run_id == run.run_id).values(**values))
