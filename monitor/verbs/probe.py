"""`probe`: businesses known to sell, gathered without the crawl; how much the system misses is measured with them."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from exports import probe_template
from monitor import regions
from monitor.config import Config
from monitor.crawl.lines import write_whole
from monitor.database import private_engine, translate_errors
from monitor.registry.importing import checked_office
from monitor.text import safe_terminal
from monitor.verbs import common, lists, probe_check
from monitor.weeks import utc_now
from pipelines import probes
from pipelines.probe_import import confirm, import_probes, open_probes

app = typer.Typer(no_args_is_help=True, help="Businesses known to sell: take them in, check their shops, confirm them.")
app.command("check")(probe_check.check)
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Office = Annotated[str | None, typer.Option(help="Kode of the office; default: the province.")]


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or Parquet.", show_default=False)],
    office: Office = None,
    source: Annotated[str | None, typer.Option(help="How it was collected, for rows that do not say.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in a list of businesses known to sell, with the links of their shops. The same file again changes nothing.

    Example: monitor probe import uji-lebak.xlsx --office 3602 --source pelatihan
    """
    config = common.config()
    code, engine = checked_office(office, config), private_engine(config)
    with common.recorded(engine, "probe import", subject=code) as run:
        with common.progress(f"Reading {safe_terminal(file.name)}"):
            receipt = import_probes(engine, config, file, code, source)
        run.message = f"{receipt.stored} probes kept"
        lists.told(config, receipt, file, as_json)


@app.command("template")
def template(
    output: Annotated[Path, typer.Option("--output", "-o", help="Workbook to write (XLSX).")],
    office: Office = None,
) -> None:
    """Write the sheet that an office fills in: 25 shops of businesses that it knows to sell.

    Example: monitor probe template -o uji-3602.xlsx --office 3602
    """
    config = common.config()
    code = checked_office(office, config)
    body = probe_template.to_workbook(config, code, utc_now().astimezone(config.region.zone).date())
    with translate_errors():
        output.parent.mkdir(parents=True, exist_ok=True)
    write_whole(output, body)
    common.show("Template", {"file": str(output), "office": _name(code)})


def send_templates(engine: Engine, config: Config, today: date) -> list[Path]:
    """Puts the sheet into the outbox of every kab/kota office that is below its target and has none; their paths.

    One that lies there is left alone, whatever the office has done to it. Raises StoreError.
    """
    with translate_errors(), engine.connect() as connection:
        counts = probes.recruited(connection, today, config.region.code)
    written = []
    for area in regions.areas():
        path = config.outbox_dir / area.code / probe_template.file_name(area.code)
        if counts.get(area.code, {}).get(probes.USABLE, 0) < config.probe.office_target and not path.exists():
            body = probe_template.to_workbook(config, area.code, today)
            with translate_errors():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(path, body)
            written.append(path)
    return written


def _name(code: str) -> str:
    return regions.area_name(code) if len(code) == 4 else regions.province_name()


@app.command("open")
def show_open(office: Office = None, as_json: AsJson = False) -> None:
    """Show probes whose business is not certain, with registered businesses that look alike. Internal: names.

    Example: monitor probe open --office 3602
    """
    config = common.config()
    code = checked_office(office, config) if office else None
    with translate_errors(), private_engine(config).connect() as connection:
        waiting = open_probes(connection, code)
    rows = [
        {
            "probe": one.probe_id,
            "office": one.office,
            "written": safe_terminal(" / ".join(text for text in (one.name, one.owner) if text), 80),
            "area": one.area_code,
            "looks like": "; ".join(f"{key}: {safe_terminal(name, 60)}" for key, name in one.candidates),
        }
        for one in waiting
    ]
    common.show("Probes without a certain business", rows or {"waiting": 0}, as_json)


@app.command("confirm")
def confirm_business(
    probe: Annotated[int, typer.Argument(help="Number of the probe, from 'probe open'.", show_default=False)],
    business: Annotated[int, typer.Argument(help="ID Usaha of the business.", show_default=False)],
) -> None:
    """Record which registered business a probe is, once a person has looked.

    Example: monitor probe confirm 17 4021
    """
    engine = private_engine(common.config())
    with common.recorded(engine, "probe confirm", subject=str(probe)):
        status = confirm(engine, probe, business)
    common.show(f"Probe {probe}", {"business": business, "status": status})
