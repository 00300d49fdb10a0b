"""Checks of the edges: nothing to count (S14), the same again (S16), an office that stays silent (S20)."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from estimation_parts import worlds
from estimation_parts.checks import Reached, Run, above, below, check, covered, points
from estimation_parts.checks import share_text as named
from pipelines.estimation.agreement import follow_up
from pipelines.estimation.coverage import Level, present_draws, present_level
from pipelines.estimation.detected import detected_draws, detected_point, stratum_rates
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.strata import GUESS, STRATA, allocate

Generator = np.random.Generator
NONE = [0] * STRATA


# --- S14: nothing to count ---------------------------------------------------------------------------------------


def edge_level(
    rest: list[int], known: int, judged: list[tuple[int, int]], probe: tuple[int, int], size: int
) -> tuple[Level, int]:
    """The level from a handful of counts, and what is known positive. judged: (stratum, answer) pairs."""
    stratum, d = (np.array([pair[place] for pair in judged]) for place in (0, 1))
    p, n_eff = stratum_rates(stratum, d, np.ones(len(judged)))
    rng = rng_for("S14", str((rest, known, judged, probe, size)))
    draws = detected_draws(rest, known, p, n_eff, rng)
    return present_level(detected_point(rest, known, p), draws, *probe, size, rng), known


NO_ANSWERS: list[tuple[int, int]] = []
ALL_NO = [(h, 0) for h in range(STRATA) for _ in range(8)]
FEW = [0, 0, 20, 10, 5, 3, 2]
EDGES: dict[str, tuple[tuple[list[int], int, list[tuple[int, int]], tuple[int, int], int], str | None]] = {
    "zero detected": ((FEW, 0, ALL_NO, (60, 0), 1000), "too_few_detected"),
    "zero detected, no probe": ((FEW, 0, ALL_NO, (0, 0), 1000), "no_probe"),
    "m = 0": ((FEW, 5, ALL_NO, (40, 0), 1000), "too_few_detected"),
    "m = 9": ((FEW, 9, ALL_NO, (40, 9), 1000), "too_few_detected"),
    "m = 10": ((FEW, 12, ALL_NO, (40, 10), 1000), None),
    "T under m": ((NONE, 3, ALL_NO, (40, 30), 1000), None),
    "every probe detected": ((FEW, 40, ALL_NO, (40, 40), 1000), None),
    "empty universe": ((NONE, 0, NO_ANSWERS, (60, 0), 1000), "too_few_detected"),
    "empty universe and registry": ((NONE, 0, NO_ANSWERS, (0, 0), 0), "no_probe"),
    "no probe": ((FEW, 12, ALL_NO, (0, 0), 1000), "no_probe"),
    "nobody judged": (([20000, *FEW[1:]], 12, NO_ANSWERS, (40, 20), 800_000), "inconsistent"),
    "registry hardly larger than what is known": ((FEW, 30, ALL_NO, (40, 20), 62), None),
}


@check("S14", "nothing to count: no crash, not available, and draws between what is known and the registry")
def edges(run: Run) -> Iterable[Reached]:
    for label, (given, reason) in EDGES.items():
        found, known = edge_level(*given)
        bounded = bool((found.draws >= min(known, given[4])).all() and (found.draws <= given[4]).all())
        stated = (found.value is None) == (reason is not None)
        shown = found.reason or f"{found.value:.0f} ({found.low:.0f} to {found.high:.0f})"
        shown += f"; draws {found.draws.min()} to {found.draws.max()}"
        yield Reached(label, reason or "a level", shown, found.reason == reason and bounded and stated)


# --- S16: the same again -----------------------------------------------------------------------------------------


def bytes_of_a_week() -> bytes:
    """All draws of one made-up week, as bytes."""
    rng = rng_for("S16", "E1", "province", "2026-W47")
    p, n_eff = stratum_rates([0, 0, 1, 2, 3, 4, 5, 6], [0, 1, 0, 1, 0, 1, 1, 1], [3, 3, 2, 1.5, 1, 1, 1, 1])
    draws = detected_draws([900, 80, 30, 20, 10, 5, 5], 12, p, n_eff, rng, carried=[9, 8, 7, 6, 5, 4, 3], survival=0.94)
    return draws.tobytes() + present_draws(draws, 60, 40, 800_000, rng).tobytes()


AGAIN = (
    "from estimation_parts.edges import bytes_of_a_week as b; import hashlib; print(hashlib.sha256(b()).hexdigest())"
)


@check("S16", "the functions: the same inputs and seed give the same bytes, in another process too")
def repeated(run: Run) -> Iterable[Reached]:
    root = Path(__file__).resolve().parents[2]
    paths = f"import sys; sys.path[:0] = [{str(root)!r}, {str(root / 'benchmarks')!r}]; "
    seen = {
        subprocess.run(
            [sys.executable, "-c", paths + AGAIN],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    here = bytes_of_a_week() == bytes_of_a_week()
    yield Reached("three runs", "1 result", f"{len(seen)} result", len(seen) == 1 and here)


# --- S20: an office that stays silent -------------------------------------------------------------------------------

SILENT = 2  # place in AREA_SHARES: 28% of the businesses
DIFFERENT = {"spread": 0.5, "moved": 0.4, "seen": 0.35}  # areas of the method's 8.2


def silent_world(rng: Generator, share: float, budget: int, probes: int) -> Iterator[float]:
    """Y, then low and high with the third followed up, and with the office left out."""
    parts = worlds.areas(rng, share, **DIFFERENT)
    groups, true = (np.stack([getattr(part, name) for part in parts], axis=1) for name in ("groups", "true"))
    n = allocate(groups.ravel(), budget, floor=4, guess=np.repeat(GUESS, groups.shape[1])).reshape(groups.shape)
    positive = rng.hypergeometric(true, groups - true, n)
    cell = np.arange(groups.size)
    place = np.concatenate([np.repeat(cell, positive.ravel()), np.repeat(cell, (n - positive).ravel())])
    d = np.repeat([1.0, 0.0], [positive.sum(), (n - positive).sum()])
    stratum, weight = place // groups.shape[1], (groups / np.maximum(n, 1)).ravel()[place]
    answered = place % groups.shape[1] != SILENT
    followed, weighed = answered.copy(), weight.copy()
    chosen, probability = follow_up(stratum[~answered], rng)
    followed[~answered], weighed[~answered] = chosen, weight[~answered] / probability
    present, size = sum(part.present for part in parts), sum(part.size for part in parts)
    m_of = int(true.sum())
    probes = min(probes, present)
    m = int(rng.hypergeometric(m_of, present - m_of, probes))
    yield present
    for there, each in ((followed, weighed), (answered, weight)):
        said = np.bincount(stratum[there], minlength=STRATA)
        p, n_eff = stratum_rates(stratum[there], d[there], each[there])
        draws = detected_draws(groups.sum(axis=1) - said, int(d[there].sum()), p, n_eff, rng)
        yield from points(present_draws(draws, probes, m, size, rng))


@check("S20", "the office with 28% of the businesses is silent: a third followed up, or left out")
def silent(run: Run) -> Iterable[Reached]:
    for share in (0.00125, 0.005, 0.02):
        found = run.simulate(partial(silent_world, share=share, budget=800, probes=400), "S20", named(share))
        followed = covered(found[:, 1], found[:, 2], found[:, 0])
        yield above(f"{named(share)}, followed up", followed, 92 - run.slack, said="94-99")
        left = covered(found[:, 3], found[:, 4], found[:, 0])
        yield below(f"{named(share)}, left out", left, 88 + run.slack, said="77-83", must_fail=True)
