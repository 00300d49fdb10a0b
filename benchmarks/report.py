"""Is a weekly report made in 90 seconds and 2 GiB, whatever the size of the registry?

Run: python benchmarks/report.py [--businesses 800000] [--shops 300000] [--weeks 104] [--found 6000] [--profile]

Fills both stores with a registry, shops, the links of one week and the figures of all weeks, then runs what the verb
`report` runs (results built, files made, read back, moved in place) in a process of its own, twice: with a quarter of
the registry and with all of it, the businesses found being the same. Prints seconds, processor seconds, peak memory and
the ratio of both; exits with 1 beyond the goal. The first report of a snapshot counts the registry once for all weeks.
"""

import argparse
import cProfile
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.report_parts.fill import Size, fill  # noqa: E402
from exports.publish import publish  # noqa: E402
from monitor import results_build  # noqa: E402
from monitor.config import Config, load_config  # noqa: E402
from monitor.database import private_engine, results_engine  # noqa: E402

GOAL_S, GOAL_MIB = 90.0, 2048


def report(config: Config, week: str) -> None:
    """What the verb does, without its terminal."""
    private, results = private_engine(config), results_engine(config)
    began = time.perf_counter()
    results_build.build(private, results, config, week)
    built = time.perf_counter()
    publish(config, private, results, week)
    made = time.perf_counter()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{built - began:.1f} {made - built:.1f} {usage.ru_utime + usage.ru_stime:.1f} {usage.ru_maxrss // 1024}")


def child(folder: Path, week: str, profile: bool) -> None:
    config = load_config({"MONITOR_DATA_DIR": str(folder)})
    if not profile:
        return report(config, week)
    with cProfile.Profile() as found:
        report(config, week)
    pstats.Stats(found).sort_stats("cumtime").print_stats(30)


def measured(folder: Path, week: str) -> tuple[float, float, float, int]:
    """Seconds of building, seconds of making the files, processor seconds, MiB; of a process of its own."""
    command = [sys.executable, __file__, "--child", str(folder), "--week", week]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return float(said[0]), float(said[1]), float(said[2]), int(said[3])


def one_size(size: Size) -> tuple[float, int]:
    with tempfile.TemporaryDirectory(prefix="report-") as name:
        folder = Path(name)
        began = time.perf_counter()
        week = fill(load_config({"MONITOR_DATA_DIR": name}), size)
        print(f"{size.businesses:>9,} businesses, {size.shops:,} shops, {size.weeks} weeks, {size.found:,} found "
              f"(filled in {time.perf_counter() - began:.0f} s)", flush=True)  # fmt: skip
        worst = 0.0, 0
        cost = 0.0
        for run in ("first report of the snapshot", "every later report"):
            build, make, processor, mib = measured(folder, week)
            took = f"results {build:.1f} s, files {make:.1f} s; {processor:.1f} s of processor, {mib:,} MiB"
            print(f"          {run}: {took}", flush=True)
            worst, cost = (max(worst[0], build + make), max(worst[1], mib)), processor
            for left in [*(folder / "reports").glob("*/*"), *(folder / "outbox").glob("*/*")]:
                if left.is_file():
                    left.unlink()
        if worst[0] > GOAL_S or worst[1] > GOAL_MIB:
            raise SystemExit(f"Beyond the goal of {GOAL_S:.0f} s and {GOAL_MIB} MiB.")
        return cost, worst[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--businesses", type=int, default=800_000)
    parser.add_argument("--shops", type=int, default=300_000)
    parser.add_argument("--weeks", type=int, default=104)
    parser.add_argument("--found", type=int, default=6_000)
    parser.add_argument("--profile", action="store_true", help="print where the time of the full size goes")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--week", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        return child(given.child, given.week, given.profile)
    whole = Size(given.businesses, given.shops, given.weeks, given.found)
    if given.profile:
        with tempfile.TemporaryDirectory(prefix="report-") as name:
            week = fill(load_config({"MONITOR_DATA_DIR": name}), whole)
            return child(Path(name), week, True)
    small, _ = one_size(Size(given.businesses // 4, given.shops, given.weeks, given.found))
    large, _ = one_size(whole)
    print(f"Four times the registry costs {large / small:.2f} times the processor time.")


if __name__ == "__main__":
    main()
