"""A cleaned part into the private store: parts, businesses, versions as intervals, accounts, issues, snapshot.

Everything runs in the one transaction of the caller. Versions are intervals over the parts of their office: a row that
says the same goes on, one that changed or vanished ends with the new part.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Table, and_, func, insert, or_, select, update

from monitor.database import bulk_insert
from monitor.fast_rows import indexed_afterwards, insert_blocks, much_memory, read_columns
from monitor.private_store import (
    business_versions,
    businesses,
    declared_accounts,
    identity_issues,
    registry_parts,
    snapshot_parts,
    snapshots,
)
from monitor.registry.attributes import ATTRIBUTES
from monitor.registry.identity import (
    IDENTITY_COLUMNS,
    NEW,
    Inheritance,
    Issue,
    Numbers,
    components,
    duplicate_rows,
    group_ids,
    inherit,
)

# Ids are assigned once and looked up by number; more than this at once is closed through a temporary table.
_closing = Table(
    "closing", MetaData(), Column("business_id", BigInteger().with_variant(Integer(), "sqlite")), prefixes=["TEMPORARY"]
)


@dataclass
class Written:
    """What an import did to the store."""

    part_id: int
    snapshot_id: str
    business_count: int
    group_count: int
    new_count: int
    inherited_count: int
    changed_count: int
    vanished_count: int
    issue_count: int
    duplicate_count: int
    renumbered: bool


def newest_part(connection: Connection, office: str) -> Any:
    """The office's part that holds now as a row of `registry_parts`, None before its first one."""
    query = select(registry_parts).where(registry_parts.c.office == office)
    return connection.execute(query.order_by(registry_parts.c.part_id.desc()).limit(1)).first()


@dataclass
class _Earlier:
    """The latest state of every business of the office."""

    table: Any
    business_id: Numbers
    group_id: Numbers
    digest: npt.NDArray[np.object_]
    is_open: npt.NDArray[np.bool_]


def write_part(
    connection: Connection, part: dict[str, Any], table: Any, accounts: list[tuple[int, str, str, str | None]]
) -> Written:
    """Stores the part.

    part: values of `registry_parts` without its id. table: Arrow table with row_number and ATTRIBUTES, in file order.
    accounts: (position in the table, marketplace, account, shop id).
    """
    with much_memory(connection):
        return _write_part(connection, part, table, accounts)


def _write_part(
    connection: Connection, part: dict[str, Any], table: Any, accounts: list[tuple[int, str, str, str | None]]
) -> Written:
    office = str(part["office"])
    if connection.dialect.name == "postgresql":
        # Two offices at once would be given the same numbers; SQLite has one writer anyway.
        connection.exec_driver_sql("LOCK TABLE registry_parts IN EXCLUSIVE MODE")
    is_first = (
        connection.execute(select(registry_parts.c.part_id).where(registry_parts.c.office == office)).first() is None
    )
    earlier = _earlier(connection, office)
    result = connection.execute(insert(registry_parts).values(**part))
    assert result.inserted_primary_key is not None
    part_id = int(result.inserted_primary_key[0])
    inheritance = _inheritance(table, earlier)
    business_id = _numbered(connection, inheritance.business_id)
    fresh = inheritance.business_id == NEW
    groups, duplicate_count = _groups(connection, office, table, business_id, earlier)
    changed, vanished = _write_versions(connection, part_id, office, table, business_id, groups, earlier)
    _write_businesses(connection, part_id)
    _write_accounts(connection, part_id, office, business_id, accounts)
    issues = [] if is_first else inheritance.issues
    _write_issues(connection, part_id, business_id, issues)
    snapshot_id, business_count, group_count = write_snapshot(connection, str(part["imported_at"]))
    return Written(
        part_id=part_id,
        snapshot_id=snapshot_id,
        business_count=business_count,
        group_count=group_count,
        new_count=int(fresh.sum()),
        inherited_count=int((~fresh).sum()),
        changed_count=changed,
        vanished_count=vanished,
        issue_count=len(issues),
        duplicate_count=duplicate_count,
        renumbered=inheritance.renumbered,
    )


_KINDS = {"business_id": pa.int64(), "group_id": pa.int64(), "valid_from_part": pa.int64(), "valid_to_part": pa.int64()}


def _earlier(connection: Connection, office: str) -> _Earlier:
    versions = business_versions.c
    names = ("business_id", "group_id", "digest", "valid_from_part", "valid_to_part", *IDENTITY_COLUMNS)
    query = select(*(versions[name] for name in names)).where(versions.office == office)
    is_open = versions.valid_to_part.is_(None)
    current = select(versions.business_id).where(versions.office == office, is_open)
    ended = query.where(~is_open, versions.business_id.not_in(current)).order_by(versions.valid_from_part.desc())
    found = pa.concat_tables(
        [read_columns(connection, query.where(is_open), _KINDS), read_columns(connection, ended, _KINDS)]
    )
    _, first = np.unique(np.asarray(found["business_id"]), return_index=True)  # of several ended ones the last
    found = found.take(pa.array(first))
    return _Earlier(
        table=found.select(IDENTITY_COLUMNS),
        business_id=np.asarray(found["business_id"]).astype(np.int64),
        group_id=np.asarray(found["group_id"]).astype(np.int64),
        digest=np.array(found["digest"].to_pylist(), dtype=object),
        is_open=np.asarray(found["valid_to_part"].is_null()),
    )


