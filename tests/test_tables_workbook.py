"""Workbooks and Parquet: numbers as people wrote them, several sheets, and files that only look like workbooks."""

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from monitor.tables import bounds as workbook_bounds
from monitor.tables.table import TableError, open_table

KNOWN = ["Nama Usaha", "Pemilik", "Kecamatan", "No HP", "NIB"]


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = xlsxwriter.Workbook(path)
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, dt.date):
                    sheet.write_datetime(number, column, value, book.add_format({"num_format": "dd/mm/yyyy"}))
                else:
                    sheet.write(number, column, value)
    book.close()
    return path


def test_numbers_dates_and_flags_read_as_written(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        {
            "Data": [
                ["DATA UMKM"],
                [],
                ["Nama Usaha", "No HP", "NIB", "Mulai", "Halal", "Nilai"],
                ["Warung", 81284845200, 85212000000.0, dt.date(2024, 7, 9), True, 1.5],
                ["Toko", 85200000000, "0123456789012", "9 Juli 2024", False, 45482],
            ]
        },
    )
    table = open_table(path, KNOWN)
    assert list(table) == [
        (4, ["Warung", "81284845200", "85212000000", "2024-07-09", "ya", "1.5"]),
        (5, ["Toko", "8.52E+10", "0123456789012", "9 Juli 2024", "tidak", "45482"]),
    ]


def test_the_sheet_with_the_best_header_is_read_and_the_other_lists_are_named(tmp_path: Path) -> None:
    header = ["Nama Usaha", "Pemilik", "Kecamatan"]
    path = workbook(
        tmp_path / "a.xlsx",
        {
            "Petunjuk": [["Isi dengan huruf besar"]],
            "Ciruas": [header, ["Warung", "Ani", "Ciruas"]],
            "Kibin": [header, ["Toko", "Budi", "Kibin"]],
        },
    )
    table = open_table(path, KNOWN)
    assert [cells[0] for _, cells in table] == ["Warung"]
    assert table.notes == ["Hanya lembar 'Ciruas' yang dibaca; tabel lain tidak dibaca: lembar 'Kibin'."]


def test_merged_cells_and_a_table_that_begins_in_the_middle(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.merge_cells("C3:D3")
    for cell, value in {"B3": "Nama Usaha", "C3": "Alamat", "E3": "Pemilik", "C4": "Desa", "D4": "Kecamatan"}.items():
        sheet[cell] = value
    for column, value in zip("BCDE", ("Warung", "Kibin", "Kibin", "Ani"), strict=True):
        sheet[f"{column}5"] = value
    book.save(tmp_path / "a.xlsx")
    table = open_table(tmp_path / "a.xlsx", [*KNOWN, "Desa"])
    assert table.headers == ["", "Nama Usaha", "Desa", "Kecamatan", "Pemilik"]
    assert list(table) == [(5, [None, "Warung", "Kibin", "Kibin", "Ani"])]


def test_a_long_cell_is_one_problem(tmp_path: Path) -> None:
    frame = pd.DataFrame({"Nama Usaha": ["A", "B" * 40_000, "C"], "Pemilik": ["x", "y", "z"]})
    frame.to_parquet(tmp_path / "a.parquet")
    table = open_table(tmp_path / "a.parquet", KNOWN)
    assert [cells[0] for _, cells in table] == ["A", "C"]
    assert [problem.row for problem in table.problems] == [2]


def test_parquet_of_any_type(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "Nama Usaha": pd.Categorical(["A", None]),
            "No HP": [81284845200.0, None],
            "NIB": [1234567890123, 2234567890123],
            "Pemilik": ["x", None],
        }
    )
    frame.to_parquet(tmp_path / "a.bin")
    assert list(open_table(tmp_path / "a.bin", KNOWN)) == [
        (1, ["A", "81284845200", "1234567890123", "x"]),
        (2, [None, None, "2234567890123", None]),
    ]


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("Nama Usaha,Pemilik\nA,B\n")
    assert [cells for _, cells in open_table(tmp_path / "a.xlsx", KNOWN)] == [["A", "B"]]
    workbook(tmp_path / "b.xlsx", {"x": [["Nama Usaha", "Pemilik"], ["A", "B"]]}).rename(tmp_path / "b.csv")
    assert [cells for _, cells in open_table(tmp_path / "b.csv", KNOWN)] == [["A", "B"]]


def refused(path: Path) -> str:
    with pytest.raises(TableError) as caught:
        list(open_table(path, KNOWN))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_files_that_only_look_like_workbooks(tmp_path: Path) -> None:
    pdf, archive, ole, cut = (tmp_path / f"{name}.xlsx" for name in ("pdf", "zip", "ole", "cut"))
    pdf.write_bytes(b"%PDF-1.7 ...")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("foto.txt", "bukan buku kerja")
    ole.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    whole = workbook(tmp_path / "whole.xlsx", {"x": [["Nama Usaha", "Pemilik"], ["A", "B"]]}).read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    assert "PDF" in refused(pdf)
    assert all("damaged or of another kind" in refused(path) for path in (archive, ole, cut))


