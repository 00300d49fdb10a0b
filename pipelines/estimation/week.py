"""The figures of one week, from what was read to rows: pure, so that the database side and a simulation call the same.

Every figure draws from a generator named by estimand and domain: a new domain moves no other figure, and the same
inputs give the same bytes (`seeds.rng_for`).
"""

from pipelines.estimation.counted import counted_rows
from pipelines.estimation.figures import frame, rules_of
from pipelines.estimation.inputs import Estimated, WeekInputs
from pipelines.estimation.province import province_rows


def estimate_week(inputs: WeekInputs) -> Estimated:
    """All figures of the week (`inputs.Estimated`); nothing is read and nothing is written."""
    rules = rules_of(inputs)
    rows = counted_rows(inputs, rules)
    rows += province_rows(inputs, rules)
    return Estimated(frame(rows))
