"""What every verb shares: configuration, default week, the closing table, progress."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from monitor import pins, regions
from monitor.backup.unfinished import require_whole
from monitor.characters import without_invisible
from monitor.config import Config, load_config
from monitor.practice import sandbox_dir, use_clock
from monitor.runs import recorded
from monitor.weeks import last_ended_week, parse_week, utc_now

__all__ = ["config", "progress", "recorded", "show", "week_option"]

Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def config(half_restored: bool = False) -> Config:
    """The configuration; from here on places are read as those of its province, and time as that of its folder.

    half_restored: whether the verb may work where a restore has not ended. Raises StoreError where it may not.
    """
    found = load_config()
    if not half_restored:
        require_whole(found.data_dir)
    use_clock(sandbox_dir(found))
    regions.use(found.region.code)
    pins.use(found.boundaries_path, found.region.boundaries_key)
    return found


def week_option(text: str | None, settings: Config) -> str:
    """The week asked for, else the last ended ISO week in the region's zone."""
    return parse_week(text) if text else last_ended_week(utc_now(), settings.region.zone)


def show(title: str, rows: Rows, as_json: bool = False) -> None:
    """The one short table at the end of a verb, or the same as JSON, on standard output.

    rows: label -> value for one record, or a sequence of records with the same labels.
    """
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2, default=str) + "\n")
        return
    # A pipe has no width of its own; 80 columns would cut figures.
    console = Console(width=None if sys.stdout.isatty() else 160)
    if not rows:  # a table without columns is a blank line
        console.print(f"[bold]{escape(without_invisible(title))}:[/bold] none")
        return
    table = Table(title=escape(without_invisible(title)), title_justify="left", title_style="bold", header_style="bold")
    if isinstance(rows, Mapping):
        table.show_header = False
        table.add_column()
        table.add_column(justify="right")
        for label, value in rows.items():
            table.add_row(escape(str(label)), escape(_cell(value)))
    else:
        names = list(rows[0])
        for name in names:
            numeric = all(isinstance(row[name], int | float | None) for row in rows)
            table.add_column(escape(name), justify="right" if numeric else "left")
        for row in rows:
            table.add_row(*(escape(_cell(row[name])) for name in names))
    console.print(table)


def _cell(value: Any) -> str:
    """As people read it; what an outside text holds for the terminal itself is left out."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else without_invisible(str(value))


@contextmanager
def progress(description: str, total: float | None = None) -> Iterator[Any]:
    """Yields a callable `advance(by=1, description=None)`; shown on standard error when that is a terminal."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(description, total=total)

        def advance(by: float = 1, description: str | None = None) -> None:
            bar.update(task, advance=by, description=description)

        yield advance
