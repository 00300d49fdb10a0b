"""Which frozen registry is in use: `frame` reads its rows, with the table libraries that takes."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from monitor.private_store import snapshot_parts, snapshots
from monitor.weeks import week_days


@dataclass(frozen=True)
class Snapshot:
    """A frozen registry. as_of: ISO date of its newest part. group_count: the denominator N."""

    snapshot_id: str
    as_of: str
    business_count: int
    group_count: int


def current_snapshot(connection: Connection, as_of_week: str | None = None) -> Snapshot | None:
    """The newest snapshot, or the newest one that describes a day up to the end of the week.

    For a week before the first list the first one serves: it is all that is known. None without any registry.
    """
    newest = (
        select(func.max(snapshot_parts.c.part_id))
        .where(snapshot_parts.c.snapshot_id == snapshots.c.snapshot_id)
        .scalar_subquery()
    )
    columns = (snapshots.c.snapshot_id, snapshots.c.as_of, snapshots.c.business_count, snapshots.c.group_count)
    query = select(*columns).order_by(snapshots.c.as_of.desc(), newest.desc())
    found = [Snapshot(*row) for row in connection.execute(query)]
    if as_of_week is None or not found:
        return found[0] if found else None
    last_day = week_days(as_of_week)[1].isoformat()
    return next((snapshot for snapshot in found if snapshot.as_of <= last_day), found[-1])
