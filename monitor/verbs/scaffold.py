"""`scaffold`: a new marketplace that already works, to be turned into the real one."""

from pathlib import Path
from typing import Annotated

import typer

import monitor
from monitor import scaffold as writer
from monitor.verbs import common
from monitor.weeks import utc_now


def scaffold(
    slug: Annotated[str, typer.Argument(help="Name of the new marketplace, like pasar_contoh.")],
    title: Annotated[str, typer.Option(help="As readers know it.")],
    url: Annotated[str, typer.Option(help="Address of its site, like https://pasarcontoh.example.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Write spider, reader, catalogue entry, sandbox shape and recorded case of a new marketplace into this checkout.

    Example: monitor scaffold pasar_contoh --title "Pasar Contoh" --url https://pasarcontoh.example
    """
    root = Path(str(monitor.__file__)).parents[1]
    written = writer.write(writer.NewMarketplace(slug, title, url), root, utc_now().date())
    common.show("Written", [{"file": str(path.relative_to(root))} for path in written], as_json)
