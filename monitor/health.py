"""What makes a crawl publishable: a pure function over its stats, its catalogue entry and earlier accepted crawls.

The band is max(6 MAD, 15 % of the median) of the last 8 accepted crawls: in simulation 0.0 to 2.0 % false alarms per
crawl at a weekly noise of 2 to 8 %, where 4 MAD alone gives 24 %. Sentinels come with a later issue. A crawl outside is
kept, not loaded; two in a row within 15 % of each other are a new level, so that a real change locks nobody out.

stats (`stats.json`, written by `monitor.extensions`; a feed may leave out what it does not know):
  finish_reason     "finished", else why it ended early
  cause             named cause of a refusal
  responses         total and refused: answers judged by content
  units             planned, done, failed, capped, with_entries, unclear_end
  declared, fetched entries over the units that state a total and were not capped
  places_missing    kab/kota that could not be searched
  shop_count        distinct shops; regional_shop_count: of the region or of unknown place
  fill              per type and field the share of rows that hold it
  errors            exceptions in spider or pipelines
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from monitor.marketplaces import Marketplace

MAX_REFUSED_SHARE = 0.02
MIN_FETCHED_SHARE = 0.98
MAX_FAILED_UNITS = 0.02
MAX_FILL_CHANGE = 0.05
BAND_SHARE, BAND_MADS, BAND_RUNS = 0.15, 6, 8
MIN_HISTORY = 2  # accepted crawls; less says nothing about a usual level
# 7 of 45 keyword crawls of January 2026 ended unclear; a soft block makes nearly all of them so.
MAX_UNCLEAR_SHARE = 0.5
MAX_SHAPE_SHARE = 0.02


@dataclass(frozen=True)
class Health:
    """health: healthy, failed or unfinished. cause: one name where not healthy. problems: sentences for ops."""

    health: str
    cause: str | None = None
    problems: list[str] = field(default_factory=list)


class _Info(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def sandbox(self) -> bool: ...


Stats = Mapping[str, Any]
Found = Iterator[tuple[str, str]]  # cause, sentence


def check(info: _Info, stats: Stats | None, entry: Marketplace, history: Sequence[Stats] = ()) -> Health:
    """Health of one crawl or feed.

    info: `kind` ("crawl" or "feed") and `sandbox` of its directory. stats: None while it is unfinished.
    history: earlier crawls of the marketplace, oldest first: rows of the table `crawls` (kind, health, cause, stats).
    """
    if stats is None:
        return Health("unfinished", "unfinished", ["The crawl was interrupted; run it again in its week to finish it."])
    past = _Past([row for row in history if row["kind"] == info.kind and row["stats"]])
    early = list(_ending(stats))
    if early:  # whatever else looks odd follows from it
        return Health("failed", early[0][0], [sentence for _, sentence in early])
    checks = [_errors(stats)]
    if info.kind == "crawl":
        checks += [_refusals(stats), _units(stats), _fetched(stats), _shapes(stats)]
        checks += [_fill(stats, past), _band(stats, past)]
    checks.append(_bounds(stats, entry, info.sandbox))
    found = [problem for part in checks for problem in part]
    if not found:
        return Health("healthy")
    return Health("failed", found[0][0], [sentence for _, sentence in found])


def _ending(stats: Stats) -> Found:
    reason = stats.get("finish_reason", "finished")
    if reason == "refused":
        cause = stats.get("cause") or "refused"
        yield "refused", f"The marketplace refused to be read ({cause})."
    elif reason != "finished":
        yield str(reason), f"The crawl ended early ({reason})."


def _errors(stats: Stats) -> Found:
    if stats.get("errors"):
        yield "errors", f"{stats['errors']} errors in the program while reading; see crawl.log."


def _refusals(stats: Stats) -> Found:
    responses = stats.get("responses") or {}
    total, refused = responses.get("total") or 0, responses.get("refused") or 0
    if total and refused / total >= MAX_REFUSED_SHARE:
        yield "refused", f"{refused} of {total} answers were refusals."


def _units(stats: Stats) -> Found:
    units = stats.get("units") or {}
    planned, failed, unclear = (units.get(name) or 0 for name in ("planned", "failed", "unclear_end"))
    if not planned:
        yield "nothing_planned", "There was nothing to read: no query could be made."
        return
    if failed / planned > MAX_FAILED_UNITS:
        yield "units_failed", f"{failed} of {planned} queries could not be read."
    if stats.get("places_missing"):
        yield "place_unresolved", f"Could not be searched: {', '.join(stats['places_missing'])}."
    lists = max(unclear, units.get("with_entries") or 0)
    if lists and unclear / lists > MAX_UNCLEAR_SHARE:
        yield "unclear_end", f"{unclear} of {lists} lists ended without saying that they end."


def _fetched(stats: Stats) -> Found:
    declared, fetched = stats.get("declared") or 0, stats.get("fetched") or 0
    if declared and fetched / declared < MIN_FETCHED_SHARE:
        yield "incomplete", f"{fetched:,} of {declared:,} declared entries were read."


def _shapes(stats: Stats) -> Found:
    left_out = (stats.get("issues") or {}).get("shape", 0)
    entries = stats.get("entries") or 0
    if entries and left_out / entries > MAX_SHAPE_SHARE:
        yield "shape", f"{left_out:,} of {entries:,} entries were not as documented; the site has changed."


def _bounds(stats: Stats, entry: Marketplace, is_sandbox: bool) -> Found:
    count = _count(stats)
    low, high = entry.expected_shops.min, entry.expected_shops.max
    if is_sandbox:
        low = min(low, 1)  # a small world is no reason to doubt; an empty one is
    if not low <= count <= high:
        yield "count", f"{count:,} shops; expected are {low:,} to {high:,}."


class _Past:
    """The accepted crawls at the present level, and the crawl before this one."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.previous: Mapping[str, Any] | None = None
        self.accepted: list[Stats] = []
        for row in rows:
            if row["health"] == "healthy":
                if self.is_outside(_count(row["stats"])):  # the second crawl of a new level: earlier ones are dropped
                    self.accepted = [self.previous["stats"]] if self.previous else []
                self.accepted = [*self.accepted, row["stats"]][-BAND_RUNS:]
            self.previous = row

    def band(self) -> tuple[float, float] | None:
        """Median and half-width; None while the history is too short."""
        counts = [_count(stats) for stats in self.accepted]
        if len(counts) < MIN_HISTORY:
            return None
        median = statistics.median(counts)
        deviation = statistics.median(abs(count - median) for count in counts)
        return median, max(BAND_MADS * deviation, BAND_SHARE * median)

    def is_outside(self, count: int) -> bool:
        band = self.band()
        return band is not None and abs(count - band[0]) > band[1]

    def confirms(self, count: int) -> bool:
        """Whether the crawl before was kept back for the same new level."""
        if self.previous is None or self.previous["cause"] != "count_changed":
            return False
        before = _count(self.previous["stats"])
        return abs(count - before) <= BAND_SHARE * before

    def usual_fill(self, kind: str, name: str) -> float | None:
        shares = [
            stats["fill"][kind][name] for stats in self.accepted if name in (stats.get("fill") or {}).get(kind, {})
        ]
        return statistics.median(shares) if len(shares) >= MIN_HISTORY else None


def _count(stats: Stats) -> int:
    return int(stats.get("regional_shop_count", stats.get("shop_count")) or 0)


def _band(stats: Stats, past: _Past) -> Found:
    count, band = _count(stats), past.band()
    if band is not None and past.is_outside(count) and not past.confirms(count):
        yield "count_changed", f"{count:,} shops; usual are {band[0]:,.0f} (±{band[1]:,.0f})."


def _fill(stats: Stats, past: _Past) -> Found:
    for kind, fields in (stats.get("fill") or {}).items():
        for name, share in fields.items():
            usual = past.usual_fill(kind, name)
            if usual is not None and abs(share - usual) > MAX_FILL_CHANGE:
                yield "fill", f"{kind}.{name} is filled in {share:.0%} of rows; usual are {usual:.0%}."
