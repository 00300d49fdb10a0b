"""Every verb that writes, with a store that somebody else writes, a disk that may only be read, a damaged page.

Each says it in one sentence and ends with 1, and has changed no file; once that is mended, the same command ends with
the rows and files of an undisturbed run.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faulty_machine import Ended, Machine, machine
from faulty_stages import (
    CRAWLED,
    Stage,
    crawled,
    damage,
    files,
    lay_out,
    lay_out_crawl,
    lay_out_restore,
    lay_out_small,
    rows,
    sentence_of,
)

from monitor.sandbox import world as worlds
from monitor.sandbox.server import Server

pytestmark = pytest.mark.prove
# Noted before the file appears: better twice than not at all.
AT_LEAST_ONCE = ("access_log",)
IMPATIENT = """
from monitor import database, database_locks
database.BUSY_TIMEOUT_MS = database.STATEMENT_TIMEOUT_MS = 300
database_locks.TURN_MS = 100
"""
# Verb -> a table that it reads.
READ = {
    "import": "registry_parts",
    "feed tokopedia": "runs",
    "load": "runs",
    "link": "business_versions",
    "review": "candidate_pairs",
    "links": "links",
    "measure": "business_versions",
    "report": "business_versions",
    "release": "releases",
    "backup": "business_versions",
    "inbox": "business_versions",
    "audit": "business_versions",
    "erase": "business_versions",
    "purge": "access_log",
    "pause": "pauses",
    "trigger": "runs",
    "probe": "business_versions",
    "cohort": "business_versions",
    "crawl": "runs",
}
ONLY_READ = ("audit",)  # it draws a sheet
WITHOUT_STORE = ("restore", "template", "feed template")


@pytest.fixture(scope="module")
def one() -> Iterator[Machine]:
    with machine() as made:
        yield made


@pytest.fixture(scope="module")
def stages(one: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    folder = tmp_path_factory.mktemp("week")
    found = lay_out(one, folder, businesses=200, shops=60)
    found |= lay_out_small(one, folder, found["audit"])
    found |= {"restore": lay_out_restore(one, folder, found["backup"])}
    worlds.write(worlds.make_world(11, 300, 120, marketplaces=(CRAWLED,)), folder / "served")
    with Server(folder / "served", {}):
        yield found | {"crawl": lay_out_crawl(one, folder, folder / "served")}


def check_said(stage: Stage, ended: Ended, words: str) -> None:
    assert ended.code == 1, ended
    sentence = sentence_of(stage, ended)
    assert words in sentence, sentence
    assert "Unexpected" not in sentence


def check_again(machine: Machine, stage: Stage) -> None:
    again = stage.run(machine)
    assert again.code == 0, again
    found, expected = rows(machine.data), rows(stage.after)
    for store, tables in expected.items():
        for name, kept in tables.items():
            assert name in AT_LEAST_ONCE or found[store][name] == kept, (store, name)
    assert files(machine.data) == files(stage.after)
    assert crawled(machine.data) == crawled(stage.after)


@contextmanager
def written_by_somebody(store: Path) -> Iterator[None]:
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


@pytest.mark.parametrize("verb", [verb for verb in READ if verb not in ONLY_READ])
def test_a_store_that_somebody_else_writes(one: Machine, stages: dict[str, Stage], verb: str) -> None:
    stage = stages[verb]
    one.put(stage.before)
    if not (one.data / "private.sqlite").exists():
        assert one.run(["resume", "blibli"]).code == 0  # makes the store
    with written_by_somebody(one.data / "private.sqlite"):
        ended = stage.run(one, IMPATIENT)
    check_said(stage, ended, f"is locked by another process, process {os.getpid()}; wait until it ends, then run the")
    assert files(one.data) == files(stage.before)
    check_again(one, stage)


@pytest.mark.parametrize("verb", [*READ, *WITHOUT_STORE])
def test_a_folder_that_may_only_be_read(one: Machine, stages: dict[str, Stage], verb: str) -> None:
    stage = stages[verb]
    one.put(stage.before)
    with one.only_read():
        ended = stage.run(one)
    check_said(stage, ended, "")
    sentence = sentence_of(stage, ended)
    assert "read-only" in sentence.lower() or "check the rights" in sentence, sentence
    assert files(one.data) == files(stage.before)
    check_again(one, stage)


@pytest.mark.parametrize("verb", READ)
def test_a_damaged_page_is_named_with_what_brings_it_back(one: Machine, stages: dict[str, Stage], verb: str) -> None:
    stage = stages[verb]
    before = stages["load"].before if verb == "import" else stage.before
    one.put(before)
    if not (one.data / "private.sqlite").exists():
        assert one.run(["resume", "blibli"]).code == 0
    damage(one.data / "private.sqlite", READ[verb])
    ended = stage.run(one)
    check_said(stage, ended, f"is damaged (table {READ[verb]}); move the file away and bring back the newest backup")
    assert files(one.data) == files(before)
