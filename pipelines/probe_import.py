"""Lists of businesses known to sell, taken into the probe. Nothing of it reaches crawl or linkage (`pipelines.probes`).

A row needs a shop and a day; what business it is may stay open until a person says so. The same file twice, and the
same row in two files, change nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from monitor.config import Config
from monitor.database import transaction
from monitor.errors import UsageError
from monitor.forgotten import Forgotten, read_forgotten
from monitor.handed_rows import HandedRow, read_rows
from monitor.identifiers import PhoneHasher
from monitor.phone_hash import load_hasher
from monitor.text import parse_date
from monitor.weeks import utc_now, utc_text
from pipelines import probes
from pipelines.business_finder import BY_REVIEWER, BusinessFinder, Found, Wanted, wanted_of
from pipelines.handed_lists import ERASED, Also, ListReceipt, file_sha256, is_erased, write_rejects
from pipelines.probe_links import USABLE, NoShopError, Place, read_place
from pipelines.probe_shops import declares, name_of

NEEDED = (("shop_url",), ("marketplace", "shop_id"))
SOURCE = "kantor"  # where the file does not say how the row was collected
OLDEST = "2015-01-01"
_ASK = "akan ditanyakan kepada penelaah"


@dataclass(frozen=True)
class _Read:
    """A row that can be kept: where its shop is, what business it says, when and how it was collected."""

    number: int
    place: Place
    wanted: Wanted
    collected_on: str
    source: str
    cohort: str | None


def import_probes(
    engine: Engine,
    config: Config,
    path: Path,
    office: str,
    source: str | None = None,
    today: date | None = None,
    also: Also | None = None,
) -> ListReceipt:
    """Takes in one list, all of its usable rows or, where the file cannot be read, nothing.

    source: for rows that name none. today: rows of later days are given back; default the region's present day.
    Raises InputError where the file is no such list, UsageError without a registry, StoreError.
    """
    sha256, now = file_sha256(path), utc_now()
    day = today or now.astimezone(config.region.zone).date()
    listed = read_rows(path, "probe", NEEDED)
    receipt = ListReceipt(path.name, "probe", len(listed.rows) + len(listed.problems), notes=list(listed.notes))
    receipt.rejected += listed.problems
    read = _read_all(listed.rows, office, source or SOURCE, day, load_hasher(config.phone_key_file), receipt)
    with transaction(engine) as connection:
        receipt.is_new = not probes.has_file(connection, sha256)
        read = _known(read, read_forgotten(connection, config), receipt)
        rows = _identified(connection, read, receipt)
        common = {"office": office, "imported_at": utc_text(now), "source_sha256": sha256}
        _keep(connection, [row | common for row in rows], receipt)
        receipt.rejected.sort()
        receipt.remarks.sort()
        if also is not None:
            also(connection, receipt)
    write_rejects(config, receipt, office, sha256)
    return receipt


def _read_all(
    rows: Sequence[HandedRow], office: str, source: str, day: date, hasher: PhoneHasher, receipt: ListReceipt
) -> list[_Read]:
    read = []
    for row in rows:
        try:
            read.append(_read(row, office, source, day, hasher))
        except NoShopError as error:
            receipt.rejected.append((row.number, str(error)))
    return read


def _read(row: HandedRow, office: str, source: str, day: date, hasher: PhoneHasher) -> _Read:
    collected_on = read_day(row.cells.get("collected_on"), day)
    place = read_place(row.cells.get("marketplace"), row.cells.get("shop_url"), row.cells.get("shop_id"), hasher)
    wanted = wanted_of(row, office)
    if not (wanted.nib or wanted.name):
        raise NoShopError("nama usaha kosong; mohon isi nama usaha, pemilik, dan kecamatan, atau NIB")
    told = row.text("source", 60) or source
    return _Read(row.number, place, wanted, collected_on, told, row.text("cohort", 120))


def read_day(cell: str | None, today: date) -> str:
    """ISO date of a cell. Raises NoShopError where it is none, lies ahead, or before marketplaces were used."""
    written = parse_date(cell)
    if written is None:
        raise NoShopError("tanggal dicatat kosong atau tidak terbaca; tulis seperti 20 November 2026")
    if date.fromisoformat(written) > today:
        raise NoShopError("tanggal dicatat berada di masa depan; mohon periksa tahunnya")
    if written < OLDEST:
        raise NoShopError("tanggal dicatat terlalu lama; mohon periksa tahunnya")
    return written


def _known(read: Sequence[_Read], forgotten: Forgotten, receipt: ListReceipt) -> list[_Read]:
    """Without rows of people who were erased; these are given back."""
    kept = []
    for one in read:
        shops = {one.place.shop_id, one.place.url, name_of(one.place.marketplace, one.place.url)} - {None}
        if any(is_erased(forgotten, one.wanted, one.place.marketplace, shop) for shop in shops or {None}):
            receipt.rejected.append((one.number, ERASED))
        else:
            kept.append(one)
    return kept


def _identified(connection: Connection, read: Sequence[_Read], receipt: ListReceipt) -> list[dict[str, Any]]:
    finder = BusinessFinder(connection, [one.wanted for one in read]) if read else None
    rows = [_row(one, finder.find(one.wanted)) for one in read if finder is not None]
    said = [(row["business_id"], row["marketplace"], row["shop_id"], row["shop_url"]) for row in rows]
    for row, is_declared in zip(rows, declares(connection, said), strict=True):
        if is_declared and row["status"] == probes.USABLE:
            row["status"] = probes.NOT_INDEPENDENT
            row["remark"] = "toko itu tercantum dalam registri; dicatat, tetapi tidak dihitung dalam daftar uji"
    return rows


def _row(one: _Read, found: Found) -> dict[str, Any]:
    remarks = [one.place.remark, one.wanted.remark]
    status = probes.USABLE if one.place.status == USABLE else probes.UNRESOLVED
    if found.business_id is None:
        remarks.append(f"{found.reason}; {_ASK}")
        status = probes.UNIDENTIFIED if status == probes.USABLE else status
    return {
        "row_number": one.number,
        "source": one.source,
        "collected_on": one.collected_on,
        "marketplace": one.place.marketplace,
        "shop_id": one.place.shop_id,
        "shop_url": one.place.url,
        "business_id": found.business_id,
        "identified_by": found.how,
        "status": status,
        "cohort": one.cohort,
        "business_name": one.wanted.name,
        "owner_name": one.wanted.owner,
        "area_code": one.wanted.area_code,
        "district_code": one.wanted.district_code,
        "remark": "; ".join(text for text in remarks if text) or None,
    }


def _keep(connection: Connection, rows: Sequence[Mapping[str, Any]], receipt: ListReceipt) -> None:
    known = probes.known_keys(connection)
    fresh = []
    for row in rows:
        values = {name: value for name, value in row.items() if name != "remark"}
        if row["remark"]:
            receipt.remarks.append((row["row_number"], row["remark"]))
        if (key := probes.key_of(values)) in known:
            receipt.repeated += 1
            continue
        known.add(key)
        fresh.append(values)
        receipt.counts[row["status"]] = receipt.counts.get(row["status"], 0) + 1
    receipt.stored = probes.add(connection, fresh)


# --- what a person decides --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Open:
    """A probe whose business is not certain, and the registered businesses that a person should look at."""

    probe_id: int
    office: str | None
    name: str | None
    owner: str | None
    area_code: str | None
    candidates: tuple[tuple[int, str], ...]


def open_probes(connection: Connection, office: str | None = None) -> list[Open]:
    """Probes without a business, oldest first. Raises UsageError without a registry."""
    found = probes.read_probes(connection)
    found = found[found["business_id"].isna()]
    if office is not None:
        found = found[found["office"].eq(office)]
    records = found.to_dict("records")
    wanted = [
        Wanted(None, row["business_name"], row["owner_name"], row["area_code"], row["district_code"]) for row in records
    ]
    finder = BusinessFinder(connection, wanted) if wanted else None
    return [
        Open(
            int(row["probe_id"]),
            row["office"],
            one.name,
            one.owner,
            one.area_code,
            tuple((key, finder.name(key)) for key in finder.alike(one)) if finder is not None else (),
        )
        for row, one in zip(records, wanted, strict=True)
    ]


def confirm(engine: Engine, probe_id: int, business_id: int) -> str:
    """Records that a person found the probe's business; the status it has from now on. Raises UsageError."""
    with transaction(engine) as connection:
        found = probes.read_probes(connection)
        own = found[found["probe_id"].eq(probe_id)]
        if own.empty:
            raise UsageError(f"There is no probe {probe_id}; 'monitor probe open' lists those that wait.")
        if not BusinessFinder(connection, [Wanted()]).has(business_id):
            raise UsageError(f"No business of the present registry has the id {business_id}.")
        status = _status(connection, own.iloc[0].to_dict() | {"business_id": business_id})
        values = {"business_id": business_id, "identified_by": BY_REVIEWER, "status": status}
        probes.settle(connection, probe_id, values)
        return status


def _status(connection: Connection, own: Mapping[str, Any]) -> str:
    if own["status"] == probes.UNRESOLVED:
        return probes.UNRESOLVED
    said = (own["business_id"], own["marketplace"], own["shop_id"], own["shop_url"])
    return probes.NOT_INDEPENDENT if declares(connection, [said])[0] else probes.USABLE
