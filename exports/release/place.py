"""A release's folder: written aside, synced, then moved into place in one step."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

from exports.release import files
from monitor.errors import StoreError


def place(base: Path, release_id: str, write: Callable[[Path], None], owner_only: bool) -> Path:
    """The finished folder `base/release_id`; whoever looks sees none of it or all.

    write: fills the folder it is given. A folder of that name is one that a killed run left before it was recorded; it
    is replaced. Raises StoreError when the disk refuses.
    """
    target = base / release_id
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in base.glob(f".{release_id}-new-*"):
            shutil.rmtree(left, ignore_errors=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{release_id}-new-", dir=base))
        try:
            write(aside)
            _rights(aside, owner_only)
            files.sync(aside)
            if target.exists():
                shutil.rmtree(target)
            aside.rename(target)
            _sync_folder(base)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
    except (OSError, sqlite3.OperationalError) as error:
        reason: object = f"no space left, or no right to write ({error})"
        if isinstance(error, OSError):
            reason = error.strerror or error
        raise StoreError(
            f"The release folder {target} cannot be written: {reason}; nothing was released. Mend that, then run "
            "'release' again."
        ) from None
    return target


def _rights(folder: Path, owner_only: bool) -> None:
    folder.chmod(0o700 if owner_only else 0o755)
    for path in folder.rglob("*"):
        path.chmod((0o700 if owner_only else 0o755) if path.is_dir() else (0o600 if owner_only else 0o644))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
