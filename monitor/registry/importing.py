"""A handed-in registry list into the private store, or only looked at.

The file is read in chunks, cleaned column by column, and written in one transaction: whatever happens in between, the
store is as before or holds the whole part.
"""

import gc
import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, select

from monitor import regions
from monitor.config import Config
from monitor.database import transaction, translate_errors
from monitor.errors import InputError, UsageError
from monitor.forgotten import Forgotten, read_forgotten
from monitor.identifiers import PhoneHasher, load_hasher
from monitor.private_store import snapshots
from monitor.registry.attributes import ATTRIBUTES, FLAGS, AttributeReader, Attributes
from monitor.registry.columns import Recognised, header_names, recognise, title_of
from monitor.registry.contacts import Contacts
from monitor.registry.erased import mark_nameless, without_erased
from monitor.registry.identity import IDENTITY_COLUMNS, components, duplicate_rows
from monitor.registry.notes import RETURNED, Notes, write_notes
from monitor.registry.places import NO_PLACES, PLACE_FIELDS, PlaceReader
from monitor.registry.report import CheckReport, ImportReport
from monitor.registry.write import Written, newest_part, write_part
from monitor.tables.shapes import Chunk, TableError, squash
from monitor.tables.table import Table, open_table
from monitor.weeks import utc_now, utc_text

CLEANERS = 2
SAMPLE_ROWS = 500  # of each column, for the checks of content
NOTES_FILE = "catatan.csv"
_SHOP_HEADERS = frozenset(squash(name) for name in ("shop_id", "listing_id", "ID Toko", "ID Produk", "Kode Produk"))

Advance = Callable[[int], None]
Also = Callable[[Connection, ImportReport], None]


class RejectedPartError(InputError):
    """Too many rows could not be used; nothing was imported. `report` says which."""

    def __init__(self, message: str, report: CheckReport) -> None:
        super().__init__(message)
        self.report = report


class OlderListError(InputError):
    """The office already handed in a newer list. `pesan` says so in Indonesian."""

    def __init__(self, message: str, pesan: str) -> None:
        super().__init__(message)
        self.pesan = pesan


@dataclass
class _Read:
    """A file read to its end: cleaned rows as an Arrow table with row_number and ATTRIBUTES."""

    table: Any
    accounts: list[tuple[int, str, str, str | None]]
    columns: Recognised
    report: CheckReport


@dataclass
class _Opened:
    """A file whose columns are known and whose rows are still to come."""

    table: Table
    chunks: Any
    columns: Recognised
    first: Chunk | None
    counts: dict[str, int] = field(default_factory=dict)


def check(path: Path, config: Config, office: str | None = None, advance: Advance | None = None) -> CheckReport:
    """What an import of the file would make of it; writes nothing, not even a telephone key.

    Raises TableError when it is no table, InputError when it is no list of businesses, UsageError for a wrong office.
    """
    opened = _open(path, config, advance)
    throw_away = PhoneHasher(os.urandom(32))
    read = _read(opened, path, throw_away, _area_of(checked_office(office, config)), utc_now().year + 1)
    rows = read.table.select(IDENTITY_COLUMNS)
    read.report.duplicate_count = len(duplicate_rows(components(rows, rows.slice(0, 0)), rows.num_rows))
    return read.report


def import_part(
    engine: Engine,
    config: Config,
    path: Path,
    as_of: str,
    office: str,
    advance: Advance | None = None,
    also: Also | None = None,
) -> ImportReport:
    """Imports the list as the office's part as of that date.

    also: done at the end of the transaction that keeps the part.
    The office's newest file again changes nothing. The same date with other content is a correction. Raises
    OlderListError, RejectedPartError (more rows unusable than
    `max_reject_share`), TableError, UsageError, StoreError; then nothing has changed.
    """
    with _no_collection():
        return _import(engine, config, path, checked_date(as_of), checked_office(office, config), advance, also)


