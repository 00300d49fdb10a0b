"""Loading when something goes wrong: killed, locked out, no space left; run again, the same rows."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from crawl_factory import crawl, listing, rows, shop

from monitor import database
from monitor.config import Config, load_config
from monitor.database import private_engine
from monitor.errors import StoreError
from pipelines.load import load_week

WEEKS = ("2026-W45", "2026-W46")
CHILD = """
import resource, sys
from monitor.config import load_config
from monitor.database import private_engine
from monitor.errors import MonitorError
from pipelines.load import load_week
config = load_config({"MONITOR_DATA_DIR": sys.argv[1], "MONITOR_DATABASE_URL": "sqlite:///" + sys.argv[2]})
engine = private_engine(config)
if int(sys.argv[4]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
print("ready", flush=True)
try:
    load_week(engine, config, sys.argv[3])
except MonitorError as error:
    sys.exit(str(error))
"""


def child(config: Config, store: Path, week: str, limit: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CHILD, str(config.data_dir), str(store), week, str(limit)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def run_to_its_end(config: Config, store: Path) -> None:
    process = child(config, store, WEEKS[1])
    assert process.communicate() == ("", "")
    assert process.returncode == 0


@pytest.fixture(scope="module")
def two_weeks(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Two weeks of 4,000 shops, a tenth of which changes; the first one loaded."""
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path_factory.mktemp("weeks") / "data")})
    for number, day in enumerate(("2026-11-08", "2026-11-15")):
        shops = [shop(str(n), name=f"T{n if n % 10 else n + number}", username=f"t{n}") for n in range(number, 4_000)]
        goods = [
            listing(f"{n}-{k}", str(n), price_idr=n) for n in range(4_000) for k in range(2 + number * (n % 10 == 0))
        ]
        crawl(config.crawls_dir, day, [*shops, *goods])
    engine = private_engine(config)
    load_week(engine, config, WEEKS[0])
    engine.dispose()
    return config


def copy_of(config: Config, to: Path) -> Path:
    with sqlite3.connect(config.data_dir / "private.sqlite") as source, sqlite3.connect(to) as target:
        source.backup(target)
    source.close()
    target.close()
    return to


def rows_in(store: Path) -> object:
    engine = private_engine(load_config({"MONITOR_DATABASE_URL": f"sqlite:///{store}"}))
    found = rows(engine)
    engine.dispose()
    return found


def test_killed_at_any_moment_it_gives_the_same_rows(two_weeks: Config, tmp_path: Path) -> None:
    calm = copy_of(two_weeks, tmp_path / "calm.sqlite")
    began = time.monotonic()
    run_to_its_end(two_weeks, calm)
    seconds = time.monotonic() - began
    killed = copy_of(two_weeks, tmp_path / "killed.sqlite")
    chance, hits = random.Random(7), 0
    while hits < 3:
        process = child(two_weeks, killed, WEEKS[1])
        try:
            process.wait(timeout=chance.uniform(0.05, 0.6) * seconds)
            seconds /= 2  # it was faster than the calm one: kill earlier, from the beginning
            killed.unlink()
            copy_of(two_weeks, killed)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            hits += 1
        process.communicate()
    run_to_its_end(two_weeks, killed)
    assert rows_in(killed) == rows_in(calm)


def test_no_space_left_is_one_sentence_and_changes_nothing(two_weeks: Config, tmp_path: Path) -> None:
    store = copy_of(two_weeks, tmp_path / "full.sqlite")
    before = rows_in(store)
    _, said = (process := child(two_weeks, store, WEEKS[1], limit=store.stat().st_size // 4)).communicate()
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert "space" in said or "disk" in said
    assert rows_in(store) == before


def test_a_locked_store_is_one_sentence(two_weeks: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 100)
    store = copy_of(two_weeks, tmp_path / "locked.sqlite")
    config = load_config({"MONITOR_DATA_DIR": str(two_weeks.data_dir), "MONITOR_DATABASE_URL": f"sqlite:///{store}"})
    holder, engine = private_engine(config), private_engine(config)
    with (
        holder.connect().execution_options(immediate=True) as connection,
        connection.begin(),
        pytest.raises(StoreError, match="locked by another process"),
    ):
        load_week(engine, config, WEEKS[1])
    assert load_week(engine, config, WEEKS[1]).marketplaces[0].outcome == "loaded"
    holder.dispose()
    engine.dispose()
