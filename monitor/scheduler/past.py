"""What has run, read from and written to the `runs` table; pauses. Nothing the service decides on is kept elsewhere."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, literal, or_, select, update

from monitor.access import account
from monitor.private_store import pauses, runs
from monitor.runs import abandon_dead, holder, is_alive
from monitor.scheduler.due import Due, Past
from monitor.weeks import utc_now, utc_text

REACH = timedelta(weeks=10)  # final figures look six weeks back, catching up four
ASKED, BEGUN = "asked", "begun"
SERVICE = "run"  # the verb of the service
LENT = "the lane was lent to 'probe check'"


def read_past(connection: Connection, now: datetime, *, only_reads: bool = False) -> list[Past]:
    """Runs that bear on what is due now, the service's own left out.

    Of work that was done several times on one day only the last time is told: hundreds of thousands of runs are read
    in half a second. Runs whose process died are abandoned first; only_reads: they are shown so, nothing is written.
    """
    if not only_reads:
        abandon_dead(connection)
    recent = and_(runs.c.started_at >= utc_text(now - REACH), runs.c.verb != SERVICE)
    done = (
        select(*_WORK, literal("done"), literal(None), func.max(runs.c.started_at), func.max(runs.c.finished_at))
        # Written so that the index of times is used: nearly all of two years are done, and every run has a verb.
        .where(recent, func.lower(runs.c.outcome) == "done")
        .group_by(func.substr(runs.c.started_at, 1, 10), *_WORK)
    )
    other = select(
        *(*_WORK, runs.c.outcome, runs.c.message, runs.c.started_at, runs.c.finished_at),
        *(runs.c.holder, runs.c.lease_until, runs.c.heartbeat_at),
    ).where(or_(recent & runs.c.outcome.not_in(("done", BEGUN)), _waits()))
    found = [_past(*row) for row in connection.execute(done)]
    return found + [_living(*row) for row in connection.execute(other)]


_WORK = (runs.c.verb, runs.c.subject, runs.c.week)


def _waits() -> ColumnElement[bool]:
    """However long ago: what runs, and what a person asked for."""
    return and_(runs.c.outcome.in_(("running", ASKED)), runs.c.verb != SERVICE)


def _past(
    verb: str,
    subject: str | None,
    week: str | None,
    outcome: str,
    message: str | None,
    started_at: str,
    finished_at: str | None,
) -> Past:
    outcome = "lane" if outcome == "abandoned" and message == LENT else outcome
    return Past(verb, subject, week, outcome, moment(started_at), moment(finished_at) if finished_at else None)


def _living(*row: Any) -> Past:
    """The same of a row that also says who holds it: one whose process died is shown as abandoned."""
    *told, who, lease_until, heartbeat_at = row
    if told[3] == "running" and not is_alive(who, lease_until, utc_text(utc_now())):
        told[3], told[6] = "abandoned", heartbeat_at
    return _past(*told)


def moment(text: str) -> datetime:
    """`2026-11-21T20:34:57Z` as an aware time. Raises ValueError."""
    return datetime.fromisoformat(text)


def last_sign(connection: Connection) -> datetime | None:
    """When work other than the service itself began last; None before the first."""
    query = select(runs.c.started_at).where(runs.c.verb != SERVICE).order_by(runs.c.started_at.desc()).limit(1)
    found = connection.execute(query).scalar()
    return moment(found) if found else None


# --- what a person asks for


def ask(connection: Connection, verb: str, subject: str | None, week: str | None) -> None:
    """The service begins this at its next tick, whatever its slot, pauses and quiet hours."""
    connection.execute(insert(runs).values(**_row(verb, subject, week, ASKED, f"asked for by {account()}")))


def taken(connection: Connection, item: Due) -> None:
    """What was asked for has begun; it is not begun again."""
    asked = and_(_same_work(item), runs.c.outcome == ASKED)
    connection.execute(update(runs).where(asked).values(outcome=BEGUN, finished_at=utc_text(utc_now())))


def conclude(
    connection: Connection, item: Due, began: datetime, ended: datetime, outcome: str, message: str | None
) -> None:
    """What became of a process that ended, where it could not say so itself.

    Without it, a verb that fails before it records anything would be begun again at every tick.
    """
    own = and_(_same_work(item), runs.c.started_at >= utc_text(began), runs.c.outcome != BEGUN)
    found = list(connection.execute(select(runs.c.run_id, runs.c.outcome).where(own)))
    end = {"outcome": outcome, "message": message, "finished_at": utc_text(ended), "lease_until": None}
    if unfinished := [row.run_id for row in found if row.outcome == "running"]:
        connection.execute(update(runs).where(runs.c.run_id.in_(unfinished)).values(**end))
    if not found:
        row = _row(item.verb, item.subject, item.week, outcome, message)
        connection.execute(insert(runs).values(**row | end | {"started_at": utc_text(began)}))


def _same_work(item: Due) -> ColumnElement[bool]:
    return and_(
        runs.c.verb == item.verb,
        runs.c.subject.is_(None) if item.subject is None else runs.c.subject == item.subject,
        runs.c.week.is_(None) if item.week is None else runs.c.week == item.week,
    )


def _row(verb: str, subject: str | None, week: str | None, outcome: str, message: str | None) -> dict[str, object]:
    now = utc_text(utc_now())
    return {
        "verb": verb,
        "subject": subject,
        "week": week,
        "holder": holder(),
        "started_at": now,
        "heartbeat_at": now,
        "finished_at": None if outcome == ASKED else now,
        "outcome": outcome,
        "message": message,
    }


# --- pauses


def pause(connection: Connection, slug: str, until: date, reason: str) -> None:
    """The marketplace is not crawled before `until`."""
    resume(connection, slug)
    connection.execute(
        insert(pauses).values(
            marketplace=slug,
            until=until.isoformat(),
            reason=reason,
            who=account(),
            at=utc_text(utc_now()),
        )
    )


def resume(connection: Connection, slug: str) -> bool:
    """Whether it was paused."""
    return connection.execute(delete(pauses).where(pauses.c.marketplace == slug)).rowcount > 0


def read_pauses(connection: Connection) -> dict[str, date]:
    """Marketplace -> first day on which it may run again."""
    return {row.marketplace: date.fromisoformat(row.until) for row in connection.execute(select(pauses))}
