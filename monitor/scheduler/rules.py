"""What ops decide about times ([schedule] in monitor.toml), read and checked once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from monitor.config import ScheduleOptions
from monitor.errors import UsageError
from monitor.weeks import week_days

T = TypeVar("T")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Slot:
    """A weekday and a time of day of the region."""

    weekday: int
    hour: time

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {self.hour:%H:%M}"

    def in_week(self, week: str, zone: ZoneInfo) -> datetime:
        return datetime.combine(week_days(week)[0] + timedelta(days=self.weekday), self.hour, zone)


@dataclass(frozen=True)
class Rules:
    """Checked options. Times of day are the region's; retry: how long after the first, second, .. failure."""

    quiet_from: time = time(0)
    quiet_to: time = time(0)
    report: Slot = field(default_factory=lambda: slot("tuesday 06:00"))
    report_deadline: time = time(12)
    holidays: frozenset[date] = frozenset()
    retry: tuple[timedelta, ...] = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
    probe_check: Slot = field(default_factory=lambda: slot("sunday 12:00"))
    backup_at: time = time(2, 30)
    messages_at: time = time(8)
    catch_up_weeks: int = 4
    parallel_crawls: int = 4

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < WEEKDAYS.index("saturday") and day not in self.holidays

    def is_quiet(self, hour: time) -> bool:
        """Whether no crawl starts at this time of day; the same time twice means that none is quiet."""
        begins, ends = self.quiet_from, self.quiet_to
        return begins <= hour < ends if begins <= ends else hour >= begins or hour < ends


def slot(text: str) -> Slot:
    """`sunday 01:00`. Raises ValueError."""
    weekday, _, hour = text.partition(" ")
    return Slot(WEEKDAYS.index(weekday), time.fromisoformat(hour))


def rules_of(options: ScheduleOptions) -> Rules:
    """Raises UsageError that names the option which cannot be read."""
    return Rules(
        quiet_from=_read(options, "quiet_from", time.fromisoformat),
        quiet_to=_read(options, "quiet_to", time.fromisoformat),
        report=_read(options, "report_on", slot),
        report_deadline=_read(options, "report_deadline", time.fromisoformat),
        holidays=_read(options, "holidays", lambda days: frozenset(map(date.fromisoformat, days))),
        retry=_read(options, "retry_hours", lambda hours: tuple(timedelta(hours=float(hour)) for hour in hours)),
        probe_check=_read(options, "probe_check_on", slot),
        backup_at=_read(options, "backup_at", time.fromisoformat),
        messages_at=_read(options, "messages_at", time.fromisoformat),
        catch_up_weeks=max(1, options.catch_up_weeks),
        parallel_crawls=max(1, options.parallel_crawls),
    )


_LIKE = {
    "report_on": "'tuesday 06:00'",
    "probe_check_on": "'sunday 12:00'",
    "holidays": "['2026-12-25']",
    "retry_hours": "['1', '4', '12']",
}


def _read(options: ScheduleOptions, name: str, read: Callable[[Any], T]) -> T:
    value = getattr(options, name)
    try:
        return read(value)
    except ValueError:
        like = _LIKE.get(name, "'06:00'")
        raise UsageError(f"[schedule] {name} must be like {like}, not {value!r}.") from None
