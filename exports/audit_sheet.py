"""The sheet of the yearly registry audit: drawn businesses to be phoned or visited, and what was found."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from exports import form_sheet, wording
from exports.base import plain
from exports.form_sheet import Form, FormColumn
from monitor import regions
from monitor.config import Config
from monitor.handed_rows import title_of

SHEET = "Audit-Registri"
OUTCOMES = ("masih berjalan", "tutup", "pindah", "bukan UMKM", "ganda", "tidak terhubungi")
METHODS = ("telepon", "kunjungan")


def to_workbook(rows: pd.DataFrame, drawn_on: date, config: Config, practice: bool = False) -> bytes:
    """rows: business_id, area_code, inclusion_prob, business_name, owner_name, address, district_code."""
    listed = [_row(row, drawn_on) for row in rows.astype(object).where(rows.notna(), None).to_dict("records")]
    return form_sheet.to_workbook(
        Form(
            sheet=SHEET,
            title="Pemeriksaan tahunan registri UMKM",
            about=f"{plain(config.office.name)}. Diundi {wording.day(drawn_on)}; {wording.number(len(listed))} usaha.",
            lines=_lines(),
            columns=_columns(),
            day=drawn_on,
            handling=_handling(config),
            practice=practice,
            rows=listed,
        )
    )


def _row(row: Mapping[Any, Any], drawn_on: date) -> dict[str, str]:
    district = row["district_code"]
    return {
        "business_id": str(row["business_id"]),
        "business_name": row["business_name"] or wording.NOT_PRINTED,
        "owner_name": row["owner_name"] or wording.NOT_PRINTED,
        "address": row["address"] or wording.NOT_PRINTED,
        "district": regions.district_name(district) if district else wording.UNKNOWN,
        "area": regions.area_name(row["area_code"]),
        "drawn_on": drawn_on.isoformat(),
        "inclusion_prob": f"{row['inclusion_prob']:.10g}",
    }


def _lines() -> tuple[str, ...]:
    return (
        "Hubungi atau kunjungi setiap usaha dalam daftar, lalu pilih hasilnya pada sel kuning. Kolom lain tidak perlu "
        "diubah.",
        "Usaha dalam daftar ini dipilih secara acak. Jangan mengganti usaha yang sulit ditemui dengan usaha lain; "
        "pilih 'tidak terhubungi' setelah tiga kali mencoba pada hari yang berbeda.",
        "Pilihan hasil: masih berjalan; tutup; pindah (keluar dari kabupaten/kota); bukan UMKM; ganda (tercatat dua "
        "kali: isi ID Usaha yang satu lagi); tidak terhubungi.",
        "Isi cara (telepon atau kunjungan) dan tanggal diperiksa, lalu kirim kembali dengan nama yang diawali "
        "'audit-'.",
    )


def _handling(config: Config) -> str:
    contact = plain(config.office.contact) or "kantor dinas"
    return (
        "Berkas ini memuat data pribadi. Hanya untuk petugas yang memeriksa registri. Dilarang diteruskan melalui grup "
        f"WhatsApp. Hapus setelah hasilnya diterima. UMKM dapat meminta namanya dikeluarkan melalui {contact}."
    )


def _columns() -> tuple[FormColumn, ...]:
    def given(key: str, title: str, width: int) -> FormColumn:
        return FormColumn(key, title, width, filled=False)

    return (
        given("business_id", title_of("audit", "business_id"), 10),
        given("business_name", "Nama usaha", 28),
        given("owner_name", "Nama pemilik", 22),
        given("address", "Alamat", 36),
        given("district", "Kecamatan", 16),
        given("area", title_of("audit", "area"), 20),
        FormColumn("outcome", title_of("audit", "outcome"), 17, hint="Pilih dari daftar.", choices=OUTCOMES),
        FormColumn("duplicate_of", title_of("audit", "duplicate_of"), 14, hint="Hanya untuk hasil 'ganda'."),
        FormColumn("method", title_of("audit", "method"), 12, hint="Telepon atau kunjungan.", choices=METHODS),
        FormColumn("checked_on", title_of("audit", "checked_on"), 17, hint="Misalnya 20/11/2026.", is_date=True),
        given("drawn_on", title_of("audit", "drawn_on"), 13),
        given("inclusion_prob", title_of("audit", "inclusion_prob"), 13),
    )
