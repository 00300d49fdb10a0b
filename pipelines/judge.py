"""Judgements in: answered review sheets into the private store. Nothing that came in is ever deleted.

Read are `task_id` and the answers, by the names of their columns, wherever those stand and whatever else the sheet
holds. The same file twice changes nothing; the newest answer per task and reviewer holds.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, select

from monitor.database import bulk_insert, transaction
from monitor.errors import InputError
from monitor.printed import masked
from monitor.private_store import judgements, review_tasks
from monitor.tables import Table, TableError, open_table
from monitor.text import clean_cell, fold, safe_terminal
from monitor.weeks import utc_now, utc_text

ANSWERS = ("ya", "tidak", "usaha lain", "tidak tahu")
READ_COLUMNS = ("task_id", "jawaban", "business_id_lain", "catatan", "penelaah")
NEEDED = ("task_id", "jawaban")
# A sheet that was made by us has these beside the answers; they help to find the header among title lines.
KNOWN_COLUMNS = (*READ_COLUMNS, "marketplace", "shop_id", "business_id")
NO_SHEET = "{name} is no review sheet: it needs the columns task_id and jawaban; hand in what 'review export' wrote."
CHUNK = 500
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


def _number_as_text(cell: str | None) -> str | None:
    """Ids that a spreadsheet has turned into numbers: 17.0 is 17."""
    return cell[:-2] if cell and cell.endswith(".0") and cell[:-2].isdigit() else cell


def _written(cell: str | None) -> str | None:
    """What a reviewer wrote freely, without telephone numbers, NIKs and NPWPs, which are never stored."""
    text = clean_cell(masked(safe_terminal(cell or "", MAX_NOTE)))
    return text or None


def _columns(table: Table) -> dict[str, int]:
    places = {fold(name).strip(): at for at, name in reversed(list(enumerate(table.headers)))}
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise InputError(NO_SHEET.format(name=table.path.name))
    return {name: places[name] for name in READ_COLUMNS if name in places}


def read_sheet(path: Path) -> tuple[list[Answer], Receipt]:
    """Answers of a sheet, and a receipt with its empty and unreadable rows. Raises InputError for any other file."""
    try:
        table = open_table(path, KNOWN_COLUMNS)
    except TableError as error:
        if "header" in str(error):
            raise InputError(NO_SHEET.format(name=path.name)) from None
        raise
    places, receipt, answers = _columns(table), Receipt(path.name), []
    for number, row in table:
        cells = {name: row[at] if at < len(row) else None for name, at in places.items()}
        if not cells["task_id"]:
            continue  # a remark below the table, a blank line
        receipt.rows += 1
        try:
            answer = read_answer(cells["jawaban"])
        except ValueError:
            receipt.rejected.append((number, "jawaban tidak dikenal; pilih ya, tidak, usaha lain, atau tidak tahu"))
            continue
        if answer is None:
            receipt.empty.append(number)
            continue
        other, note = _written(_number_as_text(cells.get("business_id_lain"))), _written(cells.get("catatan"))
        answers.append(Answer(number, cells["task_id"], answer, other, note, _written(cells.get("penelaah"))))
    receipt.rejected += [(problem.row, problem.reason) for problem in table.problems]
    return answers, receipt


def _without_contradictions(answers: Sequence[Answer], receipt: Receipt) -> list[Answer]:
    """One answer a task and reviewer; rows of one file that contradict each other are all given back."""
    by_task: dict[tuple[str, str | None], list[Answer]] = {}
    for answer in answers:
        by_task.setdefault((answer.task_id, answer.reviewer), []).append(answer)
    kept = []
    for same in by_task.values():
        if len({answer.answer for answer in same}) == 1:
            kept.append(same[-1])
            continue
        rows = " dan ".join(str(answer.row) for answer in same)
        reason = f"baris {rows} memuat pasangan yang sama dengan jawaban berbeda; mohon pilih satu"
        receipt.rejected += [(answer.row, reason) for answer in same]
    return kept


def _in_parts(connection: Connection, query: Any, column: Any, values: Iterable[str]) -> list[Any]:
    wanted = sorted(set(values))
    parts = (wanted[at : at + CHUNK] for at in range(0, len(wanted), CHUNK))
    return [row for part in parts for row in connection.execute(query.where(column.in_(part)))]


def _known(connection: Connection, answers: Sequence[Answer], receipt: Receipt) -> dict[str, Any]:
    tasks = {
        row.task_id: row
        for row in _in_parts(connection, select(review_tasks), review_tasks.c.task_id, (a.task_id for a in answers))
    }
    for answer in answers:
        if answer.task_id not in tasks:
            receipt.rejected.append((answer.row, "task_id tidak dikenal; mohon pakai lembar asli"))
    return tasks


def _earlier(connection: Connection, answers: Sequence[Answer]) -> dict[str, list[Any]]:
    """Judgements of each task so far, oldest first."""
    query = select(judgements).order_by(judgements.c.judgement_id)
    found: dict[str, list[Any]] = {}
    for row in _in_parts(connection, query, judgements.c.task_id, (answer.task_id for answer in answers)):
        found.setdefault(row.task_id, []).append(row)
    return found


def _is_known(answer: Answer, own: Sequence[Any], sha256: str) -> bool:
    """The reviewer's newest answer is the same, or this very file brought an answer that a later one has replaced."""
    newest = own[-1] if own else None
    same = newest is not None and (newest.answer, newest.other_business, newest.note) == answer.content
    return same or any(row.source_sha256 == sha256 for row in own)


