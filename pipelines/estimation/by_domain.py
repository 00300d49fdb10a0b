"""E1 and E2 by kab/kota, sector and size: few judgements of their own, benchmarked to the province (8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.estimation.areas import Domains, area_draws, domains, value
from pipelines.estimation.arrays import Floats, Ints
from pipelines.estimation.coverage import interval
from pipelines.estimation.figures import Row, computed, graded, missing, rounded, row
from pipelines.estimation.grades import NONE, SECTOR_GROUPS, area_steps, merged, sector_group
from pipelines.estimation.inputs import UNKNOWN, WeekInputs
from pipelines.estimation.probing import ProbeCounts, count_probes
from pipelines.estimation.province import Headline, coverage_row
from pipelines.estimation.rules import Rules
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.strata import STRATA
from pipelines.estimation.universe import Tally, tally

KINDS = ("area", "sector", "size")
FOLLOWED = 1 / 3  # of a silent office's open tasks; with fewer judged its own area has no figure (5.6)


@dataclass(frozen=True)
class ByDomain:
    """All domains of one kind with their draws. codes: in order, UNKNOWN last; place: of each group of the universe."""

    kind: str
    codes: tuple[str, ...]
    place: Ints
    parts: Domains
    counted: Tally
    probes: ProbeCounts
    draws: Floats


def codes_of(inputs: WeekInputs, kind: str) -> tuple[str, ...]:
    """Codes of a kind of domain in the order of tables, then UNKNOWN."""
    return (*{"area": inputs.areas, "sector": inputs.sectors, "size": inputs.sizes}[kind], UNKNOWN)


def places(values: pd.Series, codes: Sequence[str]) -> Ints:
    """Position of each value among the codes; what is not among them is UNKNOWN, the last."""
    known = {code: at for at, code in enumerate(codes)}
    return np.asarray(values.map(known).fillna(len(codes) - 1), dtype=np.int64)


def by_domain(inputs: WeekInputs, top: Headline, kind: str) -> ByDomain:
    """The domains of a kind, their draws benchmarked to those of the province."""
    codes = codes_of(inputs, kind)
    place = places(top.found.groups[kind], codes)
    counted = tally(top.found, place, len(codes))
    probes = count_probes(top.probe_groups, places(top.probe_groups[kind], codes), len(codes))
    sizes = np.bincount(
        places(inputs.registry[kind], codes), inputs.registry["groups"].to_numpy(float), minlength=len(codes)
    )
    rest, known = thinned(counted, top.found.survival)
    parts = domains(rest, known, counted.n_eff, counted.rate, probes.n, probes.m, sizes)
    rng = rng_for(*inputs.seed, "E1", kind)
    draws = area_draws(parts, top.found.p, top.found.n_eff, top.presence.level.draws, rng)
    return ByDomain(kind, codes, place, parts, counted, probes, draws)


def thinned(counted: Tally, survival: Sequence[float]) -> tuple[Ints, Ints]:
    """Unjudged groups and known positives with the expected part of the carried ones, in whole groups."""
    rest, known = counted.rest.astype(float), counted.positives.astype(float)
    for part, stays in enumerate(survival):
        rest, known = rest + stays * counted.carried[part], known + stays * counted.carried_positives[part]
    return np.rint(rest).astype(np.int64), np.rint(known).astype(np.int64)


def domain_rows(inputs: WeekInputs, top: Headline, rules: Rules, kinds: Mapping[str, ByDomain]) -> list[Row]:
    """E1 and E2 of every domain, and E9 of every kab/kota. kinds: by kind, from `by_domain`."""
    reason = rules.blocked or top.presence.level.reason
    rows: list[Row] = []
    for found in kinds.values():
        rows += _rows(found, inputs, rules, reason)
    areas = kinds["area"]
    for at, code in enumerate(areas.codes):
        one = ProbeCounts(areas.probes.n[[at]], areas.probes.m[[at]], areas.probes.waiting[[at]])
        rows.append(coverage_row(one, rules, inputs, "area", code))
    return rows


def _rows(found: ByDomain, inputs: WeekInputs, rules: Rules, reason: str | None) -> list[Row]:
    rows: list[Row] = []
    larger: dict[str, list[int]] = {}
    for at, code in enumerate(found.codes):
        if code == UNKNOWN and not found.parts.size[at]:
            continue
        why = reason or silent(inputs, found.kind, code)
        made = _figures(found, [at], code, rules, why)
        if made[0]["status"] == "not_available" and not why:
            name, members = _larger(found, at, inputs)
            if members:
                larger[name] = members
                for figure in made:
                    figure["details"]["merged_into"] = name
        rows += made
    for name, members in larger.items():
        rows += _figures(found, members, name, rules, None)
    return rows


def silent(inputs: WeekInputs, kind: str, code: str) -> str | None:
    """`office_silent` for a kab/kota whose office answered nothing, where too few of its tasks were followed up."""
    if kind != "area":
        return None
    own = inputs.offices[inputs.offices["office"] == code]
    silent = (own["asked"] > 0) & (own["answered"] == 0) & (own["follow_up"] < FOLLOWED)
    return "office_silent" if silent.any() else None


def _figures(found: ByDomain, members: list[int], code: str, rules: Rules, reason: str | None) -> list[Row]:
    """E1 and E2 of some domains together."""
    return figures_of(
        found.draws[members].sum(axis=0),
        (int(found.parts.probe_n[members].sum()), int(found.parts.probe_m[members].sum())),
        int(found.parts.size[members].sum()),
        int(found.counted.judged[members].sum()),
        (found.kind, code),
        rules,
        reason,
        details={
            "strata": _strata(found, members),
            "coverage": [
                {
                    "part": found.codes[at],
                    "registered": int(found.parts.size[at]),
                    "probes": int(found.parts.probe_n[at]),
                    "probes_detected": int(found.parts.probe_m[at]),
                    "probes_waiting": int(found.probes.waiting[at]),
                }
                for at in members
            ],
            "benchmarked_to": "E1 province",
            "covered": list(rules.covered),
            "carried": list(rules.carried),
            **({"members": [found.codes[at] for at in members]} if len(members) > 1 else {}),
        },
    )


def figures_of(
    draws: Floats,
    probes: tuple[int, int],
    size: int,
    judged: int,
    domain: tuple[str, str],
    rules: Rules,
    reason: str | None,
    details: Row,
) -> list[Row]:
    """E1 and E2 of a domain from its benchmarked draws; the value is their median (8.1)."""
    n, m = probes
    middle, (low, high) = float(value(draws)), interval(draws)
    mark, why = graded(middle, low, high, n)
    why = "no_businesses" if not size else reason if reason not in (None, "no_probe") else why or reason
    rows = []
    for name, by in (("E1", 1.0), ("E2", float(max(size, 1)))):
        about: Row = {"n_judged": judged, "n_probes": n, "kappa": m / n if n else None}
        made = {**details, "registered": size, "computed": computed(middle, low, high, by)}
        if why:
            rows.append(missing(name, domain[0], domain[1], why, grade=NONE, details=made, **about))
            continue
        shown: Row = {"value": middle / by, "low": low / by, "high": high / by, "grade": mark}
        rows.append(row(name, domain[0], domain[1], status=rules.status, details=made, **shown, **about))
    return rows


def _strata(found: ByDomain, members: list[int]) -> list[Row]:
    return [
        {
            "stratum": h,
            "open": int(found.parts.rest[h, members].sum()),
            "n_eff": rounded(float(found.parts.n_eff[h, members].sum())),
            "rate": rounded(
                float(np.average(found.parts.rate[h, members], weights=found.parts.n_eff[h, members] + 1e-9))
            ),
        }
        for h in range(STRATA)
    ]


# --- merging upward -------------------------------------------------------------------------------------------------


def _larger(found: ByDomain, at: int, inputs: WeekInputs) -> tuple[str, list[int]]:
    """The smallest larger domain in which this one can be shown: its name and members; none where there is none."""
    code = found.codes[at]
    if code == UNKNOWN or found.kind == "size" or not found.parts.size[at]:
        return "", []
    if found.kind == "sector":
        group = sector_group(code)
        steps = [tuple(name for name in SECTOR_GROUPS[group] if name in found.codes)]
    else:
        steps = area_steps(code, inputs.neighbours)[1:-1]  # all kab/kota together are the province
    chosen = merged(steps, lambda step: _grade(found, _members(found, step)))
    if chosen is None:
        return "", []
    members = _members(found, chosen[0])
    return "+".join(found.codes[one] for one in members), members


def _members(found: ByDomain, codes: Sequence[str]) -> list[int]:
    there = [found.codes.index(code) for code in codes if code in found.codes]
    return sorted(at for at in there if found.parts.size[at])


def _grade(found: ByDomain, members: list[int]) -> str:
    if len(members) < 2:
        return NONE
    draws = found.draws[members].sum(axis=0)
    low, high = interval(draws)
    return graded(float(value(draws)), low, high, int(found.parts.probe_n[members].sum()))[0]
