"""`backup`: both stores, crawl directories and files, encrypted; verified by reading them back; old ones forgotten.

    <folder>/<UTC time>/   private.sqlite.age, results.sqlite.age, files.tar.age, manifest.json (written last)
    <folder>/crawls/       one archive per crawl directory and state of it, shared by all backups that name it

Such a folder without manifest.json is no backup: the next run removes it. Whatever else lies there is left alone.
"""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from monitor.backup import archives, stores
from monitor.backup.keys import key_file, read_key, recipient_of
from monitor.backup.listed import MANIFEST, STAMP, list_backups, moment_of
from monitor.backup.plain import nameless
from monitor.config import Config
from monitor.errors import StoreError
from monitor.weeks import utc_now

__all__ = ["CRAWLS", "MANIFEST", "STAMP", "Made", "list_backups", "make_backup", "read_manifest"]

CRAWLS = "crawls"
FORMAT = 1
# Made anew from the rest, or kept apart: keys never lie beside what they open.
LEFT_OUT = ("crawls", "cluster", "keys", "logs", "cache", "backups")


@dataclass(frozen=True)
class Made:
    """folder: of the backup. bytes: encrypted, without crawls that were archived before. verified: how."""

    folder: Path
    crawls: int
    new_crawls: int
    files: int
    bytes: int
    removed: int
    verified: str


def make_backup(config: Config, now: datetime | None = None) -> Made:
    """Raises StoreError when something cannot be read, written or verified; earlier backups stay whole."""
    at = now or utc_now()
    recipient = recipient_of(config)
    root = config.backup_dir
    _sweep(root)
    folder = root / at.strftime(STAMP)
    if folder.exists():
        raise StoreError(f"There is a backup of this very second, {folder.name}; nothing was done.")
    folder.mkdir(parents=True, mode=0o700)
    entries = [_store(config, store, folder, recipient) for store in ("private", "results")]
    crawls, new = _crawls(config, root, recipient)
    count = archives.pack(config.data_dir, _other_files(config), folder / "files.tar.age", recipient)
    entries.append(_entry(folder / "files.tar.age", {"files": count}))
    verified = _verify(config, folder, entries)
    manifest = {
        "format": FORMAT,
        "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "program": _program_version(),
        "recipient": recipient,
        "verified": verified,
        "files": entries,
        "crawls": crawls,
    }
    aside = folder / f".{MANIFEST}"
    aside.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    aside.replace(folder / MANIFEST)
    removed = forget(config, at)
    size = sum(entry["bytes"] for entry in entries) + sum(_size(root / CRAWLS / name) for name in new)
    return Made(folder, len(crawls), len(new), count, size, removed, verified)


def _store(config: Config, store: str, folder: Path, recipient: str) -> dict[str, Any]:
    address = config.database_url if store == "private" else config.results_url
    name = stores.file_name(address, store)
    with nameless(folder, name) as plain:
        details = {"rows": stores.copy_store(address, store, plain), "plain_sha256": plain.sha256()}
        plain.file.seek(0)
        archives.lock(plain.file, folder / f"{name}.age", recipient)
    return _entry(folder / f"{name}.age", details)


def _crawls(config: Config, root: Path, recipient: str) -> tuple[dict[str, str], list[str]]:
    """Crawl directory -> archive, and the archives that are new. A crawl that is over is archived once."""
    named: dict[str, str] = {}
    new: list[str] = []
    for path in sorted(config.crawls_dir.glob("*/*/")):
        crawl = str(path.relative_to(config.crawls_dir))
        name = f"{crawl}-{archives.digest_of(path)}.tar.age"
        if not (root / CRAWLS / name).exists():
            archives.pack(config.data_dir, [path], root / CRAWLS / name, recipient)
            new.append(name)
        named[crawl] = name
    return named, new


def _other_files(config: Config) -> Iterable[Path]:
    stores_of_ours = {".sqlite", ".sqlite-wal", ".sqlite-shm", ".sqlite-journal"}
    addresses = (config.database_url, config.results_url)
    named = {path.resolve() for address in addresses for path in stores.files_of(address)}
    for path in sorted(config.data_dir.iterdir()):
        is_ours = path.name in LEFT_OUT or path.suffix in stores_of_ours or path.resolve() in named
        if not is_ours and not path.is_symlink():
            yield from _without(config.backup_dir, path)


