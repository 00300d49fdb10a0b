"""`crawl accept`: a real change of level gets in, with who, when and why; anything else stays out."""

import json
from pathlib import Path
from typing import Any

import pytest
from crawl_factory import SLUG, crawl, shop
from sqlalchemy import Engine, select

from monitor.__main__ import run
from monitor.accepting import accept, note_break
from monitor.config import Config
from monitor.crawl.files import ACCEPTED_FILE
from monitor.crawl.store import read_crawl
from monitor.database import private_engine, transaction
from monitor.errors import StoreError, UsageError
from monitor.private_store import crawls, series_breaks
from pipelines.load import load_week

REASON = "Lokapasar menutup toko yang tidak aktif."
DAYS = {
    "2026-W44": "2026-10-28",
    "2026-W45": "2026-11-04",
    "2026-W46": "2026-11-11",
    "2026-W47": "2026-11-18",
    "2026-W48": "2026-11-25",
}


def week_of(config: Config, week: str, count: int, **stats: Any) -> Path:
    """A complete crawl of the week with so many shops, loaded."""
    shops = [shop(str(number), city="Kab. Lebak") for number in range(count)]
    directory = crawl(config.crawls_dir, DAYS[week], shops, kind="crawl", stats={"regional_shop_count": count} | stats)
    load_week(private_engine(config), config, week)
    return directory


def judged(engine: Engine, week: str) -> tuple[str, str | None]:
    with engine.connect() as connection:
        row = connection.execute(select(crawls).where(crawls.c.week == week)).one()
    return row.health, row.cause


def breaks(engine: Engine) -> list[tuple[str, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(series_breaks))]


@pytest.fixture
def dropped(config: Config) -> Path:
    """Three weeks of 100 shops, and one of 40 that was kept back."""
    for week in ("2026-W44", "2026-W45", "2026-W46"):
        week_of(config, week, 100)
    return week_of(config, "2026-W47", 40)


def test_an_accepted_level_is_loaded_and_becomes_the_usual_one(config: Config, dropped: Path) -> None:
    engine = private_engine(config)
    assert judged(engine, "2026-W47") == ("failed", "count_changed")
    found = accept(config, engine, SLUG, "2026-W47", f"  {REASON}\n")
    assert (found.shops, found.reason) == (40, REASON) and found.by and found.at.endswith("Z")
    load_week(engine, config, "2026-W47")
    assert judged(engine, "2026-W47") == ("healthy", None)
    assert breaks(engine) == [("2026-W47", "crawl_level", SLUG, REASON)]
    said = json.loads((dropped / ACCEPTED_FILE).read_text())
    assert set(said) == {"by", "at", "reason"} and (dropped / ACCEPTED_FILE).stat().st_mode & 0o077 == 0


def test_a_level_that_lasts_is_a_break_too(config: Config, dropped: Path) -> None:
    engine = private_engine(config)
    assert breaks(engine) == []
    week_of(config, "2026-W48", 41)
    assert judged(engine, "2026-W48") == ("healthy", None)
    ((week, kind, subject, note),) = breaks(engine)
    assert (week, kind, subject) == ("2026-W48", "crawl_level", SLUG) and "dua pembacaan" in note
    accept(config, engine, SLUG, "2026-W47", REASON)  # then it began a week earlier
    load_week(engine, config, "2026-W47")
    assert [row[0] for row in breaks(engine)] == ["2026-W47"]


def test_accepting_again_changes_nothing_but_the_words(config: Config, dropped: Path) -> None:
    engine = private_engine(config)
    for reason in (REASON, "Daftar toko dibersihkan oleh pengelola."):
        accept(config, engine, SLUG, "2026-W47", reason)
    assert breaks(engine) == [("2026-W47", "crawl_level", SLUG, "Daftar toko dibersihkan oleh pengelola.")]


def test_only_a_level_can_be_accepted(config: Config) -> None:
    for week in ("2026-W44", "2026-W45"):
        week_of(config, week, 100)
    week_of(config, "2026-W46", 3, finish_reason="refused", cause="challenge")
    with pytest.raises(UsageError, match="more than its level is wrong: The marketplace refused"):
        accept(config, private_engine(config), SLUG, "2026-W46", REASON)
    with pytest.raises(UsageError, match="no finished crawl of rumah_sikum in 2026-W47"):
        accept(config, private_engine(config), SLUG, "2026-W47", REASON)
    assert breaks(private_engine(config)) == []


@pytest.mark.parametrize("reason", ["", "benar", "x" * 501])
def test_a_reason_says_something(config: Config, dropped: Path, reason: str) -> None:
    with pytest.raises(UsageError, match="10 to 500 characters"):
        accept(config, private_engine(config), SLUG, "2026-W47", reason)


def test_numbers_of_persons_are_masked(config: Config, dropped: Path) -> None:
    found = accept(config, private_engine(config), SLUG, "2026-W47", "Kata Bu Ani 081234567890, toko ditutup.")
    assert "081234567890" not in found.reason and "toko ditutup" in found.reason


def test_a_damaged_note_is_one_sentence(dropped: Path) -> None:
    (dropped / ACCEPTED_FILE).write_text("[")
    with pytest.raises(StoreError, match="accept the crawl again"):
        read_crawl(dropped)


def test_a_break_is_one_row(config: Config) -> None:
    engine = private_engine(config)
    for note in ("satu", "dua"):
        with transaction(engine) as connection:
            note_break(connection, SLUG, "2026-W47", note)
    assert breaks(engine) == [("2026-W47", "crawl_level", SLUG, "dua")]


def test_the_command_itself(config: Config, dropped: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["crawl", "accept", SLUG, "--week", "2026-W47", "--reason", REASON, "--json"]
    assert run(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["marketplace"], said["next"]) == (SLUG, "monitor load --week 2026-W47")
    assert run(["crawl", "accept", SLUG, "--week", "2026-W46"]) == 2
    assert "--reason" in capsys.readouterr().err
