"""Is anything lost when a verb is killed at any moment and run again? Rows, files, leftovers, runs.

Run: python benchmarks/chaos.py [--kills 200] [--only crawl load ..] [--store sqlite postgresql] [--seed 1] [--quick]

Two weeks of a tiny world are played once undisturbed, the state before each verb being kept. Then each verb is started
from its state, killed with SIGKILL (the whole process group) at a drawn moment, started again, and what both stores and
the data folder then hold is compared with the undisturbed run. Half of the moments are drawn by the clock, half are the
n-th rename, commit, write .. of the run. Prints one table; exits with 1 when anything differs, and when one of the
planted defects is not found.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.chaos_parts.children import adopt_orphans, apart, import_ahead  # noqa: E402
from benchmarks.chaos_parts.stores import PostgresqlStores, Stores  # noqa: E402
from benchmarks.chaos_parts.story import Story, make_lists, served, steps  # noqa: E402
from benchmarks.chaos_parts.trials import Cell, Trials, found_planted, shares  # noqa: E402
from benchmarks.results_parts.engines import server  # noqa: E402

TOLD_QUICK = ("crawl", "load")
KINDS = ("sqlite", "postgresql")
HEAVY = ("crawl", "link", "measure", "report", "release")  # seconds of processor a run
SHARE = {"sqlite": 120, "postgresql": 80}
NOT_OF_A_DATABASE = ("crawl", "feed")  # of what they do, a store sees the row of the run only


@contextmanager
def stores_of(kind: str, root: Path) -> Iterator[Stores | None]:
    """None where no PostgreSQL is installed."""
    if kind == "sqlite":
        yield Stores(root / kind)
        return
    with server() as address:
        yield PostgresqlStores(root / kind, address.removesuffix("/postgres")) if address else None


def labels_of(world: Path, kind: str, only: Sequence[str], quick: bool) -> list[str]:
    found = [step.label for step in steps(world, world, quick) if step.label]
    if kind == "postgresql":
        found = [label for label in found if label not in NOT_OF_A_DATABASE]
    return [label for label in found if not only or label in only]


def one_store(story: Story, labels: Sequence[str], kills: int, seed: int, tell: bool) -> list[Cell]:
    """Plays the story, then kills each verb; beside that each is told to end once with SIGTERM."""
    story.play(set(labels))
    trials = Trials(story, seed)
    cells = []
    for label, number in shares(labels, kills, HEAVY).items():
        cell = trials.cell(label, number)
        if not story.quick or label in TOLD_QUICK:
            cell.ended = trials.told_to_end(label)
        cells.append(cell)
        if tell:
            print(json.dumps(cell.row()), flush=True, file=sys.stderr)
            told(cell)
    return cells


def told(cell: Cell) -> None:
    for trial in cell.every:
        for line in trial.wrong:
            print(f"  {cell.label}, {cell.store}, {trial.moment} ({trial.hit}): {line}", file=sys.stderr, flush=True)


def table(rows: Sequence[dict[str, object]]) -> str:
    names = list(rows[0])
    lines = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)


def killed(given: argparse.Namespace, root: Path) -> tuple[list[Cell], dict[str, list[str]]]:
    """Every cell of the table, and the planted defects with what showed them."""
    world = root / "world"
    apart(partial(make_lists, world))
    cells: list[Cell] = []
    planted: dict[str, list[str]] = {}
    with served(world):
        for kind in given.store:
            with stores_of(kind, root) as stores:
                if stores is None:
                    print("PostgreSQL is not installed here: its verbs were not killed.", file=sys.stderr)
                    continue
                labels = labels_of(world, kind, given.only, given.quick)
                kills = round(given.kills * SHARE[kind] / sum(SHARE[one] for one in given.store))
                story = Story(stores, world, given.quick)
                cells += one_store(story, labels, kills, given.seed, not given.json)
                if kind == "sqlite" and not given.only:
                    planted = found_planted(story)
    return cells, planted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=[], help="verbs as in the table")
    parser.add_argument("--store", nargs="*", default=list(KINDS), choices=KINDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="one week, as far as its links")
    parser.add_argument("--json", action="store_true", help="the cells as JSON on standard output")
    given = parser.parse_args()
    adopt_orphans()
    import_ahead()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the private server and the folders go with it
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        cells, planted = killed(given, Path(name))
    if given.json:
        print(json.dumps({"cells": [asdict(cell) for cell in cells], "planted": planted}))
    else:
        print(table([cell.row() for cell in cells]))
        for what, wrong in planted.items():
            print(f"Planted: {what}: {wrong[0] if wrong else 'NOT FOUND'}")
        print(f"{sum(len(cell.trials) for cell in cells)} kills in {time.monotonic() - began:.0f} s")
    holds = all(not trial.wrong for cell in cells for trial in cell.every)
    return 0 if holds and all(planted.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