def _import(
    engine: Engine,
    config: Config,
    path: Path,
    day: str,
    office: str,
    advance: Advance | None,
    also: Also | None,
) -> ImportReport:
    opened = _open(path, config, advance)
    hasher = load_hasher(config.phone_key_file)
    sha256 = file_sha256(path)
    with translate_errors(), engine.connect() as connection:
        unchanged = _known_part(connection, opened, path, office, day, sha256, hasher.key_id)
        forgotten = read_forgotten(connection, config)
    if unchanged is not None:
        return unchanged
    read = _read(opened, path, hasher, _area_of(office), int(day[:4]))
    _forget(read, forgotten, office)
    rejects = _write_rejects(config, read.report, office, day, sha256)
    _refuse_many(read.report, config, rejects)
    part = {
        "office": office,
        "as_of": day,
        "file_sha256": sha256,
        "read_count": read.report.read_count,
        "kept_count": read.report.kept_count,
        "reject_count": read.report.reject_count,
        "columns": read.columns.as_written(),
        "phone_key_id": hasher.key_id,
        "imported_at": utc_text(utc_now()),
    }
    with transaction(engine) as connection:
        # Somebody else may have imported while this file was being read.
        unchanged = _known_part(connection, opened, path, office, day, sha256, hasher.key_id)
        if unchanged is not None:
            return unchanged
        written = write_part(connection, part, read.table, read.accounts)
        if forgotten:
            mark_nameless(connection, written.part_id)
        report = _imported(read.report, written, office, day, rejects)
        if also is not None:
            also(connection, report)
    return report


def _imported(check: CheckReport, written: Written, office: str, day: str, rejects: Path | None) -> ImportReport:
    check.duplicate_count = written.duplicate_count
    if written.renumbered:
        check.remarks.append(
            "Nomor ID pada daftar ini tampaknya disusun ulang; usaha dikenali dari NIB, nama, pemilik, dan desa."
        )
    return ImportReport(
        check=check,
        office=office,
        as_of=day,
        state="imported",
        part_id=written.part_id,
        snapshot_id=written.snapshot_id,
        business_count=written.business_count,
        group_count=written.group_count,
        new_count=written.new_count,
        inherited_count=written.inherited_count,
        changed_count=written.changed_count,
        vanished_count=written.vanished_count,
        issue_count=written.issue_count,
        rejects_file=rejects,
    )


def _forget(read: _Read, forgotten: Forgotten, office: str) -> None:
    """Rows of people who were erased are emptied, and nothing is said about them."""
    read.table, read.accounts, emptied = without_erased(read.table, read.accounts, forgotten, office)
    read.report.notes = [note for note in read.report.notes if note.row not in emptied]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Twenty million strings and no cycle among them: looking for cycles took an eighth of the time (2026-11-21)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def checked_office(office: str | None, config: Config) -> str:
    """The office's kode without dots; the province when none is named. Raises UsageError for an unknown one."""
    code = (office or config.registry.office or config.region.code).replace(".", "").strip()
    known = {config.region.code, *(area.code for area in regions.areas())}
    if code not in known:
        raise UsageError(f"'{office}' is no office: give a kode such as {', '.join(sorted(known)[:3])}.")
    return code


def checked_date(text: str) -> str:
    """The ISO date itself. Raises UsageError when it is none or lies ahead: every later list would look old."""
    try:
        day = date.fromisoformat(text.strip())
        if day.isoformat() != text.strip():
            raise ValueError
    except ValueError:
        raise UsageError(f"'{text}' is not a date; write --as-of like 2026-11-01.") from None
    if day > utc_now().date() + timedelta(days=1):  # it is tomorrow already in the east of the country
        raise UsageError(f"The date {text} lies in the future; give the day for which the list holds with --as-of.")
    return day.isoformat()


def file_sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def _area_of(office: str) -> str | None:
    """The kab/kota that rows without one lie in: that of the office, unless it is the province's."""
    return office if len(office) == 4 else None


