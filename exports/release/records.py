"""What both stores remember of releases: that there was one, for whom, and which figures are frozen by it."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, delete, select, update

from exports.release import columns
from exports.release.words import Head
from monitor import private_store, results_store
from monitor.database import bulk_insert, read_frame, transaction

FIGURE = ("estimand", "domain_kind", "domain_code", "week", "vintage", "revision")
RELEASES = ["release_id", "week", "class", "recipient", "key_id", "expires_on", "manifest_sha256"]


def earlier(connection: Connection, kind: str, recipient: str | None) -> pd.DataFrame:
    """Recorded releases of the class and recipient, oldest first; those that were withdrawn are left out."""
    table = private_store.releases
    query = select(table).where(table.c["class"] == kind, table.c.withdrawn_at.is_(None))
    query = query.where(table.c.recipient.is_(None) if recipient is None else table.c.recipient == recipient)
    return read_frame(connection, query.order_by(table.c.released_at, table.c.release_id))


def taken_ids(connection: Connection) -> set[str]:
    return set(connection.execute(select(private_store.releases.c.release_id)).scalars())


def release_rows(before: pd.DataFrame, practice: bool) -> pd.DataFrame:
    """Rows of the results table `releases` for recorded releases."""
    rows = before[RELEASES].assign(released_on=before["released_at"].str[:10], is_practice=practice)
    return rows.astype(object).where(rows.notna(), None)


def record(
    private: Engine,
    results: Engine,
    head: Head,
    row: dict[str, Any],
    figures: pd.DataFrame,
    links: pd.DataFrame | None,
    tables: dict[str, pd.DataFrame],
    changes: pd.DataFrame,
) -> None:
    """Writes the release into both stores; doing it again after a kill ends in the same.

    row: of private `releases`. figures: key columns of `estimates`, frozen from today on. links: rows of
    `release_links`. tables: pseudonymous rows that replace those of the results database.
    """
    # The private store comes last: what stands in it counts as released, so that a run killed in between is done anew.
    with transaction(results) as connection:
        freeze(connection, results_store.estimates, figures, head.released_on)
        for name, frame in tables.items():
            connection.execute(delete(columns.table(name)))
            bulk_insert(connection, columns.table(name), frame)
        _replace(connection, "changes", head.release_id, changes)
        _replace(connection, "releases", head.release_id, _result_row(row, head))
    with transaction(private) as connection:
        table = private_store.releases
        connection.execute(delete(table).where(table.c.release_id == head.release_id))
        bulk_insert(connection, table, pd.DataFrame([row], dtype=object))
        if links is not None:
            held = private_store.release_links
            connection.execute(delete(held).where(held.c.release_id == head.release_id))
            bulk_insert(connection, held, links.assign(release_id=head.release_id))
        freeze(connection, private_store.estimates, figures, head.released_on)


def _result_row(row: dict[str, Any], head: Head) -> pd.DataFrame:
    return release_rows(pd.DataFrame([row], dtype=object), head.synthetic)


def _replace(connection: Connection, name: str, release_id: str, rows: pd.DataFrame) -> None:
    table = columns.table(name)
    connection.execute(delete(table).where(table.c.release_id == release_id))
    bulk_insert(connection, table, rows)


def freeze(connection: Connection, table: Any, figures: pd.DataFrame, day: str) -> None:
    """Says of every revision that the release holds that it is frozen; the first day stays."""
    for week, vintage, revision in _revisions(figures):
        connection.execute(
            update(table)
            .where(table.c.week == week, table.c.vintage == vintage, table.c.revision == revision)
            .where(table.c.released_on.is_(None))
            .values(released_on=day)
        )


def _revisions(figures: pd.DataFrame) -> Sequence[tuple[str, str, int]]:
    rows = figures[["week", "vintage", "revision"]].drop_duplicates()
    return [(str(week), str(vintage), int(revision)) for week, vintage, revision in rows.itertuples(index=False)]
