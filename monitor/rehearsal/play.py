"""Plays the weeks: the world moves on Mondays, people hand in, the service lives, on Tuesday staff are told.

The report of a week is written on the Tuesday after it, so the last one comes when its week is over: a rehearsal of
eight weeks ends on a Tuesday of the ninth.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import Engine, select

from monitor.crawl.files import list_crawls
from monitor.database import private_engine
from monitor.practice import use_clock
from monitor.private_store import runs
from monitor.rehearsal import people
from monitor.rehearsal.listener import Listener
from monitor.rehearsal.power import Power, after
from monitor.rehearsal.stage import Stage, environment
from monitor.rehearsal.told import Told, look
from monitor.sandbox.server import Server
from monitor.weeks import utc_now

HANDED_IN, TOLD = (0, 7), (1, 13)  # day of the week and hour: people on Monday morning, the report by Tuesday noon
IN_CRAWL_S, IN_REPORT_S = 1.0, 4.0  # after its first rows, and after the report's week began to be worked on


class Play:
    """`for told in Play(stage, say).weeks(): ..`. say: is given a line of what is going on."""

    def __init__(self, stage: Stage, say: Callable[[str], None]) -> None:
        self.stage, self.say = stage, say
        self.power = Power(environment(stage.config.data_dir))
        self.cuts: list[str] = []

    def weeks(self) -> Iterator[Told]:
        """Each week once it was told."""
        engine = private_engine(self.stage.config)
        try:
            with Listener() as listener:
                listener.connect(self.stage.config)
                yield from self._weeks(engine, listener)
            self.power.stop()
        finally:
            self.power.close()
            engine.dispose()

    def _weeks(self, engine: Engine, listener: Listener) -> Iterator[Told]:
        began = time.monotonic()
        last = self.stage.moving.weeks
        for number in range(1, last + 2):
            self._live(engine, number)
            if number > 1:
                alarms = tuple(alarm for heard in listener.take() for alarm in heard.alarms)
                now = time.monotonic()
                told = look(self.stage, engine, number - 1, alarms=alarms, cuts=tuple(self.cuts), seconds=now - began)
                began, self.cuts = now, []
                yield told
            if number <= last:
                self._crawls(number)

    def _live(self, engine: Engine, number: int) -> None:
        """From Monday to Tuesday noon: people hand in, the week before is reported."""
        self._until(self.stage.at(number, *HANDED_IN), number)
        files = people.hand_in(self.stage, engine, number)
        self.say(f"week {number}: {files} files handed in")
        self._until(self.stage.at(number, *TOLD), number, self._in_report(engine, number - 1))

    def _crawls(self, number: int) -> None:
        """The rest of the week, with the marketplaces as a visitor meets them in it."""
        self.say(f"week {number}: crawls in their slots")
        self._until(self.stage.at(number + 1, 0, 0), number, self._in_crawl(number))

    def _until(self, at: datetime, number: int, cut_when: Callable[[], bool] | None = None) -> None:
        """The service lives until then, while the marketplaces answer; after a power cut it is started again."""
        there = self.stage.moving.shown_in(min(number, self.stage.moving.weeks))
        faults = self.stage.script.faults(number)
        with Server(self.stage.folder, faults, there):
            if self.power.until(at, cut_when):
                use_clock(self.stage.folder)
                self.cuts.append(f"{utc_now().astimezone(self.stage.config.region.zone):%A %H:%M}")
                self.say(f"week {number}: power cut, started again")
                self.power.until(at)
        use_clock(self.stage.folder)

    # --- when the power goes

    def _in_crawl(self, number: int) -> Callable[[], bool] | None:
        """In the midst of a crawl: some of its units are done, others not."""
        if number != self.stage.script.cut_in:
            return None
        week, folder = self.stage.moving.week(number), self.stage.config.crawls_dir

        def begun() -> bool:
            found = list_crawls(folder, self.stage.script.refuses, week)
            return any((path / "shops.jsonl").exists() and not (path / "stats.json").exists() for path in found)

        return after(begun, IN_CRAWL_S)

    def _in_report(self, engine: Engine, number: int) -> Callable[[], bool] | None:
        if number != self.stage.script.cut_in:
            return None
        week = self.stage.moving.week(number)

        def begun() -> bool:
            query = select(runs.c.run_id).where(runs.c.verb == "week", runs.c.week == week)
            with engine.connect() as connection:
                return connection.execute(query.where(runs.c.outcome == "running")).first() is not None

        return after(begun, IN_REPORT_S)
