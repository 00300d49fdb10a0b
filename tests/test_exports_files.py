"""The finished report: same figures everywhere, hostile text harmless, all or nothing."""

import hashlib
import json
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from parsel import Selector
from report_world import HOSTILE, WEEK, Linked, World, make_world, set_figure
from sqlalchemy import delete

from exports import checks, csv_table, named, wording
from exports.base import CheckError, plain
from exports.page import ON_PAGE
from exports.publish import publish
from exports.tables import ESTIMATE, EXPORTS
from monitor import private_store
from monitor.config import Config
from monitor.database import transaction
from monitor.errors import StoreError, UsageError

BOOK, PAGE = f"kehadiran-{WEEK}.xlsx", f"kehadiran-{WEEK}.html"


@pytest.fixture
def world(config: Config) -> Iterator[World]:
    made = make_world(config)
    made.build()
    yield made
    made.close()


@pytest.fixture
def hostile(config: Config) -> Iterator[World]:
    links = tuple(
        Linked(number, "tokopedia", f"9{number}", number == 1, name, f"https://www.tokopedia.com/toko-{number}")
        for number, name in enumerate(HOSTILE, 1)
    )
    made = make_world(config, links, names=dict(enumerate(HOSTILE, 1)))
    made.build()
    yield made
    made.close()


def report(world: World, practice: bool = False) -> Path:
    return publish(world.config, world.private, world.results, WEEK, practice=practice)


def sheet_rows(folder: Path, sheet: str, columns: int) -> list[list[object]]:
    """Rows below the heading, as another program reads them."""
    found = load_workbook(folder / BOOK)[sheet]
    rows = [[cell.value for cell in row[:columns]] for row in found.iter_rows()]
    columns_of = next(export.columns for export in EXPORTS.values() if export.sheet == sheet)
    labels = [column.label for column in columns_of if column not in ESTIMATE]  # the week has no estimates
    return rows[rows.index(labels) + 1 :]


def csv_rows(folder: Path, name: str) -> list[list[str]]:
    return csv_table.read_csv((folder / "tabel" / f"{name}.csv").read_bytes())[1:]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_report_is_complete(world: World) -> None:
    folder = report(world)
    assert folder == world.config.reports_dir / WEEK
    tables = {f"tabel/{name}.csv" for name in EXPORTS}
    assert set(contents(folder)) == {BOOK, PAGE, "manifest.json", *tables}
    assert load_workbook(folder / BOOK).sheetnames == ["Ringkasan", *(export.sheet for export in EXPORTS.values())]


def test_manifest_fits_the_files(world: World) -> None:
    folder = report(world)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["week"], manifest["practice"], manifest["class"]) == (WEEK, False, "internal")
    assert (manifest["registry_snapshot"], manifest["registry_as_of"]) == ("snap0001", "2026-11-01")
    assert len(manifest["checks_passed"]) == 7
    listed = {item["name"]: (item["bytes"], item["sha256"]) for item in manifest["files"]}
    found = contents(folder)
    del found["manifest.json"]
    assert listed == {name: (len(body), hashlib.sha256(body).hexdigest()) for name, body in found.items()}
    assert next(item["rows"] for item in manifest["files"] if item["name"] == "tabel/daftar-internal.csv") == 6


def test_figures_are_equal_in_workbook_page_and_csv(world: World) -> None:
    folder = report(world)
    page = Selector((folder / PAGE).read_text(encoding="utf-8"))
    for name in ON_PAGE:
        export = EXPORTS[name]
        columns = [column for column in export.columns if column not in ESTIMATE]
        book = sheet_rows(folder, export.sheet, len(columns))
        rows = csv_rows(folder, name)
        assert len(book) == len(rows)
        for number, (row, texts) in enumerate(zip(book, rows, strict=True)):
            for column, cell, text in zip(columns, row, texts, strict=False):
                if isinstance(cell, int | float):
                    assert text == str(int(cell))
                    found = page.xpath("//data[@id=$id]", id=f"{name}-{number}-{column.key}")
                    assert found.attrib["value"] == text
                    assert found.xpath("text()").get() == wording.number(int(cell))
    province = sheet_rows(folder, "Kab-Kota", 5)[-1]
    assert province == ["36", "Provinsi Banten", 38, 1, 4]


def test_states_are_words_and_unknown_is_never_zero(world: World) -> None:
    folder = report(world)
    rows = {row[0]: row for row in sheet_rows(folder, "Lokapasar", 7)}
    assert rows["Tokopedia"][1:6:2] == ["Terbaca lengkap", 49, 3]
    assert rows["Shopee"][1:6] == ["Akses ditolak", "Tidak ada data", *["Tidak diukur"] * 3]
    assert "bukan pemblokiran oleh pemerintah" in str(rows["Shopee"][6])
    assert rows["Facebook"][1] == "Tidak diukur"
    assert rows["JD.ID"][1] == "Layanan sudah berakhir"
    for name, export in EXPORTS.items():
        assert all(cell.strip() for row in csv_rows(folder, name) for cell in row[: len(export.columns)])


