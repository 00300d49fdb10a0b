"""What a page of 60 listings costs a crawl, and whether its memory stays flat, beside a bare Scrapy spider.

Run: python benchmarks/crawl.py [--listings N]. A served marketplace answers every search with 2,880 listings of their
own, page by page; the real spider reads them with every check and pipeline on, the bare one only decodes the JSON and
writes five fields of each listing with Scrapy's own exporter. Both ask one page after the other, in processes of their
own; the server's work is not counted. The cost of a page is the difference of two runs, so that starting Python is not
in it. Exits with 1 above 40 ms of CPU a page, or when memory grows between the first fifth and the end by more than a
tenth.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

ROWS = 60
MAX_MS, MAX_GROWTH = 40.0, 0.10
FIRST_PAGES = 200  # of the small run
LISTINGS = 200_000
HOST = "gql.tokopedia.com"


# --- the served marketplace -----------------------------------------------------------------------------------------


def serve(folder: Path) -> None:
    """A small world whose searches are all full: 48 pages of listings that no other search shows."""
    from monitor.sandbox import world
    from monitor.sandbox.server import Server
    from monitor.sandbox.shapes_tokopedia import MAX_OFFSET, Tokopedia

    class Full(Tokopedia):
        def __init__(self, made: world.World) -> None:
            super().__init__(made)
            self.made = 0

        def _make_sequence(self, text: str, cities: str, *rest: str) -> Any:
            self._sequences.clear()  # one list at a time
            keys = {self.city_ids.get(number, "?") for number in cities.split(",")}
            shops = [shop.shop_id for shop in self.store.shops.values() if shop.place in keys] or list(self.store.shops)
            rows = []
            for number in range(MAX_OFFSET):
                self.made += 1
                row = self.store.listings[number % len(self.store.listings)]
                own_id, shop_id = str(10**9 + self.made), shops[number % len(shops)]
                rows.append((replace(row, listing_id=own_id, shop_id=shop_id), False))
            return rows, MAX_OFFSET

    world.write(world.make_world(20261121, 2_000, 2_000, marketplaces=("tokopedia",)), folder)
    server = Server(folder, {})
    server.sites = (Full(world.read(folder)),)
    server.run(lambda: print("ready", flush=True))


# --- the bare spider ------------------------------------------------------------------------------------------------


def bare(folder: Path, pages: int) -> None:
    """As short as a spider can be: ask, decode, hand over."""
    import scrapy
    from scrapy.crawler import CrawlerProcess

    port = json.loads((folder / "hosts.json").read_text())[HOST]

    class Bare(scrapy.Spider):
        name = "bare"

        async def start(self) -> Any:
            for number in range(pages):
                params = f"q=kata{number // 48}&rows={ROWS}&start={number % 48 * ROWS}"
                body = json.dumps([{"operationName": "x", "variables": {"params": params}, "query": "query"}])
                url = f"http://127.0.0.1:{port}/graphql/SearchProductV5Query"
                yield scrapy.Request(url, method="POST", body=body, dont_filter=True)

        def parse(self, response: Any) -> Any:
            for row in json.loads(response.body)[0]["data"]["searchProductV5"]["data"]["products"]:
                price = row["price"]["number"]
                yield {
                    "id": row["id"],
                    "name": row["name"],
                    "url": row["url"],
                    "shop": row["shop"]["id"],
                    "price": price,
                }

    settings = {
        "LOG_ENABLED": False,
        "CONCURRENT_REQUESTS": 1,
        "TELNETCONSOLE_ENABLED": False,
        "FEEDS": {str(folder / "bare.jsonl"): {"format": "jsonlines", "overwrite": True}},
    }
    process = CrawlerProcess(settings)
    process.crawl(Bare)
    process.start()


# --- measuring ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """cpu: seconds, user and system. early, late: MiB of memory at the first fifth and at the end of its time."""

    pages: int
    listings: int
    cpu: float
    peak: float
    early: float
    late: float


def measured(command: list[str], output: Path, pages: int, environ: dict[str, str]) -> Cost:
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sizes: list[float] = []
    watcher = threading.Thread(target=_watch, args=(process.pid, sizes), daemon=True)
    watcher.start()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    watcher.join(timeout=2)
    found = sorted(output.parent.glob(output.name)) if "*" in output.name else [output]
    listings = sum(path.read_bytes().count(b"\n") for path in found)
    fifth = max(1, len(sizes) // 5)
    early, late = statistics.median(sizes[fifth : 2 * fifth] or sizes), statistics.median(sizes[-fifth:])
    return Cost(pages, listings, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, early, late)


def _watch(pid: int, sizes: list[float]) -> None:
    page = os.sysconf("SC_PAGE_SIZE") / 2**20
    while True:
        try:
            size = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
        except (OSError, IndexError, ValueError):
            return
        if size == 0:
            return
        sizes.append(size)
        time.sleep(0.05)


def project(folder: Path, pages: int) -> Cost:
    """The real spider, ended by its budget: no closing figures are counted, only reading."""
    data = folder / f"data-{pages}"
    settings = {"MONITOR_SANDBOX": folder, "MONITOR_WEEK": "2026-W46", "MONITOR_BUDGET": pages + 1}
    options = [part for key, value in settings.items() for part in ("-s", f"{key}={value}")]
    environ = {**os.environ, "SCRAPY_SETTINGS_MODULE": "monitor.settings", "MONITOR_DATA_DIR": str(data)}
    command = [sys.executable, "-m", "scrapy", "crawl", "tokopedia", *options]
    measured_cost = measured(command, data / "nothing*", pages, environ)
    (lines,) = (data / "crawls" / "tokopedia").glob("*/listings.jsonl")
    return replace(measured_cost, listings=lines.read_bytes().count(b"\n"))


def bare_cost(folder: Path, pages: int) -> Cost:
    command = [sys.executable, __file__, "--bare", str(folder), "--pages", str(pages)]
    return measured(command, folder / "bare.jsonl", pages, dict(os.environ))


def per_page(small: Cost, large: Cost) -> float:
    """Milliseconds of CPU for one page more."""
    return 1000 * (large.cpu - small.cpu) / (large.pages - small.pages)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listings", type=int, default=LISTINGS)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--pages", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return 0
    if options.bare:
        bare(options.bare, options.pages)
        return 0
    pages = max(2 * FIRST_PAGES, options.listings // ROWS + 1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        server = subprocess.Popen([sys.executable, __file__, "--serve", place], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None and server.stdout.readline() == "ready\n"
            runs = {
                name: (run(folder, FIRST_PAGES), run(folder, pages))
                for name, run in (("bare", bare_cost), ("project", project))
            }
        finally:
            server.terminate()
            server.wait()
    return report(runs)


def report(runs: dict[str, tuple[Cost, Cost]]) -> int:
    costs = {name: per_page(*pair) for name, pair in runs.items()}
    for name, (_, large) in runs.items():
        print(
            f"{name:8} {large.listings:>9,} listings of {large.pages:,} pages: {costs[name]:6.1f} ms of CPU a page, "
            f"memory {large.early:.0f} MiB early, {large.late:.0f} MiB at the end, {large.peak:.0f} MiB at most"
        )
    own = runs["project"][1]
    growth = own.late / own.early - 1
    print(f"ratio to the bare spider: {costs['project'] / costs['bare']:.1f} x CPU; memory grew by {growth:.1%}")
    failed = costs["project"] > MAX_MS or growth > MAX_GROWTH
    print(f"must: at most {MAX_MS:.0f} ms a page and {MAX_GROWTH:.0%} growth: {'MISSED' if failed else 'reached'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
