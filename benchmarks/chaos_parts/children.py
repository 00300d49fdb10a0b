"""One run of a verb in a process forked from this one, which has imported everything already; killed when wanted."""

import ctypes
import gc
import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from benchmarks.chaos_parts.moments import Moment, Shared, Watch

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
POLL_S = 0.002
Result = TypeVar("Result")
MODULES = ".modules"
# What nearly every verb needs: imported once here instead of in the first runs and then here.
AHEAD = (
    "monitor.__main__",
    "monitor.cli",
    "monitor.backup.make",
    "monitor.registry.importing",
    "monitor.sandbox.server",
    "monitor.sandbox.world",
    "pipelines.load",
    "pipelines.match",
    "alembic.command",
    "scrapy.cmdline",
)
BROKE = 70  # exit code of a child in which something other than the verb failed


@dataclass(frozen=True)
class Ended:
    """code: exit code, negative for a signal. counts: events met. said: standard output and error together."""

    code: int
    seconds: float
    counts: Counter[str] = field(default_factory=Counter)
    said: str = ""

    @property
    def was_killed(self) -> bool:
        return self.code < 0


def import_ahead() -> None:
    for name in AHEAD:
        import_module(name)
    gc.freeze()  # children then leave the memory they share alone


def adopt_orphans() -> None:
    """Children of killed children come to this process, which then can wait for them."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _until_gone(group: int, seconds: float) -> bool:
    """Waits until no process of the group is left; whether that came in time."""
    until = time.monotonic() + seconds
    while True:
        with suppress(ChildProcessError):
            os.waitpid(-group, os.WNOHANG)
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(POLL_S)


@dataclass(frozen=True)
class Order:
    """How a verb is run. root: folder whose changes are counted. at: what its clock says when it begins."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    root: Path
    at: datetime
    prepare: Callable[[], None] = lambda: None  # done in the child, before the verb


def run(order: Order, shared: Shared, moment: Moment | float | None = None, sign: int = signal.SIGKILL) -> Ended:
    """Runs a verb to its end, or until the moment.

    moment: an event of the child, or seconds after its start. sign: what is sent after those seconds; a SIGKILL goes
    to all its processes, another signal to the verb alone, and whoever lives 30 s later counts as not ended (code 99).
    """
    shared.reset()
    said = order.root / ".said"
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(order, shared, moment if isinstance(moment, Moment) else None, said)
    code = _wait(child, moment if isinstance(moment, float) else None, sign)
    gone = _until_gone(child, 30)
    if not gone:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        _until_gone(child, 5)
    seconds = time.monotonic() - began
    text = said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""
    said.unlink(missing_ok=True)
    return Ended(code if gone else 99, seconds, shared.counts(), text)


def _tell_modules(root: Path) -> None:
    with (root / MODULES).open("a") as file:
        file.write("\n".join(sys.modules) + "\n")


def warm(order: Order) -> None:
    """Imports here what the verb and its crawls imported, so that the children to come need not."""
    listed = order.root / MODULES
    for name in listed.read_text().split():
        if name not in sys.modules and not name.startswith("__") and "reactor" not in name:
            with suppress(Exception):
                import_module(name)
    listed.unlink()


def _wait(child: int, seconds: float | None, sign: int) -> int:
    """The exit code, negative for a signal."""
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if until is not None and time.monotonic() > until:
            with suppress(ProcessLookupError):
                os.killpg(child, sign) if sign == signal.SIGKILL else os.kill(child, sign)
            until = None
        time.sleep(POLL_S)


def _become(order: Order, shared: Shared, moment: Moment | None, said: Path) -> None:
    """The child; never returns."""
    code = BROKE
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _speak_into(said)
        for name in [name for name in os.environ if name.startswith("MONITOR_")]:
            del os.environ[name]
        os.environ.update(order.environment)
        set_clock(order.at)
        set_lots()
        fork_crawls()
        order.prepare()
        Watch(order.root, shared, moment).install()
        from monitor.__main__ import run as run_verb

        code = run_verb(list(order.arguments))
        _tell_modules(order.root)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _speak_into(path: Path) -> None:
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123
        os.dup2(nothing.fileno(), 0)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False)


