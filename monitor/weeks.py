"""ISO weeks in the region's time zone: the unit in which everything is stored and published.

A week is the text ``2026-W47`` (ISO 8601); as text it sorts in time order.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from monitor.errors import UsageError

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


def parse_week(text: str) -> str:
    """The week itself when `text` is one (``2026-W47``); raises UsageError otherwise."""
    match = _WEEK.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError
        date.fromisocalendar(int(match[1]), int(match[2]), 1)
    except ValueError:
        raise UsageError(f"'{text}' is not an ISO week; write it like 2026-W47.") from None
    return match[0]


def week_of_date(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def week_of(moment: datetime, zone: ZoneInfo) -> str:
    """Week of an aware moment, seen from `zone`."""
    return week_of_date(moment.astimezone(zone).date())


def week_days(week: str) -> tuple[date, date]:
    """Monday and Sunday of the week."""
    year, number = int(week[:4]), int(week[6:])
    monday = date.fromisocalendar(year, number, 1)
    return monday, monday + timedelta(days=6)


@lru_cache(maxsize=1024)  # `plan` asks for the same weeks at two thousand moments
def shift_week(week: str, by: int) -> str:
    return week_of_date(week_days(week)[0] + timedelta(weeks=by))


def last_ended_week(now: datetime, zone: ZoneInfo) -> str:
    return shift_week(week_of(now, zone), -1)


def published_on(week: str) -> date:
    """The Tuesday after the reference week, on which its first figures appear."""
    return week_days(week)[1] + timedelta(days=2)


def answer_by(week: str, days: int) -> date:
    """Last day for answers: `days` after the first figures; page, review sheet and `status` say the same."""
    return published_on(week) + timedelta(days=days)


_ahead = [timedelta()]


def move_clock(ahead: timedelta) -> None:
    """From here on this process is so much ahead of the real time; for rehearsals (`monitor.practice.use_clock`)."""
    _ahead[0] = ahead


def utc_now() -> datetime:
    """The one place that reads the clock for data; aware, UTC, whole seconds."""
    return (datetime.now(UTC) + _ahead[0]).replace(microsecond=0)


def utc_text(moment: datetime) -> str:
    """``2026-11-21T20:34:57Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
