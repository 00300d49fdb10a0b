"""What a cluster costs beside one process, and whether five Bantens are five times the work of one.

Run: python benchmarks/scale.py [--full] [--size BUSINESSES SHOPS] [--bantens N]. Worlds come from the generator kept
apart (linkage_parts/world.py), N Bantens side by side with codes of their own. One process, then 1, 2 and 4 workers do
the same work and must find the same pairs; then partitions of three sizes, and one Banten against all. The work is
everything from reading the tables to all pairs with their weights. Counted are processor seconds of all processes
together, so that a busy machine changes little; what starting scheduler and workers took is shown apart, since a
cluster is there already. Exits with 1 when the overhead, the memory or the growth is more than the project may need.

The default is five times 40,000 businesses and 5,000 shops, some minutes; --full is five times 800,000 and 100,000 and
needs 12 GiB and the better part of an hour: `make prove`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from scale_parts import nation  # noqa: E402

from monitor.cluster.options import ClusterOptions  # noqa: E402

SMALL, FULL = (40_000, 5_000), (800_000, 100_000)
WORKERS = (1, 2, 4)
OVERHEAD, GROWTH, TOTAL_GIB = 1.3, 1.2, 12.0
LONG_S = 60.0  # processor seconds of one process; of shorter work a cluster mostly shows what starting tasks costs
Row = dict[str, Any]


def run(module: str, folder: Path, bantens: int, *options: int) -> tuple[Row, pd.DataFrame]:
    """Figures and pairs of a process of its own."""
    with tempfile.TemporaryDirectory(prefix="scale-") as out:
        command = [sys.executable, "-m", module, str(folder), str(bantens), out, *map(str, options)]
        subprocess.run(command, check=True, cwd=ROOT / "benchmarks")
        stats = json.loads((Path(out) / "stats.json").read_text(encoding="utf-8"))
        return stats, pd.read_parquet(Path(out) / "pairs.parquet")


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """The same pairs with the same weights and evidence, to the last digit, in the same order."""
    return one.astype({"shop_id": str, "marketplace": str}).equals(other.astype({"shop_id": str, "marketplace": str}))


def most_of(businesses: int) -> int:
    """Businesses in a partition: as a cluster has them unless it is told otherwise, or one small Banten."""
    return min(businesses, ClusterOptions().partitions)


def shown(row: Row) -> str:
    """One line of what was measured."""
    who = f"{row['workers']} workers" if "workers" in row else "one process"
    parts = [f"{row['bantens']} x {row['businesses']:>7,}", f"{who:>11}", f"{row['processor']:8.1f} s processor"]
    parts += [f"{row['seconds']:8.1f} s clock"]
    if "workers" not in row:
        return "  ".join([*parts, f"peak {row['peak_mib']:,.0f} MiB"])
    moved = (row["index_bytes"] + row["run_bytes"]) / row["shops"]
    parts += [f"{row['processor'] / row['one']:.2f} x one process", f"and {row['starting']:.0f} s to start"]
    parts += [f"partitions of {row['most']:,}"]
    parts += [f"worker {row['worker_peak_mib']:,.0f} MiB, all {row['total_peak_mib']:,.0f} MiB"]
    return "  ".join(
        [*parts, f"{moved:,.0f} bytes moved a shop ({row['run_bytes'] / row['shops']:,.0f} without indexes)"]
    )


def measured(folder: Path, bantens: int, businesses: int, runs: list[tuple[int, int]]) -> Iterator[Row]:
    """One process, then every (workers, partition size); a run that finds other pairs ends the benchmark."""
    about = {"bantens": bantens, "businesses": businesses}
    alone, expected = run("scale_parts.one", folder, bantens)
    yield {**about, **alone}
    for workers, most in runs:
        found, pairs = run("scale_parts.many", folder, bantens, workers, most)
        if not same(expected, pairs):
            raise SystemExit(f"{workers} workers with partitions of {most:,} found other pairs than one process.")
        yield {**about, **found, "one": alone["processor"]}


def missed(rows: list[Row], bantens: int) -> list[str]:
    """Sentences about what was not reached."""
    many = [row for row in rows if "workers" in row and row["bantens"] == bantens]
    usual = [row for row in many if row["most"] == many[0]["most"]]
    found = [
        f"{row['workers']} workers cost {row['processor'] / row['one']:.2f} times one process, at most {OVERHEAD}."
        for row in usual
        if row["one"] >= LONG_S and row["processor"] > OVERHEAD * row["one"]
    ]
    peak = max(row["total_peak_mib"] for row in usual) / 1024
    if peak > TOTAL_GIB:
        found.append(f"All processes together took {peak:.1f} GiB, at most {TOTAL_GIB:.0f}.")
    small = [row for row in rows if "workers" in row and row["bantens"] == 1]
    for row in small:
        twin = next(other for other in usual if other["workers"] == row["workers"])
        times = twin["processor"] / row["processor"]
        if times > GROWTH * bantens:
            found.append(f"{bantens} Bantens cost {times:.1f} times one, at most {GROWTH * bantens:.1f}.")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="five times the whole province")
    parser.add_argument("--size", nargs=2, type=int, metavar=("BUSINESSES", "SHOPS"), help="of one Banten")
    parser.add_argument("--bantens", type=int, default=5)
    parser.add_argument("--workers", nargs="+", type=int, default=list(WORKERS))
    asked = parser.parse_args()
    businesses, shops = asked.size or (FULL if asked.full else SMALL)
    folder = ROOT / "build" / "scale" / f"{asked.bantens}-{businesses}-{shops}"
    nation.prepare(folder, asked.bantens, businesses, shops)
    usual = most_of(businesses)
    runs = [(workers, usual) for workers in asked.workers]
    sizes = [] if asked.full else [(min(asked.workers), usual * 2), (min(asked.workers), usual // 2)]
    rows = []
    for bantens, wanted in ((asked.bantens, runs + sizes), (1, [(max(asked.workers), usual)])):
        for row in measured(folder, bantens, businesses, wanted):
            rows.append(row)
            print(shown(row), flush=True)
    (folder / "results.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    wrong = missed(rows, asked.bantens)
    if rows[0]["processor"] < LONG_S:
        print(f"One process took less than {LONG_S:.0f} s: the overhead is decided by --full.")
    print("\n".join(wrong) or "what was decided is as it must be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
