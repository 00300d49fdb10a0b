"""Every rule of the schedule, as a table: the time in Jakarta, what ran before, and what is due then."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config import ScheduleOptions
from monitor.errors import UsageError
from monitor.marketplaces import catalogue
from monitor.scheduler.due import Due, Past, Scene, due, report_day
from monitor.scheduler.rules import Rules, rules_of

ZONE = ZoneInfo("Asia/Jakarta")
SITES = {slug: catalogue()[slug] for slug in ("tokopedia", "blibli", "plaza_banten", "gofood")}
SUNDAY = date(2026, 11, 22)  # of 2026-W47
WEEK, BEFORE = "2026-W47", "2026-W46"


def moment(day: date, hour: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(hour), ZONE).astimezone(UTC)


def ran(verb: str, subject: str | None, week: str | None, outcome: str, began: datetime, minutes: int = 10) -> Past:
    ended = None if outcome in ("running", "asked") else began + timedelta(minutes=minutes)
    return Past(verb, subject, week, outcome, began, ended)


def scene(now: datetime, runs: Iterable[Past] = (), **changes: Any) -> Scene:
    reported = ran("week", None, BEFORE, "done", moment(SUNDAY, "00:00") - timedelta(days=5))
    checked = ran("probe check", None, WEEK, "done", moment(SUNDAY, "00:00"))
    settled = {"allowed": list(SITES), "rules": Rules()} | changes
    return Scene(SITES, [reported, checked, *runs], now, ZONE, **settled)


def crawls(found: list[Due]) -> list[str | None]:
    return [item.subject for item in found if item.verb == "crawl"]


def slots_before(hour: str) -> list[str]:
    """Sites whose slot lies on the Sunday before that hour, by their slot."""
    found = [(entry.weekly_on.split()[1], slug) for slug, entry in SITES.items() if "sunday" in entry.weekly_on]
    return [slug for at, slug in sorted(found) if at <= hour]


# --- crawls


def test_nothing_is_crawled_before_its_slot() -> None:
    assert crawls(due(scene(moment(SUNDAY, "00:59")))) == crawls(due(scene(moment(SUNDAY, "00:00"))))
    assert "tokopedia" not in crawls(due(scene(moment(SUNDAY, "00:59"))))
    assert "tokopedia" in crawls(due(scene(moment(SUNDAY, "01:00"))))


def test_a_missed_slot_is_caught_up_until_the_week_ends() -> None:
    late = due(scene(moment(SUNDAY, "23:59")))
    assert set(crawls(late)) >= {"tokopedia"}
    assert all(item.week == WEEK for item in late if item.verb == "crawl")
    next_week = due(scene(moment(SUNDAY, "23:59") + timedelta(minutes=2)))
    assert all(item.week == "2026-W48" for item in next_week if item.verb == "crawl")


BEGAN = moment(SUNDAY, "01:00")


@pytest.mark.parametrize(
    ("runs", "minutes", "is_due"),
    [
        ([], 0, True),
        ([ran("crawl", "tokopedia", WEEK, "done", BEGAN)], 600, False),
        ([ran("crawl", "tokopedia", WEEK, "running", BEGAN)], 600, False),
        ([ran("crawl", "tokopedia", BEFORE, "done", BEGAN - timedelta(days=7))], 0, True),
        # an earlier week's crawl that still runs holds the site
        ([ran("crawl", "tokopedia", BEFORE, "running", BEGAN - timedelta(days=1))], 0, False),
        # growing distance after failures, then given up
        ([ran("crawl", "tokopedia", WEEK, "failed", BEGAN)], 69, False),
        ([ran("crawl", "tokopedia", WEEK, "failed", BEGAN)], 70, True),
        ([ran("crawl", "tokopedia", WEEK, "failed", BEGAN + timedelta(hours=i)) for i in (0, 1)], 60 + 10 + 239, False),
        ([ran("crawl", "tokopedia", WEEK, "failed", BEGAN + timedelta(hours=i)) for i in (0, 1)], 60 + 10 + 240, True),
        ([ran("crawl", "tokopedia", WEEK, "failed", BEGAN + timedelta(hours=i)) for i in range(4)], 22 * 60, False),
        # a power cut is no failure, but a process that dies again and again is
        ([ran("crawl", "tokopedia", WEEK, "abandoned", BEGAN)], 11, True),
        ([ran("crawl", "tokopedia", WEEK, "abandoned", BEGAN + timedelta(hours=i)) for i in (0, 1)], 72, False),
        # another verb held the lane: nothing was crawled
        ([ran("crawl", "tokopedia", WEEK, "lane", BEGAN)], 11, True),
        # a person asks: it runs again although it was done
        (
            [
                ran("crawl", "tokopedia", WEEK, "done", BEGAN),
                ran("crawl", "tokopedia", WEEK, "asked", BEGAN + timedelta(hours=1)),
            ],
            61,
            True,
        ),
        # the clock was set back two hours: a failure of the future does not hold anybody up
        ([ran("crawl", "tokopedia", WEEK, "failed", BEGAN + timedelta(hours=2))], 5, True),
    ],
)
def test_when_a_crawl_is_due(runs: list[Past], minutes: int, is_due: bool) -> None:
    found = due(scene(BEGAN + timedelta(minutes=minutes), runs, allowed=["tokopedia"]))
    assert crawls(found) == (["tokopedia"] if is_due else [])


def test_two_marketplaces_on_one_host_are_never_asked_at_once() -> None:
    twins = {"first": SITES["tokopedia"], "second": SITES["tokopedia"], "other": SITES["blibli"]}
    now = moment(SUNDAY, "09:00")
    found = due(Scene(twins, [], now, ZONE, allowed=list(twins)))
    assert crawls(found) == ["first", "other"]


def test_no_more_crawls_at_once_than_allowed() -> None:
    now = moment(SUNDAY, "23:00")
    everything = crawls(due(scene(now)))
    assert len(everything) > 2
    assert crawls(due(scene(now, rules=Rules(parallel_crawls=2)))) == everything[:2]
    running = [ran("crawl", everything[0], WEEK, "running", now - timedelta(minutes=5))]
    assert crawls(due(scene(now, running, rules=Rules(parallel_crawls=2)))) == everything[1:2]


def test_pauses_and_quiet_hours_hold_crawls_but_not_what_a_person_asks_for() -> None:
    now = moment(SUNDAY, "08:00")
    asked = [ran("crawl", "tokopedia", WEEK, "asked", now)]
    paused: dict[str, Any] = {"paused": {"tokopedia": date(2026, 11, 23)}, "allowed": ["tokopedia"]}
    assert crawls(due(scene(now, **paused))) == []
    assert crawls(due(scene(now, asked, **paused))) == ["tokopedia"]
    over: dict[str, Any] = {"paused": {"tokopedia": SUNDAY}, "allowed": ["tokopedia"]}
    assert crawls(due(scene(now, **over))) == ["tokopedia"]
    quiet = Rules(quiet_from=time(7), quiet_to=time(17))
    assert crawls(due(scene(now, allowed=["tokopedia"], rules=quiet))) == []
    assert crawls(due(scene(now, asked, allowed=["tokopedia"], rules=quiet))) == ["tokopedia"]


@pytest.mark.parametrize(("hour", "is_quiet"), [("21:59", False), ("22:00", True), ("03:00", True), ("06:00", False)])
def test_quiet_hours_may_go_over_midnight(hour: str, is_quiet: bool) -> None:
    assert Rules(quiet_from=time(22), quiet_to=time(6)).is_quiet(time.fromisoformat(hour)) is is_quiet


# --- reports


TUESDAY = date(2026, 11, 24)


def reports(found: list[Due]) -> list[str | None]:
    return [item.week for item in found if item.verb == "week"]


def read_all(week: str, outcome: str = "done") -> list[Past]:
    return [ran("crawl", slug, week, outcome, BEGAN) for slug in SITES]


@pytest.mark.parametrize(
    ("day", "hour", "runs", "is_due"),
    [
        (date(2026, 11, 23), "12:00", read_all(WEEK), False),
        (TUESDAY, "05:59", read_all(WEEK), False),
        (TUESDAY, "06:00", read_all(WEEK), True),
        (TUESDAY, "06:00", read_all(WEEK, "running"), False),  # it waits for what still runs
        (TUESDAY, "12:00", read_all(WEEK, "running"), True),  # up to its deadline
        (TUESDAY, "06:00", read_all(WEEK, "failed"), True),  # what failed can no longer be read
        (date(2026, 11, 26), "06:00", read_all(WEEK), True),
        (TUESDAY, "06:00", [*read_all(WEEK), ran("week", None, WEEK, "running", moment(TUESDAY, "06:00"))], False),
        (TUESDAY, "06:00", [*read_all(WEEK), ran("week", None, WEEK, "done", moment(TUESDAY, "06:00"))], False),
        (TUESDAY, "06:30", [*read_all(WEEK), ran("week", None, WEEK, "failed", moment(TUESDAY, "06:00"))], False),
        (TUESDAY, "07:10", [*read_all(WEEK), ran("week", None, WEEK, "failed", moment(TUESDAY, "06:00"))], True),
        (date(2026, 11, 23), "12:00", [ran("week", None, WEEK, "asked", moment(TUESDAY, "00:00"))], True),
    ],
)
def test_when_a_report_is_due(day: date, hour: str, runs: list[Past], is_due: bool) -> None:
    assert (WEEK in reports(due(scene(moment(day, hour), runs)))) is is_due


def test_a_report_names_what_it_goes_out_without() -> None:
    runs = [*read_all(WEEK), ran("crawl", "gofood", BEFORE, "done", BEGAN)]
    runs[0] = ran("crawl", "tokopedia", WEEK, "running", BEGAN)
    found = next(item for item in due(scene(moment(TUESDAY, "12:00"), runs)) if item.verb == "week")
    assert found.missing == ("tokopedia",)
    assert found.arguments == ["week", "--week", WEEK]


def test_a_holiday_moves_the_report_to_the_next_working_day() -> None:
    rules = Rules(
        holidays=frozenset({date(2026, 12, 25)}), report=rules_of(ScheduleOptions(report_on="friday 06:00")).report
    )
    assert report_day("2026-W51", rules) == date(2026, 12, 28)  # over the weekend to Monday
    tuesday_off = Rules(holidays=frozenset({TUESDAY}))
    assert reports(due(scene(moment(TUESDAY, "08:00"), read_all(WEEK), rules=tuesday_off))) == []
    assert reports(due(scene(moment(date(2026, 11, 25), "06:00"), read_all(WEEK), rules=tuesday_off))) == [WEEK]


def test_missed_weeks_are_caught_up_one_at_a_time_oldest_first() -> None:
    crawled = [ran("crawl", "tokopedia", week, "done", BEGAN) for week in ("2026-W45", "2026-W46", "2026-W47")]
    runs = [ran("week", None, "2026-W44", "done", BEGAN - timedelta(days=20)), *crawled]
    at = moment(TUESDAY, "09:00")
    order = []
    for _ in range(4):
        found = reports(due(Scene(SITES, runs, at, ZONE)))
        order += found
        runs += [ran("week", None, week, "done", at) for week in found]
    assert order == ["2026-W45", "2026-W46", "2026-W47"]


def test_a_week_that_was_given_up_holds_back_none_that_came_after_it() -> None:
    began = ran("week", None, "2026-W45", "done", moment(date(2026, 11, 10), "06:00"))
    failed = [
        ran("week", None, BEFORE, "failed", moment(date(2026, 11, 17), at))
        for at in ("06:00", "07:10", "11:20", "23:30")
    ]
    for attempts, wanted in ((3, [BEFORE]), (4, [WEEK])):
        runs = [began, *failed[:attempts], *read_all(WEEK)]
        assert reports(due(Scene(SITES, runs, moment(TUESDAY, "09:00"), ZONE))) == wanted


def test_a_report_of_a_week_that_still_ran_is_not_its_report() -> None:
    early = ran("week", None, WEEK, "done", moment(SUNDAY, "20:00"))
    assert reports(due(scene(moment(TUESDAY, "06:00"), [*read_all(WEEK), early]))) == [WEEK]
    whole = ran("week", None, WEEK, "done", moment(date(2026, 11, 23), "00:00"))
    assert reports(due(scene(moment(TUESDAY, "06:00"), [*read_all(WEEK), early, whole]))) == []


def test_weeks_from_before_the_first_crawl_are_not_caught_up() -> None:
    first = [ran("crawl", "tokopedia", WEEK, "done", BEGAN)]
    assert reports(due(Scene(SITES, first, moment(TUESDAY, "09:00"), ZONE))) == [WEEK]


def test_a_person_may_ask_for_a_week_that_was_reported() -> None:
    at = moment(TUESDAY, "15:00")
    runs = [ran("week", None, WEEK, "done", at), ran("week", None, "2026-W30", "asked", at)]
    assert reports(due(scene(at, runs))) == ["2026-W30"]
    begun = [*runs, ran("week", None, "2026-W30", "running", at)]
    assert reports(due(scene(at + timedelta(minutes=1), begun))) == []


def test_final_figures_come_five_weeks_later_once() -> None:
    at = moment(TUESDAY, "15:00")
    runs = [
        ran("week", None, week, "done", at) for week in ("2026-W42", "2026-W43", "2026-W44", "2026-W45", BEFORE, WEEK)
    ]
    finals = [item for item in due(Scene(SITES, runs, at, ZONE)) if item.verb == "measure"]
    assert [item.arguments for item in finals] == [["measure", "--week", "2026-W42", "--vintage", "final"]]
    runs.append(ran("measure", "final", "2026-W42", "done", at))
    assert not [item for item in due(Scene(SITES, runs, at, ZONE)) if item.verb == "measure"]


def test_final_figures_of_weeks_that_were_reported_late_are_made_too() -> None:
    """Nothing ran for two weeks: the reports were caught up, and with them what rests on them."""
    at = moment(TUESDAY, "15:00")
    weeks = ("2026-W40", "2026-W41", "2026-W42", "2026-W45", BEFORE, WEEK)
    runs = [ran("week", None, week, "done", at) for week in weeks]
    made = []
    for _ in range(4):
        finals = [item for item in due(Scene(SITES, runs, at, ZONE)) if item.verb == "measure"]
        made += [(item.week, len(finals)) for item in finals]
        begun = [*runs, *(ran("measure", "final", item.week, "running", at) for item in finals)]
        assert not [item for item in due(Scene(SITES, begun, at, ZONE)) if item.verb == "measure"]
        runs += [ran("measure", "final", item.week, "done", at) for item in finals]
    assert made == [("2026-W40", 1), ("2026-W41", 1), ("2026-W42", 1)]


# --- upkeep


def test_a_backup_a_night_and_a_purge_a_week_when_they_are_set_up() -> None:
    at = moment(TUESDAY, "02:31")
    assert not [item for item in due(scene(at)) if item.verb in ("backup", "purge")]
    both = scene(at, upkeep=("backup", "purge"))
    assert {item.verb for item in due(both)} == {"backup", "purge"}
    runs = [ran("backup", None, None, "done", at), ran("purge", None, None, "done", at)]
    again = scene(at + timedelta(hours=3), runs, upkeep=("backup", "purge"))
    assert not [item for item in due(again) if item.verb in ("backup", "purge")]
    next_night = scene(at + timedelta(days=1), runs, upkeep=("backup", "purge"))
    assert [item.verb for item in due(next_night) if item.verb in ("backup", "purge")] == ["backup"]
    busy = [*read_all("2026-W48", "running")]
    assert "purge" not in {item.verb for item in due(scene(at, busy, upkeep=("purge",)))}


# --- what must hold whatever happened


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(SITES)),
            st.sampled_from([BEFORE, WEEK]),
            st.sampled_from(["running", "done", "failed", "abandoned", "lane"]),
            st.integers(-72, 48),
        ),
        max_size=12,
    ),
    st.integers(0, 167),
)
def test_no_history_makes_it_ask_a_site_twice_at_once(history: list[tuple[str, str, str, int]], hour: int) -> None:
    now = moment(date(2026, 11, 16), "00:00") + timedelta(hours=hour)
    runs = [ran("crawl", slug, week, outcome, now + timedelta(hours=at)) for slug, week, outcome, at in history]
    found = crawls(due(Scene(SITES, runs, now, ZONE, allowed=list(SITES))))
    assert len(found) == len(set(found))
    running = {run.subject for run in runs if run.outcome == "running"}
    assert not running & set(found)
    assert len(running) + len(found) <= max(4, len(running))
    done = {run.subject for run in runs if (run.outcome, run.week) == ("done", WEEK)}
    assert not done & set(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quiet_from", "seven"),
        ("report_on", "someday 06:00"),
        ("holidays", ("25 December",)),
        ("retry_hours", ("soon",)),
        ("backup_at", "26:00"),
    ],
)
def test_an_unreadable_rule_is_named(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=name):
        rules_of(ScheduleOptions(**{name: value}))
