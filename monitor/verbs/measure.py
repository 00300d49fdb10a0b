"""`measure`: the figures of one week."""

from typing import Annotated

import typer

from monitor.database import private_engine
from monitor.verbs import common
from pipelines.measure import measure_week


def measure(
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    vintage: Annotated[str, typer.Option(help="flash, final or benchmark.")] = "flash",
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Compute the figures of one week.

    Example: monitor measure --week 2026-W47
    """
    config = common.config()
    chosen = common.week_option(week, config)
    engine = private_engine(config)
    with common.recorded(engine, "measure", week=chosen), common.progress(f"Measuring {chosen}"):
        report = measure_week(engine, config, chosen, vintage)
    rows = {
        "week": report.week,
        "vintage": report.vintage,
        "revision": "unchanged" if report.revision is None else report.revision,
        "groups confirmed by a person (E8)": report.verified,
        "groups linked by the system, unchecked (D)": report.detected,
        "marketplaces covered": report.covered,
    }
    common.show(f"Measured {report.week}", rows, as_json)
