"""`backup` and `restore`."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.backup.keys import key_file
from monitor.backup.make import make_backup
from monitor.backup.restore import chosen, restoring
from monitor.database import private_engine, results_engine
from monitor.verbs import common


def backup(
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Write an encrypted copy of both stores, all crawl directories and files; forget those whose time is over.

    Keys are not in it: copy the folder data/keys to a sealed place, apart from the backups.

    Example: monitor backup
    """
    config = common.config()
    engine = private_engine(config)
    results_engine(config).dispose()  # a store that was never used yet is made, so that there is something to copy
    with common.recorded(engine, "backup"), common.progress("Backing up"):
        made = make_backup(config)
    rows = {
        "backup": str(made.folder),
        "bytes written": made.bytes,
        "crawl directories": made.crawls,
        "of them archived now": made.new_crawls,
        "other files": made.files,
        "old backups removed": made.removed,
        "verified": made.verified,
    }
    common.show("Backup", rows, as_json)


def restore(
    name: Annotated[str | None, typer.Argument(help="Backup: its name or folder; default: the newest.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--from", help="Folder of the backups; default: the configured one.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Key file; default: backup.key beside the phone key.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Fill an empty data folder from a backup, or go on with that where it was interrupted.

    The data folder is the one of MONITOR_DATA_DIR or monitor.toml, as always.

    Example: monitor restore --from /mnt/backups --key backup.key
    """
    config = common.config(half_restored=True)
    source = chosen(folder or config.backup_dir, name)
    with (
        common.progress(f"Restoring {source.name}"),
        restoring(config, source, key or key_file(config)) as done,
        common.recorded(private_engine(config), "restore") as run,
    ):
        run.message = f"from the backup of {done.at}"
        results_engine(config).dispose()
    rows = {
        "as of": done.at,
        "rows": done.rows,
        "crawl directories": done.crawls,
        "other files": done.files,
        "next": "put the keys back into " + str(config.phone_key_file.parent) + ", then: monitor status",
    }
    common.show("Restored", rows, as_json)
