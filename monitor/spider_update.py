"""Spiders and catalogue of a newer version on a server whose program is frozen.

A bundle is a zip of `spiders/`, the catalogue and the recorded cases. It is unpacked below the data folder, its
recorded cases are read with the program that is there, and only when all give what they should does a pointer name it.
From then on its spiders and its catalogue stand before the shipped ones; without the pointer the shipped ones are used.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from monitor.config_file import data_folder
from monitor.crawl.lines import write_whole
from monitor.errors import InputError, MonitorError, UsageError
from monitor.weeks import utc_text

ROOT = Path(__file__).parents[1]
MANIFEST = "bundle.json"
POINTER = "current"
CATALOGUE = "monitor/marketplaces.toml"
RECORDED = "tests/recorded"
MAX_FILES, MAX_BYTES = 5_000, 100 << 20
CHECK_SECONDS = 300
_SUFFIXES = (".py", ".toml", ".json", ".html", ".xml", ".txt", ".md", ".gz")


def home(data_dir: Path) -> Path:
    return data_dir / "spiders"


def active(data_dir: Path | None = None) -> Path | None:
    """Folder of the bundle in use; None where the shipped spiders are."""
    try:
        folder = home(data_dir or data_folder())
        name = (folder / POINTER).read_text(encoding="utf-8").strip()
    except (OSError, MonitorError):  # a wrong configuration is said by whoever needs it
        return None
    found = folder / name
    return found if name.isalnum() and (found / MANIFEST).is_file() else None


# --- packing --------------------------------------------------------------------------------------------------------


def pack(target: Path, now: datetime, root: Path = ROOT) -> int:
    """Writes the bundle of a checkout; number of files. Raises StoreError where it cannot be written."""
    files = list(_own_files(root))
    manifest = {
        "made_at": utc_text(now),
        "files": {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in files},
    }
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr(MANIFEST, json.dumps(manifest, indent=1))
            for name in files:
                bundle.write(root / name, name)
        aside.replace(target)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}.") from None
    finally:
        aside.unlink(missing_ok=True)
    return len(files)


def _own_files(root: Path) -> Iterator[str]:
    for folder in (root / "spiders", root / RECORDED):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in _SUFFIXES and "__pycache__" not in path.parts:
                yield path.relative_to(root).as_posix()
    yield CATALOGUE


# --- installing -----------------------------------------------------------------------------------------------------


def install(bundle: Path, data_dir: Path) -> Path:
    """Unpacks, checks and takes into use; the folder. Raises InputError when the bundle is not whole or not right."""
    folder = home(data_dir)
    digest = _digest(bundle)
    target, aside = folder / digest, folder / f".{digest}.{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        if not (target / MANIFEST).is_file():
            _unpack(bundle, aside)
            _try(aside, bundle)
            aside.rename(target)
        write_whole(folder / POINTER, digest.encode())
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


def remove(data_dir: Path) -> bool:
    """Back to the shipped spiders; False where they were in use already."""
    pointer = home(data_dir) / POINTER
    was_there = pointer.is_file()
    pointer.unlink(missing_ok=True)
    return was_there


def _digest(bundle: Path) -> str:
    try:
        return hashlib.sha256(bundle.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise InputError(f"{bundle} cannot be read: {error.strerror or error}.") from None


def _unpack(bundle: Path, folder: Path) -> None:
    wrong = f"{bundle.name} is no bundle of spiders; make one with: monitor spiders pack."
    try:
        with zipfile.ZipFile(bundle) as archive:
            wanted: dict[str, str] = json.loads(archive.read(MANIFEST))["files"]
            infos = {info.filename: info for info in archive.infolist()}
            if set(infos) != {*wanted, MANIFEST} or len(infos) > MAX_FILES:
                raise InputError(wrong)
            if sum(info.file_size for info in infos.values()) > MAX_BYTES:
                raise InputError(f"{bundle.name} unpacks to more than {MAX_BYTES >> 20} MiB.")
            for name, sha256 in {**wanted, MANIFEST: ""}.items():
                _write(folder, name, archive.read(name), sha256, bundle.name)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError):
        raise InputError(wrong) from None


def _write(folder: Path, name: str, body: bytes, sha256: str, bundle: str) -> None:
    parts = PurePosixPath(name).parts
    inside = name in (MANIFEST, CATALOGUE) or name.startswith(("spiders/", f"{RECORDED}/"))
    if not inside or ".." in parts or name.startswith("/") or "\\" in name:
        raise InputError(f"{bundle} holds a file that does not belong to spiders or catalogue.")
    if sha256 and hashlib.sha256(body).hexdigest() != sha256:
        raise InputError(f"{bundle} is damaged: a file is not what its manifest says.")
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(body)


def _try(folder: Path, bundle: Path) -> None:
    """Reads the bundle's recorded cases with its spiders, in a process of its own."""
    command = [sys.executable, "-m", "monitor.verbs.spiders", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CHECK_SECONDS, check=False, cwd=ROOT)
    except subprocess.TimeoutExpired:
        raise InputError(f"{bundle.name} could not be checked within {CHECK_SECONDS} s; nothing was changed.") from None
    if done.returncode != 0:
        why = (done.stdout.strip().splitlines() or ["its spiders cannot be loaded"])[-1]
        raise InputError(f"{bundle.name} does not fit this program ({why[:200]}); nothing was changed.")
