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

SHOP = ["marketplace", "shop_id"]
SHOP_INPUTS = ("name", "username", "city", "area_codes", "district_code", "identifiers")
LISTING_INPUTS = ("listing_id", "title", "category", "brand", "identifiers")
Hashes = npt.NDArray[np.uint64]
Alone = Callable[[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, dict[str, int]]]


@dataclass(frozen=True)
class Scored:
    """What one week's shops gave, each by itself.

    basis: what the pairs depend on besides the shops. inputs: marketplace, shop_id, digest (uint64) of every shop,
    ordered by both. pairs: as `score.alone` gives them; `shop` is the shop's place in `inputs`. skipped: pairs that
    blocking left out, of the shops scored in this run. scored: how many that were.
    """

    basis: str
    inputs: pd.DataFrame
    pairs: pd.DataFrame
    skipped: dict[str, int]
    scored: int


def input_digests(shops: pd.DataFrame, listings: pd.DataFrame) -> pd.DataFrame:
    """marketplace, shop_id and a digest of everything that the shop's pairs depend on, ordered by both; one row a shop.

    A column `digest` (hexadecimal, as the interval tables keep it) in either frame is trusted to stand for its row;
    without it the columns that linkage reads are hashed. The order of listings does not matter.
    """
    frame = shops[SHOP].assign(digest=_row_hashes(shops, SHOP_INPUTS))
    frame = frame.drop_duplicates(SHOP).sort_values(SHOP, kind="stable", ignore_index=True)
    at = pd.MultiIndex.from_frame(frame[SHOP]).get_indexer(pd.MultiIndex.from_frame(listings[SHOP]))
    goods = _mixed(_row_hashes(listings, LISTING_INPUTS))[at >= 0]
    sums = np.zeros(len(frame), dtype=np.uint64)
    np.add.at(sums, at[at >= 0], goods)  # modulo 2^64: the same for every order
    return frame.assign(digest=_mixed(frame["digest"].to_numpy(dtype=np.uint64) + np.uint64(1)) + sums)


def _row_hashes(frame: pd.DataFrame, columns: tuple[str, ...]) -> Hashes:
    if "digest" in frame:
        return _of_hex(frame["digest"])
    total = np.zeros(len(frame), dtype=np.uint64)
    for name in columns:
        values = frame[name] if name in frame else pd.Series([None] * len(frame), dtype=object)
        texts = np.array(["\x00" if value is None else repr(value) for value in values.tolist()], dtype=object)
        total = _mixed(total) + pd.util.hash_array(texts, categorize=False)
    return total


def _of_hex(digests: "pd.Series[str]") -> Hashes:
    whole = bytes.fromhex("".join(text[:16].rjust(16, "0") for text in digests))
    return np.frombuffer(whole, dtype=">u8").astype(np.uint64)


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
    inputs = input_digests(shops, listings)
    known = before if before is not None and before.basis == basis else None
    same = _same(inputs, known)
    if known is not None and same.all() and len(inputs) == len(known.inputs):
        return Scored(basis, inputs, known.pairs, {}, 0)
    changed = inputs.loc[~same, SHOP]
    fresh, skipped = alone(_of(shops, changed), _of(listings, changed))
    parts = [fresh] if known is None else [_of(known.pairs, inputs.loc[same, SHOP]), fresh]
    return Scored(basis, inputs, _numbered(pd.concat(parts, ignore_index=True), inputs), skipped, len(changed))


def _same(inputs: pd.DataFrame, known: Scored | None) -> npt.NDArray[np.bool_]:
    if known is None:
        return np.zeros(len(inputs), dtype=bool)
    at = pd.MultiIndex.from_frame(known.inputs[SHOP]).get_indexer(pd.MultiIndex.from_frame(inputs[SHOP]))
    found = np.zeros(len(inputs), dtype=bool)
    there = at >= 0
    digests = known.inputs["digest"].to_numpy(dtype=np.uint64)
    found[there] = digests[at[there]] == inputs["digest"].to_numpy(dtype=np.uint64)[there]
    return found


def _of(frame: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Rows of the shops wanted, in their order."""
    at = pd.MultiIndex.from_frame(wanted).get_indexer(pd.MultiIndex.from_frame(frame[SHOP]))
    return frame[at >= 0]


def _numbered(pairs: pd.DataFrame, inputs: pd.DataFrame) -> pd.DataFrame:
    """Ordered by shop and business, `shop` being the place in `inputs`."""
    at = pd.MultiIndex.from_frame(inputs[SHOP]).get_indexer(pd.MultiIndex.from_frame(pairs[SHOP]))
    order = np.lexsort((pairs["business_id"].to_numpy(), at))
    return pairs.assign(shop=at).iloc[order].reset_index(drop=True)
