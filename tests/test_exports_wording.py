"""Numbers, dates and words as readers see them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import wording
from exports.base import MAX_CELL, cut, plain
from exports.cells import NOTES
from exports.metadata import glossary
from exports.tables import EXPORTS
from monitor.weeks import published_on


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (1940, "1.940"), (798412, "798.412"), (1312345, "1.312.345")]
)
def test_numbers_have_thousands_dots(value: int, text: str) -> None:
    assert wording.number(value) == text


def test_shares_have_a_decimal_comma() -> None:
    assert wording.percent(0.0078) == "0,78 persen"


@pytest.mark.parametrize(
    ("week", "text"),
    [
        ("2026-W47", "pekan ke-47 tahun 2026 (16 s.d. 22 November 2026)"),
        ("2027-W13", "pekan ke-13 tahun 2027 (29 Maret s.d. 4 April 2027)"),
        ("2026-W53", "pekan ke-53 tahun 2026 (28 Desember 2026 s.d. 3 Januari 2027)"),
        ("2027-W01", "pekan ke-1 tahun 2027 (4 s.d. 10 Januari 2027)"),
    ],
)
def test_weeks_are_pekan_with_their_days(week: str, text: str) -> None:
    assert wording.week_long(week) == text


def test_dates_of_the_week() -> None:
    assert published_on("2026-W47") == date(2026, 11, 24)
    assert wording.weekday(date(2026, 11, 27)) == "Jumat, 27 November 2026"
    assert wording.delete_after("2026-W47") == date(2027, 2, 28)


@pytest.mark.parametrize(("value", "text"), [(1, "I"), (4, "IV"), (9, "IX"), (44, "XLIV"), (2026, "MMXXVI")])
def test_roman(value: int, text: str) -> None:
    assert wording.roman(value) == text


def test_lists_of_names() -> None:
    assert wording.listed(["A", "B"]) == "A dan B"
    assert wording.listed(["A", "B", "C"]) == "A, B, dan C"
    assert wording.some(list("ABCDE"), 2) == "A, B, dan 3 lokapasar lain"
    assert wording.some(list("ABC"), 2) == "A, B, dan C"


@pytest.mark.parametrize(
    "text",
    [
        "Shopee diblokir.",
        "1.940 UMKM hadir.",
        "Benar. 60 UMKM diperiksa.",
        "Keadaan 2026-W47.",
        "UMKM yang berjualan online.",
        "Nilai None.",
        "Naik dibanding pekan lalu.",
    ],
)
def test_faults_are_found(text: str) -> None:
    assert wording.faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ini bukan pemblokiran oleh pemerintah.",
        "Pekan ke-47 (16 s.d. 22 November 2026). Registri per 1 November 2026: 38 UMKM.",
        "No. 1/Th. I, 24 November 2026. Angka sementara.",
        "Dibandingkan dengan pekan sebelumnya, belum dapat dipastikan.",
    ],
)
def test_good_sentences_have_no_fault(text: str) -> None:
    assert wording.faults(text) == []


def test_every_fixed_text_keeps_the_rules() -> None:
    fixed = [meaning for _, _, meaning in glossary()] + list(NOTES.values())
    for labels in (wording.STATES, wording.REASONS, wording.CAUSES, wording.VINTAGES, wording.ANSWERS):
        fixed += labels.values()
    fixed += [column.meaning for export in EXPORTS.values() for column in export.columns]
    assert [fault for text in fixed for fault in wording.faults(text)] == []


def test_labels_are_the_agreed_ones() -> None:
    assert wording.VERIFIED == "Sudah dipastikan (paling sedikit)"
    assert wording.DETECTED == "Terdeteksi sistem, belum diperiksa"
    assert wording.DETECTED_HEAD == "Tertaut otomatis, belum diperiksa"
    assert wording.STATES["refused"] == "Akses ditolak"
    assert wording.STATES["carried"] == "Memakai data lama"
    assert not {"A", "B", "C"} & set(wording.GRADES.values())


def test_sheets_have_the_agreed_names() -> None:
    expected = ["Kab-Kota", "Kecamatan", "Lapangan-Usaha", "Lokapasar", "Program", "Masuk-dan-Keluar"]
    expected += ["Mutu-Data", "Kamus", "Metadata"]
    assert list(dict.fromkeys(export.sheet for export in EXPORTS.values())) == expected


def test_evidence_in_words() -> None:
    evidence = {
        "agrees": ["name"],
        "prior": -12.0,
        "name": ["exact", 9.0],
        "owner": ["full", 5.0],
        "place": ["same_district", 3.0],
    }
    assert wording.evidence_words(evidence, confirmed=False) == "nama langka, pemilik, kecamatan"
    assert wording.evidence_words(evidence, confirmed=True).startswith("diperiksa petugas, ")
    common = {"agrees": ["owner", "district"], "name": ["exact", 9.0]}
    assert wording.evidence_words(common, confirmed=False) == "nama sama"
    against = {"name": ["part", 2.0], "phone": ["differs", -1.5], "product": ["clash", -2.0]}
    assert wording.evidence_words(against, confirmed=False) == "sebagian nama"
    assert wording.evidence_words({}, confirmed=False) == "bukti tersimpan dalam sistem"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("=1+1", "=1+1"),
        ("a\x00b\x07c\x1b[0m", "a b c [0m"),
        ("kiri\u202ekanan\u202c\u2066x\u2069\u200f", "kirikananx"),
        ("nol\u200b\u2060\ufefflebar\u00ad", "nollebar"),
        ("baris\r\n\tbaru\u2028lagi\u0085", "baris baru lagi"),
        ("setengah \ud800 pasangan \ufffe", "setengah \ufffd pasangan"),
        ("Éntin 🌶️ 蔡", "Éntin 🌶️ 蔡"),
        ("<script>&amp;", "<script>&amp;"),
    ],
)
def test_outside_text_becomes_one_harmless_line(raw: str, clean: str) -> None:
    assert plain(raw) == clean


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_any_text_can_be_written(raw: str) -> None:
    shown = plain(raw)
    assert shown == plain(shown)
    shown.encode("utf-8")
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)


def test_long_text_fits_one_cell() -> None:
    assert plain("x" * 5_000) == "x" * 5_000
    for text in ("x" * 40_000, "🌶" * 20_000):
        assert len(plain(text).encode("utf-16-le")) // 2 <= MAX_CELL
    assert cut("🌶🌶🌶", 4) == "🌶…"
