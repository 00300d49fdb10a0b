"""A crawl directory in the shared store while several processes write it.

`crawls/<slug>/<start time>/` there holds `crawl.json`, `plan.json`, `course.json` and one folder per process that reads
a part: `base` (what was read before), `shard-<n>`, `rest`. A process's files only grow, and so they lie there in
pieces `<attempt>/<file>.<number>`, of which only the last is ever written again, longer.
Whole lines alone are copied, those of `queries.jsonl` last: a unit counts there once its rows are there. Putting the
pieces of all folders together, in order, gives the crawl directory, since no unit belongs to two processes and rows
count by unit and attempt.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from monitor.cluster.storage import Storage
from monitor.crawl.lines import told
from monitor.errors import StoreError

FILES = ("crawl.log", "issues.jsonl", "shops.jsonl", "listings.jsonl", "queries.jsonl")  # the last says what counts
PIECE_BYTES = 1 << 20
ASKED_AHEAD = 10  # requests that stand in the store before they are sent; so many may be counted in vain
STATS, INFO, PLAN = "stats.json", "crawl.json", "plan.json"


class Pieces:
    """Copies what a process appends to a local crawl directory into its folder of the store, piece by piece."""

    def __init__(self, storage: Storage, folder: str, directory: Path) -> None:
        """What the directory holds now is in the store already."""
        self._storage, self._folder, self._directory = storage, folder, directory
        self._attempt = 0
        self._begin = {name: _size(directory / name) for name in FILES}  # of the last piece, in bytes of the local file
        self._end = dict(self._begin)
        self._number = dict.fromkeys(FILES, 0)
        self._evidence = {path.name for path in (directory / "evidence").glob("*")}

    def begun(self, attempt: int) -> None:
        """Before its first row is written, so that a later attempt never has this number."""
        self._attempt = attempt
        self.keep()

    def keep(self) -> None:
        """Everything up to the last whole line. Raises StoreError."""
        for path in sorted((self._directory / "evidence").glob("*")):
            if path.name not in self._evidence and not path.name.startswith("."):
                self._storage.copy_in(path, f"{self._folder}/evidence/{self._attempt:04d}-{path.name}")
                self._evidence.add(path.name)
        for name in FILES:
            self._keep(name)

    def _keep(self, name: str) -> None:
        path = self._directory / name
        if _size(path) < self._end[name]:  # the log was turned over: the rest of it, then the new one
            self._copy(path.with_name(f"{name}.1"), name)
            self._begin[name] = self._end[name] = 0
            self._number[name] += 1
        self._copy(path, name)

    def _copy(self, path: Path, name: str) -> None:
        if _size(path) <= self._end[name]:
            return
        with told(path), path.open("rb") as file:
            file.seek(self._begin[name])
            body = file.read()
        body = body[: body.rfind(b"\n") + 1]
        if self._begin[name] + len(body) == self._end[name]:
            return
        self._storage.write_bytes(f"{self._folder}/{self._attempt:04d}/{name}.{self._number[name]:05d}", body)
        self._end[name] = self._begin[name] + len(body)
        if len(body) >= PIECE_BYTES:
            self._begin[name] = self._end[name]
            self._number[name] += 1

    def finish(self) -> None:
        """The process read its part to the end: its stats, last."""
        self.keep()
        if (self._directory / STATS).exists():
            self._storage.copy_in(self._directory / STATS, f"{self._folder}/{STATS}")


class Asked:
    """How many requests a process was granted. The store knows of each before it is sent, so that of a process which is
    killed none is forgotten and the next one cannot ask for more than the budget.
    """

    def __init__(self, storage: Storage, folder: str, most: int) -> None:
        """folder: of the part. most: requests that it may send, 0 for no limit."""
        self._storage, self._name, self._most = storage, f"{folder}/asked/{uuid4().hex}.json", most
        self._noted = self._count = 0

    def add(self) -> None:
        """Before a request is sent. Raises StoreError; it may then be tried again."""
        if self._count == self._noted:
            ahead = self._count + ASKED_AHEAD
            self._note(min(ahead, max(self._most, self._count + 1)) if self._most else ahead)
        self._count += 1

    def finish(self) -> None:
        if self._count != self._noted:
            self._note(self._count)

    def _note(self, count: int) -> None:
        self._storage.write_json(self._name, count)
        self._noted = count


def asked_in(storage: Storage, folder: str) -> int:
    """Requests of all processes that read a part; of one that was killed at most ASKED_AHEAD too many."""
    return sum(int(storage.read_json(name)) for name in storage.list(f"{folder}/asked"))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def put_together(storage: Storage, folders: Iterable[str], directory: Path) -> None:
    """Appends the pieces of each folder to the files of a local crawl directory. Raises StoreError.

    Pieces of a file may be written while this reads; what is missed then is what its unit's line is missing for, too:
    `queries.jsonl` is read first.
    """
    for folder in folders:
        names = storage.list(folder)
        for file in reversed(FILES):
            with told(directory / file), (directory / file).open("ab") as target:
                for name in _pieces(names, folder, file):
                    target.write(storage.read_bytes(name))
        _evidence(storage, names, folder, directory)


def _pieces(names: Iterable[str], folder: str, file: str) -> Iterator[str]:
    """Names of the pieces of a file, attempt by attempt; the store lists them in this order."""
    for name in names:
        attempt, _, rest = name.removeprefix(f"{folder}/").partition("/")
        if attempt.isdecimal() and rest.startswith(f"{file}."):
            yield name


def _evidence(storage: Storage, names: Iterable[str], folder: str, directory: Path) -> None:
    for name in names:
        inside = name.removeprefix(f"{folder}/")
        if inside.startswith("evidence/"):
            (directory / "evidence").mkdir(mode=0o700, exist_ok=True)
            storage.copy_out(name, directory / "evidence" / f"{folder.rpartition('/')[2]}-{Path(inside).name}")


def put_base(storage: Storage, folder: str, directory: Path) -> None:
    """What a local crawl directory holds, as if one process had written it in the store."""
    pieces = Pieces(storage, folder, directory)
    pieces._begin = dict.fromkeys(FILES, 0)
    pieces._end = dict.fromkeys(FILES, 0)
    pieces._evidence = set()
    pieces.keep()


def read_stats(storage: Storage, folder: str) -> dict[str, Any] | None:
    """Stats of a process that read its part to the end; None while it has not."""
    name = f"{folder}/{STATS}"
    if not storage.exists(name):
        return None
    found = storage.read_json(name)
    if not isinstance(found, dict):
        raise StoreError(f"'{name}' in {storage.url} is damaged; remove the folder and crawl again.")
    return found


# --- figures ----------------------------------------------------------------------------------------------------------

_ADDED = ("responses", "written")


def with_shards(stats: dict[str, Any], shards: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Stats of the whole crawl: what only a process knows (answers, errors, places) added over all of them.

    stats: of the process that ended the crawl; its figures of rows and units are of the whole directory already.
    """
    found = dict(stats)
    for other in shards:
        for name in _ADDED:
            found[name] = _sum(found.get(name) or {}, other.get(name) or {})
        found["errors"] = (found.get("errors") or 0) + (other.get("errors") or 0)
        missing = [*(found.get("places_missing") or ()), *(other.get("places_missing") or ())]
        found["places_missing"] = list(dict.fromkeys(missing))
    return found


def _sum(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    names = dict.fromkeys([*one, *other])
    nested = {name for name in names if isinstance(one.get(name, other.get(name)), dict)}
    return {
        name: _sum(one.get(name) or {}, other.get(name) or {})
        if name in nested
        else (one.get(name) or 0) + (other.get(name) or 0)
        for name in names
    }
