"""Who judges what: first, second and third coders, seeded pairs, and what the province takes over. Pure functions.

The first coder is the office of the business's own area; the second sits in another kab/kota and is not told why it is
asked; where they disagree a third decides, as a rule the province. Method: estimation 5.6.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from pipelines.estimation.agreement import follow_up
from pipelines.estimation.answers import ASKING, NO, OTHER, PAIR, YES
from pipelines.estimation.arrays import Bools
from pipelines.estimation.seeds import rng_for
from pipelines.estimation.strata import EDGES

FIRST, SECOND, CHECK, THIRD = "first", "second", "check", "third"
MIDDLE = ("1", "2", "3", "4")  # strata from .05 to .95: all coded twice
HALF = EDGES[3]


def hashed(*parts: object) -> str:
    """Sixteen hex characters: an id, or a place in an order that nobody chose."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).hexdigest()


def is_coded_twice(groups: pd.DataFrame, share: float) -> Bools:
    """By group (draw_id, group_id, stratum as text): all of the middle strata, a `share` of the others."""
    twice: Bools = groups["stratum"].isin(MIDDLE).to_numpy(dtype=bool)
    chance = [int(hashed("twice", *key), 16) / 2**64 for key in groups[ASKING].itertuples(index=False, name=None)]
    return twice | (np.array(chance, dtype=float) < share)


def contradicting(first: pd.DataFrame) -> pd.DataFrame:
    """Askings (draw_id, group_id) with an answer against the score: "ya" under one half, "tidak" from there.

    first: one row an answer: draw_id, group_id, answer, score_at_draw (0 to 1, of the pair).
    """
    score = first["score_at_draw"].astype(float)
    against = (first["answer"].eq(YES) & (score < HALF)) | (first["answer"].isin([NO, OTHER]) & (score >= HALF))
    return first.loc[against, ASKING].drop_duplicates()


def disputed(answers: pd.DataFrame) -> pd.DataFrame:
    """Askings and shops (draw_id, PAIR) on which coders say different things and no third has spoken.

    answers: from `estimation.answers.said`. "tidak" and "usaha lain" are the same here.
    """
    rows = answers[answers["known_answer"].isna()]
    plain = rows["answer"].where(rows["answer"] != OTHER, NO)
    by = rows.assign(plain=plain, is_third=rows["coder"] == THIRD).groupby(["draw_id", *PAIR], sort=True)
    found = by.agg(kinds=("plain", "nunique"), has_third=("is_third", "any")).reset_index()
    return found.loc[(found["kinds"] > 1) & ~found["has_third"].astype(bool), ["draw_id", *PAIR]]


def elsewhere(
    asked: pd.DataFrame, offices: Sequence[str], load: Mapping[str, int], used: Mapping[tuple[str, int], Iterable[str]]
) -> list[str]:
    """For each asking (draw_id, group_id, rows) an office that has not been asked yet: the one with the fewest rows.

    offices: who may be asked. load: rows each has already. used: offices of each asking so far. Where all were asked,
    the first coder's equals: the least loaded of all.
    """
    rows = dict.fromkeys(offices, 0) | {office: load.get(office, 0) for office in offices}
    chosen = []
    for draw, group, count in asked[[*ASKING, "rows"]].itertuples(index=False, name=None):
        before = set(used.get((draw, group), ()))
        free = [office for office in offices if office not in before] or list(offices)
        office = min(free, key=lambda code: (rows[code], hashed(draw, group, code)))
        rows[office] += count
        chosen.append(office)
    return chosen


def passed_on(silent: pd.DataFrame, draw_id: str, office: str) -> pd.DataFrame:
    """Which open groups of a silent office the province judges: group_id, follow_up_prob. A third, 4 a stratum.

    silent: group_id, stratum (text) of the groups of one draw that the office left unanswered.
    """
    ordered = silent.sort_values("group_id")
    chosen, chance = follow_up(ordered["stratum"].astype("int64").to_numpy(), rng_for("follow-up", draw_id, office))
    return ordered.loc[chosen, ["group_id"]].assign(follow_up_prob=chance[chosen])


def agreed_pairs(answers: pd.DataFrame) -> pd.DataFrame:
    """Pairs that two offices or more judged alike, "ya" or "tidak".

    answers: from `estimation.answers.said`. Returns group_id, marketplace, shop_id, known_answer, offices (blank-
    separated, those that judged it already).
    """
    rows = answers[answers["known_answer"].isna() & answers["coder"].ne(THIRD)]
    plain = rows["answer"].where(rows["answer"] != OTHER, NO)
    by = rows.assign(plain=plain).sort_values("office").groupby(PAIR, sort=True)
    found = by.agg(kinds=("plain", "nunique"), known_answer=("plain", "first"), people=("office", "nunique"))
    found["offices"] = by["office"].agg(lambda codes: " ".join(dict.fromkeys(codes)))
    kept = found[(found["kinds"] == 1) & (found["people"] > 1) & found["known_answer"].isin([YES, NO])]
    return kept.reset_index()[[*PAIR, "known_answer", "offices"]]


def made_negatives(pairs: pd.DataFrame, areas: Mapping[int, str | None], count: int, seed: str) -> pd.DataFrame:
    """Pairs that cannot be true: a candidate shop beside a business of another kab/kota that is no candidate of it.

    pairs: group_id, business_id, marketplace, shop_id of the week's candidates. areas: business -> kab/kota.
    Returns group_id, business_id, marketplace, shop_id, known_answer; at most `count`.
    """
    if len(pairs) < 2 or count <= 0:
        return pd.DataFrame(columns=["group_id", "business_id", "marketplace", "shop_id", "known_answer"])
    rng = rng_for("negatives", seed)
    ordered = pairs.sort_values([*PAIR, "business_id"], ignore_index=True)
    tries = 20 * count
    shops, others = rng.integers(len(ordered), size=tries), rng.integers(len(ordered), size=tries)
    area = ordered["business_id"].map(areas).astype(object)
    tried = pd.MultiIndex.from_frame(ordered.iloc[np.unique(shops)][["marketplace", "shop_id"]])
    around = ordered[pd.MultiIndex.from_frame(ordered[["marketplace", "shop_id"]]).isin(tried)]
    near = around.groupby(["marketplace", "shop_id"])["business_id"].agg(lambda found: {areas.get(b) for b in found})
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for at, other in zip(shops.tolist(), others.tolist(), strict=True):
        shop = ordered["marketplace"].iat[at], ordered["shop_id"].iat[at]
        where = area.iat[other]
        if where is not None and where not in near[shop] and shop not in rows and len(rows) < count:
            own = {name: ordered[name].iat[other] for name in ("group_id", "business_id")}
            rows[shop] = {**own, "marketplace": shop[0], "shop_id": shop[1], "known_answer": NO}
    return pd.DataFrame(
        list(rows.values()), columns=["group_id", "business_id", "marketplace", "shop_id", "known_answer"]
    )
