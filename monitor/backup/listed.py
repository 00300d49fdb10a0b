"""Which backups there are: names alone, so that whoever only looks loads nothing that opens them."""

from datetime import UTC, datetime
from pathlib import Path

MANIFEST = "manifest.json"  # written last: a folder without it is no backup
STAMP = "%Y%m%dT%H%M%SZ"  # name of a backup's folder


def moment_of(folder: Path) -> datetime | None:
    """When the backup was made; None for a folder that has another name and so is not ours."""
    try:
        return datetime.strptime(folder.name, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def list_backups(root: Path) -> list[Path]:
    """Whole backups, oldest first. What people copied or renamed beside them is theirs."""
    return sorted(path.parent for path in root.glob(f"*/{MANIFEST}") if moment_of(path.parent))
