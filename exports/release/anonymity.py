"""Generalises rows until every business shares everything that is said of it with k - 1 others.

Everything means jointly: its attributes, the intervals of its presence, its links and the attributes of its shops. The
classes that are too small are taken one step down a ladder, all of their members alike, until none is too small; who is
still alone at the end is left out. Classes only grow, and a class that is large enough is not touched, so that the
order of rows says nothing. `anonymity_check` proves the result by another way of counting.

Groups without any presence are most of the registry; a class of them that nobody present could belong to is fine, but a
group that is present needs one without presence that it could be mistaken for (homogeneity): otherwise who knows a
business learns from the release alone that it sells there.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from exports.release.classes import (
    ATTRIBUTES,
    LINK,
    SHOP_COLUMNS,
    SHOP_WEEKS,
    Hashes,
    Mask,
    State,
    has_rows,
    hash_of,
    ids_of,
    mixed,
    signatures,
    too_small,
)
from exports.release.ladder import LADDER, to_quarters
from exports.release.rows_made import Joint

MIN_K = 5


@dataclass(frozen=True)
class Generalised:
    """The rows as they may leave; businesses and shops carry `withheld`.

    withheld: what -> how many rows it was left out of. dropped: rows left out altogether, by reason. alone_links: links
    that no longer say whose they are; they get pseudonyms of their own.
    """

    rows: Joint
    withheld: dict[str, int]
    dropped: dict[str, int]
    alone_links: pd.DataFrame = field(default_factory=pd.DataFrame)


def generalised(rows: Joint, k: int) -> Generalised:
    """The rows with every joint class of at least k groups, and every class of unlinked shops of at least k shops.

    businesses are expected with positions 0.. in their order of group_id, shops with `shop` 0.. in order.
    """
    state = State(rows.businesses.copy(), rows.presence.copy(), rows.links.copy(), rows.shops.copy())
    hashes = signatures(state)
    for step in LADDER:
        small = too_small(hashes, k)
        if not small.any():
            break
        step(state, small)
        # A shop that two groups share changes for both, so whoever has a link is looked at anew.
        changed = small | has_rows(state, state.links)
        hashes[changed] = signatures(state, changed)
    kept, dropped = _kept(state, rows.businesses, hashes, k)
    shops = _shops(state, rows.shops, k)
    dropped["shops alone"] = int((~shops).sum())
    alone = links_alone(rows.links[~rows.links["group_id"].isin(state.links["group_id"])], k)
    dropped["links alone"] = len(rows.links) - len(state.links) - len(alone)
    return replace(_finished(state, kept, shops, dropped), alone_links=alone)


def links_alone(links: pd.DataFrame, k: int) -> pd.DataFrame:
    """Links that are told without whose and which shop: every group's links are those of k - 1 others.

    Where they are not, their weeks become the first of the quarter, then earlier knowledge goes, then all of them.
    """
    names = ["marketplace", *LINK]
    weeks = [name for name in LINK if name.endswith("_week")]
    found = links.reset_index(drop=True)
    for step in range(3):
        sums = pd.Series(mixed(hash_of(found, names)), index=found.index).groupby(found["group_id"]).sum()
        small = pd.Series(too_small(sums.to_numpy(np.uint64), k), index=sums.index)
        is_small = found["group_id"].map(small).to_numpy(dtype=bool)
        if step == 0:
            for name in weeks:
                found[name] = found[name].astype(object).where(~is_small, to_quarters(found[name]))
        elif step == 1:
            found = found[~(is_small & found["known_to_week"].notna())]
        else:
            found = found[~is_small]
        key = ["group_id", "shop", "valid_from_week", "known_from_week"]
        found = found.drop_duplicates(key, keep="last").reset_index(drop=True)
    return found


def _kept(state: State, truth: pd.DataFrame, hashes: Hashes, k: int) -> tuple[Mask, dict[str, int]]:
    """Groups that may stay: in a class of k, and present ones only where an absent one could be they.

    Links of those that go are removed; what that changes for others who share a shop is looked at again.
    """
    kept = np.ones(len(hashes), dtype=bool)
    dropped = {"businesses alone": 0, "businesses that all are present": 0}
    present = has_rows(state, state.presence)
    while True:
        alone = kept.copy()
        alone[kept] = too_small(hashes[kept], k)
        told = kept & ~alone & present
        told &= ~_has_absent_double(state, truth, kept & ~alone & ~present, told)
        if not (alone | told).any():
            return kept, dropped
        dropped["businesses alone"] += int(alone.sum())
        dropped["businesses that all are present"] += int(told.sum())
        kept &= ~(alone | told)
        state.links = state.links[state.links["group_id"].isin(ids_of(state, kept))].reset_index(drop=True)
        linked = kept & has_rows(state, state.links)
        hashes[linked] = signatures(state, linked)


def _has_absent_double(state: State, truth: pd.DataFrame, absent: Mask, present: Mask) -> Mask:
    """Present groups whose true attributes fit what is said of at least one absent group."""
    notes = {name: mask for name, mask in state.notes.items() if name in ATTRIBUTES}
    pattern = sum(
        (mask.astype(np.uint64) << np.uint64(ATTRIBUTES.index(name)) for name, mask in notes.items()),
        start=np.zeros(len(truth), dtype=np.uint64),
    )
    found = np.zeros(len(truth), dtype=bool)
    whole = truth[present]
    fits = np.zeros(len(whole), dtype=bool)
    for bits in np.unique(pattern[absent]):
        shown = [name for at, name in enumerate(ATTRIBUTES) if not int(bits) >> at & 1]
        same = absent & (pattern == bits)
        fits |= np.isin(hash_of(whole, shown), np.unique(hash_of(state.businesses[same], shown)))
    found[present] = fits
    return found


def _shops(state: State, truth: pd.DataFrame, k: int) -> Mask:
    """Shops that may stay. Those whose link is shown are part of their group's class; the others form their own."""
    free = ~state.shops["shop"].isin(state.links["shop"]).to_numpy()
    for name in SHOP_COLUMNS:  # nothing ties them to a group any more, so they begin anew
        state.shops[name] = state.shops[name].astype(object).where(~free, truth[name].astype(object))
    for name in list(state.shop_notes):
        state.shop_notes[name] = state.shop_notes[name] & ~free
    for names in (SHOP_WEEKS, ("joined_quarter",), ("is_active",), ("listing_count_band",), ("area_code",)):
        small = free.copy()
        small[free] = too_small(_free_hashes(state, free), k)
        if not small.any():
            break
        for name in names:
            column = state.shops[name].astype(object)
            coarse = to_quarters(column) if name in SHOP_WEEKS else None
            state.shops[name] = column.where(~small, coarse)
        state.mark_shops("weeks" if names == SHOP_WEEKS else names[0], small)
    alone = free.copy()
    alone[free] = too_small(_free_hashes(state, free), k)
    return np.asarray(~alone)


