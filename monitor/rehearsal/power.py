"""The service's process, and how its power is cut: it and everything it began gets SIGKILL at once."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Thread

import monitor
from monitor.errors import StoreError

ROOT = Path(monitor.__file__).parents[1]
LOOK_S = 0.05
MODULE = "monitor.verbs.rehearse_service"


class Power:
    """The process that lives through the weeks; `until` lets it live to a time, `cut` ends it as a power cut would."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 (closed with it)
        self.process: subprocess.Popen[bytes] | None = None

    def until(self, at: datetime, cut_when: Callable[[], bool] | None = None) -> bool:
        """Lives until then, or until `cut_when` says to cut; whether it was cut. Raises StoreError when it fails."""
        process = self.process or self._start()
        assert process.stdin and process.stdout
        process.stdin.write(f"{at.isoformat()}\n".encode())
        process.stdin.flush()
        answers: list[bytes] = []
        reader = Thread(target=lambda: answers.append(process.stdout.readline()), daemon=True)  # type: ignore[union-attr]
        reader.start()
        while reader.is_alive():
            reader.join(LOOK_S)
            if cut_when is not None and reader.is_alive() and cut_when():
                self.cut()
                return True
        if answers != [b"there\n"]:
            raise StoreError(f"The service of the rehearsal ended by itself: {self._last_words()}")
        return False

    def _start(self) -> "subprocess.Popen[bytes]":
        self.process = subprocess.Popen(
            [sys.executable, "-m", MODULE],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
        )
        return self.process

    def cut(self) -> None:
        """Everything at once, with no word to anybody."""
        if self.process is None:
            return
        for pid in family(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._forget(self.process)

    def stop(self) -> None:
        """As systemd would: it ends what it began, and then itself."""
        if self.process is None:
            return
        assert self.process.stdin
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.cut()
            return
        self._forget(self.process)

    def _forget(self, process: "subprocess.Popen[bytes]") -> None:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self.process = None

    def close(self) -> None:
        """Gives up what the process said."""
        self.cut()
        self.said.close()

    def _last_words(self) -> str:
        self.said.seek(0)
        lines = [line for line in self.said.read().decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1].removeprefix("monitor: ") if lines else "it said nothing."


def family(pid: int) -> list[int]:
    """The process and all that it and its children began and that still live; parents first."""
    found, unseen = [], [pid]
    while unseen:
        one = unseen.pop()
        found.append(one)
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            with suppress(OSError):
                unseen += [int(child) for child in task.read_text().split()]
    return found


def after(begun: Callable[[], bool], seconds: float) -> Callable[[], bool]:
    """Says when `begun` has been true for so many seconds: in the midst of the work, not at its first moment."""
    since: list[float] = []

    def is_time() -> bool:
        if not since and begun():
            since.append(time.monotonic())
        return bool(since) and time.monotonic() - since[0] >= seconds

    return is_time
