"""What earlier crawls of a marketplace say about its usual level; see `monitor.health`."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from monitor.private_store import crawls

BAND_SHARE, BAND_MADS, BAND_RUNS = 0.15, 6, 8
MIN_HISTORY = 2  # accepted crawls; less says nothing about a usual level

Stats = Mapping[str, Any]


def count_of(stats: Stats) -> int:
    """Shops of the region or of unknown place."""
    return int(stats.get("regional_shop_count", stats.get("shop_count")) or 0)


def earlier_crawls(connection: Connection, slug: str, week: str) -> list[dict[str, Any]]:
    """Complete crawls of the marketplace before the week, oldest first, as rows of `crawls`."""
    query = (
        select(crawls)
        .where(crawls.c.marketplace == slug, crawls.c.week < week, crawls.c.coverage == "complete")
        .order_by(crawls.c.week, crawls.c.started_at, crawls.c.crawl_id)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


class Past:
    """The accepted crawls at the present level, and the crawl before this one."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.previous: Mapping[str, Any] | None = None
        self.accepted: list[Stats] = []
        for row in rows:
            if row["health"] == "healthy":
                if row["stats"].get("accepted"):  # a person says that the level is new: earlier ones are dropped
                    self.accepted = []
                elif self.is_outside(count_of(row["stats"])):  # the second crawl of a new level
                    self.accepted = [self.previous["stats"]] if self.previous else []
                self.accepted = [*self.accepted, row["stats"]][-BAND_RUNS:]
            self.previous = row

    def band(self) -> tuple[float, float] | None:
        """Median and half-width; None while the history is too short."""
        counts = [count_of(stats) for stats in self.accepted]
        if len(counts) < MIN_HISTORY:
            return None
        median = statistics.median(counts)
        deviation = statistics.median(abs(count - median) for count in counts)
        return median, max(BAND_MADS * deviation, BAND_SHARE * median)

    def is_outside(self, count: int) -> bool:
        band = self.band()
        return band is not None and abs(count - band[0]) > band[1]

    def begins_level(self, stats: Stats) -> bool:
        """Whether a healthy crawl with these stats begins a new level."""
        return bool(self.accepted) and (bool(stats.get("accepted")) or self.is_outside(count_of(stats)))

    def confirms(self, count: int) -> bool:
        """Whether the crawl before was kept back for the same new level."""
        if self.previous is None or self.previous["cause"] != "count_changed":
            return False
        before = count_of(self.previous["stats"])
        return abs(count - before) <= BAND_SHARE * before

    def usual_fill(self, kind: str, name: str) -> float | None:
        shares = [
            stats["fill"][kind][name] for stats in self.accepted if name in (stats.get("fill") or {}).get(kind, {})
        ]
        return statistics.median(shares) if len(shares) >= MIN_HISTORY else None
