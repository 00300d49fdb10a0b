"""The sheet on which an office writes down businesses that it knows to sell: the probe (*daftar uji*).

It asks for the link, not for the shop's name, and never requires a NIB: a list of NIB holders alone would overstate how
much is seen (method 6.1).
"""

from datetime import date

from exports import form_sheet, wording
from exports.base import plain
from exports.form_sheet import Form, FormColumn
from monitor import regions
from monitor.config import Config
from monitor.handed_rows import title_of
from monitor.marketplaces import catalogue
from monitor.practice import is_practice

SHEET = "Daftar-Uji"
SOURCES = ("pelatihan", "kunjungan", "formulir izin", "pameran", "lainnya")
SPARE_ROWS = 15  # beyond the target


def file_name(office: str) -> str:
    """As the inbox knows it again."""
    return f"uji-{office}.xlsx"


def to_workbook(config: Config, office: str, today: date) -> bytes:
    """The empty sheet of one office (kode of a kab/kota, or of the province)."""
    return form_sheet.to_workbook(
        Form(
            sheet=SHEET,
            title="Daftar UMKM yang sudah berjualan di lokapasar (daftar uji)",
            about=f"{_who(config, office)}. Templat dibuat {wording.day(today)}.",
            lines=_lines(config, office),
            columns=_columns(office),
            day=today,
            handling=_handling(config),
            practice=is_practice(config),
            blank_rows=config.probe.office_target + SPARE_ROWS,
        )
    )


def _who(config: Config, office: str) -> str:
    if office == config.region.code:
        return plain(config.office.name)
    return f"Dinas Koperasi dan UKM {regions.area_name(office)}"


def _lines(config: Config, office: str) -> tuple[str, ...]:
    target = wording.number(config.probe.office_target)
    return (
        f"Isi lembar {SHEET}: sedikitnya {target} UMKM binaan yang Anda ketahui sudah membuka toko di lokapasar, satu "
        "baris untuk satu toko. Sel kuning diisi; judul kolom tidak perlu diubah.",
        "Pilih UMKM yang Anda kenal dari pelatihan, kunjungan, formulir izin, atau pameran. Jangan mencarinya di "
        "lokapasar dan jangan memilih dari daftar yang kami kirim: daftar ini menguji apa yang terlewat oleh sistem.",
        "Nama usaha, nama pemilik, dan kecamatan ditulis seperti dalam pendataan. NIB membantu, tetapi tidak wajib; "
        "UMKM tanpa NIB justru penting.",
        "Tautan toko: mintalah pemiliknya membuka halaman tokonya, lalu salin alamat lengkapnya. Tautan pendek "
        "(misalnya bit.ly, s.shopee.co.id, tokopedia.link) tidak menyebut tokonya; buka dahulu, lalu salin alamat yang "
        "muncul. Bila hanya ada ID toko, isi kolom itu.",
        "Toko di Instagram, Facebook, TikTok, dan WhatsApp juga boleh ditulis; dengannya diketahui berapa bagian yang "
        "tidak terlihat oleh pembacaan lokapasar.",
        "Tanggal dicatat ialah hari ketika Anda mengetahui toko itu buka. Daftar berlaku tiga bulan; kirim tambahan "
        "kapan saja.",
        f"Kirim kembali dengan nama berkas '{file_name(office)}' atau nama lain yang diawali 'uji-'. Tanda terima akan "
        "menyebut baris yang perlu diperbaiki.",
    )


def _handling(config: Config) -> str:
    contact = plain(config.office.contact) or "kantor dinas"
    return (
        "Berkas yang sudah diisi memuat data pribadi. Jangan menulis NIK dan jangan meneruskannya melalui grup "
        "WhatsApp. Data dipakai hanya untuk menguji ketelitian angka kehadiran UMKM dan tidak dipakai untuk menilai "
        f"UMKM maupun kantor. Pertanyaan: {contact}."
    )


def _columns(office: str) -> tuple[FormColumn, ...]:
    is_area = len(office) == 4
    districts = tuple(one.name for one in regions.districts(office)) if is_area else ()
    here = f"Kosongkan bila di {regions.area_name(office)}." if is_area else "Kabupaten atau kota tempat usaha."
    open_ones = tuple(entry.title for entry in catalogue().values() if entry.support != "closed")
    return (
        FormColumn("number", "No.", 5, filled=False),
        _column("business_name", 28, "Seperti dalam pendataan."),
        _column("owner_name", 24, "Nama orang, seperti dalam pendataan."),
        _column("nib", 16, "13 angka. Boleh kosong."),
        _column("district", 18, "Kecamatan tempat usaha.", districts, strict=False),
        _column("area", 20, here, tuple(area.name for area in regions.areas()), strict=False),
        _column("marketplace", 20, "Pilih dari daftar.", open_ones, strict=False),
        _column("shop_url", 46, "Alamat lengkap halaman toko, bukan tautan pendek."),
        _column("shop_id", 16, "Boleh kosong bila tautannya ada."),
        _column("collected_on", 17, "Hari ketika toko diketahui buka, misalnya 20/11/2026.", is_date=True),
        _column("source", 16, "Dari mana diketahui.", SOURCES, strict=False),
        _column("cohort", 26, "Bila diketahui dari pelatihan: nama programnya. Boleh kosong."),
    )


def _column(
    key: str, width: int, hint: str, choices: tuple[str, ...] = (), *, strict: bool = True, is_date: bool = False
) -> FormColumn:
    return FormColumn(key, title_of("probe", key), width, True, hint, choices, strict, is_date)
