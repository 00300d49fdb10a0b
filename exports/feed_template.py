"""What an office sends to a marketplace that cannot be read: a template to fill in, and the letter that asks for it.

The template asks for little: shops of the province, no buyers, no identity numbers. `monitor feed` reads it as it is.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter
from docx import Document
from docx.shared import Cm, Pt

from exports import wording
from exports.base import plain
from exports.styles import OPTIONS, TEXT, Styles, set_up_page
from monitor.config import Config
from monitor.errors import StoreError
from monitor.feed.columns import titles
from monitor.marketplaces import Marketplace

DATA, GUIDE = "Data", "Petunjuk"


@dataclass(frozen=True)
class Asked:
    """One column of the template: field of the feed, whether it is needed, what to write, an example."""

    field: str
    needed: bool
    hint: str
    example: str

    @property
    def title(self) -> str:
        return titles()[self.field][0]


COLUMNS = (
    Asked("shop_id", True, "Kode toko di lokapasar, sebagai teks agar angka panjang tidak berubah.", "749463067324"),
    Asked("shop_name", True, "Nama toko seperti yang tampil kepada pembeli.", "Dapur Melati"),
    Asked("username", False, "Nama akun toko.", "dapur-melati"),
    Asked("shop_url", False, "Alamat laman toko.", "https://contoh.example/dapur-melati"),
    Asked("city", True, "Tempat asal pengiriman, lengkap dengan kata Kabupaten atau Kota.", "Kabupaten Serang"),
    Asked("district", False, "Kecamatan asal pengiriman.", "Ciruas"),
    Asked("nib", False, "Nomor Induk Berusaha yang didaftarkan penjual, 13 angka.", "1234567890123"),
    Asked("pirt", False, "Nomor P-IRT, bila dicantumkan.", "2063604010123-27"),
    Asked("halal", False, "Nomor sertifikat halal, bila dicantumkan.", "ID36110000123450622"),
    Asked("product_titles", False, "Judul produk, dipisahkan tanda | di antara dua spasi.", "Emping manis | Opak"),
    Asked("listing_count", False, "Jumlah produk yang tayang.", "12"),
    Asked("joined_on", False, "Tanggal toko dibuka.", "2024-05-17"),
    Asked("status", True, "aktif atau tutup, pada tanggal data diambil.", "aktif"),
    Asked("closed_on", False, "Tanggal toko ditutup, bila tutup.", ""),
)  # fmt: skip


def write_template(folder: Path, entry: Marketplace, config: Config, today: date) -> list[Path]:
    """Writes templat-<slug>.xlsx and .csv and surat-<slug>.docx; their paths. Raises StoreError."""
    files = {
        f"templat-{entry.slug}.xlsx": to_workbook(entry, config, today),
        f"templat-{entry.slug}.csv": to_csv(),
        f"surat-{entry.slug}.docx": to_letter(entry, config, today),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in files.items():
            (folder / name).write_bytes(body)
    except OSError as error:
        raise StoreError(f"The template cannot be written to {folder}: {error.strerror or error}.") from None
    return [folder / name for name in files]


def to_csv() -> bytes:
    """The header alone, for Indonesian Excel."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerow(asked.title for asked in COLUMNS)
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8")


def guide(entry: Marketplace, config: Config) -> tuple[str, ...]:
    """What the second sheet says above the list of columns."""
    return (
        f"Templat data toko {entry.title} untuk {plain(config.office.name)}",
        f"Isi lembar {DATA}, satu baris untuk setiap toko yang mengirim barang dari Provinsi {config.region.name}.",
        "Jangan mengubah judul kolom. Kolom yang tidak tersedia boleh dikosongkan, kecuali yang wajib.",
        "Jangan menyertakan NIK, NPWP, nomor telepon, maupun data pembeli.",
        "Beri nama berkas "
        f"'{entry.slug}-TTTT-BB-HH-lengkap.xlsx' bila memuat semua toko, atau '-sebagian.xlsx' bila memuat sebagian; "
        "TTTT-BB-HH ialah tanggal data diambil.",
    )


