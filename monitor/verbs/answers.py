"""Receipts for files of the inbox: written aside before anything of a file is kept, named once all of it is.

The store learns of the file and its receipt in the transaction that keeps the file's rows. Whoever is killed between
that and the name leaves the receipt aside; the next run sends it, with the counts of when the file was taken in.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from monitor.config import Config
from monitor.crawl.lines import sync_folder, told, write_whole
from monitor.database import translate_errors
from monitor.private_store import handed_in
from monitor.weeks import utc_now, utc_text

_ASIDE = ".kept"


@dataclass(frozen=True)
class Answer:
    """The receipt for one file of an office. name: of the file."""

    folder: Path
    name: str

    @property
    def target(self) -> Path:
        return self.folder / f"tanda-terima-{_part(Path(self.name).stem, 160)}.txt"

    @property
    def aside(self) -> Path:
        kind = _part(Path(self.name).suffix.removeprefix("."), 20)
        return self.folder / f".{self.target.name}.{kind}{_ASIDE}"

    def begin(self) -> bool:
        """For files whose rows no transaction keeps: whether a run before this one began, and did not end."""
        was_begun = self.aside.exists()
        if not was_begun:
            self._write("")
        return was_begun

    def keep(self, connection: Connection, values: dict[str, str]) -> None:
        """Tells the store of the file; values: a row of `handed_in` without its time."""
        self.write(values["receipt"])
        connection.execute(insert(handed_in).values(**values, received_at=utc_text(utc_now())))

    def write(self, text: str) -> None:
        self._write(f"{self.name}\n\n{text}\n")

    def send(self) -> None:
        with told(self.target):
            self.aside.replace(self.target)
            sync_folder(self.folder)

    def _write(self, text: str) -> None:
        with told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self.aside, text.encode("utf-8", "replace"))


def _part(text: str, most: int) -> str:
    """Part of a file's name, of at most so many bytes: names end at 255 of them, and letters can have four."""
    return re.sub(r"[^\w.-]+", "_", text).encode("utf-8", "replace")[:most].decode("utf-8", "ignore")


def sha256_of(office: str, path: Path) -> str:
    """Over content, office and name: the name says what a file is, so a file renamed as asked is a new one."""
    with translate_errors(), path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(f"/{office}/{path.name}".encode())
    return digest.hexdigest()


def is_known(engine: Engine, office: str, path: Path) -> bool:
    with engine.connect() as connection:
        query = select(handed_in.c.kind).where(handed_in.c.file_sha256 == sha256_of(office, path))
        return connection.execute(query).first() is not None


@dataclass(frozen=True)
class Unsent:
    """A file that was taken in by a run that ended before its receipt was sent."""

    office: str
    kind: str
    outcome: str
    answer: Answer


def unsent(engine: Engine, config: Config) -> Iterator[Unsent]:
    """Receipts that lie aside and whose file is kept; of others only the mark stays that they were begun."""
    for aside in _asides(config):
        office, text = aside.parent.name, aside.read_text(encoding="utf-8", errors="replace")
        if not text:
            continue  # a file that was begun: it is taken up again
        name = text.partition("\n\n")[0]
        with engine.connect() as connection:
            rows = connection.execute(select(handed_in).where(handed_in.c.office == office)).all()
        found = next((row for row in rows if text == f"{name}\n\n{row.receipt}\n"), None)
        if found is None:
            write_whole(aside, b"")  # begun, like those above
        else:
            yield Unsent(office, found.kind, found.outcome, Answer(aside.parent, name))


def forget_begun(config: Config) -> None:
    """Marks of files that were begun and then taken out of the inbox."""
    for aside in _asides(config):
        with told(aside):
            aside.unlink(missing_ok=True)


def _asides(config: Config) -> list[Path]:
    with suppress(OSError):
        return sorted(config.outbox_dir.glob(f"*/.tanda-terima-*{_ASIDE}"))
    return []
