"""`link`: the shops of one week to the businesses of the registry."""

from typing import Annotated

import typer

from monitor.database import private_engine
from monitor.verbs import common
from pipelines.match import LinkReport, link_week


def link(
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would be linked, and what a new model moves.")
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Compare on the workers of this Dask scheduler; the rows are the same."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Link the shops that are open in one week to registered businesses; linking again gives the same rows.

    Example: monitor link --week 2026-W47
    """
    config = common.config()
    chosen = common.week_option(week, config)
    engine = private_engine(config)
    with common.recorded(engine, "link", week=chosen) as run, common.progress(f"Linking {chosen}") as advance:
        report = link_week(
            engine, config, chosen, lambda stage: advance(1, f"Linking {chosen}: {stage.lower()}"), dry_run, scheduler
        )
        run.message = f"{report.linked} linked, {report.confirmed} confirmed, {report.review} to review"
        run.message += " (dry run)" if dry_run else ""
    common.show(f"{'Would link' if dry_run else 'Linked'} {chosen}", rows(report), as_json)


def rows(report: LinkReport) -> dict[str, object]:
    """The closing table of a link run."""
    table: dict[str, object] = {
        "businesses in the registry": report.businesses,
        "open shops": report.shops,
        "of them new or changed": report.scored,
        "candidate pairs kept": report.pairs,
        "shops linked by the system": report.linked,
        "shops confirmed by a person": report.confirmed,
        "shops to review": report.review,
        "groups with a link": report.groups,
        "pairs left out, key too common": sum(report.skipped.values()),
        "model": report.model_version,
    }
    if report.moved is not None:
        table["model before"] = report.model_before
        table["links that stay, come, go, change business"] = " / ".join(
            f"{count:,}" for count in (report.moved.kept, report.moved.gained, report.moved.lost, report.moved.turned)
        )
    if report.reliability is not None:
        for row in report.reliability.itertuples(index=False):
            said = f"stated {row.stated:.3f}, true {row.true:.3f} ({row.pairs:,.0f} pairs)"
            table[f"probability {row.low:g} to {row.high:g}"] = said
    if report.later_judgements:
        table["answers of later weeks, not used here"] = report.later_judgements
    if report.later_weeks:
        table["link these weeks again"] = ", ".join(report.later_weeks)
    return table
