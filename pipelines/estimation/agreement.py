"""How far the people agree who judge, and what silence and doubt do to a figure (estimation 5.5 and 5.6, 2026-11)."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pipelines.estimation.arrays import Bools, Floats, Ints, same_length, sizes

TARGET, GATE = 0.80, 0.70  # Cohen's kappa: wished for; below the gate the week's level is not published
AMBIGUITY_LIMIT = 1 / 3  # of the interval's width; a wider gap is published
FOLLOWED_SHARE, FOLLOWED_LEAST = 1 / 3, 4  # open tasks of a silent office that the province judges, by score stratum
SPREAD_TASKS = 2.0  # added before the interval of Cohen's kappa is computed
YES, UNDECIDED = "ya", "tidak tahu"
OFFICE_COLUMNS = (
    "office", "asked", "answered", "response_rate", "is_silent", "follow_up", "coded_twice", "agreed_share", "ya_share",
)  # fmt: skip
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


def seeded_errors(known: ArrayLike, answer: ArrayLike) -> Share:
    """Wrong answers among seeded pairs; doubt is left out, and the business being another's is a no.

    known, answer: the right answer and the one given, as text.
    """
    right, said = np.asarray(known, dtype=object), np.asarray(answer, dtype=object)
    same_length(known=right, answer=said)
    decided = said != UNDECIDED
    return share_of(int(((said == YES) != (right == YES))[decided].sum()), int(decided.sum()))


def office_table(coding: pd.DataFrame, offices: pd.DataFrame) -> pd.DataFrame:
    """By office (sorted), what the offices are told of themselves: office, asked, answered, response_rate, is_silent,
    follow_up, coded_twice, agreed_share, ya_share (NaN where nothing is known).

    coding: pairs that two coders answered: office (of the first), first, second. offices: office, asked, answered,
    follow_up (share of its open tasks that the province judges). Shares are of the pairs coded twice, which are chosen
    in the same way in every office; ya_share is of those that the first coder decided.
    """
    decided = coding["first"] != UNDECIDED
    marked = pd.DataFrame(
        {
            "office": coding["office"],
            "agreed": (coding["first"] == coding["second"]).astype("float64"),
            "ya": (coding["first"] == YES).astype("float64").where(decided),
        }
    )
    grouped = marked.groupby("office", sort=True)
    own = grouped.agg(coded_twice=("agreed", "size"), agreed_share=("agreed", "mean"), ya_share=("ya", "mean"))
    table = offices.set_index("office").join(own, how="outer").sort_index().rename_axis("office").reset_index()
    counted = {name: table[name].fillna(0).astype("int64") for name in ("asked", "answered", "coded_twice")}
    table = table.assign(**counted, follow_up=table["follow_up"].fillna(0.0))
    rate = table["answered"] / table["asked"].where(table["asked"] > 0)
    is_silent = (table["asked"] > 0) & (table["answered"] == 0)
    return table.assign(response_rate=rate, is_silent=is_silent)[list(OFFICE_COLUMNS)]


def people_details(coding: pd.DataFrame, seeded: pd.DataFrame, offices: pd.DataFrame) -> dict[str, Any]:
    """How the people did, as plain values for the details of a figure: seeded errors, and a row an office.

    coding, offices: as in `office_table`; seeded: known, answer. What is not known is None.
    """
    errors = seeded_errors(seeded["known"], seeded["answer"])
    table = office_table(coding, offices).astype(object)
    rows = table.where(table.notna(), None).to_dict("records")
    plain = [
        {name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()} for row in rows
    ]
    wrong = {"wrong": errors.count, "of": errors.total, "share": errors.share, "low": errors.low, "high": errors.high}
    return {"seeded": wrong, "offices": plain}


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