def _open(path: Path, config: Config, advance: Advance | None) -> _Opened:
    mapping = dict(config.registry.columns)
    table = open_table(path, header_names(mapping))
    table.on_rows = advance
    chunks = table.chunks()
    first = next(chunks, None)
    width = len(table.headers)
    samples = [_sample(column) for column in first.columns] if first else [[] for _ in range(width)]
    columns = recognise(table.headers, samples, mapping)
    _refuse_shops(path, table.headers, columns)
    if not {"business_name", "trade_name", "owner_name"} & set(columns.fields):
        raise TableError(
            f"{path.name} has no column with names of businesses or owners, so it is no list of businesses (perhaps a"
            " table of counts); hand in the list itself, or name the column under [registry.columns] in monitor.toml.",
            "Berkas tidak memuat kolom nama usaha maupun nama pemilik (mungkin tabel rekapitulasi); mohon kirim daftar"
            " UMKM per nama.",
        )
    if first is None and not table.problems:
        raise TableError(
            f"{path.name} has a header but no rows; hand in the list itself.",
            "Berkas hanya memuat judul kolom tanpa baris data; mohon kirim ulang.",
        )
    return _Opened(table, chunks, columns, first)


def _refuse_shops(path: Path, headers: Sequence[str], columns: Recognised) -> None:
    """A list of shops has names too; taken for a registry it would double the denominator."""
    names = {squash(header) for header in headers}
    if not names & _SHOP_HEADERS or {"nib", "owner_name", "kbli"} & set(columns.fields):
        return
    raise TableError(
        f"{path.name} is a list of shops of a marketplace, not of businesses; hand it in with: monitor feed.",
        "Berkas ini memuat toko di lokapasar, bukan daftar UMKM; mohon beri nama "
        "'<lokapasar>-TTTT-BB-HH-sebagian.csv' agar dibaca sebagai data serahan.",
    )


def _sample(column: Any) -> list[str]:
    """Cells of a column: the first ones, and more from its filled part where the start is empty."""
    cells: list[str] = column.slice(0, SAMPLE_ROWS).to_pylist()
    if sum(1 for cell in cells if cell.strip()) < SAMPLE_ROWS // 10:
        filled = column.filter(pc.match_substring_regex(column, r"[0-9A-Za-z]"))
        cells += filled.slice(0, SAMPLE_ROWS).to_pylist()
    return cells


def _known_part(
    connection: Connection, opened: _Opened, path: Path, office: str, day: str, sha256: str, key_id: str
) -> ImportReport | None:
    """The report of a file that holds already. Raises InputError when the office has a newer list."""
    newest = newest_part(connection, office)
    if newest is None:
        return None
    if newest.as_of > day:
        raise OlderListError(
            f"{path.name} is as of {day}, but office {office} already has a list as of {newest.as_of}, which is newer;"
            " nothing was changed. Check --as-of.",
            f"Daftar ini bertanggal {day}, sedangkan daftar bertanggal {newest.as_of} sudah diterima; mohon periksa"
            " tanggal pada nama berkas.",
        )
    same = (newest.as_of, newest.file_sha256, newest.phone_key_id) == (day, sha256, key_id)
    if not same or dict(newest.columns) != opened.columns.as_written():
        return None
    snapshot = connection.execute(
        select(snapshots).order_by(snapshots.c.as_of.desc(), snapshots.c.made_at.desc())
    ).first()
    report = _report(opened, path, newest.read_count, newest.kept_count, newest.reject_count)
    return ImportReport(
        check=report,
        office=office,
        as_of=day,
        state="unchanged",
        part_id=newest.part_id,
        snapshot_id=snapshot.snapshot_id if snapshot else None,
        business_count=snapshot.business_count if snapshot else 0,
        group_count=snapshot.group_count if snapshot else 0,
        inherited_count=newest.kept_count,
    )


