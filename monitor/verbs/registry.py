"""`registry check`, `import` and `declared`: the lists of businesses that offices hand in, and what they declare."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.database import private_engine, translate_errors
from monitor.declared_summary import declared_table
from monitor.errors import UsageError
from monitor.registry.frame import read_declared
from monitor.registry.importing import check, checked_date, checked_office, import_part
from monitor.registry.report import CheckReport, summary
from monitor.registry.snapshots import current_snapshot
from monitor.text import safe_terminal
from monitor.verbs import common
from pipelines.rematch import rematch

MAX_LINES = 40

app = typer.Typer(no_args_is_help=True, help="The registry of businesses: look at an office's list, or import it.")

File = Annotated[Path, typer.Argument(help="CSV, XLSX or Parquet.", show_default=False)]
Office = Annotated[str | None, typer.Option(help="Kode of the office that made the list; default: the province.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("check")
def check_file(file: File, office: Office = None, as_json: AsJson = False) -> None:
    """Show what an import would make of a list: columns, unreadable values, duplicates, ambiguous places.

    Writes nothing.

    Example: monitor registry check daftar.xlsx --office 3602
    """
    config = common.config()
    with common.progress(f"Reading {safe_terminal(file.name)}") as advance:
        report = check(file, config, office, advance)
    if as_json:
        common.show("", _as_json(report), True)
        return
    common.show("Columns", _columns(report))
    if report.notes:
        common.show("Remarks", [_line(note) for note in report.notes[:MAX_LINES]])
    if len(report.notes) > MAX_LINES:
        typer.echo(f"... and {len(report.notes) - MAX_LINES:,} more; --json prints them all.")
    for remark in report.remarks:
        typer.echo(remark)
    common.show(f"Checked {safe_terminal(file.name)}", summary(report))


@app.command("import")
def import_file(
    file: File,
    as_of: Annotated[str, typer.Option(help="Date the list describes, like 2026-11-01.")],
    office: Office = None,
    as_json: AsJson = False,
) -> None:
    """Import a list as the newest part of its office; the same file again changes nothing.

    Example: monitor registry import daftar.xlsx --as-of 2026-11-01 --office 3602
    """
    config = common.config()
    code, day = checked_office(office, config), checked_date(as_of)
    engine = private_engine(config)
    with (
        common.recorded(engine, "registry", subject=code) as run,
        common.progress(f"Importing {safe_terminal(file.name)}") as advance,
    ):
        report = import_part(engine, config, file, day, code, advance)
        rematch(engine)  # rows of earlier lists may be in this registry
        run.message = f"{report.state}: {report.kept_count} of {report.read_count} rows kept"
    common.show(f"Imported {safe_terminal(file.name)}", summary(report), as_json)


@app.command("declared")
def show_declared(as_json: AsJson = False) -> None:
    """Show the marketplace accounts that businesses declared: which name a shop, which only a name, which are dead.

    A declared account is a lead, never an observation.

    Example: monitor registry declared
    """
    config = common.config()
    engine = private_engine(config)
    with translate_errors(), engine.connect() as connection:
        snapshot = current_snapshot(connection)
        if snapshot is None:
            raise UsageError("There is no registry yet; import one with: monitor registry import FILE --as-of DATE.")
        found = read_declared(connection, snapshot.snapshot_id)
    common.show(f"Declared accounts, registry of {snapshot.as_of}", declared_table(found), as_json)


def _columns(report: CheckReport) -> list[dict[str, str]]:
    rows = [{"field": field, "column": safe_terminal(written)} for field, written in report.columns.items()]
    rows += [{"field": "(not stored: NIK, NPWP)", "column": safe_terminal(name)} for name in report.dropped]
    return rows + [{"field": "(not read)", "column": safe_terminal(name)} for name in report.unread]


def _line(note: tuple[int, str, str, str, str]) -> dict[str, object]:
    row, kind, column, value, reason = note
    return {"row": row, "kind": kind, "column": safe_terminal(column), "value": value, "reason": safe_terminal(reason)}


def _as_json(report: CheckReport) -> dict[str, object]:
    return {
        **summary(report),
        "columns": dict(report.columns),
        "dropped_columns": report.dropped,
        "unread_columns": report.unread,
        "skipped": dict(report.skipped),
        "notes": [_line(note) for note in report.notes],
        "remarks": report.remarks,
    }
