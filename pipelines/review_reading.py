"""An answered review sheet as answers, however it comes back: sorted, with moved columns, merged cells, copied rows.

Read are `task_id` and the answers, by the names of their columns, wherever those stand and whatever else the sheet
holds. What cannot be used is named with its row; nothing is guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.errors import InputError
from monitor.printed import masked
from monitor.tables.table import Table, TableError, open_table, squash
from monitor.tables.workbook import SheetSource
from monitor.text import clean_cell, fold, safe_terminal

ANSWERS = ("ya", "tidak", "usaha lain", "tidak tahu")
READ_COLUMNS = ("task_id", "jawaban", "business_id_lain", "catatan", "penelaah")
NEEDED = ("task_id", "jawaban")
# A sheet that was made by us has these beside the answers; they help to find the header among title lines.
KNOWN_COLUMNS = (*READ_COLUMNS, "marketplace", "shop_id", "business_id")
NO_SHEET = "{name} is no review sheet: it needs the columns task_id and jawaban; hand in what 'review export' wrote."
MAX_NOTE = 2_000  # characters kept of a note


@dataclass(frozen=True)
class Answer:
    """One answered row of a file."""

    row: int
    task_id: str
    answer: str
    other_business: str | None
    note: str | None
    reviewer: str | None

    @property
    def content(self) -> tuple[str | None, ...]:
        return self.answer, self.other_business, self.note


@dataclass
class Receipt:
    """What became of one file. rows counts tasks; rejected rows come with an Indonesian reason."""

    file: str
    rows: int = 0
    answered: int = 0
    empty: list[int] = field(default_factory=list)  # rows without an answer
    rejected: list[tuple[int, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)  # Indonesian: answers that replace or contradict earlier ones, ..
    stored: int = 0  # new judgements; 0 when everything was known
    problem: str | None = None  # why the whole file could not be used


def read_answer(written: str | None) -> str | None:
    """One of ANSWERS however it is written (case, blanks, full stop); None for an empty cell; ValueError otherwise."""
    text = " ".join(fold(written or "").strip(" .,;:!'\"").replace("_", " ").replace("-", " ").split())
    if not text:
        return None
    short = {"y": "ya", "iya": "ya", "t": "tidak", "tdk": "tidak", "tidaktahu": "tidak tahu", "usahalain": "usaha lain"}
    text = short.get(text.replace(" ", ""), text)
    if text not in ANSWERS:
        raise ValueError(text)
    return text


def who(reviewer: str | None) -> str | None:
    """How a reviewer's name is compared: ``ANI`` and ``Ani`` are one person."""
    return fold(reviewer).strip(" .") or None if reviewer else None


def _number_as_text(cell: str | None) -> str | None:
    """Ids that a spreadsheet has turned into numbers: 17.0 is 17."""
    return cell[:-2] if cell and cell.endswith(".0") and cell[:-2].isdigit() else cell


def _written(cell: str | None) -> str | None:
    """What a reviewer wrote freely, without telephone numbers, NIKs and NPWPs, which are never stored."""
    text = clean_cell(masked(safe_terminal(cell or "", MAX_NOTE)))
    return text or None


def _columns(table: Table) -> dict[str, int]:
    """Places of the columns, by name without case, blanks and marks; of two with one name the first."""
    places = {squash(name): at for at, name in reversed(list(enumerate(table.headers)))}
    found = {name: places[squash(name)] for name in READ_COLUMNS if squash(name) in places}
    if any(name not in found for name in NEEDED):
        raise InputError(NO_SHEET.format(name=table.path.name))
    return found


@dataclass(frozen=True)
class _Merged:
    """Merged cells of a column: row -> first row of the merged cell, rows counted from 1."""

    first: dict[int, int]

    @classmethod
    def of(cls, table: Table, column: int | None) -> "_Merged":
        ranges = table.source.sheet.merged_cell_ranges or [] if isinstance(table.source, SheetSource) else []
        first: dict[int, int] = {}
        for (top, left), (bottom, right) in ranges:
            if column is not None and left <= column <= right:
                first |= {row + 1: top + 1 for row in range(top + 1, bottom + 1)}
        return cls(first)


def read_sheet(path: Path) -> tuple[list[Answer], Receipt]:
    """Answers of a sheet, and a receipt with its empty and unreadable rows. Raises InputError for any other file."""
    try:
        table = open_table(path, KNOWN_COLUMNS)
    except TableError as error:
        if "header" in str(error):
            raise InputError(NO_SHEET.format(name=path.name)) from None
        raise
    places, receipt, answers = _columns(table), Receipt(path.name), []
    merged = {name: _Merged.of(table, places.get(name)) for name in ("jawaban", "penelaah")}
    names: dict[int, str | None] = {}
    for number, row in table:
        cells = {name: row[at] if at < len(row) else None for name, at in places.items()}
        # One name over several rows is the name of all of them.
        names[number] = cells.get("penelaah") or names.get(merged["penelaah"].first.get(number, -1))
        answer = _read_row(number, cells | {"penelaah": names[number]}, receipt, merged["jawaban"])
        if answer is not None:
            answers.append(answer)
    receipt.rejected += [(problem.row, problem.reason) for problem in table.problems]
    receipt.remarks += table.notes
    return answers, receipt


def _read_row(number: int, cells: dict[str, str | None], receipt: Receipt, merged: _Merged) -> Answer | None:
    """The answer of one row; None for a remark below the table, a blank row, or one that the receipt names."""
    task = cells["task_id"]
    try:
        answer = read_answer(cells["jawaban"])
    except ValueError:
        answer = "" if task else None
    if not task:
        if answer:
            receipt.rows += 1
            receipt.rejected.append((number, "task_id kosong; mohon salin ulang baris ini dari lembar asli"))
        return None
    receipt.rows += 1
    if answer == "":
        receipt.rejected.append((number, "jawaban tidak dikenal; pilih ya, tidak, usaha lain, atau tidak tahu"))
    elif answer is None and number in merged.first:
        reason = f"sel jawaban digabung dengan baris {merged.first[number]}; mohon isi satu per satu"
        receipt.rejected.append((number, reason))
    elif answer is None:
        receipt.empty.append(number)
    else:
        other, note = _written(_number_as_text(cells.get("business_id_lain"))), _written(cells.get("catatan"))
        return Answer(number, task, answer, other, note, _written(cells.get("penelaah")))
    return None


def without_contradictions(answers: Sequence[Answer], receipt: Receipt) -> list[Answer]:
    """One answer a task and reviewer; rows of one file that contradict each other are all given back."""
    by_task: dict[tuple[str, str | None], list[Answer]] = {}
    for answer in answers:
        by_task.setdefault((answer.task_id, who(answer.reviewer)), []).append(answer)
    kept = []
    for same in by_task.values():
        if len({answer.answer for answer in same}) == 1:
            kept.append(same[-1])
            continue
        rows = " dan ".join(str(answer.row) for answer in same)
        reason = f"baris {rows} memuat pasangan yang sama dengan jawaban berbeda; mohon pilih satu"
        receipt.rejected += [(answer.row, reason) for answer in same]
    return kept