def _read(opened: _Opened, path: Path, hasher: PhoneHasher, area: str | None, newest_year: int) -> _Read:
    notes = Notes()
    reader = AttributeReader(opened.columns, Contacts(hasher), PlaceReader(area), notes, newest_year)
    parts: list[Any] = []
    accounts: list[tuple[int, str, str, str | None]] = []
    kept = 0
    for found in _cleaned(opened, reader):
        accounts.extend((row + kept, slug, account, shop) for row, slug, account, shop in found.accounts)
        kept += found.table.num_rows
        parts.append(found.table)
    if area is None and not any(name in opened.columns.fields for name in PLACE_FIELDS):
        opened.columns.remarks.append(NO_PLACES)
    for problem in opened.table.problems:
        notes.add(RETURNED, [problem.row], "", [""], problem.reason)
    table = pa.concat_tables(parts) if parts else _no_rows()
    returned = {note.row for note in notes.items if note.kind == RETURNED}
    # What else is wrong with a row that goes back anyway would only distract.
    notes.items = [note for note in notes.items if note.kind == RETURNED or note.row not in returned]
    rejected = len(returned)
    report = _report(opened, path, kept + rejected, kept, rejected)
    report.nib_restored_count = len(reader.restored)
    report.notes = notes.sorted()
    report.repeated_id_count = _repeated(table["source_id"])
    report.outside_count = pc.sum(table["is_outside"]).as_py() or 0
    return _Read(table, accounts, opened.columns, report)


def _cleaned(opened: _Opened, reader: AttributeReader) -> Iterator[Attributes]:
    """The chunks of the file cleaned, in order; the columns of two are worked on at once, Arrow needing no lock."""
    if opened.first is None:
        return
    with ThreadPoolExecutor(CLEANERS) as cleaners, ThreadPoolExecutor(1) as file:
        chunk: Chunk | None = opened.first
        working: deque[Future[Attributes]] = deque()
        while chunk is not None:
            coming = file.submit(next, opened.chunks, None)
            working.append(cleaners.submit(reader.read, chunk))
            if len(working) > CLEANERS:
                yield working.popleft().result()
            chunk = coming.result()
        for last in working:
            yield last.result()


def _no_rows() -> Any:
    numeric = {"row_number": pa.int64(), "year": pa.int64()} | dict.fromkeys(FLAGS, pa.bool_())
    return pa.table({name: pa.array([], numeric.get(name, pa.string())) for name in ("row_number", *ATTRIBUTES)})


def _repeated(source_id: Any) -> int:
    return int(len(source_id) - source_id.null_count - pc.count_distinct(source_id, mode="only_valid").as_py())


def _report(opened: _Opened, path: Path, read: int, kept: int, rejected: int) -> CheckReport:
    columns = opened.columns
    skipped = dict(opened.table.skipped)
    return CheckReport(
        file=path.name,
        read_count=read,
        kept_count=kept,
        reject_count=rejected,
        columns=columns.as_written(),
        dropped=[columns.headers[index] or title_of(kind) for index, kind in sorted(columns.dropped.items())],
        unread=[
            columns.headers[index] for index in sorted({*columns.ignored, *columns.unknown}) if columns.headers[index]
        ],
        skipped=skipped,
        duplicate_count=0,
        repeated_id_count=0,
        nib_restored_count=0,
        remarks=[*columns.remarks, *opened.table.notes],
    )


def _write_rejects(config: Config, report: CheckReport, office: str, day: str, sha256: str) -> Path | None:
    if not report.notes:
        return None
    path = config.data_dir / "rejects" / f"{office}_{day}_{sha256[:8]}" / NOTES_FILE
    write_notes(path, report.notes)
    return path


def _refuse_many(report: CheckReport, config: Config, rejects: Path | None) -> None:
    allowed = config.registry.max_reject_share
    if report.reject_share > allowed:
        raise RejectedPartError(
            f"{report.reject_count:,} of {report.read_count:,} rows of {report.file} cannot be used, more than the"
            f" {allowed:.1%} allowed; nothing was imported. The rows and reasons are in {rejects}.",
            report,
        )
