"""What a shop sells: the words of its titles and brands, and what its categories mean in KBLI and sectors."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.sectors import kbli_for_category, sector_of_category
from pipelines.linkage.labels import mixed
from pipelines.linkage.lexicon import Lexicon
from pipelines.linkage.places import coded
from pipelines.linkage.words import Floats, Ints, Ragged, all_pieces, expand, once, tokenise

LISTINGS_PER_SHOP = 20  # of a large shop so many stand for all
TITLE_WORDS = 15
CATEGORY_SHARE = 0.2  # a category with fewer of the shop's listings says little about the shop


@dataclass(frozen=True)
class Goods:
    """profile: by shop its row in the tables below, -1 where nothing is known of its categories."""

    words: Ragged  # shop -> words of titles and brands that the registry has
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


def _fits(code: Any, wanted: Any) -> Any:
    """A KBLI code fits its own group and the class above it, at three digits or more. Both: arrays of texts."""
    above = (np.strings.str_len(code) >= 3) & np.strings.startswith(wanted, code)
    return np.strings.startswith(code, wanted) | above


def _table(
    wanted: Sequence[frozenset[str]], values: Sequence[str], fits: Callable[[Any, Any], Any]
) -> NDArray[np.bool_]:
    """profile x values: whether the value fits one of those wanted. Each two are compared once."""
    names = sorted(frozenset().union(*wanted))
    each = fits(np.array(values, dtype=str)[None, :], np.array(names, dtype=str)[:, None])
    has = np.array([name in found for found in wanted for name in names], dtype=bool)
    return np.asarray(has.reshape(len(wanted), len(names)) @ each)


def _title_words(texts: Any, index: Lexicon) -> Ragged:
    """Row and words of texts; only words that the registry has."""
    tokens = tokenise(texts, TITLE_WORDS)
    number, ignored = index.vocabulary.number, index.vocabulary.ignored
    forms = all_pieces(tokens.distinct)
    return expand(tokens, [[number[w] for w in found if w in number and w not in ignored] for found in forms]).ragged()


def _first_ones(listing_shop: Ints) -> NDArray[np.bool_]:
    """True for the first listings of each shop; rows of a shop stand together."""
    _, first, sizes = np.unique(listing_shop, return_index=True, return_counts=True)
    place = np.arange(len(listing_shop)) - np.repeat(first, sizes)
    return np.asarray(place < LISTINGS_PER_SHOP)


def _main_categories(categories: Ints, listing_shop: Ints, kinds: int) -> Ragged:
    """shop -> categories that are a fair share of its listings with a category; -1 stands for none."""
    known = categories >= 0
    keys, counts = np.unique(listing_shop[known] * kinds + categories[known], return_counts=True)
    shop = keys // max(kinds, 1)
    total = np.bincount(listing_shop[known])[shop] if len(shop) else shop
    main = counts >= CATEGORY_SHARE * total
    return Ragged(shop[main], keys[main] % max(kinds, 1))


def _profiles(main: Ragged, names: Sequence[str], shops: int) -> tuple[Ints, list[Profile]]:
    """By shop the place of its profile, -1 for none; and the profiles, each once."""
    meanings = [_meaning(name) for name in names]
    profile = np.full(shops, -1, dtype=np.int64)
    if not len(main.row):
        return profile, []
    first = np.flatnonzero(np.concatenate([[True], main.row[1:] != main.row[:-1]]))
    with np.errstate(over="ignore"):
        sets = np.add.reduceat(mixed(main.value), first)
    _, example, kind = np.unique(sets, return_index=True, return_inverse=True)
    ends = np.append(first, len(main.row))
    made: list[Profile] = []
    for place in example.tolist():
        held = [meanings[value] for value in main.value[ends[place] : ends[place + 1]].tolist()]
        made.append((frozenset().union(*(m[0] for m in held)), frozenset().union(*(m[1] for m in held))))
    distinct = sorted({p for p in made if any(p)}, key=lambda p: (sorted(p[0]), sorted(p[1])))
    number = {found: place for place, found in enumerate(distinct)}
    profile[main.row[first]] = np.array([number.get(found, -1) for found in made], dtype=np.int64)[kind]
    return profile, distinct


def read_goods(listings: pd.DataFrame, listing_shop: Ints, shops: int, index: Lexicon) -> Goods:
    """Goods of every shop. listings: title, category, brand; listing_shop: the shop of each row, ascending."""
    kept = _first_ones(listing_shop)
    rows, shop = np.flatnonzero(kept), listing_shop[kept]
    texts = [_title_words(listings[name].take(rows), index) for name in ("title", "brand") if name in listings]
    category = coded(listings["category"].take(rows))
    main = _main_categories(category.code, shop, len(category.values))
    profile, distinct = _profiles(main, category.values, shops)
    kbli_fits = _table([codes for codes, _ in distinct], index.kbli.values, _fits)
    sector_fits = _table([sectors for _, sectors in distinct], index.sector.values, operator.eq)
    words = [np.concatenate(part) for part in zip(*[(shop[found.row], found.value) for found in texts], strict=True)]
    return Goods(
        words=once(Ragged(*words)),
        profile=profile,
        kbli_fits=kbli_fits,
        kbli_share=np.where(kbli_fits, index.kbli.share, 0.0).sum(axis=1),
        sector_fits=sector_fits,
        sector_share=np.where(sector_fits, index.sector.share, 0.0).sum(axis=1),
    )
