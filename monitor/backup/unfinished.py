"""A data folder that a restore is filling: what it says of itself until everything is in its place.

.restoring/state.json   which backup, and whether its files are being put in place; gone when the restore has ended
.restoring/files/       what was unpacked and is not in its place yet
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from monitor.errors import StoreError

_FOLDER = ".restoring"
_STATE = "state.json"


@dataclass(frozen=True)
class Begun:
    """backup: its name. manifest: its SHA-256. placing: everything was unpacked and checked; it only has to go on."""

    backup: str
    manifest: str
    placing: bool


def files_of(data_dir: Path) -> Path:
    return data_dir / _FOLDER / "files"


def begun(data_dir: Path) -> Begun | None:
    """The restore that has not ended in this data folder."""
    path = data_dir / _FOLDER / _STATE
    try:
        return Begun(**json.loads(path.read_text(encoding="utf-8")))
    except OSError:  # not there; or the whole folder cannot be read, which whoever needs it says better
        return None
    except (ValueError, TypeError):
        raise StoreError(f"{path} is damaged, so this restore cannot go on; restore into another folder.") from None


def require_whole(data_dir: Path) -> None:
    """Raises StoreError where a restore into this data folder has not ended."""
    if found := begun(data_dir):
        raise StoreError(
            f"The data folder {data_dir} is half restored; let that end, or finish it with: "
            f"monitor restore {found.backup}"
        )


def note(data_dir: Path, state: Begun) -> None:
    from monitor.crawl.lines import write_whole  # every command asks this module, few write here

    write_whole(data_dir / _FOLDER / _STATE, json.dumps(asdict(state)).encode())


def end(data_dir: Path) -> None:
    """What was unpacked has its place, or is not wanted: from now on nothing is unfinished."""
    from monitor.crawl.lines import told

    shutil.rmtree(files_of(data_dir), ignore_errors=True)
    with told(data_dir):
        (data_dir / _FOLDER / _STATE).unlink(missing_ok=True)


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """One restore at a time into this data folder, which is made. Raises StoreError while there is another."""
    from monitor.crawl.lines import told

    folder = data_dir / _FOLDER
    with told(data_dir):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"Another restore into {data_dir} is running; wait until it ends.") from None
        yield
    finally:
        with suppress(OSError):
            folder.rmdir()  # only where nothing is in it
        os.close(handle)
