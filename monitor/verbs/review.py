"""`review`: sheets for people to answer, and their answers back."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from exports import review_sheet
from monitor import regions
from monitor.access import log_access
from monitor.config import Config
from monitor.database import private_engine, transaction, translate_errors
from monitor.errors import InputError, UsageError
from monitor.practice import is_practice
from monitor.text import safe_terminal
from monitor.verbs import common
from monitor.weeks import answer_by, parse_week, utc_now
from pipelines.judge import Receipt, import_sheet
from pipelines.review_draw import ALL, draw_tasks
from pipelines.review_plan import Plan, plan_week
from pipelines.review_rows import read_sheets
from pipelines.review_told import Told, told_offices
from pipelines.review_undo import effect_lines, undo

PURPOSE = "answers of reviewers"  # as access_log keeps it
app = typer.Typer(no_args_is_help=True, help="Sheets for people to answer, and their answers back.")


@app.command("export")
def export_command(
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder for the sheets, one file an office.")],
    office: Annotated[
        str | None, typer.Option(help="Only this office: kode of a kab/kota, or of the province.")
    ] = None,
    purpose: Annotated[
        str,
        typer.Option(
            help="sample: groups drawn by score, their other coders, seeded rows; "
            "clerical: pairs that linkage left open, and unconfirmed links; all: both in one sheet."
        ),
    ] = ALL,
    file_format: Annotated[str, typer.Option("--format", help="xlsx or csv.")] = "xlsx",
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Write one review sheet an office; exporting again gives the same open tasks.

    Example: monitor review export -o lembar --office 3602
    """
    config = common.config()
    chosen = common.week_option(week, config)
    engine = private_engine(config)
    with common.recorded(engine, "review export", week=chosen), common.progress("Writing review sheets"):
        written = export_sheets(engine, config, chosen, folder, office=office, purpose=purpose, file_format=file_format)
    rows = {str(path): "written" for path in written} or {"nothing to review": chosen}
    common.show(f"Review sheets of {chosen}", rows, as_json)


def _office(config: Config, office: str | None) -> str | None:
    """The kode without dots. Raises UsageError when it is no office."""
    if office is None:
        return None
    code = office.replace(".", "")
    if code not in {config.region.code, *(area.code for area in regions.areas())}:
        raise UsageError(
            f"'{office}' is no office; name a kab/kota like 3602, or {config.region.code} for the province."
        )
    return code


def office_name(config: Config, office: str) -> str:
    """``Dinas Koperasi dan UKM Kabupaten Lebak``; the province's office as configured."""
    if office == config.region.code:
        return config.office.name
    return f"Dinas Koperasi dan UKM {regions.area_name(office)}"


def export_sheets(
    engine: Engine,
    config: Config,
    week: str,
    folder: Path,
    *,
    office: str | None = None,
    purpose: str = ALL,
    file_format: str = "xlsx",
    by_office: bool = False,
) -> list[Path]:
    """Draws the week's tasks and writes one sheet an office; the paths.

    by_office: each sheet in a folder of its office's kode. Raises UsageError, StoreError.
    """
    if file_format not in review_sheet.FORMATS:
        raise UsageError(f"'{file_format}' is no format of review sheets; use xlsx or csv.")
    only = _office(config, office)
    tasks = draw_tasks(engine, config, week, purpose)
    told = told_offices(engine, week)
    paths = []
    for sheet in read_sheets(engine, tasks, week, only):
        place = folder / sheet.office if by_office else folder
        info = _info(config, week, sheet.office, told.get(sheet.office))
        with translate_errors():
            paths.append(review_sheet.write_sheet(place, sheet.office, sheet.rows, info, file_format))
        with transaction(engine) as connection:
            log_access(connection, f"review sheet {week}", sheet.office, PURPOSE)
    return paths


def _info(config: Config, week: str, office: str, told: Told | None) -> review_sheet.SheetInfo:
    return review_sheet.SheetInfo(
        week=week,
        office_name=office_name(config, office),
        contact=config.office.contact,
        deadline=answer_by(week, config.review.deadline_days),
        practice=is_practice(config),
        minutes_per_row=config.review.minutes_per_row,
        told=review_sheet.own_answers(*astuple(told)) if told else "",
    )


