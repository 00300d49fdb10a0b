"""Who is asked how many rows in a week, how long that takes, and what the interval becomes with all of it or half."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine

from monitor.config import Config
from monitor.database import translate_errors
from monitor.errors import UsageError
from pipelines.estimation.agreement import cohen_kappa, people_details
from pipelines.estimation.planning import Expected, expected_width, rates_of
from pipelines.estimation.sampling import Workload
from pipelines.estimation.strata import STRATA
from pipelines.estimation.universe import universe
from pipelines.estimation.week import estimate_week
from pipelines.measure_read import read_week
from pipelines.review_draw import draw_in

ASSUMED_PROBES, ASSUMED_KAPPA = 200, 0.7  # where no probe says anything yet: the plan of the method (5.8)
LEAST_DETECTED = 10  # probes detected; below it the coverage is not known


@dataclass(frozen=True)
class Plan:
    """offices: office, groups, rows, minutes, of which first, other (second, third, checks) and clerical rows.

    full, half: what a window of such weeks gives with the configured number of groups and with half of it; None
    without candidates. probes, detected: the probe they rest on, is_assumed where too little is known. people: how the
    last weeks went: seeded errors, a row an office (`agreement.people_details`), and kappa of pairs coded twice.
    """

    offices: pd.DataFrame
    full: Expected | None
    half: Expected | None
    probes: int
    detected: int
    is_assumed: bool
    people: Mapping[str, Any]


def plan_week(engine: Engine, config: Config, week: str) -> Plan:
    """The open and the still undrawn tasks of the week; nothing is written. Raises UsageError without a registry."""
    with translate_errors(), engine.connect().execution_options(immediate=True) as connection:
        begun = connection.begin()
        try:
            tasks = draw_in(connection, config, week)
        finally:
            begun.rollback()
    with translate_errors(), engine.connect() as connection, connection.begin():
        read = read_week(connection, config, week, "flash")
    if read is None:
        raise UsageError("There is no registry yet; hand one in with 'monitor registry import FILE --as-of DATE'.")
    inputs = read.inputs
    shown = estimate_week(inputs, only_province=True).figure("E9")
    details = shown["details"] if isinstance(shown["details"], dict) else {}
    n, m = int(details.get("probes") or 0), int(details.get("probes_detected") or 0)
    offices, is_assumed = _by_office(tasks, config), m < LEAST_DETECTED
    agreed = cohen_kappa(inputs.coding["first"], inputs.coding["second"])
    people = people_details(inputs.coding, inputs.seeded, inputs.offices)
    people |= {"agreement": {"pairs": agreed.tasks, "kappa": agreed.kappa, "state": agreed.state}}
    if inputs.pairs.empty:
        return Plan(offices, None, None, n, m, is_assumed, people)
    there = universe(inputs)
    sizes, rates = np.bincount(there.groups["stratum"], minlength=STRATA), rates_of(there.p, there.n_eff)
    if is_assumed:  # never more than half of what is expected to be there
        n = max(min(ASSUMED_PROBES, int(sizes @ rates / ASSUMED_KAPPA / 2)), 1)
        m = round(n * ASSUMED_KAPPA)
    size = int(inputs.registry["groups"].sum())
    full, half = (expected_width(sizes, rates, _load(config, part), n, m, size) for part in (1, 2))
    return Plan(offices, full, half, n, m, is_assumed, people)


def _load(config: Config, part: int) -> Workload:
    """Groups drawn in a week; part: 1 all of it, 2 half of it."""
    return Workload(config.review.sample_groups // part, config.review.flow_groups // part)


def _by_office(tasks: pd.DataFrame, config: Config) -> pd.DataFrame:
    clerical = tasks["purpose"] == "clerical"
    marked = tasks.assign(
        asking=tasks["draw_id"].astype(str) + "/" + tasks["group_id"].astype(str),
        first=~clerical & (tasks["coder"] == "first"),
        other=tasks["coder"] != "first",
        clerical=clerical & (tasks["coder"] == "first"),
    )
    by = marked.groupby("office", sort=True)
    table = by.agg(groups=("asking", "nunique"), rows=("task_id", "size"), first=("first", "sum"),
                   other=("other", "sum"), clerical=("clerical", "sum"))  # fmt: skip
    table["minutes"] = np.ceil(table["rows"] * config.review.minutes_per_row / 5).astype("int64") * 5
    return table.reset_index()