def _numbered(connection: Connection, inherited: Numbers) -> Numbers:
    """New ids count on from the largest that was ever assigned."""
    largest = connection.execute(select(func.max(businesses.c.business_id))).scalar() or 0
    numbered = inherited.copy()
    fresh = inherited == NEW
    numbered[fresh] = np.arange(largest + 1, largest + 1 + int(fresh.sum()))
    return numbered


def _inheritance(table: Any, earlier: _Earlier) -> Inheritance:
    if not len(earlier.business_id):
        return Inheritance(np.full(table.num_rows, NEW, dtype=np.int64))
    return inherit(table, earlier.table, earlier.business_id, earlier.is_open)


def _groups(
    connection: Connection, office: str, table: Any, business_id: Numbers, earlier: _Earlier
) -> tuple[Numbers, int]:
    """group_id of every row, and how many rows repeat a business of the same list."""
    versions = business_versions.c
    query = select(versions.business_id, versions.group_id, *(versions[name] for name in IDENTITY_COLUMNS)).where(
        versions.office != office, versions.valid_to_part.is_(None)
    )
    others = read_columns(connection, query, _KINDS)
    before = _looked_up(business_id, earlier.business_id, earlier.group_id)
    other_id, other_group = (np.asarray(others[name]).astype(np.int64) for name in ("business_id", "group_id"))
    labels = components(table.select(IDENTITY_COLUMNS), others.select(IDENTITY_COLUMNS))
    groups = group_ids(labels, business_id, before, other_id, other_group)
    return groups, len(duplicate_rows(labels, table.num_rows))


def _looked_up(wanted: Numbers, keys: Numbers, values: Numbers) -> Numbers:
    """values[keys == wanted]; NEW where there is none. `keys` ascend."""
    if not len(keys):
        return np.full(len(wanted), NEW, dtype=np.int64)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], NEW)


def digests(table: Any) -> list[str]:
    """Hash over the attributes of each row, 16 hex digits; missing and blank differ.

    It only has to tell a changed row from its earlier self, so a fast 64-bit hash serves.
    """
    columns = [_combined(table[name]).cast(pa.string()) for name in ATTRIBUTES if name != "is_outside"]
    joined = pc.binary_join_element_wise(*columns, "\x1f", null_handling="replace", null_replacement="\x00")
    # Only where it is true, so that lists from before there was this column are not rewritten.
    outside = pc.if_else(pc.fill_null(_combined(table["is_outside"]), False), "\x1foutside", "")
    joined = pc.binary_join_element_wise(joined, outside, "")
    texts = np.array(joined.to_pylist(), dtype=object)
    digits = pd.util.hash_array(texts, categorize=False).astype(">u8").tobytes().hex()
    return [digits[at : at + 16] for at in range(0, len(digits), 16)]