def _remarks(answer: Answer, held: Sequence[Any], own: Sequence[Any]) -> list[str]:
    """What the person who sent the sheet should know about this answer."""
    remarks = []
    if own and own[-1].answer != answer.answer:
        remarks.append(f"Baris {answer.row}: jawaban '{own[-1].answer}' diganti menjadi '{answer.answer}'.")
    newest = {row.reviewer: row.answer for row in held if row.reviewer != answer.reviewer}
    others = sorted(set(newest.values()) - {answer.answer})
    if others:
        remarks.append(f"Baris {answer.row}: penelaah lain menjawab '{others[0]}'; pasangan ini perlu diperiksa lagi.")
    if answer.answer == "usaha lain" and not (answer.other_business or answer.note):
        remarks.append(f"Baris {answer.row}: mohon sebutkan usaha lain itu (NIB, ID Usaha, atau nama pada catatan).")
    return remarks


def _judgement(answer: Answer, task: Any, week: str | None, at: str, sha256: str) -> dict[str, Any]:
    names = ("purpose", "draw_id", "inclusion_prob", "stratum_at_draw", "score_at_draw", "model_version", "office")
    return {
        "task_id": answer.task_id,
        **{name: getattr(task, name) for name in names},
        "answer": answer.answer,
        "other_business": answer.other_business,
        "note": answer.note,
        "reviewer": answer.reviewer,
        "week": week or task.week,
        "at": at,
        "source_sha256": sha256,
    }


def _import(connection: Connection, path: Path, week: str | None) -> Receipt:
    answers, receipt = read_sheet(path)
    answers = _without_contradictions(answers, receipt)
    tasks, earlier = _known(connection, answers, receipt), _earlier(connection, answers)
    at, sha256 = utc_text(utc_now()), hashlib.sha256(path.read_bytes()).hexdigest()
    fresh = []
    for answer in answers:
        if answer.task_id not in tasks:
            continue
        receipt.answered += 1
        held = earlier.get(answer.task_id, [])
        own = [row for row in held if row.reviewer == answer.reviewer]
        if not _is_known(answer, own, sha256):
            receipt.remarks += _remarks(answer, held, own)
            fresh.append(_judgement(answer, tasks[answer.task_id], week, at, sha256))
    bulk_insert(connection, judgements, pd.DataFrame(fresh, dtype=object))
    receipt.stored = len(fresh)
    receipt.rejected.sort()
    return receipt


def import_sheet(engine: Engine, path: Path, week: str | None = None) -> Receipt:
    """Takes in one answered sheet, all of it or nothing.

    week: from which ISO week on the answers count; default that of each task, so that an answer counts for the week for
    which it was asked, whenever it comes in.

    Raises InputError when the file is no review sheet.
    """
    with transaction(engine) as connection:
        return _import(connection, path, week)
