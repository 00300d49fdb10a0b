"""`crawl accept`: a person says that a marketplace's new level is real."""

from dataclasses import asdict
from typing import Annotated

import typer

from monitor.accepting import accept as accept_level
from monitor.database import private_engine
from monitor.verbs import common
from monitor.weeks import parse_week


def accept(
    slug: Annotated[str, typer.Argument(help="Marketplace.")],
    week: Annotated[str, typer.Option(help="ISO week of the crawl that was kept back.")],
    reason: Annotated[str, typer.Option(help="Why the new level is real, for the readers of the figures.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Accept the level of a crawl that was kept back because its number of shops changed at once.

    Who said so, when and why is kept beside the crawl; earlier crawls no longer count as usual, and the break is told
    to the readers. Then load the week again. Only the level is excused: a refused or broken crawl stays out.

    Example: monitor crawl accept plaza_banten --week 2026-W47 --reason "Lokapasar menutup toko yang tidak aktif."
    """
    config = common.config()
    chosen = parse_week(week)
    engine = private_engine(config)
    with common.recorded(engine, "crawl accept", slug, chosen) as run:
        found = accept_level(config, engine, slug, chosen, reason)
        run.message = found.reason
    common.show("Accepted", asdict(found) | {"next": f"monitor load --week {chosen}"}, as_json)
