"""What an office is told of its own answers with its next sheet: how many came back, how often others say the same."""

from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Engine

from monitor.database import translate_errors
from monitor.weeks import shift_week
from pipelines.estimation.agreement import office_table
from pipelines.estimation.coders import coding, offices
from pipelines.review_read import read_answers


@dataclass(frozen=True)
class Told:
    """Of the eight weeks before: groups that the office was asked about first and answered; pairs of it that another
    office answered too, the share of them with the same answer, and its share of "ya" among them; None: not known.
    """

    asked: int
    answered: int
    coded_twice: int
    agreed_share: float | None
    ya_share: float | None


def told_offices(engine: Engine, week: str) -> dict[str, Told]:
    """By kode of the office; up to the week before, so that a sheet says the same whenever it is written again."""
    before = shift_week(week, -1)
    with translate_errors(), engine.connect() as connection, connection.begin():
        said = read_answers(connection, before)
    frames = said.tasks, said.judgements, said.undone
    table = office_table(coding(*frames, before), offices(*frames, before))
    return {str(row["office"]): _told(row) for _, row in table.iterrows()}


def _told(row: "pd.Series[object]") -> Told:
    agreed, ya = (None if pd.isna(row[name]) else float(str(row[name])) for name in ("agreed_share", "ya_share"))
    return Told(int(str(row["asked"])), int(str(row["answered"])), int(str(row["coded_twice"])), agreed, ya)
