"""Stores move forward from every version with their rows, on both engines, also when two processes do it at once."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    NullPool,
    Table,
    create_engine,
    inspect,
    select,
    text,
)

from monitor import database, results_views
from monitor.config import Config
from monitor.database import private_engine, results_engine, transaction
from monitor.errors import StoreError
from monitor.migrations import COMPARING, LOCK_NUMBER, SCHEMAS, alembic_config, target_metadata
from monitor.partitions import is_partition

ROOT = Path(__file__).parents[1]
STORES = {"private": private_engine, "results": results_engine}
# Where the tables of a version lay: until 0002 the results had the schema that now holds the views.
OLD_SCHEMAS = {"private": "private", "results": "results"}
REMADE = {"businesses", "shops", "presence", "judgements", "link_history"}  # no earlier version could fill them
RENAMED = {"draws": "review_draws"}


def _revisions(store: str) -> list[str]:
    script = ScriptDirectory.from_config(alembic_config(store))
    return [revision.revision for revision in script.walk_revisions()][::-1]


OLDER = [(store, revision) for store in STORES for revision in _revisions(store)[:-1]]


def _url(config: Config, store: str) -> str:
    return config.database_url if store == "private" else config.results_url


@contextmanager
def _old_store(config: Config, store: str, revision: str) -> Iterator[Connection]:
    """A store as that version made it, in one transaction of its own."""
    url, options = _url(config, store), {}
    if url.startswith("postgresql"):
        schema = OLD_SCHEMAS[store] if revision in {"0001", "0002"} else SCHEMAS[store]
        options = {"connect_args": {"options": f"-csearch_path={schema}"}}
    else:
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, poolclass=NullPool, **options)
    with engine.begin() as connection:
        if options:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        alembic = alembic_config(store)
        alembic.attributes["connection"] = connection
        command.upgrade(alembic, revision)
        yield connection
    engine.dispose()


def _value(column: Any, number: int) -> Any:
    if "week" in column.name:
        return f"2026-W4{number}"
    for kind, made in ((JSON, {"n": number}), (Boolean, bool(number % 2)), (Integer, number), (Float, number / 2)):
        if isinstance(column.type, kind):
            return made
    return bytes([number]) if isinstance(column.type, LargeBinary) else f"{column.name}-{number}"


def _fill(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Two rows in every table; equal numbers in equal columns, so that what refers to a row finds it."""
    reflected = MetaData()
    reflected.reflect(connection)
    filled = {}
    for table in reflected.sorted_tables:
        if table.name == "alembic_version" or is_partition(table.name):
            continue
        rows = [{column.name: _value(column, number) for column in table.columns} for number in (1, 2)]
        connection.execute(table.insert(), rows)
        filled[table.name] = [dict(row) for row in connection.execute(select(table)).mappings()]
    return filled


def _without_order(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(sorted(row.items())) for row in rows)


def _is_as_declared(connection: Connection, store: str) -> bool:
    context = MigrationContext.configure(connection, opts=COMPARING)
    return not compare_metadata(context, target_metadata(store))


@pytest.mark.parametrize(("store", "revision"), OLDER)
def test_every_version_moves_forward_with_its_rows(bare_stores: Config, store: str, revision: str) -> None:
    with _old_store(bare_stores, store, revision) as connection:
        before = _fill(connection)
    engine = STORES[store](bare_stores)
    with engine.connect() as connection:
        assert _is_as_declared(connection, store)
        is_old = store == "results" and revision < "0003"
        for name, rows in before.items():
            if is_old and name in REMADE:
                continue
            table = target_metadata(store).tables[RENAMED.get(name, name) if is_old else name]
            kept = [table.c[column] for column in rows[0] if column in table.c]
            found = [dict(row) for row in connection.execute(select(*kept)).mappings()]
            names = {column.name for column in kept}
            assert _without_order(found) == _without_order(
                [{key: value for key, value in row.items() if key in names} for row in rows]
            )
    engine.dispose()


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_weeks_of_older_results_get_their_number(bare_stores: Config, revision: str) -> None:
    with _old_store(bare_stores, "results", revision) as connection:
        _fill(connection)
    engine = results_engine(bare_stores)
    with engine.connect() as connection:
        weeks = dict(tuple(row) for row in connection.execute(text("SELECT week, week_number FROM weeks")))
    assert weeks == {"2026-W41": 105703 - 4, "2026-W42": 105703 - 3}
    engine.dispose()


@pytest.mark.postgresql
def test_base_tables_leave_the_schema_of_the_views(bare_postgresql_config: Config) -> None:
    with _old_store(bare_postgresql_config, "results", "0002") as connection:
        _fill(connection)
    engine = results_engine(bare_postgresql_config)
    inspector = inspect(engine)
    assert set(inspector.get_view_names(schema="results")) == set(results_views.NAMES)
    assert inspector.get_table_names(schema="results") == []
    assert set(inspector.get_table_names(schema="results_base")) == {*results_views.NAMES, "alembic_version"}
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM results.review_draws")).scalar_one() == 2
    engine.dispose()


