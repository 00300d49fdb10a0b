"""What a shop sells: the words of its titles, and what its categories mean in KBLI and sectors of the registry."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.sectors import kbli_for_category, sector_of_category
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.words import Floats, Ints, Ragged, expand, once, pieces, tokenise

LISTINGS_PER_SHOP = 20  # of a large shop the first ones by id stand for all
TITLE_WORDS = 15
CATEGORY_SHARE = 0.2  # a category with fewer of the shop's listings says little about the shop


@dataclass(frozen=True)
class Goods:
    """profile: by shop its row in the tables below, -1 where nothing is known of its categories."""

    words: Ragged  # shop -> words of titles that the registry has
    profile: Ints
    kbli_fits: NDArray[np.bool_]  # profile x index.kbli.values
    kbli_share: Floats  # by profile: share of businesses whose KBLI fits
    sector_fits: NDArray[np.bool_]  # profile x index.sector.values
    sector_share: Floats


Profile = tuple[frozenset[str], frozenset[str]]  # KBLI codes, sectors


def _meaning(category: str) -> Profile:
    hint = kbli_for_category(category)
    sector = sector_of_category(category)
    codes = frozenset((*hint.producers, *hint.traders)) if hint else frozenset()
    sectors = frozenset(name for name in (sector, hint.sector if hint else None) if name)
    return codes, sectors


def _profile(categories: Sequence[str], meanings: dict[str, Profile]) -> Profile:
    counted = Counter(categories)
    main = [name for name, count in counted.items() if count >= CATEGORY_SHARE * len(categories)]
    for name in main:
        if name not in meanings:
            meanings[name] = _meaning(name)
    codes = frozenset().union(*(meanings[name][0] for name in main))
    return codes, frozenset().union(*(meanings[name][1] for name in main))


def _fits(code: str, wanted: frozenset[str]) -> bool:
    """A KBLI code fits its own group and the class above it, at three digits or more."""
    return any(code.startswith(other) or (len(code) >= 3 and other.startswith(code)) for other in wanted)


def _tables(profiles: Sequence[Profile], index: RegistryIndex) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    kbli = np.array([[_fits(code, codes) for code in index.kbli.values] for codes, _ in profiles], dtype=bool)
    sector = np.array([[name in sectors for name in index.sector.values] for _, sectors in profiles], dtype=bool)
    return kbli.reshape(len(profiles), len(index.kbli.values)), sector.reshape(len(profiles), len(index.sector.values))


def _title_words(titles: list[str], index: RegistryIndex) -> tuple[Ints, Ragged]:
    """Row and words of titles; only words that the registry has."""
    tokens = tokenise(titles, TITLE_WORDS)
    number, ignored = index.vocabulary.number, index.vocabulary.ignored
    parts = [[number[w] for w in pieces(token) if w in number and w not in ignored] for token in tokens.distinct]
    words = expand(tokens, parts)
    return words.row, words


def _first_ones(listing_shop: Ints) -> NDArray[np.bool_]:
    """True for the first listings of each shop; rows of a shop stand together."""
    _, first, sizes = np.unique(listing_shop, return_index=True, return_counts=True)
    place = np.arange(len(listing_shop)) - np.repeat(first, sizes)
    return np.asarray(place < LISTINGS_PER_SHOP)


def read_goods(listings: pd.DataFrame, listing_shop: Ints, shops: int, index: RegistryIndex) -> Goods:
    """Goods of every shop. listings: title, category, ordered by shop; listing_shop: the shop of each row."""
    kept = _first_ones(listing_shop)
    listings, listing_shop = listings[kept], listing_shop[kept]
    titles = [value if isinstance(value, str) else "" for value in listings["title"].tolist()]
    rows, words = _title_words(titles, index)
    by_shop: dict[int, list[str]] = {}
    for shop, category in zip(listing_shop.tolist(), listings["category"].tolist(), strict=True):
        if isinstance(category, str) and category:
            by_shop.setdefault(shop, []).append(category)
    meanings: dict[str, Profile] = {}
    profile_of = {shop: _profile(found, meanings) for shop, found in by_shop.items()}
    distinct = sorted({p for p in profile_of.values() if any(p)}, key=lambda p: (sorted(p[0]), sorted(p[1])))
    number = {profile: place for place, profile in enumerate(distinct)}
    profile = np.full(shops, -1, dtype=np.int64)
    for shop, found in profile_of.items():
        profile[shop] = number.get(found, -1)
    kbli_fits, sector_fits = _tables(distinct, index)
    return Goods(
        words=once(Ragged(listing_shop[rows], words.value)),
        profile=profile,
        kbli_fits=kbli_fits,
        kbli_share=kbli_fits @ index.kbli.share if distinct else np.zeros(0),
        sector_fits=sector_fits,
        sector_share=sector_fits @ index.sector.share if distinct else np.zeros(0),
    )
