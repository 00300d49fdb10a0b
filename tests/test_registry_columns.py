"""Columns as really written are recognised; NIK and NPWP never get past this module."""

import pytest

from monitor.errors import UsageError
from monitor.registry.columns import Recognised, known_fields, recognise
from monitor.tables.shapes import squash


def of(names: str, samples: list[list[str]] | None = None, **mapping: str) -> Recognised:
    headers = names.split("|")
    return recognise(headers, samples or [[] for _ in headers], mapping)


def read(found: Recognised) -> dict[str, str]:
    return found.as_written()


def test_no_name_means_two_things() -> None:
    seen: dict[str, str] = {}
    for name, entry in known_fields().items():
        for key in (*entry.names, *entry.weak):
            assert key == squash(key)
            assert seen.setdefault(key, name) == name, key


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("c106_nama_lengkap_usaha", "business_name"),
        ("c107_nama_usaha_komersial_or_populer", "trade_name"),
        ("PERUSAHAAN", "business_name"),
        ("namaumkm", "business_name"),
        ("  Nama   Usaha ", "business_name"),
        ("nama_pemilik", "owner_name"),
        ("No. HP/WA", "phone"),
        ("linkwa", "phone"),
        ("Nmkab", "area"),
        ("KELURAHAN", "village"),
        ("DESA / KELURAHAN", "village"),
        ("kode_kabupaten_kota", "area_code"),
        ("c202_produk_kbli", "kbli"),
        ("SPP-IRT", "pirt"),
        ("c402_A_is_Halal", "halal"),
        ("Skala Usaha", "size"),
        ("c207_tahun_mulai_operasi", "year"),
        ("hashed_id", "source_id"),
        ("linkshopee", "account_shopee"),
        ("Akun Tokopedia", "account_tokopedia"),
        ("linktiktok", "account_tiktok_shop"),
        ("c708_nama_marketplace_3", "account_unknown"),
        ("website", "link"),
    ],
)
def test_names_as_really_written(written: str, field: str) -> None:
    assert field in read(of(f"x|{written}"))


def test_columns_that_are_not_needed_are_known_and_left_alone() -> None:
    found = of("Nama Usaha|Jenis Kelamin|Omzet|Latitude|Nomor|warna kesukaan")
    assert read(found) == {"business_name": "Nama Usaha"}
    assert [found.headers[i] for i in found.ignored] == ["Jenis Kelamin", "Omzet", "Latitude", "Nomor"]
    assert [found.headers[i] for i in found.unknown] == ["warna kesukaan"]


@pytest.mark.parametrize("name", ["NIK", "No. KTP", "c305_nik_pengusaha", "NPWP", "c306_npwp_pengusaha", "No KK"])
def test_personal_numbers_by_name(name: str) -> None:
    found = of(f"Nama Usaha|{name}")
    assert list(found.dropped) == [1]
    assert read(found) == {"business_name": "Nama Usaha"}


@pytest.mark.parametrize(
    "cells",
    [
        ["3602041201890001", "3673015506770003", ""],
        ["3602041201890000", "3673015506770000", "3602041201890000"],  # the last digit lost in a spreadsheet
        ["3.60E+15", "3,6E+15", "3.67E+15"],
        ["3602 0412 0189 0001", "3673.0155.0677.0003"],
        ["09.254.294.3-407.000", "01.000.013.1-093.000"],
    ],
)
@pytest.mark.parametrize("name", ["ID UMKM", "Kode", "NIB", "No HP", "apa saja"])
def test_personal_numbers_by_content_under_any_name(name: str, cells: list[str]) -> None:
    found = of(f"Nama Usaha|{name}", [["Warung"], cells])
    assert list(found.dropped) == [1]
    assert read(found) == {"business_name": "Nama Usaha"}


def test_a_column_called_id_that_holds_names() -> None:
    found = of("ID|Alamat", [["Warung Bu Ani", "Toko Sinar Jaya"], ["Jl. Raya", "Kp. Baru"]])
    assert read(found)["business_name"] == "ID"
    assert found.remarks


def test_a_running_number_is_no_identity() -> None:
    numbers = [str(number) for number in range(1, 9)]
    assert "source_id" not in read(of("id|Nama", [numbers, ["Warung"] * 8]))
    assert "source_id" not in read(of("No|Nama", [numbers, ["Warung"] * 8]))
    assert read(of("id|Nama", [["7", "3", "9"], ["Warung"] * 3]))["source_id"] == "id"
    assert read(of("id_sumber|Nama", [numbers, ["Warung"] * 8]))["source_id"] == "id_sumber"


def test_vague_names_are_decided_by_their_company_and_content() -> None:
    assert read(of("NIK|Nama|Alamat"))["owner_name"] == "Nama"  # a list of persons
    assert read(of("Nama|Nama Usaha")) == {"business_name": "Nama Usaha", "owner_name": "Nama"}
    assert read(of("Nama|Kontak", [["Toko"], ["Ani", "Budi"]]))["owner_name"] == "Kontak"
    assert read(of("Nama|Kontak", [["Toko"], ["08121234567", "0857 1234 5678"]]))["phone"] == "Kontak"


def test_several_columns_for_one_field() -> None:
    found = of("Nama Usaha|Telepon|No WA|Kategori|Jenis Usaha")
    assert found.fields["phone"] == [1, 2]
    assert read(found)["category"] == "Kategori"


def test_the_configuration_outranks_names() -> None:
    found = of("Nama|Pelapak|Hal", nama_usaha="Pelapak", product="Hal")
    assert read(found) == {"business_name": "Pelapak", "product": "Hal", "owner_name": "Nama"}
    assert read(of("Nama Usaha", product="kolom kantor lain")) == {"business_name": "Nama Usaha"}


def test_wrong_configuration_is_named() -> None:
    with pytest.raises(UsageError, match=r"'nama_ussaha'.*Did you mean 'nama_usaha'"):
        of("Nama", nama_ussaha="Nama")
    with pytest.raises(UsageError, match="holds NIK, which is never stored"):
        of("Nomor Induk Kependudukan", source_id="Nomor Induk Kependudukan")
