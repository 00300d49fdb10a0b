"""Shops against a registry in partitions, as `score.alone` gives their pairs: the steps that workers run.

Shops are read in batches and go to the partitions they can mean; a partition searches all its batches in one task, with
its index in memory once. Every step leaves a file, so a run that was stopped goes on.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.cluster.storage import Storage
from pipelines.cluster import arrays
from pipelines.cluster.prepare import Parted, directory, index, lexicon
from pipelines.cluster.tasks import Task, run_all
from pipelines.linkage.blocking import RULES, Found, find_pairs
from pipelines.linkage.incremental import input_digests
from pipelines.linkage.model import load_model
from pipelines.linkage.parted import Ranked, best_of, finished, ranked, taken, visits, weighed
from pipelines.linkage.score import Evidence, framed
from pipelines.linkage.shops import LISTING_COLUMNS, SHOP_COLUMNS, ShopTable, _shop_order, read_shops
from pipelines.linkage.words import Ints

BATCH = 20_000  # shops that are read together
NAMES = ["marketplace", "shop_id"]
NOTHING = np.zeros(0, dtype=object)
Pairs = tuple[pd.DataFrame, dict[str, int]]


@dataclass(frozen=True)
class Sent:
    """Shops of a batch that go to one partition. rows: their numbers in the batch."""

    rows: Ints
    shops: ShopTable


@dataclass(frozen=True)
class Searched:
    found: Found
    ranked: Ranked


@dataclass(frozen=True)
class Stays:
    """kept: by pair of `Searched` whether it is among the best of its shop; count: by shop sent, its candidates."""

    kept: NDArray[np.bool_]
    count: Ints


def score_parted(
    client: Any,
    parted: Parted,
    shops: pd.DataFrame,
    listings: pd.DataFrame,
    tell: Callable[[str], None] = lambda _: None,
    batch: int = BATCH,
) -> Pairs:
    """`score.alone` of the shipped model over partitions: pairs and, by rule, how many were left out."""
    storage, shop_order = Storage(parted.url), _shop_order(shops)[0]
    digest = input_digests(shops, listings)["digest"].to_numpy()
    run = f"{parted.home}/runs/{sha256(digest.tobytes()).hexdigest()[:24]}-{batch}"
    count = max(-(-len(shop_order) // batch), 1)
    _send(storage, run, shops.iloc[shop_order], listings, batch, count)
    batches, where = list(range(count)), (parted.url, parted.home, run)
    _run(client, storage, tell, "reading shops", [
        Task(read_batch, (*where, number, parted.plan.to_dict("list")), f"{run}/visits/{number}.json")
        for number in batches
    ])  # fmt: skip
    visited = {number: storage.read_json(f"{run}/visits/{number}.json") for number in batches}
    by_part = {name: [number for number in batches if name in visited[number]] for name in range(parted.count)}
    work = [(str(name), numbers) for name, numbers in by_part.items() if numbers]
    _run(client, storage, tell, "searching", [
        Task(search, (*where, name, numbers), f"{run}/found/{numbers[-1]}-{name}.npz") for name, numbers in work
    ])  # fmt: skip
    _run(client, storage, tell, "choosing candidates", [
        Task(choose, (*where, number, visited[number]), f"{run}/chosen/{number}.json") for number in batches
    ])  # fmt: skip
    _run(client, storage, tell, "weighing evidence", [
        Task(weigh, (*where, name, numbers), f"{run}/evidence/{numbers[-1]}-{name}.npz") for name, numbers in work
    ])  # fmt: skip
    _run(client, storage, tell, "joining partitions", [
        Task(join, (*where, number, visited[number]), f"{run}/pairs/{number}.parquet") for number in batches
    ])  # fmt: skip
    return _collected(storage, run, count, batch)


def forget(parted: Parted) -> None:
    """Removes what workers handed one another; the indexes stay for the next week."""
    Storage(parted.url).remove(f"{parted.home}/runs")


def _run(client: Any, storage: Storage, tell: Callable[[str], None], said: str, tasks: list[Task]) -> None:
    tell(said)
    run_all(client, storage, tasks)


def _collected(storage: Storage, run: str, count: int, batch: int) -> Pairs:
    frames = [storage.read_parquet(f"{run}/pairs/{number}.parquet") for number in range(count)]
    frames = [frame.assign(shop=frame["shop"] + number * batch) for number, frame in enumerate(frames)]
    skipped = [storage.read_json(f"{run}/chosen/{number}.json") for number in range(count)]
    made = _typed(pd.concat(frames, ignore_index=True))
    return made, {rule: sum(found[rule] for found in skipped) for rule in RULES}


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Column types as `score.alone` gives them: a file makes text of what was an object."""
    levels = {name: object for name in frame.columns if name.endswith("_level")}
    return frame.astype(levels)


# --- shops as files ---------------------------------------------------------------------------------------------------


