"""The denominator and what the registry says of single groups, counted inside the database.

The rows of a group may differ; as everywhere, its lowest code speaks for it.
"""

from collections.abc import Collection
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, case, cast, func, or_, select

from monitor.database import read_frame
from monitor.intervals import as_of
from monitor.private_store import business_versions, candidate_pairs, registry_parts, snapshot_parts
from monitor.registry.write import INSIDE, held_by
from pipelines.estimation.inputs import UNKNOWN, blank

CHUNK = 500
_KINDS = {"groups": "int64", "has_certificate": "bool"}
_COLUMNS = {"area": "area_code", "sector": "sector", "size": "size"}


def held(connection: Connection, snapshot_id: str) -> ColumnElement[bool]:
    """Condition: the row belongs to the snapshot and lies in the province or nobody knows where."""
    parts = select(registry_parts.c.part_id, registry_parts.c.office).where(
        registry_parts.c.part_id.in_(
            select(snapshot_parts.c.part_id).where(snapshot_parts.c.snapshot_id == snapshot_id)
        )
    )
    each = [
        and_(business_versions.c.office == row.office, held_by(row.part_id))
        for row in connection.execute(parts.order_by(registry_parts.c.part_id))
    ]
    return and_(INSIDE, or_(*each)) if each else business_versions.c.business_id.is_(None)


def _groups(*conditions: ColumnElement[bool]) -> Select[Any]:
    """One row per group: group_id, area, sector, size (UNKNOWN where no row says it), has_certificate (0 or 1)."""
    row = business_versions.c
    holds = or_(row.has_pirt, row.has_halal, row.pirt.is_not(None), row.halal.is_not(None))
    said = [func.coalesce(func.min(row[column]), UNKNOWN).label(name) for name, column in _COLUMNS.items()]
    certified = func.max(case((holds, 1), else_=0)).label("has_certificate")
    return select(row.group_id, *said, certified).where(*conditions).group_by(row.group_id)


def read_cells(connection: Connection, snapshot_id: str) -> pd.DataFrame:
    """Groups of the snapshot by area, sector, size and certificate: `inputs.COLUMNS["registry"]`."""
    groups = _groups(held(connection, snapshot_id)).subquery()
    keys = [groups.c[name] for name in (*_COLUMNS, "has_certificate")]
    query = select(*keys, cast(func.count(), Integer).label("groups")).group_by(*keys).order_by(*keys)
    found = read_frame(connection, query)
    return found.astype(_KINDS)[list(blank("registry"))]


def read_groups(connection: Connection, snapshot_id: str, week: str, ids: Collection[int]) -> pd.DataFrame:
    """What the registry says of these groups and of all candidates of the week: `inputs.COLUMNS["groups"]`.

    Groups that are not in the snapshot are left out.
    """
    inside = held(connection, snapshot_id)
    candidates = select(candidate_pairs.c.group_id).where(as_of(candidate_pairs, week)).distinct()
    parts = [read_frame(connection, _groups(inside, business_versions.c.group_id.in_(candidates)))]
    known = set(parts[0]["group_id"])
    others = sorted({int(number) for number in ids} - known)
    for start in range(0, len(others), CHUNK):
        some = business_versions.c.group_id.in_(others[start : start + CHUNK])
        parts.append(read_frame(connection, _groups(inside, some)))
    found = pd.concat(parts, ignore_index=True).astype({"group_id": "int64", "has_certificate": "bool"})
    return found.sort_values("group_id", ignore_index=True)[list(blank("groups"))]


def groups_of(connection: Connection, business_ids: Collection[int]) -> dict[int, int]:
    """Business -> its group now, by its newest version; businesses that the registry never held have none."""
    row, found = business_versions.c, dict[int, int]()
    wanted = sorted({int(number) for number in business_ids})
    query = select(row.business_id, row.group_id).order_by(row.business_id, row.valid_from_part)
    for start in range(0, len(wanted), CHUNK):
        part = query.where(row.business_id.in_(wanted[start : start + CHUNK]))
        found |= {int(business): int(group) for business, group in connection.execute(part)}
    return found
