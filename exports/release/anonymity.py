"""Generalises rows until every business shares everything that is said of it with k - 1 others.

Everything means jointly: its attributes, the intervals of its presence, its links and the attributes of its shops. The
classes that are too small are taken one step down a ladder, all of their members alike, until none is too small; who is
still alone at the end is left out. Classes only grow, and a class that is large enough is not touched, so that the
order of rows says nothing. `anonymity_check` proves the result by another way of counting.

Groups without any presence are most of the registry; a class of them that nobody present could belong to is fine, but a
group that is present needs one without presence that it could be mistaken for (homogeneity): otherwise who knows a
business learns from the release alone that it sells there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from exports.release.rows_made import Joint
from monitor.weeks import shift_week, week_days, week_of_date

Hashes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

MIN_K = 5
ATTRIBUTES = ("area_code", "sector", "kbli2", "size", "year_band", "has_pirt", "has_halal", "cohort", "cohort_kind",
              "cohort_quarter", "valid_from_week", "valid_to_week")  # fmt: skip
SHOP_DETAILS = ("joined_quarter", "is_active", "listing_count_band")
SHOP_WEEKS = ("first_seen_week", "last_seen_week", "ended_week")
SHOP_COLUMNS = ("marketplace", "area_code", *SHOP_DETAILS, "state", *SHOP_WEEKS)
PRESENCE = ("marketplace", "valid_from_week", "valid_to_week", "state", "evidence_grade", "probability_band")
LINK = ("valid_from_week", "valid_to_week", "known_from_week", "known_to_week", "decision", "model_version")


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


@dataclass
class _State:
    """Rows on their way down. notes: name of what was withheld -> groups (by position in businesses) or shops."""

    businesses: pd.DataFrame
    presence: pd.DataFrame
    links: pd.DataFrame
    shops: pd.DataFrame
    notes: dict[str, Mask] = field(default_factory=dict)
    shop_notes: dict[str, Mask] = field(default_factory=dict)

    def mark(self, name: str, groups: Mask) -> None:
        self.notes[name] = self.notes.get(name, np.zeros(len(self.businesses), dtype=bool)) | groups

    def mark_shops(self, name: str, shops: Mask) -> None:
        self.shop_notes[name] = self.shop_notes.get(name, np.zeros(len(self.shops), dtype=bool)) | shops


Step = Callable[[_State, Mask], None]  # withholds something of the groups in the mask


def generalised(rows: Joint, k: int) -> Generalised:
    """The rows with every joint class of at least k groups, and every class of unlinked shops of at least k shops.

    businesses are expected with positions 0.. in their order of group_id, shops with `shop` 0.. in order.
    """
    state = _State(rows.businesses.copy(), rows.presence.copy(), rows.links.copy(), rows.shops.copy())
    hashes = _signatures(state)
    for step in LADDER:
        small = _small(hashes, k)
        if not small.any():
            break
        step(state, small)
        # A shop that two groups share changes for both, so whoever has a link is looked at anew.
        changed = small | _has_rows(state, state.links)
        hashes[changed] = _signatures(state, changed)
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
        sums = pd.Series(_mixed(_hash(found, names)), index=found.index).groupby(found["group_id"]).sum()
        small = pd.Series(_small(sums.to_numpy(np.uint64), k), index=sums.index)
        is_small = found["group_id"].map(small).to_numpy(dtype=bool)
        if step == 0:
            for name in weeks:
                found[name] = found[name].astype(object).where(~is_small, _to_quarters(found[name]))
        elif step == 1:
            found = found[~(is_small & found["known_to_week"].notna())]
        else:
            found = found[~is_small]
        key = ["group_id", "shop", "valid_from_week", "known_from_week"]
        found = found.drop_duplicates(key, keep="last").reset_index(drop=True)
    return found


def _small(hashes: Hashes, k: int) -> Mask:
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return np.asarray(counts[inverse] < k)


# --- what is said of a group, as one hash ---------------------------------------------------------------------------


def _hash(frame: pd.DataFrame, names: Sequence[str]) -> Hashes:
    """One hash per row; missing is a value of its own. Categories are hashed once each."""
    found = np.full(len(frame), 14_695_981_039_346_656_037, dtype=np.uint64)
    for at, name in enumerate(names):
        codes, values = _coded(frame[name])
        texts = [f"{at}:{value}" for value in values] + [f"{at}"]  # the last one stands for -1, missing
        hashes = pd.util.hash_array(np.array(texts, dtype=object), categorize=False)
        found = (found ^ hashes[codes]) * np.uint64(1_099_511_628_211)
        found ^= found >> np.uint64(29)
    return found


def _coded(column: pd.Series) -> tuple[npt.NDArray[np.int64], Sequence[object]]:
    """Code of every row, -1 where it is missing, and what the codes stand for."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(np.int64), column.cat.categories
    codes, values = pd.factorize(column.to_numpy(dtype=object))
    return codes, values


