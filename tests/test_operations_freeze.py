"""Freeze mode: `pause all` begins nothing but backups, whoever asked for what."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from test_scheduler_due import BEFORE, SITES, SUNDAY, WEEK, moment, ran, scene

from monitor.__main__ import run
from monitor.scheduler.due import EVERYTHING, Due, Scene, due
from monitor.scheduler.forecast import forecast
from monitor.scheduler.standing import _next_slot, week_lines

NOON = moment(SUNDAY, "12:00")
MONDAY = date(2026, 11, 23)


def frozen(until: date, *runs: object) -> Scene:
    return scene(NOON, runs, paused={EVERYTHING: until}, upkeep=("backup", "purge"))  # type: ignore[arg-type]


def words(found: list[Due]) -> list[str]:
    return [" ".join(item.arguments) for item in found]


def test_a_freeze_begins_nothing_but_backups() -> None:
    asked = ran("crawl", "tokopedia", WEEK, "asked", moment(SUNDAY, "11:00"))
    report = ran("week", None, BEFORE, "asked", moment(SUNDAY, "11:00"))
    assert words(due(frozen(MONDAY, asked, report))) == ["backup"]


def test_it_ends_on_its_day_and_what_was_asked_for_is_done_then() -> None:
    asked = ran("crawl", "blibli", WEEK, "asked", moment(SUNDAY, "11:00"))
    assert frozen(SUNDAY).frozen_until is None
    assert "crawl blibli" in words(due(frozen(SUNDAY, asked)))


def test_the_plan_shows_the_freeze_as_a_gap() -> None:
    planned = forecast(frozen(date(2026, 11, 26)), days=7)
    held = [one for one in planned if one.at < moment(date(2026, 11, 26), "00:00")]
    assert {one.item.verb for one in held} == {"backup"}
    assert {one.item.verb for one in planned} > {"backup"}


@pytest.mark.parametrize(
    ("until", "at"),
    [
        (None, "2026-11-22 01:00"),
        (SUNDAY, "2026-11-22 01:00"),
        (MONDAY, "2026-11-29 01:00"),
        (date(2026, 12, 31), "2027-01-03 01:00"),
        (date(2027, 1, 4), "2027-01-10 01:00"),
        (date.max, None),
    ],
)
@pytest.mark.parametrize("what", ["tokopedia", EVERYTHING])
def test_the_next_slot_lies_behind_the_pause(until: date | None, at: str | None, what: str) -> None:
    found = _next_slot(scene(NOON, paused={} if until is None else {what: until}), "tokopedia")
    assert (found and f"{found:%Y-%m-%d %H:%M}") == at


def test_a_pause_that_ends_behind_the_slot_is_over_at_its_end() -> None:
    monday = replace(SITES["tokopedia"], weekly_on="monday 01:00")
    paused = replace(scene(NOON, paused={"tokopedia": date(2026, 12, 2)}), catalogue={"tokopedia": monday})
    found = _next_slot(paused, "tokopedia")
    assert found == moment(date(2026, 12, 2), "00:00")


def test_a_week_that_was_not_reported_is_no_alarm_while_frozen() -> None:
    earlier = ran("crawl", "tokopedia", "2026-W45", "done", moment(date(2026, 11, 8), "02:00"))
    told = week_lines(frozen(MONDAY, earlier))
    assert [(line.subject, line.action) for line in told][:2] == [("all", None), ("2026-W45", None)]
    assert "paused until 2026-11-23" in told[0].state
    again = week_lines(frozen(SUNDAY, earlier))
    assert [(line.subject, line.at_once) for line in again][:1] == [("2026-W45", True)]


def test_pause_all_and_resume_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONITOR_DATA_DIR", str(tmp_path))
    assert run(["pause", "all", "--until", "2999-01-01", "--reason", "audit"]) == 0
    assert run(["plan", "--days", "1"]) == 0
    assert "Everything is paused until 2999-01-01; end it with: monitor resume all" in capsys.readouterr().out
    assert run(["resume", "all"]) == 0
    assert "Resumed" in capsys.readouterr().out
    assert run(["resume", "all"]) == 0
    assert "It was not paused" in capsys.readouterr().out
