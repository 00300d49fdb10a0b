"""How much disk a year takes: bytes of crawl directories, of both stores and of backups, measured and added up.

Run: python benchmarks/sizing.py [FOLDER] [--businesses N] [--shops N] [--listings N]. FOLDER is a data folder with some
loaded weeks; without one, a practice history of six weeks is made (some minutes). What a row costs is measured there;
how many rows a province has is assumed by the options and printed beside the result.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20
WEEKS = 52
COPIES = 7 + 5 + 12  # backups kept by [backup]: days, weeks, months
# By what the tables grow with; everything else (people's answers, figures, draws) grows by the week.
REGISTRY = ("business", "declared_accounts", "identity_issues", "registry_parts", "snapshot")
HISTORY = ("shop", "observations", "listing", "crawls", "candidate_pairs", "links", "sentinels", "panel", "query_panel")


@dataclass(frozen=True)
class Measured:
    """Bytes. crawl_row: of a crawl directory, for each shop or listing in it. business: of the registry in the store.
    shop_week: of history, for each shop observed in a week. week: of people's answers and figures in a week."""

    crawl_row: float
    business: float
    shop_week: float
    week: float
    results_week: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", nargs="?", type=Path, help="a data folder; default: a practice history")
    parser.add_argument("--businesses", type=int, default=800_000)
    parser.add_argument("--shops", type=int, default=100_000, help="shops seen in a week")
    parser.add_argument("--listings", type=int, default=500_000, help="listings seen in a week")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or _history(Path(scratch))
        found = measure(folder)
    show(found, asked.businesses, asked.shops, asked.listings)
    return 0


def _history(folder: Path) -> Path:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    command = [sys.executable, "-m", "monitor", "sandbox", "history", "--businesses", "4000", "--shops", "1200"]
    subprocess.run(
        command, cwd=ROOT, env=env | {"MONITOR_DATA_DIR": str(folder)}, check=True, stdout=subprocess.DEVNULL
    )
    return folder


def measure(folder: Path) -> Measured:
    with sqlite3.connect(f"file:{folder / 'private.sqlite'}?mode=ro", uri=True) as store:
        sizes = _table_sizes(store)
        businesses, weeks, shop_weeks = (
            store.execute(query).fetchone()[0]
            for query in (
                "SELECT count(*) FROM businesses",
                "SELECT count(DISTINCT week) FROM crawls",
                "SELECT count(*) FROM shop_metrics",
            )
        )
    registry, history = _sum(sizes, REGISTRY), _sum(sizes, HISTORY)
    rest = sum(sizes.values()) - registry - history
    size, rows = _crawls(folder / "crawls")
    results = (folder / "results.sqlite").stat().st_size
    return Measured(size / rows, registry / businesses, history / shop_weeks, rest / weeks, results / weeks)


def _table_sizes(store: sqlite3.Connection) -> dict[str, int]:
    """Bytes of each table, its indexes included."""
    tables = dict(store.execute("SELECT name, tbl_name FROM sqlite_master WHERE type IN ('table', 'index')").fetchall())
    sizes: dict[str, int] = {}
    for name, size in store.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
        table = tables.get(name, name)
        sizes[table] = sizes.get(table, 0) + size
    return sizes


def _sum(sizes: dict[str, int], beginnings: tuple[str, ...]) -> int:
    return sum(size for table, size in sizes.items() if table.startswith(beginnings))


def _crawls(folder: Path) -> tuple[int, int]:
    """Bytes of all crawl directories, and shops and listings in them together."""
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    rows = 0
    for path in [*folder.glob("*/*/shops.jsonl"), *folder.glob("*/*/listings.jsonl")]:
        with path.open("rb") as lines:
            rows += sum(1 for _ in lines)
    return size, rows


def show(one: Measured, businesses: int, shops: int, listings: int) -> None:
    print("measured, bytes:")
    print(f"  crawl directory, a shop or listing   {one.crawl_row:10,.0f}")
    print(f"  private store, a registered business {one.business:10,.0f}")
    print(f"  private store, a shop and week       {one.shop_week:10,.0f}")
    print(f"  private store, a week of answers     {one.week:10,.0f}")
    print(f"  results database, a week             {one.results_week:10,.0f}")
    crawls = one.crawl_row * (shops + listings) * WEEKS
    private = one.business * businesses + (one.shop_week * shops + one.week) * WEEKS
    results = one.results_week * WEEKS
    first = one.business * businesses + one.shop_week * shops
    # Kept copies of the stores are of all ages of the year: between the first week's size and the last's.
    copies = COPIES * (first + private) / 2
    print(f"\na year of {businesses:,} businesses, {shops:,} shops and {listings:,} listings a week, GiB:")
    for name, size in (
        ("crawl directories", crawls),
        ("private store", private),
        ("results database", results),
        ("backups: crawl directories, each once", crawls),
        (f"backups: {COPIES} copies of the stores", copies),
    ):
        print(f"  {name:40}{size / MIB / 1024:8.1f}")
    print(f"  {'together':40}{(2 * crawls + private + results + copies) / MIB / 1024:8.1f}")


if __name__ == "__main__":
    sys.exit(main())
