"""How precise a figure is, and where one that is too imprecise is shown instead (8.3)."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

A, B, C, NONE = "A", "B", "C", "-"
LIMITS = ((0.15, A), (0.30, B), (0.50, C))  # relative half-width of the 95 % interval
MIN_EXPECTED = 20  # groups present
MIN_PROBES = 10
Step = TypeVar("Step")

# Merge order, first step: sectors of one group together.
SECTOR_GROUPS: Mapping[str, tuple[str, ...]] = {
    "perdagangan": ("kelontong_sembako", "perdagangan_lain"),
    "pangan": ("makanan_minuman", "bahan_pangan_segar", "pertanian_perikanan"),
    "kriya_fesyen": ("fesyen_tekstil", "kriya", "rumah_tangga_furnitur"),
    "jasa_dan_konstruksi": ("jasa", "kecantikan_kesehatan", "konstruksi"),
    "lainnya": ("industri_lain", "lain", "?"),
}


def grade(value: float, low: float, high: float, probes: int, expected: float | None = None) -> str:
    """A, B, C or "-" (not published, merged upward).

    value, low, high: the figure and its 95 % interval, in groups or as a share. expected: groups expected present,
    where value is not that itself. probes: those in the domain. A half-width of exactly 15 % of the value is still A.
    """
    count = value if expected is None else expected
    if not np.isfinite([value, low, high]).all() or value <= 0 or count < MIN_EXPECTED or probes < MIN_PROBES:
        return NONE
    width = (high - low) / 2 / value
    return next((name for limit, name in LIMITS if width <= limit + 1e-12), NONE)


def sector_group(sector: str) -> str:
    """Group of a sector; sectors that no group names are others."""
    return next((name for name, members in SECTOR_GROUPS.items() if sector in members), "lainnya")


def cell_steps(
    area: str, sector: str, neighbours: Mapping[str, Sequence[str]], sectors: Sequence[str]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Ever larger domains (areas, sectors) in which a cell can be shown, the cell itself first.

    Sector groups first, then with the neighbouring kab/kota, nearest first.
    neighbours: kab/kota -> the others, nearest first. sectors: all there are.
    """
    together = tuple(other for other in sectors if sector_group(other) == sector_group(sector))
    steps: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((area,), (sector,)), ((area,), together)]
    near = list(neighbours.get(area, ()))
    steps += [((area, *near[: count + 1]), together) for count in range(len(near))]
    return list(dict.fromkeys(steps))


def area_steps(area: str, neighbours: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Ever larger sets of kab/kota in which one can be shown, itself first."""
    near = list(neighbours.get(area, ()))
    return [(area, *near[:count]) for count in range(len(near) + 1)]


def merged(steps: Sequence[Step], graded: Callable[[Step], str]) -> tuple[Step, str] | None:
    """The first step with a grade, and the grade; None where not even the largest has one. graded: step -> grade."""
    for step in steps:
        found = graded(step)
        if found != NONE:
            return step, found
    return None