def set_clock(at: datetime) -> None:
    """`monitor.weeks.utc_now`, wherever it was imported to, counts on from `at`."""
    from monitor import weeks

    real, began = weeks.utc_now, time.monotonic()

    def now() -> datetime:
        return (at + timedelta(seconds=time.monotonic() - began)).replace(microsecond=0)

    for module in list(sys.modules.values()):
        # Not by getattr: some libraries import half of themselves when they are asked for a name they lack.
        if vars(module).get("utc_now") is real:
            module.utc_now = now  # type: ignore[attr-defined]


def set_lots() -> None:
    """A new phone key is the same in every run: hashes of numbers are compared like everything else."""
    from monitor import phone_hash

    phone_hash.secrets = SimpleNamespace(token_hex=lambda count: "5a" * count)  # type: ignore[assignment, attr-defined]


class _ForkedCrawl:
    """`subprocess.Popen` of a crawl as far as `monitor.crawl.process` uses it, without starting Python anew."""

    def __init__(self, command: list[str], *, cwd: Path, env: Mapping[str, str], **_: Any) -> None:
        given, listened = os.pipe(), os.pipe()
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            self._crawl(command[3:], cwd, env, given, listened)
        os.close(given[0])
        os.close(listened[1])
        self.stdin = os.fdopen(given[1], "w")
        self.stderr = os.fdopen(listened[0], encoding="utf-8", errors="replace")

    @staticmethod
    def _crawl(
        arguments: list[str], cwd: Path, env: Mapping[str, str], given: tuple[int, int], said: tuple[int, int]
    ) -> None:
        code = BROKE
        try:
            os.dup2(given[0], 0)
            os.dup2(said[1], 2)
            for handle in (*given, *said):
                os.close(handle)
            sys.stderr = os.fdopen(2, "w", closefd=False)
            os.chdir(cwd)
            sys.modules.pop("twisted.internet.reactor", None)  # a crawl installs its own
            os.environ.clear()
            os.environ.update(env)
            from scrapy.cmdline import execute

            execute(["scrapy", *arguments])
        except SystemExit as end:
            _tell_modules(Path(env["MONITOR_DATA_DIR"]).parent)
            code = end.code if isinstance(end.code, int) else 0
        except BaseException:
            traceback.print_exc()
        finally:
            with suppress(BaseException):
                sys.stderr.flush()
            os._exit(code)

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("crawl", timeout or 0)
            time.sleep(POLL_S)
        assert self.returncode is not None
        return self.returncode

    def poll(self) -> int | None:
        if self.returncode is None:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if found else None
        return self.returncode

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


class _Processes:
    """Stands for the module `subprocess` in `monitor.crawl.process`."""

    Popen = _ForkedCrawl
    TimeoutExpired, PIPE, DEVNULL = subprocess.TimeoutExpired, subprocess.PIPE, subprocess.DEVNULL


def fork_crawls() -> None:
    from monitor.crawl import process as crawl_process

    crawl_process.subprocess = _Processes  # type: ignore[assignment, attr-defined]


def apart(work: Callable[[], Result]) -> Result:
    """What `work` returns, done in a child: threads and locks that it makes never reach later forks."""
    coming, going = os.pipe()
    child = os.fork()
    if child == 0:
        code = BROKE
        try:
            os.close(coming)
            body = pickle.dumps(work())
            with os.fdopen(going, "wb") as pipe:
                pipe.write(body)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(going)
    with os.fdopen(coming, "rb") as pipe:
        body = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError("A child of the benchmark failed; what it said stands above.")
    return pickle.loads(body)  # type: ignore[no-any-return]