def to_workbook(entry: Marketplace, config: Config, today: date) -> bytes:
    """Data with the header and text cells, Petunjuk with what each column means."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, OPTIONS)
    book.set_properties({"title": f"Templat data toko {entry.title}", "created": datetime.combine(today, time())})
    styles = Styles(book)
    data = book.add_worksheet(DATA)
    text = book.add_format({"num_format": TEXT, "font_name": "Calibri"})
    for number, asked in enumerate(COLUMNS):
        data.set_column(number, number, max(14, min(34, len(asked.example) + 4)), text)
        data.write_string(0, number, asked.title, styles.heading)
    data.freeze_panes(1, 0)
    _write_guide(book, styles, entry, config)
    _set_up(data, entry)
    book.close()
    return buffer.getvalue()


def _write_guide(book: xlsxwriter.Workbook, styles: Styles, entry: Marketplace, config: Config) -> None:
    sheet = book.add_worksheet(GUIDE)
    sheet.hide_gridlines(2)
    for column, width in enumerate((26, 10, 62, 34)):
        sheet.set_column(column, column, width)
    first, *rest = guide(entry, config)
    sheet.write_string(0, 0, first, styles.title)
    for row, line in enumerate(rest, start=1):
        sheet.merge_range(row, 0, row, 3, line, styles.plain)
        sheet.set_row(row, 20)
    top = len(rest) + 2
    for column, heading in enumerate(("Kolom", "Wajib", "Isi", "Contoh")):
        sheet.write_string(top, column, heading, styles.heading)
    for row, asked in enumerate(COLUMNS, start=top + 1):
        cells = (asked.title, "ya" if asked.needed else "tidak", asked.hint, asked.example or "boleh kosong")
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, cell, styles.plain)
    _set_up(sheet, entry)


def _set_up(sheet: Any, entry: Marketplace) -> None:
    set_up_page(sheet, plain(entry.title), practice=False)
    sheet.set_header("")  # it leaves the office, so it is not internal


# --- letter ---------------------------------------------------------------------------------------------------------


def letter(entry: Marketplace, config: Config) -> tuple[str, ...]:
    """The paragraphs of the letter between salutation and signature."""
    office, region = plain(config.office.name), config.region.name
    if entry.is_requested:
        why = f"Yang dapat kami baca dari laman {entry.title} belum lengkap"
    else:
        why = f"Laman {entry.title} tidak dapat kami baca dengan cara yang menghormati ketentuan layanannya"
    return (
        f"{office} setiap pekan menghitung berapa usaha mikro, kecil, dan menengah (UMKM) di Provinsi {region} yang "
        f"membuka toko di lokapasar. {why}, sehingga toko mitra Saudara belum tercakup seluruhnya dalam angka itu.",
        f"Sehubungan dengan itu, kami memohon daftar toko di {entry.title} yang mengirim barang dari Provinsi "
        f"{region} menurut templat terlampir: kode dan nama toko, tempat asal pengiriman, nomor izin yang dicantumkan "
        "penjual, judul produk, serta keterangan toko masih buka atau sudah tutup. Data "
        "cukup diserahkan sekali sebulan.",
        "Kami tidak meminta NIK, NPWP, nomor telepon, data pembeli, maupun nilai transaksi. Data dipakai hanya untuk "
        "statistik kehadiran UMKM dan pembinaannya, disimpan pada sistem yang aksesnya dibatasi, dan tidak "
        "diteruskan kepada pihak lain. Yang diumumkan hanya jumlah; jumlah yang dapat menunjuk satu usaha "
        "tidak ditampilkan.",
        "Permohonan ini diajukan dalam rangka pelaksanaan kewenangan badan publik sebagaimana dimaksud dalam "
        "Pasal 20 ayat (2) huruf e Undang-Undang Nomor 27 Tahun 2022 tentang Pelindungan Data Pribadi.",
    )


def to_letter(entry: Marketplace, config: Config, today: date) -> bytes:
    """The letter as a Word document; what the office has to fill in stands in brackets."""
    document = Document()
    section = document.sections[0]
    section.page_height, section.page_width = Cm(29.7), Cm(21.0)
    section.left_margin = section.right_margin = Cm(2.5)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Calibri", Pt(11)
    normal.paragraph_format.space_after = Pt(8)
    contact = plain(config.office.contact) or "[surel atau telepon kantor]"
    head = document.add_paragraph()
    head.add_run(plain(config.office.name)).bold = True
    document.add_paragraph(f"[Tempat], {wording.day(today)}")
    document.add_paragraph(
        f"Nomor: [nomor surat]\nLampiran: satu templat (templat-{entry.slug}.xlsx)\n"
        f"Perihal: Permohonan data toko {entry.title} di Provinsi {config.region.name}"
    )
    document.add_paragraph(f"Yth. Pimpinan {plain(entry.operator)}\npengelola {entry.title}")
    document.add_paragraph("Dengan hormat,")
    for text in letter(entry, config):
        document.add_paragraph(text)
    document.add_paragraph(
        f"Pertanyaan dapat disampaikan melalui {contact}. Atas perhatian dan kerja sama Saudara, kami mengucapkan "
        "terima kasih."
    )
    document.add_paragraph(f"\n\n{plain(config.office.signatory) or '[Nama dan jabatan penanda tangan]'}")
    properties = document.core_properties
    properties.author, properties.title = plain(config.office.name), f"Permohonan data toko {entry.title}"
    properties.created = properties.modified = datetime.combine(today, time())
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
