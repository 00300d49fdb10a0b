"""Defects planted into a verb for one kill: each must be seen as a difference, else the benchmark proves nothing."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos_parts.moments import Moment

NEVER = Moment("link", 1_000_000)  # the planted code ends its process itself


@dataclass(frozen=True)
class Planted:
    """label: the verb. moment: where the kill must meet it. plant: done in the verb's process. seen: what is said."""

    label: str
    moment: Moment
    plant: Callable[[], None]
    seen: str


def _die_once(what: str) -> None:
    """The first run is killed here, the second one goes on."""
    mark = Path(os.environ["MONITOR_DATA_DIR"]).parent / f".{what}"
    if not mark.exists():
        mark.touch()
        os.killpg(os.getpgrp(), signal.SIGKILL)


def _half_file() -> None:
    """The file of rejects is written in place, in two parts."""
    from monitor import registry_import

    def write(path: Path, notes: list[Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            file.write("baris 1\n")
            file.flush()
            _die_once("half")
            file.write("baris 2\n")

    registry_import.write_notes = write  # type: ignore[attr-defined]


def _left_over() -> None:
    """What is written aside has another name in every process, and nobody removes it."""
    from monitor import registry_import

    def write(path: Path, notes: list[Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text("baris 1\n")
        _die_once("aside")
        aside.replace(path)

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


PLANTED = {
    "a file written in place": Planted("import", NEVER, _half_file, "neither the old nor the new"),
    "a file left aside": Planted("import", NEVER, _left_over, "/.catatan.csv."),
    "the same content taken in twice": Planted("feed", Moment("commit", 2), _twice, "crawls/tokopedia/#2 is too much"),
    "a run left running": Planted("feed", Moment("fsync", 1), _left_running, "private.runs"),
}
