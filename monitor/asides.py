"""Files that are written aside before they get their name, and what killed processes left of them."""

import os
import shutil
from glob import escape
from pathlib import Path

from monitor.living import is_living


def aside_of(path: Path) -> Path:
    """A hidden name beside `path` that no other process uses; `sweep_asides` knows it again."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def sweep_asides(path: Path) -> None:
    """Removes what processes that are gone left aside of `path`."""
    sweep(path.parent, f".{path.name}.")


def sweep(folder: Path, prefix: str) -> None:
    """Removes files and folders named `<prefix><process>[.anything]` whose process is gone."""
    for left in folder.glob(f"{escape(prefix)}*"):
        number = left.name.removeprefix(prefix).partition(".")[0]
        if number.isdecimal() and not is_living(int(number)):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
