"""What the project must reach and aims at: quality at mid difficulty, time and memory where all businesses are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

ENOUGH_LINKS = 200  # of a bin of stated probability
PROVINCE = 800_000
DIFFICULTY = 0.5
FEBRL4_F1 = 0.999


def _sure(row: Row) -> float | None:
    sure = row.get("sure", {"links": 0, "right": 0})
    return sure["right"] / sure["links"] if sure["links"] else None


def _off(row: Row) -> float | None:
    """Largest difference of stated and true probability over the bins that hold enough links."""
    parts = [part for part in row.get("calibration", ()) if part["links"] >= ENOUGH_LINKS]
    return max((abs(part["stated"] - part["true"]) for part in parts), default=None)


def _recall(precision: str) -> Callable[[Row], float | None]:
    return lambda row: float(row["recall"][precision])


@dataclass(frozen=True)
class Goal:
    """figure: None where it was not measured. at_least: more is better, else less. everywhere: at any number of
    businesses, else where the whole province is."""

    what: str
    matcher: str
    figure: Callable[[Row], float | None]
    must: float
    aim: float
    at_least: bool = True
    everywhere: bool = True
    form: str = ".3f"

    def reached(self, value: float, wanted: float) -> bool:
        return value >= wanted if self.at_least else value <= wanted

    def concerns(self, row: Row) -> bool:
        there = row["businesses"] >= PROVINCE or (self.everywhere and row["difficulty"] == DIFFICULTY)
        return there and row["matcher"] == self.matcher and "failed" not in row


_PLAIN, _TAUGHT = "project", "project_labels"
GOALS = (
    Goal("recall at precision .99", _PLAIN, _recall("0.99"), 0.10, 0.20),
    Goal("recall at precision .99", _TAUGHT, _recall("0.99"), 0.20, 0.35),
    Goal("recall at precision .90", _PLAIN, _recall("0.90"), 0.35, 0.45),
    Goal("recall at precision .90", _TAUGHT, _recall("0.90"), 0.45, 0.57),
    Goal("best F1", _TAUGHT, lambda row: row["f1"], 0.60, 0.70),
    Goal("true share of links stated at .99 or more", _TAUGHT, _sure, 0.97, 0.99),
    Goal("stated minus true probability, worst bin", _TAUGHT, _off, 0.05, 0.02, at_least=False),
    Goal("seconds", _PLAIN, lambda row: row["seconds"], 25, 10, at_least=False, everywhere=False, form=".1f"),
    Goal("seconds", _TAUGHT, lambda row: row["seconds"], 25, 10, at_least=False, everywhere=False, form=".1f"),
    Goal("peak MiB", _PLAIN, lambda row: row["peak_mib"], 3584, 2048, at_least=False, everywhere=False, form=".0f"),
    Goal("peak MiB", _TAUGHT, lambda row: row["peak_mib"], 3584, 2048, at_least=False, everywhere=False, form=".0f"),
    Goal(
        "second week's scoring, share of the first's", _PLAIN, lambda row: row.get("second_week", {}).get("share"),
        0.10, 0.04, at_least=False, everywhere=False,
    ),
)  # fmt: skip


def missed(rows: list[Row]) -> list[str]:
    """One sentence for everything the project had to reach and did not."""
    found = []
    for row in rows:
        name = f"{row['task']} {row['matcher']}"
        if "failed" in row and row["matcher"].startswith("project"):
            found.append(f"{name}: {row['failed']}")
        for goal in (goal for goal in GOALS if goal.concerns(row)):
            value, bound = goal.figure(row), "at least" if goal.at_least else "at most"
            if value is not None and not goal.reached(value, goal.must):
                found.append(f"{name}: {goal.what} is {value:{goal.form}}, must be {bound} {goal.must:g}")
    return found


def standing(rows: list[Row]) -> Iterator[str]:
    """Must, aim, figure and verdict for each goal, on the largest task of mid difficulty that was measured."""
    sizes = [row["businesses"] for row in rows if row["difficulty"] == DIFFICULTY]
    top = [row for row in rows if sizes and row["businesses"] == max(sizes) and row["difficulty"] == DIFFICULTY]
    for goal in GOALS:
        for row in (row for row in top if goal.concerns(row)):
            value = goal.figure(row)
            if value is None:
                continue
            verdict = "missed"
            if goal.reached(value, goal.must):
                verdict = "aim" if goal.reached(value, goal.aim) else "must"
            labels = f"{goal.what}, labels {row['labels']}"
            yield f"{labels:<62}{goal.must:>8g}{goal.aim:>8g}{value:>10{goal.form}}  {verdict}"
