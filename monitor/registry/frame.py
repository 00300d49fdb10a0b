"""Reads a dated registry snapshot into one documented table."""

from collections.abc import Collection
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, and_, or_, select

from monitor.fast_rows import read_columns
from monitor.private_store import business_versions, declared_accounts, registry_parts, snapshot_parts
from monitor.registry.attributes import ATTRIBUTES, FLAGS
from monitor.registry.write import INSIDE, held_by

# Columns of `read_snapshot` beside its index, the business_id.
SNAPSHOT_COLUMNS = ("office", "group_id", "row_number", *ATTRIBUTES)
_KINDS = {
    "business_id": pa.int64(),
    "group_id": pa.int64(),
    "row_number": pa.int64(),
    "year": pa.int64(),
    **dict.fromkeys(FLAGS, pa.bool_()),
}
_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


def _parts(connection: Connection, snapshot_id: str) -> list[tuple[int, str]]:
    query = (
        select(registry_parts.c.part_id, registry_parts.c.office)
        .join(snapshot_parts, snapshot_parts.c.part_id == registry_parts.c.part_id)
        .where(snapshot_parts.c.snapshot_id == snapshot_id)
        .order_by(registry_parts.c.part_id)
    )
    return [(int(row.part_id), str(row.office)) for row in connection.execute(query)]


def _held(connection: Connection, snapshot_id: str) -> Any:
    """Condition: the version belongs to the snapshot."""
    of_parts = [
        and_(business_versions.c.office == office, held_by(part_id))
        for part_id, office in _parts(connection, snapshot_id)
    ]
    return or_(*of_parts) if of_parts else business_versions.c.business_id.is_(None)


def read_snapshot(
    connection: Connection, snapshot_id: str, areas: Collection[str] | None = None, with_outside: bool = False
) -> pd.DataFrame:
    """The businesses of a snapshot that lie in the province or nobody knows where, indexed and ordered by business_id.

    Columns: SNAPSHOT_COLUMNS, as commented in `business_versions`. Texts have pandas' `str` type (missing is NaN),
    group_id and row_number int64, year Int64, FLAGS boolean. 800,000 rows take about half a gigabyte.
    areas: only businesses of these kab/kota; "?" stands for those whose kab/kota is unknown. with_outside: also those
    that their list places outside the province; they are in nobody's count.
    """
    held = business_versions.c
    query = select(held.business_id, *(held[name] for name in SNAPSHOT_COLUMNS)).where(_held(connection, snapshot_id))
    if not with_outside:
        query = query.where(INSIDE)
    if areas is not None:
        chosen = held.area_code.in_([code for code in areas if code != "?"])
        query = query.where(or_(chosen, held.area_code.is_(None)) if "?" in areas else chosen)
    table = read_columns(connection, query, _KINDS)
    order = pc.sort_indices(table["business_id"])  # sorting whole rows inside the database takes longer
    table = table.take(order)
    nullable = {name: table[name].to_pandas(types_mapper=_NULLABLE.get) for name in ("year", *FLAGS)}
    frame = table.drop_columns(list(nullable)).to_pandas().assign(**nullable)
    return frame.set_index("business_id")[list(SNAPSHOT_COLUMNS)]


def read_declared(connection: Connection, snapshot_id: str) -> pd.DataFrame:
    """Marketplace accounts that businesses of the snapshot declared: business_id, marketplace, account, shop_id.

    Object columns, None where the account names no shop. A lead to be checked, never an observation.
    """
    held = declared_accounts.c
    parts = _parts(connection, snapshot_id)
    found: list[Any] = []
    for part_id, office in parts:
        holds = and_(held.valid_from_part <= part_id, or_(held.valid_to_part.is_(None), held.valid_to_part > part_id))
        own = select(business_versions.c.business_id).where(business_versions.c.office == office, held_by(part_id))
        query = select(held.business_id, held.marketplace, held.account, held.shop_id)
        found += connection.execute(query.where(holds, held.business_id.in_(own))).all()
    rows = sorted((tuple(row) for row in found), key=lambda row: row[:3])
    return pd.DataFrame(rows, columns=["business_id", "marketplace", "account", "shop_id"], dtype=object).astype(
        {"business_id": "int64"}
    )
