"""A worker's end of the line to the crawl process it started: grants requests, keeps what is done, ends it."""

import json
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from monitor.cluster import lanes
from monitor.cluster.crawl_parts import Asked, Pieces
from monitor.cluster.lanes_store import ClosedError, LaneKeeper
from monitor.cluster.worker import waiting
from monitor.config import Config
from monitor.crawl.process import Process
from monitor.errors import MonitorError, StoreError

Found = TypeVar("Found")
POLL_S = 1.0  # how soon a process whose crawl is closed notices it while it waits for its lane


class Answering(threading.Thread):
    """Answers one crawl process until it ends. `with Answering(...) as line`: give it `line.fd`, then its process."""

    def __init__(self, config: Config, keeper: LaneKeeper, pieces: Pieces, asked: Asked) -> None:
        super().__init__(name="crawl-line", daemon=True)
        self._config, self._keeper, self._pieces, self._asked = config, keeper, pieces, asked
        self._ours, self._theirs = socket.socketpair()
        self._process: Process | None = None
        self._in_flight: str | None = None
        self.closed: str | None = None  # why nothing more was granted: refused, not wanted
        self.problem: str | None = None  # why it had to be ended, in one sentence

    @property
    def fd(self) -> int:
        return self._theirs.fileno()

    def __enter__(self) -> "Answering":
        return self

    def __exit__(self, *reason: object) -> None:
        for end in (self._theirs, self._ours):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        if self.is_alive():
            self.join()
        for end in (self._theirs, self._ours):
            end.close()

    def begin(self, process: Process) -> None:
        self._process = process
        self.start()

    def run(self) -> None:
        """Whatever goes wrong here ends the process: it must not ask on its own. Nothing that is done is lost by it."""
        try:
            self._answer_all()
        except ClosedError as error:
            self.closed = str(error)
        except MonitorError as error:
            self.problem = str(error)
        except OSError:
            pass  # the process is over
        except Exception as error:  # a mistake of ours; values of rows may stand in its text
            self.problem = f"The line to the crawl failed with {type(error).__name__}."
        finally:
            if self._process is not None:
                self._process.kill()

    def _answer_all(self) -> None:
        rest = b""
        while True:
            ready, _, _ = select.select([self._ours], [], [], lanes.RENEW_S)
            if not ready:
                if self._in_flight:
                    self._waiting(self._renew)
                continue
            data = self._ours.recv(65_536)
            if not data:
                return
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                self._ours.sendall(json.dumps(self._answer(json.loads(line))).encode() + b"\n")

    def _answer(self, said: dict[str, Any]) -> dict[str, Any]:
        if "ask" in said:
            if said["counts"]:  # robots.txt does not
                self._stored(self._asked.add)
            self._grant(said["ask"], float(said["delay_s"]))
        elif "answered" in said:
            told = (said["answered"], said["elapsed_s"], said["status"], said["retry_after_s"])
            self._in_flight = None
            return {"had_waited": self._waiting(lambda: self._keeper.answered(*told))}
        elif "begun" in said:
            self._stored(lambda: self._pieces.begun(int(said["begun"])))
        else:
            self._stored(self._pieces.keep)
        return {}

    def _grant(self, site: str, delay_s: float) -> None:
        while wait := self._waiting(lambda: self._keeper.ask(site, delay_s)):
            time.sleep(min(wait, POLL_S))
            if self._process is not None and self._process.poll() is not None:
                raise BrokenPipeError
        self._in_flight = site

    def _renew(self) -> None:
        if self._in_flight:
            self._keeper.renew(self._in_flight)

    def _waiting(self, work: Callable[[], Found]) -> Found:
        return waiting(self._config, work)

    def _stored(self, work: Callable[[], None]) -> None:
        """As with the database: a store that is away for a minute costs that minute."""
        until = time.monotonic() + self._config.cluster.patience_s
        while True:
            try:
                work()
                return
            except StoreError:
                if time.monotonic() > until:
                    raise
            time.sleep(POLL_S)
