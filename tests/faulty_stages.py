"""A small week, verb by verb: the data folder before each, after it, and what must be the same whatever happened."""

import hashlib
import json
import os
import shutil
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import killing
import pandas as pd
import pytest
from crawling import rows as crawl_rows
from faulty_machine import Ended, Machine

from monitor.crawl.files import list_crawls
from monitor.sandbox.handed_lists import hand_in
from monitor.sandbox.world import REGISTRY_FILE, make_world, write

WEEK = "2026-W46"
NOW = int(datetime(2026, 11, 17, 3, 0, tzinfo=UTC).timestamp())  # the Tuesday after the week
FEEDS = ("tokopedia", "plaza_banten")
# Of a whole week only what deals with the inbox: the verbs of the other steps have their own trials.
INBOX_ONLY = """
from monitor.verbs import week
week._Steps.real = lambda self, **_: (self._take_in(), self._send_templates(), {})[2]
"""
# An erasure draws ids for what is left of a shop; two runs of it have to draw the same.
NOTHING_DRAWN = "import secrets; secrets.token_bytes = lambda size=32: bytes([size]) * size"
YEARS = 4 * 365 * 86_400  # after which everything of the week is past its period
CRAWLED = "plaza_banten"
# A crawl reads only the first queries of the panel, and its pauses are as short as they may be.
SHORT = """
from monitor.crawl import process as crawl_process
whole = crawl_process.command
crawl_process.command = lambda *of, **named: [*whole(*of, **named), "-s", "MONITOR_QUERIES=3"]
"""


@dataclass(frozen=True)
class Stage:
    """first: Python that runs in the verb's process before it. now: what the clock shows; None: it goes on from then,
    for a verb that waits."""

    verb: str
    arguments: list[str]
    before: Path
    after: Path
    first: str = ""
    now: int | None = NOW

    def run(self, machine: Machine, before: str = "") -> Ended:
        """before: further Python that runs in the verb's process first."""
        shift = machine.state.shift
        machine.state.now = self.now or 0
        machine.state.shift += 0 if self.now else NOW - int(time.time())
        try:
            return machine.run(self.arguments, self.first + before)
        finally:
            machine.state.now, machine.state.shift = NOW, shift


def feed_file(folder: Path, marketplace: str) -> Path:
    shops = pd.read_parquet(folder / "shops.parquet")
    mine = shops[shops["marketplace"] == marketplace]
    path = folder / f"{marketplace}.csv"
    mine.rename(columns={"name": "shop_name"})[["shop_id", "shop_name", "username", "city"]].to_csv(path, index=False)
    return path


def lay_out(
    machine: Machine, to: Path, until: str | None = None, businesses: int = 500, shops: int = 150
) -> dict[str, Stage]:
    """Runs a week on the machine and keeps the data folder around each verb. until: the last verb that is needed."""
    world = to / "world"
    write(make_world(seed=11, businesses=businesses, shops=shops), world)
    registry, feeds = world / REGISTRY_FILE, {slug: feed_file(world, slug) for slug in FEEDS}
    machine.state.now = NOW
    shutil.rmtree(machine.data, ignore_errors=True)
    (machine.data / "keys").mkdir(parents=True)
    (machine.data / "keys" / "phone.key").write_text("11" * 32)  # hashes of two runs have to be the same
    (machine.data / "keys" / "phone.key").chmod(0o600)
    steps: list[tuple[str, list[str]]] = [
        ("import", ["registry", "import", str(registry), "--as-of", "2026-11-01"]),
        *(
            (f"feed {slug}", ["feed", str(path), "--marketplace", slug, "--observed-on", "2026-11-12", "--complete"])
            for slug, path in feeds.items()
        ),
        ("load", ["load", "--week", WEEK]),
        ("link", ["link", "--week", WEEK]),
        ("review", ["review", "export", "-o", str(machine.data / "outbox"), "--week", WEEK]),
        ("links", ["links", "--week", WEEK, "--format", "parquet", "-o", str(machine.data / "links.parquet")]),
        ("measure", ["measure", "--week", WEEK]),
        ("report", ["report", "--week", WEEK]),
        ("release", ["release", "--week", WEEK]),
        ("backup", ["backup"]),
        ("inbox", ["week", "--week", WEEK]),
        ("audit", ["audit", "draw", "-o", str(machine.data / "audit.xlsx")]),
        ("erase", ["erase"]),
        ("purge", ["purge"]),
    ]
    found: dict[str, Stage] = {}
    first = {"inbox": INBOX_ONLY, "erase": NOTHING_DRAWN}
    for verb, arguments in steps:
        if verb == "inbox":
            hand_in(world, machine.data / "inbox", WEEK, "36")
        whom = ["--business-id", str(linked_business(machine.data))] if verb == "erase" else []
        now = NOW + YEARS if verb == "purge" else NOW
        found[verb] = played(machine, to, verb, [*arguments, *whom], first=first.get(verb, ""), now=now)
        if verb == until:
            break
    return found


