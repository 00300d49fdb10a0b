"""Breaks in the series: weeks from which figures do not compare with earlier ones, because of us and not of the world.

Written are changes against the last week measured before: marketplaces covered, registry parts, model, method, panel.
Levels of single crawls that were accepted are written when that happens (`monitor.accepting`). Notes are Indonesian:
the page prints them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from sqlalchemy import Connection, delete, func, or_, select

from monitor.database import bulk_insert
from monitor.marketplaces import catalogue
from monitor.private_store import (
    estimates,
    marketplace_weeks,
    query_panel,
    registry_parts,
    series_breaks,
    snapshot_parts,
    snapshots,
)
from pipelines.measure_flows import bases_of
from pipelines.measure_read import WeekRead

KINDS = ("marketplaces", "registry", "model", "panel", "definition")
WORDS = {"refused": "akses ditolak", "failed": "tidak terbaca", "closed": "ditutup", "not_crawled": "tidak dibaca"}
Break = tuple[str, str, str]  # kind, subject, note


def store_breaks(connection: Connection, read: WeekRead, method_version: str) -> int:
    """Writes the week's breaks anew; how many. The first measured week has none."""
    week = read.inputs.week
    connection.execute(delete(series_breaks).where(series_breaks.c.week == week, series_breaks.c.kind.in_(KINDS)))
    before = connection.execute(
        select(func.max(marketplace_weeks.c.week)).where(marketplace_weeks.c.week < week)
    ).scalar()
    if before is None:
        return 0
    found = [
        *_marketplaces(connection, read, before),
        *_registry(connection, read, before),
        *_model(connection, read, before),
        *_panel(connection, week, before),
        *_definition(connection, before, method_version),
    ]
    rows = pd.DataFrame(found, columns=["kind", "subject", "note"], dtype=object)
    return bulk_insert(connection, series_breaks, rows.assign(week=week))


def _marketplaces(connection: Connection, read: WeekRead, before: str) -> Iterator[Break]:
    table = marketplace_weeks.c
    then = set(connection.execute(select(table.marketplace).where(table.week == before, table.covered)).scalars())
    states: Mapping[str, str] = dict(zip(read.states["marketplace"], read.states["state"], strict=True))
    now = set(read.states.loc[read.states["covered"].astype(bool), "marketplace"])
    for slug in sorted(now - then):
        yield "marketplaces", slug, f"{_title(slug)} mulai tercakup dalam angka utama"
    for slug in sorted(then - now):
        why = WORDS.get(states.get(slug, ""), "tidak tersedia")
        yield "marketplaces", slug, f"{_title(slug)} tidak lagi tercakup dalam angka utama ({why})"


def _title(slug: str) -> str:
    entry = catalogue().get(slug)
    return entry.title if entry else slug


def _before(connection: Connection, before: str) -> Any:
    """Snapshot and method of the newest figures of the week before."""
    table = estimates.c
    query = select(table.registry_snapshot, table.method_version).where(table.week == before)
    return connection.execute(query.order_by(table.made_at.desc(), table.revision.desc()).limit(1)).first()


def _registry(connection: Connection, read: WeekRead, before: str) -> Iterator[Break]:
    then = _before(connection, before)
    now = read.snapshot.snapshot_id
    if then is None or then.registry_snapshot in (None, now):
        return
    sizes = dict(
        tuple(row)
        for row in connection.execute(
            select(snapshots.c.snapshot_id, snapshots.c.group_count).where(
                snapshots.c.snapshot_id.in_((now, then.registry_snapshot))
            )
        )
    )
    old, new = (_thousands(sizes.get(one, 0)) for one in (then.registry_snapshot, now))
    changed = _parts(connection, now) ^ _parts(connection, then.registry_snapshot)
    for office in sorted({office for office, _ in changed}):
        note = f"jumlah UMKM terdaftar berubah dari {old} menjadi {new} karena daftar kantor {office} diperbarui"
        yield "registry", office, note


def _thousands(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def _parts(connection: Connection, snapshot_id: str) -> set[tuple[str, int]]:
    query = (
        select(registry_parts.c.office, registry_parts.c.part_id)
        .join(snapshot_parts, snapshot_parts.c.part_id == registry_parts.c.part_id)
        .where(snapshot_parts.c.snapshot_id == snapshot_id)
    )
    return {(str(row.office), int(row.part_id)) for row in connection.execute(query)}


def _model(connection: Connection, read: WeekRead, before: str) -> Iterator[Break]:
    then, now = bases_of(connection, before), bases_of(connection, read.inputs.week)
    if then and now and then != now:
        yield "model", ", ".join(now), f"cara mencocokkan berubah dari {', '.join(then)} menjadi {', '.join(now)}"


def _panel(connection: Connection, week: str, before: str) -> Iterator[Break]:
    """Queries that joined or left the chosen panel since the week before."""
    table = query_panel.c
    joined = (table.from_week > before) & (table.from_week <= week)
    left = (table.to_week > before) & (table.to_week <= week)
    query = select(table.marketplace, func.count()).where(or_(joined, left)).group_by(table.marketplace)
    for slug, count in sorted(tuple(row) for row in connection.execute(query)):
        yield "panel", str(slug), f"pencarian tetap di {_title(str(slug))} berubah ({count} pencarian)"


def _definition(connection: Connection, before: str, method_version: str) -> Iterator[Break]:
    then = _before(connection, before)
    if then is not None and then.method_version != method_version:
        yield "definition", "method", f"cara menghitung berubah dari versi {then.method_version} ke {method_version}"
