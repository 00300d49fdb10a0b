"""SQLite stores that are locked for long or damaged: who holds them, which table, and what brings them back."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

import pytest
from crawl_factory import crawl, listing, rows, shop
from faulty_stages import damage
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from monitor import database, database_locks
from monitor.__main__ import run
from monitor.backup import make
from monitor.backup.restore import restore
from monitor.config import Config, load_config
from monitor.database import private_engine, results_engine, transaction
from monitor.database_errors import damaged_tables, sentence_of
from monitor.errors import StoreError
from monitor.fast_rows import read_columns
from monitor.private_store import listings

WEEK = "2026-W46"
# Another process in the middle of its work: it says what it does in `runs`, then writes and does not end.
HOLDER = """
import sys
from monitor.config import load_config
from monitor.database import private_engine, transaction
from monitor.runs import recorded
engine = private_engine(load_config({"MONITOR_DATA_DIR": sys.argv[1]}))
with recorded(engine, "registry", subject="36"), transaction(engine):
    print("ready", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def held(config: Config) -> Iterator[int]:
    """The private store while another process writes it; its process number."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(config.data_dir)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield process.pid
    finally:
        process.communicate("\n")


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux shows who holds a lock")
def test_who_writes_for_minutes_is_told_while_waiting_and_named_at_the_end(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 600)
    monkeypatch.setattr(database_locks, "TURN_MS", 100)
    monkeypatch.setattr(database_locks, "TELL_AFTER_S", 0.2)
    private_engine(config).dispose()
    with held(config) as pid:
        assert run(["pause", "blibli", "--until", "2099-01-01"]) == 1
        said = capsys.readouterr().err.splitlines()
        who = f"'registry 36' (process {pid})"
        assert said[0] == f"The private store is being written by {who}; waiting for at most 1 seconds."
        assert f"is locked by another process, {who}; wait until it ends, then run the same command again." in said[1]
        assert len(said) == 2
        assert run(["status", "--json"]) in (0, 1)  # who only looks does not wait
        assert "locked" not in capsys.readouterr().err
    assert run(["pause", "blibli", "--until", "2099-01-01"]) == 0


@pytest.mark.prove
@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux shows who holds a lock")
def test_minutes_are_waited_for_but_not_more_than_two(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    pause = ["pause", "blibli", "--until", "2099-01-01"]
    private_engine(config).dispose()
    began = time.monotonic()
    with held(config) as pid:
        assert run(pause) == 1
        assert time.monotonic() - began >= database.BUSY_TIMEOUT_MS / 1000
        assert f"'registry 36' (process {pid}); wait until it ends" in capsys.readouterr().err
    began = time.monotonic()
    with held(config) as pid:
        Timer(70, os.kill, [pid, signal.SIGKILL]).start()  # what a killed writer leaves is no lock
        assert run(pause) == 0
        assert time.monotonic() - began >= 65


def test_a_lock_that_ends_in_time_is_waited_for(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_locks, "TURN_MS", 50)
    engine = private_engine(config)
    other = sqlite3.connect(config.data_dir / "private.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    Timer(0.3, other.execute, ["ROLLBACK"]).start()
    began = time.monotonic()
    with transaction(engine) as connection:
        assert time.monotonic() - began >= 0.25
        assert connection.execute(text("PRAGMA busy_timeout")).scalar_one() == database.STATEMENT_TIMEOUT_MS
    other.close()
    engine.dispose()


def test_a_caller_may_be_less_patient(config: Config) -> None:
    engine = private_engine(config)
    other = sqlite3.connect(config.data_dir / "private.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(StoreError, match="locked"), transaction(engine.execution_options(patience_s=0.1)):
        pass
    assert time.monotonic() - began < 10
    other.close()
    engine.dispose()


# --- damaged


@pytest.fixture
def filled(config: Config) -> Config:
    """A store with a loaded week, on which a backup was made."""
    goods = [listing(f"{n}-1", str(n), title="x" * 200) for n in range(300)]
    crawl(config.crawls_dir, "2026-11-15", [*(shop(str(n)) for n in range(300)), *goods])
    assert run(["load", "--week", WEEK]) == 0
    results_engine(config).dispose()
    return config


def test_a_damaged_page_is_named_with_its_table_by_whoever_meets_it(
    filled: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    path = filled.data_dir / "private.sqlite"
    damage(path, "listings")
    assert damaged_tables(path) == ["listings"]
    engine = private_engine(filled)
    with pytest.raises(StoreError) as caught, transaction(engine) as connection:
        connection.execute(text("SELECT count(title) FROM listings")).scalar_one()
    with pytest.raises(DatabaseError) as met, engine.connect() as connection:  # who only reads, in no transaction
        connection.execute(text("SELECT count(title) FROM listings")).scalar_one()
    with pytest.raises(DatabaseError) as fast, engine.connect() as connection:
        read_columns(connection, select(listings.c.title), {})
    engine.dispose()
    for said in (str(caught.value), sentence_of(met.value), sentence_of(fast.value)):
        assert said == (
            f"The private store {path} is damaged (table listings); move the file away and bring back the newest "
            "backup with: monitor restore."
        )


def test_the_nightly_backup_finds_it_and_the_command_it_names_restores(
    filled: Config, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    engine = private_engine(filled)
    before = rows(engine)
    engine.dispose()
    made = make.make_backup(filled, datetime(2026, 11, 20, 19, 30, tzinfo=UTC))
    path = filled.data_dir / "private.sqlite"
    damage(path, "listings")
    capsys.readouterr()
    assert run(["backup"]) == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence == (
        f"monitor: The private store {path} is damaged (table listings); move the file away and bring back the newest "
        "backup with: monitor restore."
    )
    assert make.list_backups(filled.backup_dir) == [made.folder]
    back = load_config(
        {"MONITOR_DATA_DIR": str(tmp_path / "new"), "MONITOR_PHONE_KEY_FILE": str(filled.phone_key_file)}
    )
    restore(back, made.folder, filled.phone_key_file.parent / "backup.key")
    with closing(sqlite3.connect(back.data_dir / "private.sqlite")) as held:
        assert held.execute("select count(*) from listings").fetchone() == (300,)
    engine = private_engine(back)
    assert rows(engine) == before
    engine.dispose()


def test_a_file_that_is_no_database_is_named_with_what_to_do(config: Config) -> None:
    config.data_dir.mkdir(parents=True)
    (config.data_dir / "results.sqlite").write_bytes(b"%PDF-1.7" + os.urandom(8000))
    with pytest.raises(StoreError, match=r"results store .*results\.sqlite is not a database; .* monitor restore"):
        results_engine(config)
