"""How far the people agree who judge, and what silence and doubt do to a figure (estimation 5.5 and 5.6, 2026-11)."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pipelines.estimation.arrays import Bools, Floats, Ints, same_length, sizes

TARGET, GATE = 0.80, 0.70  # Cohen's kappa: wished for; below the gate the week's level is not published
AMBIGUITY_LIMIT = 1 / 3  # of the interval's width; a wider gap is published
FOLLOWED_SHARE, FOLLOWED_LEAST = 1 / 3, 4  # open tasks of a silent office that the province judges, by score stratum
SPREAD_TASKS = 2.0  # added before the interval of Cohen's kappa is computed
Z = 1.959964  # 97.5 % point of the normal distribution


@dataclass(frozen=True)
class Agreement:
    """tasks coded twice, share on which both said the same, Cohen's kappa and its 95 % interval.

    kappa is None where nothing was coded twice, or everybody always said the same one thing.
    """

    tasks: int
    agreed: float | None
    kappa: float | None
    low: float | None
    high: float | None

    @property
    def state(self) -> str:
        """not_measured, low (below the gate), below_target, or target."""
        if self.kappa is None:
            return "not_measured"
        return "low" if self.kappa < GATE else "below_target" if self.kappa < TARGET else "target"


@dataclass(frozen=True)
class Share:
    """count of total, the share, and its 95 % interval (Wilson); None where total is 0."""

    count: int
    total: int
    share: float | None
    low: float | None
    high: float | None


def cohen_kappa(first: ArrayLike, second: ArrayLike, weight: ArrayLike | None = None) -> Agreement:
    """Agreement beyond chance of two independent codings of the same tasks (Cohen 1960).

    first, second: answers as text, one a task. weight: 1 / probability that the task was coded twice, where these
    differ (all of the middle strata, a fifth elsewhere); 1 each when None. The interval is that of Fleiss, Cohen and
    Everitt (1969) with the effective number of tasks, made fit for few of them.
    """
    a, b = np.asarray(first, dtype=object), np.asarray(second, dtype=object)
    each = np.ones(len(a)) if weight is None else sizes("Weights", weight)
    same_length(first=a, second=b, weight=each)
    if not len(a) or each.sum() <= 0:
        return Agreement(0, None, None, None, None)
    table = _table(a, b, each)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    agreed, chance = float(np.trace(table)), float(rows @ columns)
    if chance >= 1 - 1e-12:
        return Agreement(len(a), agreed, None, None, None)
    kappa = (agreed - chance) / (1 - chance)
    low, high = _kappa_interval(table, float(each.sum() ** 2 / (each**2).sum()))
    return Agreement(len(a), agreed, kappa, max(min(low, kappa), -1.0), min(max(high, kappa), 1.0))


def _kappa_interval(table: Floats, tasks: float) -> tuple[float, float]:
    """The large-sample interval after two tasks were spread evenly over all pairs of answers.

    Without them it holds the truth in 51 to 80 % where 20 to 40 tasks were coded twice with few errors, and has no
    width where all agree; with them in 94 to 99 % (simulated 2026-11: 20 to 150 tasks, 2 to 20 % errors).
    """
    spread = (table * tasks + SPREAD_TASKS / table.size) / (tasks + SPREAD_TASKS)
    agreed, chance = float(np.trace(spread)), float(spread.sum(axis=1) @ spread.sum(axis=0))
    middle = (agreed - chance) / (1 - chance)
    half = Z * sqrt(_variance(spread, agreed, chance) / tasks)
    return middle - half, middle + half


def _table(first: NDArray[np.object_], second: NDArray[np.object_], weight: Floats) -> Floats:
    """Shares of every pair of answers; rows the first coder's, columns the second's."""
    answers, codes = np.unique(np.concatenate([first, second]).astype(str), return_inverse=True)
    size = len(answers)
    cells = codes[: len(first)] * size + codes[len(first) :]
    table: Floats = np.bincount(cells, weight, minlength=size * size) / weight.sum()
    return table.reshape(size, size)


def _variance(table: Floats, agreed: float, chance: float) -> float:
    """Large-sample variance of Cohen's kappa for one task."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    both = rows[None, :] + columns[:, None]  # p(.i as first answer) + p(j. as second), for the cell i, j
    diagonal = np.diag(table)
    same = (diagonal * ((1 - chance) - (rows + columns) * (1 - agreed)) ** 2).sum()
    other = ((table - np.diag(diagonal)) * both**2).sum() * (1 - agreed) ** 2
    left = (agreed * chance - 2 * chance + agreed) ** 2
    return float(max(same + other - left, 0.0) / (1 - chance) ** 4)


