"""Judgements in: answered review sheets into the private store. Nothing that came in is ever deleted.

The same answers twice change nothing, also in another order or saved by another program; the newest answer per task and
reviewer holds. What contradicts earlier answers is told in the receipt.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, select

from monitor.database import bulk_insert, dump_json, transaction
from monitor.private_store import judgements, review_tasks, undone_judgements
from monitor.weeks import utc_now, utc_text
from pipelines.review_reading import Answer, Receipt, read_answer, read_sheet, who, without_contradictions

__all__ = ["Receipt", "content_hash", "import_sheet", "read_answer"]

CHUNK = 500
Also = Callable[[Connection, Receipt], None]


def content_hash(answers: Sequence[Answer]) -> str:
    """Hash of what a sheet says: the same when it is sorted, saved again, or holds a row twice."""
    said = {
        (answer.task_id, who(answer.reviewer) or "", *(part or "" for part in answer.content)) for answer in answers
    }
    return hashlib.sha256(dump_json(sorted(said)).encode()).hexdigest()


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


def _own(answer: Answer, held: Sequence[Any]) -> list[Any]:
    """Earlier answers of the same person; a sheet without a name is the desk's, whoever sent it before."""
    name = who(answer.reviewer)
    return [row for row in held if name is None or row.reviewer is None or who(row.reviewer) == name]


def _is_known(answer: Answer, own: Sequence[Any], every: Sequence[Any], sha256: str) -> bool:
    """The reviewer's newest answer is the same, or these very answers came before and a later one has replaced this.

    own: without answers that were taken back; every: with them, so that their sheet does not bring them back.
    """
    newest = own[-1] if own else None
    same = newest is not None and (newest.answer, newest.other_business, newest.note) == answer.content
    return same or any(row.source_sha256 == sha256 for row in every)


def _remarks(answer: Answer, held: Sequence[Any], own: Sequence[Any]) -> list[str]:
    """What the person who sent the sheet should know about this answer."""
    remarks = []
    if own and own[-1].answer != answer.answer:
        remarks.append(f"Baris {answer.row}: jawaban '{own[-1].answer}' diganti menjadi '{answer.answer}'.")
    newest = {who(row.reviewer): row.answer for row in held if row not in own}
    others = sorted(set(newest.values()) - {answer.answer})
    if others:
        remarks.append(f"Baris {answer.row}: penelaah lain menjawab '{others[0]}'; pasangan ini perlu diperiksa lagi.")
    if answer.answer == "usaha lain" and not (answer.other_business or answer.note):
        remarks.append(f"Baris {answer.row}: mohon sebutkan usaha lain itu (NIB, ID Usaha, atau nama pada catatan).")
    return remarks


def _judgement(answer: Answer, task: Any, own: Sequence[Any], week: str | None, at: str, sha256: str) -> dict[str, Any]:
    names = ("purpose", "draw_id", "inclusion_prob", "stratum_at_draw", "score_at_draw", "model_version", "office")
    return {
        "task_id": answer.task_id,
        **{name: getattr(task, name) for name in names},
        "answer": answer.answer,
        "other_business": answer.other_business,
        "note": answer.note,
        # Under the name of the answer that it replaces, so that both are one person's.
        "reviewer": own[-1].reviewer if own else answer.reviewer,
        "week": week or task.week,
        "at": at,
        "source_sha256": sha256,
    }


def _import(connection: Connection, path: Path, week: str | None) -> Receipt:
    answers, receipt = read_sheet(path)
    at, sha256 = utc_text(utc_now()), content_hash(answers)
    answers = without_contradictions(answers, receipt)
    tasks, earlier = _known(connection, answers, receipt), _earlier(connection, answers)
    undone = {row.judgement_id for row in connection.execute(select(undone_judgements.c.judgement_id))}
    fresh = []
    for answer in answers:
        if answer.task_id not in tasks:
            continue
        receipt.answered += 1
        every = earlier.get(answer.task_id, [])
        held = [row for row in every if row.judgement_id not in undone]
        own = _own(answer, held)
        if not _is_known(answer, own, _own(answer, every), sha256):
            receipt.remarks += _remarks(answer, held, own)
            fresh.append(_judgement(answer, tasks[answer.task_id], own, week, at, sha256))
    bulk_insert(connection, judgements, pd.DataFrame(fresh, dtype=object))
    receipt.stored = len(fresh)
    receipt.rejected.sort()
    return receipt


def import_sheet(engine: Engine, path: Path, week: str | None = None, also: Also | None = None) -> Receipt:
    """Takes in one answered sheet, all of it or nothing.

    also: done at the end of the transaction that keeps the answers.
    week: from which ISO week on the answers count; default that of each task, so that an answer counts for the week for
    which it was asked, whenever it comes in.

    Raises InputError when the file is no review sheet.
    """
    with transaction(engine) as connection:
        receipt = _import(connection, path, week)
        if also is not None:
            also(connection, receipt)
    return receipt
