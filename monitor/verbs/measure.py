"""`measure`: the figures of one week."""

from typing import Annotated, Any

import typer

from monitor.config import Config
from monitor.database import private_engine
from monitor.errors import UsageError
from monitor.verbs import common
from monitor.verbs.figures import level_text
from pipelines.measure import measure_week


def measure(
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    vintage: Annotated[str, typer.Option(help="flash, final or benchmark.")] = "flash",
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler: the 'provinces' of [cluster] are measured there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Compute the figures of one week; with 'provinces' in [cluster], of each of them and of all together.

    Example: monitor measure --week 2026-W47
    """
    config = common.config()
    chosen = common.week_option(week, config)
    if config.cluster.provinces:
        nation(config, chosen, vintage, scheduler or config.cluster.scheduler or None, as_json)
        return
    if scheduler:
        raise UsageError("'--scheduler' measures several provinces; name them under 'provinces' in [cluster].")
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


def nation(config: Config, week: str, vintage: str, scheduler: str | None, as_json: bool) -> None:
    """Measures the provinces, keeps the national figures as nation/<week>-<vintage>.csv and shows the levels."""
    from pipelines.measure_provinces import measure_provinces, write_totals

    with common.progress(f"Measuring {week}") as advance:
        report = measure_provinces(config, week, vintage, scheduler, lambda said: advance(1, said))
    place = write_totals(config, report)
    levels = report.figures[(report.figures["estimand"] == "E1") & (report.figures["domain_kind"] == "province")]
    rows: dict[str, Any] = {f"province {row['province']} (E1)": level_text(row) for row in levels.to_dict("records")}
    for row in report.totals[report.totals["domain_kind"] == "nation"].to_dict("records"):
        if row["estimand"] == "E1":
            rows["all provinces (E1)"] = level_text(row)
        elif row["estimand"] in ("E8", "D"):
            name = "groups confirmed by a person (E8)" if row["estimand"] == "E8" else "groups linked, unchecked (D)"
            rows[f"all provinces: {name}"] = None if row["value"] is None else int(row["value"])
    common.show(f"Measured {week}, {vintage}", {**rows, "national figures": str(place)}, as_json)
