"""Rates by which a training world names, hides and lies: the usual ones, or others drawn for one world.

Weights that are learnt in one world only learn that world's habits as well. Worlds of other customs differ in what
nobody knows about real shops (how many show their owner, how often a head word is dropped, who sells where), within
what a fair world holds: the facts asked of it (nine shops in ten of nobody, 18 % named after the owner, 0.5 %
imitators, 15 % selling something else) move little.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np


def bounds(*shares: float) -> tuple[float, ...]:
    """Where each share ends, the last one left out: it has what remains."""
    return tuple(round(float(bound), 6) for bound in accumulate(shares))


@dataclass(frozen=True)
class Customs:
    """Shares and probabilities at the usual difficulty; tuples that name no unit are relative frequencies.

    words: seed of the order of names and brands by frequency, 0 as listed. exponents: Zipf's of people and brands.
    sites, areas, trades: by place in their tables, how much likelier registered sellers are there; () as listed.
    """

    # Business name: owner, head and nickname, head and brand, brand and trade, firm, head alone; else head and place.
    named: tuple[float, ...] = bounds(0.18, 0.22, 0.32, 0.12, 0.07, 0.04)
    # Brand: one word, two, a place, coined; else coined and a word.
    brands: tuple[float, ...] = bounds(0.62, 0.18, 0.07, 0.08)
    trade_name: float = 0.3
    # Shop name: business, trade name, owner, nickname, another one, product.
    shown: tuple[float, ...] = (0.46, 0.20, 0.07, 0.07, 0.11, 0.10)
    head_dropped: float = 0.4
    suffix: float = 0.42
    respelt: float = 0.25
    abbreviated: float = 0.06
    typo: float = 0.09
    leet: float = 0.03
    looks: tuple[float, ...] = bounds(0.10, 0.03, 0.09, 0.10)  # glued, underscores, lower, upper
    user_owner: float = 0.22
    user_full: float = 0.55  # of these, with the whole name
    user_other: float = 0.18
    user_glued: float = 0.38  # of all; the rest with hyphens
    same_again: float = 0.5
    brand_shown: float = 0.35
    drift: float = 0.15
    place: tuple[float, ...] = bounds(0.02, 0.04)  # none, another one
    no_district: float = 0.1
    other_district: float = 0.03
    numbers: float = 1.0  # how much oftener shops print phone and P-IRT
    outside: float = 0.34
    imitation: float = 0.005
    several: bool = False  # strangers too have shops on several marketplaces, as many as registered sellers have
    words: int = 0
    exponents: tuple[float, float] = (0.9, 1.0)
    sites: tuple[float, ...] = ()
    areas: tuple[float, ...] = ()
    trades: tuple[float, ...] = ()


USUAL = Customs()
# Factors of a rate: standard deviation of their logarithm; small where a fact stands behind it.
LOOSE, FIRM = 0.45, 0.1


class _Drawer:
    def __init__(self, seed: int) -> None:
        self._rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *b"customs"])))

    def factors(self, count: int, spread: float = LOOSE) -> Iterator[float]:
        yield from np.exp(self._rng.normal(0.0, spread, count)).tolist()

    def rate(self, usual: float, spread: float = LOOSE, most: float = 0.85) -> float:
        return round(min(usual * next(self.factors(1, spread)), most), 4)

    def shares(self, usual: Sequence[float], spread: float = LOOSE, firm: int = 0) -> tuple[float, ...]:
        """Bounds of other shares; the first `firm` ones stay. The last share is what the others leave."""
        sizes = np.diff([0.0, *usual, 1.0])
        moved = sizes[firm:] * np.array(list(self.factors(len(sizes) - firm, spread)))
        moved *= sizes[firm:].sum() / moved.sum()
        return bounds(*[*sizes[:firm], *moved][:-1])

    def looks(self, usual: Sequence[float]) -> tuple[float, ...]:
        sizes = np.diff([0.0, *usual])
        return bounds(*(sizes * np.array(list(self.factors(len(sizes))))))


def drawn(seed: int, sites: int, areas: int, trades: int) -> Customs:
    """Customs of one world of its own. sites, areas, trades: how many there are."""
    draw = _Drawer(seed)
    rates = ("trade_name", "head_dropped", "suffix", "respelt", "abbreviated", "typo", "leet", "user_owner")
    more = ("user_full", "user_other", "user_glued", "same_again", "brand_shown", "no_district", "other_district")
    moved: dict[str, Any] = {name: draw.rate(getattr(USUAL, name)) for name in (*rates, *more)}
    return replace(
        replace(USUAL, **moved),
        named=draw.shares(USUAL.named, firm=1),
        brands=draw.shares(USUAL.brands),
        shown=tuple(round(share * factor, 4) for share, factor in zip(USUAL.shown, draw.factors(6), strict=True)),
        looks=draw.looks(USUAL.looks),
        place=draw.looks(USUAL.place),
        drift=draw.rate(USUAL.drift, FIRM),
        outside=draw.rate(USUAL.outside),
        numbers=draw.rate(USUAL.numbers, most=2.0),
        imitation=draw.rate(USUAL.imitation, FIRM),
        words=seed,
        exponents=(draw.rate(USUAL.exponents[0], FIRM, 1.2), draw.rate(USUAL.exponents[1], FIRM, 1.3)),
        sites=tuple(draw.factors(sites)),
        areas=tuple(draw.factors(areas)),
        trades=tuple(draw.factors(trades)),
    )
