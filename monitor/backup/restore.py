"""`restore`: an empty data folder becomes what a backup holds, or says that it is half restored.

First everything is unpacked and checked aside (`unfinished`), then it gets its place by renames; a PostgreSQL store is
filled in one transaction. Killed before that, a restore has changed nothing and begins anew; after it, it goes on.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.backup import archives, stores, unfinished
from monitor.backup.keys import read_key
from monitor.backup.listed import MANIFEST
from monitor.backup.make import CRAWLS, list_backups, read_manifest
from monitor.backup.plain import Plain, nameless
from monitor.config import Config
from monitor.crawl.lines import told
from monitor.errors import StoreError, UsageError


@dataclass(frozen=True)
class Restored:
    at: str
    rows: int
    crawls: int
    files: int


@dataclass(frozen=True)
class _Source:
    """A backup that was looked through: its folder, its manifest, the secret half of its key."""

    folder: Path
    manifest: dict[str, Any]
    identity: str

    @property
    def stores(self) -> list[dict[str, Any]]:
        return [entry for entry in self.manifest["files"] if "plain_sha256" in entry]

    def restored(self) -> Restored:
        files = self.manifest["files"]
        rows = sum(sum(entry.get("rows", {}).values()) for entry in files)
        count = sum(entry.get("files", 0) for entry in files)
        return Restored(self.manifest["at"], rows, len(self.manifest["crawls"]), count)


def chosen(root: Path, name: str | None) -> Path:
    """The backup of that name or path, else the newest. Raises UsageError."""
    found = list_backups(root)
    if name is None:
        if not found:
            raise UsageError(f"There is no backup in {root}.")
        return found[-1]
    path = Path(name) if Path(name).is_dir() else root / name
    if not path.is_dir():
        raise UsageError(
            f"There is no backup {name}; there are: {', '.join(one.name for one in found[-5:]) or 'none'}."
        )
    return path


def restore(config: Config, folder: Path, key: Path) -> Restored:
    """Puts stores, crawl directories and files where the configuration says, or goes on with that.

    Raises UsageError where something is in the way or the key does not fit, StoreError where the backup is damaged.
    """
    with restoring(config, folder, key) as done:
        return done


@contextmanager
def restoring(config: Config, folder: Path, key: Path) -> Iterator[Restored]:
    """As `restore`; the data folder counts as half restored until the block has ended well."""
    source = _Source(folder, read_manifest(folder), read_key(key))
    for entry in source.stores:
        stores.require_kind(_address(config, entry), _store_file(entry))
    with unfinished.alone(config.data_dir):
        mine = unfinished.Begun(folder.name, archives.sha256_of(folder / MANIFEST), placing=False)
        before = unfinished.begun(config.data_dir)
        if before is None or not before.placing:
            with _undone(config, source):
                # First of all: killed from here on, no other command makes stores that are in the way of the next.
                unfinished.note(config.data_dir, mine)
                _require_empty(config, source)
                _require_sound(source)
                _unpack(config, source, mine)
        elif before.manifest != mine.manifest:
            unfinished.require_whole(config.data_dir)
        else:
            _require_sound(source)
        _place(config, source)
        yield source.restored()
        os.sync()  # what a power cut would undo must not be called whole
        unfinished.end(config.data_dir)


# --- first aside ------------------------------------------------------------------------------------------------------


@contextmanager
def _undone(config: Config, source: _Source) -> Iterator[None]:
    """An error in the block leaves the data folder as it was."""
    try:
        yield
    except BaseException:
        for entry in source.stores:
            stores.drop_aside(_address(config, entry))
        unfinished.end(config.data_dir)
        raise


def _unpack(config: Config, source: _Source, mine: unfinished.Begun) -> None:
    """Everything beside its place, and checked. What an earlier restore left there is removed."""
    aside = unfinished.files_of(config.data_dir)
    shutil.rmtree(aside, ignore_errors=True)
    for entry in source.stores:
        if _store_file(entry).endswith(".sqlite"):
            with _opened(config, source, entry) as plain:
                stores.lay_aside(_address(config, entry), plain)
    crawls = source.folder.parent / CRAWLS
    for name in source.manifest["crawls"].values():
        if not (crawls / name).exists():
            raise StoreError(f"The archive {name} of a crawl is missing in {crawls}.")
        archives.unpack(crawls / name, aside, source.identity)
    archives.unpack(source.folder / "files.tar.age", aside, source.identity)
    os.sync()  # a power cut must not leave the note below without what it speaks of
    _require_empty(config, source)
    unfinished.note(config.data_dir, unfinished.Begun(mine.backup, mine.manifest, placing=True))


@contextmanager
def _opened(config: Config, source: _Source, entry: dict[str, Any]) -> Iterator[Plain]:
    """The content of a store, in a file without a name."""
    with nameless(config.data_dir, _store_file(entry)) as plain:
        archives.unlock(source.folder / entry["name"], plain.file, source.identity)
        if plain.rows() != entry["rows"]:
            raise StoreError(f"{entry['name']} does not hold the rows its manifest names.")
        yield plain


# --- then into its place ----------------------------------------------------------------------------------------------


def _place(config: Config, source: _Source) -> None:
    """Each file and each store is there as a whole or not at all, so what is there already is left as it is.

    That holds for files of before this restore too: the configuration of this machine, a crawl that has gone on since
    the backup, a list from which a person was erased.
    """
    aside = unfinished.files_of(config.data_dir)
    with told(config.data_dir):
        for path in sorted(aside.rglob("*")) if aside.is_dir() else ():
            inside = path.relative_to(aside)
            if path.is_file() and not (config.data_dir / inside).exists():
                _move(path, config.data_dir, inside)
    for entry in reversed(source.stores):  # the private one last
        address, name = _address(config, entry), _store_file(entry)
        if name.endswith(".sqlite"):
            stores.appear(address)
        elif not stores.is_filled(address, name.partition(".")[0]):
            with _opened(config, source, entry) as plain:
                stores.fill(address, plain)


def _move(path: Path, root: Path, name: Path) -> None:
    target = root / name
    for folder in reversed(name.parents):  # a backup holds files only: whatever rights a folder had, now its owner's
        (root / folder).mkdir(mode=0o700, exist_ok=True)
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        half = target.with_name(f".{target.name}.new")  # the folder lies on another disk
        shutil.copy2(path, half)
        half.replace(target)
        path.unlink()


# --- what must hold ---------------------------------------------------------------------------------------------------


def _store_file(entry: dict[str, Any]) -> str:
    return str(entry["name"]).removesuffix(".age")


def _address(config: Config, entry: dict[str, Any]) -> str:
    return config.database_url if _store_file(entry).startswith("private.") else config.results_url


def _require_empty(config: Config, source: _Source) -> None:
    for entry in source.stores:
        address, (store, _, kind) = _address(config, entry), _store_file(entry).partition(".")
        if kind != "sqlite" and stores.is_filled(address, store):
            raise UsageError(f"The {store} store has tables already; restore into an empty database.")
        for path in stores.files_of(address):
            if path.exists():
                raise UsageError(f"{path} exists already; restore into an empty data folder (MONITOR_DATA_DIR).")


def _require_sound(source: _Source) -> None:
    for entry in source.manifest["files"]:
        path = source.folder / entry["name"]
        if not path.is_file() or archives.sha256_of(path) != entry["sha256"]:
            raise StoreError(f"{path.name} is missing or damaged; take another backup.")
