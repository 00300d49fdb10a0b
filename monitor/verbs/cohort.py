"""`cohort`: lists of participants and certificate holders."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.database import private_engine, translate_errors
from monitor.registry.importing import checked_office
from monitor.text import safe_terminal
from monitor.verbs import common, lists
from pipelines.cohort_import import cohort_table, import_cohort

app = typer.Typer(no_args_is_help=True, help="Programme participants, certificate holders: who is in which list.")
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or Parquet.", show_default=False)],
    name: Annotated[str, typer.Option(help="Name of the programme or list, as readers will see it.")],
    held_on: Annotated[str, typer.Option(help="Date of the training, or of the list, like 2026-11-01.")],
    kind: Annotated[
        str, typer.Option(help="training, or list (certificate holders, suppliers, curated).")
    ] = "training",
    office: Annotated[str | None, typer.Option(help="Kode of the office that made it; default: the province.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in a list of participants; members that match no business are kept and listed. Again: no change.

    Example: monitor cohort import peserta.xlsx --name "Pelatihan Lebak 2026" --held-on 2026-10-14 --office 3602
    """
    config = common.config()
    code, engine = checked_office(office, config), private_engine(config)
    with common.recorded(engine, "cohort import", subject=code) as run:
        with common.progress(f"Reading {safe_terminal(file.name)}"):
            receipt = import_cohort(engine, config, file, name, held_on, code, kind)
        run.message = f"{receipt.stored} members kept"
        lists.told(config, receipt, file, as_json)


@app.command("show")
def show_cohorts(as_json: AsJson = False) -> None:
    """Show every cohort, its members and how many of them are in the registry.

    Example: monitor cohort show
    """
    with translate_errors(), private_engine(common.config()).connect() as connection:
        rows = cohort_table(connection)
    common.show("Cohorts", rows or {"cohorts": 0}, as_json)
