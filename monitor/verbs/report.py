"""`report`: the files that Diskop opens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from exports import correction_note, requested
from exports.publish import place, publish, publish_office
from monitor import results_build
from monitor.config import Config
from monitor.database import private_engine, results_engine
from monitor.errors import UsageError
from monitor.practice import is_practice
from monitor.verbs import common


def report(
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    month: Annotated[str | None, typer.Option(help="All weeks that end in a month, like 2026-11.")] = None,
    quarter: Annotated[str | None, typer.Option(help="All weeks that end in a quarter, like 2026-Q4.")] = None,
    year: Annotated[
        str | None, typer.Option(help="A year: baseline, target and the figure to quote for LKjIP.")
    ] = None,
    target: Annotated[int | None, typer.Option(help="With --year: businesses that were to be present.")] = None,
    compare: Annotated[tuple[str, str] | None, typer.Option(help="Two measured weeks side by side.")] = None,
    area: Annotated[str | None, typer.Option(help="Only the file of one kab/kota, like 3602, into its outbox.")] = None,
    correction: Annotated[str | None, typer.Option(help="RALAT: why a figure of the week was wrong.")] = None,
    written: Annotated[int | None, typer.Option(help="With --correction: the wrong figure as it was written.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Write the report of one week under data/reports/<week>/, or one on request over several weeks.

    Example: monitor report --week 2026-W47

    Example: monitor report --year 2026 --target 6500

    Example: monitor report --week 2026-W46 --area 3672 --correction "satu lokapasar terhitung dua kali" --written 240
    """
    config = common.config()
    spans = {"--month": month, "--quarter": quarter, "--year": year, "--compare": compare}
    asked = [name for name, value in spans.items() if value is not None]
    if len(asked) > 1 or (asked and (week or area or correction)):
        raise UsageError(f"{asked[0]} cannot stand with other options that choose weeks; ask for one report at a time.")
    if (correction is None) is not (written is None) or (target is not None and year is None):
        raise UsageError("--correction goes with --written, and --target with --year; add the missing one.")
    if asked:
        paths = _over_weeks(config, asked[0], spans[asked[0]], target)
        title = paths[0].parent.name if paths else asked[0]
    else:
        chosen = common.week_option(week, config)
        paths, title = _of_week(config, chosen, area, correction, written), chosen
    rows = [{"file": str(path), "bytes": path.stat().st_size} for path in paths]
    common.show(f"Report {title}", rows, as_json)


def _of_week(config: Config, week: str, area: str | None, cause: str | None, written: int | None) -> list[Path]:
    """The whole report, the file of one office, or a correction."""
    private = private_engine(config)
    with common.recorded(private, "report", week=week), common.progress(f"Writing the report of {week}"):
        results = results_engine(config)
        results_build.build(private, results, config, week)
        practice = is_practice(config)
        if cause is not None and written is not None:
            body = correction_note.note(results, config, week, area, cause, written, practice)
            return _placed(config, f"ralat-{week}", {f"ralat-{week}.txt": body})
        if area is not None:
            return publish_office(config, private, results, week, area, practice)
        folder = publish(config, private, results, week, practice=practice)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _over_weeks(config: Config, name: str, given: Any, target: int | None) -> list[Path]:
    """A month, a quarter, a year, or two weeks side by side; from results that are there already."""
    results: Engine = results_engine(config)
    known = requested.measured_weeks(results)
    makers = {"--month": requested.month, "--quarter": requested.quarter, "--year": requested.whole_year}
    request = requested.two_weeks(known, *given) if name == "--compare" else makers[name](known, given)
    with common.recorded(private_engine(config), "report", week=request.chosen[-1]):
        found = requested.answer(results, config, request, is_practice(config), target)
        return _placed(config, request.name, requested.files(found))


def _placed(config: Config, name: str, files: Mapping[str, bytes]) -> list[Path]:
    folder = place(config.reports_dir, name, files)
    return [folder / file for file in sorted(files)]