def played(machine: Machine, to: Path, verb: str, arguments: list[str], **how: Any) -> Stage:
    """Runs the verb on what the machine holds, once and undisturbed."""
    before, after = to / f"before {verb}", to / f"after {verb}"
    shutil.copytree(machine.data, before)
    stage = Stage(verb, arguments, before, after, **how)
    ended = stage.run(machine)
    assert ended.code == 0, (verb, ended.said, ended.shown)
    shutil.copytree(machine.data, after)
    return stage


def linked_business(data: Path) -> int:
    """A business of which a shop is known, the most that an erasure has to do; in a small world perhaps none is."""
    with sqlite3.connect(data / "private.sqlite") as connection:
        query = "SELECT coalesce((SELECT min(business_id) FROM links), (SELECT min(business_id) FROM businesses))"
        (found,) = connection.execute(query).fetchone()
    connection.close()
    return int(found)


def lay_out_small(machine: Machine, to: Path, on: Stage) -> dict[str, Stage]:
    """What people type in between, each on what the stage left."""
    lists = to / "lists"
    hand_in(to / "world", lists, WEEK, "36")
    known, people = (str(sorted(lists.glob(f"*/{name}-*.csv"))[0]) for name in ("uji", "peserta"))
    small = {
        "pause": ["pause", "blibli", "--until", "2099-01-01"],
        "trigger": ["trigger", "week", "--week", WEEK],
        "probe": ["probe", "import", known, "--source", "pelatihan"],
        "cohort": ["cohort", "import", people, "--name", "Pelatihan", "--held-on", "2026-10-14"],
        "template": ["probe", "template", "-o", str(machine.data / "uji.xlsx"), "--office", "3602"],
        "feed template": ["feed", "--marketplace", "shopee", "--template", str(machine.data / "templates")],
    }
    found = {}
    for verb, arguments in small.items():
        machine.put(on.after)
        found[verb] = played(machine, to, verb, arguments)
    return found


def lay_out_restore(machine: Machine, to: Path, backed_up: Stage) -> Stage:
    """A restore into an empty data folder of what the backup holds."""
    keys = backed_up.after / "keys"
    shutil.rmtree(machine.data)
    machine.data.mkdir()
    arguments = ["restore", "--from", str(backed_up.after / "backups"), "--key", str(keys / "backup.key")]
    return played(machine, to, "restore", arguments)


def lay_out_crawl(machine: Machine, to: Path, world: Path) -> Stage:
    """A crawl of a marketplace of the world, which has to be served."""
    shutil.rmtree(machine.data, ignore_errors=True)
    (machine.data / "keys").mkdir(parents=True)
    (machine.data / "keys" / "phone.key").write_text("11" * 32)
    (machine.data / "keys" / "phone.key").chmod(0o600)
    arguments = ["crawl", CRAWLED, "--sandbox", str(world), "--week", WEEK, "--json"]
    return played(machine, to, "crawl", arguments, first=SHORT, now=None)