@app.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(help="Answered sheets, XLSX or CSV.")],
    week: Annotated[
        str | None, typer.Option(help="ISO week from which they count; default: that of each task.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Take in answered review sheets; the same sheet twice changes nothing.

    Example: monitor review import periksa-2026-W47-3602.xlsx
    """
    config = common.config()
    chosen = parse_week(week) if week else None
    engine = private_engine(config)
    with common.recorded(engine, "review import", week=chosen) as run, common.progress("Reading review sheets"):
        receipts = import_sheets(engine, config, files, chosen)
        read = [receipt for receipt in receipts if receipt.problem is None]
        common.show("Answers taken in", [_row(receipt) for receipt in read] or {"sheets taken in": 0}, as_json)
        if not as_json:
            for receipt in read:
                typer.echo(f"{safe_terminal(receipt.file)}: {receipt_text(config, receipt)}")
        if problems := [receipt.problem for receipt in receipts if receipt.problem]:
            run.outcome = "failed"
            raise InputError(" ".join(problems))


@app.command("plan")
def plan_command(
    week: Annotated[str | None, typer.Option(help="ISO week; default: the last one that ended.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Who gets how many rows, how long that takes, and how wide E1 becomes with all of it or half; asks nobody.

    Example: monitor review plan --week 2026-W47
    """
    config = common.config()
    chosen = common.week_option(week, config)
    engine = private_engine(config)
    with common.progress("Planning the week's review"):
        plan = plan_week(engine, config, chosen)
    offices = [{**row, "office": _named(config, str(row["office"]))} for row in plan.offices.to_dict("records")]
    if as_json:
        widths = {
            name: None if found is None else vars(found) for name, found in (("full", plan.full), ("half", plan.half))
        }
        basis = {"probes": plan.probes, "probes detected": plan.detected, "assumed": plan.is_assumed}
        rows = {"offices": plan.offices.to_dict("records"), **widths, **basis, "people": plan.people}
        common.show("", rows, as_json)
        return
    common.show(f"Review in {chosen}", offices or {"rows that wait for an answer": 0})
    common.show("What it gives, kept up for the whole window", _widths(plan))
    if answered := [_answered(config, row) for row in plan.people["offices"]]:
        common.show("How the last weeks were answered", answered)
        common.show("How well", _people(plan))


def _named(config: Config, office: str) -> str:
    return f"{office} {config.region.name if office == config.region.code else regions.area_name(office)}"


def _answered(config: Config, row: Mapping[str, Any]) -> dict[str, object]:
    """One office of the last weeks: what it answered, how often others agreed, how often it says ya."""
    shares = {"answered": "response_rate", "agreed": "agreed_share", "ya": "ya_share"}
    said = {name: "" if row.get(key) is None else f"{row[key]:.0%}" for name, key in shares.items()}
    return {"office": _named(config, str(row["office"])), "groups asked": row.get("asked"), **said}


def _people(plan: Plan) -> dict[str, object]:
    agreed, seeded = plan.people["agreement"], plan.people["seeded"]
    kappa = "not measured" if agreed["kappa"] is None else f"{agreed['kappa']:.2f} over {agreed['pairs']} pairs"
    return {
        "agreement beyond chance (Cohen's kappa)": kappa,
        "seeded pairs answered wrongly": f"{seeded['wrong']} of {seeded['of']}",
    }


def _widths(plan: Plan) -> dict[str, object]:
    """Expected half-widths of E1 and of its detected part, with what they rest on."""
    rows: dict[str, object] = {}
    for name, found in (("all of it", plan.full), ("half of it", plan.half)):
        if found is None:
            rows[name] = "there are no candidates yet"
            continue
        rows[f"{name}: groups judged in the window"] = found.judged
        rows[f"{name}: half-width of E1"] = _share(found.present_half)
        rows[f"{name}: half-width of detected groups"] = _share(found.detected_half)
    said = "assumed, the probe says too little yet" if plan.is_assumed else "of the probe"
    rows["probes, detected"] = f"{plan.probes}, {plan.detected} ({said})"
    return rows


def _share(value: float | None) -> str:
    return "not available" if value is None else f"{value:.0%}"


@app.command("undo")
def undo_command(
    reason: Annotated[str, typer.Option("--reason", help="What was wrong; kept with the answers.")],
    task: Annotated[str | None, typer.Argument(help="Task whose answers are taken back (column task_id).")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Sheet whose answers are all taken back.")] = None,
    week: Annotated[str | None, typer.Option(help="ISO week whose figures tell the effect; default: the last.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Take answers back: nothing is deleted, they no longer count, and the effect on the figures is kept.

    Example: monitor review undo T0f3a92b1c4d5e6f7 --reason "wrong shop judged"
    """
    if (task is None) == (file is None):
        raise UsageError("Name one task, or a sheet with --file.")
    config = common.config()
    chosen = common.week_option(week, config)
    engine = private_engine(config)
    with common.recorded(engine, "review undo", week=chosen), common.progress("Taking answers back"):
        done = undo(engine, config, chosen, reason, task, file)
    common.show(
        f"{done.judgements} answers to {done.tasks} tasks taken back, {chosen}", effect_lines(done.effect), as_json
    )
    if not as_json:
        typer.echo(f"Run 'monitor link --week {chosen}' and 'monitor measure --week {chosen}' to make it so.")


def _row(receipt: Receipt) -> dict[str, object]:
    return {
        "file": safe_terminal(receipt.file),
        "rows": receipt.rows,
        "answered": receipt.answered,
        "empty": len(receipt.empty),
        "rejected": len(receipt.rejected),
        "new judgements": receipt.stored,
    }


def import_sheets(engine: Engine, config: Config, files: Sequence[Path], week: str | None = None) -> list[Receipt]:
    """Takes in each file for itself; a file that is no review sheet gives a receipt with its `problem`."""
    receipts = []
    for path in files:
        try:
            receipts.append(import_sheet(engine, path, week))
        except InputError as error:
            receipts.append(Receipt(path.name, problem=str(error)))
    return receipts


def receipt_text(config: Config, receipt: Receipt) -> str:
    """The Indonesian receipt of one sheet."""
    now = utc_now().astimezone(config.region.zone)
    return review_sheet.receipt(now, receipt.rows, receipt.answered, receipt.empty, receipt.rejected, receipt.remarks)