def share_of(count: int, total: int) -> Share:
    """A share with its Wilson interval, such as wrong answers of seeded pairs, or answered tasks of those sent."""
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} is no share.")
    if total == 0:
        return Share(0, 0, None, None, None)
    p, z = count / total, Z**2 / total
    middle, half = (p + z / 2) / (1 + z), sqrt(p * (1 - p) * z + z**2 / 4) / (1 + z)
    return Share(count, total, p, max(middle - half, 0.0), min(middle + half, 1.0))


def seeded_errors(answer: ArrayLike, truth: ArrayLike) -> Share:
    """Wrong answers among seeded pairs, whose truth (ya or not) is known; 'tidak tahu' is left out.

    answer: the answers as text; truth: whether the shop is the business's.
    """
    said, true = np.asarray(answer, dtype=object), np.asarray(truth, dtype=bool)
    same_length(answer=said, truth=true)
    decided = said != "tidak tahu"
    return share_of(int(((said == "ya") != true)[decided].sum()), int(decided.sum()))


def office_table(codings: pd.DataFrame) -> pd.DataFrame:
    """By office (sorted): answers, share of `ya` among decided ones, coded twice, agreed (share of those).

    codings: one row a coding of a task: office, answer, other (answer of the other coder, None where there is none).
    """
    twice = codings["other"].notna()
    decided = codings["answer"] != "tidak tahu"
    marked = pd.DataFrame(
        {
            "office": codings["office"],
            "ya": (codings["answer"] == "ya").where(decided).astype("Float64"),
            "twice": twice.astype("int64"),
            "agreed": (codings["answer"] == codings["other"]).where(twice).astype("Float64"),
        }
    )
    grouped = marked.groupby("office", sort=True)
    table = grouped.agg(ya_share=("ya", "mean"), coded_twice=("twice", "sum"), agreed_share=("agreed", "mean"))
    return table.assign(answers=grouped.size())[["answers", "ya_share", "coded_twice", "agreed_share"]].reset_index()


def response_table(tasks: pd.DataFrame) -> pd.DataFrame:
    """By office (sorted): sent, answered, response_rate (0 to 1), is_silent (nothing answered).

    tasks: one row a task that was handed out: office, is_answered.
    """
    grouped = tasks.groupby("office", sort=True)["is_answered"]
    table = pd.DataFrame({"sent": grouped.size(), "answered": grouped.sum().astype("int64")})
    table["response_rate"] = table["answered"] / table["sent"]
    return table.assign(is_silent=table["answered"] == 0).reset_index()


def follow_up(stratum: ArrayLike, rng: np.random.Generator) -> tuple[Bools, Floats]:
    """Which open tasks of a silent office the province judges, and the probability each had.

    stratum: score stratum of every open task. A random third of each stratum, at least 4 (all where there are fewer);
    the weight of a followed task is divided by its probability, the others are left out.
    """
    place: Ints = np.asarray(stratum, dtype=np.int64)
    chosen, probability = np.zeros(len(place), dtype=bool), np.zeros(len(place))
    for number in np.unique(place):
        there = np.flatnonzero(place == number)
        taken = min(max(int(np.ceil(len(there) * FOLLOWED_SHARE - 1e-9)), FOLLOWED_LEAST), len(there))
        chosen[rng.choice(there, taken, replace=False)] = True
        probability[there] = taken / len(there)
    return chosen, probability


def ambiguity_gap(if_no: float, if_yes: float, low: float, high: float) -> tuple[float, bool]:
    """How far the figure moves when every 'tidak tahu' is a yes, and whether that must be published (5.5)."""
    gap = abs(if_yes - if_no)
    return gap, gap > AMBIGUITY_LIMIT * (high - low)
