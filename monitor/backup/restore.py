"""`restore`: an empty data folder becomes what a backup holds; the stores come last, after everything was checked."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.backup import archives, stores
from monitor.backup.keys import read_key
from monitor.backup.make import CRAWLS, list_backups, read_manifest
from monitor.backup.plain import nameless
from monitor.config import Config
from monitor.crawl_lines import told
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
    _require_empty(config, manifest)
    for entry in manifest["files"]:
        _require_whole(folder / entry["name"], entry["sha256"])
    with told(config.data_dir):
        config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        held = []
        for entry in manifest["files"]:
            if "plain_sha256" in entry:
                plain = stack.enter_context(nameless(config.data_dir, entry["name"].removesuffix(".age")))
                archives.unlock(folder / entry["name"], plain.file, identity)
                if plain.rows() != entry["rows"]:
                    raise StoreError(f"{entry['name']} does not hold the rows its manifest names.")
                held.append(plain)
        crawls = folder.parent / CRAWLS
        for name in manifest["crawls"].values():
            if not (crawls / name).exists():
                raise StoreError(f"The archive {name} of a crawl is missing in {crawls}.")
            archives.unpack(crawls / name, config.data_dir, identity)
        files = archives.unpack(folder / "files.tar.age", config.data_dir, identity)
        _require_empty(config, manifest)
        # The stores last, the private one at the very end: until then restoring can be repeated.
        for plain in reversed(held):
            stores.put_back(_address(config, plain.name), plain)
    rows = sum(sum(entry.get("rows", {}).values()) for entry in manifest["files"])
    return Restored(manifest["at"], rows, len(manifest["crawls"]), files)


def _address(config: Config, name: str) -> str:
    return config.database_url if name.startswith("private.") else config.results_url


def _require_empty(config: Config, manifest: dict[str, Any]) -> None:
    """No store may be there; but the results store may be the very one that an interrupted restore put back."""
    sums = {entry["name"]: entry.get("plain_sha256") for entry in manifest["files"]}
    for store, address in (("private", config.database_url), ("results", config.results_url)):
        path = stores.file_of(address)
        if path is None or not path.exists():
            continue
        if store == "private" or archives.sha256_of(path) != sums.get(f"{stores.file_name(address, store)}.age"):
            raise UsageError(f"{path} exists already; restore into an empty data folder (MONITOR_DATA_DIR).")


def _require_whole(path: Path, sha256: str) -> None:
    if not path.is_file() or archives.sha256_of(path) != sha256:
        raise StoreError(f"{path.name} is missing or damaged; take another backup.")