def _free_hashes(state: State, free: Mask) -> Hashes:
    return hash_of(_with_withheld(state.shops, state.shop_notes)[free], [*SHOP_COLUMNS, "withheld"])


def _with_withheld(frame: pd.DataFrame, notes: dict[str, Mask]) -> pd.DataFrame:
    """The names of what was withheld, blank-separated, in the order of the alphabet."""
    words = np.full(len(frame), "", dtype=object)
    for name in sorted(notes):
        mask = notes[name]
        words[mask] = [f"{word} {name}".strip() for word in words[mask]]
    return frame.assign(withheld=words)


def _finished(state: State, kept: Mask, shops: Mask, dropped: dict[str, int]) -> Generalised:
    businesses = _with_withheld(state.businesses, state.notes)[kept].reset_index(drop=True)
    groups = set(businesses["group_id"])
    rows = Joint(
        businesses=businesses,
        presence=state.presence[state.presence["group_id"].isin(groups)].reset_index(drop=True),
        links=state.links,
        shops=_with_withheld(state.shops, state.shop_notes)[shops].reset_index(drop=True),
    )
    withheld = {f"businesses.{name}": int((mask & kept).sum()) for name, mask in sorted(state.notes.items())}
    withheld |= {f"shops.{name}": int((mask & shops).sum()) for name, mask in sorted(state.shop_notes.items())}
    return Generalised(rows, {name: count for name, count in withheld.items() if count}, dropped)