def sentence_of(stage: Stage, ended: Ended) -> str:
    """The one sentence with which a verb ended. A crawl, of which there may be several, says it in its table."""
    if stage.verb == "crawl" and ended.shown:
        (outcome,) = json.loads(ended.shown)
        assert ended.said == ""
        return str(outcome["message"])
    (sentence,) = ended.said.splitlines()
    assert sentence.startswith("monitor: ")
    return sentence


def rows(folder: Path) -> dict[str, Any]:
    """Every row of every store, and that the stores are whole; without the folder's place."""
    return {path.name: killing.rows(path) for path in sorted(folder.glob("*.sqlite"))}


# Made of random bytes, or only to be faster, or about what was done.
NOT_COMPARED = ("cache/", "keys/", "logs/", "backups/")


def files(folder: Path) -> dict[str, str]:
    """Name -> digest of every file of the data folder beside the stores and crawls that a machine made."""
    crawled = tuple(f"{path.relative_to(folder).as_posix()}/" for path in crawled_in(folder))
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and ".sqlite" not in name and not name.startswith((*NOT_COMPARED, *crawled)):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def crawled_in(folder: Path) -> list[Path]:
    """Directories of crawls; feeds lie beside them."""
    return list_crawls(folder / "crawls", CRAWLED, WEEK) if (folder / "crawls" / CRAWLED / "plan.json").exists() else []


def crawled(folder: Path) -> list[Any]:
    """What each crawl read, and whether it came to its end; lines of an attempt that was cut short do not count."""
    return [(crawl_rows(path), (path / "stats.json").exists()) for path in crawled_in(folder)]


def integrity(folder: Path) -> list[str]:
    """What SQLite finds wrong with the stores."""
    wrong = []
    for path in sorted(folder.glob("*.sqlite")):
        with sqlite3.connect(path) as connection:
            wrong += [f"{path.name}: {row[0]}" for row in connection.execute("PRAGMA integrity_check")]
        connection.close()
    return [line for line in wrong if not line.endswith(": ok")]


def damage(path: Path, table: str) -> None:
    """Overwrites a page of the table with random bytes."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno DESC LIMIT 1"
        try:
            (number,) = connection.execute(query, (table,)).fetchone()
        except sqlite3.OperationalError:
            pytest.skip("this SQLite cannot tell where a table lies (dbstat)")
    connection.close()
    with path.open("r+b") as file:
        file.seek((number - 1) * size)
        file.write(os.urandom(size))


def steps(machine: Machine, stage: Stage, most: int = 1_000) -> list[int]:
    """Numbers of the operations to refuse: the first of every step, of the stores also one in the middle and the last.

    most: as many, spread evenly.
    """
    machine.put(stage.before)
    assert stage.run(machine).code == 0
    return refusable(machine, most)


def refusable(machine: Machine, most: int) -> list[int]:
    """The same of the run that was last."""
    by_step: dict[tuple[str, str], list[int]] = {}
    for need in machine.needs():
        if need.path.startswith("data/logs/"):
            continue  # what cannot be logged is left out
        by_step.setdefault(need.step, []).append(need.number)
    chosen: set[int] = set()
    for (_, path), numbers in by_step.items():
        chosen |= {numbers[0], numbers[len(numbers) // 2], numbers[-1]} if ".sqlite" in path else {numbers[0]}
    ordered = sorted(chosen)
    return ordered if len(ordered) <= most else [ordered[at * len(ordered) // most] for at in range(most)]


def half_written(machine: Machine, stage: Stage) -> list[str]:
    """Files that are neither as before the verb nor as after it; those that no reader looks at are hidden by a dot."""
    before, after = files(stage.before), files(stage.after)
    found = files(machine.data)
    seen = {name: digest for name, digest in found.items() if not any(part[0] == "." for part in name.split("/"))}
    return [name for name, digest in seen.items() if digest not in (before.get(name), after.get(name))]
