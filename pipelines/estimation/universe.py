"""The groups that are counted: every group with a candidate, its stratum, and what people said of it."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.estimation.arrays import Bools, Floats, Ints
from pipelines.estimation.detected import stratum_rates
from pipelines.estimation.inputs import UNKNOWN, WeekInputs
from pipelines.estimation.strata import STRATA, group_scores, stratum_of

YES = "ya"
DOMAINS = ("area", "sector", "size")


@dataclass(frozen=True)
class Universe:
    """The groups of `U` on some marketplaces, one row each.

    groups: group_id, stratum (0 to 6), part (0: live, 1: carried), score, judged (a decided answer holds), known (it
    represents itself only), ambiguous, d, d_if_no, d_if_yes (False where not judged), weight (NaN: represents nobody),
    area, sector, size, has_certificate. survival: of the carried part, empty without one. p, n_eff: pooled, by stratum;
    drawn: judged groups that they rest on.
    """

    groups: pd.DataFrame
    survival: tuple[float, ...]
    p: Floats
    n_eff: Floats
    drawn: int

    @property
    def judged(self) -> int:
        return int(self.groups["judged"].sum())

    def among(self, chosen: Bools) -> "Universe":
        """The same rates over some of the groups."""
        return Universe(self.groups[chosen].reset_index(drop=True), self.survival, self.p, self.n_eff, self.drawn)

    def said(self, column: str) -> "Universe":
        """The universe with "tidak tahu" read as no (`d_if_no`) or as yes (`d_if_yes`) instead of left open."""
        groups = self.groups.assign(d=self.groups[column], judged=self.groups["judged"] | self.groups["ambiguous"])
        return Universe(groups, self.survival, *_rates(groups))


def universe(inputs: WeekInputs, slugs: Collection[str] | None = None, active: bool = False) -> Universe:
    """All groups with a candidate; slugs: only candidates on these marketplaces count, for the score and for `d` alike.

    active: only shops count that show signs of trade.
    """
    pairs = inputs.pairs if slugs is None else inputs.pairs[inputs.pairs["marketplace"].isin(sorted(slugs))]
    whole = universe_of(inputs, pairs, None if slugs is None else pairs)
    if not active:
        return whole
    trading = pairs[pairs["is_active"].eq(True).fillna(False).astype(bool)]
    return universe_of(inputs, trading, trading)


def universe_of(inputs: WeekInputs, pairs: pd.DataFrame, within: pd.DataFrame | None) -> Universe:
    """The universe of some candidates. within: only a "ya" for one of these shops makes `d`; None: as judged."""
    parts, survival = _parts(pairs, inputs.marketplaces)
    scores = group_scores(pairs)
    groups = pd.DataFrame({"group_id": scores.index.to_numpy(), "score": scores.to_numpy()})
    groups["stratum"] = stratum_of(groups["score"])
    groups = groups.merge(parts, on="group_id")
    answers = _for_themselves(inputs.answers, inputs.probes["group_id"])
    groups = _with_answers(groups, answers, _yes_on(inputs, within))
    groups = with_attributes(groups, inputs.groups)
    return Universe(groups, survival, *_rates(groups))


def with_attributes(frame: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """The frame with area, sector, size and has_certificate of its groups, UNKNOWN where the registry does not say."""
    found = frame[["group_id"]].merge(groups, on="group_id", how="left")
    columns = {name: found[name].fillna(UNKNOWN).to_numpy(object) for name in DOMAINS}
    certified = found["has_certificate"].eq(True).fillna(False).to_numpy(bool)
    return frame.assign(**columns, has_certificate=certified)


def _parts(pairs: pd.DataFrame, marketplaces: pd.DataFrame) -> tuple[pd.DataFrame, tuple[float, ...]]:
    """By group: 0 when a shop of it was read this week, else 1; and which share of the latter is still there.

    The share is the mean of S(k) over carried candidates, weighted by their scores.
    """
    is_live = pairs["state"] == "live"
    live = pairs.loc[is_live, "group_id"].unique()
    old = pairs[~is_live & ~pairs["group_id"].isin(live)]
    left = dict(zip(marketplaces["marketplace"], marketplaces["survival"], strict=True))
    worth = old["score"].clip(lower=1e-9).to_numpy(float)
    stays = old["marketplace"].map(left).to_numpy(float)
    survival = (float((worth * stays).sum() / worth.sum()),) if len(old) else ()
    ids = np.concatenate([live, old["group_id"].unique()])
    return pd.DataFrame({"group_id": ids, "part": (np.arange(len(ids)) >= len(live)).astype(np.int64)}), survival


def _yes_on(inputs: WeekInputs, within: pd.DataFrame | None) -> Collection[int] | None:
    if within is None:
        return None
    yes = inputs.shop_answers[inputs.shop_answers["answer"] == YES]
    keys = ["group_id", "marketplace", "shop_id"]
    return set(yes[keys].merge(within[keys].drop_duplicates(), on=keys)["group_id"])


def _for_themselves(answers: pd.DataFrame, probes: pd.Series) -> pd.DataFrame:
    """The answers with known-present groups as known values, also where the sample drew them before.

    They are known by a rule that has nothing to do with the draw: left among those that stand for others, while the
    other probes are taken out of the rest, they would make T too high.
    """
    own = answers["group_id"].isin(probes.unique())
    return answers.assign(is_known=answers["is_known"] | own, weight=answers["weight"].mask(own, 1.0))


def _with_answers(groups: pd.DataFrame, answers: pd.DataFrame, yes: Collection[int] | None) -> pd.DataFrame:
    found = groups[["group_id"]].merge(answers, on="group_id", how="left")
    answered = found["d"].notna().to_numpy()
    known, open_ = _true(found["is_known"]), _true(found["is_ambiguous"])
    said = {name: _true(found[name]) for name in ("d", "d_if_no", "d_if_yes")}
    if yes is not None:
        here = groups["group_id"].isin(yes).to_numpy() & answered
        said = {"d": here, "d_if_no": here, "d_if_yes": here | (open_ & said["d_if_yes"])}
    weight = found["weight"].where(answered & ~known).to_numpy(float)
    return groups.assign(judged=answered & ~open_, ambiguous=open_, known=known, **said, weight=weight)


def _true(values: pd.Series) -> Bools:
    """Missing values count as no."""
    return np.asarray(values.eq(True).fillna(False).to_numpy(bool))


def _rates(groups: pd.DataFrame) -> tuple[Floats, Floats, int]:
    drawn = groups[groups["judged"] & ~groups["known"]]
    rates = stratum_rates(drawn["stratum"].to_numpy(), drawn["d"].to_numpy(float), drawn["weight"].to_numpy())
    return *rates, len(drawn)


@dataclass(frozen=True)
class Tally:
    """Groups of the universe by domain (last axis).

    rest (strata, domains): live, not judged. positives (domains): live, judged true. carried (parts, strata, domains)
    and carried_positives (parts, domains): the same of carried groups. rate, n_eff (strata, domains): of the domain's
    own judgements. judged (domains): how many groups were judged.
    """

    rest: Ints
    positives: Ints
    carried: Ints
    carried_positives: Ints
    rate: Floats
    n_eff: Floats
    judged: Ints


def tally(found: Universe, place: Ints, domains: int) -> Tally:
    """Counts by domain; place: the domain of every group of the universe, 0 to domains - 1."""
    groups = found.groups
    stratum, part = groups["stratum"].to_numpy(), groups["part"].to_numpy()
    judged, d = groups["judged"].to_numpy(), groups["d"].to_numpy()
    parts = len(found.survival) + 1
    shape = (parts, STRATA, domains)
    cell = np.ravel_multi_index((part, stratum, place), shape)
    open_ = np.bincount(cell[~judged], minlength=int(np.prod(shape))).reshape(shape)
    true = np.bincount(cell[judged & d], minlength=int(np.prod(shape))).reshape(shape).sum(axis=1)
    drawn = judged & ~groups["known"].to_numpy()
    rate, n_eff = stratum_rates(
        stratum[drawn] * domains + place[drawn],
        d[drawn].astype(float),
        groups["weight"].to_numpy()[drawn],
        STRATA * domains,
    )
    return Tally(
        rest=open_[0],
        positives=true[0],
        carried=open_[1:],
        carried_positives=true[1:],
        rate=rate.reshape(STRATA, domains),
        n_eff=n_eff.reshape(STRATA, domains),
        judged=np.bincount(place[judged], minlength=domains),
    )
