"""`erase`: takes one person out of everything, on request, without saying whose data it was."""

import sys
from typing import Annotated

import typer

from monitor.database import private_engine
from monitor.errors import UsageError
from monitor.text import safe_terminal
from monitor.verbs import common
from pipelines.erasing.run import REASONS, Report
from pipelines.erasing.run import erase as erase_person
from pipelines.erasing.who import Asked


def erase(
    business_id: Annotated[int | None, typer.Option("--business-id", help="ID Usaha of the business.")] = None,
    nib: Annotated[
        str | None, typer.Option("--nib", help="NIB; '-' reads it from standard input, unseen by other accounts.")
    ] = None,
    shop: Annotated[
        tuple[str, str] | None, typer.Option("--shop", help="Marketplace (slug) and the shop's own id.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help=f"One of {', '.join(REASONS)}.")] = REASONS[0],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; nothing changes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Erase a person from the store, from files that go out, and from crawl directories; totals stay.

    Example: monitor erase --business-id 4711 --dry-run
    """
    if [business_id is not None, nib is not None, shop is not None].count(True) != 1:
        raise UsageError("Name the person in one way: --business-id, --nib, or --shop with a marketplace and an id.")
    config = common.config()
    number = sys.stdin.readline().strip() if nib == "-" else nib
    asked = Asked(business_id, number, *(shop or (None, None)))
    engine = private_engine(config)
    with common.recorded(engine, "erase"), common.progress("Looking for what belongs to the person") as advance:
        done = erase_person(engine, config, asked, reason, dry_run, lambda text: advance(0, text))
    common.show("What would be erased" if dry_run else "Erased", _rows(done, dry_run), as_json)
    if not as_json:
        _say(done, dry_run)


def _rows(done: Report, dry_run: bool) -> dict[str, object]:
    if done.was_erased:
        return {"erased before": "nothing was left to do"}
    rows: dict[str, object] = {
        "rows of the registry": done.businesses,
        "shops": done.shops,
        "products": done.listings,
        "shops that only may be theirs, left": done.left,
    }
    rows |= {f"files of {folder}": count for folder, count in sorted(done.files.items())}
    rows |= {f"rows of {table}": count for table, count in sorted(done.tables.items())}
    return rows if dry_run else rows | {"files that still hold a text of theirs": len(done.remaining)}


def _say(done: Report, dry_run: bool) -> None:
    for path, numbers in done.inbox.items():
        listed = ", ".join(str(number) for number in numbers[:10])
        typer.echo(f"The office's own file {safe_terminal(path)} names the person in row {listed}; ask the office.")
    for path in done.remaining:
        typer.echo(f"Look at {safe_terminal(path)}: it still holds a text that the person's data held.")
    if not dry_run:
        for week in done.weeks:
            typer.echo(f"Run 'monitor report --week {week}' to make the removed files of that week again.")
