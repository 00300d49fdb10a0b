"""Tables of the report as the bulletin shows them: words that stand for several figures at once, no crowded columns."""

from collections.abc import Sequence
from datetime import date

from exports import wording
from exports.base import Column, Export, Row
from exports.bulletin.content import Shown, Table
from exports.sentences import say
from exports.tables import MarketplaceTable
from exports.wording import Cell

ESTIMATE_KEYS = frozenset({"perkiraan", "batas_bawah", "batas_atas", "ketelitian"})  # columns of one estimate
WITHHELD = "Tidak ditampilkan"  # in a narrow column; a sentence below the table says why
PLAIN_STATES = (wording.STATES["measured"],)  # need no explanation below the table


def shown_table(export: Export, week: str) -> Table:
    """Figures keep their value and a key, so that the finished files can be compared with them."""
    rows, notes = list(enumerate(export.table(week))), list(export.notes())
    columns = export.columns
    if isinstance(export, MarketplaceTable):
        rows = [(number, row) for number, row in rows if row[1] not in export.brief_states]
        told = [row for _, row in rows if row[1] not in PLAIN_STATES]
        notes = [*_told(told), *notes]
    if columns[-1].kind == "note":
        columns = columns[:-1]
    made = tuple(_row(export.file_name, number, row, columns) for number, row in rows)
    if any(cell.text == WITHHELD for row in made for cell in row):
        notes.append(say("bagian.tidak_ditampilkan"))
    return Table(
        columns=tuple((column.label, column.kind) for column in columns),
        rows=made,
        notes=tuple(notes),
        has_total=export.has_total,
    )


def _told(rows: Sequence[Row]) -> list[str]:
    """The last column as sentences: those that share one are named together."""
    named: dict[str, list[str]] = {}
    for row in rows:
        named.setdefault(str(row[-1]), []).append(str(row[0]))
    return [f"{wording.listed(names)}: {note}" for note, names in named.items()]


def _row(name: str, number: int, row: Row, columns: Sequence[Column]) -> tuple[Shown, ...]:
    first = next(at for at, column in enumerate(columns) if column.kind == "label")
    found: list[Shown] = []
    at = 0
    while at < len(columns):
        span = _span(row, columns, at)
        found.append(_cell(row[at], columns[at], f"{name}-{number}-{columns[at].key}", span, at == first))
        at += span
    return tuple(found)


def _span(row: Row, columns: Sequence[Column], at: int) -> int:
    """How many columns a word stands for: the same word, or its beginning, in figures side by side."""
    word = row[at]
    if not isinstance(word, str) or not _holds_figures(columns[at]):
        return 1
    span = 1
    while at + span < len(columns) and _holds_figures(columns[at + span]):
        other = row[at + span]
        if not isinstance(other, str) or not word.startswith(other):
            break
        span += 1
    return span


def _holds_figures(column: Column) -> bool:
    return column.kind == "count" or column.key in ESTIMATE_KEYS


def _cell(cell: Cell, column: Column, key: str, span: int, is_name: bool) -> Shown:
    if isinstance(cell, date):
        text = wording.day_short(cell)
        return Shown(text, column.kind, None, key, label=column.label)
    if isinstance(cell, str):
        kind = "word" if column.kind in ("count", "date") or span > 1 else column.kind
        return Shown(WITHHELD if cell == wording.SUPPRESSED else cell, kind, None, key, span, is_name, column.label)
    return Shown(wording.number(cell), column.kind, cell, key, label=column.label)
