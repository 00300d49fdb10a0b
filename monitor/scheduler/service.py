"""The service: it asks every few seconds what is due, begins it, and notes how it ended.

It holds nothing that a restart would lose: what ran and what was asked for stands in `runs`, pauses in `pauses`. Only
processes it began itself are known to it alone; when it is stopped they are stopped with it and go on later.
"""

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import schedule
from sqlalchemy import Engine

from monitor.config import Config
from monitor.crawl.lines import told
from monitor.database import transaction, translate_errors
from monitor.errors import MonitorError, StoreError
from monitor.marketplaces import catalogue
from monitor.scheduler import messages, past
from monitor.scheduler.due import Due, Past, Scene, due
from monitor.scheduler.journal import Journal
from monitor.scheduler.processes import GRACE_S, Child, Start, start
from monitor.scheduler.rules import rules_of
from monitor.scheduler.standing import Line
from monitor.weeks import utc_now, week_of

TICK_S = 10
TELL_S = 300
PATIENCE_S = 3  # for a store that somebody else writes
LONG_STOP = timedelta(days=35)  # longer than the longest holidays; else it is the clock that is wrong
CLOCK_JUMP = timedelta(days=1)


class Service:
    """Begins what is due. allowed: called each time, since terms are entered while the service runs.

    trusts_clock: a person has confirmed that the time is right although nothing ran for long. look: how things stand,
    for messages; None: nobody is told.
    """

    def __init__(
        self,
        engine: Engine,
        config: Config,
        allowed: Callable[[], Collection[str]],
        *,
        upkeep: Collection[str] = (),
        start: Start = start,
        clock: Callable[[], datetime] = utc_now,
        trusts_clock: bool = False,
        look: Callable[[], Sequence[Line]] | None = None,
    ) -> None:
        # It asks again at the next tick, and has to hear that it should stop.
        self.engine, self.config = engine.execution_options(patience_s=PATIENCE_S), config
        self.rules = rules_of(config.schedule)
        self.allowed, self.upkeep = allowed, upkeep
        self.start, self.clock, self.trusts_clock, self.look = start, clock, trusts_clock, look
        self.journal = Journal(config.data_dir / "logs")
        self.children: dict[tuple[str, str | None, str | None], Child] = {}
        self.stopping = threading.Event()
        self.problem: str | None = None
        self._skew = self._wall_less_monotonic()

    # --- one look

    def scene(self) -> Scene:
        now = self.clock()
        with transaction(self.engine) as connection:
            runs = past.read_past(connection, now)
            pauses = past.read_pauses(connection)
        known = {(run.verb, run.subject, run.week) for run in runs if run.outcome == "running"}
        # A process needs a moment until it has recorded itself.
        begun = [Past(*key, "running", child.began) for key, child in self.children.items() if key not in known]
        return Scene(
            catalogue(),
            [*runs, *begun],
            now,
            self.config.region.zone,
            self.rules,
            self.allowed(),
            pauses,
            self.upkeep,
        )

    def due(self) -> list[Due]:
        """What would be begun now; nothing where the clock or the disk forbids it, which `problem` then says."""
        scene = self.scene()
        self._note_problem(self._clock_problem(scene.now) or self._disk_problem())
        return [] if self.problem else [item for item in due(scene) if _key(item) not in self.children]

    def tick(self) -> list[Due]:
        """Ends what is over or late, then begins what is due. A locked store is waited for until the next tick."""
        try:
            self.reap()
            items = self.due()
            for item in items:
                self._begin(item)
        except MonitorError as error:
            self._note_problem(str(error))
            return []
        return items

    def _begin(self, item: Due) -> None:
        now = self.clock()
        with transaction(self.engine) as connection:
            past.taken(connection, item)
        try:
            self.children[_key(item)] = self.start(self.config, item, now)
        except StoreError as error:
            self._conclude(item, now, "failed", str(error))
            return
        self.journal.write("begun", work=item.arguments, why=item.why, missing=list(item.missing))

    def reap(self) -> None:
        """Takes note of processes that ended, and ends those that run too long."""
        for key, child in list(self.children.items()):
            if child.is_late() and not child.is_over:
                child.stopped_by = ("failed", "It ran longer than its limit and was stopped.")
                child.signal(signal.SIGTERM)
                self._wait([child], GRACE_S)
            if child.is_over:
                outcome, message = child.verdict()
                self._conclude(child.item, child.began, outcome, message)
                child.close()
                del self.children[key]

    def _conclude(self, item: Due, began: datetime, outcome: str, message: str | None) -> None:
        with transaction(self.engine) as connection:
            past.conclude(connection, item, began, self.clock(), outcome, message)
        self.journal.write("ended", work=item.arguments, outcome=outcome, message=message)

    def tell(self) -> None:
        """Sends what ops have to know; what could not be sent is sent the next time."""
        if self.look is None or not messages.addresses(self.config.messages_file):
            return
        now = self.clock()
        local = now.astimezone(self.config.region.zone)
        lines = [*self.look(), *([_held(self.problem)] if self.problem else [])]
        with translate_errors(), self.engine.connect() as connection:
            said = messages.read_said(connection, now)
        for message in messages.compose(lines, said, local, self.rules, f"UMKM monitor {self.config.region.name}"):
            messages.send(self.config.messages_file, message)
            with transaction(self.engine) as connection:
                messages.remember(connection, message, now, week_of(now, self.config.region.zone))
            self.journal.write("told", causes=[cause for _, cause in message.says if cause])

    # --- what forbids beginning anything

    def _clock_problem(self, now: datetime) -> str | None:
        if self._wall_less_monotonic() - self._skew > CLOCK_JUMP.total_seconds():
            return "The clock jumped ahead by more than a day; set it right, then start the service again."
        with translate_errors(), self.engine.connect() as connection:
            last = past.last_sign(connection)
        if self.trusts_clock or last is None or now - last < LONG_STOP:
            return None
        days = (now - last).days
        return (
            f"Nothing has run for {days} days: is the clock right? If it is, start with: monitor run --after-long-stop"
        )

    def _wall_less_monotonic(self) -> float:
        return self.clock().timestamp() - time.monotonic()

    def _disk_problem(self) -> str | None:
        with told(self.config.data_dir):  # a disk that is not there any more is waited for as a full one is
            free = shutil.disk_usage(self.config.data_dir).free >> 20
        least = self.config.schedule.min_free_mb
        if free >= least:
            return None
        return f"Only {free:,} MiB are free in {self.config.data_dir}, {least:,} are wanted; nothing is begun."

    def _note_problem(self, problem: str | None) -> None:
        if problem != self.problem:
            self.journal.write("held" if problem else "goes on", message=problem)
        self.problem = problem

    # --- living

    def run(self) -> None:
        """Until it is stopped. Call from the main thread: it answers to SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        self.journal.write("started", pid=os.getpid())
        tickers = [_Ticker(self._live, TICK_S), _Ticker(self._tell, TELL_S)]
        notify("READY=1")
        while not self.stopping.wait(1):
            for ticker in tickers:
                ticker.turn()
        notify("STOPPING=1")
        self.stop()

    def _live(self) -> None:
        self.tick()
        notify("WATCHDOG=1")

    def _tell(self) -> None:
        try:
            self.tell()
        except MonitorError as error:
            self.journal.write("not told", message=str(error))

    def run_once(self) -> list[Due]:
        """Everything that is due now, to its end; what it began."""
        done: list[Due] = []
        while items := self.tick():
            done += items
            while self.children and not self.stopping.wait(0.2):
                self.reap()
        self.stop()
        return done

    def stop(self) -> None:
        """Asks all processes to end, waits, then ends them; what they had is kept and goes on later."""
        for child in self.children.values():
            child.stopped_by = ("abandoned", "The service was stopped; it goes on when the service is started again.")
            child.signal(signal.SIGTERM)
        self._wait(list(self.children.values()), GRACE_S)
        with suppress(MonitorError):  # the store may be what made us stop
            self.reap()
        self.journal.write("stopped")
        self.journal.close()

    def _wait(self, children: list[Child], seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not all(child.is_over for child in children):
            time.sleep(0.05)
        for child in children:
            if not child.is_over:
                child.signal(signal.SIGKILL)
                child.process.wait()


def _key(item: Due) -> tuple[str, str | None, str | None]:
    return (item.verb, item.subject, item.week)


def _held(problem: str) -> Line:
    return Line("service", "", problem, "monitor status", "held", at_once=True)


class _Ticker:
    """`schedule` keeps the next time by the wall clock; after the clock was set back it would sleep for as long."""

    def __init__(self, work: Callable[[], None], seconds: int) -> None:
        self.work, self.seconds = work, seconds
        self.scheduler = schedule.Scheduler()
        self.scheduler.every(seconds).seconds.do(work)
        work()

    def turn(self) -> None:
        idle = self.scheduler.idle_seconds
        if idle is not None and idle > self.seconds:
            self.scheduler.clear()
            self.scheduler.every(self.seconds).seconds.do(self.work)
        self.scheduler.run_pending()


def notify(state: str) -> None:
    """Tells systemd, where it started us with Type=notify."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
