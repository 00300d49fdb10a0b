"""`feed`: a handed-over file becomes a crawl directory like any other."""

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from exports.feed_template import write_template
from monitor.database import private_engine
from monitor.errors import InputError, UsageError
from monitor.feed.handover import FeedReport, hand_over
from monitor.feed.official_api import getter, rows
from monitor.marketplaces import marketplace as catalogue_entry
from monitor.verbs import common
from monitor.weeks import utc_now


def feed(
    file: Annotated[
        str | None, typer.Argument(help="CSV, XLSX, JSON lines or Parquet; - reads what parse prints.")
    ] = None,
    marketplace: Annotated[str, typer.Option(help="Slug of the marketplace whose shops these are.")] = "",
    observed_on: Annotated[str, typer.Option(help="Day on which the rows were true, like 2026-11-21.")] = "",
    complete: Annotated[
        bool | None,
        typer.Option("--complete/--partial", help="Are these all shops, or some? Absence from some means nothing."),
    ] = None,
    official: Annotated[
        str | None, typer.Option(help="Fetch official orders of this agency (kode KLPD, like D107) instead of a file.")
    ] = None,
    year: Annotated[int | None, typer.Option(help="Budget year of --official; default: this year.")] = None,
    template: Annotated[
        Path | None, typer.Option(help="Write a template and a letter to the marketplace into this folder instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Take in shops or listings that somebody handed over, or write the template and letter that ask for them.

    Official orders (inaproc, toko_daring) are read from a file, or fetched with the key in MONITOR_INAPROC_KEY.

    Example: monitor feed toko.csv --marketplace tokopedia --observed-on 2026-11-21 --partial
    """
    if not marketplace:
        raise UsageError("Say whose shops these are, like --marketplace tokopedia.")
    if template is not None:
        _write_template(template, marketplace, as_json)
        return
    if official is not None:
        _official(marketplace, official, year, as_json)
        return
    if file is None or not observed_on:
        raise UsageError("Name the file, and the day on which its rows were true like --observed-on 2026-11-21.")
    if complete is None:
        raise UsageError("Say --complete (these are all shops of the marketplace) or --partial (some of them).")
    config = common.config()
    engine = private_engine(config)
    source = sys.stdin.buffer if file == "-" else Path(file)
    with common.recorded(engine, "feed", subject=marketplace) as run, common.progress(f"Reading {file}"):
        report = hand_over(config, source, marketplace, observed_on, complete)
        run.message = f"{report.crawl_id}: {report.shop_count} shops" if report.is_new else "the same content again"
    common.show(f"Fed {marketplace}", _rows(report), as_json)


def _official(slug: str, klpd: str, year: int | None, as_json: bool) -> None:
    """Orders of one agency up to today; always partial, since only shops that sold are in them."""
    config = common.config()
    key = os.environ.get("MONITOR_INAPROC_KEY", "")
    if not key:
        raise UsageError("Official data need the office's key in MONITOR_INAPROC_KEY.")
    if not re.fullmatch(r"[A-Z]\d{1,4}", klpd):
        raise UsageError(f"'{klpd}' is no kode KLPD; it is a letter and digits, like D107.")
    today = utc_now().astimezone(config.region.zone).date()
    engine = private_engine(config)
    with common.recorded(engine, "feed", subject=slug) as run, common.progress(f"Fetching {klpd}"):
        get = getter(key, f"umkm-monitor ({config.crawl.user_agent_contact or config.office.name})")
        found = list(rows(slug, klpd, year or today.year, get))
        if not found:
            raise InputError(f"The official data hold no order of {klpd} in {year or today.year}.")
        lines = io.BytesIO("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in found).encode())
        report = hand_over(config, lines, slug, today.isoformat(), complete=False)
        run.message = f"{report.crawl_id}: {report.shop_count} shops" if report.is_new else "the same content again"
    common.show(f"Official data {klpd}", _rows(report), as_json)


def _write_template(folder: Path, slug: str, as_json: bool) -> None:
    config = common.config()
    today = utc_now().astimezone(config.region.zone).date()
    written = write_template(folder, catalogue_entry(slug), config, today)
    common.show("Template", {path.suffix.removeprefix("."): str(path) for path in written}, as_json)


def _rows(report: FeedReport) -> dict[str, object]:
    if not report.is_new:
        return {"crawl": report.crawl_id, "week": report.week, "new": "no: the same content was handed over before"}
    return {
        "crawl": report.crawl_id,
        "week": report.week,
        "new": "yes",
        "rows": report.row_count,
        "shops": report.shop_count,
        "listings": report.listing_count,
        "rows returned": report.returned,
        "values left empty": report.emptied,
        "orders left out": ", ".join(f"{count} {why}" for why, count in report.left_out.items()) or None,
        "rejects file": str(report.rejects) if report.rejects else None,
        "columns not used": ", ".join(report.unused) or None,
    }
