"""`audit`: the yearly check of the registry, drawn and taken in."""

from pathlib import Path
from typing import Annotated

import typer

from exports import audit_sheet
from monitor.crawl.lines import write_whole
from monitor.database import private_engine, translate_errors
from monitor.practice import is_practice
from monitor.registry.importing import checked_office
from monitor.text import safe_terminal
from monitor.verbs import common, lists
from monitor.weeks import utc_now
from pipelines.audit_import import PER_AREA, draw_audit, import_audit

app = typer.Typer(
    no_args_is_help=True, help="Are registered businesses alive? Draw some at random; take in the answers."
)
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("draw")
def draw(
    output: Annotated[Path, typer.Option("--output", "-o", help="Workbook to write (XLSX).")],
    office: Annotated[str | None, typer.Option(help="Only this kab/kota, by its kode.")] = None,
    per_area: Annotated[int, typer.Option(help="Groups of each kab/kota.", min=1)] = PER_AREA,
    as_json: AsJson = False,
) -> None:
    """Draw random groups of each kab/kota from the current registry and write them as a sheet to be filled in.

    The same registry gives the same groups on the same day. Names and addresses are in it: internal.

    Example: monitor audit draw -o audit-2026.xlsx
    """
    config = common.config()
    only = checked_office(office, config) if office else None
    today = utc_now().astimezone(config.region.zone).date()
    with common.progress("Drawing"):
        drawn = draw_audit(private_engine(config), today, None if only == config.region.code else only, per_area)
        body = audit_sheet.to_workbook(drawn.rows, today, config, practice=is_practice(config))
    with translate_errors():
        output.parent.mkdir(parents=True, exist_ok=True)
    write_whole(output, body)
    counts = drawn.rows["area_code"].value_counts().sort_index()
    rows = {code: int(count) for code, count in counts.items()}
    common.show(f"Drawn from the registry of {drawn.as_of}", {**rows, "file": str(output)}, as_json)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="The sheet that 'audit draw' wrote, filled in.", show_default=False)],
    office: Annotated[str | None, typer.Option(help="Kode of the office that answered; default: the province.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in what was found; rows without a known outcome are given back. The same file again changes nothing.

    Example: monitor audit import audit-2026.xlsx
    """
    config = common.config()
    code, engine = checked_office(office, config), private_engine(config)
    with common.recorded(engine, "audit import", subject=code) as run:
        with common.progress(f"Reading {safe_terminal(file.name)}"):
            receipt = import_audit(engine, config, file, code)
        run.message = f"{receipt.stored} outcomes kept"
        lists.told(config, receipt, file, as_json)
