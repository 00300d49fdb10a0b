"""Receipts for the small lists of offices: what was taken in, what was given back, and what they should do about it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from exports import wording

MOST = 15  # rows that are named; the rest is counted
Named = Sequence[tuple[int, str]]

_OUTCOMES = {
    "alive": "masih berjalan",
    "closed": "tutup",
    "moved_out": "pindah",
    "not_umkm": "bukan UMKM",
    "duplicate": "tercatat ganda",
    "not_reached": "tidak terhubungi",
}


def receipt(
    kind: str,
    at: datetime,
    *,
    rows: int,
    stored: int,
    repeated: int,
    is_new: bool,
    rejected: Named = (),
    remarks: Named = (),
    notes: Sequence[str] = (),
    counts: Mapping[str, int] | None = None,
) -> str:
    """kind: probe, cohort or audit. at: in the region's zone, with its zone. counts: as the import gave them."""
    first = f"Diterima {wording.day(at.date())} pukul {at:%H.%M} {wording.ZONES.get(str(at.tzinfo), '')}".rstrip()
    if rows and not is_new and not rejected and not stored:
        known = "isi berkas ini sudah pernah diterima; tidak ada yang berubah. Terima kasih."
        return f"{first}: {wording.number(rows)} baris; {known}"
    again = f", {wording.number(repeated)} sudah tercatat" if repeated else ""
    lines = [
        f"{first}: {wording.number(rows)} baris, {wording.number(stored)} dicatat{again}, "
        f"{wording.number(len(rejected))} dikembalikan. Terima kasih.",
        *_said(kind, counts or {}),
        *notes,
        *_named("Baris yang dikembalikan; mohon diperbaiki lalu dikirim ulang:", rejected),
        *_named("Baris yang dicatat, dengan catatan:", remarks),
    ]
    return "\n".join(lines)


def _said(kind: str, counts: Mapping[str, int]) -> list[str]:
    if kind == "probe":
        return _probe(counts)
    if kind == "cohort":
        inside, outside = counts.get("in the registry", 0), counts.get("not in the registry", 0)
        return [
            f"Peserta yang dikenali dalam registri: {wording.number(inside)}. Peserta yang belum dikenali: "
            f"{wording.number(outside)}; namanya tetap dicatat dan ditampilkan."
        ]
    told = [f"{word} {wording.number(counts[key])}" for key, word in _OUTCOMES.items() if counts.get(key)]
    return [f"Hasil: {', '.join(told)}."] if told else []


def _probe(counts: Mapping[str, int]) -> list[str]:
    sentences = {
        "usable": "Masuk daftar uji: {}.",
        "unidentified": "Usahanya belum dikenali dalam registri: {}; penelaah akan memeriksanya.",
        "unresolved": "Tokonya belum diketahui dari tautannya: {}; lihat catatan di bawah.",
        "not_independent": "Tokonya sudah tercantum dalam registri: {}; dicatat, tetapi tidak dihitung.",
    }
    return [text.format(wording.number(counts[key])) for key, text in sentences.items() if counts.get(key)]


def _named(heading: str, rows: Named) -> list[str]:
    if not rows:
        return []
    shown = [f"Baris {wording.number(row)}: {reason}." for row, reason in rows[:MOST]]
    left = len(rows) - MOST
    return [heading, *shown, *([f"Masih ada {wording.number(left)} baris lain dengan catatan."] if left > 0 else [])]
