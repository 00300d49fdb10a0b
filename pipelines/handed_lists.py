"""What became of a handed-in list: counts, rows given back with their reason, and the file that names those rows."""

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from monitor.config import Config
from monitor.crawl.lines import told, write_whole
from monitor.errors import InputError
from monitor.forgotten import Forgotten
from pipelines.business_finder import Wanted

ERASED = "data orang ini tidak diproses lagi atas permintaannya; mohon hapus barisnya dari daftar"
Rows = list[tuple[int, str]]  # row of the file and an Indonesian reason or remark
Also = Callable[[Connection, "ListReceipt"], None]  # done at the end of the transaction that keeps a list


@dataclass
class ListReceipt:
    """rows counts data rows; stored: newly kept; repeated: kept before, by this file or another.

    rejected: rows that could not be kept. remarks: rows that were kept, with what the office should know or do.
    counts: further figures for ops, by name. notes: Indonesian, about the file as a whole.
    """

    file: str
    kind: str
    rows: int = 0
    stored: int = 0
    repeated: int = 0
    rejected: Rows = field(default_factory=list)
    remarks: Rows = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    is_new: bool = True  # False: this very file was taken in before
    rejects_file: Path | None = None

    @property
    def is_unusable(self) -> bool:
        """Whether nothing of a filled list could be used."""
        return self.rows > 0 and len(self.rejected) == self.rows


def file_sha256(path: Path) -> str:
    """Hash of the content. Raises InputError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; check its name and rights.") from None


def is_erased(forgotten: Forgotten, wanted: Wanted, marketplace: str | None = None, shop: str | None = None) -> bool:
    """Whether the row is about somebody who was erased: it is given back by its number, and nothing of it is kept."""
    if not forgotten:
        return False
    names = (wanted.name, wanted.owner)
    return forgotten.has_business(wanted.nib, names, wanted.owner, (wanted.district_code,)) or (
        marketplace is not None and forgotten.has_shop(marketplace, shop)
    )


def write_rejects(config: Config, receipt: ListReceipt, office: str, sha256: str) -> None:
    """Names the rows that were given back, without anything of their content, in data/rejects; for its owner only."""
    if not receipt.rejected:
        return
    path = config.data_dir / "rejects" / f"{receipt.kind}-{office}-{sha256[:8]}.csv"
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(["baris", "alasan"])
    writer.writerows(sorted(receipt.rejected))
    with told(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, ("\ufeff" + text.getvalue()).encode())
    receipt.rejects_file = path
