"""What the page of `monitor explore` says: titles and columns from the codebook, facets, the twenty questions, limits.

Datasette's metadata as a plain dictionary; nothing here needs Datasette.
"""

import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from exports.explore.questions import Question, answerable
from monitor.errors import InputError
from monitor.results_columns import about
from monitor.results_store import metadata as codebook

FACETS: Mapping[str, tuple[str, ...]] = {
    "businesses": ("area_code", "sector", "size", "year_band"),
    "crawls": ("marketplace", "health", "kind"),
    "estimates": ("estimand", "domain_kind", "week", "status"),
    "judgements": ("purpose", "answer", "coder"),
    "link_history": ("marketplace", "decision", "known_from_week"),
    "marketplace_weeks": ("marketplace", "state", "week"),
    "presence": ("marketplace", "state", "evidence_grade"),
    "review_draws": ("purpose", "week"),
    "series_breaks": ("kind",),
    "shops": ("marketplace", "area_code", "state", "listing_count_band"),
    "suppressions": ("table_id", "reason", "week"),
}
# A page is for one researcher at a time; a question of one's own may cost five seconds, not the afternoon.
SETTINGS: Mapping[str, Any] = {
    "sql_time_limit_ms": 5_000,
    "facet_time_limit_ms": 2_000,
    "max_returned_rows": 5_000,
    "default_page_size": 50,
    "suggest_facets": False,
    "max_csv_mb": 200,
    "num_sql_threads": 2,
    "truncate_cells_html": 200,
}


def sqlite_file(folder: Path) -> Path:
    """The SQLite file of the release in `folder`. Raises InputError where it is none."""
    found = sorted(folder.glob("*.sqlite")) if folder.is_dir() else []
    if len(found) != 1 or not (folder / "manifest.json").is_file():
        raise InputError(f"{folder} is no release; name the folder of one, like data/releases/2026-W47-publik-1.")
    return found[0]


def manifest(folder: Path) -> dict[str, Any]:
    """The release's manifest. Raises InputError where it cannot be read."""
    try:
        found: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{folder / 'manifest.json'} cannot be read; fetch the release again.") from None
    return found


def metadata(name: str, tables: Iterable[str], told: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of the page. name: of the database; tables: that it holds; told: the release's manifest."""
    held = sorted(tables)
    questions = answerable(held)
    return {
        "title": f"Marketplace presence of UMKM: release {name}",
        "description_html": _welcome(name, told, questions),
        "databases": {
            name: {
                "description_html": _welcome(name, told, questions),
                "tables": {table: _table(table) for table in held if table in codebook.tables},
                "queries": {question.name: _query(name, question) for question in questions},
            }
        },
    }


def _welcome(name: str, told: Mapping[str, Any], questions: Iterable[Question]) -> str:
    """What this is, what must not be read out of it, and the questions with their charts."""
    practice = (
        "<p><strong>DATA LATIHAN: practice data, made for trying things out.</strong></p>"
        if told.get("synthetic")
        else ""
    )
    kind = "pseudonymous rows, under agreement" if told.get("class") == "research" else "aggregates, open to everybody"
    listed = "".join(f"<li>{_link(name, question)}</li>" for question in questions)
    return (
        f"{practice}<p>Release {escape(name)}: {kind}. Suppressed is not zero; not observable is not gone; E8 is a "
        f"lower bound that grows with reviewing, never a trend; E3 is never added up.</p><ol>{listed}</ol>"
    )


def _link(name: str, question: Question) -> str:
    at = f"/{name}/{question.name}"
    chart = f' (<a href="{at}#{escape(_chart(question))}">chart</a>)' if question.plot else ""
    return f'<a href="{at}">{escape(question.title)}</a>{chart}'


def _chart(question: Question) -> str:
    """Fragment by which datasette-vega opens a chart: mark, and one column on each axis."""
    assert question.plot is not None
    mark, x, y = question.plot
    return urlencode(
        {"g.mark": mark, "g.x_column": x, "g.x_type": "ordinal", "g.y_column": y, "g.y_type": "quantitative"}
    )


def _table(name: str) -> dict[str, Any]:
    table = codebook.tables[name]
    said: dict[str, Any] = {
        "description": table.comment,
        "columns": {column.name: _column(column) for column in table.c},
    }
    return said | ({"facets": list(FACETS[name])} if name in FACETS else {})


def _column(column: Any) -> str:
    it = about(column)
    return f"{it.meaning}. Unit: {it.unit}. Allowed: {it.allowed.words}. NULL: {it.null}."


def _query(name: str, question: Question) -> dict[str, str]:
    said = {"sql": question.sql, "title": f"{question.number}. {question.title}"}
    if question.plot:
        said["description_html"] = f'<p><a href="/{name}/{question.name}#{escape(_chart(question))}">As a chart</a></p>'
    return said
