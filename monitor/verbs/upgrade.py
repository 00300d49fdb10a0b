"""`upgrade`: brings the tables of both stores to the version of this program, and shows before what that would do."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from monitor.backup.listed import list_backups, moment_of
from monitor.config import Config
from monitor.database import private_engine, results_engine
from monitor.errors import StoreError, UsageError
from monitor.migrations.steps import Outlook, outlook
from monitor.practice import is_practice
from monitor.verbs import common
from monitor.weeks import utc_now

BACKUP_AGE = timedelta(hours=24)


def upgrade(
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would be done.")] = False,
    without_backup: Annotated[
        bool, typer.Option("--without-backup", help="Although there is no backup of the last 24 hours.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
) -> None:
    """Bring the tables of both stores to the version of this program.

    Any verb does the same when it opens an older store; this one shows it first and wants a backup.

    Example: monitor upgrade --plan
    """
    config = common.config()
    found = [outlook(config.database_url, "private"), outlook(config.results_url, "results")]
    for one in found:
        if one.steps is None:
            raise StoreError(
                f"The {one.store} store has version {one.version}, this program knows {one.newest} at most; "
                "use the newer program, or restore a backup of before."
            )
    if plan:
        common.show("What would be done", [row for one in found for row in _rows(one)], as_json)
        return
    _require_backup(config, found, without_backup)
    for one, opened in zip(found, (private_engine, results_engine), strict=True):
        if one.steps:
            opened(config).dispose()
    common.show("Done", [row for one in found for row in _rows(one)], as_json)


def _rows(one: Outlook) -> list[dict[str, Any]]:
    at = one.version or "none"
    if not one.steps:
        return [{"store": one.store, "version": at, "becomes": at, "what": "nothing to do"}]
    return [{"store": one.store, "version": at, "becomes": version, "what": what} for version, what in one.steps]


def _require_backup(config: Config, found: list[Outlook], without: bool) -> None:
    """A new store, and one that stays as it is, need none."""
    if without or is_practice(config) or not any(one.version and one.steps for one in found):
        return
    backups = list_backups(config.backup_dir) if config.backup_dir.is_dir() else []
    newest = moment_of(backups[-1]) if backups else None
    if newest is None or utc_now() - newest > BACKUP_AGE:
        raise UsageError(
            "There is no backup of the last 24 hours; make one with the program of before, or say --without-backup."
        )
