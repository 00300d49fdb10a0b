"""The researchers' role on PostgreSQL, proven by trying: it reads the views, everything else is refused."""

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from report_world import make_world
from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from monitor import private_store, results_role, results_store, results_views
from monitor.config import Config, load_config
from monitor.database import private_engine, results_engine

pytestmark = pytest.mark.postgresql

LOGIN = "ani_peneliti"
FORBIDDEN = "42501"  # insufficient_privilege
READ_ONLY = {"25006", "55000", "42809"}  # a view that cannot be written says so before anybody's rights are asked


@pytest.fixture(scope="module")
def stores(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """Both stores with a week in them, in a database of its own; what is tried on it is refused and changes nothing."""
    admin = create_engine(f"{postgresql_server}/postgres", isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS role_test"))
        connection.execute(text("CREATE DATABASE role_test"))
    url = f"{postgresql_server}/role_test"
    folder = tmp_path_factory.mktemp("role")
    config = load_config({"MONITOR_DATA_DIR": str(folder), "MONITOR_DATABASE_URL": url, "MONITOR_RESULTS_URL": url})
    world = make_world(config)
    world.build()
    world.close()
    yield config
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE role_test WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="module")
def login(stores: Config) -> Iterator[Engine]:
    """A person's own login, member of the role and nothing else."""
    admin = create_engine(stores.results_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"DROP ROLE IF EXISTS {LOGIN}"))
        connection.execute(text(f"CREATE ROLE {LOGIN} LOGIN IN ROLE {results_role.ROLE}"))
        # What somebody else left lying about in the database.
        connection.execute(text("CREATE FUNCTION public.harmless() RETURNS int LANGUAGE sql AS 'SELECT 1'"))
        connection.execute(text("SELECT lo_create(4711)"))
    yield create_engine(make_url(stores.results_url).set(username=LOGIN), poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"DROP ROLE {LOGIN}"))


@pytest.fixture
def reader(login: Engine) -> Iterator[Connection]:
    with login.connect() as connection:
        yield connection


def _refused(connection: Connection, statement: str) -> str:
    """PostgreSQL's code of the refusal; fails where the statement went through."""
    with pytest.raises(DBAPIError) as caught:
        connection.exec_driver_sql(statement)
    connection.rollback()
    return str(getattr(caught.value.orig, "sqlstate", ""))


def test_reads_every_view(reader: Connection) -> None:
    counts = {
        name: reader.execute(text(f'SELECT count(*) FROM results."{name}"')).scalar_one()
        for name in results_views.NAMES
    }
    assert len(counts) == 23
    assert counts["estimates"] > 0
    assert counts["areas"] == 9


def test_no_table_of_either_store_is_readable(reader: Connection) -> None:
    tables = [f'results_base."{name}"' for name in [*results_store.metadata.tables, "alembic_version"]]
    tables += [f'private."{name}"' for name in [*private_store.metadata.tables, "alembic_version"]]
    assert {_refused(reader, f"SELECT * FROM {table}") for table in tables} == {FORBIDDEN}
    assert {_refused(reader, f"SELECT * FROM {name}") for name in ("pg_authid", "pg_statistic", "pg_largeobject")} == {
        FORBIDDEN
    }
    seen = reader.execute(
        text("SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_schema !~ '^(pg_|information)'")
    )
    assert set(seen.scalars()) == {"results"}


def test_no_view_can_be_written(reader: Connection) -> None:
    for name in results_views.NAMES:
        _cannot_be_written(reader, name)


