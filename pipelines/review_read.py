"""Everything that was asked and answered, as the frames that `estimation.answers` reads."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from monitor.database import read_frame
from monitor.private_store import (
    business_versions,
    draw_frames,
    draws,
    judgements,
    review_tasks,
    undone_judgements,
)
from monitor.weeks import shift_week
from pipelines.estimation.answers import LONG_WINDOW
from pipelines.linkage.judged import resolve_business

OTHER = "usaha lain"


@dataclass(frozen=True)
class Answers:
    """tasks, judgements (with other_group_id), undone, draws and frames as `estimation.answers` wants them.

    tasks and judgements of all weeks up to the one read; draws and frames of the longest window before it. Groups are
    those of the businesses now, so that a judgement follows its business into another group.
    """

    tasks: pd.DataFrame
    judgements: pd.DataFrame
    undone: pd.DataFrame
    draws: pd.DataFrame
    frames: pd.DataFrame


def read_answers(connection: Connection, week: str) -> Answers:
    """What was asked and answered by the end of the week."""
    tasks = read_frame(connection, select(review_tasks).where(review_tasks.c.week <= week))
    given = read_frame(connection, select(judgements).where(judgements.c.week <= week))
    undone = read_frame(connection, select(undone_judgements.c.judgement_id))
    recent = draws.c.week > shift_week(week, -LONG_WINDOW), draws.c.week <= week
    drawn = read_frame(connection, select(draws).where(*recent))
    base = select(draw_frames).where(draw_frames.c.draw_id.in_(select(draws.c.draw_id).where(*recent)))
    registry = _registry(connection, tasks, given)
    groups = dict(zip(registry["business_id"].tolist(), registry["group_id"].tolist(), strict=True))
    tasks["group_id"] = tasks["business_id"].map(groups).fillna(tasks["group_id"]).astype("int64")
    return Answers(
        tasks=tasks,
        judgements=given.assign(other_group_id=_named(given, registry, groups)),
        undone=undone,
        draws=drawn,
        frames=read_frame(connection, base),
    )


def _registry(connection: Connection, tasks: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """business_id, group_id, nib of the newest version; only where a business is asked about or may be named."""
    table = business_versions.c
    query = select(table.business_id, table.group_id, table.nib).where(table.valid_to_part.is_(None))
    if not given["other_business"].notna().any():
        query = query.where(table.business_id.in_(select(review_tasks.c.business_id)))
    return read_frame(connection, query)


def _named(given: pd.DataFrame, registry: pd.DataFrame, groups: dict[int, int]) -> list[int | None]:
    """Group of the business named with "usaha lain", by NIB or ID Usaha; None where there is none or it is unknown."""
    by_nib: dict[str, set[int]] = {}
    if given["other_business"].notna().any():
        known = registry.dropna(subset=["nib"])
        for business, nib in zip(known["business_id"].tolist(), known["nib"].tolist(), strict=True):
            by_nib.setdefault(nib, set()).add(business)
    return [
        _group(answer, other, by_nib, groups)
        for answer, other in zip(given["answer"], given["other_business"], strict=True)
    ]


def _group(answer: str, other: Any, by_nib: dict[str, set[int]], groups: dict[int, int]) -> int | None:
    if answer != OTHER or not isinstance(other, str):
        return None
    business = resolve_business(other, by_nib, groups)
    return None if business is None else groups[business]
