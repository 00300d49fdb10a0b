"""The moments at which a process may be killed: just before it changes a file or a row, or just after a commit.

Installed in a process that was forked for one run; nothing here can be taken out again. Counters lie in memory that
the process shares with whoever started it and with its own children, so they survive the kill.
"""

import mmap
import os
import signal
import stat
import struct
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What the interpreter tells of (sys.addaudithook); `os.rename` is `os.replace` too.
_AUDITED = {"os.rename": "rename", "os.remove": "remove", "os.mkdir": "mkdir", "os.rmdir": "rmdir", "os.link": "link"}
KINDS = ("open", "write", "fsync", "rename", "remove", "mkdir", "rmdir", "link", "statement", "commit", "committed")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "COPY")


@dataclass(frozen=True)
class Moment:
    """The n-th event of a kind, counted from 1. sign: the signal that the whole process group then gets."""

    kind: str
    number: int
    sign: signal.Signals = signal.SIGKILL

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Shared:
    """How often each kind of event was met, by the process and its children together."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 4 * len(KINDS))
        self._lock = threading.Lock()

    def reset(self) -> None:
        self._memory[:] = bytes(len(self._memory))

    def add(self, kind: str) -> int:
        """The number of this event. Two processes at once may share one: it only says where to kill."""
        at = 4 * KINDS.index(kind)
        with self._lock:
            (count,) = struct.unpack_from("i", self._memory, at)
            struct.pack_into("i", self._memory, at, count + 1)
        return int(count) + 1

    def counts(self) -> Counter[str]:
        numbers = struct.unpack(f"{len(KINDS)}i", self._memory[:])
        return Counter(dict(zip(KINDS, numbers, strict=True)))


class Watch:
    """Counts events below a folder, and of every database, and sends the signal at the wanted one."""

    def __init__(self, root: Path, shared: Shared, moment: Moment | None) -> None:
        self.root = str(root)
        self.shared = shared
        self.moment = moment

    def meet(self, kind: str) -> None:
        number = self.shared.add(kind)
        if self.moment is not None and (kind, number) == (self.moment.kind, self.moment.number):
            if self.moment.sign == signal.SIGKILL:
                os.killpg(os.getpgrp(), signal.SIGKILL)
            os.kill(os.getpid(), self.moment.sign)

    def install(self) -> None:
        sys.addaudithook(self._audit)
        self._wrap_descriptors()
        self._listen_to_databases()

    def _audit(self, event: str, given: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(given[2], int) and given[2] & _WRITING and self._is_inside(given[0]):
                self.meet("open")
        elif event in _AUDITED and self._is_inside(given[0]):
            self.meet(_AUDITED[event])

    def _is_inside(self, path: Any) -> bool:
        """A name without folder is one of a folder that is being removed."""
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        text = os.fsdecode(path)
        return text.startswith(self.root) or "/" not in text

    def _wrap_descriptors(self) -> None:
        write, sync = os.write, os.fsync

        def counted_write(handle: int, data: Any) -> int:
            if stat.S_ISREG(os.fstat(handle).st_mode):
                self.meet("write")
            return write(handle, data)

        def counted_sync(handle: int) -> None:
            self.meet("fsync")
            sync(handle)

        os.write, os.fsync = counted_write, counted_sync  # type: ignore[assignment]

    def _listen_to_databases(self) -> None:
        from sqlalchemy import Engine, event
        from sqlalchemy.engine.default import DefaultDialect

        def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.lstrip().upper().startswith(_CHANGES):
                self.meet("statement")

        event.listen(Engine, "before_cursor_execute", before)
        commit: Callable[[Any, Any], None] = DefaultDialect.do_commit

        def counted(dialect: Any, connection: Any) -> None:
            self.meet("commit")
            commit(dialect, connection)
            self.meet("committed")

        DefaultDialect.do_commit = counted  # type: ignore[method-assign]
