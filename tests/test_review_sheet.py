"""The review sheet as a file: what it says, what it hides, and that outside text stays text."""

import csv
import io
import stat
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from openpyxl import load_workbook

from exports import wording
from exports.review_sheet import (
    ANSWERS,
    QUESTION,
    SheetInfo,
    instructions,
    minutes,
    own_answers,
    receipt,
    to_csv,
    to_workbook,
    write_sheet,
)
from pipelines.review_rows import SHEET_COLUMNS

INFO = SheetInfo("2026-W47", "Dinas Koperasi dan UKM Kabupaten Lebak", "umkm@lebak.example", date(2026, 11, 27), False)
HOSTILE = ["=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(1)", "\t=1", "a\u202eb", "<b>x</b>", "x\x00y", "'=1", "é" * 40_000]


def rows(names: list[str]) -> pd.DataFrame:
    found = [
        {
            "task_id": f"T{number}", "marketplace": "tokopedia", "shop_id": f"749{number}", "business_id": number,
            "position": number, "shop_name": name, "shop_place": "Kab. Lebak", "shop_products": name,
            "shop_permits": None, "shop_url": "https://www.tokopedia.com/emping", "marketplace_title": "Tokopedia",
            "business_name": name, "owner_name": None, "address": name, "product": name, "permits": None,
            "phone": "tidak tercantum",
        }
        for number, name in enumerate(names, start=1)
    ]  # fmt: skip
    return pd.DataFrame(found, columns=list(SHEET_COLUMNS), dtype=object)


def test_first_page_says_the_five_rules_with_rows_and_minutes() -> None:
    book = load_workbook(io.BytesIO(to_workbook(rows(["Emping"] * 14), INFO)))
    assert book.sheetnames == ["Petunjuk", "Lembar-Periksa"]
    said = "\n".join(str(cell.value) for row in book["Petunjuk"].iter_rows() for cell in row if cell.value)
    assert "14 baris, kira-kira 30 menit" in said
    assert all(rule in said for rule in instructions(14))
    assert QUESTION in said
    assert (
        "Berkas ini memuat data pribadi. Hanya untuk pembinaan UMKM oleh Dinas Koperasi dan UKM Kabupaten Lebak."
        in said
    )
    assert "Jumat, 27 November 2026" in said and "Hapus setelah 28 Februari 2027" in said
    assert "LATIHAN" not in said


def test_an_office_reads_how_its_answers_compare_and_nobody_else_does() -> None:
    told = own_answers(60, 58, 29, 0.931, 0.41)
    assert told == (
        "Delapan pekan terakhir kantor ini diminta memeriksa 60 UMKM dan menjawab 58. Dari 29 pasangan yang diperiksa "
        "pula oleh kantor lain, 93 dari setiap 100 jawaban sama; 41 dari setiap 100 dijawab 'ya'. Keterangan ini hanya "
        "untuk kantor ini, bukan penilaian."
    )
    assert not wording.faults(told)
    assert own_answers(0, 0, 0, None, None) == ""
    assert own_answers(4, 0, 0, None, None).startswith("Delapan pekan terakhir kantor ini diminta memeriksa 4 UMKM dan")
    book = load_workbook(io.BytesIO(to_workbook(rows(["Emping"]), replace(INFO, told=told))))
    assert told in [cell.value for row in book["Petunjuk"].iter_rows() for cell in row]


@pytest.mark.parametrize(("count", "expected"), [(1, 5), (14, 30), (60, 120)])
def test_minutes(count: int, expected: int) -> None:
    assert minutes(count) == expected


def test_practice_data_say_so_on_both_sheets() -> None:
    practice = SheetInfo(INFO.week, INFO.office_name, "", INFO.deadline, True)
    book = load_workbook(io.BytesIO(to_workbook(rows(["Emping"]), practice)))
    for sheet in book:
        assert "DATA LATIHAN" in str([cell.value for row in sheet.iter_rows(max_row=2) for cell in row])


def test_answers_are_chosen_from_a_list_and_only_they_are_open() -> None:
    sheet = load_workbook(io.BytesIO(to_workbook(rows(["Emping"]), INFO)))["Lembar-Periksa"]
    lists = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    assert [rule.formula1 for rule in lists] == [f'"{",".join(ANSWERS)}"']
    assert sheet.protection.sheet
    heading = next(row for row in sheet.iter_rows() if any(cell.value == "task_id" for cell in row))
    below = sheet[heading[0].row + 1]
    opened = [head.value for head, cell in zip(heading, below, strict=True) if not cell.protection.locked]
    assert opened == ["jawaban", "business_id_lain", "catatan", "penelaah"]
    assert [head.value for head in heading][-4:] == ["task_id", "marketplace", "shop_id", "business_id"]


def test_hostile_text_is_text_in_the_workbook() -> None:
    book = load_workbook(io.BytesIO(to_workbook(rows(HOSTILE), INFO)))
    kinds = {cell.data_type for row in book["Lembar-Periksa"].iter_rows() for cell in row}
    assert "f" not in kinds
    shown = [row[1].value for row in book["Lembar-Periksa"].iter_rows() if row[1].value]
    assert HOSTILE[0] in shown and "a\u202eb" not in shown


def test_hostile_text_is_text_in_csv() -> None:
    found = list(csv.reader(io.StringIO(to_csv(rows(HOSTILE)).decode("utf-8-sig"), newline=""), delimiter=";"))
    cells = [cell for row in found[1:] for cell in row if cell]
    assert not [cell for cell in cells if cell.lstrip()[0] in "=+-@\t"]
    assert [row[-4] for row in found[1:]] == [f"T{number}" for number in range(1, len(HOSTILE) + 1)]


def test_only_addresses_of_marketplaces_become_links() -> None:
    frame = rows(["a", "b"])
    frame["shop_url"] = ["https://www.tokopedia.com/emping", "https://jahat.example/emping"]
    sheet = load_workbook(io.BytesIO(to_workbook(frame, INFO)))["Lembar-Periksa"]
    assert [cell.hyperlink.target for row in sheet.iter_rows() for cell in row if cell.hyperlink] == [
        "https://www.tokopedia.com/emping"
    ]


def test_no_score_no_weight_no_phone_digit() -> None:
    text = to_csv(rows(["Emping"])).decode()
    assert not [word for word in ("weight", "skor", "score", "bobot", "08", "62") if word in text.lower()]


def test_the_same_rows_give_the_same_bytes() -> None:
    assert to_workbook(rows(["Emping"]), INFO) == to_workbook(rows(["Emping"]), INFO)


def test_the_file_is_its_owners_only_and_named_by_week_and_kode(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "neu", "3602", rows(["Emping"]), INFO, "xlsx")
    assert path.name == "periksa-2026-W47-3602.xlsx"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_receipt_as_offices_know_it() -> None:
    at = datetime(2027, 4, 1, 10, 12, tzinfo=ZoneInfo("Asia/Jakarta"))
    assert receipt(at, 14, 13, [9], [], []) == (
        "Diterima 1 April 2027 pukul 10.12 WIB: 14 baris, 13 terjawab, 1 kosong (baris 9), 0 ditolak. Terima kasih."
    )
    told = receipt(at, 3, 1, [4, 6], [(5, "jawaban tidak dikenal")], ["Baris 3: diganti."])
    assert "2 kosong (baris 4, 6), 1 ditolak." in told
    assert told.splitlines()[1:] == ["Baris 5: jawaban tidak dikenal.", "Baris 3: diganti."]
