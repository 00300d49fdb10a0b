"""A look at one marketplace with a few requests: does it still answer as its reader expects?

The real spider asks, in a folder of its own beside the data, so that nothing of it is ever loaded. What is expected is
what the recorded cases of the answered kinds show in every row.
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monitor.causes import action_for
from monitor.config import Config
from monitor.crawl.files import list_crawls
from monitor.crawl.process import ROOT, run_crawl
from monitor.crawl.reader import read_lines
from monitor.crawl.store import read_crawl

REQUESTS = 3
FOLDER = "doctor"
RECORDED = ROOT / "tests" / "recorded"
TYPES = {"shop": "shops.jsonl", "listing": "listings.jsonl"}
# Said by every row, or resolved by us from what is printed.
_NOT_FIELDS = frozenset(
    {"type", "marketplace", "unit", "attempt", "observed_at", "identifiers", "area_codes", "district_code", "status"}
    | {"shop_id", "listing_id", "account_id"}
)
_FINE = ("budget", "count", "incomplete", "unclear_end", "place_unresolved")  # what a few requests cannot tell

Fields = dict[str, set[str]]  # shop or listing -> names of fields


@dataclass(frozen=True)
class Look:
    """One marketplace. state: ok, changed, refused, not_read or not_asked; fields as `shop.city`."""

    marketplace: str
    state: str
    answers: int = 0
    there: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    cause: str | None = None
    message: str | None = None

    @property
    def is_failure(self) -> bool:
        return self.state in ("changed", "not_read")

    def row(self) -> dict[str, Any]:
        lists = {name: ", ".join(getattr(self, name)) for name in ("there", "missing", "changed")}
        action = action_for("format_changed" if self.state == "changed" else self.cause) if self.state != "ok" else None
        head = {"marketplace": self.marketplace, "state": self.state, "answers": self.answers}
        return {**head, **lists, "cause": self.cause, "message": self.message, "action": action}


def look(config: Config, slug: str, week: str, sandbox: Path | None = None, plan: Path | None = None) -> Look:
    """Asks the marketplace a few times, as politely as a crawl. Raises StoreError where it cannot be started."""
    apart = replace(config, data_dir=config.data_dir / FOLDER)
    shutil.rmtree(apart.crawls_dir / slug, ignore_errors=True)  # the look before this one
    outcome = run_crawl(apart, slug, week, sandbox=sandbox, budget=REQUESTS, plan=plan, only_looks=True)
    found = list_crawls(apart.crawls_dir, slug) if apart.crawls_dir.exists() else []
    stats = read_crawl(found[-1]).stats if found else None
    if stats is None:
        return Look(slug, "not_read", cause=outcome.cause, message=outcome.message)
    seen = fields_of(found[-1])
    expected = expected_fields(slug, (stats.get("responses") or {}).get("by_kind") or {})
    return judge(slug, stats, seen, expected, outcome.cause, outcome.message)


def judge(
    slug: str, stats: Mapping[str, Any], seen: Fields, expected: list[Fields], cause: str | None, message: str | None
) -> Look:
    """What a look's figures and fields say.

    expected: fields per kind of answer. A field is missing where no row has it, every recorded row of the kind does,
    and rows of the kind were shown: a reader may leave out rows of other provinces.
    """
    responses = stats.get("responses") or {}
    answers = responses.get("total", 0)
    missing = _named(_lacking(seen, expected))
    changed = tuple(sorted(stats.get("shape_fields") or {}))
    there = _named(seen)
    if cause is not None and cause.startswith("refused"):
        return Look(slug, "refused", answers, there, cause=cause, message=message)
    if missing or changed:
        return Look(slug, "changed", answers, there, missing, changed, "format_changed")
    if stats.get("errors") or (cause is not None and cause not in _FINE):
        return Look(slug, "not_read", answers, there, cause=cause, message=message)
    if not answers or "unknown" in (responses.get("by_kind") or {}):
        return Look(slug, "not_read", answers, there, cause="not_the_page", message="No answer was as expected.")
    kinds = ", ".join(sorted(responses.get("by_kind") or {}))
    return Look(
        slug, "ok", answers, there, message=None if there else f"Answers of known kinds ({kinds}), but no rows."
    )


def _lacking(seen: Fields, expected: list[Fields]) -> Fields:
    found: Fields = {}
    for fields in expected:
        for kind, names in fields.items():
            if names & seen.get(kind, set()):
                found.setdefault(kind, set()).update(names - seen[kind])
    return found


def fields_of(directory: Path) -> Fields:
    """Fields that at least one row of the crawl directory holds, rows of unfinished units included."""
    return {kind: _filled(read_lines(directory / name)) for kind, name in TYPES.items()}


def _filled(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    return {name for row in rows for name, value in row.items() if value not in (None, [], "")} - _NOT_FIELDS


def expected_fields(slug: str, kinds: Iterable[str]) -> list[Fields]:
    """Per kind the fields that every row of its recorded cases holds; nothing where no case is at hand."""
    return [_always(slug, kind) for kind in kinds]


def _always(slug: str, kind: str) -> Fields:
    found: Fields = {}
    for path in sorted((RECORDED / slug).glob("*/meta.json")):
        if json.loads(path.read_text(encoding="utf-8"))["callback"] != kind:
            continue
        for row in json.loads(path.with_name("expected.json").read_text(encoding="utf-8"))["rows"]:
            if row["type"] in TYPES:
                names = _filled([row])
                found[row["type"]] = found[row["type"]] & names if row["type"] in found else names
    return found


def _named(fields: Mapping[str, set[str]]) -> tuple[str, ...]:
    return tuple(f"{kind}.{name}" for kind in sorted(fields) for name in sorted(fields[kind]))
