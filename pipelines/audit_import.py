"""The yearly audit of the registry: random groups of each kab/kota to be phoned or visited, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256 as hash_of
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, insert, select, update

from monitor import regions
from monitor.config import Config
from monitor.database import transaction, translate_errors
from monitor.errors import UsageError
from monitor.handed_rows import HandedRow, read_rows
from monitor.private_store import audits, businesses
from monitor.registry.frame import read_snapshot
from monitor.registry.snapshots import current_snapshot
from monitor.tables.shapes import squash
from monitor.text import parse_date
from monitor.weeks import utc_now
from pipelines.business_finder import NO_REGISTRY
from pipelines.handed_lists import Also, ListReceipt, file_sha256, write_rejects

OUTCOMES = ("alive", "closed", "moved_out", "not_umkm", "duplicate", "not_reached")
PER_AREA = 50  # groups a kab/kota and year (method 10.3)
NEEDED = (("business_id", "outcome", "drawn_on", "inclusion_prob"),)
_WORDS = {
    "masihberjalan": "alive",
    "masihberusaha": "alive",
    "aktif": "alive",
    "hidup": "alive",
    "tutup": "closed",
    "sudahtutup": "closed",
    "berhenti": "closed",
    "pindah": "moved_out",
    "pindahkeluarwilayah": "moved_out",
    "bukanumkm": "not_umkm",
    "ganda": "duplicate",
    "tercatatganda": "duplicate",
    "tidakterhubungi": "not_reached",
    "tidakditemui": "not_reached",
} | {squash(outcome): outcome for outcome in OUTCOMES}
_METHODS = {"telepon": "phone", "phone": "phone", "hp": "phone", "kunjungan": "visit", "dikunjungi": "visit"} | {
    "visit": "visit"
}


class NoAuditRowError(ValueError):
    """The row cannot be kept; the message is the Indonesian reason."""


# --- drawing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """The draw of a registry: one row a group, by kab/kota and then in the order of the draw."""

    snapshot_id: str
    as_of: str
    drawn_on: str
    rows: pd.DataFrame


def draw_audit(engine: Engine, drawn_on: date, office: str | None = None, per_area: int = PER_AREA) -> Drawn:
    """`per_area` random groups of each kab/kota of the current registry, or all where there are fewer.

    The same registry and day draw the same groups. rows: business_id (the group's smallest), area_code,
    inclusion_prob, business_name, owner_name, address, district_code. office: only of this kab/kota. Groups whose
    kab/kota nobody knows belong to no kab/kota and are not drawn. Raises UsageError without a registry.
    """
    with translate_errors(), engine.connect() as connection:
        snapshot = current_snapshot(connection)
        if snapshot is None:
            raise UsageError(NO_REGISTRY)
        held = read_snapshot(connection, snapshot.snapshot_id)
    areas = [area.code for area in regions.areas() if office in (None, area.code)]
    groups = held.reset_index().drop_duplicates("group_id")
    parts = [
        _drawn(groups[groups["area_code"].eq(code)], per_area, snapshot.snapshot_id, drawn_on, code) for code in areas
    ]
    columns = ["business_id", "area_code", "inclusion_prob", "business_name", "owner_name", "address", "district_code"]
    rows = pd.concat(parts)[columns].reset_index(drop=True)
    return Drawn(snapshot.snapshot_id, snapshot.as_of, drawn_on.isoformat(), rows)


def _drawn(groups: pd.DataFrame, per_area: int, *seed: object) -> pd.DataFrame:
    size = min(per_area, len(groups))
    digest = hash_of("\x1f".join(map(str, ("audit", *seed))).encode()).digest()
    chosen = np.random.default_rng(int.from_bytes(digest[:16])).choice(len(groups), size, replace=False)
    return groups.iloc[chosen].assign(inclusion_prob=size / len(groups) if len(groups) else 1.0)


# --- what was found ---------------------------------------------------------------------------------------------------


def import_audit(engine: Engine, config: Config, path: Path, office: str, also: Also | None = None) -> ListReceipt:
    """Takes in one answered list; a later outcome of the same draw replaces the earlier one.

    Rows without an outcome, or with one that is not known, are given back. Raises InputError where the file is no such
    list.
    """
    sha256, today = file_sha256(path), utc_now().astimezone(config.region.zone).date()
    listed = read_rows(path, "audit", NEEDED)
    receipt = ListReceipt(path.name, "audit", len(listed.rows) + len(listed.problems), notes=list(listed.notes))
    receipt.rejected += listed.problems
    with transaction(engine) as connection:
        known = _known_businesses(connection)
        read: dict[tuple[int, str], dict[str, Any]] = {}
        for row in listed.rows:
            try:
                values = _read(row, known, today)
                _take(read, values)
            except NoAuditRowError as error:
                receipt.rejected.append((row.number, str(error)))
        _keep(connection, list(read.values()), receipt)
        receipt.is_new = not read or receipt.stored > 0
        receipt.rejected.sort()
        if also is not None:
            also(connection, receipt)
    write_rejects(config, receipt, office, sha256)
    return receipt


def _known_businesses(connection: Connection) -> set[int]:
    return {int(key) for key in connection.execute(select(businesses.c.business_id)).scalars()}


def _take(read: dict[tuple[int, str], dict[str, Any]], values: dict[str, Any]) -> None:
    key = (values["business_id"], values["drawn_on"])
    if key in read and read[key] != values:
        raise NoAuditRowError("usaha yang sama tercantum dua kali dengan hasil berbeda; mohon pilih satu")
    read[key] = values


def _read(row: HandedRow, known: set[int], today: date) -> dict[str, Any]:
    business_id = _id(row.cells.get("business_id"), known, "ID Usaha")
    outcome = _outcome(row.cells.get("outcome"))
    other = row.cells.get("duplicate_of")
    duplicate_of = _id(other, known, "ID Usaha yang ganda") if other and outcome == "duplicate" else None
    if outcome == "duplicate" and duplicate_of in (None, business_id):
        raise NoAuditRowError("hasil 'ganda' memerlukan ID Usaha lain yang sama dengannya")
    return {
        "business_id": business_id,
        "drawn_on": _day(row.cells.get("drawn_on"), today, "tanggal undian") or _missing("tanggal undian"),
        "area_code": _area(row.cells.get("area")),
        "inclusion_prob": _chance(row.cells.get("inclusion_prob")),
        "outcome": outcome,
        "duplicate_of": duplicate_of,
        "method": _method(row.cells.get("method")),
        "checked_on": _day(row.cells.get("checked_on"), today, "tanggal diperiksa"),
    }


def _missing(what: str) -> str:
    raise NoAuditRowError(f"{what} kosong; mohon pakai lembar asli")


def _id(cell: str | None, known: set[int], what: str) -> int:
    text = (cell or "").removesuffix(".0").strip()
    if not text.isascii() or not text.isdigit() or int(text) not in known:
        raise NoAuditRowError(f"{what} tidak dikenal; mohon pakai lembar asli")
    return int(text)


def _outcome(cell: str | None) -> str:
    if not cell:
        raise NoAuditRowError("hasil kosong; bila tidak dapat dihubungi, pilih 'tidak terhubungi'")
    found = _WORDS.get(squash(cell))
    if found is None:
        raise NoAuditRowError("hasil tidak dikenal; mohon pilih dari daftar")
    return found


def _area(cell: str | None) -> str:
    codes = regions.area_codes(cell)
    if len(codes) != 1:
        raise NoAuditRowError("kabupaten/kota kosong atau tidak jelas; mohon pakai lembar asli")
    return codes[0]


def _chance(cell: str | None) -> float:
    try:
        chance = float((cell or "").replace(",", "."))
    except ValueError:
        chance = 0.0
    if not 0.0 < chance <= 1.0:
        raise NoAuditRowError("peluang terpilih harus di antara 0 dan 1; mohon pakai lembar asli")
    return chance


def _day(cell: str | None, today: date, what: str) -> str | None:
    if not cell:
        return None
    day = parse_date(cell)
    if day is None:
        raise NoAuditRowError(f"{what} tidak terbaca; tulis seperti 20 November 2026")
    if date.fromisoformat(day) > today:
        raise NoAuditRowError(f"{what} berada di masa depan")
    return day


def _method(cell: str | None) -> str | None:
    if not cell:
        return None
    found = _METHODS.get(squash(cell))
    if found is None:
        raise NoAuditRowError("cara tidak dikenal; pilih telepon atau kunjungan")
    return found


def _keep(connection: Connection, rows: Sequence[Mapping[str, Any]], receipt: ListReceipt) -> None:
    names = ("area_code", "inclusion_prob", "outcome", "duplicate_of", "method", "checked_on")
    held = {(row.business_id, row.drawn_on): row for row in connection.execute(select(audits))}
    for row in rows:
        receipt.counts[row["outcome"]] = receipt.counts.get(row["outcome"], 0) + 1
        before = held.get((row["business_id"], row["drawn_on"]))
        if before is None:
            connection.execute(insert(audits).values(**row))
        elif all(getattr(before, name) == row[name] for name in names):
            receipt.repeated += 1
            continue
        else:
            same = (audits.c.business_id == row["business_id"]) & (audits.c.drawn_on == row["drawn_on"])
            connection.execute(update(audits).where(same).values({name: row[name] for name in names}))
        receipt.stored += 1
