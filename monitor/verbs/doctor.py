"""`doctor`: does each marketplace still answer as its reader expects?"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from monitor.config import Config
from monitor.doctor import Look, look
from monitor.errors import MonitorError, UsageError
from monitor.marketplaces import marketplace
from monitor.verbs import common
from monitor.verbs.crawl import MAX_PARALLEL, choose
from monitor.weeks import utc_now, week_of


def doctor(
    slugs: Annotated[list[str] | None, typer.Argument(help="Marketplaces; default: all that may be crawled.")] = None,
    sandbox: Annotated[
        Path | None, typer.Option(help="Folder of a served sandbox; nothing leaves this machine.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> int:
    """Ask each marketplace three times and say which expected fields are there, missing or changed.

    Nothing of it is loaded; the pages that were not understood are kept in data/doctor. Exit code 1 when something has
    changed or could not be read; a marketplace that refuses is named and is no failure.

    Example: monitor doctor tokopedia blibli
    """
    config = common.config()
    chosen, barred = choose(config, slugs or [], sandbox)
    asked = [slug for slug in chosen if slug not in barred]
    if not asked:
        raise UsageError(next(iter(barred.values()), "There is no marketplace to look at."))
    week = week_of(utc_now(), config.region.zone)
    with common.progress("Looking", total=len(asked)) as advance, ThreadPoolExecutor(MAX_PARALLEL) as pool:

        def one(slug: str) -> Look:
            found = _look(config, slug, week, sandbox)
            advance(1)
            return found

        looks = {found.marketplace: found for found in pool.map(one, asked)}
    looks |= {slug: Look(slug, "not_asked", message=why) for slug, why in barred.items()}
    common.show("Marketplaces", [looks[slug].row() for slug in chosen], as_json)
    return 1 if any(found.is_failure for found in looks.values()) else 0


def _look(config: Config, slug: str, week: str, sandbox: Path | None) -> Look:
    if marketplace(slug).is_known_by_links and sandbox is None:
        return Look(slug, "not_asked", cause="nothing_known", message="It is asked only for shops that are known.")
    try:
        return look(config, slug, week, sandbox)
    except MonitorError as error:
        return Look(slug, "not_read", cause="not_possible", message=str(error))
