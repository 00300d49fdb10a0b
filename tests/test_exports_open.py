"""publik/: open tables that other programs read, of the controlled class, with the metadata that travels with them."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import frictionless
import pytest
from openpyxl import load_workbook
from report_world import HOSTILE, WEEK, make_world

from exports import checks, open_tables, satu_data
from exports.base import CheckError, Sources
from exports.controlled import controlled
from exports.facts import Facts, Figure, read_facts
from monitor.config import Config

FIGURES = {
    ("E1", "province", "36"): Figure("published", 6187.0, 5304.0, 7311.0, "B"),
    ("E2", "province", "36"): Figure("published", 0.00776, 0.0066, 0.0092, "B"),
    ("E8", "province", "36"): Figure("published", 1312.0),
    ("D", "province", "36"): Figure("published", 1940.0),
    ("E1", "area", "3601"): Figure("published", 71.0, 40.0, 103.0, "C"),
    ("E8", "area", "3601"): Figure("published", 48.0),
    ("D", "area", "3601"): Figure("published", 17.0),
    ("E8", "area", "3602"): Figure("published", 3.0),
    ("D", "area", "3602"): Figure("published", 30.0),
    ("E8", "cohort", HOSTILE[0]): Figure("published", 31.0),
    ("COHORT_DIFF", "cohort", HOSTILE[0]): Figure("published", 0.25, 0.14, 0.36),
}


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    from monitor.config import load_config

    config: Config = load_config({"MONITOR_DATA_DIR": str(tmp_path_factory.mktemp("data"))})
    world = make_world(config)
    world.build()
    found = read_facts(world.results, world.config, WEEK, practice=False)
    world.close()
    registry = {key: count * 1000 for key, count in found.registry.items()}
    yield controlled(replace(found, figures={**found.figures, **FIGURES}, registry=registry))


@pytest.fixture(scope="module")
def folder(facts: Facts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("report")
    files = open_tables.open_files(Sources(facts), WEEK)
    assert checks.check_open(files, Sources(facts), WEEK)
    (place / "publik").mkdir()
    for name, body in files.items():
        (place / name).write_bytes(body)
    return place / "publik"


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    text = (folder / f"{name}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_frictionless_finds_nothing_wrong(folder: Path) -> None:
    report = frictionless.Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "message"])
    assert len(report.tasks) == len(open_tables.TABLES)


def test_programs_read_numbers_and_missing_values(folder: Path) -> None:
    package: Any = frictionless.Package(str(folder / "datapackage.json"))
    found = package.get_resource("kehadiran-kabupaten-kota").read_rows()
    whole = found[-1].to_dict()
    assert (whole["kode_kabupaten_kota"], whole["perkiraan"], whole["sudah_dipastikan"]) == ("semua", 6200, 1310)
    assert float(whole["bagian"]) == 0.78
    assert found[1]["sudah_dipastikan"] is None  # three: withheld


def test_csv_is_for_indonesian_excel(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        body = path.read_bytes()
        assert body.startswith(b"\xef\xbb\xbf") and b";" in body and b"\r\n" in body
    text = (folder / "kehadiran-kabupaten-kota.csv").read_text(encoding="utf-8-sig")
    assert ";0,78;0,66;0,92;" in text


def test_tables_are_long_and_flat(folder: Path) -> None:
    first = rows(folder, "kehadiran-kabupaten-kota")[0]
    assert list(first)[:4] == ["kode_provinsi", "nama_provinsi", "kode_kabupaten_kota", "nama_kabupaten_kota"]
    assert list(first.values())[:4] == ["36", "BANTEN", "3601", "KABUPATEN PANDEGLANG"]
    assert (first["satuan"], first["tahun"], first["pekan"], first["tanggal_mulai"]) == (
        "UMKM", "2026", "47", "2026-11-16",
    )  # fmt: skip


def test_what_is_not_known_or_withheld_is_a_word(folder: Path) -> None:
    for table in open_tables.TABLES:
        assert all(cell.strip() for row in rows(folder, table.file_name) for cell in row.values())
    pandeglang, lebak = rows(folder, "kehadiran-kabupaten-kota")[:2]
    assert (pandeglang["perkiraan"], pandeglang["batas_bawah"], pandeglang["batas_atas"]) == (
        "Hanya kisaran",
        "40",
        "103",
    )
    assert lebak["sudah_dipastikan"] == "Tidak ditampilkan (pelindungan data)"
    shopee = next(row for row in rows(folder, "kehadiran-lokapasar") if row["lokapasar"] == "Shopee")
    assert (shopee["keadaan"], shopee["perkiraan"]) == ("Akses ditolak", "Tidak diukur")


def test_a_hostile_programme_name_is_text(folder: Path) -> None:
    (row,) = rows(folder, "kehadiran-program")
    assert row["program"] == "'" + HOSTILE[0]
    assert (row["sudah_dipastikan"], row["selisih"], row["selisih_bawah"]) == ("30", "25", "14")


def test_metadata_of_satu_data_travels_with_the_tables(folder: Path) -> None:
    book = load_workbook(folder / f"kehadiran-umkm-{WEEK}.xlsx")
    assert book.sheetnames == ["Kab-Kota", "Lapangan-Usaha", "Lokapasar", "Program", "MS-Keg", "MS-Var", "MS-Ind"]
    said = {str(row[0]): str(row[1]) for row in book["MS-Keg"].values}
    assert said["Jenis statistik"] == "Statistik sektoral"
    assert said["Rekomendasi BPS (Romantik)"] == "Dalam proses"
    variables = {(row[0], row[1]) for row in book["MS-Var"].values}
    wanted = {(table.file_name, column.key) for table in open_tables.TABLES for column in table.columns}
    assert wanted <= variables
    indicators = [row for row in book["MS-Ind"].values if row[0] in satu_data.INDICATORS]
    assert len(indicators) == 4 and all(all(row) for row in indicators)
    assert book["Kab-Kota"].oddHeader.right.text == "Terbuka"


def test_a_count_that_did_not_pass_disclosure_control_is_found(facts: Facts) -> None:
    figures = {**facts.figures, ("E8", "area", "3603"): Figure("published", 7.0)}
    wrong = Sources(replace(facts, figures=figures))
    with pytest.raises(CheckError, match="sudah_dipastikan says 7, which did not pass disclosure control"):
        checks.check_open(open_tables.open_files(wrong, WEEK), wrong, WEEK)


def test_a_wrong_csv_is_found(facts: Facts) -> None:
    files = open_tables.open_files(Sources(facts), WEEK)
    name = "publik/kehadiran-kabupaten-kota.csv"
    files[name] = files[name].replace(b";1310;", b";1315;")
    with pytest.raises(CheckError, match="row 10, column sudah_dipastikan does not say"):
        checks.check_open(files, Sources(facts), WEEK)


def test_the_package_says_who_what_and_under_which_licence(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert package["licenses"][0]["name"] == "CC-BY-4.0"
    assert package["version"] == WEEK
    assert all(field["description"] for one in package["resources"] for field in one["schema"]["fields"])
