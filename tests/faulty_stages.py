"""A small week, verb by verb: the data folder before each, after it, and what must be the same whatever happened."""

import hashlib
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import killing
import pandas as pd
from faulty_machine import Ended, Machine

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


@dataclass(frozen=True)
class Stage:
    verb: str
    arguments: list[str]
    before: Path
    after: Path
    first: str = ""  # Python that runs in the verb's process before it

    def run(self, machine: Machine) -> Ended:
        return machine.run(self.arguments, self.first)


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
        ("purge", ["purge"]),
    ]
    found: dict[str, Stage] = {}
    for verb, arguments in steps:
        if verb == "inbox":
            hand_in(world, machine.data / "inbox", WEEK, "36")
        before, after = to / f"before-{len(found)}", to / f"after-{len(found)}"
        shutil.copytree(machine.data, before)
        first = INBOX_ONLY if verb == "inbox" else ""
        ended = machine.run(arguments, first)
        assert ended.code == 0, (verb, ended.said)
        shutil.copytree(machine.data, after)
        found[verb] = Stage(verb, arguments, before, after, first)
        if verb == until:
            break
    return found


def rows(folder: Path) -> dict[str, Any]:
    """Every row of every store, and that the stores are whole; without the folder's place."""
    return {path.name: killing.rows(path) for path in sorted(folder.glob("*.sqlite"))}


# Made of random bytes, or only to be faster, or about what was done.
NOT_COMPARED = ("cache/", "keys/", "logs/", "backups/")


def files(folder: Path) -> dict[str, str]:
    """Name -> digest of every file of the data folder beside the stores."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and ".sqlite" not in name and not name.startswith(NOT_COMPARED):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def integrity(folder: Path) -> list[str]:
    """What SQLite finds wrong with the stores."""
    wrong = []
    for path in sorted(folder.glob("*.sqlite")):
        with sqlite3.connect(path) as connection:
            wrong += [f"{path.name}: {row[0]}" for row in connection.execute("PRAGMA integrity_check")]
        connection.close()
    return [line for line in wrong if not line.endswith(": ok")]


def steps(machine: Machine, stage: Stage, most: int = 1_000) -> list[int]:
    """Numbers of the operations to refuse: the first of every step, of the stores also one in the middle and the last.

    most: as many, spread evenly.
    """
    machine.put(stage.before)
    assert stage.run(machine).code == 0
    by_step: dict[tuple[str, str], list[int]] = {}
    for need in machine.needs():
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
