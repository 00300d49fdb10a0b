"""The workbook as Excel and LibreOffice see it."""

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from report_world import HOSTILE, WEEK, Linked, World, make_world

from exports.base import plain
from exports.publish import publish
from exports.styles import COUNT
from exports.workbook import is_safe_link
from monitor.config import Config

HOSTS = frozenset({"tokopedia.com", "plazabanten.com"})


@pytest.fixture(scope="module")
def book_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One workbook with hostile names and addresses for all tests here."""
    from monitor.config import load_config

    urls = ("https://www.tokopedia.com/baik", "javascript:alert(1)", "https://jahat.example/x", None)
    links = tuple(
        Linked(number, "tokopedia", f"9{number}", False, name, urls[number % 4])
        for number, name in enumerate(HOSTILE, 1)
    )
    config: Config = load_config({"MONITOR_DATA_DIR": str(tmp_path_factory.mktemp("data"))})
    world: World = make_world(config, links, names=dict(enumerate(HOSTILE, 1)))
    world.build()
    yield publish(world.config, world.private, world.results, WEEK, practice=True) / f"kehadiran-{WEEK}.xlsx"
    world.close()


def test_first_sheet_says_it_is_internal(book_path: Path) -> None:
    sheet = load_workbook(book_path)["Ringkasan"]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert texts[1].startswith("Berkas internal ini memuat nama usaha")
    assert "Dilarang diteruskan melalui grup WhatsApp. Hapus setelah 28 Februari 2027." in texts[1]
    assert "Sekilas" in texts
    assert "Sudah dipastikan (paling sedikit)" in texts


def test_tables_are_frozen_filtered_and_set_up_for_a4(book_path: Path) -> None:
    for sheet in load_workbook(book_path).worksheets[1:]:
        assert sheet.freeze_panes, sheet.title
        assert sheet.auto_filter.ref, sheet.title
        assert sheet.page_setup.orientation == "landscape"
        assert str(sheet.page_setup.paperSize) == "9"
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows


def test_total_stays_outside_the_filter(book_path: Path) -> None:
    sheet = load_workbook(book_path)["Kab-Kota"]
    last = int(re.findall(r"\d+", sheet.auto_filter.ref)[-1])
    assert sheet.cell(last + 1, 2).value == "Provinsi Banten"


def test_figures_are_numbers_with_dots_in_every_language(book_path: Path) -> None:
    sheet = load_workbook(book_path)["Kab-Kota"]
    cell = next(row[2] for row in sheet.iter_rows() if row[1].value == "Provinsi Banten")
    assert (cell.value, cell.number_format) == (38, COUNT)


def test_ids_are_text(book_path: Path) -> None:
    sheet = load_workbook(book_path)["Daftar"]
    ids = [row[0] for row in sheet.iter_rows(min_row=7) if row[0].value and str(row[0].value).isdigit()]
    assert ids
    assert all(isinstance(cell.value, str) and cell.number_format == "@" for cell in ids)


def test_only_safe_addresses_become_links(book_path: Path) -> None:
    sheet = load_workbook(book_path)["Daftar"]
    targets = {cell.hyperlink.target for row in sheet.iter_rows() for cell in row if cell.hyperlink}
    assert targets == {"https://www.tokopedia.com/baik"}
    texts = {str(row[6].value) for row in sheet.iter_rows()}
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


def test_libreoffice_reads_the_same_text(book_path: Path, tmp_path: Path) -> None:
    """Opened and saved by LibreOffice, every hostile name is still the text it was, and no formula has come about."""
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [_soffice(), profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    subprocess.run(
        [*command, "--outdir", str(tmp_path), str(book_path)],
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    book = load_workbook(io.BytesIO((tmp_path / book_path.name).read_bytes()))
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    names = {str(row[1].value) for row in book["Daftar"].iter_rows()}
    assert {plain(text) for text in HOSTILE} <= names
