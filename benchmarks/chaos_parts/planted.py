"""Defects planted into a verb for one kill: each must be seen as a difference, else the benchmark proves nothing."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from benchmarks.chaos_parts.moments import Moment

NEVER = Moment("link", 1_000_000)  # the planted code ends its process itself


@dataclass(frozen=True)
class Planted:
    """label: the verb. moment: where the kill must meet it. plant: done in the verb's process.

    seen: pattern of the difference that shows this defect and no other.
    """

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
    from monitor.registry import importing as registry_import

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
    from monitor.registry import importing as registry_import

    def write(path: Path, notes: list[Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text("baris 1\n")
        _die_once("aside")
        aside.replace(path)

    registry_import.write_notes = write  # type: ignore[attr-defined]


def _twice() -> None:
    """Nobody looks whether the same content was handed over before."""
    from monitor.feed import handover as feed

    feed._same_content = lambda root, info: None


def _left_running() -> None:
    """The row of a run that died stays as it was."""
    from sqlalchemy import false

    from monitor import runs

    runs._same_work = lambda verb, subject, week: false()


def _noted_first() -> None:
    """A crawl counts as loaded before its rows are there."""
    from monitor.private_store import crawls
    from pipelines import load, load_store

    real = load_store.store_week

    @contextmanager
    def transaction(engine: Engine) -> Iterator[Connection]:
        with engine.connect() as connection:
            yield connection
            connection.commit()

    def store(connection: Connection, slug: str, week: str, judged: Sequence[Any]) -> int:
        for crawl in judged:
            connection.execute(crawls.insert().values(**crawl.row, loaded_at=f"{week}-1" if crawl.counts else None))
        connection.commit()
        _die_once("noted")
        return real(connection, slug, week, judged)

    load.transaction, load.store_week = transaction, store  # type: ignore[attr-defined]


def _answers_again() -> None:
    """Nobody looks whether this very sheet was taken in before."""
    from monitor.verbs import review
    from pipelines import judge

    known, take = judge._is_known, judge.import_sheet

    def is_known(answer: Any, own: Sequence[Any], every: Sequence[Any], sha256: str) -> bool:
        theirs = [row for row in own if row.source_sha256 != sha256]
        return known(answer, theirs, [row for row in every if row.source_sha256 != sha256], sha256)

    def import_sheet(*given: Any) -> Any:
        receipt = take(*given)
        _die_once("answers")
        return receipt

    judge._is_known, review.import_sheet = is_known, import_sheet  # type: ignore[assignment, attr-defined]


def _half_report() -> None:
    """The report is written where it is read, file after file."""
    from exports import publish

    def place(reports: Path, name: str, files: dict[str, bytes]) -> Path:
        for number, (file, body) in enumerate(files.items()):
            path = reports / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body[: len(body) // 2])
            if number == 2:
                _die_once("report")
            path.write_bytes(body)
        return reports / name

    publish.place = place  # type: ignore[assignment]


def _plain_copy() -> None:
    """An archive is written as it is first, and encrypted then."""
    from monitor.backup import archives

    def pack(root: Path, members: Any, target: Path, recipient: str) -> int:
        archive = archives._Archive(root, members)
        plain = target.with_name(f".{target.name}.tar")
        plain.parent.mkdir(parents=True, exist_ok=True)
        with plain.open("wb") as file:
            while block := archive.read(1 << 20):
                file.write(block)
        _die_once("plain")
        with plain.open("rb") as whole:
            archives.lock(whole, target, recipient)
        plain.unlink()
        return archive.count

    archives.pack = pack


PLANTED = {
    "a file written in place": Planted("import", NEVER, _half_file, r"catatan\.csv is neither the old nor the new"),
    "a file left aside": Planted("import", NEVER, _left_over, r"/\.catatan\.csv\.\d+ is too much"),
    # By its number among the crawls of the marketplace: a feed of the week before makes it the third.
    "the same content taken in twice": Planted(
        "feed", Moment("commit", 2), _twice, r"crawls/tokopedia/#\d+ is too much"
    ),
    "a run left running": Planted(
        "feed", Moment("fsync", 1), _left_running, r"private\.runs: 0 of \d+ rows missing, 1 o"
    ),
    "rows noted before they are kept": Planted(
        "load", NEVER, _noted_first, r"private\.(listings|observations): [1-9]\d* of \d+ rows missing"
    ),
    # Those of the first sheet; what comes after them gets other numbers.
    "an answer kept twice": Planted("review", NEVER, _answers_again, r"private\.judgements: "),
    "a report written half": Planted("report", NEVER, _half_report, r"reports/\S+ is neither the old nor the new"),
    "a plain copy in the backup": Planted("backup", NEVER, _plain_copy, r"backups/\S+\.tar can be read"),
}
