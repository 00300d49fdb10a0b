"""A week scores new and changed shops only; all others keep the pairs of the week before.

A shop's own pairs depend on the index, the model and that shop with its listings, never on other shops. So they may be
kept as long as the basis (registry index, model, code) is the same and so is the shop. What shops of one seller show
together is worked out anew over all of them. A new snapshot is a new basis: how rare a word is has changed with it.
Incremental and full runs give the same rows; the tests hold that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipelines.linkage.shops import _shop_order
from pipelines.linkage.words import hashed

SHOP = ["marketplace", "shop_id"]
SHOP_INPUTS = ("name", "username", "city", "area_codes", "district_code", "identifiers", "province")
LISTING_INPUTS = ("listing_id", "title", "category", "brand", "identifiers")
Hashes = npt.NDArray[np.uint64]
Alone = Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, dict[str, int]]]


@dataclass(frozen=True)
class Scored:
    """What one week's shops gave, each by itself.

    basis: what the pairs depend on besides the shops. inputs: marketplace, shop_id, key and digest (uint64) of every
    shop, ordered by the first two. pairs: as `score.alone` gives them; `shop` is the shop's place in `inputs`. skipped:
    pairs that blocking left out, of the shops scored in this run. scored: how many that were.
    """

    basis: str
    inputs: pd.DataFrame
    pairs: pd.DataFrame
    skipped: dict[str, int]
    scored: int


def input_digests(
    shops: pd.DataFrame, listings: pd.DataFrame, keys: tuple[Hashes, Hashes] | None = None
) -> pd.DataFrame:
    """marketplace, shop_id, key, and a digest of all that the shop's pairs depend on, ordered by both; one row a shop.

    A column `digest` (hexadecimal, as the interval tables keep it) in either frame is trusted to stand for its row;
    without it the columns that linkage reads are hashed. The order of listings does not matter. keys: `shop_keys` of
    both, where they are known.
    """
    of_shops, of_listings = keys or (shop_keys(shops), shop_keys(listings))
    order = _shop_order(shops)[0]
    ordered = shops.iloc[order]
    frame = ordered[SHOP].assign(key=of_shops[order], digest=_row_hashes(ordered, SHOP_INPUTS)).reset_index(drop=True)
    at = _places(frame["key"].to_numpy(), of_listings)
    goods = _mixed(_row_hashes(listings, LISTING_INPUTS))[at >= 0]
    sums = np.zeros(len(frame), dtype=np.uint64)
    np.add.at(sums, at[at >= 0], goods)  # modulo 2^64: the same for every order
    return frame.assign(digest=_mixed(frame["digest"].to_numpy(dtype=np.uint64) + np.uint64(1)) + sums)


def shop_keys(frame: pd.DataFrame) -> Hashes:
    """A number per row that stands for marketplace and shop id."""
    place, slugs = pd.factorize(frame["marketplace"])
    of_slug = hashed(np.asarray(slugs, dtype=object)).view(np.uint64)
    return _mixed(of_slug[place]) + hashed(frame["shop_id"]).view(np.uint64)


def _places(keys: Hashes, wanted: Hashes) -> npt.NDArray[np.int64]:
    """Where each wanted key stands in `keys` (all different); -1 where it does not."""
    return np.asarray(pd.Index(keys).get_indexer(pd.Index(wanted)))


def _row_hashes(frame: pd.DataFrame, columns: tuple[str, ...]) -> Hashes:
    if "digest" in frame:
        return hashed(frame["digest"]).view(np.uint64)
    total = np.zeros(len(frame), dtype=np.uint64)
    for name in columns:
        values = frame[name] if name in frame else pd.Series([None] * len(frame), dtype=object)
        texts = np.array(["\x00" if value is None else repr(value) for value in values.tolist()], dtype=object)
        total = _mixed(total) + pd.util.hash_array(texts, categorize=False)
    return total


def _mixed(numbers: Hashes) -> Hashes:
    """Spreads every bit over all others (the finisher of SplitMix64, Steele and others 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(numbers ^ (numbers >> np.uint64(31)))


def score_week(
    shops: pd.DataFrame, listings: pd.DataFrame, alone: Alone, basis: str, before: Scored | None = None
) -> Scored:
    """The own pairs of every shop; of those that were the same in `before`, taken from there.

    alone: `score.alone` with index and model filled in. basis: names both.
    """
    of_shops, of_listings = shop_keys(shops), shop_keys(listings)
    inputs = input_digests(shops, listings, (of_shops, of_listings))
    known = before if before is not None and before.basis == basis else None
    same = _same(inputs, known)
    if known is not None and same.all() and len(inputs) == len(known.inputs):
        return Scored(basis, inputs, known.pairs, {}, 0)
    keys = inputs["key"].to_numpy()
    changed = keys[~same]
    fresh, skipped = alone(shops[np.isin(of_shops, changed)], listings[np.isin(of_listings, changed)])
    place = _places(keys, shop_keys(fresh))
    order = np.lexsort((fresh["business_id"].to_numpy(), place))
    fresh, place = fresh.take(order), place[order]
    if known is None:
        return Scored(basis, inputs, _numbered(fresh, place), skipped, len(inputs))
    # Kept pairs are numbered by the places of their shops a week ago; both weeks order shops alike.
    before_place = np.where(same, _places(known.inputs["key"].to_numpy(), keys), -1)
    moved = np.full(len(known.inputs), -1, dtype=np.int64)
    moved[before_place[same]] = np.flatnonzero(same)
    places = np.concatenate([moved[known.pairs["shop"].to_numpy()], place])
    left = np.flatnonzero(places >= 0)
    order = left[np.argsort(places[left], kind="stable")]  # two ordered runs: a shop is in one of them
    pairs = _numbered(pd.concat([known.pairs, fresh], ignore_index=True).take(order), places[order])
    return Scored(basis, inputs, pairs, skipped, int((~same).sum()))


def _same(inputs: pd.DataFrame, known: Scored | None) -> npt.NDArray[np.bool_]:
    if known is None:
        return np.zeros(len(inputs), dtype=bool)
    at = _places(known.inputs["key"].to_numpy(), inputs["key"].to_numpy())
    found = at >= 0
    digests = known.inputs["digest"].to_numpy(dtype=np.uint64)
    found[found] = digests[at[found]] == inputs["digest"].to_numpy(dtype=np.uint64)[found]
    return found


def _numbered(pairs: pd.DataFrame, places: npt.NDArray[np.int64]) -> pd.DataFrame:
    """The pairs, `shop` being the place of the shop."""
    return pairs.reset_index(drop=True).assign(shop=places)
