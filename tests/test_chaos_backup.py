"""A backup or a restore that is killed at any of its steps leaves nothing unencrypted where a backup lies."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# Each run is a child of a process that has imported everything and done nothing. argv: the folder of everything.
RUNS = """
import json, os, shutil, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from monitor.backup import archives, make, plain, restore, unfinished
from monitor.config import load_config
import tarfile, tempfile, sqlite3

PHRASE = b"Ibu Entin Kartini"
PLAIN = (PHRASE, b"SQLite format 3", b"ustar")
work = Path(sys.argv[1])
os.environ["TMPDIR"] = str(work / "temporary")

def at_each_step(number):
    left = [number]
    def step():
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    def before_and_after(holder, name):
        real = getattr(holder, name)
        def call(*given, **named):
            step()
            found = real(*given, **named)
            step()
            return found
        setattr(holder, name, call)
    for holder, name in (
        (archives._Watched, "read"), (archives._Watched, "write"), (plain.Plain, "fill"), (plain.Plain, "sha256"),
        (os, "fsync"), (Path, "replace"), (Path, "mkdir"), (tarfile.TarFile, "extract"), (tarfile.TarFile, "makefile"),
        (plain.tempfile, "mkstemp"), (shutil, "copyfileobj"), (sqlite3, "connect"), (Path, "unlink"),
    ):
        before_and_after(holder, name)

def backup():
    make.make_backup(load_config({"MONITOR_DATA_DIR": str(work / "data")}), datetime(2026, 11, 22, 2, 30, tzinfo=UTC))

def pack():
    from pyrage.x25519 import Identity
    data, key = work / "data", str(Identity.generate().to_public())
    archives.pack(data, [data / "inbox", data / "crawls"], data / "backups" / "files.tar.age", key)

def put_back():
    folder = work / "backups" / "20261122T023000Z"
    restore.restore(load_config({"MONITOR_DATA_DIR": str(work / "new")}), folder, work / "data" / "keys" / "backup.key")

def run(verb, number):
    child = os.fork()
    if child == 0:
        if number:
            at_each_step(number)
        verb()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL), code
    return code == 0

def holding(folder):
    return {
        str(path.relative_to(work)) for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json" and any(word in path.read_bytes() for word in PLAIN)
    }

def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

def killed_at_steps(verb, stride):
    number, found = 0, {"readable": [], "left": []}
    while not run(verb, number + 1):
        number += stride
        found["readable"] += [f"{number}: {name}" for name in sorted(holding(work) - own)]
        if number % 4 == 0:
            assert run(verb, 0)
            found["left"] += [str(path) for path in (work / "data" / "backups").rglob(".*")]
        shutil.rmtree(work / "data" / "backups", ignore_errors=True)
    return found | {"steps": number}

def restored_at_steps(stride):
    assert run(put_back, 0)
    whole = files(work / "new")
    shutil.rmtree(work / "new")
    number, found = 0, {"readable": [], "half": [], "unsaid": [], "other": [], "states": set()}
    while not run(put_back, number + 1):
        number += stride
        found["readable"] += sorted(holding(work / "temporary") | holding(work / "backups"))
        now, begun = files(work / "new"), unfinished.begun(work / "new")
        found["states"].add(begun and begun.placing)
        # What has its place has it as a whole; and until all have, the folder says so.
        placed = {name: body for name, body in now.items() if not name.startswith((".restoring/", ".p", ".r"))}
        found["half"] += sorted(name for name, body in placed.items() if whole.get(name) != body)
        if begun is None and placed not in ({}, whole):
            found["unsaid"].append(number)
        if begun is None or not begun.placing:
            found["half"] += sorted(placed) if now != whole else []
        if now != whole:
            assert run(put_back, 0), number
        if files(work / "new") != whole:
            found["other"].append(number)
        shutil.rmtree(work / "new")
    return found | {"steps": number, "states": sorted(map(str, found["states"]))}

tempfile.tempdir = str(work / "temporary")
own = holding(work / "data")
assert own
told = {"pack": killed_at_steps(pack, 1), "backup": killed_at_steps(backup, 6)}
(work / "data" / "backups").rename(work / "backups")
print(json.dumps(told | {"restore": restored_at_steps(7)}))
"""


def lay_out(work: Path) -> None:
    """Two stores, a crawl and a file of an office, each with the name of a person in it."""
    import sqlite3

    for folder in ("data/inbox/3602", "data/crawls/tokopedia/2026-11-20T020000Z", "temporary", "data/keys"):
        (work / folder).mkdir(parents=True)
    for store in ("private", "results"):
        connection = sqlite3.connect(work / "data" / f"{store}.sqlite")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE shops (name TEXT)")
        connection.executemany("INSERT INTO shops VALUES (?)", [("Ibu Entin Kartini",)] * 400)
        connection.commit()
        connection.close()
    for name in ("inbox/3602/daftar.csv", "crawls/tokopedia/2026-11-20T020000Z/shops.jsonl"):
        (work / "data" / name).write_text("Ibu Entin Kartini\n" * 1_000)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    work = tmp_path_factory.mktemp("backup")
    lay_out(work)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    done = subprocess.run(
        [sys.executable, "-c", RUNS, str(work)], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


def test_an_archive_killed_at_any_read_or_write_leaves_nothing_that_can_be_read(killed: dict[str, Any]) -> None:
    assert killed["pack"].pop("steps") > 20
    assert killed["pack"] == {"readable": [], "left": []}


def test_a_killed_backup_leaves_nothing_that_can_be_read(killed: dict[str, Any]) -> None:
    assert killed["backup"].pop("steps") > 100
    assert killed["backup"] == {"readable": [], "left": []}


def test_a_killed_restore_puts_nothing_half_in_its_place_says_so_and_is_gone_on_with(killed: dict[str, Any]) -> None:
    assert killed["restore"].pop("steps") > 60
    assert killed["restore"].pop("states") == ["False", "None", "True"]
    assert killed["restore"] == {"readable": [], "half": [], "unsaid": [], "other": []}
