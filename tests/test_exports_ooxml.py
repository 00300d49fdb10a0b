"""What Excel would repair is found: each fault put into a sound workbook by hand."""

import io
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter

from exports.ooxml import faults


@pytest.fixture
def sound() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    for name in ("Satu", "Dua"):
        sheet = book.add_worksheet(name)
        sheet.write_string(3, 0, "teks")
        sheet.write_number(4, 0, 7)
        sheet.merge_range(0, 0, 0, 3, "judul")
        sheet.merge_range(1, 0, 1, 3, "catatan")
        sheet.autofilter(3, 0, 4, 1)
    book.close()
    return buffer.getvalue()


def changed(body: bytes, part: str, edit: Callable[[bytes], bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            held = old.read(name)
            edited = edit(held) if name == part else held
            assert name != part or edited != held
            new.writestr(name, edited)
    return buffer.getvalue()


SHEET, BOOK, STRINGS = "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"


def test_nothing_is_wrong_with_a_sound_workbook(sound: bytes) -> None:
    assert faults(sound) == []


@pytest.mark.parametrize(
    ("part", "before", "after", "fault"),
    [
        (BOOK, b'name="Dua"', b'name="satu"', "two sheets have one name"),
        (BOOK, b'name="Dua"', b'name="' + b"D" * 32 + b'"', "a name that Excel does not take"),
        (BOOK, b'name="Dua"', b'name="Dua:tiga"', "a name that Excel does not take"),
        (SHEET, b'ref="A2:D2"', b'ref="D1:E2"', "merged cells that overlap"),
        (SHEET, b'ref="A2:D2"', b'ref="A4:B4"', "merged cells that overlap"),
        (SHEET, b"<v>7</v>", b"<f>1+6</f><v>7</v>", "holds a formula"),
        (SHEET, b'<row r="5"', b'<row r="2"', "rows out of order"),
        (SHEET, b"<pageMargins", b"<sheetProtection/><pageMargins", "an order that Excel does not take"),
        (STRINGS, b"teks", b"te\x01ks", "a character that is not allowed"),
        (STRINGS, b"teks", b"t" * 32_768, "more characters than Excel takes"),
        (STRINGS, b"<sst", b'<!DOCTYPE x [<!ENTITY a "b">]><sst', "declares entities"),
        ("xl/_rels/workbook.xml.rels", b"</Relationships>", b"<!-- externalLink --></Relationships>", "points outside"),
    ],
)
def test_each_fault_is_found(sound: bytes, part: str, before: bytes, after: bytes, fault: str) -> None:
    found = faults(changed(sound, part, lambda held: held.replace(before, after, 1)))
    assert any(fault in one for one in found), found


def test_a_link_too_many(sound: bytes) -> None:
    links = b"<hyperlinks>" + b'<hyperlink ref="A1" location="x"/>' * 65_531 + b"</hyperlinks><pageMargins"
    found = faults(changed(sound, SHEET, lambda held: held.replace(b"<pageMargins", links, 1)))
    assert any("more links than Excel opens" in one for one in found)


def test_no_workbook_at_all() -> None:
    assert faults(b"PK nothing") != []
