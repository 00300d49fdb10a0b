"""Taking answers back: they stay where they are, no longer count, and what that does to the figures is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, select

from monitor.access import account
from monitor.config import Config
from monitor.database import bulk_insert, read_frame, transaction
from monitor.errors import UsageError
from monitor.printed import masked
from monitor.private_store import judgements, review_tasks, undone_judgements
from monitor.text import clean_cell, safe_terminal
from monitor.weeks import utc_now, utc_text
from pipelines.estimation.answers import PAIR, YES, by_shop
from pipelines.estimation.week import estimate_week
from pipelines.judge import content_hash
from pipelines.measure_read import read_week
from pipelines.review_read import read_answers
from pipelines.review_reading import read_sheet

FIGURES = ("E1", "E2", "E8", "E9", "D")
MAX_REASON = 300


@dataclass(frozen=True)
class Undone:
    """judgements taken back by this call; effect: figure -> value before and after (None: not available)."""

    judgements: int
    tasks: int
    effect: Mapping[str, tuple[float | None, float | None]]


def undo(
    engine: Engine, config: Config, week: str, reason: str, task_id: str | None = None, file: Path | None = None
) -> Undone:
    """Takes back all answers to a task, or all that a sheet brought in; the tasks are open again.

    week: whose figures tell the effect, with the links as they are: the next `link` and `measure` make it so. Nothing
    is deleted; the answers, who took them back, when and why stay. Raises UsageError: no reason, nothing to take back;
    InputError: the file is no review sheet.
    """
    why = clean_cell(masked(safe_terminal(reason, MAX_REASON)))
    if not why:
        raise UsageError("Say why the answers are taken back: --reason 'what was wrong'.")
    with transaction(engine) as connection:
        chosen = _of_task(connection, task_id) if file is None else _of_file(connection, file)
        before = _figures(connection, config, week)
        rows = chosen[["judgement_id"]].assign(at=utc_text(utc_now()), who=account(), reason=why)
        bulk_insert(connection, undone_judgements, rows.assign(effect=None))
        after = _figures(connection, config, week)
        effect = {name: (before.get(name), after.get(name)) for name in before}
        said = {name: list(values) for name, values in effect.items()} | {"week": week}
        connection.execute(
            undone_judgements.update()
            .where(undone_judgements.c.judgement_id.in_(chosen["judgement_id"].tolist()))
            .values(effect=said)
        )
    return Undone(len(chosen), chosen["task_id"].nunique(), effect)


def _held(connection: Connection, *conditions: Any) -> pd.DataFrame:
    undone = select(undone_judgements.c.judgement_id)
    query = select(judgements.c.judgement_id, judgements.c.task_id)
    return read_frame(connection, query.where(judgements.c.judgement_id.not_in(undone), *conditions))


def _of_task(connection: Connection, task_id: str | None) -> pd.DataFrame:
    known = select(review_tasks.c.task_id).where(review_tasks.c.task_id == (task_id or ""))
    if connection.execute(known).first() is None:
        raise UsageError(f"There is no task '{safe_terminal(task_id or '')}'; name one of column task_id, or --file.")
    found = _held(connection, judgements.c.task_id == task_id)
    if found.empty:
        raise UsageError(f"Task {task_id} has no answer that counts; nothing was changed.")
    return found


def _of_file(connection: Connection, path: Path) -> pd.DataFrame:
    """Answers that came in with this very sheet, however it was saved since."""
    answers, _ = read_sheet(path)
    found = _held(connection, judgements.c.source_sha256 == content_hash(answers))
    if found.empty:
        raise UsageError(f"No answer that counts came in with {path.name}; nothing was changed.")
    return found


def _figures(connection: Connection, config: Config, week: str) -> dict[str, float | None]:
    """Province figures of the week by name. E8 as the answers have it, since links follow with the next `link`."""
    read = read_week(connection, config, week, "flash")
    if read is None:
        return {}
    found = estimate_week(read.inputs, only_province=True)
    values = {name: _value(found.figure(name, "province")["value"]) for name in FIGURES}
    return values | {"E8": _confirmed(connection, week, read.inputs.pairs)}


def _value(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(str(value))


def _confirmed(connection: Connection, week: str, pairs: pd.DataFrame) -> float:
    """Groups with a candidate of the week that people confirmed, without what was asked because of a probe."""
    given = read_answers(connection, week)
    tasks = given.tasks[given.tasks["purpose"] != "probe"]
    said = by_shop(tasks, given.judgements, given.undone, week)
    return float(said[said["answer"] == YES].merge(pairs[PAIR].drop_duplicates(), on=PAIR)["group_id"].nunique())


def effect_lines(effect: Mapping[str, tuple[float | None, float | None]]) -> Sequence[dict[str, object]]:
    """Rows for the closing table."""
    return [
        {"figure": name, "before": _shown(before), "after": _shown(after)} for name, (before, after) in effect.items()
    ]


def _shown(value: float | None) -> str:
    if value is None:
        return "not available"
    return f"{value:,.0f}" if value >= 2 or value == int(value) else f"{value:.4f}"
