"""What a judged group stands for: 1 / its chance of having been drawn, and what silence adds (estimation 5.3, 5.6)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from monitor.weeks import shift_week
from pipelines.estimation.arrays import Bools, Floats
from pipelines.estimation.detected import window_weights
from pipelines.estimation.sampling import SAMPLE, kind_of

ASKING = ["draw_id", "group_id"]


def kinds_of(draw_ids: pd.Series) -> pd.Series:
    unique = {draw_id: kind_of(str(draw_id)) for draw_id in draw_ids.unique()}
    return draw_ids.map(unique).astype(object)


def heard_of(tasks: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Every asking with an answer: draw_id, group_id, stratum, factor (how many askings it stands for by follow-up)."""
    plain = answers[answers["known_answer"].isna()]
    rows = plain[ASKING].drop_duplicates().merge(_strata(tasks), on=ASKING)
    return rows.assign(factor=_follow_up(rows, tasks, plain))


def _strata(tasks: pd.DataFrame) -> pd.DataFrame:
    asked = tasks.drop_duplicates(ASKING)[[*ASKING, "stratum_at_draw"]]
    return asked.rename(columns={"stratum_at_draw": "stratum"})


def _shares(heard: pd.DataFrame, draws: pd.DataFrame, week: str, weeks: int, represent: Sequence[str]) -> pd.DataFrame:
    """draw_id, stratum, week, share of every draw of the window that stands for others.

    share: groups with an answer / groups of the base. While answers are out, a draw has reached fewer than it drew.
    """
    in_window = (draws["week"] > shift_week(week, -weeks)) & (draws["week"] <= week)
    used = draws[in_window & kinds_of(draws["draw_id"]).isin(represent) & (draws["base"] > 0)]
    answered = heard.groupby(["draw_id", "stratum"])["factor"].sum().rename("answered").reset_index()
    found = used.merge(answered, on=["draw_id", "stratum"], how="left").fillna({"answered": 0.0})
    reached = np.minimum(found["answered"].astype("float64"), found["drawn"].astype("float64"))
    return found.assign(share=reached / found["base"].astype("float64"))[["draw_id", "stratum", "week", "share"]]


def weights_of(
    recent: pd.DataFrame,
    heard: pd.DataFrame,
    draws: pd.DataFrame,
    frames: pd.DataFrame,
    week: str,
    weeks: int,
    represent: Sequence[str],
) -> Floats:
    """What each judged group stands for, by row of `recent`: 1 / probability of any draw of the window, and follow-up.

    A group that was drawn is held afterwards and stands in no later base. Its probability still contains the later
    draws as if it had not been drawn, in the stratum that the frame gives it, for sample draws without it in that of
    its own draw: else early draws weigh several times as much as late ones (half-width of T 12.7 % instead of 9.3 %,
    and too high where scores get worse; simulated 2026-11).
    """
    if recent.empty:
        return np.ones(0)
    own = recent[ASKING].merge(heard, on=ASKING, how="left")
    shares = _shares(heard, draws, week, weeks, represent)
    before = frames[frames["group_id"].isin(own["group_id"])].merge(shares, on=["draw_id", "stratum"])
    since = own.merge(shares, on="stratum", suffixes=("_own", ""))
    drawn_in = since["draw_id_own"].map(dict(zip(shares["draw_id"], shares["week"], strict=True))).astype(object)
    later = kinds_of(since["draw_id"]).eq(SAMPLE) & (since["week"] > drawn_in.fillna(week))
    since = since[later | (since["draw_id"] == since["draw_id_own"])]
    chances = pd.concat([before, since])[["draw_id", "group_id", "share"]].drop_duplicates(ASKING)
    table = chances.pivot_table(index="draw_id", columns="group_id", values="share", fill_value=0.0)
    table = table.reindex(columns=own["group_id"].to_numpy(), fill_value=0.0)
    weight = window_weights(table.to_numpy(dtype=float).reshape(-1, len(own)))
    stands: Floats = np.where(np.isnan(weight), 1.0, weight) * own["factor"].fillna(1.0).to_numpy(dtype=float)
    return stands


def _follow_up(askings: pd.DataFrame, tasks: pd.DataFrame, answers: pd.DataFrame) -> Floats:
    """What the followed-up tasks of silent offices stand for, by row of `askings`: 1 for all others (5.6).

    In each draw, stratum and silent office the groups that only the province answered share the weight of all that were
    open and that the office has not answered since.
    """
    factor = np.ones(len(askings))
    passed = tasks[tasks["follow_up_prob"].notna()].drop_duplicates(ASKING)
    if passed.empty or askings.empty:
        return factor
    first = tasks[tasks["follow_up_prob"].isna() & tasks["coder"].eq("first")].drop_duplicates(ASKING)
    classes = ["draw_id", "stratum_at_draw", "asked_of"]
    of = first[[*ASKING, "stratum_at_draw", "office"]].rename(columns={"office": "asked_of"})
    passed = passed[[*ASKING, "follow_up_prob", "drawn_at"]].merge(of, on=ASKING)
    size = passed.groupby(classes).agg(
        chance=("follow_up_prob", "mean"), n=("group_id", "size"), since=("drawn_at", "min")
    )
    own = answers[~answers["is_follow_up"]].drop_duplicates(ASKING)
    late = own[[*ASKING, "at"]].merge(of, on=ASKING).merge(size["since"].reset_index(), on=classes)
    late_count = late[late["at"] > late["since"]].groupby(classes).size()
    place = askings[ASKING].merge(passed, on=ASKING, how="left")
    by_province = answers[answers["is_follow_up"]].drop_duplicates(ASKING)
    only: Bools = place["asked_of"].notna().to_numpy() & _among(askings, by_province) & ~_among(askings, own)
    told = place[only].groupby(classes).size()
    stands = (size["n"] / size["chance"]).round().sub(late_count, fill_value=0).reindex(size.index)
    each = (stands / told).clip(lower=1.0).rename("factor").reset_index()
    factor[only] = place[only].merge(each, on=classes, how="left")["factor"].fillna(1.0).to_numpy()
    return factor


def _among(rows: pd.DataFrame, others: pd.DataFrame) -> Bools:
    """By row: is its asking one of these?"""
    found: Bools = pd.MultiIndex.from_frame(rows[ASKING]).isin(pd.MultiIndex.from_frame(others[ASKING]))
    return found
