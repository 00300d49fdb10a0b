"""A practice world through the command line: six weeks of files handed in, linked, judged, measured, verb by verb.

What `end_to_end` does in process, with the same openings, refusals and errors, but by `python -m monitor <verb>`.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Engine, select

from estimation_parts import sandbox_weeks
from estimation_parts.people import WRONG
from estimation_parts.sandbox_weeks import AS_OF, FEED_COLUMNS, PROVINCE, REFUSED_WEEK, REFUSES, SHOP, WEEKS, week_name
from monitor.__main__ import run as monitor
from monitor.config import load_config
from monitor.database import private_engine
from monitor.private_store import estimates
from monitor.sandbox import world
from monitor.sandbox.review import answer_sheets
from monitor.sandbox.truth import load_truth
from monitor.weeks import week_days
from pipelines.estimation.week import estimate_week
from pipelines.measure_read import read_week

# A hand-over brings no separate check of the probe's shops, so only those of the last two weeks count: more each week.
PROBES_A_WEEK = 25
ROUNDS = 3  # sheets of a week: first and second coders, those asked because of an answer, third ones
Level = tuple[float, float, float]
LEVEL = ("value", "low", "high")


@dataclass(frozen=True)
class Week:
    """Of one week: groups truly present; E1 with its interval as stored (NaN: none), and computed again in process."""

    present: int
    stored: Level
    again: Level

    @property
    def holds(self) -> bool:
        return self.stored[1] <= self.present <= self.stored[2]


@dataclass(frozen=True)
class Office:
    """One data folder and the world it is about. shops: the truth of the world with opens, closes and captured."""

    data: Path
    folder: Path
    made: world.World
    shops: pd.DataFrame
    engine: Engine
    rng: np.random.Generator

    def do(self, *words: object) -> None:
        code = monitor([str(word) for word in words])
        if code:
            raise RuntimeError(f"monitor {' '.join(map(str, words))} ended with {code}")

    def open_in(self, number: int) -> pd.DataFrame:
        return self.shops[(self.shops["opens"] <= number) & (number < self.shops["closes"])]

    def hand_over(self, number: int) -> None:
        """A complete list of every marketplace that can be read."""
        seen = self.open_in(number)
        rows = self.made.listings.merge(self.made.shops.drop(columns="category"), on=SHOP)
        rows = rows.merge(seen.loc[seen["captured"], SHOP], on=SHOP)
        day = week_days(week_name(number))[0].isoformat()
        for slug, part in rows.groupby("marketplace"):
            if slug == REFUSES and number == REFUSED_WEEK:
                continue
            path = self.data / f"{slug}-{number}.csv"
            part[FEED_COLUMNS].rename(columns={"name": "shop_name"}).to_csv(path, index=False)
            self.do("feed", path, "--marketplace", slug, "--observed-on", day, "--complete")

    def recruit(self, number: int) -> None:
        """Businesses that sell this week, each with one of its shops, as an office writes them down."""
        there = self.open_in(number)
        owned = there[there["source_id"] != ""]
        one = sandbox_weeks.one_shop_each(owned, "source_id", PROBES_A_WEEK, self.rng)
        who = self.made.registry.set_index("ID").loc[one["source_id"]]
        rows = pd.DataFrame(
            {
                "NIB (bila ada)": who["NIB"].to_numpy(),
                "Nama usaha": who["NAMA USAHA"].to_numpy(),
                "Nama pemilik": who["NAMA PEMILIK"].to_numpy(),
                "Kecamatan": who["KECAMATAN"].to_numpy(),
                "Kabupaten/kota": who["KAB/KOTA"].to_numpy(),
                "Lokapasar": one["marketplace"].to_numpy(),
                "ID toko": one["shop_id"].to_numpy(),
                "Tanggal dicatat": week_days(week_name(number))[0].isoformat(),
            }
        )
        path = self.data / f"uji-{number}.csv"
        rows.to_csv(path, index=False)
        self.do("probe", "import", path)

    def review(self, number: int) -> None:
        for turn in range(ROUNDS):
            folder = self.data / "lembar" / f"{number}-{turn}"
            self.do("review", "export", "-o", folder, "--week", week_name(number), "--format", "csv")
            if not (sheets := sorted(folder.glob("*.csv"))):
                break
            answer_sheets(self.folder, self.engine, sheets, WRONG)
            self.do("review", "import", *sheets)

    def result(self, number: int) -> Week:
        week, config = week_name(number), load_config(os.environ)
        table = estimates.c
        wanted = select(table.value, table.low, table.high).where(
            table.week == week, table.estimand == "E1", table.domain_kind == "province"
        )
        truth = load_truth(self.folder, self.engine)
        keys = self.open_in(number)[SHOP].itertuples(index=False, name=None)
        with self.engine.connect() as connection:
            stored = connection.execute(wanted.order_by(table.revision.desc())).first()
            read = read_week(connection, config, week, "flash")
        if read is None:
            raise RuntimeError(f"nothing to measure in {week}")
        row = estimate_week(read.inputs, only_province=True).figure("E1")
        again = tuple(row[name] for name in LEVEL)
        return Week(len({truth.group(key) for key in keys} - {None}), _level(stored), _level(again))


def _level(values: Sequence[Any] | None) -> Level:
    value, low, high = (np.nan if number is None else float(number) for number in values or (None, None, None))
    return value, low, high


@contextmanager
def data_folder(folder: Path) -> Iterator[None]:
    """The configuration of the verbs is the environment's."""
    names = ("MONITOR_DATA_DIR", "MONITOR_CONFIG", "MONITOR_DATABASE_URL", "MONITOR_RESULTS_URL")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["MONITOR_DATA_DIR"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("MONITOR_DATA_DIR")
        os.environ.update({name: value for name, value in before.items() if value is not None})


def history(rng: np.random.Generator, share: float, folder: Path, measured: tuple[int, ...] = (5, 6)) -> list[Week]:
    """The measured weeks of one world; `folder` is empty."""
    data, place = folder / "data", folder / "world"
    made = sandbox_weeks.make_world(rng, share)
    world.write(made, place)
    data.mkdir(parents=True)
    with data_folder(data):
        shops = sandbox_weeks.with_life(rng, made.truth)
        office = Office(data, place, made, shops, private_engine(load_config(os.environ)), rng)
        office.do("registry", "import", place / world.REGISTRY_FILE, "--as-of", AS_OF, "--office", PROVINCE)
        found = []
        for number in range(1, WEEKS + 1):
            office.hand_over(number)
            office.recruit(number)
            for verb in ("load", "link"):
                office.do(verb, "--week", week_name(number))
            office.review(number)
            office.do("measure", "--week", week_name(number))
            if number in measured:
                found.append(office.result(number))
        office.engine.dispose()
    return found
