"""The figures of one week, from what was read to rows: pure, so that the database side and a simulation call the same.

Every figure draws from a generator named by estimand and domain: a new domain moves no other figure, and the same
inputs give the same bytes (`seeds.rng_for`).
"""

from pipelines.estimation.beside import beside_rows
from pipelines.estimation.by_cell import cell_rows
from pipelines.estimation.by_cohort import cohort_rows
from pipelines.estimation.by_domain import KINDS, by_domain, domain_rows
from pipelines.estimation.by_marketplace import marketplace_rows
from pipelines.estimation.counted import counted_rows
from pipelines.estimation.figures import Row, frame
from pipelines.estimation.flows import flow_rows
from pipelines.estimation.inputs import Estimated, WeekInputs, ordered
from pipelines.estimation.province import KIND, coverage_row, headline
from pipelines.estimation.rules import rules_of


def estimate_week(inputs: WeekInputs, only_province: bool = False) -> Estimated:
    """All figures of the week (`inputs.Estimated`); nothing is read and nothing is written.

    only_province: no marketplaces, domains and cohorts, for simulations that look at the headline alone; the figures
    of the province are the same.
    """
    inputs = ordered(inputs)
    rules = rules_of(inputs)
    top = headline(inputs, rules)
    rows = counted_rows(inputs, rules) + top.rows
    rows.append(coverage_row(top.presence.probes, rules, inputs, KIND, inputs.province))
    rows += beside_rows(inputs, top, rules)
    rows += flow_rows(inputs, top, rules)
    if not only_province:
        rows += marketplace_rows(inputs, top, rules)
        kinds = {kind: by_domain(inputs, top, kind) for kind in KINDS}
        rows += domain_rows(inputs, top, rules, kinds)
        rows += cell_rows(kinds["area"], kinds["sector"], inputs, top, rules)
        rows += cohort_rows(inputs, top, rules)
    if len(top.probe_groups) and not top.found.judged:
        rows = [_waiting(one) for one in rows]
    return Estimated(frame(rows), top.draws)


def _waiting(row: Row) -> Row:
    """Where nobody has judged anything yet, it is the answers that are missing, not businesses known to be present."""
    return row | {"reason": "no_judgements"} if row["reason"] == "no_probe" else row
