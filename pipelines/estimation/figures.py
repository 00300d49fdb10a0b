"""One figure as a row of `estimates`: its status, the reason where there is none, and what it was made of."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipelines.estimation.arrays import Floats
from pipelines.estimation.coverage import Level, interval
from pipelines.estimation.grades import MIN_EXPECTED, MIN_PROBES, NONE, grade
from pipelines.estimation.inputs import FIGURE_COLUMNS, WeekInputs
from pipelines.estimation.levels import Presence
from pipelines.estimation.rules import Rules
from pipelines.estimation.strata import EDGES
from pipelines.estimation.universe import Tally, Universe

Row = dict[str, Any]


def row(estimand: str, kind: str, code: str, **values: Any) -> Row:
    """A row with the columns of FIGURE_COLUMNS; what is not given is missing, status is published."""
    blank: Row = dict.fromkeys(FIGURE_COLUMNS)
    return {**blank, "estimand": estimand, "domain_kind": kind, "domain_code": code, "status": "published", **values}


def missing(estimand: str, kind: str, code: str, reason: str, **values: Any) -> Row:
    """A figure that is not available, and why."""
    return row(estimand, kind, code, **{**values, "status": "not_available", "reason": reason})


def frame(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows as a table in one order, whatever the order they were made in."""
    keys = ("estimand", "domain_kind", "domain_code")
    ordered = sorted(rows, key=lambda found: tuple(str(found[name]) for name in keys))
    return pd.DataFrame(ordered, columns=list(FIGURE_COLUMNS), dtype=object)


def graded(value: float, low: float, high: float, probes: int, expected: float | None = None) -> tuple[str, str | None]:
    """The grade, and why the figure is not shown where it has none."""
    found = grade(value, low, high, probes, expected)
    if found != NONE:
        return found, None
    if probes < MIN_PROBES:
        return found, "too_few_probes" if probes else "no_probe"
    return found, "too_few_present" if (value if expected is None else expected) < MIN_EXPECTED else "too_wide"


def level_rows(
    found: Presence,
    rules: Rules,
    kind: str,
    code: str,
    names: Sequence[tuple[str, float]],
    details: Mapping[str, Any],
    as_computed: Level | None = None,
) -> list[Row]:
    """The level under each name, divided by a number: ("E1", 1) for groups, ("E2", N) for the share.

    as_computed: the level before any widening, where it was widened; the details keep it.
    """
    about = {"n_judged": found.found.judged, "n_probes": found.n, "kappa": found.kappa}
    level, plain = found.level, as_computed or found.level
    mark, why = NONE, rules.blocked or level.reason
    if level.value is not None and level.low is not None and level.high is not None:
        mark, too_poor = graded(level.value, level.low, level.high, found.n)
        why = why or too_poor
    rows = []
    for name, by in names:
        made = {**details, "computed": computed(plain.value, plain.low, plain.high, by)}
        if why:
            rows.append(missing(name, kind, code, why, grade=NONE, details=made, **about))
            continue
        value, low, high = (float(number or 0.0) / by for number in (level.value, level.low, level.high))
        known = {"value": value, "low": low, "high": high, "grade": mark, "details": made}
        rows.append(row(name, kind, code, status=rules.status, **known, **about))
    return rows


def computed(value: float | None, low: float | None, high: float | None, by: float = 1.0) -> Mapping[str, Any] | None:
    """What was computed, also where it is not published; for `explain`, never for a page."""
    if value is None or low is None or high is None:
        return None
    return {"value": rounded(value / by), "low": rounded(low / by), "high": rounded(high / by)}


# --- details --------------------------------------------------------------------------------------------------------


def rounded(number: float | None) -> float | None:
    """Twelve significant digits: the same on every machine."""
    return None if number is None or not np.isfinite(number) else float(f"{number:.12g}")


def strata_table(found: Universe, counted: Tally) -> list[Row]:
    """By score stratum: groups, live and carried ones not judged, judged, drawn ones, their rate and effective size."""
    groups = found.groups
    drawn = groups["judged"] & ~groups["known"]
    table = []
    for h in range(len(EDGES) - 1):
        own = groups["stratum"] == h
        table.append(
            {
                "stratum": h,
                "from": EDGES[h],
                "to": EDGES[h + 1],
                "groups": int(own.sum()),
                "open": int(counted.rest[h].sum()),
                "open_carried": int(counted.carried[:, h].sum()),
                "judged": int((own & groups["judged"]).sum()),
                "drawn": int((own & drawn).sum()),
                "positives": int((own & groups["judged"] & groups["d"]).sum()),
                "rate": rounded(float(found.p[h])),
                "n_eff": rounded(float(found.n_eff[h])),
            }
        )
    return table


def probe_table(found: Presence) -> list[Row]:
    """By stratum of the coverage: registered groups, T, probes, detected ones, those not judged yet."""
    return [
        {
            "part": label,
            "registered": int(found.sizes[g]),
            "detected_groups": rounded(found.t_parts[g]),
            "probes": int(found.probes.n[g]),
            "probes_detected": int(found.probes.m[g]),
            "probes_waiting": int(found.probes.waiting[g]),
        }
        for g, label in enumerate(found.labels)
    ]


def summary(draws: Floats) -> Row:
    """Mean, median and 95 % interval of draws."""
    if not draws.size:
        return {}
    low, high = interval(draws)
    middle = {"mean": rounded(float(draws.mean())), "median": rounded(float(np.median(draws)))}
    return {**middle, "low": rounded(low), "high": rounded(high)}


def presence_details(found: Presence, rules: Rules, inputs: WeekInputs) -> Row:
    """What a level was made of; counts only, nothing of a single business."""
    groups = found.found.groups
    return {
        "strata": strata_table(found.found, found.counted),
        "known": int((groups["judged"] & groups["known"]).sum()),
        "known_positives": int((groups["judged"] & groups["known"] & groups["d"]).sum()),
        "ambiguous": int(groups["ambiguous"].sum()),
        "carried_groups": int((groups["part"] > 0).sum()),
        "survival": [rounded(value) for value in found.found.survival],
        "detected": {"value": rounded(found.t_hat), **summary(found.detected)},
        "coverage": probe_table(found),
        "present": summary(np.asarray(found.level.draws, float)),
        "draws": inputs.draws,
        "agreement": {
            "coded_twice": rules.agreement.tasks,
            "kappa": None if rules.agreement.kappa is None else rounded(rules.agreement.kappa),
        },
        "covered": list(rules.covered),
        "carried": list(rules.carried),
        "model_version": inputs.model_version,
    }
