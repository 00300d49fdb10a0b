"""The workbooks as Excel and LibreOffice see them."""

import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from report_world import HOSTILE, WEEK, Linked, World, bulletin_once, make_world

from exports import ooxml
from exports.base import plain
from exports.publish import publish
from exports.styles import COUNT
from exports.workbook import is_safe_link
from monitor.config import Config

HOSTS = frozenset({"tokopedia.com", "plazabanten.com"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One report with hostile names and addresses for all tests here."""
    from monitor.config import load_config

    urls = ("https://www.tokopedia.com/baik", "javascript:alert(1)", "https://jahat.example/x", None)
    links = tuple(
        Linked(number, "tokopedia", f"9{number}", False, name, urls[number % 4])
        for number, name in enumerate(HOSTILE, 1)
    )
    config: Config = load_config({"MONITOR_DATA_DIR": str(tmp_path_factory.mktemp("data"))})
    world: World = make_world(config, links, names=dict(enumerate(HOSTILE, 1)))
    world.build()
    with pytest.MonkeyPatch.context() as patch:
        bulletin_once(patch)
        yield publish(world.config, world.private, world.results, WEEK, practice=True)
    world.close()


@pytest.fixture(scope="module")
def book_path(folder: Path) -> Path:
    return folder / f"kehadiran-{WEEK}.xlsx"


@pytest.fixture(scope="module")
def offices(folder: Path) -> list[Path]:
    return sorted((folder / "kabkota").glob("*.xlsx"))


def texts_of(paths: list[Path], sheet: str, column: int) -> set[str]:
    return {str(row[column].value) for path in paths for row in load_workbook(path)[sheet].iter_rows()}


def test_first_sheet_says_it_is_internal(book_path: Path) -> None:
    sheet = load_workbook(book_path)["Ringkasan"]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert texts[1].startswith("Berkas internal ini memuat angka yang belum melalui pelindungan data.")
    assert "Dilarang diteruskan melalui grup WhatsApp" in texts[1]
    assert "Hapus setelah 28 Februari 2027." in texts[1]
    assert "Sekilas" in texts
    assert "Sudah dipastikan (paling sedikit)" in texts


def test_tables_are_frozen_filtered_and_set_up_for_a4(book_path: Path, offices: list[Path]) -> None:
    for path in [book_path, offices[1], book_path.parent / "publik" / f"kehadiran-umkm-{WEEK}.xlsx"]:
        for sheet in load_workbook(path).worksheets:
            assert str(sheet.page_setup.paperSize) == "9", sheet.title
            if sheet.title == "Ringkasan":
                continue
            assert sheet.freeze_panes, sheet.title
            assert sheet.auto_filter.ref, sheet.title
            assert sheet.page_setup.orientation == "landscape"
            # A sheet with a chart is scaled, so that the chart begins on a page of its own.
            assert sheet.page_setup.fitToHeight == 0 or (sheet.row_breaks.count == 1 and sheet._charts)
            assert sheet.print_title_rows


def test_charts_are_native_and_draw_figures_only(book_path: Path) -> None:
    with zipfile.ZipFile(book_path) as archive:
        charts = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/chart")]
        drawings = "".join(
            archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/drawings/drawing")
        )
    assert len(charts) == 3  # no line: the week has no level
    for xml in charts:
        first, last = map(int, re.findall(r"\$[A-Z]+\$(\d+):\$[A-Z]+\$(\d+)", xml)[-1])
        sheet = load_workbook(book_path)[re.findall(r"<c:f>'?([A-Za-z-]+)'?!", xml)[-1]]
        column = re.findall(r"\$([A-Z]+)\$\d+:", xml)[-1]
        assert all(isinstance(sheet[f"{column}{row}"].value, int) for row in range(first, last + 1))
    assert drawings.count('descr="') == 3


@pytest.mark.parametrize("name", ["book", "office", "public"])
def test_nothing_that_excel_would_repair(name: str, folder: Path, book_path: Path, offices: list[Path]) -> None:
    public = folder / "publik" / f"kehadiran-umkm-{WEEK}.xlsx"
    for path in {"book": [book_path], "office": offices, "public": [public]}[name]:
        assert ooxml.faults(path.read_bytes()) == []


def test_total_stays_outside_the_filter(book_path: Path) -> None:
    sheet = load_workbook(book_path)["Kab-Kota"]
    last = int(re.findall(r"\d+", sheet.auto_filter.ref)[-1])
    assert sheet.cell(last + 1, 2).value == "Provinsi Banten"


def test_figures_are_numbers_with_dots_in_every_language(book_path: Path) -> None:
    sheet = load_workbook(book_path)["Kab-Kota"]
    cell = next(row[2] for row in sheet.iter_rows() if row[1].value == "Provinsi Banten")
    assert (cell.value, cell.number_format) == (38, COUNT)


def test_ids_are_text(offices: list[Path]) -> None:
    rows = [row for path in offices for row in load_workbook(path)["Ditemukan"].iter_rows(min_row=6)]
    ids = [row[0] for row in rows if str(row[0].value or "").isdigit()]
    assert len(ids) == len(HOSTILE)
    assert all(isinstance(cell.value, str) and cell.number_format == "@" for cell in ids)


def test_only_safe_addresses_become_links(offices: list[Path]) -> None:
    sheets = [load_workbook(path)["Ditemukan"] for path in offices]
    cells = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row]
    assert {cell.hyperlink.target for cell in cells if cell.hyperlink} == {"https://www.tokopedia.com/baik"}
    texts = {str(cell.value) for cell in cells}
    assert {"javascript:alert(1)", "https://jahat.example/x", "Tidak tercantum"} <= texts


@pytest.mark.parametrize(
    "address",
    ["https://www.tokopedia.com/toko", "http://tokopedia.com", "https://plazabanten.com/store/x?ref=1#isi"],
)
def test_catalogue_addresses_are_safe(address: str) -> None:
    assert is_safe_link(address, HOSTS)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://jahat.example/tokopedia.com",
        "https://tokopedia.com@jahat.example/",
        "https://tokopedia.com.jahat.example/",
        "https://jahat@tokopedia.com/",
        "https://tokopedia.com\\@jahat.example/",
        "https://tokopedia.com/a b",
        "https://tokopedia.com/\u202e",
        "https://tokopedia.com/" + "x" * 3_000,
        "internal:Daftar!A1",
        "",
    ],
)
def test_other_addresses_are_not(address: str) -> None:
    assert not is_safe_link(address, HOSTS)


def test_files_are_the_same_whenever_they_are_made(book_path: Path) -> None:
    with zipfile.ZipFile(book_path) as archive:
        core = archive.read("docProps/core.xml").decode()
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert "2026-11-22T12:00:00Z" in core


def _soffice() -> str:
    found = shutil.which("soffice")
    if found is None:
        pytest.skip("LibreOffice is not installed")
    return found


def test_hostile_text_is_text(offices: list[Path]) -> None:
    wanted = {plain(text) for text in HOSTILE}
    assert wanted <= texts_of(offices, "Ditemukan", 1)
    assert wanted <= texts_of(offices, "Ditemukan", 4)
    assert max(map(len, texts_of(offices, "Ditemukan", 1))) > 5_000


def test_libreoffice_reads_the_same_text(offices: list[Path], book_path: Path, folder: Path, tmp_path: Path) -> None:
    """Opened and saved by LibreOffice, every hostile name is still the text it was, and no formula has come about."""
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [_soffice(), profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    paths = [*offices, book_path, folder / "publik" / f"kehadiran-umkm-{WEEK}.xlsx"]
    subprocess.run(
        [*command, "--outdir", str(tmp_path), *map(str, paths)],
        check=True,
        timeout=300,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    saved = [tmp_path / path.name for path in paths]
    for before, after in zip(paths, saved, strict=True):
        book, old = load_workbook(after), load_workbook(before)
        assert book.sheetnames == old.sheetnames
        assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        for sheet in old:
            for row in sheet.iter_rows():
                for cell in row:
                    assert book[sheet.title][cell.coordinate].value == cell.value, (before.name, cell.coordinate)
    assert {plain(text) for text in HOSTILE} <= texts_of(saved[: len(offices)], "Ditemukan", 1)