def _cannot_be_written(reader: Connection, name: str) -> None:
    view = f'results."{name}"'
    column = next(iter(results_store.metadata.tables[name].columns)).name
    codes = {
        _refused(reader, f"DELETE FROM {view}"),
        _refused(reader, f'UPDATE {view} SET "{column}" = NULL'),
        _refused(reader, f"INSERT INTO {view} DEFAULT VALUES"),
        _refused(reader, f"TRUNCATE {view}"),
        _refused(reader, f"COPY {view} FROM STDIN"),
        _refused(reader, f"LOCK TABLE {view} IN EXCLUSIVE MODE"),
        _refused(reader, f"DROP VIEW {view}"),
        _refused(reader, f"ALTER VIEW {view} RENAME TO mine"),
    }
    assert FORBIDDEN in codes
    assert codes <= {FORBIDDEN} | READ_ONLY


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE results.mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "CREATE TEMP TABLE mine (a int)",
        "CREATE TEMP VIEW mine AS SELECT 1 AS a",
        "CREATE VIEW results.mine AS SELECT 1 AS a",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION results.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SEQUENCE results.mine",
        "CREATE EXTENSION dblink SCHEMA results",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "ALTER ROLE peneliti SUPERUSER",
        "GRANT peneliti TO ani_peneliti",
        "SET ROLE monitor",
        "ALTER SYSTEM SET log_statement = 'all'",
        "SELECT public.harmless()",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_read_binary_file('/etc/passwd')",
        "SELECT pg_ls_dir('/etc')",
        "SELECT pg_stat_file('/etc/passwd')",
        "SELECT pg_reload_conf()",
        "COPY results.areas TO '/tmp/areas.csv'",
        "COPY (SELECT * FROM results.areas) TO PROGRAM 'cat'",
        "COPY results.areas FROM '/etc/passwd'",
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT lo_put(4711, 0, 'x')",
        "SELECT lo_get(4711)",
        "SELECT lo_open(4711, 131072)",
        "SELECT lo_unlink(4711)",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_export(4711, '/tmp/x')",
    ],
)
def test_nothing_else_is_allowed(reader: Connection, statement: str) -> None:
    if statement.startswith(("CREATE DATABASE", "ALTER SYSTEM")):
        reader = reader.execution_options(isolation_level="AUTOCOMMIT")
    assert _refused(reader, statement) == FORBIDDEN


def test_rows_that_a_view_leaves_out_cannot_be_told_from_errors(stores: Config, reader: Connection) -> None:
    """A condition that fails on a row that is not shown must not be asked of it."""
    base = results_engine(stores)
    with base.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO releases (release_id, week, class, recipient, is_practice, released_on) VALUES "
                "('2026-W47-riset-lain-1', '2026-W47', 'research', 'lain', false, '2026-11-24'), "
                "('2026-W47-publik-1', '2026-W47', 'public', NULL, false, '2026-11-24')"
            )
        )
    base.dispose()
    reader.rollback()
    found = reader.execute(
        text("SELECT release_id FROM results.releases WHERE 1 / (CASE WHEN recipient = 'lain' THEN 0 ELSE 1 END) = 1")
    )
    assert found.scalars().all() == ["2026-W47-publik-1"]


def test_rights_are_set_again_where_they_were_lost(stores: Config) -> None:
    admin = create_engine(stores.results_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text("REVOKE SELECT ON results.areas FROM peneliti"))
        assert not results_role.is_granted(connection)
    results_engine(stores).dispose()
    engine = results_engine(stores)
    with engine.connect() as connection:
        assert results_role.is_granted(connection)
        assert results_role.ensure(connection) == []
    engine.dispose()
    admin.dispose()


def test_without_rights_the_statements_are_said(
    bare_postgresql_config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    """A role that owns nothing but the right to make schemas migrates all the same; one sentence says what is left."""
    admin = create_engine(bare_postgresql_config.results_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    database = make_url(bare_postgresql_config.results_url).database
    with admin.connect() as connection:
        connection.execute(text("DROP ROLE IF EXISTS small"))
        connection.execute(text("CREATE ROLE small LOGIN"))
        connection.execute(text(f'GRANT CREATE ON DATABASE "{database}" TO small'))
    try:
        url = make_url(bare_postgresql_config.results_url).set(username="small").render_as_string()
        small = replace(bare_postgresql_config, results_url=url)
        with caplog.at_level(logging.WARNING):
            results_engine(small).dispose()
        said = [record.message for record in caplog.records if "peneliti" in record.message]
        assert len(said) == 1
        assert "REVOKE CREATE, TEMPORARY ON DATABASE" in said[0]
        assert "REVOKE EXECUTE ON FUNCTION lo_create(oid)" in said[0]
        caplog.clear()
        results_engine(small).dispose()
        assert not [record for record in caplog.records if "peneliti" in record.message]
    finally:
        with admin.connect() as connection:
            connection.execute(text("DROP OWNED BY small"))
            connection.execute(text("DROP ROLE small"))
        admin.dispose()


def test_sqlite_has_no_roles(config: Config) -> None:
    engine = private_engine(config)
    with engine.connect() as connection:
        assert results_role.ensure(connection) == []
        assert results_role.is_granted(connection)
    engine.dispose()
