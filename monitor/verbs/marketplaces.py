"""`marketplaces`: the catalogue as a table, and a page per marketplace with its last eight weeks."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.database import private_engine
from monitor.marketplace_pages import weeks_of, write_pages
from monitor.marketplaces import catalogue
from monitor.permission import terms_checked_on
from monitor.verbs import common
from monitor.verbs.parse import spider_class, spiders


def marketplaces(
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Folder for one page per marketplace.")] = None,
    week: Annotated[str | None, typer.Option(help="Last week shown; default: the one that ended last.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """What each marketplace is, how it is read, how sure that is, and how its last crawl went.

    Example: monitor marketplaces -o data/marketplaces
    """
    config = common.config()
    engine = private_engine(config)
    last = common.week_option(week, config)
    if output is not None:
        readers = {slug: _first_line(spider_class(slug)) for slug in spiders()}
        pages = write_pages(output, config, engine, last, readers)
        common.show("Written", {"folder": str(output), "pages": len(pages)}, as_json)
        return
    history = weeks_of(engine, last)
    rows = []
    for slug, entry in catalogue().items():
        latest = history[slug][-1] if slug in history else None
        rows.append(
            {
                "marketplace": slug,
                "support": entry.support,
                "evidence": entry.evidence,
                "terms read": terms_checked_on(entry, config) or None,
                "last week": latest["week"] if latest else None,
                "health": (latest["cause"] or latest["health"]) if latest else None,
            }
        )
    common.show(f"Marketplaces up to {last}", rows, as_json)


def _first_line(spider: type) -> str:
    return (spider.__doc__ or "").strip().splitlines()[0] if spider.__doc__ else ""
