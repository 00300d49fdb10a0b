"""PostgreSQL keeps the weekly history in one partition per year; SQLite in whole tables.

What was found in past years then lies in tables of its own: the weekly writer touches the small indexes of this year,
and `VACUUM` passes over years in which nothing ended. Partitions follow each other without gaps:

    observations_first   everything before the year in which the store was divided has ended
    observations_2027    rows that hold from a week of 2027 on, and so forth

They are made when the first row of their year is written, so no installation has to think of them.
"""

import re

from sqlalchemy import Connection, text

TABLES = (
    "observations",
    "shop_metrics",
    "listings",
    "listing_metrics",
    "panel_shops",
    "candidate_pairs",
    "links",
)
_PARTITION = re.compile(rf"(?:{'|'.join(TABLES)})_(?:first|\d{{4}})")
# Where the last partition ends: the year from which on there is none yet.
_REACH = text(
    "SELECT max(substring(pg_get_expr(part.relpartbound, part.oid) FROM 'TO \\(''(\\d{4})''\\)')) "
    "FROM pg_class part JOIN pg_inherits ON inhrelid = part.oid WHERE inhparent = to_regclass(:name)"
)


def is_partition(name: str | None) -> bool:
    """Whether a table of the store is one year of another; those are not declared."""
    return name is not None and _PARTITION.fullmatch(name) is not None


def ensure_year(connection: Connection, table: str, week: str) -> None:
    """Makes the partitions up to the year of `week`, where the table has partitions. table: name, as declared."""
    if connection.dialect.name != "postgresql" or table not in TABLES or week[:4] < _reach(connection, table):
        return
    # Another writer may be doing the same; readers are not held up by this lock, nor by attaching.
    connection.execute(text(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE"))
    for year in range(int(_reach(connection, table)), int(week[:4]) + 1):
        part = f"{table}_{year}"
        connection.execute(text(f"CREATE TABLE {part} (LIKE {table} INCLUDING DEFAULTS INCLUDING COMMENTS)"))
        attach(connection, table, part, f"'{year}'", year + 1)


def attach(connection: Connection, table: str, part: str, low: str, before: int) -> None:
    """low: bound as SQL; before: the first year that no longer belongs to the partition."""
    bounds = f"FROM ({low}) TO ('{before}')"
    connection.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {part} FOR VALUES {bounds}"))


def _reach(connection: Connection, table: str) -> str:
    """The first year without a partition; a store that was never divided holds every year."""
    return connection.execute(_REACH, {"name": table}).scalar_one() or "9999"
