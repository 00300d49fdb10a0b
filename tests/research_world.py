"""Practice weeks with their releases, made once for all test files that ask them questions."""

import fcntl
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from exports.explore.document import Answer
from exports.explore.questions import Question
from monitor.config import Config, load_config
from monitor.database import bulk_insert, read_frame, results_engine, transaction
from monitor.regions import use
from monitor.results_store import metadata
from monitor.sandbox import history
from monitor.verbs import sandbox_history

SMALL = {"businesses": 2_000, "shops": 400, "weeks": 3}


def small_world(factory: pytest.TempPathFactory) -> Path:
    """Data folder of a few small weeks; whichever test process comes first makes it."""
    base = factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    data = shared / "research-world"
    with (shared / "research-world.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (data / "made").exists():
            shutil.rmtree(data, ignore_errors=True)
            make(data, **SMALL)
            (data / "made").touch()
    return data


def make(data: Path, **size: Any) -> None:
    config = load_config({"MONITOR_DATA_DIR": str(data)})
    use(config.region.code)
    data.mkdir(parents=True)
    sandbox_history.run(config, history.make(**size))


def releases(data: Path, kind: str) -> list[Path]:
    """Folders of the releases, oldest first. kind: publik or riset."""
    return sorted((data / "releases").glob(f"*-{kind}-*"))


def on_postgresql(config: Config, path: Path) -> Engine:
    """The rows of a release's SQLite file in the results database of `config`."""
    from sqlalchemy import create_engine, select

    source, target = create_engine(f"sqlite:///{path}"), results_engine(config)
    with source.connect() as held, transaction(target) as connection:
        for table in metadata.sorted_tables:
            bulk_insert(connection, table, read_frame(held, select(*table.c)))
    source.dispose()
    return target


def ask(engine: Engine, question: Question) -> Answer:
    with engine.connect() as connection:
        found = connection.execute(text(question.sql))
        rows: Sequence[Sequence[Any]] = [tuple(row) for row in found]
        return list(found.keys()), rows
