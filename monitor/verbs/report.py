"""`report`: the files that Diskop opens."""

from typing import Annotated

import typer

from exports.publish import publish
from monitor import results_build
from monitor.database import private_engine, results_engine
from monitor.practice import is_practice
from monitor.verbs import common


def report(
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Write workbook, page, tables and manifest of one week under data/reports/<week>/.

    Example: monitor report --week 2026-W47
    """
    config = common.config()
    chosen = common.week_option(week, config)
    private = private_engine(config)
    with common.recorded(private, "report", week=chosen), common.progress(f"Writing the report of {chosen}"):
        results = results_engine(config)
        results_build.build(private, results, config, chosen)
        folder = publish(config, private, results, chosen, practice=is_practice(config))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rows = [{"file": str(path), "bytes": path.stat().st_size} for path in files]
    common.show(f"Report {chosen}", rows, as_json)
