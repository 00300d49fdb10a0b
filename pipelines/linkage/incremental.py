"""A week scores new and changed shops only; all others keep the pairs of the week before.

A shop's own pairs depend on the index, the model and that shop with its listings, never on other shops. So they may be
kept as long as the basis (registry index, model, code) is the same and so is the shop; the keys that tell its seller
likewise. What shops of one seller show together is worked out anew over all of them. A new snapshot is a new basis: how
rare a word is has changed with it. Incremental and full runs give the same rows; the tests hold that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.linkage.siblings import NAMED, NOBODY, Siblings, in_order, seller_keys, siblings_of
from pipelines.linkage.threads import in_threads
from pipelines.linkage.words import Ints, hashed

SHOP = ["marketplace", "shop_id"]
SHOP_INPUTS = ("name", "username", "city", "area_codes", "district_code", "identifiers", "url", "province")
LISTING_INPUTS = ("listing_id", "title", "category", "brand", "identifiers")
SELLER = tuple(f"{name}_key" for name in NAMED)  # columns: what tells the seller
Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
_EMPTY = hashed([""]).view(np.uint64)[0]
Alone = Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, dict[str, int]]]


@dataclass(frozen=True)
class Scored:
    """What one week's shops gave, each by itself.

    basis: what the pairs depend on besides the shops. inputs: marketplace, shop_id, key and digest (uint64) of every
    shop, ordered by the first two, and its `SELLER`. pairs: as `score.alone` gives them; `shop` is the shop's place in
    `inputs`. skipped: pairs that blocking left out, of the shops scored in this run. scored: how many that were.
    siblings: of the whole week, in the same places.
    """

    basis: str
    inputs: pd.DataFrame
    pairs: pd.DataFrame
    skipped: dict[str, int]
    scored: int
    siblings: Siblings = NOBODY


def input_digests(shops: pd.DataFrame, listings: pd.DataFrame, threads: int = 1) -> tuple[pd.DataFrame, Places]:
    """marketplace, shop_id, key, and a digest of all that the shop's pairs depend on; and by listing the place of its
    shop, -1: none of these.

    shops: as `in_order` gives them. The order of listings does not matter.
    """
    sides = ((shops, SHOP_INPUTS), (listings, LISTING_INPUTS))
    of_shops, of_listings = in_threads(lambda side: _row_hashes(*side), sides, threads)
    keys = shop_keys(shops)
    at = _places(keys, shop_keys(listings))
    goods = _mixed(of_listings)[at >= 0]
    sums = np.zeros(len(shops), dtype=np.uint64)
    np.add.at(sums, at[at >= 0], goods)  # modulo 2^64: the same for every order
    digest = _mixed(of_shops + np.uint64(1)) + sums
    return shops[SHOP].assign(key=keys, digest=digest), at


def shop_keys(frame: pd.DataFrame) -> Hashes:
    """A number per row that stands for marketplace and shop id."""
    place, slugs = pd.factorize(frame["marketplace"])
    of_slug = hashed(np.asarray(slugs, dtype=object)).view(np.uint64)
    return _mixed(of_slug[place]) + hashed(frame["shop_id"]).view(np.uint64)


def _places(keys: Hashes, wanted: Hashes) -> Places:
    """Where each wanted key stands in `keys` (all different); -1 where it does not."""
    return np.asarray(pd.Index(keys).get_indexer(pd.Index(wanted)))


def _row_hashes(frame: pd.DataFrame, columns: tuple[str, ...]) -> Hashes:
    """A number per row that stands for these columns; a missing column counts as empty, as for whoever reads it."""
    total = np.zeros(len(frame), dtype=np.uint64)
    for name in columns:
        total = _mixed(total) + (_cell_hashes(frame[name]) if name in frame else _EMPTY)
    return total


def _cell_hashes(cells: pd.Series) -> Hashes:
    """Of texts themselves, of anything else what Python shows of it; missing values and empty lists are empty texts."""
    if cells.dtype == "str" or pd.api.types.infer_dtype(cells) in ("string", "empty"):
        return hashed(cells).view(np.uint64)
    found = np.full(len(cells), _EMPTY)
    rows = np.flatnonzero(cells.notna())
    shown = ["" if isinstance(value, list) and not value else repr(value) for value in cells.take(rows).tolist()]
    found[rows] = hashed(shown).view(np.uint64)
    return found


def _mixed(numbers: Hashes) -> Hashes:
    """Spreads every bit over all others (the finisher of SplitMix64, Steele and others 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(numbers ^ (numbers >> np.uint64(31)))


def score_week(
    shops: pd.DataFrame,
    listings: pd.DataFrame,
    alone: Alone,
    basis: str,
    before: Scored | None = None,
    threads: int = 1,
) -> Scored:
    """The own pairs of every shop; of those that were the same in `before`, taken from there.

    alone: `score.alone` with index and model filled in. basis: names both.
    """
    known = before if before is not None and before.basis == basis else None
    ordered = in_order(shops)
    inputs, at = input_digests(ordered, listings, threads)
    was = _kept(inputs, known)
    inputs = inputs.assign(**_sellers(ordered, known, was, threads))
    siblings = siblings_of(ordered, inputs[list(SELLER)].to_numpy())
    if known is not None and (was >= 0).all() and len(inputs) == len(known.inputs):
        return Scored(basis, inputs, known.pairs, {}, 0, siblings)
    new = was < 0
    fresh, skipped = alone(ordered[new], listings[np.isin(at, np.flatnonzero(new))])
    fresh = fresh.assign(shop=np.flatnonzero(new)[fresh["shop"].to_numpy()])
    pairs = fresh if known is None else _merged(known, was, fresh)
    return Scored(basis, inputs, pairs, skipped, int(new.sum()), siblings)


def _kept(inputs: pd.DataFrame, known: Scored | None) -> Places:
    """By shop its place in `known`, -1 where it is not there or has changed."""
    if known is None:
        return np.full(len(inputs), -1, dtype=np.int64)
    was = _places(known.inputs["key"].to_numpy(), inputs["key"].to_numpy())
    same = known.inputs["digest"].to_numpy()[was] == inputs["digest"].to_numpy() if len(known.inputs) else was >= 0
    return np.where(same, was, -1)


def _sellers(shops: pd.DataFrame, known: Scored | None, was: Places, threads: int) -> dict[str, Ints]:
    """`SELLER` of every shop, where it has not changed as it was."""
    keys = np.zeros((len(shops), len(SELLER)), dtype=np.int64)
    keys[was < 0] = seller_keys(shops[was < 0], threads)
    if known is not None:
        keys[was >= 0] = known.inputs[list(SELLER)].to_numpy()[was[was >= 0]]
    return dict(zip(SELLER, keys.T, strict=True))


def _merged(known: Scored, was: Places, fresh: pd.DataFrame) -> pd.DataFrame:
    """Pairs of the shops that were the same, numbered anew, and fresh ones: two ordered runs, each shop in one."""
    moved = np.full(len(known.inputs), -1, dtype=np.int64)
    moved[was[was >= 0]] = np.flatnonzero(was >= 0)  # both weeks order shops alike
    place = np.concatenate([moved[known.pairs["shop"].to_numpy()], fresh["shop"].to_numpy()])
    left = np.flatnonzero(place >= 0)
    order = left[np.argsort(place[left], kind="stable")]
    pairs = pd.concat([known.pairs, fresh], ignore_index=True).take(order)
    return pairs.reset_index(drop=True).assign(shop=place[order])
