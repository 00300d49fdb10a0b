"""`load`: the crawls and feeds of one week into the private store."""

from typing import Annotated

import typer

from monitor.database import private_engine
from monitor.errors import StoreError
from monitor.verbs import common
from pipelines.load import MarketplaceLoad, load_week


def load(
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Load the healthy crawls and feeds of one week; loading again changes nothing.

    Example: monitor load --week 2026-W47
    """
    config = common.config()
    chosen = common.week_option(week, config)
    engine = private_engine(config)
    with common.recorded(engine, "load", week=chosen) as run, common.progress(f"Loading {chosen}"):
        report = load_week(engine, config, chosen)
        rows = [_row(entry) for entry in report.marketplaces]
        if rows or as_json:
            common.show(f"Loaded {chosen}", rows, as_json)
        else:
            common.show(f"Loaded {chosen}", {"nothing was crawled or handed in": chosen})
        if report.failed:
            run.outcome = "failed"
            raise StoreError(" ".join(str(entry.cause) for entry in report.failed))


def _row(entry: MarketplaceLoad) -> dict[str, object]:
    return {
        "marketplace": entry.marketplace,
        "outcome": entry.outcome,
        "crawls": entry.crawl_count,
        "coverage": entry.coverage,
        "shops": entry.shop_count,
        "listings": entry.listing_count,
        "rows written": entry.opened,
        "weeks replayed": ", ".join(entry.replayed),
        "cause": entry.cause,
    }
