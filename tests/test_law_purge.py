"""`purge`: what is past its period goes and nothing else, once; what it removed can be said later."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from monitor.config import Config, RetentionOptions
from monitor.database import private_engine, transaction
from monitor.errors import UsageError
from monitor.private_store import metadata, purges
from pipelines.purging import FILES, ROWS, purge

TODAY = datetime.now(UTC)


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def week_ago(days: int) -> str:
    year, week, _ = (TODAY - timedelta(days=days)).isocalendar()
    return f"{year}-W{week:02d}"


def file_of(config: Config, name: str, days: int) -> Path:
    path = config.data_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("isi")
    then = TODAY.timestamp() - days * 86400
    os.utime(path, (then, then))
    return path


def filled(config: Config) -> Engine:
    """One old and one young row of tables with rules."""
    engine = private_engine(config)
    statements = []
    for part, days in ((1, 900), (2, 10)):
        statements.append(
            "INSERT INTO registry_parts (part_id, office, as_of, file_sha256, read_count, kept_count, reject_count,"
            f" columns, phone_key_id, imported_at) VALUES ({part}, '3601', '{ago(days)[:10]}', 'x', 1, 1, 0, '{{}}',"
            " 'k', '')"
        )
        statements.append(
            "INSERT INTO business_versions (business_id, valid_from_part, valid_to_part, digest, office, group_id,"
            f" row_number, business_name, area_code) VALUES ({part}, 0, {part}, 'd', '3601', {part}, 2, 'Warung',"
            " '3601')"
        )
        statements.append(
            "INSERT INTO observations (marketplace, shop_id, valid_from_week, valid_to_week, digest, state,"
            f" missed_count, name) VALUES ('tokopedia', '{part}', '2020-W01', '{week_ago(days)}', 'd', 'live', 0,"
            " 'Toko')"
        )
        statements.append(
            "INSERT INTO runs (verb, holder, started_at, heartbeat_at, finished_at, outcome)"
            f" VALUES ('load', 'a:1', '{ago(days)}', '{ago(days)}', '{ago(days)}', 'done')"
        )
        statements.append(
            "INSERT INTO recipients (recipient, purpose, key_id, agreed_at, expires_on)"
            f" VALUES ('kampus-{part}', 'kajian', 'k', '', '{ago(days - 100)[:10]}')"
        )
    with transaction(engine) as connection:
        for statement in statements:
            connection.execute(text(statement))
    return engine


def test_old_rows_go_and_young_ones_stay(stores: Config) -> None:
    engine = filled(stores)
    key = file_of(stores, "keys/penerima-kampus-1.key", 1)
    young_key = file_of(stores, "keys/penerima-kampus-2.key", 1)
    before = purge(engine, stores, dry_run=True)
    done = {one.subject: one.removed for one in purge(engine, stores)}
    assert {one.subject: one.removed for one in before} == done
    assert {name: count for name, count in done.items() if count} == {
        "business_versions": 1,
        "observations": 1,
        "runs": 1,
        "keys": 1,
    }
    assert not key.exists() and young_key.exists()
    with engine.connect() as connection:
        names = connection.execute(text("SELECT business_name, area_code FROM business_versions ORDER BY business_id"))
        assert [tuple(row) for row in names] == [(None, "3601"), ("Warung", "3601")]
        shops = connection.execute(text("SELECT name, state FROM observations ORDER BY shop_id")).all()
        assert [tuple(row) for row in shops] == [(None, "live"), ("Toko", "live")]
        assert "runs" in connection.execute(select(purges.c.subject)).scalars().all()
    assert [one.removed for one in purge(engine, stores)] == [0] * len(done)
    with engine.connect() as connection:
        assert len(connection.execute(select(purges)).all()) == 4
    engine.dispose()


def test_old_files_go_and_young_ones_stay(config: Config) -> None:
    engine = private_engine(config)
    old_crawl = "2020-01-01T000000Z"
    young_crawl = (TODAY - timedelta(days=5)).strftime("%Y-%m-%dT000000Z")
    gone = [
        file_of(config, f"crawls/tokopedia/{old_crawl}/shops.jsonl", 0),
        file_of(config, f"probe_checks/crawls/tokopedia/{old_crawl}/shops.jsonl", 0),
        file_of(config, f"crawls/tokopedia/{(TODAY - timedelta(days=40)).date()}T000000Z/evidence/jawaban", 0),
        *(file_of(config, name, 500) for name in (
            "outbox/3601/periksa-2025-W01-3601.xlsx",
            "outbox/3601/3601-lebak-2025-W01.xlsx",
            "reports/2025-W01/kabkota/3601-pandeglang.xlsx",
            "rejects/3601/catatan.csv",
            "inbox/3601/registri.csv",
            "cache/linkage/abc",
        )),
    ]  # fmt: skip
    kept = [
        file_of(config, f"crawls/tokopedia/{(TODAY - timedelta(days=40)).date()}T000000Z/shops.jsonl", 0),
        file_of(config, f"crawls/tokopedia/{young_crawl}/evidence/jawaban", 0),
        file_of(config, "outbox/3601/tanda-terima.txt", 5),
        file_of(config, "reports/2025-W01/buletin-2025-W01.pdf", 500),
        file_of(config, "reports/2025-W01/publik/kab-kota.csv", 500),
        file_of(config, "inbox/3601/baru.csv", 5),
    ]
    planned = purge(engine, config, dry_run=True)
    assert all(path.exists() for path in gone)
    assert purge(engine, config) == planned
    assert [path for path in gone if path.exists()] == []
    assert all(path.exists() for path in kept)
    engine.dispose()


def test_a_period_of_nought_keeps_for_ever(config: Config) -> None:
    kept = file_of(config, "outbox/3601/tanda-terima.txt", 5000)
    engine = private_engine(config)
    purge(engine, replace(config, retention=RetentionOptions(outbox=0)))
    assert kept.exists()
    engine.dispose()


@pytest.mark.parametrize(("option", "words"), [("outbox", "number of days"), ("access_log", "cannot be shorter")])
def test_wrong_periods_are_refused(config: Config, option: str, words: str) -> None:
    engine = private_engine(config)
    days = -1 if option == "outbox" else 30
    with pytest.raises(UsageError, match=words):
        purge(engine, replace(config, retention=RetentionOptions(**{option: days})))
    engine.dispose()


def test_the_access_log_is_kept_five_years(config: Config) -> None:
    engine = private_engine(config)
    row = "INSERT INTO access_log (at, who, what, purpose) VALUES ('{}', 'ops', 'daftar', 'pembinaan')"
    with transaction(engine) as connection:
        connection.execute(text(row.format(ago(1000))))
        connection.execute(text(row.format(ago(2000))))
    assert {one.subject: one.removed for one in purge(engine, config)}["access_log"] == 1
    engine.dispose()


def test_every_rule_names_a_period_and_a_table_that_exist() -> None:
    options = vars(RetentionOptions())
    assert {rule.option for rule in (*ROWS, *FILES)} == set(options)
    for rule in ROWS:
        columns = metadata.tables[rule.table].c
        assert set(rule.blank) <= set(columns.keys())
        assert all(columns[name].nullable or rule.instead is not None for name in rule.blank)
    assert date.fromisoformat(ago(1)[:10]) < TODAY.date()
