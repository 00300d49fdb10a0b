"""Plain content on its way into a backup or out of it: in files without a name, gone with their process."""

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.asides import sweep
from monitor.errors import StoreError

_PREFIX = ".plain-"
_VERSIONS_AT = 18  # of the header: write and read version; 1 is the rollback journal, 2 the write-ahead log
# (https://www.sqlite.org/fileformat2.html 1.3.3, 2026-11-22)


@dataclass(frozen=True)
class Plain:
    """A store's content. name: as the store's file is called. writer, reader: None where it is a dump of PostgreSQL."""

    name: str
    file: Any  # binary, for reading and writing
    writer: sqlite3.Connection | None = None
    reader: sqlite3.Connection | None = None

    def sha256(self) -> str:
        self.file.flush()
        self.file.seek(0)
        return hashlib.file_digest(self.file, "sha256").hexdigest()

    def fill(self, source: sqlite3.Connection) -> None:
        """Copies an SQLite store, consistent while others write. Raises sqlite3.Error."""
        assert self.writer is not None
        self.writer.execute("PRAGMA journal_mode = OFF")  # a journal would have a name
        self.writer.execute("PRAGMA synchronous = OFF")
        source.backup(self.writer, pages=20_000, sleep=0.01)
        self.writer.close()
        self.file.seek(_VERSIONS_AT)
        self.file.write(b"\1\1")  # what is copied from a log is whole: nobody needs to look for that log
        self.file.flush()

    def rows(self) -> dict[str, int]:
        """Rows per table. Raises StoreError that names the damage; a dump is read as a whole when it is restored."""
        self.file.flush()
        return {} if self.reader is None else counted(self.reader, self.name)


@contextmanager
def nameless(folder: Path, name: str) -> Iterator[Plain]:
    """An empty file in the folder that nobody can open by a name any more when something comes into it."""
    with ExitStack() as stack:
        if not name.endswith(".sqlite"):
            yield Plain(name, stack.enter_context(tempfile.TemporaryFile(dir=folder)))
            return
        sweep(folder, _PREFIX)
        handle, path = tempfile.mkstemp(prefix=f"{_PREFIX}{os.getpid()}.", dir=folder)
        try:
            file = stack.enter_context(os.fdopen(handle, "w+b"))
            # SQLite opens a file by its name only, and at once; what is in it is read at the first question.
            writer = stack.enter_context(closing(sqlite3.connect(path)))
            reader = stack.enter_context(closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)))
        finally:
            Path(path).unlink()
        yield Plain(name, file, writer, reader)


def counted(connection: sqlite3.Connection, name: str) -> dict[str, int]:
    """Rows per table of a copied store. Raises StoreError that names the damage."""
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608 (our own tables)
    except sqlite3.Error as error:
        raise StoreError(f"The copy of {name} is damaged: {error}.") from None
    if found != ["ok"] or not counts:
        raise StoreError(f"The copy of {name} is damaged: {found[0] if counts else 'no table is in it'}.")
    return counts
