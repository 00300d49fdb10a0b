"""Do the estimators keep what the method promises? Its figures beside what is reached in worlds with known truth.

Run: python benchmarks/estimation.py [--only S4 S14] [--worlds N] [--first N] [--quick]. A line a figure; "must fail"
marks the halves in which the naive way has to fail, so that a world that proves nothing is noticed. Exits with 1 on a
miss. The default is the method's long run of 1,000 worlds a cell; with fewer, bands are widened by the noise (2 points
for 200). --first: number of the first world, so that a long run can be done in parts.
"""

import argparse
import importlib
import pkgutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import estimation_parts  # noqa: E402
from estimation_parts.checks import CHECKS, Reached, Run  # noqa: E402

# Section 12 of the method; the landing is incomplete while one of them has no check.
EXPECTED = ("S1", "S2", "S2b", *(f"S{number}" for number in range(3, 11)), "S10b",
            *(f"S{number}" for number in range(11, 22)))  # fmt: skip
QUICK = 200
WIDTH = 72  # of a label


def load_checks() -> None:
    """Imports every module of estimation_parts; each registers its checks."""
    for module in sorted(pkgutil.iter_modules(estimation_parts.__path__), key=lambda found: found.name):
        importlib.import_module(f"estimation_parts.{module.name}")


def show(line: Reached) -> None:
    mark = "ok  " if line.ok else "MISS"
    print(f"  {mark} {line.label:<{WIDTH}}  method {line.wanted:<28}  reached {line.reached}", flush=True)


def run_check(name: str, run: Run) -> list[str]:
    """Prints the lines of all parts of one check as they come, and returns what was missed."""
    missed = []
    for title, function in CHECKS[name]:
        print(f"{name}: {title}", flush=True)
        started, lines = time.perf_counter(), 0
        for line in function(run):
            show(line)
            lines += 1
            missed += [] if line.ok else [f"{name} {line.label}: {line.reached} instead of {line.wanted}"]
        missed += [] if lines else [f"{name}: nothing was checked"]
        print(f"  {time.perf_counter() - started:.0f} s", flush=True)
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description="The method's checks of the estimators (section 12).")
    parser.add_argument("--only", nargs="+", metavar="CHECK", help="such as S4 S14; all when left out")
    parser.add_argument("--worlds", type=int, default=1000, metavar="N", help="worlds a cell (default 1000)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first world (default 0)")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} worlds a cell")
    asked = parser.parse_args()
    load_checks()
    names = asked.only or [*EXPECTED, *(name for name in CHECKS if name not in EXPECTED)]
    unknown = [name for name in names if name not in CHECKS]
    if asked.only and unknown:
        parser.error(f"there is no check {', '.join(unknown)}; there are {', '.join(sorted(CHECKS))}")
    run = Run(worlds=QUICK if asked.quick else asked.worlds, first=asked.first)
    missed = [f"{name}: there is no such check" for name in unknown]
    for name in names:
        missed += run_check(name, run) if name in CHECKS else []
    print(
        "\n".join(["", "Missed:", *missed])
        if missed
        else f"\nAll {len(names)} checks hold ({run.worlds} worlds a cell)."
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
