"""`restore`: an empty data folder becomes what a backup holds; the stores come last, after everything was checked."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from monitor.backup import archives, stores
from monitor.backup.keys import read_key
from monitor.backup.make import CRAWLS, list_backups, read_manifest
from monitor.config import Config
from monitor.errors import StoreError, UsageError


@dataclass(frozen=True)
class Restored:
    at: str
    rows: int
    crawls: int
    files: int


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
    """Puts stores, crawl directories and files where the configuration says.

    Raises UsageError where something is in the way or the key does not fit, StoreError where the backup is damaged.
    """
    manifest = read_manifest(folder)
    identity = read_key(key)
    _require_empty(config)
    for entry in manifest["files"]:
        _require_whole(folder / entry["name"], entry["sha256"])
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    rows = 0
    with tempfile.TemporaryDirectory(dir=config.data_dir) as work:
        plain = []
        for entry in manifest["files"]:
            if "plain_sha256" in entry:
                path = Path(work) / entry["name"].removesuffix(".age")
                archives.unlock_file(folder / entry["name"], path, identity)
                if stores.check_file(path) != entry["rows"]:
                    raise StoreError(f"{entry['name']} does not hold the rows its manifest names.")
                rows += sum(entry["rows"].values())
                plain.append(path)
        crawls = folder.parent / CRAWLS
        for name in manifest["crawls"].values():
            if not (crawls / name).exists():
                raise StoreError(f"The archive {name} of a crawl is missing in {crawls}.")
            archives.unpack(crawls / name, config.data_dir, identity)
        files = archives.unpack(folder / "files.tar.age", config.data_dir, identity)
        # The stores last: a data folder without them is still taken for empty, and restoring can be repeated.
        for path in reversed(plain):
            store = path.stem
            stores.put_back(config.database_url if store == "private" else config.results_url, store, path)
    return Restored(manifest["at"], rows, len(manifest["crawls"]), files)


def _require_empty(config: Config) -> None:
    for address in (config.database_url, config.results_url):
        if (path := stores.file_of(address)) and path.exists():
            raise UsageError(f"{path} exists already; restore into an empty data folder (MONITOR_DATA_DIR).")


def _require_whole(path: Path, sha256: str) -> None:
    if not path.is_file() or archives.sha256_of(path) != sha256:
        raise StoreError(f"{path.name} is missing or damaged; take another backup.")
