"""`purge`: removes what is kept longer than [retention] says."""

from typing import Annotated

import typer

from monitor.database import private_engine
from monitor.verbs import common
from pipelines.purging import purge as purge_old


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; nothing is removed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Remove what is older than its period in [retention] of monitor.toml; run it daily.

    Example: monitor purge --dry-run
    """
    config = common.config()
    engine = private_engine(config)
    with common.recorded(engine, "purge") as run, common.progress("Removing what is past its period"):
        done = purge_old(engine, config, dry_run)
        total = sum(one.removed for one in done)
        run.message = f"{'Would remove' if dry_run else 'Removed'} {total} rows and files past their period."
    rows = [{"what": one.subject, "older than": one.before, "removed": one.removed} for one in done if one.removed]
    title = "Would be removed" if dry_run else "Removed because its time is over"
    common.show(title, rows or {"nothing": "is past its period"}, as_json)
