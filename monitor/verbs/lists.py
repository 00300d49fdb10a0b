"""What the verbs for small lists share: probe, cohort and audit; their table, their Indonesian receipt, their exit."""

from pathlib import Path

import typer

from exports import list_receipts
from monitor.config import Config
from monitor.errors import InputError
from monitor.text import safe_terminal
from monitor.verbs import common
from monitor.weeks import utc_now
from pipelines.handed_lists import ListReceipt


def receipt_text(config: Config, receipt: ListReceipt) -> str:
    """The Indonesian receipt of one list."""
    return list_receipts.receipt(
        receipt.kind,
        utc_now().astimezone(config.region.zone),
        rows=receipt.rows,
        stored=receipt.stored,
        repeated=receipt.repeated,
        is_new=receipt.is_new,
        rejected=receipt.rejected,
        remarks=receipt.remarks,
        notes=receipt.notes,
        counts=receipt.counts,
    )


def summary(receipt: ListReceipt) -> dict[str, object]:
    """Figures for ops."""
    return {
        "rows": receipt.rows,
        "newly kept": receipt.stored,
        "kept before": receipt.repeated,
        "given back": len(receipt.rejected),
        **receipt.counts,
        "rejects file": str(receipt.rejects_file) if receipt.rejects_file else None,
    }


def told(config: Config, receipt: ListReceipt, path: Path, as_json: bool) -> None:
    """Shows table and receipt. Raises InputError where nothing of the list could be used."""
    common.show(f"Taken in {safe_terminal(path.name)}", summary(receipt), as_json)
    if not as_json:
        typer.echo(receipt_text(config, receipt))
    if receipt.is_unusable:
        where = f"; the reasons are in {receipt.rejects_file}" if receipt.rejects_file else ""
        raise InputError(f"No row of {safe_terminal(path.name)} could be used{where}.")
