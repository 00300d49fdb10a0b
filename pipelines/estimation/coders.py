"""How the people who judge did: pairs that two coded, pairs with a known answer, and which office answered (5.6).

Frames as in `answers`. All three look at a window of weeks, by the week of the draw.
"""

import pandas as pd

from monitor.weeks import shift_week
from pipelines.estimation.answers import ASKING, NO, OTHER, PAIR, WINDOW, draw_weeks, said

FIRST, SECOND = "first", "second"
MIDDLE = ("1", "2", "3", "4")  # strata from .05 to .95
CODING_COLUMNS = ["group_id", "office", "first", "second", "weight"]
SEEDED_COLUMNS = ["office", "known", "answer"]
OFFICE_COLUMNS = ["office", "asked", "answered", "follow_up"]


def coding(
    tasks: pd.DataFrame, judgements: pd.DataFrame, undone: pd.DataFrame, week: str, window_weeks: int = WINDOW
) -> pd.DataFrame:
    """Pairs that were given to two coders and answered by both: group_id, office (of the first), first, second, weight.

    Only those planned to be coded twice: a second coder who was asked because of an answer against the score would
    make agreement look worse than it is. "usaha lain" is "tidak". weight: 1 / share of its kind that was coded twice,
    1 in the middle strata.
    """
    recent = _recent(tasks, week, window_weeks)
    answers = said(recent, judgements, undone, week)
    answers = answers[answers["known_answer"].isna()]
    plain = answers.assign(plain=answers["answer"].where(answers["answer"] != OTHER, NO))
    keys = ["draw_id", *PAIR]
    one = plain[plain["coder"] == FIRST].drop_duplicates(keys, keep="last")
    two = plain[plain["coder"] == SECOND].drop_duplicates(keys, keep="last")
    both = one[[*keys, "office", "plain"]].merge(two[[*keys, "plain"]], on=keys, suffixes=("_first", "_second"))
    both = both.rename(columns={"plain_first": "first", "plain_second": "second"})
    return both.merge(_twice(recent), on=ASKING)[CODING_COLUMNS]


def _twice(tasks: pd.DataFrame) -> pd.DataFrame:
    """draw_id, group_id, weight of every asking that was planned for two coders."""
    askings = tasks[tasks["coder"] == FIRST].drop_duplicates(ASKING)[[*ASKING, "stratum_at_draw"]]
    second = tasks.loc[tasks["coder"] == SECOND, ASKING].drop_duplicates().assign(is_twice=True)
    found = askings.merge(second, on=ASKING, how="left")
    found = found.assign(is_twice=found["is_twice"].eq(True), is_middle=found["stratum_at_draw"].isin(MIDDLE))
    share = found.groupby(["draw_id", "is_middle"])["is_twice"].transform("mean").astype("float64")
    return found.assign(weight=1 / share.where(share > 0, 1.0)).loc[found["is_twice"], [*ASKING, "weight"]]


def seeded(
    tasks: pd.DataFrame, judgements: pd.DataFrame, undone: pd.DataFrame, week: str, window_weeks: int = WINDOW
) -> pd.DataFrame:
    """Answers to pairs whose answer was known: office, known, answer."""
    answers = said(_recent(tasks, week, window_weeks), judgements, undone, week)
    known = answers[answers["known_answer"].notna()]
    return known.rename(columns={"known_answer": "known"})[SEEDED_COLUMNS].reset_index(drop=True)


def offices(
    tasks: pd.DataFrame, judgements: pd.DataFrame, undone: pd.DataFrame, week: str, window_weeks: int = WINDOW
) -> pd.DataFrame:
    """Groups of the sample and flow draws by the office asked first: office, asked, answered, follow_up.

    answered: with an answer of that office. follow_up: chance with which its open groups went to the provincial coder,
    0 where none did.
    """
    recent = _recent(tasks, week, window_weeks)
    recent = recent[recent["purpose"].isin(["sample", "flow"]) & (recent["coder"] == FIRST)]
    own, passed = recent[recent["follow_up_prob"].isna()], recent[recent["follow_up_prob"].notna()]
    answers = said(own, judgements, undone, week)
    asked = own.drop_duplicates(ASKING)[[*ASKING, "office"]]
    told = answers[ASKING].drop_duplicates().assign(is_answered=True)
    chance = passed.drop_duplicates(ASKING)[[*ASKING, "follow_up_prob"]]
    found = asked.merge(told, on=ASKING, how="left").merge(chance, on=ASKING, how="left")
    found = found.assign(is_answered=found["is_answered"].eq(True), chance=found["follow_up_prob"].astype("float64"))
    by = found.groupby("office", sort=True)
    table = by.agg(asked=("group_id", "size"), answered=("is_answered", "sum"), follow_up=("chance", "mean"))
    table = table.astype({"asked": "int64", "answered": "int64"}).fillna({"follow_up": 0.0})
    return table.reset_index()[OFFICE_COLUMNS]


def _recent(tasks: pd.DataFrame, week: str, window_weeks: int) -> pd.DataFrame:
    begun = tasks["draw_id"].map(draw_weeks(tasks)).astype(object)
    return tasks[(begun > shift_week(week, -window_weeks)) & (begun <= week)]
