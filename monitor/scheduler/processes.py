"""One piece of work as its own process, with limits of time, memory and file size; how it ended, in one sentence."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import monitor
from monitor.config import Config
from monitor.crawl.process import environment
from monitor.errors import StoreError
from monitor.scheduler.due import Due

ROOT = Path(monitor.__file__).parents[1]
GRACE_S = 20  # a stop of the service has to be over within thirty seconds
SAID_BYTES = 4_096
LARGEST_FILE = 8 << 30  # bytes; a crawl that never ends must not fill the disk with one file


@dataclass(frozen=True)
class Limits:
    seconds: float
    memory_mb: int


@dataclass
class Child:
    """A process that was begun. began: as the clock said; ends_before: on the monotonic clock, which never jumps.

    stopped_by: (outcome, sentence) where the service ended it.
    """

    item: Due
    began: datetime
    process: subprocess.Popen[bytes]
    said: IO[bytes]
    ends_before: float
    stopped_by: tuple[str, str] | None = None

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    def is_late(self) -> bool:
        return time.monotonic() > self.ends_before

    def signal(self, number: signal.Signals) -> None:
        """To it and everything it began: it leads a group of its own."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def last_words(self) -> str | None:
        """The sentence with which it ended, if any. Verbs say nothing personal."""
        self.said.seek(0, os.SEEK_END)
        self.said.seek(max(0, self.said.tell() - SAID_BYTES))
        lines = self.said.read().decode("utf-8", errors="replace").splitlines()
        sentences = [line.removeprefix("monitor: ") for line in lines if line.startswith("monitor: ")]
        return sentences[-1] if sentences else None

    def verdict(self) -> tuple[str, str | None]:
        """Outcome for `runs` (done, failed, abandoned) and a sentence."""
        code = self.process.returncode
        if self.stopped_by:
            return self.stopped_by
        if code == 0:
            return "done", None
        if code < 0:
            return "abandoned", f"It was ended by {signal.Signals(-code).name}."
        return "failed", self.last_words() or f"It ended with exit code {code}."

    def close(self) -> None:
        self.said.close()


Start = Callable[[Config, Due, datetime], Child]


def limits_of(config: Config, item: Due) -> Limits:
    if item.verb == "crawl":
        return Limits(config.crawl.max_seconds + 2 * GRACE_S, config.schedule.crawl_memory_mb)
    return Limits(config.schedule.verb_max_seconds, config.schedule.verb_memory_mb)


def start(config: Config, item: Due, now: datetime) -> Child:
    """Begins `python -m monitor ...`. Raises StoreError when it cannot be started."""
    return launch([sys.executable, "-m", "monitor", *item.arguments], config, item, now, limits_of(config, item))


def launch(command: Sequence[str], config: Config, item: Due, now: datetime, limits: Limits) -> Child:
    try:
        # Not through a pipe: nobody would read it while the service sleeps.
        said = tempfile.TemporaryFile()  # noqa: SIM115 (the child of the service owns it)
    except OSError as error:
        raise _not_started(item, error) from None
    try:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(config),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
    except OSError as error:
        said.close()
        raise _not_started(item, error) from None
    limit(process.pid, limits)
    return Child(item, now, process, said, time.monotonic() + limits.seconds)


def _not_started(item: Due, error: OSError) -> StoreError:
    return StoreError(f"'{' '.join(item.arguments)}' cannot be started: {error.strerror or error}.")


def limit(pid: int, limits: Limits) -> None:
    """Limits that hold for the process and all it begins. Memory it writes to, not what it merely reserves."""
    memory = limits.memory_mb << 20
    wanted = ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_FSIZE, LARGEST_FILE), (resource.RLIMIT_CORE, 0))
    if not hasattr(resource, "prlimit"):
        return  # elsewhere than on Linux the service manager's limits hold alone
    for kind, value in wanted:
        try:
            resource.prlimit(pid, kind, (value, value))
        except (ProcessLookupError, PermissionError, ValueError):
            return  # it is over, or our own limit is lower still
