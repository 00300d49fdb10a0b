"""The offices' own files: no row of another office, no column beyond the agreed ones, all of a part or none."""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from report_world import AREAS, HOSTILE, WEEK, World, bulletin_once, make_world
from research_world import small_world
from sqlalchemy import func, select, update

from exports import deliver, priorities
from exports.publish import publish
from monitor import private_store as store
from monitor import results_store
from monitor.config import Config, load_config
from monitor.database import bulk_insert, private_engine, results_engine, transaction
from monitor.errors import StoreError

AGREED = {
    "Angka": ["Kabupaten/kota", "UMKM terdaftar", "Perkiraan hadir", "Batas bawah", "Batas atas", "Ketelitian angka",
              "Sudah dipastikan (paling sedikit)", "Tertaut otomatis, belum diperiksa"],
    "Kecamatan": ["Kode wilayah", "Kecamatan", "Kabupaten/kota", "Sudah dipastikan (paling sedikit)",
                  "Tertaut otomatis, belum diperiksa"],
    "Lapangan-Usaha": ["Lapangan usaha", "Sudah dipastikan (paling sedikit)", "Tertaut otomatis, belum diperiksa"],
    "Lokapasar": ["Lokapasar", "Keadaan pekan ini", "Sudah dipastikan (paling sedikit)",
                  "Tertaut otomatis, belum diperiksa"],
    "Ditemukan": ["ID Usaha", "Nama usaha", "Kecamatan", "Lokapasar", "Nama toko", "Tautan toko", "Keadaan",
                  "Bukti kecocokan"],
    "Peserta": ["Program", "Tanggal", "ID Usaha", "Nama usaha", "Nama pemilik", "Kecamatan", "Keadaan", "Lokapasar",
                "Tautan toko", "Yang perlu dilakukan"],
    "Prioritas": ["ID Usaha", "Nama usaha", "Kecamatan", "Produk", "Skala usaha", "Sertifikat"],
    "Kamus": ["Istilah", "Nama dalam data", "Penjelasan"],
}  # fmt: skip

# where the office's area is large enough for a figure by lapangan usaha
WITH_ESTIMATES = ["Lapangan usaha", "Perkiraan hadir", "Batas bawah", "Batas atas", "Ketelitian angka",
                  *AGREED["Lapangan-Usaha"][1:]]  # fmt: skip