@pytest.mark.postgresql
def test_views_follow_their_definition(postgresql_config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed definition or comment reaches an installation without a migration."""
    results_engine(postgresql_config).dispose()
    monkeypatch.setitem(results_views.WITHHELD, "reason", "of another version")
    engine = results_engine(postgresql_config)
    with engine.connect() as connection:
        query = text("SELECT pg_get_viewdef('results.estimates'::regclass)")
        assert "of another version" in connection.execute(query).scalar_one()
    engine.dispose()


@pytest.mark.postgresql
def test_what_rests_on_a_view_is_not_dropped(postgresql_config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = results_engine(postgresql_config)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA ours"))
        connection.execute(text("CREATE VIEW ours.mine AS SELECT * FROM results.areas"))
    engine.dispose()
    monkeypatch.setitem(results_views.WITHHELD, "reason", "of another version")
    with pytest.raises(StoreError, match="rests on a view of the schema results"):
        results_engine(postgresql_config)


# --- two at once ----------------------------------------------------------------------------------------------------

OPENER = """
import sys
from monitor.config import load_config
from monitor.database import private_engine, results_engine
config = load_config()
print("ready", flush=True)
sys.stdin.readline()
for made in (private_engine, results_engine):
    made(config).dispose()
"""


def _opener(config: Config) -> subprocess.Popen[str]:
    environ = {
        "PYTHONPATH": str(ROOT),
        "MONITOR_DATA_DIR": str(config.data_dir),
        "MONITOR_DATABASE_URL": config.database_url,
        "MONITOR_RESULTS_URL": config.results_url,
    }
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", OPENER],
        env=environ,
        cwd=config.data_dir,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
    )


@contextmanager
def _held(config: Config, store: str) -> Iterator[None]:
    """The lock that a migrating process takes, in other hands."""
    engine = create_engine(_url(config, store), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_lock({LOCK_NUMBER})"))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        if engine.dialect.name != "postgresql":
            connection.exec_driver_sql("ROLLBACK")
    engine.dispose()


def test_two_processes_migrate_at_once(bare_stores: Config) -> None:
    _two_at_once(bare_stores, is_new=False)


def test_two_processes_create_the_stores_at_once(config: Config) -> None:
    _two_at_once(config, is_new=True)


def _two_at_once(stores: Config, is_new: bool) -> None:
    """Both wait for the same lock, then one migrates and the other finds it done."""
    stores.data_dir.mkdir(parents=True, exist_ok=True)
    before: dict[str, dict[str, list[dict[str, Any]]]] = {}
    if not is_new:
        for store in STORES:
            with _old_store(stores, store, "0001") as connection:
                before[store] = _fill(connection)
    both = [_opener(stores) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    with _held(stores, "private"):
        for process in both:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        time.sleep(0.5)
        assert [process.poll() for process in both] == [None, None]
    ended = [process.communicate(timeout=120) for process in both]
    assert [(process.returncode, said[1]) for process, said in zip(both, ended, strict=True)] == [(0, ""), (0, "")]
    for store, made in STORES.items():
        engine = made(stores)
        with engine.connect() as connection:
            assert _is_as_declared(connection, store)
            for name in {"snapshots", "suppressions"} & set(before.get(store, {})):
                table: Table = target_metadata(store).tables[name]
                assert len(connection.execute(select(table)).all()) == len(before[store][name])
        engine.dispose()


@pytest.mark.parametrize("store", STORES)
def test_a_migration_that_has_to_wait_too_long_is_refused(
    config: Config, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _old_store(config, store, "0001") as connection:
        before = _fill(connection)
    engine: Engine = create_engine(_url(config, store), poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    with _held(config, store), pytest.raises(StoreError, match="locked by another process; wait until it ends"):
        STORES[store](config)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "0001"
        assert len(connection.execute(text("SELECT * FROM snapshots")).all()) == len(before["snapshots"])
    engine.dispose()


def test_a_migration_that_fails_half_way_leaves_the_older_version(
    bare_stores: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _old_store(bare_stores, "results", "0001") as connection:
        before = _fill(connection)
    whole = command.upgrade

    def broken(config: Any, revision: str) -> None:
        whole(config, revision)
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        results_engine(bare_stores)
    monkeypatch.undo()
    engine = results_engine(bare_stores)
    with transaction(engine) as connection:
        assert _is_as_declared(connection, "results")
        assert len(connection.execute(text("SELECT * FROM snapshots")).all()) == len(before["snapshots"])
    engine.dispose()
