"""`status`: what it says of marketplaces, weeks and the machine, and the one thing it names to do next."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, insert

from monitor.__main__ import run as monitor
from monitor.config import Config, load_config
from monitor.crawl.files import CrawlInfo
from monitor.crawl.store import CrawlWriter
from monitor.database import private_engine, transaction
from monitor.private_store import crawls, review_tasks, runs
from monitor.runs import holder
from monitor.scheduler import past
from monitor.scheduler.due import Due
from monitor.scheduler.standing import Line, Site
from monitor.verbs import status
from monitor.weeks import utc_text

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)  # Wednesday 10:00 in Jakarta, 2026-W48
CONFIG = """
[crawl]
user_agent_contact = "ops@example.go.id"
[crawl.terms_checked_on]
tokopedia = 2026-11-01
blibli = 2026-11-01
"""


@pytest.fixture
def at_work(config: Config) -> Config:
    config.data_dir.mkdir(parents=True)
    (config.data_dir / "monitor.toml").write_text(CONFIG)
    return load_config({"MONITOR_DATA_DIR": str(config.data_dir)})


@pytest.fixture
def engine(at_work: Config) -> Engine:
    return private_engine(at_work)


def lines(engine: Engine, config: Config) -> dict[tuple[str, str], Line]:
    found = status.read_standing(engine, config, NOW)
    engine.dispose()
    return {(line.part, line.subject): line for line in found.lines}


def ran(engine: Engine, verb: str, subject: str | None, week: str, outcome: str = "done", at: datetime = NOW) -> None:
    with transaction(engine) as connection:
        past.conclude(connection, Due(verb, subject, week, ""), at, at, outcome, None)


def crawled(config: Config, slug: str, week: str, at: datetime, **stats: object) -> None:
    info = CrawlInfo(
        crawl_id=f"{slug}/x",
        marketplace=slug,
        week=week,
        kind="crawl",
        coverage="complete",
        started_at=utc_text(at),
        observed_on=at.date().isoformat(),
    )
    with CrawlWriter.create(config.crawls_dir, info) as writer:
        base = {"finish_reason": "finished", "responses": {"total": 9, "refused": 0}, "shop_count": 900}
        writer.finish(base | {"regional_shop_count": 900, "units": {"planned": 1, "done": 1}} | stats)


# --- marketplaces


def test_a_marketplace_is_shown_with_its_last_healthy_crawl_and_what_is_wrong_now(
    at_work: Config, engine: Engine
) -> None:
    healthy = NOW - timedelta(days=10)
    crawled(at_work, "tokopedia", "2026-W46", healthy)
    crawled(at_work, "blibli", "2026-W48", NOW, cause="challenge", finish_reason="refused")
    found = {site.slug: site for site in status.read_standing(engine, at_work, NOW).sites}
    engine.dispose()
    assert found["tokopedia"].healthy_at == healthy
    assert found["tokopedia"].shops == 900
    assert found["tokopedia"].state == "waits for its slot"
    assert found["tokopedia"].action is None
    assert found["blibli"].healthy_at is None
    assert found["blibli"].state.startswith("failed: ")
    assert found["blibli"].cause is not None
    assert found["blibli"].action


def test_a_refusal_on_a_sunday_is_still_there_on_monday(at_work: Config, engine: Engine) -> None:
    """Slots lie on weekends, messages on working days."""
    crawled(at_work, "blibli", "2026-W47", NOW - timedelta(days=3), cause="challenge", finish_reason="refused")
    crawled(at_work, "tokopedia", "2026-W46", NOW - timedelta(days=10), cause="challenge", finish_reason="refused")
    standing = status.read_standing(engine, at_work, NOW)
    later = {site.slug: site for site in status.read_standing(engine, at_work, NOW + timedelta(days=7)).sites}
    engine.dispose()
    found = {site.slug: site for site in standing.sites}
    assert found["blibli"].state == "waits for its slot; last week failed: challenge page"
    assert found["blibli"].action
    assert f"blibli:{found['blibli'].cause}" in {line.cause for line in standing.all_lines}
    assert (found["tokopedia"].state, found["tokopedia"].action) == ("waits for its slot", None)
    assert (later["blibli"].state, later["blibli"].action) == ("waits for its slot", None)


def test_a_crawl_that_will_be_kept_back_is_said_before_it_is_loaded(at_work: Config, engine: Engine) -> None:
    """Against the level of earlier crawls, as `load` judges it days later."""
    with transaction(engine) as connection:
        for week in ("2026-W45", "2026-W46", "2026-W47"):
            row = dict.fromkeys(("content_sha256", "observed_on"), "x") | {"started_at": utc_text(NOW)}
            row |= {"crawl_id": f"blibli/{week}", "marketplace": "blibli", "week": week, "kind": "crawl"}
            row |= {"coverage": "complete", "health": "healthy", "problems": [], "shop_count": 900, "listing_count": 0}
            connection.execute(insert(crawls).values(**row, stats={"regional_shop_count": 900}))
    crawled(at_work, "blibli", "2026-W48", NOW, shop_count=600, regional_shop_count=600)
    found = {site.slug: site for site in status.read_standing(engine, at_work, NOW).sites}
    engine.dispose()
    assert found["blibli"].cause == "count_changed"
    assert found["blibli"].action


def test_running_paused_and_overdue_marketplaces_are_told_apart(at_work: Config, engine: Engine) -> None:
    sunday = datetime(2026, 11, 29, 5, 0, tzinfo=UTC)
    with transaction(engine) as connection:
        past.pause(connection, "blibli", sunday.date() + timedelta(days=3), "by letter")
    states = {site.slug: site.state for site in status.read_standing(engine, at_work, sunday).sites}
    assert states == {"tokopedia": "due", "blibli": "paused until 2026-12-02"}
    with transaction(engine) as connection:
        row = {"verb": "crawl", "subject": "tokopedia", "week": "2026-W48", "holder": holder(), "outcome": "running"}
        now = utc_text(sunday)
        connection.execute(insert(runs).values(**row, started_at=now, heartbeat_at=now))
    found = {site.slug: site.state for site in status.read_standing(engine, at_work, sunday).sites}
    engine.dispose()
    assert found["tokopedia"] == "being read"


# --- weeks


def test_a_missed_week_is_named_with_the_command_and_comes_first(at_work: Config, engine: Engine) -> None:
    ran(engine, "crawl", "tokopedia", "2026-W46", at=NOW - timedelta(days=10))
    ran(engine, "week", None, "2026-W47")
    found = status.read_standing(engine, at_work, NOW)
    engine.dispose()
    week = {line.subject: line for line in found.lines if line.part == "week"}
    assert week["2026-W46"].state == "missed, without blibli"
    assert week["2026-W46"].action == "monitor week --week 2026-W46"
    assert week["2026-W47"].state == "reported, without blibli, tokopedia"
    assert found.next == week["2026-W46"]


def test_a_week_says_what_was_crawled_and_not_used_and_why(at_work: Config, engine: Engine) -> None:
    for slug in ("blibli", "tokopedia"):
        ran(engine, "crawl", slug, "2026-W47", at=NOW - timedelta(days=4))
    ran(engine, "week", None, "2026-W47")
    base: dict[str, object] = {
        "week": "2026-W47",
        "kind": "crawl",
        "coverage": "complete",
        "content_sha256": "x",
        "observed_on": "x",
    }
    base |= {"marketplace": "blibli", "shop_count": 0, "listing_count": 0}
    refused = {"health": "failed", "cause": "refused:challenge"}
    with transaction(engine) as connection:
        connection.execute(
            insert(crawls).values(**base, **refused, crawl_id="blibli/1", started_at="2026-11-21T00:00:00Z")
        )
    assert lines(engine, at_work)["week", "2026-W47"].state == "reported, without blibli (challenge page)"
    with transaction(engine) as connection:
        healthy = {"crawl_id": "blibli/2", "started_at": "2026-11-20T00:00:00Z", "health": "healthy"}
        connection.execute(insert(crawls).values(**base, **healthy))
    assert lines(engine, at_work)["week", "2026-W47"].state == "reported"


def test_the_age_of_a_crawl_is_said_in_hours_then_days(at_work: Config) -> None:
    site = Site("x", "X", "read", NOW, 1, (1, 2), None)
    assert [site.age(NOW + timedelta(hours=hours)) for hours in (0, 5, 23, 24, 60)] == [
        "0 h",
        "5 h",
        "23 h",
        "1 d",
        "2 d",
    ]


def test_what_to_do_about_a_marketplace_is_on_the_screen(
    at_work: Config, engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    crawled(at_work, "blibli", "2026-W48", NOW, cause="challenge", finish_reason="refused")
    found = status.read_standing(engine, at_work, NOW)
    engine.dispose()
    status._show(found, at_work)
    shown = " ".join(capsys.readouterr().out.split())
    assert "challenge page" in shown
    site = next(site for site in found.sites if site.slug == "blibli")
    assert f"do: {str(site.action).split()[0]}" in shown


def test_a_week_that_has_just_ended_is_not_missed_yet(at_work: Config, engine: Engine) -> None:
    ran(engine, "crawl", "tokopedia", "2026-W47", at=NOW - timedelta(days=4))
    monday = status.read_standing(engine, at_work, NOW - timedelta(days=2))
    engine.dispose()
    week = {line.subject: line for line in monday.lines if line.part == "week"}
    assert week["2026-W47"].action is None
    assert "to be reported by Tuesday 12:00" in week["2026-W47"].state


# --- the machine


def test_the_service_is_seen_to_run_to_have_stopped_and_never_to_have_started(at_work: Config, engine: Engine) -> None:
    assert lines(engine, at_work)["service", ""].state == "never started"
    with transaction(engine) as connection:
        row = {"verb": "run", "started_at": utc_text(NOW), "heartbeat_at": utc_text(NOW), "outcome": "running"}
        connection.execute(insert(runs).values(**row, holder=holder()))
    running = lines(engine, at_work)["service", ""]
    assert running.action is None
    with transaction(engine) as connection:
        connection.execute(runs.update().values(holder="gone:1", lease_until="2020-01-01T00:00:00Z"))
    stopped = lines(engine, at_work)["service", ""]
    assert stopped.at_once
    assert "last seen Wed 2026-11-25 10:00" in stopped.state


def test_keys_that_others_can_read_or_that_are_gone_cannot_wait(at_work: Config, engine: Engine) -> None:
    key = at_work.phone_key_file
    key.parent.mkdir(parents=True)
    key.write_bytes(b"x" * 32)
    key.chmod(0o644)
    found = status.read_standing(engine, at_work, NOW)
    assert found.next is not None
    assert found.next.action == f"chmod 600 {key}"
    key.unlink()
    at_work.crawls_dir.mkdir(parents=True)
    gone = status.read_standing(engine, at_work, NOW).next
    engine.dispose()
    assert gone is not None
    assert gone.state == "gone"
    assert gone.at_once


def test_a_full_disk_and_old_backups_are_said(at_work: Config, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    usage = shutil.disk_usage(at_work.data_dir)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100 << 20))
    old = at_work.backup_dir / "20261101T023000Z"
    old.mkdir(parents=True)
    (old / "manifest.json").write_text("{}")
    found = lines(engine, at_work)
    assert found["disk", ""].at_once
    assert found["backup", ""].state == "1, newest of Sun 2026-11-01 09:30"
    assert found["backup", ""].action == "monitor backup"


def test_a_backup_that_failed_is_said_and_a_damaged_store_named(at_work: Config, engine: Engine) -> None:
    damaged = "The private store is damaged (table shops); move the file away."
    for message, shown in ((damaged, damaged), ("Daftar Ibu Siti.xlsx cannot be read.", "the newest failed")):
        with transaction(engine) as connection:
            past.conclude(connection, Due("backup", None, None, ""), NOW, NOW, "failed", message)
            connection.execute(runs.update().values(message=message))
        found = lines(engine, at_work)["backup", ""]
        assert (found.state, found.action, found.at_once) == (shown, "monitor backup", True)


# --- the verb


def test_exit_code_and_json_say_whether_somebody_should_act(
    at_work: Config, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.dispose()
    assert monitor(["status", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["next"]["action"]
    assert {"at", "next", "marketplaces", "lines"} == set(found)
    assert {site["slug"] for site in found["marketplaces"]} == {"tokopedia", "blibli"}
    assert monitor(["status"]) == 1
    shown = capsys.readouterr().out
    assert "Next:" in shown
    assert "Tokopedia" in shown


def test_what_a_person_wrote_as_a_reason_is_not_shown(
    at_work: Config, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with transaction(engine) as connection:
        past.pause(connection, "tokopedia", NOW.date() + timedelta(days=400), "Ibu Siti 081234567890")
    engine.dispose()
    monitor(["status"])
    shown = capsys.readouterr().out
    assert "paused until" in shown
    assert "Siti" not in shown


def test_offices_are_reminded_when_their_day_for_answers_has_passed(at_work: Config, engine: Engine) -> None:
    def task(week: str, office: str) -> dict[str, object]:
        key = {"task_id": f"T{week}{office}", "marketplace": "blibli", "shop_id": "1", "business_id": 1, "group_id": 1}
        drawn = {"draw_id": f"sample-{week}", "purpose": "sample", "week": week, "office": office, "coder": "first"}
        return {**key, **drawn, "model_version": "x", "position": 1, "drawn_at": utc_text(NOW)}

    with transaction(engine) as connection:
        connection.execute(insert(review_tasks), [task("2026-W47", "3601")])
        connection.execute(insert(review_tasks), [task("2026-W45", "3602")])
    found = lines(engine, at_work)["review", "2 pairs"]
    assert found.state == "open since 2026-W45, by office: 3601 1, 3602 1"
    assert found.action == "remind offices whose day for answers has passed: 3602"
