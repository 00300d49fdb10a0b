"""Defects planted into a verb for one kill: each must be seen as a difference, else the benchmark proves nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos_parts.moments import Moment


@dataclass(frozen=True)
class Planted:
    """label: the verb. moment: where the kill must meet it. plant: done in the verb's process. seen: what is said."""

    label: str
    moment: Moment
    plant: Callable[[], None]
    seen: str


def _half_file() -> None:
    """The file of rejects is written in place, in two parts."""
    import os

    from monitor import registry_import

    def write(path: Path, notes: list[Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            file.write("baris 1\n")
            file.flush()
            os.fsync(file.fileno())
            file.write("baris 2\n")

    registry_import.write_notes = write  # type: ignore[attr-defined]


def _twice() -> None:
    """Nobody looks whether the same content was handed over before."""
    from monitor import feed

    feed._same_content = lambda root, info: None


def _left_running() -> None:
    """The row of a run that died stays as it was."""
    from sqlalchemy import false

    from monitor import runs

    runs._same_work = lambda verb, subject, week: false()


def _left_over() -> None:
    """What is written aside has another name in every process, and nobody removes it."""
    import os

    from monitor import feed

    def aside(path: Path, data: bytes) -> None:
        other = path.with_name(f".{path.name}.{os.getpid()}")
        other.write_bytes(data)
        other.replace(path)

    feed.write_whole = aside  # type: ignore[attr-defined]


PLANTED = {
    "a file written in place": Planted("import", Moment("fsync", 1), _half_file, "neither the old nor the new"),
    "the same content taken in twice": Planted("feed", Moment("commit", 2), _twice, "is too much"),
    "a run left running": Planted("feed", Moment("fsync", 1), _left_running, "private.runs"),
    "a file left aside": Planted("feed", Moment("rename", 1), _left_over, "is too much"),
}
