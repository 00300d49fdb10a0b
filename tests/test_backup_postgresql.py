"""A restore into PostgreSQL that is killed: each store is there as a whole or not at all, and the next one goes on."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from monitor.backup.make import Made, make_backup
from monitor.config import Config
from monitor.database import private_engine, results_engine, transaction
from monitor.private_store import shops

AT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
# Takes the place of pg_restore: the real one reads all of the dump but its end, and once it is in its transaction the
# whole group of processes is killed.
CUT_OFF = """#!/bin/sh
begun="SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_restore' AND backend_xid IS NOT NULL"
{ head -c -60; until [ "$(psql -AtqX -c "$begun")" = 1 ]; do sleep 0.05; done; kill -9 0; } | %s "$@"
"""
# Restores, killed and again, in children of a process that has imported everything. argv: the URL of both stores, the
# backup, its key, a folder for all else.
RUNS = """
import json, os, shutil, signal, sys
from pathlib import Path
from sqlalchemy import NullPool, create_engine, select, text
from monitor.backup import restore, stores, unfinished
from monitor.config import load_config
from monitor.private_store import metadata

SCHEMAS = ("results_base", "private")
url, backup, key, work = sys.argv[1], *map(Path, sys.argv[2:])
config = load_config({"MONITOR_DATA_DIR": str(work / "new"), "MONITOR_DATABASE_URL": url, "MONITOR_RESULTS_URL": url})
engine = create_engine(url, connect_args={"options": "-csearch_path=private"}, poolclass=NullPool)

def empty():
    shutil.rmtree(work / "new", ignore_errors=True)
    with engine.begin() as connection:
        for schema in (*SCHEMAS, "results"):
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))

def rows():
    with engine.connect() as connection:
        return {t.name: sorted(map(repr, connection.execute(select(t)))) for t in metadata.sorted_tables}

def tables():
    query = "SELECT count(*) FROM information_schema.tables WHERE table_schema = :schema"
    with engine.connect() as connection:
        return [connection.execute(text(query), {"schema": name}).scalar_one() for name in SCHEMAS]

def dies_at(moment):
    store, when = moment.split()
    real = stores.fill
    def fill(address, plain):
        here = plain.name.startswith(store)
        if here and when == "before":
            os.killpg(0, signal.SIGKILL)
        if here and when == "during":
            os.environ["PATH"] = f"{work / 'bin'}:{os.environ['PATH']}"
        real(address, plain)
        if here and when == "after":
            os.killpg(0, signal.SIGKILL)
    stores.fill = fill

def killed(moment):
    child = os.fork()
    if child == 0:
        os.setsid()
        dies_at(moment)
        restore.restore(config, backup, key)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, moment

before, all_tables, found = rows(), tables(), {}
for moment in ("results before", "results during", "results after", "private during", "private after"):
    empty()
    killed(moment)
    left = ["all" if now == whole else now for now, whole in zip(tables(), all_tables, strict=True)]
    said = unfinished.begun(config.data_dir).placing
    restore.restore(config, backup, key)
    found[moment] = [*left, said, rows() == before and tables() == all_tables, unfinished.begun(config.data_dir)]
print(json.dumps(found))
"""


def backed_up(config: Config) -> Made:
    engine = private_engine(config)
    with transaction(engine) as connection:
        rows = [{"marketplace": "m", "shop_id": str(n), "first_seen_week": "2026-W47"} for n in range(500)]
        connection.execute(insert(shops), rows)
    engine.dispose()
    results_engine(config).dispose()
    return make_backup(config, AT)


@pytest.mark.postgresql
def test_a_restore_killed_at_any_step_leaves_each_store_empty_or_whole_and_goes_on(
    postgresql_config: Config, tmp_path: Path
) -> None:
    made = backed_up(postgresql_config)
    cut_off = tmp_path / "bin" / "pg_restore"
    cut_off.parent.mkdir()
    real = subprocess.run(["sh", "-c", "command -v pg_restore"], capture_output=True, text=True, check=False)
    if not real.stdout:
        pytest.skip("pg_restore is not on the path")
    cut_off.write_text(CUT_OFF % real.stdout.strip())
    cut_off.chmod(0o700)
    key = postgresql_config.phone_key_file.parent / "backup.key"
    places = [postgresql_config.database_url, str(made.folder), str(key), str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    done = subprocess.run(
        [sys.executable, "-c", RUNS, *places], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found == {
        "results before": [0, 0, True, True, None],
        "results during": [0, 0, True, True, None],
        "results after": ["all", 0, True, True, None],
        "private during": ["all", 0, True, True, None],
        "private after": ["all", "all", True, True, None],
    }
