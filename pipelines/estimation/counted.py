"""E8 and D: groups confirmed by a person, and groups linked by the system alone. Counts, without an interval."""

from collections.abc import Iterable

import pandas as pd

from pipelines.estimation.figures import Row, missing, row
from pipelines.estimation.inputs import UNKNOWN, WeekInputs
from pipelines.estimation.rules import Rules
from pipelines.estimation.universe import with_attributes

NAMES = ("E8", "D")


def counted_rows(inputs: WeekInputs, rules: Rules) -> list[Row]:
    """E8 and D for province, area, sector, size, cohort and marketplace; never a zero where nothing could be read."""
    links = with_attributes(inputs.links, inputs.groups)
    groups = links.drop_duplicates("group_id")
    rows = _counts(groups, "province", [inputs.province], pd.Series(inputs.province, index=groups.index), rules)
    for kind, codes in (("area", inputs.areas), ("sector", inputs.sectors), ("size", inputs.sizes)):
        rows += _counts(groups, kind, [*codes, UNKNOWN], groups[kind], rules)
    members = inputs.cohorts.drop_duplicates(["cohort", "group_id"])[["cohort", "group_id"]]
    joined = members.merge(groups[["group_id", "confirmed"]], on="group_id")
    rows += _counts(joined, "cohort", sorted(members["cohort"].unique()), joined["cohort"], rules)
    for place in inputs.marketplaces.itertuples(index=False):
        rows += _of_marketplace(links[links["marketplace"] == place.marketplace], place)
    return rows


def _counts(groups: pd.DataFrame, kind: str, codes: Iterable[str], domain: pd.Series, rules: Rules) -> list[Row]:
    if not rules.covered:
        return [missing(name, kind, code, "no_marketplace") for code in codes for name in NAMES]
    confirmed = groups["confirmed"].astype(bool)
    found = {"E8": domain[confirmed].value_counts(), "D": domain[~confirmed].value_counts()}
    return [
        row(name, kind, code, value=float(found[name].get(code, 0)), status=rules.status)
        for code in codes
        for name in NAMES
    ]


def _of_marketplace(links: pd.DataFrame, place: object) -> list[Row]:
    slug, state = str(place.marketplace), str(place.state)  # type: ignore[attr-defined]
    if not place.covered:  # type: ignore[attr-defined]
        return [missing(name, "marketplace", slug, state) for name in NAMES]
    status = "carried" if state == "carried" else "published"
    confirmed = int(links["confirmed_here"].astype(bool).sum())
    values = {"E8": confirmed, "D": len(links) - confirmed}
    return [row(name, "marketplace", slug, value=float(value), status=status) for name, value in values.items()]