def _mixed(hashes: Hashes) -> Hashes:
    """Spread over all bits, so that sums of them tell sets of rows apart."""
    mixed = (hashes ^ (hashes >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray(mixed ^ (mixed >> np.uint64(29)))


def _signatures(state: _State, only: Mask | None = None) -> Hashes:
    """Joint hash of every group, or of those in the mask."""
    businesses = state.businesses if only is None else state.businesses[only]
    withheld = sum(
        (
            (mask if only is None else mask[only]).astype(np.uint64)
            * pd.util.hash_array(np.array([f"withheld {name}"], dtype=object), categorize=False)[0]
            for name, mask in state.notes.items()
        ),
        start=np.zeros(len(businesses), dtype=np.uint64),
    )
    whole = _mixed(_hash(businesses, ATTRIBUTES)) + _mixed(withheld)
    groups = pd.Index(businesses["group_id"])
    for rows, salt in ((_presence_hashes(state), 3), (_link_hashes(state), 5)):
        at = groups.get_indexer(rows.index)
        inside = at >= 0
        np.add.at(whole, at[inside], _mixed(rows.to_numpy(np.uint64)[inside] * np.uint64(salt)))
    return _mixed(whole)


def _presence_hashes(state: _State) -> "pd.Series[int]":
    return pd.Series(_hash(state.presence, PRESENCE), index=state.presence["group_id"])


def _link_hashes(state: _State) -> "pd.Series[int]":
    """A link with its shop: how the shop looks, and how many groups share it."""
    looks = _hash(state.shops, SHOP_COLUMNS) + sum(
        (mask.astype(np.uint64) * np.uint64(2 * at + 3) for at, mask in enumerate(state.shop_notes.values())),
        start=np.zeros(len(state.shops), dtype=np.uint64),
    )
    sharers = state.links.groupby("shop")["group_id"].transform("nunique").to_numpy(np.uint64)
    of_shop = looks[state.links["shop"].to_numpy(np.int64)] if len(state.links) else np.array([], dtype=np.uint64)
    found = _hash(state.links, LINK) + _mixed(of_shop) + _mixed(sharers)
    return pd.Series(found, index=state.links["group_id"])


# --- steps ----------------------------------------------------------------------------------------------------------


def _ids(state: _State, groups: Mask) -> "pd.Series[int]":
    return state.businesses.loc[groups, "group_id"]


def quarter_start(week: str) -> str:
    """First week of the quarter in which the week's Thursday lies."""
    monday = week_days(week)[0]
    thursday = pd.Timestamp(monday) + pd.Timedelta(days=3)
    first = pd.Timestamp(thursday.year, 3 * ((thursday.month - 1) // 3) + 1, 1)
    # The first week whose Thursday lies in the quarter.
    found = week_of_date(first.date())
    thursday_of_first = pd.Timestamp(week_days(found)[0]) + pd.Timedelta(days=3)
    return found if thursday_of_first >= first else shift_week(found, 1)


def _to_quarters(weeks: pd.Series) -> pd.Series:
    known = {str(week): quarter_start(str(week)) for week in weeks.dropna().unique()}
    return weeks.map(known).astype(object).where(weeks.notna(), None)


def _to_years(weeks: pd.Series) -> pd.Series:
    return (weeks.astype(object).str[:4] + "-W01").astype(object).where(weeks.notna(), None)


def _weeks_to_quarters(state: _State, small: Mask) -> None:
    """Weeks of presence, links and shops become the first of their quarter."""
    ids = _ids(state, small)
    inside = state.presence["group_id"].isin(ids)
    if inside.any():
        state.presence = pd.concat(
            [state.presence[~inside], _coarse(state.presence[inside], _to_quarters, 14)], ignore_index=True
        )
    linked = state.links["group_id"].isin(ids)
    for name in ("valid_from_week", "valid_to_week"):
        state.links.loc[linked, name] = _to_quarters(state.links.loc[linked, name])
    state.links = state.links.drop_duplicates(
        ["group_id", "shop", "valid_from_week", "known_from_week"], keep="last", ignore_index=True
    )
    shops = state.shops["shop"].isin(state.links.loc[state.links["group_id"].isin(ids), "shop"]).to_numpy()
    for name in SHOP_WEEKS:
        state.shops.loc[shops, name] = _to_quarters(state.shops.loc[shops, name])
    state.mark_shops("weeks", shops)
    state.mark("presence_weeks", _having(state, small, state.presence))


def _coarse(presence: pd.DataFrame, change: Callable[[pd.Series], pd.Series], weeks: int) -> pd.DataFrame:
    """Intervals that begin with quarters or years; of those that begin in one the last holds.

    weeks: more than such a period has.
    """
    key = ["group_id", "marketplace"]
    rows = presence.sort_values([*key, "valid_from_week"]).reset_index(drop=True)
    rows["valid_from_week"] = change(rows["valid_from_week"])
    rows = rows.drop_duplicates([*key, "valid_from_week"], keep="last").reset_index(drop=True)
    following = rows.groupby(key)["valid_from_week"].shift(-1)
    own = change(rows["valid_to_week"])
    too_short = own.notna() & (own.fillna("") <= rows["valid_from_week"])
    own = own.where(~too_short, change(rows["valid_from_week"].map(lambda week: shift_week(week, weeks))))
    ends = following.where(following.notna(), own)
    return rows.assign(valid_to_week=ends.astype(object).where(ends.notna(), None))


def _forget_earlier_knowledge(state: _State, small: Mask) -> None:
    """Only what the newest release knows of the links."""
    gone = state.links["group_id"].isin(_ids(state, small)) & state.links["known_to_week"].notna()
    state.mark("link_knowledge", _having(state, small, state.links[gone]))
    state.links = state.links[~gone].reset_index(drop=True)


def _having(state: _State, small: Mask, rows: pd.DataFrame) -> Mask:
    return small & _has_rows(state, rows)


def _withhold_shops(names: Sequence[str]) -> Step:
    def step(state: _State, small: Mask) -> None:
        linked = state.links.loc[state.links["group_id"].isin(_ids(state, small)), "shop"]
        shops = state.shops["shop"].isin(linked).to_numpy()
        for name in names:
            state.shops[name] = state.shops[name].astype(object).where(~shops, None)
            state.mark_shops(name, shops)

    return step


def _detach_shops(state: _State, small: Mask) -> None:
    """The shops stay, but nothing says any more whose they are."""
    gone = state.links["group_id"].isin(_ids(state, small))
    state.mark("link_history", _having(state, small, state.links[gone]))
    state.links = state.links[~gone].reset_index(drop=True)


def _withhold_bands(state: _State, small: Mask) -> None:
    inside = state.presence["group_id"].isin(_ids(state, small))
    state.mark("probability_band", _having(state, small, state.presence[inside]))
    state.presence["probability_band"] = state.presence["probability_band"].astype(object).where(~inside, None)


def _only_now(state: _State, small: Mask) -> None:
    """Of the history of presence only the state at the end stays."""
    inside = state.presence["group_id"].isin(_ids(state, small))
    gone = inside & state.presence["valid_to_week"].notna()
    state.mark("presence_history", _having(state, small, state.presence[inside]))
    state.presence = state.presence[~gone].reset_index(drop=True)


def _withhold(names: Sequence[str]) -> Step:
    def step(state: _State, small: Mask) -> None:
        for name in names:
            state.businesses[name] = state.businesses[name].where(~small, None)
            state.mark(name, small)

    return step


def _registered_for_long(state: _State, small: Mask) -> None:
    """Weeks in which a list held the group: the first and last of all, which says nothing."""
    weeks = state.businesses["valid_from_week"].astype(object)
    state.businesses["valid_from_week"] = weeks.where(~small, min(weeks.dropna(), default=None)).astype("category")
    state.businesses["valid_to_week"] = state.businesses["valid_to_week"].where(~small, None)
    state.mark("valid_from_week", small)
    state.mark("valid_to_week", small)


def _weeks_to_years(state: _State, small: Mask) -> None:
    """Presence begins in the first week of its year; of what followed in that year the last holds."""
    inside = state.presence["group_id"].isin(_ids(state, small))
    if inside.any():
        coarse = _coarse(state.presence[inside], _to_years, 54)
        state.presence = pd.concat([state.presence[~inside], coarse], ignore_index=True)
    state.mark("presence_years", _having(state, small, state.presence))


def _one_marketplace(state: _State, small: Mask) -> None:
    """Of several marketplaces only the one on which most groups are."""
    inside = state.presence["group_id"].isin(_ids(state, small))
    common = state.presence.groupby("marketplace")["group_id"].transform("nunique")
    order = state.presence.assign(common=common).sort_values(["common", "marketplace"], ascending=[False, True])
    first = order.groupby("group_id")["marketplace"].transform("first").reindex(state.presence.index)
    gone = inside & (state.presence["marketplace"] != first)
    state.mark("presence_elsewhere", _having(state, small, state.presence[inside]))
    state.presence = state.presence[~gone].reset_index(drop=True)


LADDER: tuple[Step, ...] = (
    _weeks_to_quarters,
    _forget_earlier_knowledge,
    _withhold_shops(SHOP_DETAILS),
    _withhold_shops(("area_code",)),
    _detach_shops,
    _withhold_bands,
    _withhold(("year_band",)),
    _withhold(("cohort", "cohort_kind", "cohort_quarter")),
    _registered_for_long,
    _withhold(("kbli2",)),
    _withhold(("has_pirt", "has_halal")),
    _weeks_to_years,
    _only_now,
    _withhold(("size",)),
    _withhold(("sector",)),
    _withhold(("area_code",)),
    _one_marketplace,
)

# --- who is left out ------------------------------------------------------------------------------------------------


def _has_rows(state: _State, rows: pd.DataFrame) -> Mask:
    return np.asarray(state.businesses["group_id"].isin(set(rows["group_id"])))


def _kept(state: _State, truth: pd.DataFrame, hashes: Hashes, k: int) -> tuple[Mask, dict[str, int]]:
    """Groups that may stay: in a class of k, and present ones only where an absent one could be they.

    Links of those that go are removed; what that changes for others who share a shop is looked at again.
    """
    kept = np.ones(len(hashes), dtype=bool)
    dropped = {"businesses alone": 0, "businesses that all are present": 0}
    present = _has_rows(state, state.presence)
    while True:
        alone = kept.copy()
        alone[kept] = _small(hashes[kept], k)
        told = kept & ~alone & present
        told &= ~_has_absent_double(state, truth, kept & ~alone & ~present, told)
        if not (alone | told).any():
            return kept, dropped
        dropped["businesses alone"] += int(alone.sum())
        dropped["businesses that all are present"] += int(told.sum())
        kept &= ~(alone | told)
        state.links = state.links[state.links["group_id"].isin(_ids(state, kept))].reset_index(drop=True)
        linked = kept & _has_rows(state, state.links)
        hashes[linked] = _signatures(state, linked)


def _has_absent_double(state: _State, truth: pd.DataFrame, absent: Mask, present: Mask) -> Mask:
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
        fits |= np.isin(_hash(whole, shown), np.unique(_hash(state.businesses[same], shown)))
    found[present] = fits
    return found


def _shops(state: _State, truth: pd.DataFrame, k: int) -> Mask:
    """Shops that may stay. Those whose link is shown are part of their group's class; the others form their own."""
    free = ~state.shops["shop"].isin(state.links["shop"]).to_numpy()
    for name in SHOP_COLUMNS:  # nothing ties them to a group any more, so they begin anew
        state.shops[name] = state.shops[name].astype(object).where(~free, truth[name].astype(object))
    for name in list(state.shop_notes):
        state.shop_notes[name] = state.shop_notes[name] & ~free
    for names in (SHOP_WEEKS, ("joined_quarter",), ("is_active",), ("listing_count_band",), ("area_code",)):
        small = free.copy()
        small[free] = _small(_free_hashes(state, free), k)
        if not small.any():
            break
        for name in names:
            column = state.shops[name].astype(object)
            coarse = _to_quarters(column) if name in SHOP_WEEKS else None
            state.shops[name] = column.where(~small, coarse)
        state.mark_shops("weeks" if names == SHOP_WEEKS else names[0], small)
    alone = free.copy()
    alone[free] = _small(_free_hashes(state, free), k)
    return np.asarray(~alone)


def _free_hashes(state: _State, free: Mask) -> Hashes:
    return _hash(_with_withheld(state.shops, state.shop_notes)[free], [*SHOP_COLUMNS, "withheld"])


def _with_withheld(frame: pd.DataFrame, notes: dict[str, Mask]) -> pd.DataFrame:
    """The names of what was withheld, blank-separated, in the order of the alphabet."""
    words = np.full(len(frame), "", dtype=object)
    for name in sorted(notes):
        mask = notes[name]
        words[mask] = [f"{word} {name}".strip() for word in words[mask]]
    return frame.assign(withheld=words)


def _finished(state: _State, kept: Mask, shops: Mask, dropped: dict[str, int]) -> Generalised:
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
