"""A registry becomes the indexes of its partitions, once per snapshot: the steps that workers run, and their order.

Every step leaves one file and is left out where that is there, so a run that was stopped goes on. Rows of the registry
are removed from the shared folder as soon as the indexes stand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pandas as pd

from monitor.cluster.storage import Storage
from pipelines.cluster import arrays, frames
from pipelines.cluster.tasks import Task, run_all
from pipelines.linkage.index import Beyond, Layout, RegistryIndex, assemble, lay_out, tally_keys
from pipelines.linkage.lexicon import Lexicon, WordTally, lexicon_of
from pipelines.linkage.partitions import (
    COMMON_WORDS,
    Directory,
    Frequent,
    Placed,
    beyond_each,
    gather,
    groups_only,
    key_groups_only,
    parts_of_registry,
    place_common,
    tally_common,
    wanted_keys,
)
from pipelines.linkage.postings import Counts
from pipelines.linkage.registry_part import PARTED, REGISTRY_COLUMNS, Part, read_part, tally_words
from pipelines.linkage.weights import load_weights
from pipelines.linkage.words import Ints

READY = "ready.json"
SEVERAL = "several"  # businesses of groups that stand in several partitions
PASSING = ("registry", "declared", "part", "words", "tally", "wanted", "gathered", "placed", "beyond")
STAYING = ("layout", "index")
Words = tuple[list[str], list[str]]


@dataclass(frozen=True)
class Parted:
    """A registry in partitions. url: of the shared folder; home: the folder of this registry in it."""

    url: str
    home: str
    count: int
    plan: pd.DataFrame

    def moved(self) -> int:
        """Bytes that lie there: indexes and, while shops are scored, what workers hand one another."""
        storage = Storage(self.url)
        return sum(storage.size(name) for name in storage.list(self.home))


def prepare(
    client: Any,
    url: str,
    place_of: str,
    version: str,
    most: int,
    registry: Callable[[], tuple[pd.DataFrame, pd.DataFrame | None]],
    words: Words,
    tell: Callable[[str], None] = lambda _: None,
) -> Parted:
    """The registry in partitions of at most `most` businesses; nothing is done where they stand already.

    place_of: folder of this database's registries in the shared one; version: names everything that indexes depend on
    (`index_store.index_version`); other versions are removed. registry: reads registry and
    declared accounts, as `index.build_index` takes them; words: its place_words and local_words.
    """
    storage = Storage(url)
    home = f"{place_of}/{sha256(f'{version} {most}'.encode()).hexdigest()[:24]}"
    if not _stands(storage, home):
        _write_rows(storage, home, registry, words, most)
        count = storage.read_json(f"{home}/registry/plan.json")["count"]
        _steps(client, storage, url, home, count, tell)
        storage.write_json(f"{home}/{READY}", storage.read_json(f"{home}/registry/plan.json"))
    for folder in PASSING:
        storage.remove(f"{home}/{folder}")
    depth = home.count("/") + 1
    for other in {"/".join(name.split("/")[:depth]) for name in storage.list(place_of)} - {home}:
        storage.remove(other)
    told = storage.read_json(f"{home}/{READY}")
    return Parted(url, home, told["count"], pd.DataFrame(told["plan"], columns=told["columns"]))


def _stands(storage: Storage, home: str) -> bool:
    """Whether all indexes are there. Where one was taken away since, since it was damaged, all are made anew."""
    if not storage.exists(f"{home}/{READY}"):
        return False
    there, count = set(storage.list(home)), storage.read_json(f"{home}/{READY}")["count"]
    parts = [f"{folder}/{number}.bin" for folder in STAYING for number in range(count)]
    if there >= {f"{home}/{name}" for name in ("lexicon.bin", "directory.bin", *parts)}:
        return True
    storage.remove(home)
    return False


def _write_rows(storage: Storage, home: str, registry: Callable[[], Any], words: Words, most: int) -> None:
    if storage.exists(f"{home}/registry/plan.json"):
        return
    frame, declared = registry()
    columns = [name for name in REGISTRY_COLUMNS if name in frame]
    plan, parts, several = parts_of_registry(frame[columns].rename_axis("business_id"), most)
    for number, part in enumerate(parts):
        frames.write(storage, f"{home}/registry/{number}.arrow", part[[*columns, PARTED]])
    frames.write(storage, f"{home}/registry/{SEVERAL}.arrow", several[columns])
    if declared is not None:
        frames.write(storage, f"{home}/declared/all.arrow", declared)
    storage.write_json(f"{home}/registry/words.json", [sorted(found) for found in words])
    told = {"count": len(parts), "columns": list(plan.columns), "plan": plan.to_numpy(dtype=object).tolist()}
    storage.write_json(f"{home}/registry/plan.json", told)


def _steps(client: Any, storage: Storage, url: str, home: str, count: int, tell: Callable[[str], None]) -> None:
    numbers = [str(number) for number in range(count)]

    def each(step: Callable[..., None], folder: str, names: list[str]) -> list[Task]:
        return [Task(step, (url, home, name), f"{home}/{folder}/{name}.bin") for name in names]

    rounds: list[tuple[str, list[Task]]] = [
        ("reading partitions", each(read, "words", [*numbers, SEVERAL])),
        ("gathering words", [Task(write_lexicon, (url, home, count), f"{home}/lexicon.bin")]),
        ("laying out partitions", each(lay, "wanted", [*numbers, SEVERAL])),
        ("gathering keys", [Task(write_gathered, (url, home, count), f"{home}/directory.bin")]),
        ("placing what is common", each(place, "placed", numbers)),
        ("gathering places", [Task(write_beyond, (url, home, count), f"{home}/beyond/{count - 1}.bin")]),
        ("indexing partitions", each(build, "index", numbers)),
    ]
    for said, tasks in rounds:
        tell(said)
        run_all(client, storage, tasks)


# --- on workers -------------------------------------------------------------------------------------------------------


def read(url: str, home: str, name: str) -> None:
    storage = Storage(url)
    frame = frames.read(storage, f"{home}/registry/{name}.arrow")
    has_declared = name != SEVERAL and storage.exists(f"{home}/declared/all.arrow")
    declared = frames.read(storage, f"{home}/declared/all.arrow") if has_declared else None
    part = read_part(frame, load_weights(), declared, storage.read_json(f"{home}/registry/words.json")[0])
    arrays.write(storage, f"{home}/part/{name}.bin", part)
    tally = tally_words(part)
    arrays.write(storage, f"{home}/words/{name}.bin", groups_only(tally) if name == SEVERAL else tally)


def write_lexicon(url: str, home: str, count: int) -> None:
    storage = Storage(url)
    names = [*map(str, range(count)), SEVERAL]
    tallies = [arrays.read(storage, f"{home}/words/{name}.bin", WordTally) for name in names]
    words = storage.read_json(f"{home}/registry/words.json")
    arrays.write(storage, f"{home}/lexicon.bin", lexicon_of(tallies, load_weights(), *words))


@lru_cache(maxsize=1)  # one registry at a time
def lexicon(url: str, home: str) -> Lexicon:
    found = arrays.read(Storage(url), f"{home}/lexicon.bin", Lexicon, {"weights": load_weights()})
    assert isinstance(found, Lexicon)
    return found


def lay(url: str, home: str, name: str) -> None:
    storage, words = Storage(url), lexicon(url, home)
    layout = lay_out(arrays.read(storage, f"{home}/part/{name}.bin", Part), words)
    tally = tally_keys(layout, words)
    if name == SEVERAL:
        tally = key_groups_only(tally)
    else:
        tally |= {COMMON_WORDS: tally_common(layout, words)}
        arrays.write(storage, f"{home}/layout/{name}.bin", layout)
    arrays.write(storage, f"{home}/tally/{name}.bin", tally)
    arrays.write(storage, f"{home}/wanted/{name}.bin", wanted_keys(layout, words))


def write_gathered(url: str, home: str, count: int) -> None:
    storage = Storage(url)

    def every(folder: str, kind: Any) -> list[Any]:
        return [arrays.read(storage, f"{home}/{folder}/{number}.bin", kind) for number in range(count)]

    further = arrays.read(storage, f"{home}/tally/{SEVERAL}.bin", Mapping[str, Counts])
    tallies, wanted = every("tally", Mapping[str, Counts]), every("wanted", Mapping[str, Ints])
    found = gather(tallies, wanted, further, lexicon(url, home))
    for number, tally in enumerate(found.tallies):
        arrays.write(storage, f"{home}/gathered/{number}.bin", tally)
    arrays.write(storage, f"{home}/gathered/frequent.bin", found.frequent)
    arrays.write(storage, f"{home}/directory.bin", found.directory)


def place(url: str, home: str, name: str) -> None:
    storage = Storage(url)
    layout = arrays.read(storage, f"{home}/layout/{name}.bin", Layout)
    frequent = arrays.read(storage, f"{home}/gathered/frequent.bin", Frequent)
    arrays.write(storage, f"{home}/placed/{name}.bin", place_common(layout, lexicon(url, home), frequent))


def write_beyond(url: str, home: str, count: int) -> None:
    storage = Storage(url)
    placed = [
        arrays.read(storage, f"{home}/placed/{number}.bin", Mapping[str, Placed]) for number in range(count)
    ]  # fmt: skip
    tallies = [
        arrays.read(storage, f"{home}/gathered/{number}.bin", Mapping[str, Counts]) for number in range(count)
    ]  # fmt: skip
    for number, found in enumerate(beyond_each(placed, tallies, lexicon(url, home))):
        arrays.write(storage, f"{home}/beyond/{number}.bin", found)


def build(url: str, home: str, name: str) -> None:
    storage = Storage(url)
    layout = arrays.read(storage, f"{home}/layout/{name}.bin", Layout)
    tally = arrays.read(storage, f"{home}/gathered/{name}.bin", Mapping[str, Counts])
    beyond = arrays.read(storage, f"{home}/beyond/{name}.bin", Mapping[str, Beyond])
    made = assemble(layout, lexicon(url, home), tally, beyond)
    beside = arrays.Beside(f"{home}/layout/{name}.bin", layout)
    arrays.write(storage, f"{home}/index/{name}.bin", made, ("weights", "vocabulary"), beside)


@lru_cache(maxsize=1)  # memory of a worker is that of one partition
def index(url: str, home: str, name: str) -> RegistryIndex:
    words = lexicon(url, home)
    given = {"weights": words.weights, "vocabulary": words.vocabulary}
    found = arrays.read(Storage(url), f"{home}/index/{name}.bin", RegistryIndex, given)
    assert isinstance(found, RegistryIndex)
    return found


@lru_cache(maxsize=1)
def directory(url: str, home: str) -> Directory:
    found = arrays.read(Storage(url), f"{home}/directory.bin", Directory)
    assert isinstance(found, Directory)
    return found
