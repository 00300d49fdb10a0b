"""The finished report: same figures everywhere, all or nothing, the report of before in place when a check fails."""

import hashlib
import json
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from report_world import WEEK, World, bulletin_once, make_world, set_figure
from sqlalchemy import delete

from exports import named, office_tables, wording
from exports.base import CheckError
from exports.open_tables import TABLES
from exports.programmes import ESTIMATE
from exports.publish import publish
from exports.tables import EXPORTS
from monitor import private_store
from monitor.config import Config, load_config
from monitor.database import transaction
from monitor.errors import StoreError, UsageError

BOOK, PAGE = f"kehadiran-{WEEK}.xlsx", f"buletin-{WEEK}.html"
SHEETS = [
    "Ringkasan", "Kab-Kota", "Kecamatan", "Lapangan-Usaha", "Lokapasar", "Program", "Masuk-dan-Keluar", "Mutu-Data",
    "Kamus", "Metadata",
]  # fmt: skip


@pytest.fixture
def world(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    bulletin_once(monkeypatch)
    made = make_world(config)
    made.build()
    yield made
    made.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One report for all tests that only read it."""
    made = make_world(load_config({"MONITOR_DATA_DIR": str(tmp_path_factory.mktemp("data"))}))
    made.build()
    with pytest.MonkeyPatch.context() as patch:
        bulletin_once(patch)
        yield report(made)
    made.close()


def report(world: World, practice: bool = False) -> Path:
    return publish(world.config, world.private, world.results, WEEK, practice=practice)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sheet_rows(folder: Path, sheet: str, columns: int) -> list[list[object]]:
    """Rows below the heading, as another program reads them."""
    found = load_workbook(folder / BOOK)[sheet]
    rows = [[cell.value for cell in row[:columns]] for row in found.iter_rows()]
    columns_of = next(export.columns for export in EXPORTS.values() if export.sheet == sheet)
    labels = [column.label for column in columns_of if column not in ESTIMATE]  # the week has no estimates
    return rows[rows.index(labels) + 1 :]


def test_report_is_complete(folder: Path) -> None:
    assert folder.parts[-2:] == ("reports", WEEK)
    found = set(contents(folder))
    shared = {f"buletin-{WEEK}.{kind}" for kind in ("pdf", "html", "png")} | {
        f"sekilas-{WEEK}.png",
        f"pesan-{WEEK}.txt",
    }
    public = {f"publik/{table.file_name}.csv" for table in TABLES}
    public |= {f"publik/kehadiran-umkm-{WEEK}.xlsx", "publik/datapackage.json"}
    offices = {name for name in found if name.startswith("kabkota/")}
    assert found == {BOOK, "manifest.json"} | shared | public | offices
    assert "kabkota/3602-kabupaten-lebak.xlsx" in offices
    assert len(offices) == 9  # eight kab/kota, and what lies in none of them
    assert load_workbook(folder / BOOK).sheetnames == SHEETS


def test_manifest_fits_the_files(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["week"], manifest["practice"]) == (WEEK, False)
    assert (manifest["registry_snapshot"], manifest["registry_as_of"]) == ("snap0001", "2026-11-01")
    assert len(manifest["checks_passed"]) >= 8
    kinds = {item["name"]: item["class"] for item in manifest["files"]}
    assert (kinds[BOOK], kinds[PAGE], kinds["publik/kehadiran-lokapasar.csv"]) == (
        "internal",
        "controlled",
        "controlled",
    )
    assert {item["office"] for item in manifest["files"] if item["name"].startswith("kabkota/3602")} == {"3602"}
    listed = {item["name"]: (item["bytes"], item["sha256"]) for item in manifest["files"]}
    found = contents(folder)
    del found["manifest.json"]
    assert listed == {name: (len(body), hashlib.sha256(body).hexdigest()) for name, body in found.items()}
    rows = {item["name"]: item["rows"] for item in manifest["files"]}
    assert (rows["publik/kehadiran-kabupaten-kota.csv"], rows[PAGE]) == (10, None)  # one place is not known


def test_figures_of_the_workbook(folder: Path) -> None:
    province = sheet_rows(folder, "Kab-Kota", 5)[-1]
    assert province == ["36", "Provinsi Banten", 38, 1, 4]
    kecamatan = sheet_rows(folder, "Kecamatan", 5)
    assert [row[3:] for row in kecamatan if row[1] == "Sumur"] == [[1, 0]]
    assert kecamatan[-1] == ["36", "Provinsi Banten", "Seluruh kecamatan", 1, 4]
    assert sum(int(str(row[4])) for row in kecamatan[:-1]) == 4
    assert len(kecamatan) > 150


def test_states_are_words_and_unknown_is_never_zero(folder: Path) -> None:
    rows = {row[0]: row for row in sheet_rows(folder, "Lokapasar", 7)}
    assert rows["Tokopedia"][1:6:2] == ["Terbaca lengkap", 49, 3]
    assert rows["Shopee"][1:6] == ["Akses ditolak", "Tidak ada data", *["Tidak diukur"] * 3]
    assert "bukan pemblokiran oleh pemerintah" in str(rows["Shopee"][6])
    assert rows["Facebook"][1] == "Tidak diukur"
    assert rows["JD.ID"][1] == "Layanan sudah berakhir"


def test_no_name_outside_the_offices_files(folder: Path) -> None:
    for name, body in contents(folder).items():
        assert b"Rahasia Pemilik" not in body and b"deadbeef" not in body, name
        if name.endswith(".xlsx"):
            texts = {str(cell) for sheet in load_workbook(folder / name) for row in sheet.values for cell in row}
            is_named = any("Usaha Contoh" in text or "Keripik" in text for text in texts)
            assert not is_named or name.startswith("kabkota/"), name
        else:
            assert b"Keripik" not in body and b"Usaha Contoh" not in body, name


def test_practice_data_say_so_everywhere(world: World) -> None:
    folder = report(world, practice=True)
    book = load_workbook(folder / BOOK)
    for sheet in book:
        assert sheet["A1"].value == wording.PRACTICE
        assert wording.PRACTICE in str(sheet.oddHeader.center.text)
    for name, body in contents(folder).items():
        if name.endswith(".csv"):
            assert all(wording.PRACTICE in line for line in body.decode("utf-8-sig").splitlines()[1:])
        elif name.startswith("kabkota/") or (name.startswith("publik/") and name.endswith(".xlsx")):
            assert all(sheet["A1"].value == wording.PRACTICE for sheet in load_workbook(folder / name)), name
    assert json.loads((folder / "manifest.json").read_text())["practice"] is True


def test_real_data_do_not_claim_to_be_practice(folder: Path) -> None:
    found = contents(folder)
    assert wording.PRACTICE.encode() not in found["publik/kehadiran-kabupaten-kota.csv"]
    assert wording.PRACTICE.encode() not in found[f"pesan-{WEEK}.txt"]


def test_same_inputs_give_the_same_bytes_and_touch_nothing(world: World) -> None:
    folder = report(world)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert report(world) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    first = contents(folder)
    for path in folder.rglob("*.csv"):
        path.write_bytes(b"")
    report(world)
    assert contents(folder) == first


@pytest.mark.parametrize(
    ("figure", "values", "named"),
    [
        (("E8", "area", "3601"), {"value": 3}, "E8 by area adds up to 3"),
        (("D", "sector", "jasa"), {"value": 2}, "D by sector adds up to 6"),
    ],
)
def test_failed_check_leaves_the_report_of_before(
    world: World, figure: tuple[str, str, str], values: dict[str, Any], named: str
) -> None:
    folder = report(world)
    before = contents(folder)
    set_figure(world, *figure, **values)
    with pytest.raises(CheckError, match=named):
        report(world)
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == [WEEK]


def test_named_list_that_moved_on_is_noticed(world: World) -> None:
    with transaction(world.private) as connection:
        links = private_store.links
        connection.execute(delete(links).where(links.c.shop_id == "102"))
    with pytest.raises(CheckError, match="named list holds 3 groups for D of the province, the figures say 4"):
        report(world)


def test_a_wrong_cell_is_found_by_reading_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from exports import workbook

    real = workbook.to_workbook

    def wrong(exports: list[object], *rest: object) -> bytes:
        held = exports[0].table(WEEK)  # type: ignore[attr-defined]
        kept, held[0] = held[0], (*held[0][:-1], 77)
        body = real(exports, *rest)  # type: ignore[arg-type]
        held[0] = kept
        return body

    monkeypatch.setattr(workbook, "to_workbook", wrong)
    with pytest.raises(CheckError, match="sheet Kab-Kota, row 1, 'Tertaut otomatis, belum diperiksa' reads 77"):
        report(world)


def test_an_office_file_that_says_something_else_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office_tables, "registered", lambda *_: 7)
    with pytest.raises(CheckError, match="says 7 for umkm_terdaftar, the workbook 5"):
        report(world)


def test_a_fault_of_the_bulletin_stops_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from exports import bulletin

    def wrong(*_: object) -> list[str]:
        raise CheckError("The bulletin says 7 for E1; nothing was published.")

    monkeypatch.setattr(bulletin, "check", wrong)
    with pytest.raises(CheckError, match="says 7 for E1"):
        report(world)
    assert not world.config.reports_dir.exists()
    assert not world.config.outbox_dir.exists()


def test_week_without_results(world: World) -> None:
    with pytest.raises(UsageError, match="has no results yet"):
        publish(world.config, world.private, world.results, "2026-W30")


def test_unwritable_folder_is_one_sentence(world: World) -> None:
    world.config.reports_dir.parent.mkdir(parents=True, exist_ok=True)
    world.config.reports_dir.write_text("a file stands where the folder should be")
    with pytest.raises(StoreError, match=r"The report folder .* cannot be written: .*; the report of before"):
        report(world)


def test_no_space_left_is_one_sentence_and_leaves_nothing(world: World) -> None:
    folder = report(world)
    before = contents(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, hard))
    try:
        with pytest.raises(StoreError, match="cannot be written"):
            report(world, practice=True)  # other bytes than before, so that it has to write
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == [WEEK]


def test_killed_between_the_moves_comes_back(world: World) -> None:
    folder = report(world)
    before = contents(folder)
    folder.rename(folder.parent / f".{WEEK}-before")
    (folder.parent / f".{WEEK}-new-abc").mkdir()
    report(world)
    assert contents(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == [WEEK]


def test_only_the_owner_may_read(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_shop_name_that_may_be_a_person_is_not_passed_on() -> None:
    record: dict[str, object] = {"business_id": 1, "group_id": 1, "shop_id": "7", "decision": "link"}
    for name in ("business_name", "trade_name", "area_code", "district_code", "listing_url", "url", "evidence"):
        record[name] = None
    record["name"] = "Siti Aminah"
    shown = {slug: named._row(record | {"marketplace": slug}).shop_name for slug in ("rumah_sikum", "tokopedia")}
    assert shown == {"rumah_sikum": wording.PRIVATE_NAME, "tokopedia": "Siti Aminah"}