@pytest.fixture
def world(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    bulletin_once(monkeypatch)
    made = full_world(config)
    yield made
    made.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One report for all tests that only read it; its data folder lies two above."""
    made = full_world(load_config({"MONITOR_DATA_DIR": str(tmp_path_factory.mktemp("data"))}))
    with pytest.MonkeyPatch.context() as patch:
        bulletin_once(patch)
        report(made)
        yield report(made)  # again: what is there already is not written, nor noted
    made.close()


def full_world(config: Config) -> World:
    made = make_world(config)
    with transaction(made.private) as connection:
        rows = store.business_versions
        connection.execute(update(rows).where(rows.c.business_id.in_([1, 9, 17, 25, 33, 10])).values(has_pirt=True))
        connection.execute(
            update(rows).where(rows.c.business_id == 17).values(halal="ID36110000123", product=HOSTILE[0], size="mikro")
        )
        erased = {"business_id": 25, "office": "36", "first_part_id": 1, "is_erased": True}
        bulk_insert(connection, store.businesses, pd.DataFrame([erased], dtype=object))
        cohort = {"cohort": "Latih", "held_on": "2026-10-14", "kind": "training"}
        cohort |= {"source_sha256": "0", "imported_at": "x"}
        bulk_insert(connection, store.cohorts, pd.DataFrame([cohort]))
        members = [
            {"cohort": "Latih", "row_number": at, "business_id": at, "name": f"Peserta {at}", "owner_name": f"Bu {at}"}
            for at in range(1, 17)
        ]
        bulk_insert(connection, store.cohort_members, pd.DataFrame(members, dtype=object))
    made.build()
    return made


def report(world: World) -> Path:
    return publish(world.config, world.private, world.results, WEEK)


def stored(folder: Path, table: str) -> pd.DataFrame:
    with sqlite3.connect(folder.parents[1] / "private.sqlite") as connection:
        return pd.read_sql_query(f"SELECT * FROM {table}", connection)


def read(path: Path) -> dict[str, list[list[Any]]]:
    """Rows below the heading of every sheet."""
    book, found = CalamineWorkbook.from_path(str(path)), {}
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python()
        agreed = (AGREED.get(name), WITH_ESTIMATES if name == "Lapangan-Usaha" else None)
        heads = [at for at, row in enumerate(rows) if [cell for cell in row if cell != ""] in agreed]
        found[name] = rows[heads[0] :] if heads else rows
    return found


def test_eight_files_hold_the_agreed_columns_and_own_rows_alone(folder: Path) -> None:
    assert check_office_files(folder, AGREED) > 0
    rows = stored(folder, "business_versions")
    names_of = dict(zip(rows["business_name"], rows["area_code"], strict=True))  # no two are alike in this world
    for path in (folder / "kabkota").iterdir():
        office, sheets = path.name[:4], read(path)
        said = {str(cell) for rows_of in sheets.values() for row in rows_of for cell in row}
        assert office not in AREAS or not [name for name, area in names_of.items() if area != office and name in said]


def test_so_do_the_eight_files_of_a_practice_week(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulletin_once(monkeypatch)
    data = shutil.copytree(small_world(tmp_path_factory), tmp_path / "practice", symlinks=True)
    config = load_config({"MONITOR_DATA_DIR": str(data)})
    private, results = private_engine(config), results_engine(config)
    with results.connect() as connection:
        week = connection.execute(select(func.max(results_store.weeks.c.week))).scalar_one()
    folder = publish(config, private, results, week, practice=True)
    private.dispose()
    results.dispose()
    assert check_office_files(folder, AGREED) > 100


def check_office_files(folder: Path, agreed: Mapping[str, list[str]]) -> int:
    """How many businesses the files name. The registry says of each that it lies in the office's own area."""
    paths = [path for path in sorted((folder / "kabkota").iterdir()) if path.name[:4] in AREAS]
    assert [path.name[:4] for path in paths] == AREAS
    rows = stored(folder, "business_versions")
    area_of = dict(zip(rows["business_id"].astype(str), rows["area_code"], strict=True))
    count = 0
    for path in paths:
        office, sheets = path.name[:4], read(path)
        assert set(sheets) <= {"Ringkasan", *agreed}
        for name in sheets.keys() & agreed.keys():
            assert [cell for cell in sheets[name][0] if cell != ""] in (agreed[name], WITH_ESTIMATES), (path.name, name)
        ids = [row[0] for name in ("Ditemukan", "Prioritas") for row in sheets.get(name, [])[1:]]
        ids += [row[2] for row in sheets.get("Peserta", [])[1:]]
        named = [str(one) for one in ids if str(one).isdigit()]
        assert {area_of[one] for one in named} <= {office}
        count += len(named)
        places = {row[0][:5] for row in sheets["Kecamatan"][1:]} - {"Tidak"}
        assert places == {f"{office[:2]}.{office[2:]}"}
    return count


def test_first_sheet_says_purpose_expiry_and_how_to_handle_it(folder: Path) -> None:
    first = read(folder / "kabkota" / "3602-kabupaten-lebak.xlsx")["Ringkasan"]
    text = " ".join(str(cell) for row in first for cell in row)
    assert (
        "Berkas ini memuat data pribadi. Hanya untuk pembinaan UMKM oleh Dinas Koperasi dan UKM Kabupaten Lebak. "
        "Dilarang diteruskan melalui grup WhatsApp. Hapus setelah 28 Februari 2027. UMKM dapat meminta namanya "
        "dikeluarkan melalui umkm@bantenprov.example."
    ) in text


def test_no_office_reads_a_phone_a_hash_or_an_address(folder: Path) -> None:
    for path in (folder / "kabkota").iterdir():
        text = str(read(path))
        assert "deadbeef" not in text and "Rahasia Pemilik" not in text, path.name


def test_priority_list(folder: Path) -> None:
    """Certified, not found, not erased; most certificates first. 1 is found, 25 was erased, 10 lies elsewhere."""
    rows = read(folder / "kabkota" / "3601-kabupaten-pandeglang.xlsx")["Prioritas"][1:]
    assert [row[0] for row in rows] == ["17", "9", "33"]
    assert rows[0][3:] == [HOSTILE[0], "Mikro", "P-IRT dan halal"]


def test_priority_list_is_cut_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(priorities, "MOST", 1)
    book = CalamineWorkbook.from_path(str(report(world) / "kabkota" / "3601-kabupaten-pandeglang.xlsx"))
    text = str(book.get_sheet_by_name("Prioritas").to_python())
    assert "Ditampilkan 1 dari 3 UMKM" in text


def test_an_erased_business_is_counted_and_not_named(world: World) -> None:
    with transaction(world.private) as connection:
        erased = {"business_id": 2, "office": "36", "first_part_id": 1, "is_erased": True}
        bulk_insert(connection, store.businesses, pd.DataFrame([erased], dtype=object))
    sheets = read(report(world) / "kabkota" / "3602-kabupaten-lebak.xlsx")
    assert sheets["Angka"][1][-2:] == [0, 1]
    assert [row[0] for row in sheets["Ditemukan"][1:]] == ["Belum ada yang ditemukan"]


def test_every_office_finds_its_part_and_no_other(folder: Path) -> None:
    outbox = folder.parents[1] / "outbox"
    shared = {f"buletin-{WEEK}.{kind}" for kind in ("pdf", "html", "png")} | {
        f"sekilas-{WEEK}.png",
        f"pesan-{WEEK}.txt",
    }
    lebak = {path.name for path in (outbox / "3602").iterdir()}
    assert lebak == {*shared, f"3602-kabupaten-lebak-{WEEK}.xlsx"}
    province = {path.name for path in (outbox / "36").iterdir()}
    assert province == {*shared, f"36-provinsi-banten-{WEEK}.xlsx", f"kehadiran-{WEEK}.xlsx"}


def test_who_gets_names_is_noted_once(folder: Path) -> None:
    found = stored(folder, "access_log")
    assert sorted(found["area_code"]) == ["36", *AREAS]
    assert set(found["what"]) == {f"report {WEEK}"}


def test_an_office_gets_all_of_its_part_or_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    report(world)
    folder = world.config.outbox_dir / "3602"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    real, count = deliver._write, 0

    def full(path: Path, body: bytes) -> None:
        nonlocal count
        count += path.parent.name == "3602"
        if count == 2:
            raise OSError(28, "No space left on device")
        real(path, body)

    monkeypatch.setattr(deliver, "_write", full)
    with transaction(world.private) as connection:
        rows = store.business_versions
        connection.execute(update(rows).where(rows.c.business_id == 2).values(business_name="Nama Baru"))
    with pytest.raises(StoreError, match="No space left on device; the report is in place"):
        publish(world.config, world.private, world.results, WEEK, practice=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_move_that_fails_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"old")
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if Path(target).name == "b":
            raise OSError(13, "Permission denied")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(StoreError, match="Permission denied"):
        deliver._put(tmp_path, {"a": b"new", "b": b"new"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_review_sheet_lies_in_the_report_too(world: World) -> None:
    name = f"periksa-{WEEK}-3602.xlsx"
    (world.config.outbox_dir / "3602").mkdir(parents=True)
    (world.config.outbox_dir / "3602" / name).write_bytes(b"sheet")
    folder = report(world)
    assert (folder / name).read_bytes() == b"sheet"
    (world.config.outbox_dir / "3602" / name).unlink()  # the office took it
    assert (report(world) / name).read_bytes() == b"sheet"
