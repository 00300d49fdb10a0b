"""E1 and E2 by kab/kota and sector: fitted to both margins, merged upward where they are too uncertain (8.1, 8.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from pipelines.estimation.areas import area_rates, cell_draws, rough_cells, value
from pipelines.estimation.arrays import Bools, Floats, Ints
from pipelines.estimation.by_domain import ByDomain, figures_of, places, silent, thinned
from pipelines.estimation.coverage import interval
from pipelines.estimation.figures import Row, graded
from pipelines.estimation.grades import NONE, cell_steps, merged
from pipelines.estimation.inputs import UNKNOWN, WeekInputs
from pipelines.estimation.probing import count_probes
from pipelines.estimation.province import Headline
from pipelines.estimation.rules import Rules
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.strata import STRATA
from pipelines.estimation.universe import tally

KIND = "area_sector"
Step = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Cells:
    """All cells, by kab/kota and sector (UNKNOWN last in both). draws: (areas, sectors, draws); the others are counts
    (areas, sectors): groups registered, unjudged, known positives and judged; probes, detected ones, waiting ones.
    """

    areas: tuple[str, ...]
    sectors: tuple[str, ...]
    draws: Floats
    size: Ints
    rest: Ints
    known: Ints
    judged: Ints
    probe_n: Ints
    probe_m: Ints
    waiting: Ints

    @cached_property
    def shape(self) -> tuple[int, int]:
        return len(self.areas), len(self.sectors)

    def code(self, chosen: Bools) -> str:
        """`3601/kriya`; of several `3601+3602/fesyen_tekstil+kriya`."""
        sides = (chosen.any(axis=1), self.areas), (chosen.any(axis=0), self.sectors)
        return "/".join("+".join(np.array(codes, dtype=object)[there]) for there, codes in sides)

    def among(self, step: Step) -> Bools:
        """(areas, sectors): is a cell in the step, and does it hold groups."""
        area, sector = (np.isin(codes, names) for codes, names in zip((self.areas, self.sectors), step, strict=True))
        return np.asarray(area[:, None] & sector[None, :] & (self.size > 0))


def cell_rows(areas: ByDomain, sectors: ByDomain, inputs: WeekInputs, top: Headline, rules: Rules) -> list[Row]:
    """E1 and E2 of every cell, and of the larger domains in which those without a grade are shown."""
    found = _cells(areas, sectors, inputs, top)
    reason = rules.blocked or top.presence.level.reason
    rows: list[Row] = []
    larger: dict[str, Bools] = {}
    for at, sector in np.argwhere(found.size > 0):
        why = reason or silent(inputs, "area", found.areas[at])
        one = np.zeros(found.shape, dtype=bool)
        one[at, sector] = True
        made = _figures(found, one, rules, why)
        together = _larger(found, int(at), int(sector), inputs) if not why and not _is_shown(made) else None
        if together is not None:
            larger[found.code(together)] = together
            for figure in made:
                figure["details"]["merged_into"] = found.code(together)
        rows += made
    for chosen in larger.values():
        rows += _figures(found, chosen, rules, None)
    return rows


def _is_shown(rows: Sequence[Row]) -> bool:
    return all(row["status"] != "not_available" for row in rows)


def _cells(areas: ByDomain, sectors: ByDomain, inputs: WeekInputs, top: Headline) -> Cells:
    shape = len(areas.codes), len(sectors.codes)
    counted = tally(top.found, areas.place * shape[1] + sectors.place, shape[0] * shape[1])
    rest, known = thinned(counted, top.found.survival)
    rng = rng_for(*inputs.seed, "E1", KIND)
    rates, kappa = area_rates(areas.parts, top.found.p, top.found.n_eff, inputs.draws, rng)
    rough = rough_cells(rest.reshape(STRATA, *shape), known.reshape(shape), rates, kappa, rng)
    sizes = _crossed(inputs.registry, areas.codes, sectors.codes, inputs.registry["groups"].to_numpy(float))
    draws = cell_draws(rough, areas.draws, sectors.draws, sizes)
    at = places(top.probe_groups["area"], areas.codes) * shape[1] + places(top.probe_groups["sector"], sectors.codes)
    own = count_probes(top.probe_groups, at, shape[0] * shape[1])
    counts = (rest.sum(axis=0), known, counted.judged, own.n, own.m, own.waiting)
    return Cells(areas.codes, sectors.codes, draws, sizes, *(part.reshape(shape) for part in counts))


def _crossed(frame: pd.DataFrame, areas: Sequence[str], sectors: Sequence[str], weight: Floats) -> Ints:
    cell = places(frame["area"], areas) * len(sectors) + places(frame["sector"], sectors)
    counts = np.bincount(cell, weight, minlength=len(areas) * len(sectors))
    return np.rint(counts).astype(np.int64).reshape(len(areas), len(sectors))


def _figures(found: Cells, chosen: Bools, rules: Rules, reason: str | None) -> list[Row]:
    """E1 and E2 of one cell, or of several together."""
    details: Row = {
        "open": int(found.rest[chosen].sum()),
        "positives": int(found.known[chosen].sum()),
        "probes_waiting": int(found.waiting[chosen].sum()),
        "benchmarked_to": "E1 area, E1 sector",
    }
    if chosen.sum() > 1:
        details["members"] = [f"{found.areas[at]}/{found.sectors[by]}" for at, by in np.argwhere(chosen)]
    return figures_of(
        found.draws[chosen].sum(axis=0),
        (int(found.probe_n[chosen].sum()), int(found.probe_m[chosen].sum())),
        int(found.size[chosen].sum()),
        int(found.judged[chosen].sum()),
        (KIND, found.code(chosen)),
        rules,
        reason,
        details,
    )


def _larger(found: Cells, at: int, by: int, inputs: WeekInputs) -> Bools | None:
    """The smallest larger domain in which a cell can be shown; None where there is none.

    All kab/kota together are no cell any more: that is the figure of the sectors.
    """
    area, sector = found.areas[at], found.sectors[by]
    if UNKNOWN in (area, sector):
        return None
    near: Mapping[str, Sequence[str]] = {area: inputs.neighbours.get(area, ())}
    every = {code for code in found.areas if code != UNKNOWN}
    steps = [step for step in cell_steps(area, sector, near, found.sectors)[1:] if set(step[0]) != every]
    chosen = merged(steps, lambda step: _grade(found, found.among(step)))
    return None if chosen is None else found.among(chosen[0])


def _grade(found: Cells, chosen: Bools) -> str:
    if chosen.sum() < 2:
        return NONE
    draws = found.draws[chosen].sum(axis=0)
    low, high = interval(draws)
    return graded(float(value(draws)), low, high, int(found.probe_n[chosen].sum()))[0]
