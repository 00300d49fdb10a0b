"""Small areas: kab/kota, sectors, sizes and their cells, from few judgements of their own (8.1).

Every domain's rate and coverage is its own judgements and probes, with the draw of the province as prior (m0 = 6 and
g0 = 12; estimating them from a week's data covers less). Draws are then benchmarked **draw by draw** to the province;
the value of a domain is the median of its benchmarked draws.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipelines.estimation.arrays import Floats, Ints, counts, shares, sizes
from pipelines.estimation.coverage import present_draws
from pipelines.estimation.detected import AREA_WEIGHT, count_draws, domain_rate_draws, rate_draws

PROBE_WEIGHT = 12.0  # g0: probes that the province's coverage is worth in one domain
LEAST_KAPPA = 0.02  # of a domain; below it the completion of a draw would be all guess
_TINY = 1e-3


@dataclass(frozen=True)
class Domains:
    """What was judged and probed, by domain. Domains share the groups out: every group is in exactly one.

    rest: (strata, domains) unjudged groups; known: (domains,) known positives. n_eff, rate: (strata, domains) of the
    domain's own judgements, from `stratum_rates`. probe_n, probe_m, size: (domains,) probes, probes detected, groups
    registered.
    """

    rest: Ints
    known: Ints
    n_eff: Floats
    rate: Floats
    probe_n: Ints
    probe_m: Ints
    size: Ints


def domains(
    rest: ArrayLike,
    known: ArrayLike,
    n_eff: ArrayLike,
    rate: ArrayLike,
    probe_n: ArrayLike,
    probe_m: ArrayLike,
    size: ArrayLike,
) -> Domains:
    """The checked `Domains`. Raises ValueError where shapes do not fit, or m > n, or anything is negative."""
    made = Domains(
        counts("Unjudged groups", rest),
        counts("Known positives", known),
        sizes("Effective sizes", n_eff),
        shares("Rates", rate),
        counts("Probes", probe_n),
        counts("Probes detected", probe_m),
        counts("Groups registered", size),
    )
    one = {array.shape for array in (made.known, made.probe_n, made.probe_m, made.size)}
    if len({made.rest.shape, made.n_eff.shape, made.rate.shape}) > 1 or one != {made.rest.shape[1:]}:
        raise ValueError(
            "Judgements need one row a stratum and one column a domain; probes and sizes one value a domain."
        )
    if (made.probe_m > made.probe_n).any():
        raise ValueError("More probes are detected than there are.")
    return made


def area_draws(parts: Domains, p: ArrayLike, n_eff: ArrayLike, province: ArrayLike, rng: np.random.Generator) -> Floats:
    """(domains, draws) of Y_r, benchmarked: each column adds up to one draw of the province.

    p, n_eff: (strata,) pooled rates of all judgements. province: (draws,) of Y of the whole, drawn independently; they
    are used in random order. A domain of 0 groups is 0.
    """
    total = np.asarray(province, float)
    pooled = rate_draws(p, n_eff, rng, total.size)
    n, m = int(parts.probe_n.sum()), int(parts.probe_m.sum())
    kappa = np.clip(rng.beta(m + 0.5, n - m + 0.5, total.size), _TINY, 1 - _TINY)
    found = np.stack([_one(parts, r, pooled, kappa, rng) for r in range(len(parts.size))])
    return benchmarked(found, rng.permutation(total), parts.size)


def _one(parts: Domains, r: int, pooled: Floats, kappa: Floats, rng: np.random.Generator) -> Floats:
    """Completion draws of one domain, not yet benchmarked."""
    own = domain_rate_draws(pooled, parts.rate[:, r], parts.n_eff[:, r], rng, AREA_WEIGHT)
    seen = count_draws(parts.rest[:, r], int(parts.known[r]), own, rng)
    n, m = int(parts.probe_n[r]), int(parts.probe_m[r])
    kr = rng.beta(m + PROBE_WEIGHT * kappa, n - m + PROBE_WEIGHT * (1 - kappa))
    return np.asarray(present_draws(seen, n, m, int(parts.size[r]), rng, np.maximum(kr, LEAST_KAPPA)), float)


def benchmarked(draws: Floats, totals: Floats, size: ArrayLike) -> Floats:
    """draws (domains, draws) scaled column by column so that each adds up to totals (draws,).

    Where all domains of a column are 0 and the total is not, it is spread by size.
    """
    sums = draws.sum(axis=0)
    weight = np.asarray(size, float)
    even = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), 1 / max(len(weight), 1))
    return np.where(sums > 0, draws, even[:, None]) * (totals / np.where(sums > 0, sums, 1.0))


# --- two-way cells --------------------------------------------------------------------------------------------------


def cell_draws(cells: Floats, rows: Floats, columns: Floats, size: ArrayLike, steps: int = 60) -> Floats:
    """(areas, sectors, draws) of Y by cell, fitted draw by draw to both margins (iterative proportional fitting).

    cells: (areas, sectors, draws) before benchmarking, from the rates of their kab/kota. rows: (areas, draws) and
    columns: (sectors, draws) from `area_draws` of the same Y; columns are put into the order in which their totals meet
    those of the rows. size: (areas, sectors) groups registered; a cell without groups stays 0, one that drew 0 may be
    anything its margins need. Rows add up exactly; columns to within a thousandth.
    """
    by_total = np.empty_like(columns)
    by_total[:, np.argsort(rows.sum(axis=0), kind="stable")] = columns[
        :, np.argsort(columns.sum(axis=0), kind="stable")
    ]
    there = np.asarray(size, float)[:, :, None] > 0
    # Half a group where a cell drew none: otherwise a margin could have nowhere to go.
    fitted = np.where(there, np.maximum(cells, 0.5), 0.0)
    for _ in range(steps):
        fitted *= _ratio(by_total, fitted.sum(axis=0))[None, :, :]
        fitted *= _ratio(rows, fitted.sum(axis=1))[:, None, :]
        if np.abs(fitted.sum(axis=0) - by_total).max(initial=0.0) < _TINY:
            break
    return fitted


def _ratio(wanted: Floats, have: Floats) -> Floats:
    ratio: Floats = np.divide(wanted, have, out=np.ones_like(wanted), where=have > 0)
    return ratio


def rough_cells(
    rest: ArrayLike, known: ArrayLike, area_rates: Floats, kappa: Floats, rng: np.random.Generator
) -> Floats:
    """(areas, sectors, draws) for `cell_draws`: T of each cell by the rates of its kab/kota, over its coverage.

    rest: (strata, areas, sectors) unjudged groups, known: (areas, sectors). area_rates: (areas, strata, draws) and
    kappa: (areas, draws) of the kab/kota. Sectors differ through the scores, which know them.
    """
    unjudged, sure = counts("Unjudged groups", rest), counts("Known positives", known)
    found = np.empty((*sure.shape, kappa.shape[1]))
    for area in range(sure.shape[0]):
        for sector in range(sure.shape[1]):
            seen = count_draws(unjudged[:, area, sector], int(sure[area, sector]), area_rates[area], rng)
            found[area, sector] = seen / np.maximum(kappa[area], LEAST_KAPPA)
    return found


def area_rates(
    parts: Domains, p: ArrayLike, n_eff: ArrayLike, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Rates (areas, strata, draws) and coverage (areas, draws) of kab/kota for `rough_cells`, with their priors."""
    pooled = rate_draws(p, n_eff, rng, draws)
    n, m = int(parts.probe_n.sum()), int(parts.probe_m.sum())
    kappa = np.clip(rng.beta(m + 0.5, n - m + 0.5, draws), _TINY, 1 - _TINY)
    rates = [domain_rate_draws(pooled, parts.rate[:, r], parts.n_eff[:, r], rng) for r in range(len(parts.size))]
    own = [
        rng.beta(m_r + PROBE_WEIGHT * kappa, n_r - m_r + PROBE_WEIGHT * (1 - kappa))
        for n_r, m_r in zip(parts.probe_n.tolist(), parts.probe_m.tolist(), strict=True)
    ]
    return np.stack(rates), np.stack(own)


def value(draws: Floats) -> Floats:
    """The published value of each domain: the median over the last axis."""
    middle: Floats = np.median(draws, axis=-1)
    return middle
