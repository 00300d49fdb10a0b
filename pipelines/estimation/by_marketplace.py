"""E3 and E9 of every marketplace, each with its own T and its own coverage; never to be added up."""

from typing import Any

from pipelines.estimation.figures import Row, level_rows, missing, presence_details
from pipelines.estimation.inputs import WeekInputs
from pipelines.estimation.levels import presence
from pipelines.estimation.probing import probe_groups
from pipelines.estimation.province import Headline, coverage_row, size_of
from pipelines.estimation.rules import Rules, of_marketplace
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.universe import universe

KIND = "marketplace"


def marketplace_rows(inputs: WeekInputs, top: Headline, rules: Rules) -> list[Row]:
    """One E3 and one E9 a marketplace; where it could not be read, the state says why there is none."""
    rows: list[Row] = []
    for place in inputs.marketplaces.sort_values("marketplace").itertuples(index=False):
        rows += _rows(inputs, top, of_marketplace(rules, str(place.state)), place)
    return rows


def _rows(inputs: WeekInputs, top: Headline, rules: Rules, place: Any) -> list[Row]:
    slug = str(place.marketplace)
    if not place.covered:
        return [missing(name, KIND, slug, str(place.state)) for name in ("E3", "E9")]
    found = universe(inputs, {slug})
    probes = probe_groups(inputs, found, {slug})
    rng = rng_for(*inputs.seed, "E3", KIND, slug)
    level = presence(found, probes, size_of(inputs), rng, inputs.draws, prior=top.found)
    details = presence_details(level, rules, inputs)
    return [
        *level_rows(level, rules, KIND, slug, [("E3", 1.0)], details),
        coverage_row(level.probes, rules, inputs, KIND, slug),
    ]
