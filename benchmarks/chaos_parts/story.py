"""The two weeks of a tiny world: every step of them, and the state of the stores and the data folder before each."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.chaos_parts.children import Ended, Order, apart, run, set_clock, warm
from benchmarks.chaos_parts.moments import Shared
from benchmarks.chaos_parts.stores import Stores

SEED, BUSINESSES, SHOPS, OWNED = 11, 300, 90, 0.5
FED, CRAWLED = "tokopedia", "plaza_banten"
WEEKS = ("2026-W45", "2026-W46")
DAYS = ("2026-11-05", "2026-11-12")
MONDAYS = (datetime(2026, 11, 10, 2, tzinfo=UTC), datetime(2026, 11, 17, 2, tzinfo=UTC))
FEED_COLUMNS = [
    "shop_id",
    "shop_name",
    "username",
    "city",
    "district",
    "description",
    "listing_id",
    "title",
    "category",
]


@dataclass(frozen=True)
class Step:
    """One verb of the story. label: its row in the table, where it is killed; None: it only makes the next state.

    answers: nothing is run, but the sheets in that folder are answered by the truth.
    """

    arguments: tuple[str, ...]
    week: int
    label: str | None = None
    answers: str | None = None


def steps(world: Path, sheets: Path, quick: bool = False) -> list[Step]:
    """In their order. A label's step finds what earlier ones left: a report to be replaced, a backup of before.

    quick: the first week as far as its links.
    """
    first, second = WEEKS

    def lists(number: int) -> tuple[str, ...]:
        return (str(world / f"{FED}-{number}.csv"), "--marketplace", FED, "--observed-on", DAYS[number], "--complete")

    def review(week: int, label: str | None = None) -> list[Step]:
        folder = str(sheets / WEEKS[week])
        return [
            Step(("review", "export", "-o", folder, "--format", "csv", "--week", WEEKS[week]), week),
            Step((), week, answers=folder),
            Step(("review", "import", f"{folder}/*.csv"), week, label),
        ]

    if quick:
        return [
            Step(("registry", "import", str(world / "daftar-1.csv"), "--as-of", "2026-11-01"), 0, "import"),
            Step(("feed", *lists(0)), 0, "feed"),
            Step(("crawl", CRAWLED, "--sandbox", str(world), "--week", first), 0, "crawl"),
            Step(("load", "--week", first), 0, "load"),
            Step(("link", "--week", first), 0, "link"),
            Step(("backup",), 0, "backup"),
        ]
    return [
        Step(("registry", "import", str(world / "daftar-0.csv"), "--as-of", "2026-11-01"), 0, "import, first"),
        Step(("feed", *lists(0)), 0),
        Step(("load", "--week", first), 0),
        Step(("link", "--week", first), 0),
        *review(0),
        Step(("link", "--week", first), 0),
        Step(("measure", "--week", first), 0),
        Step(("report", "--week", first), 0),
        Step(("release", "--week", first), 0),
        Step(("backup",), 0, "backup, first"),
        Step(("registry", "import", str(world / "daftar-1.csv"), "--as-of", "2026-11-12"), 1, "import"),
        Step(("feed", *lists(1)), 1, "feed"),
        Step(("crawl", CRAWLED, "--sandbox", str(world), "--week", second), 1, "crawl"),
        Step(("load", "--week", second), 1, "load"),
        Step(("link", "--week", second), 1, "link"),
        Step(("measure", "--week", second), 1),
        Step(("report", "--week", second), 1),
        *review(1, "review"),
        Step(("link", "--week", second), 1),
        Step(("measure", "--week", second), 1, "measure"),
        Step(("report", "--week", second), 1, "report"),
        Step(("release", "--week", second), 1, "release"),
        Step(("backup",), 1, "backup"),
    ]


def _named(arguments: tuple[str, ...]) -> Iterator[str]:
    """The arguments with the files that a pattern among them names, as a shell would give them."""
    for argument in arguments:
        pattern = Path(argument)
        found = sorted(map(str, pattern.parent.glob(pattern.name))) if "*" in argument else []
        yield from found or [argument]


def make_lists(folder: Path) -> None:
    """The world, two registry lists of which the second has other rows, and a complete list of a marketplace a week."""
    from monitor.sandbox.world import REGISTRY_FILE, make_world, write

    made = make_world(SEED, BUSINESSES, SHOPS, OWNED, marketplaces=(FED, CRAWLED))
    write(made, folder)
    registry = pd.read_csv(folder / REGISTRY_FILE, dtype=str, keep_default_na=False)
    registry.iloc[: BUSINESSES - 20].to_csv(folder / "daftar-0.csv", index=False)
    later = registry.iloc[10:].copy()
    later.iloc[::17, later.columns.get_loc("NO HP")] = "bukan nomor"  # something to say in the file of rejects
    later.to_csv(folder / "daftar-1.csv", index=False)
    shops = made.shops[made.shops["marketplace"] == FED].rename(columns={"name": "shop_name"})
    rows = shops.drop(columns="category").merge(made.listings, on=["marketplace", "shop_id"])[FEED_COLUMNS]
    ids = sorted(rows["shop_id"].unique())
    rows[~rows["shop_id"].isin(ids[:5])].to_csv(folder / f"{FED}-0.csv", index=False)
    rows[~rows["shop_id"].isin(ids[-5:])].to_csv(folder / f"{FED}-1.csv", index=False)


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """The marketplaces of the world answer on this machine, from a process of their own."""
    import os
    import signal
    import time

    child = os.fork()
    if child == 0:
        from monitor.sandbox.server import Server

        try:
            Server(folder, {}).run()
        finally:
            os._exit(0)
    try:
        while not (folder / "hosts.json").exists():
            time.sleep(0.01)
        yield
    finally:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)


def _nothing() -> None:
    pass


class Story:
    """Runs the steps once, undisturbed, and keeps the state before and after each one with a label."""

    def __init__(self, stores: Stores, world: Path, quick: bool = False) -> None:
        self.stores, self.world, self.quick = stores, world, quick
        self.sheets = stores.root / "sheets"
        self.shared = Shared()
        self.told: dict[str, Ended] = {}  # label -> the undisturbed run
        self.kept: dict[str, Step] = {}

    def order(self, step: Step, later: timedelta = timedelta(), plant: Callable[[], None] | None = None) -> Order:
        at = MONDAYS[step.week] + later
        arguments = tuple(_named(step.arguments))
        return Order(arguments, self.stores.environment, self.stores.root, at, plant or _nothing)

    def play(self, labels: set[str] | None = None) -> None:
        """labels: those wanted; the story ends after the last of them. None: all."""
        wanted = steps(self.world, self.sheets, self.quick)
        last = max(n for n, step in enumerate(wanted) if step.label and (labels is None or step.label in labels))
        for number, step in enumerate(wanted[: last + 1]):
            if step.answers is not None:
                apart(partial(self._answer, step))
                continue
            label = step.label if labels is None or step.label in labels else None
            if label:
                self.stores.keep(f"before {label}")
            order = self.order(step, timedelta(minutes=10 * number))
            ended = run(order, self.shared)
            if ended.code:
                raise RuntimeError(f"{' '.join(step.arguments)} ended with {ended.code}: {ended.said}")
            warm(order)
            if label:
                self.stores.keep(f"after {label}")
                self.told[label], self.kept[label] = ended, step

    def _answer(self, step: Step) -> None:
        import os

        from monitor.config import load_config
        from monitor.database import private_engine
        from monitor.sandbox.review import answer_sheets

        os.environ.update(self.stores.environment)
        set_clock(MONDAYS[step.week])
        config = load_config()
        answer_sheets(self.world, private_engine(config), sorted(Path(step.answers or "").glob("*.csv")))

    def forget(self) -> None:
        shutil.rmtree(self.stores.root, ignore_errors=True)
