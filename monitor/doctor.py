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
from monitor.crawl_process import ROOT, run_crawl
from monitor.crawl_reader import read_lines
from monitor.crawl_store import list_crawls, read_crawl

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
    slug: str, stats: Mapping[str, Any], seen: Fields, expected: Fields, cause: str | None, message: str | None
) -> Look:
    """What a look's figures and fields say. A field is missing where no row has it and every recorded row does."""
    answers = (stats.get("responses") or {}).get("total", 0)
    missing = _named({kind: names - seen[kind] for kind, names in expected.items() if seen.get(kind)})
    changed = tuple(sorted(stats.get("shape_fields") or {}))
    there = _named({kind: names & expected.get(kind, names) for kind, names in seen.items()})
    if cause is not None and cause.startswith("refused"):
        return Look(slug, "refused", answers, there, cause=cause, message=message)
    if missing or changed:
        return Look(slug, "changed", answers, there, missing, changed, "format_changed")
    if stats.get("errors") or (cause is not None and cause not in _FINE):
        return Look(slug, "not_read", answers, there, cause=cause, message=message)
    if not any(seen.values()):
        said = "No shop and no product was shown." if answers else "Nothing was answered."
        return Look(slug, "not_read", answers, cause="not_the_page", message=said)
    return Look(slug, "ok", answers, there)


def fields_of(directory: Path) -> Fields:
    """Fields that at least one row of the crawl directory holds, rows of unfinished units included."""
    return {kind: _filled(read_lines(directory / name)) for kind, name in TYPES.items()}


def _filled(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    return {name for row in rows for name, value in row.items() if value not in (None, [], "")} - _NOT_FIELDS


def expected_fields(slug: str, kinds: Iterable[str]) -> Fields:
    """Fields that every row of the recorded cases of these kinds holds; nothing where no case is at hand."""
    found: Fields = {}
    for kind in kinds:
        for name, always in _always(slug, kind).items():
            found.setdefault(name, set()).update(always)
    return found


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