def test_a_password_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le"))
    assert "protected by a password" in refused(path)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/worksheets/sheet1.xml", b"0" * (300 << 20))
    assert "unpacks to 300 MB" in refused(path)


def test_a_stray_cell_far_away_is_not_a_grid_of_gigabytes(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "far.xlsx", {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write(0, 0, "Nama Usaha")
    sheet.write(1_048_575, 300, "x")
    book.close()
    assert "cell in column 301 of row 1,048,576" in refused(tmp_path / "far.xlsx")


SPREADSHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = f"""<?xml version="1.0"?><worksheet xmlns="{SPREADSHEETS}"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>Nama Usaha</t></is></c>
<c r="B1" t="inlineStr"><is><t>Pemilik</t></is></c></row>
%s</sheetData></worksheet>"""


def with_sheet(path: Path, rows: str, entry: str = "worksheets/sheet1.xml", sheet: str = SHEET) -> Path:
    """A workbook whose sheet is written as said, at any place inside."""
    plain = workbook(path.with_name("plain.xlsx"), {"x": [["Nama Usaha", "Pemilik"]]})
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name).replace(b"worksheets/sheet1.xml", entry.encode())
            new.writestr(*(("xl/" + entry, sheet % rows) if name == "xl/worksheets/sheet1.xml" else (name, body)))
    return path


FAR = {
    "usual": '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    "row without number": '<row><c r="XFD1048576"><v>1</v></c></row>',
    "rows in no order": '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row><row r="3"><c r="A3"><v>1</v></c></row>',
    "other quotes": "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
    "blanks": '<row r="1048576"><c r = "XFD1048576"><v>1</v></c></row>',
    "small letters": '<row r="2"><c r="xfd1048576"><v>1</v></c></row>',
    "prefix": '<x:row r="2"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
    "later": '<row r="2"><c s="0" r="XFD1048576"><v>1</v></c></row>',
}


@pytest.mark.parametrize("rows", FAR.values(), ids=FAR)
def test_a_far_cell_is_found_however_it_is_written(tmp_path: Path, rows: str) -> None:
    sheet = SHEET.replace("<worksheet ", f'<worksheet xmlns:x="{SPREADSHEETS}" ')
    said = refused(with_sheet(tmp_path / "far.xlsx", rows, sheet=sheet))
    assert "spans" in said or "more memory" in said


def test_a_far_cell_is_found_in_whatever_entry_the_sheet_is(tmp_path: Path) -> None:
    assert "spans" in refused(with_sheet(tmp_path / "far.xlsx", FAR["usual"], "elsewhere.dat"))


@pytest.mark.parametrize("row", ["<row><c><v>1</v></c><c><v>2</v></c></row>", "<x:row r='2'><x:c r='A2'/></x:row>"])
def test_unusual_sheets_that_are_small_are_read(tmp_path: Path, row: str) -> None:
    sheet = SHEET.replace("<worksheet ", f'<worksheet xmlns:x="{SPREADSHEETS}" ')
    table = open_table(with_sheet(tmp_path / "a.xlsx", row, sheet=sheet), KNOWN)
    assert table.headers == ["Nama Usaha", "Pemilik"]


ODS = """<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="a"><table:table-row>
<table:table-cell office:value-type="string"><text:p>Nama Usaha</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>Pemilik</text:p></table:table-cell></table:table-row>
<table:table-row table:number-rows-repeated="%d"><table:table-cell table:number-columns-repeated="%d"
 office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def ods(path: Path, rows: int, columns: int, further: dict[str, str] | None = None) -> Path:
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", kind, zipfile.ZIP_STORED)
        file.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
        )
        for name, text in {"content.xml": (ODS % (rows, columns)).replace(">\n<", "><"), **(further or {})}.items():
            file.writestr(name, text)
    return path


def test_repeated_cells_of_an_open_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = open_table(ods(tmp_path / "a.ods", 2, 2), KNOWN)
    assert [row for _, row in table] == [["x", "x"], ["x", "x"]]
    monkeypatch.setattr(workbook_bounds, "TRIAL_BYTES", 400 << 20)
    assert "more memory" in refused(ods(tmp_path / "bomb.ods", 3_000, 16_000))
    assert "more memory" in refused(ods(tmp_path / "both.ods", 3_000, 16_000, {"xl/workbook.xml": "<workbook/>"}))


def test_an_empty_workbook(tmp_path: Path) -> None:
    assert "no filled sheet" in refused(workbook(tmp_path / "a.xlsx", {"x": []}))


def test_a_long_text_in_every_row_of_parquet_is_held_once(tmp_path: Path) -> None:
    """47 kB that would be twenty gigabytes of text."""
    count = 20_000
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int32()), pa.array(["x" * 1_000_000]))
    table = pa.table({"Nama Usaha": texts, "Pemilik": pa.array([None, *["a"] * (count - 1)])})
    pq.write_table(table, tmp_path / "a.parquet", store_schema=False)
    found = open_table(tmp_path / "a.parquet", KNOWN)
    assert list(found) == []
    assert len(found.problems) == count


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"\x00" * 50)
    assert "damaged Parquet" in refused(tmp_path / "a.parquet")
