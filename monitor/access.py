"""Who took a file with names: one row of `access_log` for each, which the database itself refuses to change."""

import getpass
import os

from sqlalchemy import Connection, insert

from monitor.private_store import access_log
from monitor.weeks import utc_now, utc_text


def account() -> str:
    """The account that runs the command; a number where the machine knows no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def log_access(connection: Connection, what: str, area_code: str | None, purpose: str) -> None:
    """Notes that a named export was made or taken, in the caller's transaction.

    what: kind of file and its week, never a person. area_code: kode of the kab/kota or office, None for all of them.
    purpose: what it is for. Append-only: the database refuses to change the row, or to delete it before five years.
    """
    row = {"at": utc_text(utc_now()), "who": account(), "what": what, "area_code": area_code, "purpose": purpose}
    connection.execute(insert(access_log).values(**row))
