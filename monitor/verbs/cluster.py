"""`cluster check`: is an existing Dask cluster fit for this program?"""

from typing import Annotated

import typer

from monitor.cluster.check import look
from monitor.errors import ClusterError
from monitor.verbs import common

app = typer.Typer(help="An existing Dask cluster on which a week can run.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def cluster() -> None:
    """An existing Dask cluster on which a week can run.

    Example: monitor cluster check tls://scheduler:8786
    """


@app.command()
def check(
    address: Annotated[
        str | None, typer.Argument(help="Of the scheduler; default: 'scheduler' in [cluster] of monitor.toml.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> int:
    """Ask every worker what it runs and sees, one line each: versions, shared folder, database, clock, keys.

    Keys are compared and never shown. Exit code 1 when something is wrong.

    Example: monitor cluster check tls://scheduler:8786
    """
    config = common.config()
    with common.progress("Asking scheduler and workers"):
        lines = look(config, address)
    common.show("Cluster", [line.row() for line in lines], as_json)
    if len(lines) == 2:
        raise ClusterError("The scheduler has no workers; start some, then run again.")
    return 1 if any(line.is_wrong for line in lines) else 0
