"""Kills a verb, runs it again, and compares with the undisturbed run. Which moments are drawn, and where they hit."""

import gc
import re
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from random import Random

from benchmarks.chaos_parts.children import Ended, apart, run
from benchmarks.chaos_parts.moments import Moment
from benchmarks.chaos_parts.pictures import Picture, differences, half_files, picture, readable
from benchmarks.chaos_parts.planted import PLANTED
from benchmarks.chaos_parts.story import Story

LATER = timedelta(hours=1)  # the clock of the second run
TRIES = 12  # draws until a kill meets the verb alive
NEVER_TWICE = ("crawl",)  # run again after its end was noted it asks the site again, as it should
SOONER = 0.7  # each draw by the clock is so much earlier than the one before
TERM_S = 30.0


@dataclass
class Trial:
    """One kill. moment: as told. hit: before, during or after the changes of the verb. wrong: one line each."""

    label: str
    store: str
    moment: str
    hit: str
    wrong: list[str] = field(default_factory=list)


@dataclass
class Cell:
    """All kills of one verb on one store."""

    label: str
    store: str
    trials: list[Trial] = field(default_factory=list)
    ended: Trial | None = None  # the one that was told to end with SIGTERM

    @property
    def every(self) -> list[Trial]:
        return [*self.trials, *([self.ended] if self.ended else [])]

    def row(self) -> dict[str, object]:
        hits = Counter(trial.hit for trial in self.trials)
        wrong = sum(1 for trial in self.trials if trial.wrong)
        return {
            "verb": self.label,
            "store": self.store,
            "kills": len(self.trials),
            **{name: hits[name] for name in ("before", "during", "after")},
            "mended equal": len(self.trials) - wrong,
            "different": wrong,
            "SIGTERM": "" if self.ended is None else "different" if self.ended.wrong else "equal",
        }


def drawn(told: Ended, random: Random, number: int) -> Moment | float:
    """Every other kill by the clock, as a share of the run; the others at an event: its kind, then which of them.

    Renames and commits are few, writes are many; drawn by kind, the few dangerous moments are met too.
    """
    kinds = sorted(kind for kind, count in told.counts.items() if count)
    if number % 2 or not kinds:
        return random.uniform(0.02, 1.0)
    kind = random.choice(kinds)
    return Moment(kind, random.randint(1, told.counts[kind]))


def where(told: Ended, killed: Ended) -> str:
    """Before the first change, during, or after the last one; a change is any event but those of the run's own row."""
    met, whole = sum(killed.counts.values()), sum(told.counts.values())
    own = 2  # the row of the run: a statement and its commit at the beginning, the same at the end
    if met <= own:
        return "before"
    return "after" if met >= whole - own else "during"


class Trials:
    """The kills of one story. Expected pictures are made once for each verb."""

    def __init__(self, story: Story, seed: int) -> None:
        self.story, self.seed = story, seed
        self.expected: dict[str, Picture] = {}
        self.before: dict[str, Picture] = {}
        gc.collect()
        gc.freeze()  # children then leave the memory they share alone

    def cell(self, label: str, kills: int) -> Cell:
        cell = Cell(label, self.story.stores.kind)
        for number in range(kills):
            cell.trials.append(self.one(label, number))
        return cell

    def one(
        self, label: str, number: int, moment: Moment | None = None, plant: Callable[[], None] | None = None
    ) -> Trial:
        """moment: None draws one. plant: done to both runs before they begin."""
        self._expect(label)
        killed, when = self._killed(label, number, moment, plant)
        trial = Trial(label, self.story.stores.kind, when, where(self.story.told[label], killed))
        stores = self.story.stores
        mid = picture(stores, False)
        trial.wrong += half_files(self.before[label], mid, self.expected[label])
        trial.wrong += readable(stores)
        if label in NEVER_TWICE and not differences(self.expected[label], apart(partial(picture, stores))):
            return trial  # everything was done and noted when the kill came
        again = run(self.story.order(self.story.kept[label], LATER, plant), self.story.shared)
        if again.code:
            said = " ".join(again.said.split())
            trial.wrong.append(f"run again it ended with {again.code}: {said[-300:]}")
        trial.wrong += differences(self.expected[label], apart(partial(picture, stores)))
        return trial

    def _expect(self, label: str) -> None:
        if label in self.expected:
            return
        stores = self.story.stores
        stores.put(f"before {label}")
        self.before[label] = picture(stores, False)
        stores.put(f"after {label}")
        self.expected[label] = apart(partial(picture, stores))

    def _killed(
        self, label: str, number: int, moment: Moment | None, plant: Callable[[], None] | None
    ) -> tuple[Ended, str]:
        """Draws until a kill meets the verb alive: later runs are quicker than the first, which imported more."""
        random = Random(f"{self.seed} {label} {number} {self.story.stores.kind}")
        for turn in range(TRIES):
            told = self.story.told[label]
            drawn_now = moment or drawn(told, random, number)
            when = drawn_now if isinstance(drawn_now, Moment) else drawn_now * told.seconds * SOONER**turn
            self.story.stores.put(f"before {label}")
            ended = run(self.story.order(self.story.kept[label], plant=plant), self.story.shared, when)
            if ended.was_killed:
                return ended, str(when) if isinstance(when, Moment) else f"{when:.2f} s"
            self.story.told[label] = replace(told, seconds=min(told.seconds, ended.seconds))
        raise RuntimeError(f"No kill met {label} while it ran.")

    def told_to_end(self, label: str, number: int = 0) -> Trial:
        """SIGTERM to the verb alone, in the middle: it and its children end in 30 s, and it goes on after."""
        self._expect(label)
        told = self.story.told[label]
        for turn in range(TRIES):
            self.story.stores.put(f"before {label}")
            order = self.story.order(self.story.kept[label])
            ended = run(order, self.story.shared, 0.6 * told.seconds / 2**turn, signal.SIGTERM)
            if ended.code:
                break
        trial = Trial(label, self.story.stores.kind, "SIGTERM", where(told, ended))
        if ended.code == 99 or ended.seconds > TERM_S + told.seconds:
            trial.wrong.append(f"after SIGTERM it lived on for {ended.seconds:.0f} s")
        again = run(self.story.order(self.story.kept[label], LATER), self.story.shared)
        if again.code:
            trial.wrong.append(f"run again it ended with {again.code}: {again.said[-300:]}")
        trial.wrong += differences(self.expected[label], apart(partial(picture, self.story.stores)))
        return trial


def found_planted(story: Story) -> dict[str, list[str]]:
    """Planted defect -> the differences that show it; empty where it was not found."""
    trials = Trials(story, 0)
    found = {}
    for what, planted in PLANTED.items():
        if planted.label in story.kept:
            wrong = trials.one(planted.label, 0, planted.moment, planted.plant).wrong
            found[what] = [line for line in wrong if re.search(planted.seen, line)]
    return found


def shares(labels: Sequence[str], kills: int, heavy: Sequence[str]) -> dict[str, int]:
    """How many kills each label gets; the heavy ones get a third as many as the others."""
    weights = {label: 1 if label in heavy else 3 for label in labels}
    whole = sum(weights.values())
    found = {label: kills * weight // whole for label, weight in weights.items()}
    for label in sorted(labels, key=lambda one: -weights[one])[: kills - sum(found.values())]:
        found[label] += 1
    return found
