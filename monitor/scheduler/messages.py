"""What ops are told, and when: one pure function over how things stand and what was said before.

At once only what cannot wait (disk, keys, a missed week); everything else once a day, in the office hours of a working
day. Each cause is said once a week, with the command that mends it, and once more when it is over. The morning line
comes every working day, so that silence means that nobody is watching. Our own sentences and counts only: nothing of
what was read, nothing that a person wrote.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert, select

from monitor.errors import StoreError, UsageError
from monitor.message_errors import noted
from monitor.private_store import messages
from monitor.scheduler.past import moment
from monitor.scheduler.rules import Rules
from monitor.scheduler.standing import Line
from monitor.weeks import utc_text, week_of_date

REACH = timedelta(days=21)
TOLD, OVER, DAILY = "told", "over", "daily"
AT_ONCE = ("disk", "keys", "week")  # parts of the work whose lines may say that they cannot wait
OFFICE = timedelta(hours=8)  # from messages_at on; a service that was started in the evening waits for the morning
MORE = "Everything: monitor status"


@dataclass(frozen=True)
class Said:
    """One thing that was said: a row of `messages`."""

    kind: str
    cause: str
    week: str
    at: datetime


@dataclass(frozen=True)
class Message:
    """One message and what it says: (kind, cause) pairs, remembered once it was sent."""

    title: str
    body: str
    says: tuple[tuple[str, str], ...] = field(default=())


def compose(lines: Sequence[Line], said: Iterable[Said], local: datetime, rules: Rules, place: str) -> list[Message]:
    """Messages to send now. lines: how things stand. local: the region's time. place: what the title begins with."""
    said = sorted(said, key=lambda one: one.at)
    week = week_of_date(local.date())
    known = {one.cause for one in said if one.kind == TOLD and one.week == week}
    waiting = {line.cause: line for line in _once_each(lines) if line.action and line.cause}
    new = [line for cause, line in waiting.items() if cause not in known]
    found = [_urgent(line, place) for line in new if _is_urgent(line)]
    over = _over(said, waiting)
    if at_once := [one.cause for one in over if not _was_in_digest(one, said)]:
        found.append(_relief(at_once, place))
    if _is_time(said, local, rules):
        rest = [line for line in new if not _is_urgent(line)]
        found.append(_morning(_once_each(lines), rest, [one.cause for one in over if one.cause not in at_once], place))
    return found


def _is_urgent(line: Line) -> bool:
    return line.at_once and line.part in AT_ONCE


def _once_each(lines: Sequence[Line]) -> list[Line]:
    """The service that is held by a full disk has no cause of its own."""
    is_full = any(line.part == "disk" and line.at_once for line in lines)
    return [line for line in lines if not (is_full and line.cause == "held")]


def _over(said: Sequence[Said], waiting: Iterable[str]) -> list[Said]:
    """Causes that were said last to be there, and are not any more."""
    last = {one.cause: one for one in said if one.kind in (TOLD, OVER)}
    return [one for cause, one in last.items() if one.kind == TOLD and cause not in set(waiting)]


def _was_in_digest(one: Said, said: Iterable[Said]) -> bool:
    return any(other.kind == DAILY and other.at == one.at for other in said)


def _is_time(said: Iterable[Said], local: datetime, rules: Rules) -> bool:
    """Once a working day, in office hours."""
    today = local.date()
    opens = datetime.combine(today, rules.messages_at, local.tzinfo)
    if not rules.is_working_day(today) or not opens <= local < opens + OFFICE:
        return False
    return not any(one.kind == DAILY and one.at.astimezone(local.tzinfo).date() == today for one in said)


def _urgent(line: Line, place: str) -> Message:
    return Message(
        f"{place}: {_what(line)}", f"{_what(line)}: {line.state}.\nDo: {line.action}\n{MORE}", ((TOLD, line.cause),)
    )


def _relief(causes: Sequence[str], place: str) -> Message:
    return Message(f"{place}: over", f"Over: {', '.join(causes)}.", tuple((OVER, cause) for cause in causes))


def _morning(lines: Sequence[Line], new: Sequence[Line], over: Sequence[str], place: str) -> Message:
    waiting = sum(1 for line in lines if line.action)
    title = f"{place}: sehat" if not waiting else f"{place}: {_counted(waiting)} for a person"
    body = [f"{_what(line)}: {line.state}.\n  Do: {line.action}" for line in new]
    if over:
        body.append(f"Over: {', '.join(over)}.")
    if waiting > len(new):
        body.append(f"{waiting - len(new)} said before this week.")
    if waiting:
        body.append(MORE)
    if not waiting:
        body += [f"{_what(line)}: {line.state}" for line in lines if line.part in ("service", "week", "backup", "disk")]
    says = [(DAILY, ""), *((TOLD, line.cause) for line in new), *((OVER, cause) for cause in over)]
    return Message(title, "\n".join(body) or "Nothing to say.", tuple(says))


def _counted(waiting: int) -> str:
    return "1 thing waits" if waiting == 1 else f"{waiting} things wait"


def _what(line: Line) -> str:
    return " ".join(part for part in (line.part, line.subject) if part)


# --- what was said ----------------------------------------------------------------------------------------------------


def read_said(connection: Connection, now: datetime) -> list[Said]:
    query = select(messages).where(messages.c.at >= utc_text(now - REACH))
    return [Said(row.kind, row.cause, row.week, moment(row.at)) for row in connection.execute(query)]


def remember(connection: Connection, message: Message, now: datetime, week: str) -> None:
    rows = [{"at": utc_text(now), "kind": kind, "cause": cause, "week": week} for kind, cause in message.says]
    if rows:
        connection.execute(insert(messages), rows)


# --- sending ----------------------------------------------------------------------------------------------------------


def addresses(path: Path) -> list[str]:
    """One address a line, as Apprise writes them; empty where the file is not there. Their content is never shown."""
    return list(numbered(path).values())


def numbered(path: Path) -> dict[int, str]:
    """The same by the number of their line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        mode = path.stat().st_mode
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise StoreError(f"The addresses for messages {path} cannot be read; check the file and its rights.") from None
    if mode & 0o077:
        raise UsageError(f"{path} holds passwords and others may read it; run: chmod 600 {path}")
    found = {number: line.strip() for number, line in enumerate(lines, start=1)}
    return {number: line for number, line in found.items() if line and not line.startswith("#")}


def send(path: Path, message: Message) -> int:
    """To how many addresses it went. Raises UsageError for an address that Apprise does not know, StoreError where one
    did not take it: then it is sent again later, so that some may get it twice and none not at all."""
    import apprise  # its hundred services take longer to load than everything else that only looks

    found = numbered(path)
    outward = {number: apprise.Apprise() for number in found}
    with noted():
        unknown = [number for number, address in found.items() if not outward[number].add(address)]
    if unknown:
        raise UsageError(
            f"Line {unknown[0]} of {path.name} is no address that Apprise knows; see its list of services."
        )
    failed = {}
    for number, one in outward.items():  # one after the other, so that each says why
        with noted() as notes:
            if not one.notify(title=message.title, body=message.body):
                failed[number] = notes.cause
    if failed:
        number, cause = next(iter(failed.items()))
        raise StoreError(
            f"A message could not be sent; line {number} of {path.name}: {cause}. It is tried again; "
            "test it with: monitor messages test"
        )
    return len(outward)
