"""What a cluster costs beside one process, and whether five Bantens are five times the work of one.

Run: python benchmarks/scale.py [--full] [--size BUSINESSES SHOPS] [--bantens N] [--repeat N]. Worlds come from the
generator kept apart (linkage_parts/world.py), N Bantens side by side with codes of their own. One process, then 1, 2
and 4 workers do the same work and must find the same pairs; then partitions of two other sizes, and one Banten against
all. The work is everything from reading the tables to all pairs with their weights. Counted are processor seconds of
all processes together; what starting scheduler and workers took is shown apart, since a cluster is there already.

On a shared machine the same work takes a fifth more or less from one quarter of an hour to the next. So each round does
all of it by turns, works are compared with those of their own round, and the median over the rounds decides. Overhead
is told by processor seconds, growth by both. How much memory all processes take is looked at after the rounds, once
more: looking costs them a tenth of their time. Exits with 1 when the overhead, the memory or the growth is more than
the project may need.

The default is five times 40,000 businesses and 5,000 shops in one round, some minutes; --full is five times 800,000 and
100,000 in three, and needs 12 GiB and half an hour: `make prove`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from scale_parts import nation  # noqa: E402

from monitor.cluster.options import ClusterOptions  # noqa: E402

SMALL, FULL = (40_000, 5_000), (800_000, 100_000)
ROUNDS_SMALL, ROUNDS_FULL = 1, 3
WORKERS = (1, 2, 4)
OVERHEAD, GROWTH, TOTAL_GIB = 1.3, 1.2, 12.0
LOOKED = 0  # as a round: memory was looked at
LONG_S = 60.0  # processor seconds of one process; of shorter work a cluster mostly shows what starting tasks costs
Row = dict[str, Any]


class Work(NamedTuple):
    """workers: 0 for one process without a cluster; most: businesses in a partition."""

    bantens: int
    workers: int = 0
    most: int = 0


def run(work: Work, folder: Path, look: bool) -> tuple[Row, pd.DataFrame]:
    """Figures and pairs of a process of its own. look: at the memory of all processes while they work."""
    module, options = ("many", (*work[1:], int(look))) if work.workers else ("one", ())
    with tempfile.TemporaryDirectory(prefix="scale-") as out:
        command = [sys.executable, "-m", f"scale_parts.{module}", str(folder), str(work.bantens), out]
        subprocess.run([*command, *map(str, options)], check=True, cwd=ROOT / "benchmarks")
        stats = json.loads((Path(out) / "stats.json").read_text(encoding="utf-8"))
        return stats, pd.read_parquet(Path(out) / "pairs.parquet")


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """The same pairs with the same weights and evidence, to the last digit, in the same order."""
    texts = {"shop_id": str, "marketplace": str}
    return bool(one.astype(texts).equals(other.astype(texts)))


def most_of(businesses: int) -> int:
    """Businesses in a partition: as a cluster has them unless it is told otherwise, or one small Banten."""
    return min(businesses, ClusterOptions().partitions)


def measured(folder: Path, businesses: int, works: Sequence[Work], rounds: int) -> Iterator[Row]:
    """Every work once a round, then memory (round 0) of those on workers that are decided; one that finds other pairs
    than the first of as many Bantens ends the benchmark."""
    expected: dict[int, pd.DataFrame] = {}
    asked = [(turn, work) for turn in range(1, rounds + 1) for work in works]
    for turn, work in [*asked, *((LOOKED, work) for work in _usual(works))]:
        found, pairs = run(work, folder, turn == LOOKED)
        if not same(expected.setdefault(work.bantens, pairs), pairs):
            raise SystemExit(f"{work.workers} workers, partitions of {work.most:,}: other pairs than one process.")
        yield {"round": turn, "businesses": businesses, **work._asdict(), **found}


def _usual(works: Sequence[Work]) -> list[Work]:
    """All Bantens on workers, in partitions of the usual size."""
    return [work for work in works[1:] if work.bantens == works[0].bantens and work.most == works[1].most]


def work_of(row: Row) -> Work:
    return Work(*(row[name] for name in Work._fields))


def seconds(rows: Sequence[Row], work: Work, what: str = "processor") -> list[float]:
    """By round, seconds of all processors together, or by the clock (`seconds`); without those that were looked at."""
    return [float(row[what]) for row in rows if work_of(row) == work and row["round"] != LOOKED]


def times(rows: Sequence[Row], work: Work, other: Work, what: str = "processor") -> list[float]:
    """By round how many times the seconds of the other work."""
    pairs = zip(seconds(rows, work, what), seconds(rows, other, what), strict=False)  # a round may be under way
    return [one / two for one, two in pairs]


def shown(row: Row) -> str:
    """One line of what was measured."""
    who = f"{row['workers']} workers" if row["workers"] else "one process"
    turn = "looked at" if row["round"] == LOOKED else f"round {row['round']}"
    parts = [f"{turn}  {row['bantens']} x {row['businesses']:>7,}", f"{who:>11}"]
    parts += [f"{row['processor']:8.1f} s processor", f"{row['seconds']:8.1f} s clock"]
    if not row["workers"]:
        return "  ".join([*parts, f"peak {row['peak_mib']:,.0f} MiB"])
    moved = (row["index_bytes"] + row["run_bytes"]) / row["shops"]
    parts += [f"and {row['starting']:.0f} s to start", f"partitions of {row['most']:,}"]
    parts += [f"worker {row['worker_peak_mib']:,.0f} MiB"]
    parts += [f"all {row['total_peak_mib']:,.0f} MiB"] if "total_peak_mib" in row else []
    return "  ".join(
        [*parts, f"{moved:,.0f} bytes moved a shop ({row['run_bytes'] / row['shops']:,.0f} without indexes)"]
    )


def decided(rows: Sequence[Row], works: Sequence[Work], businesses: int) -> Iterator[str]:
    """A line for every work with what all rounds say together, then how many times one Banten all of them are."""
    for work in works:
        took = sorted(round(one, 1) for one in seconds(rows, work))
        who = f"{work.workers} workers, partitions of {work.most:,}" if work.workers else "one process"
        cost = f": {_told(times(rows, work, Work(work.bantens)))} one process" if work.workers else ""
        yield f"{work.bantens} x {businesses:,}, {who}: {took} s{cost}"
    for small, large in _twins(works):
        who = f"{small.workers} workers" if small.workers else "one process"
        busy, clock = (_told(times(rows, large, small, what)) for what in ("processor", "seconds"))
        yield f"{large.bantens} Bantens against one, {who}: {clock} by the clock, {busy} of processor"


def _told(found: Sequence[float]) -> str:
    return f"{median(found):.2f} times ({', '.join(f'{one:.2f}' for one in found)})"


def _twins(works: Sequence[Work]) -> list[tuple[Work, Work]]:
    """One Banten and all of them, done by the same."""
    return [(one, works[0]._replace(workers=one.workers, most=one.most)) for one in works if one.bantens == 1]


def missed(rows: Sequence[Row], works: Sequence[Work]) -> list[str]:
    """Sentences about what was not reached; of other sizes of partitions than the usual nothing is asked."""
    found = []
    if median(seconds(rows, works[0])) >= LONG_S:
        cost = {work: median(times(rows, work, works[0])) for work in _usual(works)}
        found += [
            f"{work.workers} workers cost {more:.2f} times one process, at most {OVERHEAD}."
            for work, more in cost.items()
            if more > OVERHEAD
        ]
    peak = max(row.get("total_peak_mib", 0.0) for row in rows) / 1024
    if peak > TOTAL_GIB:
        found.append(f"All processes together took {peak:.1f} GiB, at most {TOTAL_GIB:.0f}.")
    for small, large in _twins(works):
        who, bantens = f"{small.workers} workers" if small.workers else "one process", works[0].bantens
        for what, said in (("seconds", "by the clock"), ("processor", "of processor")):
            more = median(times(rows, large, small, what))
            if more > GROWTH * bantens:
                found.append(f"{bantens} Bantens, {who}: {more:.1f} times one {said}, at most {GROWTH * bantens:.1f}.")
    return found


def works_of(bantens: int, workers: Sequence[int], most: int, other_sizes: bool) -> list[Work]:
    """In their order: one process first, then the usual partitions."""
    many = [Work(bantens, number, most) for number in workers]
    if other_sizes:
        many += [Work(bantens, min(workers), size) for size in (most * 2, most // 2)]
    return list(dict.fromkeys([Work(bantens), *many, Work(1), Work(1, max(workers), most)]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="five times the whole province")
    parser.add_argument("--size", nargs=2, type=int, metavar=("BUSINESSES", "SHOPS"), help="of one Banten")
    parser.add_argument("--bantens", type=int, default=5)
    parser.add_argument("--workers", nargs="+", type=int, default=list(WORKERS))
    parser.add_argument("--repeat", type=int, metavar="N", help="rounds in which all of it is done")
    asked = parser.parse_args()
    businesses, shops = asked.size or (FULL if asked.full else SMALL)
    folder = ROOT / "build" / "scale" / f"{asked.bantens}-{businesses}-{shops}"
    nation.prepare(folder, asked.bantens, businesses, shops)
    works = works_of(asked.bantens, asked.workers, most_of(businesses), not asked.full)
    rows = []
    for row in measured(folder, businesses, works, asked.repeat or (ROUNDS_FULL if asked.full else ROUNDS_SMALL)):
        rows.append(row)
        print(shown(row), flush=True)
        (folder / "results.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    print("\n".join(decided(rows, works, businesses)))
    wrong = missed(rows, works)
    if median(seconds(rows, works[0])) < LONG_S:
        print(f"One process took less than {LONG_S:.0f} s: the overhead is decided by --full.")
    print("\n".join(wrong) or "what was decided is as it must be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
