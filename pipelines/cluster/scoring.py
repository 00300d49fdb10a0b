"""Shops against a registry in partitions, as `score.alone` gives their pairs: the steps that workers run.

Shops are read in batches and go to the partitions they can mean; a partition searches all its batches in one task, with
its index in memory once. Every step leaves a file, so a run that was stopped goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitor.cluster.storage import Storage
from monitor.cluster.versions import program_version
from pipelines.cluster import arrays, frames
from pipelines.cluster.prepare import Parted, directory, index, lexicon
from pipelines.cluster.tasks import Task, run_all
from pipelines.linkage.blocking import RULES, Found, find_pairs
from pipelines.linkage.evidence import joined
from pipelines.linkage.labels import mixed
from pipelines.linkage.model import load_model
from pipelines.linkage.parted import Ranked, Weighed, best_of, finished, ranked, taken, visits, weighed
from pipelines.linkage.postings import find
from pipelines.linkage.score import Evidence, framed
from pipelines.linkage.shops import (
    LISTING_COLUMNS,
    PROVINCE,
    SHOP_COLUMNS,
    ShopTable,
    _shop_keys,
    _shop_order,
    read_shops,
)
from pipelines.linkage.weights import load_weights
from pipelines.linkage.words import Ints, hashed, text_array

BATCH = 100_000  # shops that are read together: distinct words are read once in a batch
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
    """`Found` and what else `Ranked` has, in numbers as short as they may be: most of what is moved is this."""

    shop: NDArray[np.int32]
    business: NDArray[np.int32]
    printed: NDArray[np.int16]
    listed: NDArray[np.int16]
    score: NDArray[np.float32]
    cell: NDArray[np.int32]
    business_id: Ints
    skipped: dict[str, int]

    def found(self) -> Found:
        rules = _wide(self.printed), _wide(self.listed)
        return Found(_wide(self.shop), _wide(self.business), *rules, self.score, self.skipped)

    def ranked(self, some: Ints) -> Ranked:
        rules = _wide(self.printed), _wide(self.listed)
        return Ranked(some[self.shop], *rules, self.score, _wide(self.cell), self.business_id)


def _wide(numbers: NDArray[Any]) -> Ints:
    return numbers.astype(np.int64)


def _searched(found: Found, ranked: Ranked) -> Searched:
    short = (found.shop.astype(np.int32), found.business.astype(np.int32))
    rules = (found.printed.astype(np.int16), found.listed.astype(np.int16))
    return Searched(*short, *rules, found.score, ranked.cell.astype(np.int32), ranked.business_id, found.skipped)


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
    storage, sent = Storage(parted.url), _in_order(shops, listings)
    run = f"{parted.home}/runs/{_digest(sent)}-{batch}"
    sizes = [len(some) for some in np.array_split(sent.shops.index, range(batch, len(sent.shops), batch))]
    _send(storage, run, sent, batch, len(sizes))
    batches, where = list(range(len(sizes))), (parted.url, parted.home, run)
    _run(client, storage, tell, "reading shops", [
        Task(read_batch, (*where, number, parted.plan.to_dict("list")), f"{run}/visits/{number}.json")
        for number in batches
    ])  # fmt: skip
    visited = {number: storage.read_json(f"{run}/visits/{number}.json") for number in batches}
    by_part = {name: [number for number in batches if name in visited[number]] for name in range(parted.count)}
    work = [(str(name), numbers) for name, numbers in by_part.items() if numbers]
    _run(client, storage, tell, "searching", [
        Task(search, (*where, name, numbers), f"{run}/found/{numbers[-1]}-{name}.bin") for name, numbers in work
    ])  # fmt: skip
    _run(client, storage, tell, "choosing candidates", [
        Task(choose, (*where, number, visited[number], sizes[number]), f"{run}/chosen/{number}.json")
        for number in batches
    ])  # fmt: skip
    _run(client, storage, tell, "weighing evidence", [
        Task(weigh, (*where, name, numbers), f"{run}/evidence/{numbers[-1]}-{name}.bin") for name, numbers in work
    ])  # fmt: skip
    _run(client, storage, tell, "joining partitions", [
        Task(join, (*where, number, visited[number]), f"{run}/pairs/{number}.bin") for number in batches
    ])  # fmt: skip
    return _collected(storage, run, batch, len(sizes))


def forget(parted: Parted) -> None:
    """Removes what workers handed one another; the indexes stay for the next week."""
    Storage(parted.url).remove(f"{parted.home}/runs")


def _run(client: Any, storage: Storage, tell: Callable[[str], None], said: str, tasks: list[Task]) -> None:
    tell(said)
    run_all(client, storage, tasks)


def _collected(storage: Storage, run: str, batch: int, count: int) -> Pairs:
    floor = load_weights().decision.floor
    read = [arrays.read(storage, f"{run}/pairs/{number}.bin", Evidence) for number in range(count)]
    made = joined([replace(found, shop=found.shop + number * batch) for number, found in enumerate(read)])
    skipped = [storage.read_json(f"{run}/chosen/{number}.json") for number in range(count)]
    return framed(made, floor), {rule: sum(found[rule] for found in skipped) for rule in RULES}


# --- shops as files ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ordered:
    """Shops as files hold them, by marketplace and id, each once. shop: by listing the place of its shop, -1: none."""

    shops: pd.DataFrame
    listings: pd.DataFrame
    shop: Ints


def _in_order(shops: pd.DataFrame, listings: pd.DataFrame) -> Ordered:
    order, slugs, ids, keys = _shop_order(shops)
    theirs, shop_ids = (text_array(listings[name]) for name in NAMES)
    key = _shop_keys(theirs, shop_ids, slugs, ids)
    some = frames.plain(shops.iloc[order].reset_index(drop=True), (*SHOP_COLUMNS, PROVINCE))
    return Ordered(some, frames.plain(listings, LISTING_COLUMNS), find(keys, key))


def _digest(sent: Ordered) -> str:
    """A name for all that is sent, whatever the order of the listings, and for the program that compares it: what a run
    of another one left is not gone on with."""
    rows = [_row_keys(sent.shops), np.sort(_row_keys(sent.listings)[sent.shop >= 0])]
    return sha256(b"".join([program_version().encode(), *(found.tobytes() for found in rows)])).hexdigest()[:24]


def _row_keys(frame: pd.DataFrame) -> Ints:
    found = np.zeros(len(frame), dtype=np.int64)
    for name in frame:
        with np.errstate(over="ignore"):
            texts = frame[name] if frame[name].dtype != bool else frame[name].map({True: "1", False: "0"})
            found = mixed(found) + hashed(texts)
    return found


def _send(storage: Storage, run: str, sent: Ordered, batch: int, count: int) -> None:
    order = np.argsort(sent.shop, kind="stable")
    cuts = np.searchsorted(sent.shop[order], np.arange(count + 1) * batch)
    for number in range(count):
        if storage.exists(f"{run}/sent/{number}.arrow"):
            continue
        goods = sent.listings.iloc[order[cuts[number] : cuts[number + 1]]]
        frames.write(storage, f"{run}/sent/{number}-listings.arrow", goods)
        frames.write(storage, f"{run}/sent/{number}.arrow", sent.shops.iloc[number * batch : (number + 1) * batch])


# --- on workers -------------------------------------------------------------------------------------------------------


def read_batch(url: str, home: str, run: str, number: int, plan: dict[str, list[Any]]) -> None:
    storage, words = Storage(url), lexicon(url, home)
    shops, goods = (
        frames.unfolded(frames.read(storage, f"{run}/sent/{number}{what}.arrow")) for what in ("", "-listings")
    )
    table = read_shops(shops, goods, words)
    visited = []
    for name, rows in enumerate(visits(table, words, pd.DataFrame(plan), directory(url, home))):
        if len(rows) or name == 0:  # where nobody goes anywhere, one gives the columns their types
            arrays.write(storage, f"{run}/shops/{number}-{name}.bin", Sent(rows, taken(table, rows)), NAMES)
            visited.append(name)
    storage.write_json(f"{run}/visits/{number}.json", visited)


def _sent(storage: Storage, run: str, number: int, name: str) -> Sent:
    given = {"marketplace": NOTHING, "shop_id": NOTHING}
    sent = arrays.read(storage, f"{run}/shops/{number}-{name}.bin", Sent, given)
    blank = np.full(len(sent.rows), "", dtype=object)
    return Sent(sent.rows, replace(sent.shops, marketplace=blank, shop_id=blank))


def search(url: str, home: str, run: str, name: str, numbers: list[int]) -> None:
    storage = Storage(url)
    for number in numbers:
        place = f"{run}/found/{number}-{name}.bin"
        if not storage.exists(place):
            own, sent = index(url, home, name), _sent(storage, run, number, name)
            found = find_pairs(sent.shops, own)
            arrays.write(storage, place, _searched(found, ranked(found, sent.rows, own)))


def choose(url: str, home: str, run: str, number: int, visited: list[int], shops: int) -> None:
    storage = Storage(url)
    found = [arrays.read(storage, f"{run}/found/{number}-{name}.bin", Searched) for name in visited]
    rows = [_sent(storage, run, number, str(name)).rows for name in visited]
    most = lexicon(url, home).weights.blocking.candidates_per_shop
    kept, count = best_of([one.ranked(of) for one, of in zip(found, rows, strict=True)], shops, most)
    for name, of, stays in zip(visited, rows, kept, strict=True):
        arrays.write(storage, f"{run}/stays/{number}-{name}.bin", Stays(stays, count[of]))
    skipped = {rule: sum(one.skipped[rule] for one in found) for rule in RULES}
    storage.write_json(f"{run}/chosen/{number}.json", skipped)


def weigh(url: str, home: str, run: str, name: str, numbers: list[int]) -> None:
    storage, model = Storage(url), load_model()
    for number in numbers:
        place = f"{run}/evidence/{number}-{name}.bin"
        if storage.exists(place):
            continue
        own, sent = index(url, home, name), _sent(storage, run, number, name)
        searched = arrays.read(storage, f"{run}/found/{number}-{name}.bin", Searched)
        stays = arrays.read(storage, f"{run}/stays/{number}-{name}.bin", Stays)
        made = weighed(searched.found(), stays.kept, stays.count, sent.shops, sent.rows, own, model)
        arrays.write(storage, place, made)


def join(url: str, home: str, run: str, number: int, visited: list[int]) -> None:
    storage = Storage(url)
    parts = [arrays.read(storage, f"{run}/evidence/{number}-{name}.bin", Weighed) for name in visited]
    arrays.write(storage, f"{run}/pairs/{number}.bin", finished(parts, load_model()))
