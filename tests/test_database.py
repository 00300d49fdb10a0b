"""Both stores on both engines: migrations, comments, rights, bulk reading and writing, errors in one sentence."""

import os
import sqlite3
import stat
from pathlib import Path

import pandas as pd
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from monitor import database, private_store
from monitor.config import Config, load_config
from monitor.database import bulk_insert, private_engine, read_frame, transaction
from monitor.errors import StoreError, UsageError
from monitor.migrations import COMPARING, target_metadata


@pytest.mark.parametrize("store", ["private", "results"])
def test_migrations_give_exactly_the_declared_tables(stores: Config, store: str) -> None:
    engine = database.private_engine(stores) if store == "private" else database.results_engine(stores)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=COMPARING)
        assert compare_metadata(context, target_metadata(store)) == []
    engine.dispose()


@pytest.mark.parametrize("store", ["private", "results"])
def test_every_table_and_column_has_a_comment(store: str) -> None:
    tables = target_metadata(store).tables.values()
    assert [t.name for t in tables if not t.comment] == []
    assert [(t.name, c.name) for t in tables for c in t.columns if not c.comment] == []


def test_private_file_belongs_to_its_owner_only(config: Config) -> None:
    private_engine(config).dispose()
    mode = stat.S_IMODE((config.data_dir / "private.sqlite").stat().st_mode)
    assert mode == 0o600


def test_bulk_insert_keeps_missing_json_and_large_integers(stores: Config) -> None:
    engine = private_engine(stores)
    frame = pd.DataFrame(
        {
            "marketplace": ["tokopedia", "shopee"],
            "shop_id": ["7494630673243474538", "1"],
            "valid_from_week": "2026-W47",
            "valid_to_week": [None, None],
            "digest": ["a", "b"],
            "state": "live",
            "missed_count": [0, 1],
            "name": ["Toko 'A'; DROP TABLE shops", None],
            "latitude": [-6.1, float("nan")],
            "is_official": [True, None],
            "identifiers": [[{"kind": "pirt", "value": "1"}], None],
        }
    )
    with transaction(engine) as connection:
        assert bulk_insert(connection, private_store.observations, frame) == 2
    with engine.connect() as connection:
        table = private_store.observations
        back = read_frame(connection, select(*(table.c[name] for name in frame.columns)).order_by(table.c.digest))
    assert back["shop_id"].tolist() == ["7494630673243474538", "1"]
    assert back["latitude"].tolist() == [-6.1, None]
    assert back["is_official"].tolist() == [True, None]
    assert back["identifiers"].tolist() == [[{"kind": "pirt", "value": "1"}], None]
    assert back["name"].tolist() == ["Toko 'A'; DROP TABLE shops", None]
    engine.dispose()


def test_a_failed_transaction_leaves_nothing(stores: Config) -> None:
    engine = private_engine(stores)
    row = pd.DataFrame({"marketplace": ["x"], "shop_id": ["1"], "first_seen_week": ["2026-W47"]})
    with pytest.raises(StoreError, match="refused a statement"), transaction(engine) as connection:
        bulk_insert(connection, private_store.shops, row)
        bulk_insert(connection, private_store.shops, row)
    with engine.connect() as connection:
        assert read_frame(connection, select(private_store.shops)).empty
    engine.dispose()


def test_a_locked_database_is_said_in_one_sentence(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    private_engine(config).dispose()
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    other = sqlite3.connect(config.data_dir / "private.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    engine = private_engine(config)
    with pytest.raises(StoreError, match="locked by another process"), transaction(engine):
        pass
    other.close()
    engine.dispose()


def test_a_newer_store_is_refused(config: Config) -> None:
    engine = private_engine(config)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="newer version"):
        private_engine(config)


def test_a_file_that_is_no_database_is_named(config: Config) -> None:
    config.data_dir.mkdir(parents=True)
    (config.data_dir / "private.sqlite").write_bytes(b"%PDF-1.7" + os.urandom(8000))
    with pytest.raises(StoreError, match="not a database"):
        private_engine(config)


@pytest.mark.parametrize("url", ["mysql://x/y", "no url", "sqlite:////proc/nowhere/x.sqlite"])
def test_an_unusable_url_is_one_sentence(url: str, tmp_path: Path) -> None:
    settings = load_config({"MONITOR_DATA_DIR": str(tmp_path), "MONITOR_DATABASE_URL": url})
    with pytest.raises((UsageError, StoreError)) as caught:
        private_engine(settings)
    assert "\n" not in str(caught.value)
