"""Which backups there are: names alone, so that whoever only looks loads nothing that opens them."""

from pathlib import Path

MANIFEST = "manifest.json"  # written last: a folder without it is no backup
STAMP = "%Y%m%dT%H%M%SZ"  # name of a backup's folder


def list_backups(root: Path) -> list[Path]:
    """Whole backups, oldest first."""
    return sorted(path.parent for path in root.glob(f"*/{MANIFEST}"))
