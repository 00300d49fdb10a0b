"""`explain`: how one figure arose, from strata, judgements, probes, coverage and draws; or why there is none."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import pandas as pd
import typer
from sqlalchemy import Connection, Engine, func, select

from monitor.config import Config
from monitor.database import private_engine, read_frame, translate_errors
from monitor.errors import UsageError
from monitor.private_store import draws, estimates
from monitor.verbs import common
from monitor.verbs.explain_tables import number_text, show
from monitor.verbs.explain_words import FIGURES, why_missing
from monitor.weeks import shift_week

VINTAGES = ("flash", "final", "benchmark")
WINDOW = 13  # weeks of draws that may stand behind a figure


def explain(
    estimand: Annotated[str, typer.Argument(help="Figure, like E1, E2, E3, E8, E9, E6_1.")],
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    area: Annotated[str | None, typer.Option(help="Kab/kota, like 3602.")] = None,
    sector: Annotated[str | None, typer.Option(help="Sector, like kriya; with --area: the cell of both.")] = None,
    size: Annotated[str | None, typer.Option(help="mikro, kecil or menengah.")] = None,
    marketplace: Annotated[str | None, typer.Option(help="Slug of a marketplace.")] = None,
    cohort: Annotated[str | None, typer.Option(help="Name of a cohort.")] = None,
    vintage: Annotated[str | None, typer.Option(help="flash, final or benchmark; default: the latest.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Explain how one figure arose, or why it is not available.

    Example: monitor explain E1 --week 2026-W47 --area 3602
    """
    config = common.config()
    chosen = common.week_option(week, config)
    if vintage is not None and vintage not in VINTAGES:
        raise UsageError(f"'{vintage}' is not a vintage; choose one of {', '.join(VINTAGES)}.")
    domain = _domain(
        config, {"area": area, "sector": sector, "size": size, "marketplace": marketplace, "cohort": cohort}
    )
    found = read_figure(private_engine(config), _name(estimand), domain, chosen, vintage)
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2, default=str) + "\n")
        return
    show(found)


def _name(estimand: str) -> str:
    name = estimand.strip().upper()
    if name not in FIGURES:
        raise UsageError(f"'{estimand}' is no figure; choose one of {', '.join(FIGURES)}.")
    return name


def _domain(config: Config, given: Mapping[str, str | None]) -> tuple[str, str]:
    """Kind and code that were asked for; the province when none was."""
    named = {kind: code for kind, code in given.items() if code is not None}
    if set(named) == {"area", "sector"}:
        return "area_sector", f"{named['area']}/{named['sector']}"
    if len(named) > 1:
        raise UsageError(f"Ask for one domain at a time, not for {' and '.join(f'--{kind}' for kind in named)}.")
    return next(iter(named.items()), ("province", config.region.code))


def read_figure(
    engine: Engine, estimand: str, domain: tuple[str, str], week: str, vintage: str | None = None
) -> dict[str, Any]:
    """The newest revision of a figure with its details, the draws behind it, and the sentence how it arises.

    Raises UsageError when the week was not measured or has no such figure.
    """
    kind, code = domain
    with translate_errors(), engine.connect() as connection:
        row = _newest(connection, estimand, kind, code, week, vintage)
        rows = _draws(connection, week)
    details = row.pop("details") or {}
    missing = row["status"] == "not_available"
    why, what = why_missing(row["reason"]) if missing else (None, None)
    return {
        "figure": {**row, "means": FIGURES[estimand]},
        "sentence": _missing(row, details, str(why), str(what)) if missing else _sentence(row, details),
        "why": why,
        "what_would_help": what,
        "details": details,
        "draws": rows,
    }