def test_named_list_holds_what_is_counted_and_nothing_more(world: World) -> None:
    folder = report(world)
    rows = sheet_rows(folder, "Daftar", 9)
    assert len(rows) == 6
    assert rows[0][:3] == ["1", "Usaha Contoh 1", "Kabupaten Pandeglang"]
    assert {row[7] for row in rows} == {"terkonfirmasi", "kemungkinan besar"}
    assert rows[0][8] == "diperiksa petugas, nama langka, pemilik, kecamatan"
    everything = b"".join(contents(folder).values())
    assert b"Rahasia Pemilik" not in everything
    assert b"deadbeef" not in everything


def test_page_names_nobody(world: World) -> None:
    page = (report(world) / PAGE).read_text(encoding="utf-8")
    assert "Keripik" not in page
    assert "Usaha Contoh" not in page


def test_hostile_text_is_text_in_the_workbook(hostile: World) -> None:
    folder = report(hostile)
    rows = sheet_rows(folder, "Daftar", 9)
    assert {row[1] for row in rows} == {plain(text) for text in HOSTILE}
    assert {row[5] for row in rows} == {plain(text) for text in HOSTILE}
    book = load_workbook(folder / BOOK)
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    longest = max(len(str(row[1])) for row in rows)
    assert longest > 5_000


def test_hostile_text_is_text_in_csv(hostile: World) -> None:
    cells = [cell for row in csv_rows(report(hostile), "daftar-internal") for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
    assert {cell.removeprefix("'") for cell in cells} >= {plain(text) for text in HOSTILE}


def test_hostile_configuration_cannot_break_the_page(world: World) -> None:
    from dataclasses import replace

    office = replace(world.config.office, name=HOSTILE[4], contact=HOSTILE[0], signatory=HOSTILE[9])
    config = replace(world.config, office=office)
    folder = publish(config, world.private, world.results, WEEK)
    page = (folder / PAGE).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_page_needs_nothing_from_outside(world: World) -> None:
    page = Selector((report(world) / PAGE).read_text(encoding="utf-8"))
    assert page.xpath("/html/@lang").get() == "id"
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content").get() or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not page.xpath("//script | //link | //img | //iframe | //*[@style] | //@onclick | //@href | //@src")
    assert all(len(text) > 40 for text in page.xpath("//*[@role='img']/@aria-label").getall())
    ids = page.xpath("//@id").getall()
    assert len(ids) == len(set(ids))


def test_practice_data_say_so_everywhere(world: World) -> None:
    folder = report(world, practice=True)
    book = load_workbook(folder / BOOK)
    for sheet in book:
        assert sheet["A1"].value == wording.PRACTICE
        assert wording.PRACTICE in str(sheet.oddHeader.center.text)
    page = Selector((folder / PAGE).read_text(encoding="utf-8"))
    assert page.xpath("//div[@class='practice']/text()").get() == wording.PRACTICE
    for name in EXPORTS:
        assert {row[-1] for row in csv_rows(folder, name)} == {wording.PRACTICE}
    assert json.loads((folder / "manifest.json").read_text())["practice"] is True


def test_real_data_do_not_claim_to_be_practice(world: World) -> None:
    found = contents(report(world))
    assert wording.PRACTICE.encode() not in found["tabel/kab-kota.csv"]
    assert b'<div class="practice"' not in found[PAGE]


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
    world: World, figure: tuple[str, str, str], values: dict[str, int], named: str
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
    with pytest.raises(CheckError, match="named list holds 3 groups for D, the province says 4"):
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
    with pytest.raises(CheckError, match="Sheet Kab-Kota, row 1, 'Tertaut otomatis, belum diperiksa' reads 77"):
        report(world)


def test_script_on_the_page_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from exports import page

    real = page.to_page
    monkeypatch.setattr(page, "to_page", lambda *given: real(*given).replace(b"</main>", b"<script>1</script></main>"))
    with pytest.raises(CheckError, match="<script>"):
        report(world)


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


def test_only_the_owner_may_read(world: World) -> None:
    folder = report(world)
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_checks_read_what_they_are_given() -> None:
    reader = checks._PageReader()
    reader.feed('<p onclick="x"><data id="a" value="3">3</data></p>')
    assert reader.figures == {"a": ("3", "3")}
    assert "onclick" in reader.attributes


def test_a_shop_name_that_may_be_a_person_is_not_passed_on() -> None:
    record: dict[str, object] = {"business_id": 1, "group_id": 1, "shop_id": "7", "decision": "link"}
    for name in ("business_name", "trade_name", "area_code", "district_code", "listing_url", "url", "evidence"):
        record[name] = None
    record["name"] = "Siti Aminah"
    shown = {slug: named._row(record | {"marketplace": slug}).shop_name for slug in ("rumah_sikum", "tokopedia")}
    assert shown == {"rumah_sikum": wording.PRIVATE_NAME, "tokopedia": "Siti Aminah"}
