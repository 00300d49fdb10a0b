"""Reviewers of a simulated office: first, second and third coders who err now and then, and who see no score."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pipelines.estimation.answers import NO, OTHER, PAIR, YES, said
from pipelines.estimation.sampling import FRAME_COLUMNS, Drawn
from pipelines.review_coders import FIRST, SECOND, THIRD, contradicting, disputed, is_coded_twice

WRONG = 0.02  # of all answers
NAMES_OTHER = 0.3  # of the answers "no" about a shop of another registered business, that name it
SECOND_SHARE = 0.2
PROVINCE = "36"
NO_DRAWS = ["draw_id", "stratum", "week", "purpose", "base", "drawn"]
TASK_COLUMNS = ["task_id", "draw_id", "purpose", "week", "office", *PAIR, "business_id", "inclusion_prob",
                "stratum_at_draw", "score_at_draw", "coder", "known_answer", "follow_up_prob", "drawn_at"]  # fmt: skip
ANSWER_COLUMNS = ["judgement_id", "task_id", "purpose", "inclusion_prob", *PAIR, "business_id", "answer", "reviewer",
                  "office", "week", "at", "other_business", "other_group_id"]  # fmt: skip


@dataclass
class Desk:
    """Everything that was asked and answered, as the frames that `estimation.answers` reads.

    owner: (marketplace, shop_id) -> group that runs it, 0 for nobody. areas: group -> kab/kota.
    """

    rng: np.random.Generator
    owner: dict[tuple[str, str], int]
    areas: dict[int, str]
    tasks: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=TASK_COLUMNS, dtype=object))
    judgements: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=ANSWER_COLUMNS, dtype=object))
    draws: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=NO_DRAWS, dtype=object))
    frames: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=FRAME_COLUMNS, dtype=object))
    undone: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"judgement_id": pd.Series(dtype="int64")}))

    def draw(self, drawn: Drawn, pairs: pd.DataFrame, week: str) -> None:
        """Has the groups of a week's draws judged on all their candidates."""
        self.draws = _joined(self.draws, drawn.draws)
        self.frames = _joined(self.frames, drawn.frames)
        self._code(drawn.tasks, pairs, week)

    def ask(self, groups: list[int], purpose: str, pairs: pd.DataFrame, week: str, strata: dict[int, int]) -> None:
        """Has these groups judged for another reason; they will stand for nobody else."""
        tasks = pd.DataFrame({"group_id": groups}).assign(
            draw_id=f"{purpose}-{week}", purpose=purpose, inclusion_prob=None, score=np.nan
        )
        tasks["stratum"] = [str(strata[group]) for group in groups]
        self._code(tasks, pairs, week)

    def _code(self, groups: pd.DataFrame, pairs: pd.DataFrame, week: str) -> None:
        if groups.empty:
            return
        first = self._hand_out(groups, pairs, week, FIRST)
        answers = first.merge(self.judgements[["task_id", "answer"]], on="task_id")
        again = groups[is_coded_twice(groups, SECOND_SHARE)]
        against = contradicting(answers).merge(groups, on=["draw_id", "group_id"])
        self._hand_out(pd.concat([again, against]).drop_duplicates(["draw_id", "group_id"]), pairs, week, SECOND)
        here = said(self.tasks, self.judgements, self.undone, week)
        open_ = disputed(here[here["draw_id"].isin(groups["draw_id"])])
        third = groups.merge(open_[["draw_id", "group_id"]].drop_duplicates(), on=["draw_id", "group_id"])
        self._hand_out(third, pairs.merge(open_[PAIR].drop_duplicates(), on=PAIR), week, THIRD)

    def _hand_out(self, groups: pd.DataFrame, pairs: pd.DataFrame, week: str, coder: str) -> pd.DataFrame:
        """Tasks for all candidates of the groups, answered."""
        shops = pairs.drop_duplicates(PAIR)[[*PAIR, "business_id", "score"]].rename(columns={"score": "score_at_draw"})
        tasks = groups.drop(columns="score").merge(shops, on="group_id")
        if tasks.empty:
            return tasks
        tasks = tasks.rename(columns={"stratum": "stratum_at_draw"}).assign(
            task_id=[f"t{len(self.tasks) + at}" for at in range(len(tasks))],
            week=week, coder=coder, known_answer=None, follow_up_prob=None, drawn_at=week,
            office=[self._office(group, coder) for group in tasks["group_id"]],
        )[TASK_COLUMNS]  # fmt: skip
        self.tasks = _joined(self.tasks, tasks)
        self.judgements = _joined(self.judgements, self._answered(tasks, week))
        return tasks

    def _office(self, group: int, coder: str) -> str:
        own = self.areas.get(group, PROVINCE)
        if coder == FIRST:
            return own
        return PROVINCE if coder == THIRD or own == "3671" else "3671"

    def _answered(self, tasks: pd.DataFrame, week: str) -> pd.DataFrame:
        runs = np.array([self.owner[key] for key in zip(tasks["marketplace"], tasks["shop_id"], strict=True)])
        is_own = runs == tasks["group_id"].to_numpy(dtype=np.int64)
        says_yes = is_own ^ (self.rng.random(len(tasks)) < WRONG)
        names = ~says_yes & ~is_own & (runs > 0) & (self.rng.random(len(tasks)) < NAMES_OTHER)
        answer = np.where(says_yes, YES, np.where(names, OTHER, NO)).astype(object)
        return tasks.assign(
            judgement_id=np.arange(len(tasks)) + len(self.judgements) + 1,
            answer=answer,
            reviewer=tasks["office"] + "/" + tasks["coder"],
            at=week,
            other_business=None,
            other_group_id=np.where(names, runs, np.nan),
        )[ANSWER_COLUMNS]


def _joined(before: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    return more.reset_index(drop=True) if before.empty else pd.concat([before, more], ignore_index=True)
