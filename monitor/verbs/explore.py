"""`explore`: a page on this machine to look into a release and to ask it questions."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from exports.explore import page, serve
from monitor.config import Config
from monitor.errors import UsageError
from monitor.verbs import common

LOOPBACK = "127.0.0.1"
OPEN = (
    "Anybody who reaches {host}:{port} can read this release; its rows may be under agreement. Without --host only "
    "this machine can."
)


def explore(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Folder of a release; default: the newest, with rows if any.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the page.")] = 8_001,
    host: Annotated[
        str, typer.Option(help="Address to serve on; others than 127.0.0.1 open it to the network.")
    ] = LOOPBACK,
) -> None:
    """Serve a release as a page with facets, charts, the questions of docs/research.md and one's own SQL.

    Needs the extra of requirements/explore.txt. The release is only read. Stop with Ctrl+C.

    Example: monitor explore data/releases/2026-W47-publik-1
    """
    config = common.config()
    chosen = folder or newest(config)
    page.sqlite_file(chosen)
    serve.require()
    if not serve.is_loopback(host):
        Console(stderr=True).print(OPEN.format(host=host, port=port), style="bold", soft_wrap=True, highlight=False)
    Console().print(f"{chosen.name} on http://{host}:{port}/ until Ctrl+C", soft_wrap=True, highlight=False)
    serve.serve(chosen, host, port)


def newest(config: Config) -> Path:
    """The release of the newest week, one with rows before one without. Raises UsageError where there is none."""
    found = [path.parent for path in config.releases_dir.glob("*/manifest.json")]
    if not found:
        raise UsageError(f"There is no release in {config.releases_dir} yet; make one with 'monitor release'.")
    told = {path: page.manifest(path) for path in found}
    return max(found, key=lambda path: (told[path]["week"], told[path]["class"] == "research", _number(path)))


def _number(release: Path) -> tuple[int, str]:
    """How often its week was released: the tenth comes after the ninth."""
    last = release.name.rpartition("-")[2]
    return int(last) if last.isdecimal() else 0, release.name
