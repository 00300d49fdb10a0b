"""What `explain` shows of a figure: tables of its strata, coverage and draws, and numbers as people read them."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

SHARES = ("E2", "E4_1", "E4_2", "E4_3", "E9", "E2_ACTIVE", "E2_ALIVE", "ELSEWHERE", "COHORT_DIFF")
EDGES = (".01", ".05", ".20", ".50", ".80", ".95", ".99", "1")
# Columns in the order in which people read them.
COLUMNS = (
    "what", "purpose", "office", "part", "stratum", "draws of", "registered", "groups", "judged", "drawn", "positives",
    "rate", "n_eff", "open", "open_carried", "detected_groups", "probes", "probes_detected", "probes_waiting", "weeks",
    "base", "value", "mean", "median", "low", "high", "asked", "answered",
)  # fmt: skip
SHOWN = ("people", "detected", "present", "computed", "strata", "coverage", "model_version")  # in tables of their own


def number_text(name: str, value: float | None) -> str:
    """Groups as whole numbers, shares in percent."""
    if value is None:
        return "?"
    return f"{value:.2%}" if name in SHARES else f"{value:,.0f}"


def show(found: Mapping[str, Any]) -> None:
    """Prints what `explain.read_figure` found: facts, tables, and the sentence."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    row, details = found["figure"], found["details"]
    name = row["estimand"]
    about = f"{row['week']} ({row['vintage']}, revision {row['revision']})"
    title = f"{name} {row['domain_kind']} {row['domain_code']}, {about}"
    facts = {
        "measures": row["means"],
        "status": row["status"] + (f" ({row['reason']})" if row["reason"] else ""),
        "value": number_text(name, row["value"]) if row["value"] is not None else "not available",
        "95 % interval": _interval(name, row) or "none",
        "precision (grade)": row["grade"] or "none",
        "groups judged": _count(row["n_judged"]),
        "known-present businesses": _count(row["n_probes"]),
        "method version": str(row["method_version"]),
        "registry snapshot": row["registry_snapshot"] or "none",
        "linkage model": details.get("model_version") or "none",
        "hash of the inputs": str(row["input_digest"])[:16],
        "computed at": str(row["made_at"]),
        "coverage used": "none" if row["kappa"] is None else f"{row['kappa']:.3f}",
    }
    _table(console, title, [{"": label, " ": value} for label, value in facts.items()])
    for label, rows in _tables(details, found["draws"]).items():
        if rows:
            _table(console, label, rows)
    console.print(escape(found["sentence"]), soft_wrap=True)


def _count(value: Any) -> str:
    return "none needed" if value is None else f"{int(value):,}"


def _interval(name: str, row: Mapping[str, Any]) -> str | None:
    if row["low"] is None:
        return None
    return f"{number_text(name, row['low'])} to {number_text(name, row['high']) if row['high'] is not None else 'open'}"


def _tables(details: Mapping[str, Any], drawn: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Title -> rows of what there is: strata, coverage, draws of the result, other counts, versions."""
    strata = [
        _banded({key: value for key, value in row.items() if key not in ("from", "to")}) for row in _rows(details)
    ]
    asked = [_banded(row) for row in drawn]
    spread = [
        {"draws of": key, **details[key]} for key in ("detected", "present") if isinstance(details.get(key), dict)
    ]
    if isinstance(details.get("computed"), dict):
        spread.append({"draws of": "computed, before any rule", **details["computed"]})
    names = [name for name in COLUMNS if any(name in row for row in spread)]
    people = details.get("people") or {}
    plain = {key: value for key, value in details.items() if key not in SHOWN and _is_plain(value)}
    if people:
        plain["answers to pairs with a known answer"] = people["seeded"]
    return {
        "Score strata": strata,
        "Coverage": [dict(row) for row in details.get("coverage", ())],
        "Drawn for review in 13 weeks": asked if strata else [],
        "Draws": [{name: row.get(name) for name in names} for row in spread],
        "Offices": [dict(row) for row in people.get("offices", ())],
        "Other": [{"what": key, "value": _text(value)} for key, value in plain.items()],
    }


def _rows(details: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = details.get("strata", ())
    return found


def _banded(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its score stratum as a band; other strata (of clerical draws) stay as they are called."""
    number = str(row["stratum"])
    if number.isdigit() and int(number) < len(EDGES) - 1:
        return {**row, "stratum": f"{EDGES[int(number)]} to {EDGES[int(number) + 1]}"}
    return dict(row)


def _is_plain(value: Any) -> bool:
    return value not in (None, [], {}) and not (isinstance(value, list) and value and isinstance(value[0], dict))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {entry}" for key, entry in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(console: Console, title: str, given: Sequence[Mapping[str, Any]]) -> None:
    # Details were stored as JSON, with their keys by the alphabet.
    order = {name: place for place, name in enumerate(COLUMNS)}
    rows = [dict(sorted(row.items(), key=lambda item: order.get(item[0], len(order)))) for row in given]
    table = Table(title=escape(title), title_justify="left", title_style="bold", header_style="bold")
    for name in rows[0]:
        numeric = all(isinstance(row[name], int | float | None) for row in rows)
        table.add_column(escape(name.replace("_", " ")), justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(escape(_cell(value)) for value in row.values()))
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.1f}"
    return f"{value:,.0f}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
