"""Every word readers see: numbers, dates, labels, sentences. Indonesian, for office staff, not statisticians.

Rules kept here and tested in `faults`: no sentence begins with a figure, a week is 'pekan', what is not known is a
word, a marketplace that refuses 'menolak pembacaan otomatis', precision is never a school mark.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from babel.dates import format_date
from babel.numbers import format_decimal

from monitor.weeks import week_days

Cell = int | float | str | date  # what stands in one place of a table: a figure, or words

LOCALE = "id_ID"
_DIGITS = {"A": 3, "B": 2, "C": 2}
PRACTICE = "DATA LATIHAN. BUKAN DATA SEBENARNYA"
UNKNOWN = "Tidak diketahui"
NOT_PRINTED = "Tidak tercantum"
NO_NOTE = "Tidak ada catatan"
NOT_MEASURED = "Tidak diukur"
PRIVATE_NAME = "Tidak ditampilkan (dapat berupa nama pribadi)"

# --- numbers and dates ----------------------------------------------------------------------------------------------


def number(value: float) -> str:
    """1940 -> '1.940'."""
    return str(format_decimal(round(value), format="#,##0", locale=LOCALE))


def decimal(value: float) -> str:
    """35.5 -> '35,5'."""
    return str(format_decimal(value, format="#,##0.0", locale=LOCALE))


def rounded(value: float, grade: str | None, of: float | None = None) -> float:
    """A graded estimate to as many digits as it deserves: three where it is precise, else two; others as they are.

    of: the estimate, when value is an end of its interval; both are rounded alike.
    """
    digits = _DIGITS.get(grade or "")
    if digits is None:
        return value
    unit = 10 ** max(len(str(int(abs(value if of is None else of)))) - digits, 0)
    return float(round(value / unit) * unit)


def percent(share: float) -> str:
    """0.00775 -> '0,78 persen'."""
    return f"{format_decimal(share * 100, format='#,##0.00', locale=LOCALE)} persen"


def day(value: date) -> str:
    """'22 November 2026'."""
    return str(format_date(value, "d MMMM yyyy", locale=LOCALE))


def day_short(value: date) -> str:
    """'22 Nov 2026', where a column is narrow."""
    return str(format_date(value, "d MMM yyyy", locale=LOCALE))


def weekday(value: date) -> str:
    """'Jumat, 27 November 2026'."""
    return str(format_date(value, "EEEE, d MMMM yyyy", locale=LOCALE))


def span(first: date, last: date) -> str:
    """'16 s.d. 22 November 2026'; month and year of the first day only where they differ."""
    if first.year != last.year:
        return f"{day(first)} s.d. {day(last)}"
    pattern = "d" if first.month == last.month else "d MMMM"
    return f"{format_date(first, pattern, locale=LOCALE)} s.d. {day(last)}"


def week_short(week: str) -> str:
    """'pekan ke-47'."""
    return f"pekan ke-{int(week[6:])}"


def week_long(week: str) -> str:
    """'pekan ke-47 tahun 2026 (16 s.d. 22 November 2026)'."""
    return f"{week_short(week)} tahun {week[:4]} ({span(*week_days(week))})"


def week_days_long(week: str) -> str:
    """'16 s.d. 22 November 2026'."""
    return span(*week_days(week))


def capital(text: str) -> str:
    """With a capital letter in front."""
    return text[:1].upper() + text[1:]


def roman(value: int) -> str:
    """1 to 3999."""
    signs: tuple[tuple[int, str], ...] = (
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
    )
    signs += ((40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    text = ""
    for size, sign in signs:
        text += sign * (value // size)
        value %= size
    return text


def listed(names: Sequence[str]) -> str:
    """'A', 'A dan B', 'A, B, dan C'."""
    if len(names) < 3:
        return " dan ".join(names)
    return f"{', '.join(names[:-1])}, dan {names[-1]}"


def some(names: Sequence[str], most: int = 6, more: str = "lokapasar lain") -> str:
    """The list, shortened to `most` names: 'A, B, dan 8 lokapasar lain'."""
    if len(names) <= most + 1:
        return listed(names)
    return listed([*names[:most], f"{number(len(names) - most)} {more}"])


ZONES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}


def delete_after(week: str) -> date:
    """Last day of the third month after the week: how long an office file may be kept."""
    sunday = week_days(week)[1]
    month = sunday.month + 4
    return date(sunday.year + (month - 1) // 12, (month - 1) % 12 + 1, 1) - timedelta(days=1)


# --- labels ---------------------------------------------------------------------------------------------------------

ESTIMATED = "Perkiraan jumlah UMKM yang hadir di lokapasar"
SHARE = "Perkiraan bagian dari UMKM terdaftar"
VERIFIED = "Sudah dipastikan (paling sedikit)"
DETECTED = "Terdeteksi sistem, belum diperiksa"
DETECTED_HEAD = "Tertaut otomatis, belum diperiksa"
REGISTERED = "UMKM terdaftar"

VINTAGES = {"flash": "Angka sementara", "final": "Angka tetap", "benchmark": "Angka penyesuaian triwulanan"}

STATES = {
    "measured": "Terbaca lengkap",
    "fed": "Data serahan",
    "partial": "Terbaca sebagian",
    "carried": "Memakai data lama",
    "refused": "Akses ditolak",
    "failed": NOT_MEASURED,
    "not_crawled": NOT_MEASURED,
    "not_open": NOT_MEASURED,
    "closed": "Layanan sudah berakhir",
}

GRADES = {"A": "tinggi", "B": "sedang", "C": "rendah", "-": "belum layak ditampilkan"}

# Why a figure is not there; said after "Belum tersedia: ".
REASONS = {
    "no_probe": "daftar uji belum berisi UMKM",
    "too_few_probes": "daftar uji belum cukup",
    "too_few_detected": "UMKM dari daftar uji yang tertangkap sistem belum cukup",
    "no_judgements": "pemeriksaan belum cukup",
    "low_agreement": "kesepakatan antarpemeriksa belum cukup",
    "office_silent": "lembar periksa kantor ini belum kembali",
    "too_wide": "ketelitiannya belum cukup",
    "no_dates": "lokapasar tidak memuat tanggal buka toko",
    "no_panel": "pencarian tetap belum berjalan pada kedua pekan",
    "model_changed": "cara mencocokkan berubah",
    "too_few_present": "jumlahnya terlalu kecil untuk diperkirakan",
    "inconsistent": "hasil hitungnya belum konsisten",
    "no_marketplace": "tidak ada lokapasar yang terbaca",
    "no_audit": "pemeriksaan registri tahunan belum ada",
    "one_marketplace": "baru satu lokapasar yang terbaca",
    "first_week": "ini pengukuran pertama",
    "no_earlier_week": "pekan sebelumnya tidak diukur",
    "no_businesses": "tidak ada UMKM terdaftar di bagian ini",
    "no_comparable": "UMKM pembanding belum cukup",
    "no_activity": "lokapasar tidak menunjukkan kegiatan jual beli",
    "not_computed": "belum dihitung untuk bagian ini",
}

SUPPRESSED = "Tidak ditampilkan (pelindungan data)"

# What stopped a crawl (monitor/causes.py; units_failed, shape and fill are names of earlier weeks), in words that
# readers cannot take for a ban or a closed shop.
CAUSES = {
    "refused": "lokapasar menolak pembacaan otomatis",
    "errors": "terjadi kesalahan saat membaca",
    "nothing_planned": "tidak ada yang dapat dicari",
    "units_failed": "sebagian pencarian tidak terjawab",
    "place_unresolved": "pencarian menurut wilayah tidak tersedia",
    "unclear_end": "akhir daftar toko tidak jelas",
    "incomplete": "daftar toko yang terbaca belum lengkap",
    "shape": "bentuk halaman lokapasar berubah",
    "count": "jumlah toko yang terbaca di luar batas wajar",
    "count_changed": "jumlah toko yang terbaca berubah tidak wajar",
    "fill": "isian toko yang terbaca tidak lengkap",
    "unfinished": "pembacaan belum selesai",
    "partial": "sebagian pencarian tidak terjawab",
    "format_changed": "bentuk halaman lokapasar berubah",
    "repeated_pages": "daftar toko menampilkan halaman yang sama berulang kali",
    "sentinels": "toko yang biasanya ada tidak ditemukan",
    "not_the_page": "yang tampil bukan halaman yang diminta",
    "other_page": "jaringan kami meminta masuk lebih dahulu",
    "dns": "alamat lokapasar tidak dapat dicapai dari jaringan kami",
    "connection_refused": "lokapasar sedang tidak dapat dihubungi",
    "tls": "sambungan aman ke lokapasar tidak dapat dipastikan",
    "robots": "lokapasar meminta agar tidak dibaca secara otomatis",
    "robots_unreachable": "aturan pembacaan lokapasar tidak dapat dibaca",
    "http_4xx": "halaman lokapasar tidak ditemukan",
    "http_5xx": "lokapasar sedang mengalami gangguan",
    "redirected": "lokapasar berpindah alamat",
    "cut": "jawaban lokapasar terpotong",
    "too_large": "jawaban lokapasar terlalu besar",
    "not_crawled": "belum ada pembacaan pada pekan ini",
}


def cause_words(cause: str | None) -> str:
    """Words for a named cause; what follows a colon or a blank in it is for ops."""
    key = re.split(r"[\s:]", cause or "", maxsplit=1)[0]
    return CAUSES.get(key, "pembacaan tidak lolos pemeriksaan mutu")


ANSWERS = {
    "ya": "Pasangan yang dijawab 'ya'",
    "tidak": "Pasangan yang dijawab 'tidak'",
    "usaha lain": "Pasangan yang dijawab 'usaha lain'",
    "tidak tahu": "Pasangan yang dijawab 'tidak tahu'",
    "open": "Pasangan yang belum dijawab",
}

CONFIRMED = "terkonfirmasi"
LIKELY = "kemungkinan besar"

# --- rules that can be checked --------------------------------------------------------------------------------------

_FORBIDDEN = re.compile(
    r"\bdiblokir|\bblokir|\bonline\b|\boffline\b|\bdibanding\b(?! dengan)|\bterdiri dari\b|\bN/A\b|\bNaN\b"
    r"|\bNone\b|\bnull\b|\b\d{4}-W\d{2}\b|\bW\d{2}\b|±|\bmargin of error\b|\bdi mana\b|\bperlindungan data\b",
    re.IGNORECASE,
)
_ENDS_NO_SENTENCE = ("s.d.", "No.", "Th.", "Kab.", "Kec.", "mis.", "PT.", "Jl.")


def faults(text: str) -> list[str]:
    """What is wrong with a text of ours; empty when nothing is. Outside text is not meant for it."""
    found = [f"'{match[0]}' is not to be used" for match in _FORBIDDEN.finditer(text)]
    for sentence in sentences(text):
        if sentence[:1].isdigit():
            found.append(f"a sentence begins with a figure: '{sentence[:40]}'")
    return found


def sentences(text: str) -> list[str]:
    """Splits at full stops that end a sentence."""
    pieces: list[str] = []
    start = 0
    for match in re.finditer(r"[.?!]\s+", text):
        if not text[: match.start() + 1].endswith(_ENDS_NO_SENTENCE):
            pieces.append(text[start : match.end()].strip())
            start = match.end()
    return [piece for piece in [*pieces, text[start:].strip()] if piece]


# --- evidence -------------------------------------------------------------------------------------------------------

# Comparison and level of the linkage -> what readers see, in this order.
_EVIDENCE = {
    ("declared", "same"): "dinyatakan sendiri oleh usaha",
    ("nib", "same"): "NIB sama",
    ("label", "same"): "nomor izin produk sama",
    ("phone", "same"): "nomor telepon sama",
    ("name", "exact"): "nama sama",
    ("name", "contains"): "nama termuat",
    ("name", "close"): "nama mirip",
    ("name", "part"): "sebagian nama",
    ("owner", "full"): "pemilik",
    ("owner", "part"): "sebagian nama pemilik",
    ("place", "same_district"): "kecamatan",
    ("place", "same_area"): "kabupaten/kota",
    ("product", "same_kind"): "produk",
    ("product", "same_words"): "produk",
    ("product", "same_sector"): "lapangan usaha",
}


def evidence_words(evidence: Mapping[str, object], confirmed: bool) -> str:
    """'nama langka, pemilik, kecamatan' from the comparisons that spoke for the link.

    evidence: comparison -> [level, bits], and `agrees`, the comparisons that the linkage counts as agreements; a name
    is rare only when it is one of them.
    """
    words = ["diperiksa petugas"] if confirmed else []
    agrees = evidence.get("agrees")
    is_rare = isinstance(agrees, list) and "name" in agrees
    for (comparison, level), word in _EVIDENCE.items():
        found = evidence.get(comparison)
        if not isinstance(found, list) or len(found) != 2 or found[0] != level or found[1] <= 0:
            continue
        words.append("nama langka" if comparison == "name" and is_rare else word)
    return ", ".join(words) or "bukti tersimpan dalam sistem"