def _newest(
    connection: Connection, estimand: str, kind: str, code: str, week: str, vintage: str | None
) -> dict[str, Any]:
    table = estimates.c
    of_week = select(estimates).where(table.week == week, table.estimand == estimand)
    found = read_frame(connection, of_week.where(table.domain_kind == kind))
    if found.empty:
        _refuse(connection, estimand, kind, week)
    own = found[found["domain_code"] == code]
    if vintage is not None:
        own = own[own["vintage"] == vintage]
    if own.empty:
        some = ", ".join(sorted(found["domain_code"].unique())[:12])
        asked = f"{kind} '{code}'" + (f" as {vintage}" if vintage else "")
        raise UsageError(f"{estimand} of {week} has no {asked}; known: {some}.")
    rank = {name: number for number, name in enumerate(VINTAGES)}
    newest = own.assign(rank=own["vintage"].map(rank)).sort_values(["rank", "revision"]).drop(columns="rank").iloc[-1]
    return {str(key): _plain(value) for key, value in newest.to_dict().items()}


def _plain(value: Any) -> Any:
    return None if not isinstance(value, dict | list) and pd.isna(value) else value


def _refuse(connection: Connection, estimand: str, kind: str, week: str) -> None:
    table = estimates.c
    kinds = connection.execute(
        select(table.domain_kind).where(table.week == week, table.estimand == estimand).distinct()
    )
    known = sorted(kinds.scalars())
    if known:
        raise UsageError(f"{estimand} is not computed by {kind}; it is by {', '.join(known)}.")
    measured = connection.execute(select(func.count()).where(table.week == week)).scalar_one()
    if measured:
        raise UsageError(f"{estimand} was not computed for {week}; other figures were.")
    raise UsageError(f"Week {week} has not been measured; run 'measure --week {week}' first.")


def _draws(connection: Connection, week: str) -> list[dict[str, Any]]:
    """Groups that could be drawn and were, by purpose and stratum, over the longest window."""
    table = draws.c
    sums = (func.sum(table.base).label("base"), func.sum(table.drawn).label("drawn"))
    weeks = func.count(table.week.distinct()).label("weeks")
    query = (
        select(table.purpose, table.stratum, weeks, *sums)
        .where(table.week <= week, table.week > shift_week(week, -WINDOW))
        .group_by(table.purpose, table.stratum)
        .order_by(table.purpose, table.stratum)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


# --- sentences ------------------------------------------------------------------------------------------------------


def _missing(row: Mapping[str, Any], details: Mapping[str, Any], why: str, what: str) -> str:
    """Why a figure is not available, and what would make it so."""
    larger = f" It is part of {details['merged_into']}, which is published." if details.get("merged_into") else ""
    return f"{row['estimand']} is not available: {why}. To make it available: {what}.{larger}"


def _sentence(row: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    """How the number arises."""
    name = str(row["estimand"])
    value, low, high = (number_text(name, row[key]) for key in ("value", "low", "high"))
    if name in ("E8", "D"):
        return f"{name} = {value}: {FIGURES[name]}, counted one by one; no interval."
    if name == "E9":
        return (
            f"E9 = {value}: {details['probes_detected']} of {details['probes']} known-present businesses were detected."
        )
    between = f" The 95 % interval runs from {low} to {high}." if row["high"] is not None else f" At least {low}."
    if details.get("benchmarked_to"):
        return (
            f"{name} = {value}: the median of draws in which the domain's own judgements and probes correct those of "
            f"the province, scaled draw by draw to {details['benchmarked_to']}.{between}"
        )
    if name in ("E1", "E2", "E3") and details.get("coverage"):
        return _level(row, details) + between
    return f"{name} = {value}: {FIGURES[name]}.{between}"


def _level(row: Mapping[str, Any], details: Mapping[str, Any]) -> str:
    parts = [part for part in details["coverage"] if "detected_groups" in part]
    each = " + ".join(
        f"(({part['detected_groups']:,.1f} + 1) x ({part['probes']} + 1) / ({part['probes_detected']} + 1) - 1)"
        for part in parts
    )
    detected = details["detected"]["value"]
    positives = sum(stratum["positives"] for stratum in details["strata"])
    by = f", divided by {details['registered']:,} registered groups" if row["estimand"] == "E2" else ""
    value = number_text(str(row["estimand"]), row["value"])
    return (
        f"{row['estimand']} = {value} = {each}{by}: {detected:,.1f} groups are truly detected, "
        f"{positives:,} of them judged and the others by the rate of their stratum; the known-present "
        "businesses say what share of all that is."
    )
