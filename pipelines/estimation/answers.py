"""What people said, group by group: which groups are judged this week, what they stand for, and how sure it is.

The newest answer of every reviewer to every task counts. Coders of one asking are brought together: what all say alike
holds, else the third decides; without him the pair is undecided. A group is judged on all its candidates: its judgement
is valid while it has no candidate that the asking did not show. Method: estimation 5.3, 5.5 and 5.6.

Frames: tasks as in `review_tasks` (group_id: the group of the business now), judgements as in `judgements` with
`other_group_id` (group of the business named with "usaha lain", None where there is none), undone with
`judgement_id`, draws and draw_frames as stored, pairs with group_id, marketplace, shop_id: the candidates of the week.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from monitor.weeks import shift_week
from pipelines.estimation.sampling import FLOW, SAMPLE
from pipelines.estimation.weighting import ASKING, heard_of, kinds_of, weights_of

__all__ = ["ASKING", "by_shop", "draw_weeks", "judged_groups", "resolved", "said"]

YES, NO, OTHER, UNKNOWN = "ya", "tidak", "usaha lain", "tidak tahu"
WINDOW, LONG_WINDOW, ENOUGH = 8, 13, 400  # weeks; a window with fewer judgements than this is extended (5.3)
PAIR = ["group_id", "marketplace", "shop_id"]
ANSWER_COLUMNS = ["group_id", "d", "is_known", "weight", "is_ambiguous", "d_if_no", "d_if_yes", "n_coders"]
SAID_COLUMNS = [
    "task_id", "draw_id", *PAIR, "coder", "office", "asked_office", "reviewer", "answer", "other_group_id", "at",
    "is_follow_up", "known_answer", "asked_in",
]  # fmt: skip


def said(tasks: pd.DataFrame, judgements: pd.DataFrame, undone: pd.DataFrame, week: str) -> pd.DataFrame:
    """One row a task and reviewer, the newest answer up to the week, ordered by judgement: `SAID_COLUMNS`.

    Undone answers are left out. office answered, asked_office was asked; asked_in is the week of the draw.
    """
    holds = (judgements["week"] <= week) & ~judgements["judgement_id"].isin(undone["judgement_id"])
    found = judgements.loc[holds].sort_values("judgement_id")
    reviewer = found["reviewer"].where(found["reviewer"].notna(), found["office"])
    found = found.assign(reviewer=reviewer).drop_duplicates(["task_id", "reviewer"], keep="last")
    asked = tasks.assign(is_follow_up=tasks["follow_up_prob"].notna())
    asked = asked.assign(asked_in=asked["draw_id"].map(draw_weeks(tasks)).astype(object))
    asked = asked[["task_id", "draw_id", *PAIR, "coder", "office", "asked_in", "is_follow_up", "known_answer"]]
    asked = asked.rename(columns={"office": "asked_office"})
    own = ["task_id", "office", "reviewer", "answer", "other_group_id", "at"]
    return found[own].merge(asked, on="task_id")[SAID_COLUMNS]


def draw_weeks(tasks: pd.DataFrame) -> dict[str, str]:
    """Draw -> its week; later coders of a draw are asked in later weeks."""
    return {str(draw): str(week) for draw, week in tasks.groupby("draw_id")["week"].min().items()}


def resolved(answers: pd.DataFrame) -> pd.DataFrame:
    """One row an asking and shop, coders brought together: draw_id, PAIR, asked_in, answer, is_settled, other_group_id.

    answers: from `said`. Pairs with a known answer say nothing new and are left out. `usaha lain` and `tidak` agree.
    An undecided pair is "tidak tahu" and not settled. other_group_id: NaN unless the deciding coders name one group.
    """
    rows = answers[answers["known_answer"].isna()]
    keys = ["draw_id", *PAIR]
    third = rows["coder"].eq("third")
    decides = third | ~third.groupby([rows[key] for key in keys]).transform("any").astype(bool)
    rows = rows[decides.to_numpy(dtype=bool)]
    code = rows["answer"].map({NO: 0, OTHER: 0, YES: 1, UNKNOWN: 2}).astype("int64")
    other = pd.to_numeric(rows["other_group_id"]).astype("float64").where(rows["answer"] == OTHER)
    marked = rows.assign(code=code, named=other, is_other=rows["answer"] == OTHER)
    by = marked.groupby(keys, sort=True)
    found = by.agg(
        low=("code", "min"), high=("code", "max"), is_other=("is_other", "any"), asked_in=("asked_in", "max"),
        first=("named", "min"), last=("named", "max"),
    ).reset_index()  # fmt: skip
    is_settled = found["low"] == found["high"]
    names = np.array([NO, YES, UNKNOWN], dtype=object)
    answer = np.where(is_settled, names[found["low"].to_numpy()], UNKNOWN)
    answer = np.where((answer == NO) & found["is_other"].to_numpy(), OTHER, answer).astype(object)
    named = found["first"].where((found["first"] == found["last"]) & (answer == OTHER))
    return found[["draw_id", *PAIR, "asked_in"]].assign(answer=answer, is_settled=is_settled, other_group_id=named)


def by_shop(tasks: pd.DataFrame, judgements: pd.DataFrame, undone: pd.DataFrame, week: str) -> pd.DataFrame:
    """What holds of every judged group and shop: group_id, marketplace, shop_id, answer, is_settled.

    The newest asking counts. The business named with "usaha lain" has its own row with "ya", unless its group was
    asked about the shop itself. Also for shops that are no candidate of the group any more.
    """
    found = resolved(said(tasks, judgements, undone, week)).sort_values(["asked_in", "draw_id"])
    named = found[found["other_group_id"].notna()]
    named = named.assign(group_id=named["other_group_id"].astype("int64"), answer=YES, asked_in="")
    every = pd.concat([named, found], ignore_index=True).drop_duplicates(PAIR, keep="last")
    return every.sort_values(PAIR)[[*PAIR, "answer", "is_settled"]].reset_index(drop=True)


def judged_groups(
    tasks: pd.DataFrame,
    judgements: pd.DataFrame,
    undone: pd.DataFrame,
    pairs: pd.DataFrame,
    draws: pd.DataFrame,
    frames: pd.DataFrame,
    week: str,
    window_weeks: int = WINDOW,
    represent: Sequence[str] = (SAMPLE, FLOW),
) -> pd.DataFrame:
    """One row a group with a valid judgement, by group_id: `ANSWER_COLUMNS`.

    d: is any of its candidates a settled "ya". is_known: stands for itself only (clerical, seed, probe, older than the
    window, a draw not in `represent`); weight: 1 / chance of having been drawn in any draw of the window, times what
    the tasks followed up stand for; 1 where known. is_ambiguous: no "ya", and some "tidak tahu" or undecided pair:
    d and d_if_no are False, d_if_yes True; no figure may read this as a no. n_coders: people who answered.

    A window of 8 weeks with fewer than 400 judged groups is extended to 13. represent: kinds of draws that stand for
    others, first parts of their ids.
    """
    answers = said(tasks, judgements, undone, week)
    now = pairs[PAIR].drop_duplicates()
    drawn = _drawn_groups(tasks, answers, now, week, LONG_WINDOW, represent)
    recent = drawn[drawn["asked_in"] > shift_week(week, -window_weeks)]
    weeks = window_weeks
    if len(recent) < ENOUGH and window_weeks == WINDOW:
        recent, weeks = drawn, LONG_WINDOW
    heard = heard_of(tasks, answers)
    weight = weights_of(recent, heard, draws, frames, week, weeks, represent)
    recent = recent.assign(is_known=False, weight=weight)
    known = _known_groups(answers, now)
    known = known[~known["group_id"].isin(recent["group_id"])].assign(is_known=True, weight=1.0)
    every = pd.concat([recent, known], ignore_index=True)
    named = _named_groups(answers, now)
    named = named[~named["group_id"].isin(every["group_id"])]
    return _shaped(pd.concat([every, named], ignore_index=True) if len(named) else every)


def _shaped(frame: pd.DataFrame) -> pd.DataFrame:
    d, doubt = frame["has_yes"].astype(bool), frame["has_doubt"].astype(bool)
    ambiguous = ~d & doubt
    rows = frame.assign(d=d, is_ambiguous=ambiguous, d_if_no=d, d_if_yes=d | ambiguous)
    kinds = {"group_id": "int64", "is_known": "bool", "weight": "float64", "n_coders": "int64"}
    return rows.astype(kinds)[ANSWER_COLUMNS].sort_values("group_id").reset_index(drop=True)


# --- from shops to groups -------------------------------------------------------------------------------------------


def _over_candidates(shown: pd.DataFrame, found: pd.DataFrame, now: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """By `keys`, where all candidates were shown: has_yes, has_doubt, and only where that decides.

    shown: keys and PAIR of what was asked; found: the same with answer. A "ya" decides; without one every candidate
    needs an answer, since a blank row is no "tidak".
    """
    asked = shown[[*dict.fromkeys([*keys, *PAIR])]].drop_duplicates().merge(now, on=PAIR)
    asked = asked.merge(
        found[[*dict.fromkeys([*keys, *PAIR]), "answer"]], on=[*dict.fromkeys([*keys, *PAIR])], how="left"
    )
    marked = asked.assign(
        yes=asked["answer"] == YES, doubt=asked["answer"] == UNKNOWN, told=asked["answer"].notna(), one=1
    )
    sums = marked.groupby(keys, sort=True)[["one", "yes", "doubt", "told"]].sum().reset_index()
    wanted = now.groupby("group_id").size()
    whole = sums["one"].to_numpy() == sums["group_id"].map(wanted).to_numpy()
    decided = (sums["yes"] > 0) | (sums["told"] == sums["one"])
    kept = sums[whole & decided.to_numpy(dtype=bool)]
    return kept[keys].assign(has_yes=kept["yes"] > 0, has_doubt=kept["doubt"] > 0)


def _coders(answers: pd.DataFrame, keys: list[str]) -> pd.Series:
    return answers.drop_duplicates([*keys, "office", "reviewer"]).groupby(keys).size().rename("n_coders")


def _drawn_groups(
    tasks: pd.DataFrame, answers: pd.DataFrame, now: pd.DataFrame, week: str, weeks: int, represent: Sequence[str]
) -> pd.DataFrame:
    """The newest valid asking of every group by a draw that stands for others, of the last `weeks` weeks."""
    asked_in = draw_weeks(tasks)
    begun = tasks["draw_id"].map(asked_in).astype(object)
    in_window = (begun > shift_week(week, -weeks)) & (begun <= week)
    shown = tasks[in_window & kinds_of(tasks["draw_id"]).isin(represent)]
    found = resolved(answers[answers["draw_id"].isin(shown["draw_id"])])
    groups = _over_candidates(shown, found, now, ASKING)
    groups = groups.assign(asked_in=groups["draw_id"].map(asked_in).astype(object))
    newest = groups.sort_values(["group_id", "asked_in", "draw_id"]).drop_duplicates("group_id", keep="last")
    return newest.join(_coders(answers, ASKING), on=ASKING)


def _known_groups(answers: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Groups whose candidates were all judged, whatever they were asked for: the newest asking of each shop counts."""
    newest = resolved(answers).sort_values(["asked_in", "draw_id"]).drop_duplicates(PAIR, keep="last")
    groups = _over_candidates(newest, newest, now, ["group_id"])
    return groups.join(_coders(answers, ["group_id"]), on="group_id")


def _named_groups(answers: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Groups that were named with "usaha lain" and have that shop as candidate: known to be detected."""
    found = resolved(answers)
    named = found[found["other_group_id"].notna()]
    named = named.assign(group_id=named["other_group_id"].astype("int64"))[PAIR].drop_duplicates().merge(now, on=PAIR)
    ids = named["group_id"].drop_duplicates()
    return pd.DataFrame(
        {"group_id": ids, "has_yes": True, "has_doubt": False, "is_known": True, "weight": 1.0, "n_coders": 1}
    )
