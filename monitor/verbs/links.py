"""`links`: what `link` found in one week, as a table, or one shop explained."""

import io
import sys
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from sqlalchemy import ColumnElement, Connection, Engine, Table, select

from monitor.access import log_access
from monitor.database import private_engine, read_frame, transaction, translate_errors
from monitor.errors import UsageError
from monitor.intervals import as_of
from monitor.marketplaces import catalogue
from monitor.private_store import business_versions, candidate_pairs, observations
from monitor.private_store import links as links_table
from monitor.text import safe_terminal
from monitor.verbs import common
from pipelines.linkage.explain import bits_of, verdict
from pipelines.linkage.weights import load_weights

COLUMNS = (
    "marketplace", "shop_id", "business_id", "group_id", "nib", "match_weight", "match_probability", "decision",
)  # fmt: skip
FORMATS = ("csv", "parquet")
PURPOSE = "check of links"  # as access_log keeps it
RANK = {"link": 0, "review": 1, "reject": 2}
CHUNK = 500


def links(
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    file_format: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; default: standard output.")] = None,
    explain: Annotated[
        tuple[str, str] | None, typer.Option("--explain", help="SLUG SHOP_ID: the candidates of one shop, and why.")
    ] = None,
) -> None:
    """Print the links of one week, one row per shop with a candidate; or explain one shop.

    Example: monitor links --week 2026-W47 --format parquet -o links.parquet
    """
    config = common.config()
    chosen = common.week_option(week, config)
    engine = private_engine(config)
    if explain:
        _explain(engine, chosen, *explain)
        return
    if file_format not in FORMATS:
        raise UsageError(f"'{file_format}' is no format of links; use csv or parquet.")
    if file_format == "parquet" and output is None:
        raise UsageError("Parquet is no text; name a file with -o.")
    with transaction(engine) as connection:
        log_access(connection, f"links {chosen} ({file_format})", None, PURPOSE)
    with translate_errors():
        _write(read_links(engine, chosen), file_format, output)


def _nibs(connection: Connection, ids: list[int]) -> dict[int, str | None]:
    table = business_versions.c
    query = select(table.business_id, table.nib).where(table.valid_to_part.is_(None)).order_by(table.valid_from_part)
    found: dict[int, str | None] = {}
    for at in range(0, len(ids), CHUNK):
        rows = connection.execute(query.where(table.business_id.in_(ids[at : at + CHUNK])))
        found |= {int(row.business_id): row.nib for row in rows}
    return found


def _same(table: Table) -> list[ColumnElement[Any]]:
    """The columns that pairs and links have in common."""
    names = ("marketplace", "shop_id", "business_id", "group_id", "weight", "probability", "decision")
    return [table.c[name] for name in names]


def read_links(engine: Engine, week: str) -> pd.DataFrame:
    """One row per shop with a candidate, ordered by marketplace and shop: `COLUMNS`.

    A confirmed link counts as `link`. match_weight in bits; match_probability is missing while not calibrated.
    """
    with engine.connect() as connection, connection.begin():
        candidates = read_frame(connection, select(*_same(candidate_pairs)).where(as_of(candidate_pairs, week)))
        linked = read_frame(connection, select(*_same(links_table)).where(as_of(links_table, week)))
        candidates, linked = candidates.assign(linked=1), linked.assign(decision="link", linked=0)
        every = pd.concat([linked, candidates], ignore_index=True)
        every["rank"] = every["decision"].map(RANK)
        every["down"] = -every["weight"].astype(float)
        every = every.sort_values(["marketplace", "shop_id", "rank", "linked", "down", "business_id"])
        best = every.drop_duplicates(["marketplace", "shop_id"])
        nib = _nibs(connection, sorted({int(number) for number in best["business_id"]}))
    best = best.rename(columns={"weight": "match_weight", "probability": "match_probability"})
    best = best.assign(nib=[nib.get(int(number)) for number in best["business_id"]])[list(COLUMNS)]
    kinds = {"business_id": "int64", "group_id": "int64", "match_weight": "float64", "match_probability": "float64"}
    return best.astype(kinds).reset_index(drop=True)


def _write(frame: pd.DataFrame, file_format: str, output: Path | None) -> None:
    if file_format == "parquet":
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        content = buffer.getvalue()
    else:
        content = frame.to_csv(index=False, lineterminator="\n").encode()
    if output is None:
        sys.stdout.write(content.decode())
        return
    aside = output.with_name(f".{output.name}.part")
    try:
        aside.write_bytes(content)
        aside.replace(output)
    finally:
        aside.unlink(missing_ok=True)


# --- one shop -------------------------------------------------------------------------------------------------------


def _of_shop(connection: Connection, table: Any, week: str, slug: str, shop_id: str) -> list[dict[str, Any]]:
    query = select(table).where(as_of(table, week), table.c.marketplace == slug, table.c.shop_id == shop_id)
    return [dict(row._mapping) for row in connection.execute(query)]


def _names(connection: Connection, ids: list[int]) -> dict[int, str]:
    table = business_versions.c
    query = select(table.business_id, table.business_name, table.trade_name).order_by(table.valid_from_part)
    rows = connection.execute(query.where(table.business_id.in_(ids)))
    return {int(row.business_id): row.business_name or row.trade_name or "" for row in rows}


def _explain(engine: Engine, week: str, slug: str, shop_id: str) -> None:
    if slug not in catalogue():
        raise UsageError(f"'{slug}' is no marketplace of the catalogue; name its slug, such as tokopedia.")
    with engine.connect() as connection, connection.begin():
        shop = _of_shop(connection, observations, week, slug, shop_id)
        candidates = _of_shop(connection, candidate_pairs, week, slug, shop_id)
        made = _of_shop(connection, links_table, week, slug, shop_id)
        if not shop and not candidates:
            raise UsageError(f"No shop {safe_terminal(shop_id)} of {slug} is known in {week}; check id and week.")
        names = _names(connection, [row["business_id"] for row in candidates])
    candidates.sort(key=lambda row: (RANK[row["decision"]], -row["weight"], row["business_id"]))
    name = safe_terminal(shop[0]["name"] or "", 80) if shop else ""
    rows = [
        {
            "business": row["business_id"],
            "registered as": safe_terminal(names.get(row["business_id"], ""), 40),
            "decision": row["decision"],
            "bits": round(row["weight"], 1),
            "agreements": row["agreements"],
            **bits_of(row["evidence"]),
        }
        for row in candidates
    ]
    used = [key for key in (rows[0] if rows else {}) if any(row[key] not in ("", None) for row in rows)]
    common.show(f"{slug} {safe_terminal(shop_id, 60)} {name} in {week}", [{k: row[k] for k in used} for row in rows])
    for sentence in verdict(candidates, made, load_weights()):
        typer.echo(sentence)
