"""What makes a crawl publishable: a pure function over its stats, its catalogue entry and earlier accepted crawls.

The band is max(6 MAD, 15 % of the median) of the last 8 accepted crawls: in simulation 0.0 to 2.0 % false alarms per
crawl at a weekly noise of 2 to 8 %, where 4 MAD alone gives 24 %. A crawl outside is kept, not loaded; two in a row
within 15 % of each other, or one that a person accepted, are a new level, so that a real change locks nobody out.

stats (`stats.json`, written by `monitor.extensions`; a feed may leave out what it does not know):
  finish_reason     "finished", else why it ended early
  cause             what told a refusal, or what kept robots.txt from being read
  responses         total and refused: answers judged by content
  units             planned, done, failed, capped, with_entries, unclear_end, repeated
  failures          what kept units from being read: kind -> units
  declared, fetched entries over the units that state a total and were not capped
  places_missing    kab/kota that could not be searched
  shop_count        distinct shops; regional_shop_count: of the region or of unknown place
  fill              per type and field the share of rows that hold it
  shape_fields      fields that were not as documented -> entries left out
  sentinels         drawn, found, closed, lost (see `monitor.sentinels`)
  errors            exceptions in spider or pipelines
  accepted          by, at, reason: a person says that the new level is real
Causes are explained in `monitor.causes`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from monitor.causes import cause_of, explain, refusal_cause
from monitor.health_history import Past, Stats, count_of
from monitor.marketplaces import Bounds, Marketplace

MAX_REFUSED_SHARE = 0.02
MIN_FETCHED_SHARE = 0.98
MAX_FAILED_UNITS = 0.02
MAX_FILL_CHANGE = 0.05
# 7 of 45 keyword crawls of January 2026 ended unclear; a soft block makes nearly all of them so.
MAX_UNCLEAR_SHARE = 0.5
MAX_SHAPE_SHARE = 0.02
# Lists of which half the rows had been said before; searches repeat 13 to 26 % of their rows between pages (2026-01).
MAX_REPEATED_SHARE = 0.05
MIN_SENTINELS_SHARE = 0.9
MIN_SENTINELS = 10  # fewer say nothing: one lost shop would be more than a tenth


@dataclass(frozen=True)
class Health:
    """health: healthy, failed or unfinished. cause: one name where not healthy. problems: sentences for ops.

    is_new_level: healthy, and from here on earlier counts do not compare; a row of series_breaks belongs to it.
    """

    health: str
    cause: str | None = None
    problems: list[str] = field(default_factory=list)
    is_new_level: bool = False


class _Info(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def sandbox(self) -> bool: ...


class _Observed(_Info, Protocol):
    @property
    def coverage(self) -> str: ...


Found = Iterator[tuple[str, str]]  # cause, sentence


def check(info: _Info, stats: Stats | None, entry: Marketplace, history: Sequence[Stats] = ()) -> Health:
    """Health of one crawl or feed.

    info: `kind` ("crawl" or "feed") and `sandbox` of its directory. stats: None while it is unfinished.
    history: earlier crawls of the marketplace, oldest first: rows of the table `crawls` (kind, health, cause, stats).
    """
    if stats is None:
        return Health("unfinished", "unfinished", ["The crawl was interrupted; run it again in its week to finish it."])
    past = Past([row for row in history if row["kind"] == info.kind and row["stats"]])
    early = list(_ending(stats))
    if early:  # whatever else looks odd follows from it
        return Health("failed", early[0][0], [sentence for _, sentence in early])
    checks = [_errors(stats)]
    if info.kind == "crawl":
        checks += [_refusals(stats), _units(stats), _lists(stats), _fetched(stats), _shapes(stats)]
        checks += [] if stats.get("accepted") else [_sentinels(stats), _fill(stats, past), _band(stats, past)]
    checks.append(_bounds(stats, entry, info.sandbox))
    found = [problem for part in checks for problem in part]
    if not found:
        return Health("healthy", is_new_level=info.kind == "crawl" and past.begins_level(stats))
    return Health("failed", found[0][0], [sentence for _, sentence in found])


def judge(info: _Observed, stats: Stats | None, entry: Marketplace, history: Sequence[Stats] = ()) -> Health:
    """Health as it counts for the week, where it is known what the crawl or feed claims to hold.

    The catalogue's lower bound is for crawls: it tells a blocked one from a complete one. A feed is complete because
    its sender says so. A partial crawl or feed may hold as few shops as it likes, and says nothing about the usual
    level.
    """
    any_number = replace(entry, expected_shops=Bounds(0, entry.expected_shops.max))
    if info.coverage != "complete":
        return check(info, stats, any_number)
    return check(info, stats, any_number if info.kind == "feed" else entry, history)


def _ending(stats: Stats) -> Found:
    reason, cause = stats.get("finish_reason", "finished"), stats.get("cause")
    if reason == "refused":
        full = refusal_cause(cause) if cause else "refused"
        said = "refused to be read" if full.startswith("refused") else "could not be read"
        yield full, f"The marketplace {said} ({stats.get('sign') or cause or 'refused'})."
    elif reason == "not_plannable" and _failures(stats):
        yield _usual_failure(stats), f"What has to be known first could not be read ({_said(_failures(stats))})."
    elif reason == "unreadable":
        yield _usual_failure(stats), f"One query after the other could not be read ({_said(_failures(stats))})."
    elif reason == "robots_unreachable" and cause:
        yield cause_of(cause), f"robots.txt could not be read ({cause}), so nothing was asked."
    elif reason != "finished":
        yield cause_of(str(reason)), f"The crawl ended early ({reason})."


def _failures(stats: Stats) -> dict[str, int]:
    """Units per cause that kept them from being read, most frequent first. Older stats say it by their issues."""
    kinds = stats.get("failures")
    if not kinds:
        kinds = {kind: count for kind, count in (stats.get("issues") or {}).items() if _FAILURE_KINDS.fullmatch(kind)}
    found: dict[str, int] = {}
    for kind, count in kinds.items():
        cause = cause_of(kind)
        found[cause] = found.get(cause, 0) + count
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


_FAILURE_KINDS = re.compile(r"connection|unknown_answer|cut|not_sent|error|not_the_page|http_\d+")


def _usual_failure(stats: Stats) -> str:
    """The cause that more than half of the failures share, else `partial`."""
    failures = _failures(stats)
    first = next(iter(failures), "partial")
    return first if failures and failures[first] * 2 > sum(failures.values()) else "partial"


def _said(failures: Mapping[str, int]) -> str:
    named = [f"{entry.title if (entry := explain(cause)) else cause}: {count}" for cause, count in failures.items()]
    return ", ".join(named) or "for no recorded reason"


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
    planned, failed = units.get("planned") or 0, units.get("failed") or 0
    if not planned:
        yield "nothing_planned", "There was nothing to read: no query could be made."
        return
    if failed / planned > MAX_FAILED_UNITS:
        yield (
            _usual_failure(stats),
            f"{failed} of {planned} queries could not be read ({_said(_failures(stats))}).",
        )
    if stats.get("places_missing"):
        yield "place_unresolved", f"Could not be searched: {', '.join(stats['places_missing'])}."


def _lists(stats: Stats) -> Found:
    units = stats.get("units") or {}
    unclear, repeated = units.get("unclear_end") or 0, units.get("repeated") or 0
    lists = max(unclear, units.get("with_entries") or 0)
    if lists and repeated / lists > MAX_REPEATED_SHARE:
        yield "repeated_pages", f"{repeated} of {lists} lists showed the same rows on page after page."
    if lists and unclear / lists > MAX_UNCLEAR_SHARE:
        yield "unclear_end", f"{unclear} of {lists} lists ended without saying that they end."


def _fetched(stats: Stats) -> Found:
    declared, fetched = stats.get("declared") or 0, stats.get("fetched") or 0
    if declared and fetched / declared < MIN_FETCHED_SHARE:
        yield "incomplete", f"{fetched:,} of {declared:,} declared entries were read."


def _shapes(stats: Stats) -> Found:
    left_out = (stats.get("issues") or {}).get("shape", 0)
    entries = max(stats.get("entries") or 0, left_out)
    if entries and left_out / entries > MAX_SHAPE_SHARE:
        fields = stats.get("shape_fields") or {}
        name = max(fields, key=lambda key: (fields[key], key)) if fields else ""
        yield (
            f"format_changed:{name}" if name else "format_changed",
            f"{left_out:,} of {entries:,} entries were not as documented; the site has changed"
            f"{f' ({name})' if name else ''}.",
        )


def _sentinels(stats: Stats) -> Found:
    """Shops that answer "closed" leave the denominator: they were found, and ended by themselves."""
    known = stats.get("sentinels") or {}
    asked = (known.get("drawn") or 0) - (known.get("closed") or 0)
    found = known.get("found") or 0
    if asked >= MIN_SENTINELS and found / asked < MIN_SENTINELS_SHARE:
        yield "sentinels", f"{found} of {asked} shops that are usually there were found."


def _bounds(stats: Stats, entry: Marketplace, is_sandbox: bool) -> Found:
    count = count_of(stats)
    low, high = entry.expected_shops.min, entry.expected_shops.max
    if is_sandbox:
        low = min(low, 1)  # a small world is no reason to doubt; an empty one is
    if not low <= count <= high:
        yield "count", f"{count:,} shops; expected are {low:,} to {high:,}."


def _band(stats: Stats, past: Past) -> Found:
    count, band = count_of(stats), past.band()
    if band is not None and past.is_outside(count) and not past.confirms(count):
        yield "count_changed", f"{count:,} shops; usual are {band[0]:,.0f} (±{band[1]:,.0f})."


def _fill(stats: Stats, past: Past) -> Found:
    for kind, fields in (stats.get("fill") or {}).items():
        for name, share in fields.items():
            usual = past.usual_fill(kind, name)
            # More than before is no harm: a plan that begins to ask for shop pages fills what lists leave empty.
            if usual is not None and usual - share > MAX_FILL_CHANGE:
                yield (
                    f"format_changed:{kind}.{name}",
                    f"{kind}.{name} is filled in {share:.0%} of rows; usual are {usual:.0%}.",
                )
