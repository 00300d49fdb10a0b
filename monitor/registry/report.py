"""What became of a registry file: figures for ops, and the receipt for the office that handed it in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.registry.notes import RETURNED, Note, sentences, thousands

MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
ZONES = {"Asia/Jakarta": "WIB", "Asia/Pontianak": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}
MAX_SENTENCES = 10


@dataclass
class CheckReport:
    """What reading a file gave; nothing was written.

    columns: field -> columns as written. dropped: columns with NIK or NPWP. unread: columns nobody needs or knows.
    skipped: rows that are no data, by kind. duplicate_count: rows that repeat a business of the same file.
    repeated_id_count: rows whose source id stands in an earlier row as well. notes: by row. remarks: Indonesian.
    """

    file: str
    read_count: int
    kept_count: int
    reject_count: int
    columns: Mapping[str, str]
    dropped: list[str]
    unread: list[str]
    skipped: Mapping[str, int]
    duplicate_count: int
    repeated_id_count: int
    nib_restored_count: int
    outside_count: int = 0  # rows that name a place outside the province: kept, neither counted nor matched
    notes: list[Note] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def note_count(self) -> int:
        """Remarks on rows that were kept."""
        return sum(1 for note in self.notes if note.kind != RETURNED)

    @property
    def reject_share(self) -> float:
        return self.reject_count / self.read_count if self.read_count else 0.0


@dataclass
class ImportReport:
    """What an import did. state: imported, or unchanged when the same file is the office's newest part already."""

    check: CheckReport
    office: str
    as_of: str
    state: str
    part_id: int
    snapshot_id: str | None
    business_count: int
    group_count: int
    new_count: int = 0
    inherited_count: int = 0
    changed_count: int = 0
    vanished_count: int = 0
    issue_count: int = 0
    rejects_file: Path | None = None

    @property
    def read_count(self) -> int:
        return self.check.read_count

    @property
    def kept_count(self) -> int:
        return self.check.kept_count

    @property
    def reject_count(self) -> int:
        return self.check.reject_count


def receipt(report: CheckReport | ImportReport, received_at: datetime) -> str:
    """The Indonesian answer to the office. received_at: aware, in the region's zone."""
    if isinstance(report, ImportReport) and report.state == "unchanged":
        known = "Berkas ini sudah diterima sebelumnya; tidak ada yang berubah. Terima kasih."
        return f"{_received(received_at)} {_counts(report.check)} {known}"
    check = report.check if isinstance(report, ImportReport) else report
    parts = [_received(received_at), _counts(check), *check.remarks, *sentences(check.notes, MAX_SENTENCES)]
    rest = len(check.notes) - MAX_SENTENCES
    if rest > 0:
        parts.append(f"Masih ada {thousands(rest)} catatan lain.")
    if isinstance(report, ImportReport):
        parts.append("Terima kasih.")
    else:
        parts.append("Berkas belum dapat dipakai; mohon diperbaiki, lalu kirim kembali.")
    return " ".join(parts)


def _received(at: datetime) -> str:
    zone = ZONES.get(str(at.tzinfo), at.tzname() or "")
    return f"Diterima {at.day} {MONTHS[at.month - 1]} {at.year} pukul {at:%H.%M} {zone}."


def _counts(check: CheckReport) -> str:
    text = f"Terbaca {thousands(check.read_count)} baris; {thousands(check.kept_count)} diterima, "
    text += f"{thousands(check.reject_count)} dikembalikan."
    if check.duplicate_count:
        text += f" Catatan ganda: {thousands(check.duplicate_count)} baris."
    if check.outside_count:
        text += f" {thousands(check.outside_count)} usaha beralamat di luar provinsi; disimpan, tetapi tidak dihitung."
    if check.dropped:
        text += f" Kolom {', '.join(check.dropped)} tidak disimpan (NIK/NPWP)."
    return text


def summary(report: CheckReport | ImportReport) -> dict[str, Any]:
    """Label -> value for the closing table and for `--json`."""
    check = report.check if isinstance(report, ImportReport) else report
    rows: dict[str, Any] = {"file": check.file}
    if isinstance(report, ImportReport):
        rows |= {"office": report.office, "as_of": report.as_of, "state": report.state, "snapshot": report.snapshot_id}
    rows |= {
        "rows_read": check.read_count,
        "kept": check.kept_count,
        "rejected": check.reject_count,
        "remarks": check.note_count,
        "duplicates_in_file": check.duplicate_count,
        "source_ids_repeated": check.repeated_id_count,
        "nib_restored": check.nib_restored_count,
        "outside_province": check.outside_count,
        "skipped": ", ".join(f"{count} {kind}" for kind, count in sorted(check.skipped.items())) or None,
    }
    if isinstance(report, ImportReport):
        rows |= {
            "new_businesses": report.new_count,
            "inherited": report.inherited_count,
            "changed": report.changed_count,
            "vanished": report.vanished_count,
            "identity_issues": report.issue_count,
            "businesses_in_registry": report.business_count,
            "groups_in_registry": report.group_count,
            "rejects_file": str(report.rejects_file) if report.rejects_file else None,
        }
    return rows
