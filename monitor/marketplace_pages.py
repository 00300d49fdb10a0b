"""A page per marketplace, from the catalogue and the crawls of the last weeks: what it is, how it is read, how sure.

Markdown, English, for ops. Nothing from outside stands on it but counts and named causes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from monitor.causes import explain
from monitor.config import Config
from monitor.database import translate_errors
from monitor.errors import StoreError
from monitor.marketplaces import Marketplace, catalogue
from monitor.permission import terms_checked_on
from monitor.private_store import crawls
from monitor.weeks import shift_week

WEEKS = 8
INDEX = "README.md"
SUPPORT = {
    "crawled": "public listings are crawled",
    "until_refused": "crawled until the site refuses; `refused` at the first sign",
    "link_check": "known shops are asked whether they are still there; no discovery",
    "handed_over": "what is handed over (feed, official data, declarations); never requested",
    "closed": "closed; named so that old links are told as such",
}
EVIDENCE = {
    "captured": "real answers are held and read in the tests",
    "documented": "written from documentation or the operator's own source; no answer of the live site was seen",
    "modelled": "written from descriptions by others; the first unknown shape is an issue, not a guess",
    "none": "nothing is read from its pages",
}
Row = Mapping[str, Any]


def weeks_of(engine: Engine, last: str) -> dict[str, list[Row]]:
    """Crawls and feeds of the last WEEKS weeks up to `last`, by marketplace, oldest first."""
    names = ("marketplace", "week", "kind", "coverage", "health", "cause", "shop_count", "started_at")
    query = select(*(crawls.c[name] for name in names)).where(
        crawls.c.week > shift_week(last, -WEEKS), crawls.c.week <= last
    )
    found: dict[str, list[Row]] = {}
    with translate_errors(), engine.connect() as connection:
        for row in connection.execute(query.order_by(crawls.c.week, crawls.c.started_at)).mappings():
            found.setdefault(str(row["marketplace"]), []).append(dict(row))
    return found


def write_pages(folder: Path, config: Config, engine: Engine, last: str, readers: Mapping[str, str]) -> list[Path]:
    """One page per entry and README.md with all of them; their paths.

    last: last week shown. readers: slug -> first line of what its spider says about itself. Raises StoreError.
    """
    history = weeks_of(engine, last)
    pages = {
        f"{slug}.md": to_page(entry, terms_checked_on(entry, config), history.get(slug, ()), readers.get(slug))
        for slug, entry in catalogue().items()
    }
    pages[INDEX] = to_index(last, history)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"The pages cannot be written to {folder}: {error.strerror or error}.") from None
    return [folder / name for name in pages]


def to_page(entry: Marketplace, terms: str, history: Sequence[Row], reader: str | None) -> str:
    """The page of one marketplace."""
    facts = {
        "Operator": entry.operator,
        "Address": entry.home_url,
        "Kind": entry.kind,
        "How it is read": SUPPORT[entry.support],
        "How sure": EVIDENCE[entry.evidence],
        "Reader": reader or "none",
        "Terms last read": terms or ("never; no live crawl before" if entry.is_requested else "not requested"),
        "Asked": f"{entry.weekly_on}, {entry.delay_s:g} s between requests" if entry.is_requested else "never",
        "Shops expected": f"{entry.expected_shops.min:,} to {entry.expected_shops.max:,}",
        "Hosts": ", ".join(entry.hosts) or "none",
        "Sells the goods of many": "yes" if entry.collective else "no",
    }
    if entry.ended_on:
        facts["Closed on"] = entry.ended_on
    lines = [f"# {entry.title} (`{entry.slug}`)", "", "| | |", "|---|---|"]
    lines += [f"| {_cell(name)} | {_cell(value)} |" for name, value in facts.items()]
    if entry.note:
        lines += ["", f"Readers of the report are told: *{entry.note}*"]
    return "\n".join([*lines, "", f"## Last {WEEKS} weeks", "", *_history(history), ""])


def _history(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["Nothing was crawled or handed over."]
    lines = ["| week | what | shops | health | what to do |", "|---|---|---|---|---|"]
    for row in rows:
        cause = explain(row["cause"]) if row["cause"] else None
        health = row["health"] if cause is None else f"{row['health']}: {cause.title} (`{row['cause']}`)"
        what = f"{row['coverage']} {row['kind']}"
        cells = (row["week"], what, f"{row['shop_count']:,}", health, cause.action if cause else "")
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return lines


def to_index(last: str, history: Mapping[str, Sequence[Row]]) -> str:
    """All marketplaces in one table."""
    lines = [f"# Marketplaces, up to {last}", "", "| marketplace | support | evidence | last week | health |"]
    lines.append("|---|---|---|---|---|")
    for slug, entry in catalogue().items():
        latest = history[slug][-1] if history.get(slug) else None
        cells = (latest["week"], latest["cause"] or latest["health"]) if latest else ("none", "")
        shown = (f"[{entry.title}]({slug}.md)", entry.support, entry.evidence, *cells)
        lines.append("| " + " | ".join(map(_cell, shown)) + " |")
    return "\n".join([*lines, ""])


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")
