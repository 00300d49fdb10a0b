"""Do the twenty questions of docs/research.md answer in two seconds each, on two years of history and on both engines?

Run: python benchmarks/results.py [--weeks 104] [--businesses 800000] [--marketplaces 12] [--repeat 3]

Fills a SQLite file as a release holds it and, where server binaries are installed, a private PostgreSQL with its
settings as they come, then asks every question as a researcher would: the first answer and the middle of all are
printed. Prints too what one more week costs. Exits with 1 when the middle of a question takes longer than two seconds.
"""

import argparse
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sqlalchemy import Engine, text  # noqa: E402

from benchmarks.results_parts import engines  # noqa: E402
from benchmarks.results_parts.history import Size  # noqa: E402
from exports.explore.questions import questions  # noqa: E402

GOAL_S = 2.0
Times = dict[str, list[float]]


def ask(engine: Engine, repeat: int) -> Times:
    """Seconds of every question, `repeat` times, each with its answer read to the end."""
    found: Times = {}
    with engines.reader(engine).connect() as connection:
        for question in questions():
            for _ in range(repeat):
                began = time.perf_counter()
                rows = connection.execute(text(question.sql)).fetchall()
                found.setdefault(question.name, []).append(time.perf_counter() - began)
            if not rows:
                raise SystemExit(
                    f"{question.name} has no answer on {engine.dialect.name}: the history lacks something."
                )
    return found


def one_engine(engine: Engine, size: Size, repeat: int) -> Times:
    """Fills, measures and says what a week costs."""
    name, began = engine.dialect.name, time.perf_counter()
    filled = engines.fill(engine, size)
    engines.settle(engine)
    print(f"\n{name}: {filled.rows.total():,} rows written in {time.perf_counter() - began:.0f} s")
    print("  " + ", ".join(f"{table} {count:,}" for table, count in filled.rows.most_common(8)))
    growing = sum(taken for table, taken in filled.bytes.items() if table not in engines.CODE_LISTS)
    each = growing / size.weeks / 2**20
    print(f"  {filled.bytes.total() / 2**20:,.0f} MiB with indexes; each added week {each:.1f} MiB")
    return ask(engine, repeat)


def table(times: dict[str, Times]) -> list[str]:
    """A Markdown table: first answer and middle of all, by question and engine."""
    names = list(times)
    heads = [f"{name}, {which}" for name in names for which in ("first", "middle")]
    lines = [f"| question | {' | '.join(heads)} |", f"| --- |{' ---: |' * len(heads)}"]
    for question in questions():
        taken = [times[name][question.name] for name in names]
        cells = [f"{value:.2f} s" for one in taken for value in (one[0], statistics.median(one))]
        lines.append(f"| {question.name} | {' | '.join(cells)} |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("weeks", 104), ("businesses", 800_000), ("marketplaces", 12), ("repeat", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    size = Size(asked.weeks, asked.businesses, asked.marketplaces)
    times: dict[str, Times] = {}
    with tempfile.TemporaryDirectory(prefix="results-") as folder:
        with engines.sqlite(Path(folder)) as engine:
            times["sqlite"] = one_engine(engine, size, asked.repeat)
        with engines.postgresql(Path(folder)) as server:
            if server is None:
                print("\npostgresql: no server binaries are installed, so only SQLite was measured")
            else:
                times["postgresql"] = one_engine(server, size, asked.repeat)
    print("\n" + "\n".join(table(times)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    missed = [f"{name} on {engine}" for engine, found in times.items() for name, taken in found.items()
              if statistics.median(taken) > GOAL_S]  # fmt: skip
    print(
        f"\npeak memory {peak:,.0f} MiB; "
        + (f"over {GOAL_S:g} s: {', '.join(missed)}" if missed else "all under the goal")
    )
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