def _without(backups: Path, path: Path) -> Iterable[Path]:
    """The path, or what is in it beside the backups: one that held the others would be twice as large each night."""
    if not backups.is_relative_to(path):
        yield path
    elif path != backups:
        for inside in sorted(path.iterdir()):
            if not inside.is_symlink():
                yield from _without(backups, inside)


def _entry(path: Path, details: dict[str, Any]) -> dict[str, Any]:
    return {"name": path.name, "bytes": _size(path), "sha256": archives.sha256_of(path), **details}


def _size(path: Path) -> int:
    return path.stat().st_size


def _verify(config: Config, folder: Path, entries: Iterable[dict[str, Any]]) -> str:
    """Reads the stores back from what was written, where this machine has the key; else they were read before."""
    if config.backup.recipient or not key_file(config).exists():
        return "before encryption; the key is kept elsewhere"
    identity = read_key(key_file(config))
    for entry in entries:
        if "plain_sha256" in entry:
            with nameless(folder, entry["name"].removesuffix(".age")) as plain:
                archives.unlock(folder / entry["name"], plain.file, identity)
                if plain.sha256() != entry["plain_sha256"] or plain.rows() != entry["rows"]:
                    raise StoreError(f"{entry['name']} does not hold what was written; check the disk of {folder}.")
    return "read back"


def _program_version() -> str:
    try:
        return version("umkm-banten-monitor")
    except PackageNotFoundError:
        return "checkout"


# --- which backups there are, and which are forgotten -----------------------------------------------------------------


def read_manifest(folder: Path) -> dict[str, Any]:
    """Raises StoreError when the folder holds no whole backup that this version can read."""
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StoreError(f"{folder} holds no whole backup: {MANIFEST} is missing or damaged.") from None
    if found.get("format") != FORMAT:
        raise StoreError(f"{folder.name} was made by another version of this program (format {found.get('format')}).")
    return found


def _sweep(root: Path) -> None:
    """Removes what killed backups left behind; other folders on the same disk are somebody else's."""
    for path in root.glob("*/"):
        if moment_of(path) and not (path / MANIFEST).exists():
            shutil.rmtree(path, ignore_errors=True)
    for left in root.glob(f"{CRAWLS}/*/*"):
        if left.is_dir():  # an earlier version packed in a folder
            shutil.rmtree(left, ignore_errors=True)
        elif left.name.startswith("."):
            left.unlink(missing_ok=True)


def kept(stamps: Iterable[datetime], days: int, weeks: int, months: int) -> set[datetime]:
    """Of each of the newest `days` days, `weeks` weeks and `months` months that have a backup, the newest one."""
    newest_first = sorted(stamps, reverse=True)
    found: set[datetime] = set(newest_first[:1])
    for count, period in ((days, "%Y-%m-%d"), (weeks, "%G-W%V"), (months, "%Y-%m")):
        seen: dict[str, datetime] = {}
        for at in newest_first:
            seen.setdefault(at.strftime(period), at)
        found |= set(list(seen.values())[: max(0, count)])
    return found


def forget(config: Config, now: datetime) -> int:
    """Removes backups whose time is over and archives of crawls that no backup names any more; how many backups."""
    root, options = config.backup_dir, config.backup
    stamps = {at: path for path in list_backups(root) if (at := moment_of(path))}
    holds = kept(stamps, options.keep_days, options.keep_weeks, options.keep_months)
    gone = [path for at, path in stamps.items() if at not in holds]
    for path in gone:
        (path / MANIFEST).unlink()  # first: half of a backup must not look like one
        shutil.rmtree(path, ignore_errors=True)
    named = {name for path in _that_name_crawls(root) for name in read_manifest(path)["crawls"].values()}
    for archive in (root / CRAWLS).glob("*/*.age"):
        if str(archive.relative_to(root / CRAWLS)) not in named:
            archive.unlink()
    return len(gone)


def _that_name_crawls(root: Path) -> list[Path]:
    """All backups, with those that people keep beside them as `<name>-..`."""
    found = (path.parent for path in root.glob(f"*/{MANIFEST}"))
    return [folder for folder in found if moment_of(Path(folder.name.partition("-")[0]))]
