"""Every messy form of real lists: read right, or said to be unreadable with its row."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registry_lists import businesses, count, everything, take
from sqlalchemy import Engine

from monitor import arrow_text
from monitor.characters import squash
from monitor.config import Config
from monitor.database import private_engine
from monitor.identifiers import load_hasher
from monitor.registry.importing import check
from monitor.registry.places import NO_PLACES
from monitor.registry.report import ImportReport, receipt
from monitor.tables.shapes import TableError
from monitor.written import clean_cell

NIK = "3602041201890001"

Import = Callable[..., tuple[ImportReport, list[dict[str, Any]]]]


@pytest.fixture
def engine(config: Config) -> Engine:
    return private_engine(config)


@pytest.fixture
def imported(engine: Engine, config: Config, tmp_path: Path) -> Import:
    """header, rows -> report and the businesses in file order."""

    def work(header: str, *rows: str, office: str = "36") -> tuple[ImportReport, list[dict[str, Any]]]:
        report = take(engine, config, tmp_path, *rows, header=header, office=office)
        return report, businesses(engine).to_dict("records")

    return work


def hashed(config: Config, *numbers: str) -> str:
    hasher = load_hasher(config.phone_key_file)
    return " ".join(map(hasher.hash, numbers))


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("081284845200", ["6281284845200"]),
        ("81284845200", ["6281284845200"]),
        ("+62 812-8484-5200", ["6281284845200"]),
        ("0812 8484 5200", ["6281284845200"]),
        ("620812.8484.5200", ["6281284845200"]),
        ("https://wa.me/+6281284845200", ["6281284845200"]),
        ("8.52120e+010", ["6285212000000"]),
        ("(0335) 820217, 081284845200", ["62335820217", "6281284845200"]),
        ("0335 - 125683 / 0857 1234 5678", ["62335125683", "6285712345678"]),
        ("081284845200 (Bu Ani)", ["6281284845200"]),
        ("81284845200.0", ["6281284845200"]),
    ],
)
def test_phones(config: Config, imported: Import, cell: str, numbers: list[str]) -> None:
    _, rows = imported("Nama Usaha;No HP", f"Warung;{cell}")
    assert rows[0]["phone_hashes"] == hashed(config, *numbers)


@pytest.mark.parametrize("cell", ["8.52E+10", "8,52E+10", "8.5E+10"])
def test_a_phone_that_is_lost_is_said_to_be_lost(imported: Import, cell: str) -> None:
    report, rows = imported("Nama Usaha;No HP", f"Warung;{cell}")
    assert rows[0]["phone_hashes"] is None
    [note] = report.check.notes
    assert (note.row, note.kind, note.column) == (2, "catatan", "No HP")
    assert note.sentence() == (
        f"Baris 2, kolom No HP: '{cell.replace('.', ',')}' tidak dapat dipulihkan,"
        " mohon disalin ulang dari berkas asal dengan format Teks."
    )


@pytest.mark.parametrize("cell", ["", " ", "-", " -", "tidak ada", "Rp. -", "0", "N/A"])
def test_the_many_ways_to_write_nothing(imported: Import, cell: str) -> None:
    report, rows = imported("Nama Usaha;Nama Pemilik;No HP;Produk;NIB", f"Warung;{cell};{cell};{cell};{cell}")
    assert [rows[0][name] for name in ("owner_name", "phone_hashes", "product", "nib")] == [None] * 4
    assert report.check.notes == []
    assert report.check.remarks == [NO_PLACES]


def test_several_phone_columns_and_accounts_of_messengers(config: Config, imported: Import) -> None:
    _, rows = imported(
        "Nama Usaha;Telepon;No WA;a708_is_pesan_instan_1;a708_nama_pesan_instan_1",
        "Warung;081284845200;0857-1234-5678;Ya;081399998888",
    )
    assert rows[0]["phone_hashes"] == hashed(config, "6281284845200", "6285712345678", "6281399998888")


def test_values_in_the_wrong_column(config: Config, imported: Import) -> None:
    report, rows = imported(
        "Nama Usaha;Alamat;Kegiatan", "Warung;Jl. Buncis-0.9571287843856437;85647123456", "Toko;Jl. Wortel;jual es"
    )
    assert rows[0]["product"] is None
    assert rows[0]["address"] == "Jl. Buncis"
    assert rows[0]["phone_hashes"] == hashed(config, "6285647123456")
    assert any(note.reason == "berisi nomor telepon; dibaca sebagai telepon" for note in report.check.notes)


def test_numbers_of_persons_are_nowhere(engine: Engine, config: Config, imported: Import) -> None:
    spaced = "3602 0412 0189 0001"
    report, rows = imported(
        "ID UMKM;Nama Usaha;Nama Pemilik;Alamat;Produk;NIK;NPWP;Kolom Lain;Shopee",
        f"{NIK};Warung {NIK};Ani {spaced};Jl. A NIK {NIK} 081284845200;kue 09.254.294.3-407.000;{NIK};092542943407000;"
        f"{NIK};{NIK}",
        "U2;Toko;Budi;Jl. B;kue;3.60E+15;-;-;toko budi 0812 8484 5200",
        "U3;Kedai;Cici;Jl. C;kue;-;-;-;-",
    )
    text = everything(engine)
    written = next((config.data_dir / "rejects").rglob("*.csv"), None)
    notes = written.read_text(encoding="utf-8-sig") if written else ""
    for secret in (NIK, spaced, "3602041201", "09.254", "0925429", "81284845200", "8484 5200"):
        assert secret not in text
        assert secret not in notes
        assert secret not in repr(report.check.notes)
    assert rows[0]["source_id"] is None
    assert rows[1]["source_id"] == "U2"
    assert rows[0]["phone_hashes"] == hashed(config, "6281284845200")
    assert {"NIK", "NPWP", "Kolom Lain"} <= set(report.check.dropped)


def test_a_nib_that_lost_its_zero_and_one_that_is_lost(imported: Import) -> None:
    report, rows = imported(
        "Nama Usaha;NIB", "A;123456789012", "B;9.12E+12", "C;1234567890123.0", "D;'1234567890124", "E;0000000000000"
    )
    assert [row["nib"] for row in rows] == ["0123456789012", None, "1234567890123", "1234567890124", None]
    assert report.check.nib_restored_count == 1
    assert [(n.row, n.value) for n in report.check.notes if n.column == "NIB"] == [(3, "9,12E+12"), (6, "•" * 13)]


def test_permits_as_number_answer_or_count(imported: Import) -> None:
    _, rows = imported(
        "Nama Usaha;PIRT;Halal;c401_A_MD_or_BPOM",
        "A;P-IRT No. 2063602010072-29;ID36110000123450822;MD 123456789012",
        "B;Ada;Ya;2",
        "C;belum ada;Tidak;0",
        "D;-;;",
        "E;1;ID36110000123450822, ID36110000999990923;",
    )
    assert [row["pirt"] for row in rows] == ["206360201007229", None, None, None, None]
    assert [row["has_pirt"] for row in rows] == [True, True, False, None, True]
    assert [row["has_halal"] for row in rows] == [True, True, False, None, True]
    assert rows[4]["halal"] == "ID36110000123450822 ID36110000999990923"
    assert [row["bpom"] for row in rows] == ["MD123456789012", None, None, None, None]


@pytest.mark.parametrize(
    ("header", "row", "code"),
    [
        ("Kecamatan;Kab/Kota", "KEC. SOBANG;KAB. LEBAK", "360222"),
        ("Kecamatan;Kab/Kota", "Cibeber;KOTA CILEGON", "367201"),
        (
            "Alamat",
            "Jl. Suplir, East Lengkong Gudang, Serpong Sub-District, South Tangerang City, Banten 15310",
            "367401",
        ),
        ("Alamat", "Kp. Baru RT.4 / RW. 4 NO. 07, Desa Sawarna, Kec. Bayah, KAB. LEBAK, BANTEN, ID 42393", "360203"),
        ("kode_kecamatan;Kecamatan", "360222;?", "360222"),
        ("kode_wilayah", "36.02.22", "360222"),
    ],
)
def test_places(imported: Import, header: str, row: str, code: str) -> None:
    _, rows = imported(f"Nama Usaha;{header}", f"Warung;{row}")
    assert rows[0]["district_code"] == code
    assert rows[0]["area_code"] == code[:4]


def test_codes_of_the_bps_directory_give_the_kabkota_only(imported: Import) -> None:
    _, rows = imported("Nama Usaha;Kdprov;Kdkab;Kdkec;Kddesa;Nmkec", "Warung;36;2;10;6;Malingping", "Toko;36;74;30;6;x")
    assert [row["area_code"] for row in rows] == ["3602", "3674"]
    assert rows[0]["district_code"] == "360201"


def test_ambiguous_places_are_kept_and_asked_about(imported: Import) -> None:
    report, rows = imported("Nama Usaha;Kecamatan;Kab/Kota", "A;Sobang;", "B;;Serang", "C;Ciruas;Serang")
    assert [row["area_code"] for row in rows] == [None, None, "3604"]
    assert [note.row for note in report.check.notes] == [2, 3]
    assert "terdapat di" in report.check.notes[0].reason
    assert report.reject_count == 0


def test_the_list_of_an_office_is_about_its_own_area(imported: Import) -> None:
    _, rows = imported("Nama Usaha;Kecamatan;Kab/Kota", "A;Sobang;", "B;;", "C;Sobang;Kab. Pandeglang", office="3602")
    assert [row["area_code"] for row in rows] == ["3602", "3602", "3601"]
    assert [row["district_code"] for row in rows] == ["360222", None, "360135"]


def test_a_place_elsewhere_is_kept_without_a_code(imported: Import) -> None:
    report, rows = imported("Nama Usaha;Kecamatan;Kab/Kota", "A;Laweyan;Kota Surakarta", "B;;", office="3602")
    assert [(row["area_code"], row["is_outside"]) for row in rows] == [(None, True), ("3602", None)]
    assert (report.check.outside_count, report.business_count, report.group_count) == (1, 1, 1)
    assert "1 usaha beralamat di luar provinsi" in receipt(report, datetime(2026, 11, 21, tzinfo=UTC))
    assert "di luar Provinsi Banten" in report.check.notes[0].reason


def test_address_with_columns_of_its_own_for_rt_and_rw(imported: Import) -> None:
    _, rows = imported("Nama Usaha;Jalan;RT;RW", "A;Jl. Raya 5;3;08", "B;Kp. Baru RT 1/RW 2;1;2", "C;;RT. 4;-")
    assert [row["address"] for row in rows] == ["Jl. Raya 5 RT 3 RW 08", "Kp. Baru RT 1/RW 2", "RT 4"]


def test_kbli_size_year_and_sector(imported: Import) -> None:
    report, rows = imported(
        "Nama Usaha;KBLI;Skala Usaha;Tahun Mulai;Kategori;Kegiatan",
        "A;10794;USAHA MIKRO;2019;;",
        "B;1111;Kecil;09/07/2024;;",
        "C;56102.0;UMKM;1850;;",
        "D;xx;;2099;KULINER;",
        "E;;;;;[Kegiatan Usaha: -, Kategori: F, KBLI: 41011]",
    )
    assert [row["kbli"] for row in rows] == ["10794", "01111", "56102", None, "41011"]
    assert [row["size"] for row in rows] == ["mikro", "kecil", None, None, None]
    assert [row["year"] for row in rows] == [2019, 2024, None, None, None]
    assert rows[0]["sector"] == "makanan_minuman"
    assert rows[3]["sector"] == "makanan_minuman"
    assert rows[4]["sector"] == "konstruksi"
    assert {(n.row, n.column) for n in report.check.notes if n.column} == {
        (4, "Tahun Mulai"),
        (5, "KBLI"),
        (5, "Tahun Mulai"),
    }


def test_declared_accounts_are_leads(engine: Engine, imported: Import) -> None:
    imported(
        "Nama Usaha;linkshopee;tokopedia;website;c708_is_marketplace_1;c708_nama_marketplace_1",
        "A;https://shopee.co.id/tokoani;Ani Snack;https://www.instagram.com/ani, https://wa.me/6281284845200;Ya;k ani",
        "B;Ya;tidak;belum ada;Tidak;",
        "C;https://id.shp.ee/abc;https://www.tokopedia.com/toko-c;http://c.example;;",
    )
    from monitor.registry.frame import read_declared
    from monitor.registry.snapshots import current_snapshot

    with engine.connect() as connection:
        newest = current_snapshot(connection)
        assert newest is not None
        found = read_declared(connection, newest.snapshot_id)
    assert set(found[["business_id", "marketplace", "account"]].itertuples(index=False, name=None)) == {
        (1, "shopee", "https://shopee.co.id/tokoani"),
        (1, "tokopedia", "Ani Snack"),
        (1, "instagram", "https://www.instagram.com/ani"),
        (1, "unknown", "k ani"),
        (2, "shopee", "Ya"),
        (3, "shopee", "https://id.shp.ee/abc"),
        (3, "tokopedia", "https://www.tokopedia.com/toko-c"),
        (3, "unknown", "http://c.example"),
    }
    assert count(engine, "declared_accounts") == 8


def test_rows_without_any_name_go_back(imported: Import) -> None:
    good = [f"Warung {n};Ani;Ciruas" for n in range(300)]
    report, rows = imported("Nama Usaha;Nama Pemilik;Kecamatan", *good, "-;;Ciruas", ";Budi;Ciruas", " ; - ;")
    assert (report.read_count, report.kept_count, report.reject_count) == (302, 301, 1)
    assert rows[-1]["business_name"] is None
    returned = [note for note in report.check.notes if note.kind == "dikembalikan"]
    assert [note.row for note in returned] == [302]


CELL = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["-", " - ", "tidak ada", "Tidak Ada.", "N/A", "#N/A", "Rp. -", "0", "\u200b", "Na", "Nana", "a\u00a0b"]
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(CELL.filter(lambda text: "\x00" not in text), min_size=1, max_size=20))
def test_whole_columns_are_cleaned_like_single_cells(cells: list[str]) -> None:
    column = arrow_text.strings([cell.encode("utf-8", "ignore").decode() for cell in cells])
    texts = column.to_pylist()
    assert arrow_text.cleaned(column).to_pylist() == [clean_cell(text) for text in texts]
    assert arrow_text.squashed(column).to_pylist() == [squash(text) or None for text in texts]


@pytest.mark.parametrize("header", ["shop_id;shop_name;city;nama", "ID Toko;Nama Toko;Kabupaten/Kota;Alamat"])
def test_a_list_of_shops_is_no_registry(config: Config, tmp_path: Path, header: str) -> None:
    path = tmp_path / "tokopedia.csv"
    path.write_text(f"{header}\n12;Dapur Siti;Kab. Serang;Ciruas\n", encoding="utf-8")
    with pytest.raises(TableError, match="list of shops of a marketplace"):
        check(path, config)
