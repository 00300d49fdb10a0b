"""Crawls without reading the program anew: forks of a process that has read it and has begun nothing.

A crawl of a rehearsal takes 2.4 processor seconds to start and end as `python -m scrapy`, 0.5 as a fork, and there are
eight to ten a week. Where a verb's process has read what a crawl needs (`monitor.rehearsal.warm`), it is forked once at
its very beginning, before there are threads or open stores; each crawl is a fork of that fork, with the words,
environment, pipes, limits and exit code that it has as a process of its own. As there, a crawl ends when whoever began
it does, and is told when the group of its verb is. `multiprocessing` does not do it: in Python 3.11 a child of its fork
server starts another fork server, which reads everything anew; and `fork` out of a verb would be out of threads.
"""

import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, NoReturn

from monitor.crawl.process import ROOT

LARGEST = 1 << 20  # bytes of a command and its environment
READ_BEFORE = [
    "scrapy.cmdline",
    "scrapy.commands.crawl",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.extensions.memusage",
    "monitor.extensions",
    "monitor.crawl.watch",
    "monitor.middlewares",
    "pipelines.validate",
    "pipelines.deduplicate",
    "pipelines.normalise",
]


class Grown:
    """A crawl's process: what `monitor.crawl.process.Process` says."""

    def __init__(self, stdin: IO[str], stderr: IO[str], report: int) -> None:
        self.stdin: IO[str] | None = stdin
        self.stderr: IO[str] | None = stderr
        self.returncode: int | None = None
        self._report = report
        self.pid = int(_line(report) or 0)  # the first line; the second one is the exit code

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._report], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("scrapy", timeout or 0.0)
            self.returncode = int(_line(self._report) or -signal.SIGKILL)
            os.close(self._report)
        return self.returncode

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Stem:
    """Made while the process has one thread only; `begin` as `monitor.crawl.process.begin_by` wants it."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for channel in (self._channel, theirs):
            channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
        self._turn = threading.Lock()
        if os.fork() == 0:
            self._channel.close()
            _stand(theirs)
        theirs.close()

    def begin(self, command: Sequence[str], environ: Mapping[str, str], fds: Sequence[int]) -> Grown:
        """command: as for a process of its own, of which all after `-m` counts. Raises OSError."""
        if fds:
            raise OSError("a crawl of a rehearsal inherits no open files")
        asked = json.dumps([command[command.index("-m") + 1 :], dict(environ)]).encode()
        stdin, stderr, report = os.pipe(), os.pipe(), os.pipe()
        theirs = [stdin[0], stderr[1], report[1]]
        try:
            with self._turn:
                socket.send_fds(self._channel, [asked], theirs)
        finally:
            for fd in theirs:
                os.close(fd)
        said = os.fdopen(stderr[0], encoding="utf-8", errors="replace")
        process = Grown(os.fdopen(stdin[1], "w", encoding="utf-8"), said, report[0])
        if not process.pid:
            raise OSError("its process could not be forked")
        for kind in (resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            with suppress(OSError):  # ours were set after the stem was made; one that has ended needs none
                resource.prlimit(process.pid, kind, resource.getrlimit(kind))
        return process


def _line(fd: int) -> bytes:
    found = b""
    while not found.endswith(b"\n") and (more := os.read(fd, 1)):
        found += more
    return found.strip()


# --- in the stem, and in what grows from it ---------------------------------------------------------------------------


def _stand(channel: socket.socket) -> NoReturn:
    """Forks for as long as somebody may ask."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # its crawls are told too, and end by themselves
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a keeper
    while True:
        asked, fds, _, _ = socket.recv_fds(channel, LARGEST, 3)
        if not asked:
            os._exit(0)
        if os.fork() == 0:
            channel.close()
            _keep(asked, *fds)
        for fd in fds:
            os.close(fd)


def _keep(asked: bytes, stdin: int, stderr: int, report: int) -> NoReturn:
    """Says the crawl's process id and then, when it has ended, how."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(report)
        _grow(asked, stdin, stderr)
    for fd in (stdin, stderr):
        os.close(fd)
    with suppress(BrokenPipeError):
        os.write(report, b"%d\n" % pid)
        os.write(report, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _grow(asked: bytes, stdin: int, stderr: int) -> NoReturn:
    """As `python -m scrapy ..` in its own process."""
    code = 1
    try:
        words, environ = json.loads(asked)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(ROOT)
        os.dup2(stdin, 0)
        os.dup2(stderr, 2)
        for fd in (stdin, stderr):
            os.close(fd)
        from scrapy.cmdline import execute

        sys.argv = words
        execute(words)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(code)
