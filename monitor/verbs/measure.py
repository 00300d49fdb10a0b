"""`measure`: the figures of one week."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from monitor.database import private_engine
from monitor.verbs import common
from monitor.verbs.explain_words import why_missing
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
    subject = None if vintage == "flash" else vintage  # the scheduler asks whether the final figures were computed
    with common.recorded(engine, "measure", subject, chosen), common.progress(f"Measuring {chosen}"):
        report = measure_week(engine, config, chosen, vintage)
    rows = {
        "week": report.week,
        "vintage": report.vintage,
        "revision": "unchanged" if report.revision is None else report.revision,
        "groups present (E1)": level_text(report.level),
        "groups confirmed by a person (E8)": report.verified,
        "groups linked by the system, unchecked (D)": report.detected,
        "marketplaces covered": report.covered,
        "figures that are available": report.published,
        "breaks of the series in this week": report.breaks,
    }
    if report.revisions:
        rows["earlier flashes against their finals"] = report.revisions
    common.show(f"Measured {report.week}", rows, as_json)


def level_text(level: Mapping[str, Any]) -> str:
    """The level with its interval, or why there is none."""
    if level["status"] == "not_available":
        return f"not available: {why_missing(level['reason'])[0]}"
    carried = ", partly with older data" if level["status"] == "carried" else ""
    return f"{level['value']:,.0f} ({level['low']:,.0f} to {level['high']:,.0f}{carried})"