def _combined(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _write_versions(
    connection: Connection,
    part_id: int,
    office: str,
    table: Any,
    business_id: Numbers,
    groups: Numbers,
    earlier: _Earlier,
) -> tuple[int, int]:
    """Ends what changed or vanished and starts what is new; the numbers of changed and vanished businesses."""
    digest = np.array(digests(table), dtype=object)
    at = np.full(len(business_id), 0, dtype=np.int64)
    known = np.zeros(len(business_id), dtype=bool)
    if len(earlier.business_id):
        at = np.minimum(np.searchsorted(earlier.business_id, business_id), len(earlier.business_id) - 1)
        known = earlier.business_id[at] == business_id
    goes_on = known.copy()
    if known.any():
        goes_on[known] = (
            earlier.is_open[at[known]]
            & (earlier.digest[at[known]] == digest[known])
            & (earlier.group_id[at[known]] == groups[known])
        )
    kept = business_id[goes_on]
    ended = earlier.business_id[earlier.is_open & ~np.isin(earlier.business_id, kept)]
    vanished = int((~np.isin(ended, business_id)).sum())
    _end_versions(connection, part_id, ended)
    starts = np.flatnonzero(~goes_on)
    columns = {"business_id": business_id[starts], "group_id": groups[starts], "digest": digest[starts]}
    rows = table if len(starts) == table.num_rows else table.take(pa.array(starts))
    constants = {"valid_from_part": part_id, "office": office}
    with indexed_afterwards(connection, business_versions, len(starts)):
        insert_blocks(connection, business_versions, columns, constants, rows)
    return len(ended) - vanished, vanished


def _write_businesses(connection: Connection, part_id: int) -> None:
    """Every business that has its first version in this part."""
    held = business_versions.c
    known = func.coalesce(select(func.max(businesses.c.business_id)).scalar_subquery(), 0)
    fresh = select(held.business_id, held.office, held.valid_from_part).where(
        held.valid_from_part == part_id, held.business_id > known
    )
    connection.execute(insert(businesses).from_select(["business_id", "office", "first_part_id"], fresh))


def _end_versions(connection: Connection, part_id: int, business_id: Numbers) -> None:
    _closing.create(connection)
    bulk_insert(connection, _closing, pd.DataFrame({"business_id": business_id}))
    chosen = business_versions.c.business_id.in_(select(_closing.c.business_id))
    connection.execute(
        update(business_versions)
        .where(chosen, business_versions.c.valid_to_part.is_(None))
        .values(valid_to_part=part_id)
    )
    _closing.drop(connection)


def _write_accounts(
    connection: Connection,
    part_id: int,
    office: str,
    business_id: Numbers,
    accounts: list[tuple[int, str, str, str | None]],
) -> None:
    held = declared_accounts.c
    own = select(businesses.c.business_id).where(businesses.c.office == office)
    query = select(held.business_id, held.marketplace, held.account, held.shop_id).where(
        held.valid_to_part.is_(None), held.business_id.in_(own)
    )
    before: set[tuple[Any, ...]] = {tuple(row) for row in connection.execute(query)}
    now: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row, marketplace, account, shop_id in accounts:
        key = (int(business_id[row]), marketplace, account)
        now.setdefault(key, (*key, shop_id))
    for gone in sorted(before - set(now.values()), key=lambda row: row[:3]):
        match = and_(held.business_id == gone[0], held.marketplace == gone[1], held.account == gone[2])
        connection.execute(
            update(declared_accounts).where(match, held.valid_to_part.is_(None)).values(valid_to_part=part_id)
        )
    started = sorted(set(now.values()) - before, key=lambda row: row[:3])
    frame = pd.DataFrame(started, columns=["business_id", "marketplace", "account", "shop_id"])
    bulk_insert(connection, declared_accounts, frame.assign(valid_from_part=part_id))


def _write_issues(connection: Connection, part_id: int, business_id: Numbers, issues: list[Issue]) -> None:
    frame = pd.DataFrame(
        {
            "part_id": part_id,
            "business_id": [int(business_id[issue.row]) for issue in issues],
            "reason": [issue.reason for issue in issues],
            "candidates": [issue.candidates or None for issue in issues],
        }
    )
    bulk_insert(connection, identity_issues, frame.drop_duplicates("business_id"))


def _newest_parts(connection: Connection) -> Iterator[tuple[int, str, str]]:
    """part_id, as_of and content hash of the part of every office that holds now."""
    newest = select(func.max(registry_parts.c.part_id)).group_by(registry_parts.c.office)
    query = select(registry_parts.c.part_id, registry_parts.c.as_of, registry_parts.c.file_sha256).where(
        registry_parts.c.part_id.in_(newest)
    )
    for row in connection.execute(query.order_by(registry_parts.c.part_id)):
        yield int(row[0]), str(row[1]), str(row[2])


def write_snapshot(connection: Connection, made_at: str) -> tuple[str, int, int]:
    """The registry as it is now, frozen under a name made from its parts: id, businesses, groups."""
    parts = list(_newest_parts(connection))
    name = hashlib.sha256(";".join(f"{part}:{as_of}:{sha}" for part, as_of, sha in parts).encode()).hexdigest()[:16]
    held = business_versions.c
    counted = select(func.count(), func.count(held.group_id.distinct())).where(held.valid_to_part.is_(None), INSIDE)
    business_count, group_count = connection.execute(counted).one()
    if connection.execute(select(snapshots.c.snapshot_id).where(snapshots.c.snapshot_id == name)).first() is None:
        connection.execute(
            insert(snapshots).values(
                snapshot_id=name,
                as_of=max(as_of for _, as_of, _ in parts),
                business_count=business_count,
                group_count=group_count,
                made_at=made_at,
            )
        )
        connection.execute(
            insert(snapshot_parts), [{"snapshot_id": name, "part_id": part_id} for part_id, _, _ in parts]
        )
    return name, int(business_count), int(group_count)


# What is measured: a business that its list places in another province is kept, and is none of this province's.
INSIDE = business_versions.c.is_outside.is_not(True)


def held_by(part_id: int) -> Any:
    """Condition: the version holds in the part (of its own office)."""
    held = business_versions.c
    return and_(held.valid_from_part <= part_id, or_(held.valid_to_part.is_(None), held.valid_to_part > part_id))
