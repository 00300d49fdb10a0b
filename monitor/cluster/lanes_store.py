"""Lanes in PostgreSQL: every request of every worker is granted by one row, locked for the length of one statement."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from monitor.cluster import lanes as rules
from monitor.cluster.lanes import Lane
from monitor.private_store import lanes, runs

Found = TypeVar("Found")
Clock = Callable[[Connection], float]
PATIENCE_S = 120.0  # after a coordinator's lease; a database that was away for a minute must end nothing


class ClosedError(Exception):
    """Nothing more is to be asked: the site refused the crawl, or whoever ordered it is gone. Says which."""


def database_clock(connection: Connection) -> float:
    """Seconds since 1970 at this moment, not at the beginning of the transaction."""
    return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())


class LaneKeeper:
    """One process's access to the lanes, for one crawl.

    holder: names the process. run_id: the run that ordered the crawl; once it is over nothing is granted any more.
    Errors of the database come through as they are.
    """

    def __init__(
        self, engine: Engine, crawl_id: str, run_id: int | None, holder: str, clock: Clock = database_clock
    ) -> None:
        self._engine, self._clock = engine, clock
        self.crawl_id, self.run_id, self.holder = crawl_id, run_id, holder

    def ask(self, site: str, delay_s: float) -> float:
        """Seconds after which to ask again; 0: send now. Raises ClosedError."""

        def granted(connection: Connection, lane: Lane, now: float) -> tuple[Lane, float]:
            if lane.closed_in == self.crawl_id:
                raise ClosedError("refused")
            if not self._is_wanted(connection, now):
                raise ClosedError("not wanted")
            return rules.ask(lane, now, self.holder, delay_s, self.crawl_id)

        return self._change(site, granted)

    def renew(self, site: str) -> None:
        self._change(site, lambda connection, lane, now: (rules.renew(lane, now, self.holder), None))

    def answered(self, site: str, elapsed_s: float, status: int = 0, retry_after_s: float | None = None) -> bool:
        """Whether the site had asked this crawl to wait before."""
        return self._change(
            site,
            lambda connection, lane, now: rules.answered(lane, now, self.holder, elapsed_s, status, retry_after_s),
        )

    def close(self, site: str) -> None:
        """The site refused: no worker asks it any more in this crawl."""
        with self._engine.begin() as connection:
            self._row(connection, site)
            connection.execute(update(lanes).where(lanes.c.site == site).values(closed_in=self.crawl_id))

    def _is_wanted(self, connection: Connection, now: float) -> bool:
        if self.run_id is None:
            return True
        wanted = select(runs.c.outcome, runs.c.lease_until).where(runs.c.run_id == self.run_id)
        found = connection.execute(wanted).first()
        if found is None or found.outcome != "running":
            return False
        return found.lease_until is None or datetime.fromisoformat(found.lease_until).timestamp() + PATIENCE_S > now

    def _change(self, site: str, change: Callable[[Connection, Lane, float], tuple[Lane, Found]]) -> Found:
        with self._engine.begin() as connection:
            lane = self._row(connection, site)
            lane, result = change(connection, lane, self._clock(connection))
            connection.execute(update(lanes).where(lanes.c.site == site).values(**asdict(lane)))
            return result

    def _row(self, connection: Connection, site: str) -> Lane:
        """The lane, locked until the transaction ends."""
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(lanes).values(site=site, **asdict(Lane())).on_conflict_do_nothing())
        found = connection.execute(select(lanes).where(lanes.c.site == site).with_for_update()).one()
        return Lane(**{name: value for name, value in found._mapping.items() if name != "site"})
