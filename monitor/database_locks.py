"""Waiting for an SQLite store that somebody else writes: who that is, and telling it while one waits."""

import os
import sqlite3
import sys
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

TURN_MS = 1_000  # SQLite waits in turns this long, so that a signal is heard between them
TELL_AFTER_S = 5.0
_KERNEL_LOCKS = Path("/proc/locks")
_WRITER_BYTE = "120"  # of the -shm file; whoever holds it writes (SQLite's WAL format, 2024)


def begin_writing(connection: Connection, store: str, path: Path | None, patience_s: float) -> None:
    """BEGIN IMMEDIATE, waiting up to `patience_s` seconds for another writer and saying so once on standard error."""
    began, told = time.monotonic(), False
    usual = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {min(TURN_MS, int(patience_s * 1000))}")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                waited = time.monotonic() - began
                if "locked" not in str(error.orig) or waited >= patience_s:
                    raise
                if not told and waited >= TELL_AFTER_S:
                    _tell(store, path, patience_s)
                    told = True
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {usual}")


def _tell(store: str, path: Path | None, patience_s: float) -> None:
    holder = holder_of(path) if path is not None else None
    by = f" by {holder}" if holder else ""
    sys.stderr.write(f"The {store} store is being written{by}; waiting for at most {patience_s:.0f} seconds.\n")
    sys.stderr.flush()


def holder_of(path: Path) -> str | None:
    """Who writes the store now, like "'load 2026-W46' (process 4711)"; None where that cannot be told."""
    pid = _writing_process(path)
    if pid is None:
        return None
    work = _work_of(path, pid)
    return f"'{work}' (process {pid})" if work else f"process {pid}"


def _writing_process(path: Path) -> int | None:
    """The process that holds the lock, which Linux shows; None elsewhere, for ourselves and without a lock."""
    with suppress(OSError, ValueError):
        inode = str(path.with_name(path.name + "-shm").stat().st_ino)
        for line in _KERNEL_LOCKS.read_text().splitlines():
            # 3: POSIX  ADVISORY  WRITE 4711 08:01:1234 120 120
            parts = line.split()
            if len(parts) == 8 and parts[5].rpartition(":")[2] == inode and parts[6] == _WRITER_BYTE:
                return int(parts[4]) if int(parts[4]) != os.getpid() else None
    return None


def _work_of(path: Path, pid: int) -> str | None:
    """What that process is doing, as it noted in `runs`."""
    query = "SELECT verb, subject, week FROM runs WHERE outcome = 'running' AND holder LIKE ? ORDER BY run_id DESC"
    for store in (path, path.with_name("private.sqlite")):
        with suppress(sqlite3.Error):
            connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=1)
            try:
                row = connection.execute(query, (f"%:{pid}@%",)).fetchone()
            finally:
                connection.close()
            if row is not None:
                return " ".join(part for part in row if part)
    return None