def _send(storage: Storage, run: str, shops: pd.DataFrame, listings: pd.DataFrame, batch: int, count: int) -> None:
    place = pd.MultiIndex.from_frame(shops[NAMES].astype(object))
    at = place.get_indexer(pd.MultiIndex.from_frame(listings[NAMES].astype(object)))
    for number in range(count):
        if storage.exists(f"{run}/sent/{number}.parquet"):
            continue
        goods = listings[(at >= 0) & (at // batch == number)]
        some = shops.iloc[number * batch : (number + 1) * batch]
        storage.write_parquet(_plain(goods, LISTING_COLUMNS), f"{run}/sent/{number}-listings.parquet")
        storage.write_parquet(_plain(some, SHOP_COLUMNS), f"{run}/sent/{number}.parquet")


def _plain(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """The columns that are read; lists of identifiers as JSON."""
    some = frame[[name for name in columns if name in frame]].reset_index(drop=True)
    if "identifiers" not in some:
        return some
    cells = [json.dumps(list(cell)) if isinstance(cell, list | tuple) else None for cell in some["identifiers"]]
    return some.assign(identifiers=pd.Series(cells, dtype=object))


def _read_plain(storage: Storage, name: str) -> pd.DataFrame:
    frame = storage.read_parquet(name)
    if "identifiers" not in frame:
        return frame
    cells = [json.loads(cell) if isinstance(cell, str) else None for cell in frame["identifiers"]]
    return frame.assign(identifiers=pd.Series(cells, index=frame.index, dtype=object))


# --- on workers -------------------------------------------------------------------------------------------------------


def read_batch(url: str, home: str, run: str, number: int, plan: dict[str, list[Any]]) -> None:
    storage, words = Storage(url), lexicon(url, home)
    shops = _read_plain(storage, f"{run}/sent/{number}.parquet")
    table = read_shops(shops, _read_plain(storage, f"{run}/sent/{number}-listings.parquet"), words)
    names = {
        "marketplace": pd.Series(table.marketplace, dtype=object),
        "shop_id": pd.Series(table.shop_id, dtype=object),
    }
    storage.write_parquet(pd.DataFrame(names), f"{run}/names/{number}.parquet")
    visited = []
    for name, rows in enumerate(visits(table, words, pd.DataFrame(plan), directory(url, home))):
        if len(rows) or name == 0:  # where nobody goes anywhere, one gives the columns their types
            arrays.write(storage, f"{run}/shops/{number}-{name}.npz", Sent(rows, taken(table, rows)), NAMES)
            visited.append(name)
    storage.write_json(f"{run}/visits/{number}.json", visited)


def _sent(storage: Storage, run: str, number: int, name: str) -> Sent:
    given = {"marketplace": NOTHING, "shop_id": NOTHING}
    sent = arrays.read(storage, f"{run}/shops/{number}-{name}.npz", Sent, given)
    blank = np.full(len(sent.rows), "", dtype=object)
    return Sent(sent.rows, replace(sent.shops, marketplace=blank, shop_id=blank))


def search(url: str, home: str, run: str, name: str, numbers: list[int]) -> None:
    storage = Storage(url)
    for number in numbers:
        place = f"{run}/found/{number}-{name}.npz"
        if not storage.exists(place):
            own, sent = index(url, home, name), _sent(storage, run, number, name)
            found = find_pairs(sent.shops, own)
            arrays.write(storage, place, Searched(found, ranked(found, sent.rows, own)))


def choose(url: str, home: str, run: str, number: int, visited: list[int]) -> None:
    storage = Storage(url)
    found = [arrays.read(storage, f"{run}/found/{number}-{name}.npz", Searched) for name in visited]
    shops = len(storage.read_parquet(f"{run}/names/{number}.parquet"))
    most = lexicon(url, home).weights.blocking.candidates_per_shop
    kept, count = best_of([one.ranked for one in found], shops, most)
    for name, stays in zip(visited, kept, strict=True):
        rows = _sent(storage, run, number, str(name)).rows
        arrays.write(storage, f"{run}/stays/{number}-{name}.npz", Stays(stays, count[rows]))
    skipped = {rule: sum(one.found.skipped[rule] for one in found) for rule in RULES}
    storage.write_json(f"{run}/chosen/{number}.json", skipped)


def weigh(url: str, home: str, run: str, name: str, numbers: list[int]) -> None:
    storage, model = Storage(url), load_model()
    for number in numbers:
        place = f"{run}/evidence/{number}-{name}.npz"
        if storage.exists(place):
            continue
        own, sent = index(url, home, name), _sent(storage, run, number, name)
        searched = arrays.read(storage, f"{run}/found/{number}-{name}.npz", Searched)
        stays = arrays.read(storage, f"{run}/stays/{number}-{name}.npz", Stays)
        made = weighed(searched.found, stays.kept, stays.count, sent.shops, own, model)
        arrays.write(storage, place, replace(made, shop=sent.rows[made.shop]))


def join(url: str, home: str, run: str, number: int, visited: list[int]) -> None:
    storage, words = Storage(url), lexicon(url, home)
    parts = [arrays.read(storage, f"{run}/evidence/{number}-{name}.npz", Evidence) for name in visited]
    names = storage.read_parquet(f"{run}/names/{number}.parquet").astype(object)
    columns = names["marketplace"].to_numpy(dtype=object), names["shop_id"].to_numpy(dtype=object)
    frame = framed(finished(parts, load_model()), *columns, words.weights.decision.floor)
    storage.write_parquet(frame.reset_index(drop=True), f"{run}/pairs/{number}.parquet")
