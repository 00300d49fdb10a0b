"""Which words a search should be asked for: those that many registered businesses sell by and that no query covers yet.

The words come from what businesses say they sell and from titles of linked shops, never from names of people or
businesses, and only words that several of them use. Pure: no database, no files, no clock.
"""

import heapq
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from monitor.units import SearchShape

MIN_USERS = 5  # businesses or shops that use a word before it is asked for
MIN_LENGTH = 3
GOODS = 5  # different goods that a shop offers, of those that businesses of its kind sell
ENTRIES_PER_USER = 0.5  # entries of a search per registered business that sells by it, before any were counted
COUNTED = 1_000  # businesses that weigh as much as what was expected before
PRIOR = 5.0  # registry-like shops that count as many as what queries really showed
FACTORS = (0.2, 5.0)
# Words that say nothing about what is sold.
EMPTY = frozenset({
    "dan", "atau", "dll", "dsb", "lain", "lainnya", "aneka", "macam", "berbagai", "usaha", "jual", "jualan", "jasa",
    "toko", "warung", "produk", "barang", "dagang", "dagangan", "penjualan", "pembuatan", "pedagang", "industri",
    "rumah", "tangga", "olahan", "makanan", "minuman", "khas", "asli", "murah", "original", "isi", "untuk", "dari",
    "dengan", "yang", "per", "pcs", "gram", "kg",
})  # fmt: skip
_WORD = re.compile(r"[a-z]+")
Rows = np.ndarray[Any, np.dtype[np.int64]]
Figures = np.ndarray[Any, np.dtype[np.float64]]
_NONE: Rows = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Text:
    """What so many (users) businesses of a kab/kota and of a kind say they sell, or what linked shops offer.

    group: kind of business (KBLI); its shops offer several of the goods of the group. shops: how many of them are
    expected on this marketplace and not linked yet.
    """

    text: str
    area: str
    users: float
    shops: float
    group: str = ""


@dataclass(frozen=True)
class Asked:
    """A query that was asked before. area: "" for all. requests: sent for it. like: registry-like shops
    it showed; None where they were not counted."""

    query: str
    area: str
    requests: float
    rows: float
    like: float | None = None


@dataclass(frozen=True)
class Ranked:
    """A query with the registry-like shops it should find that are not known, and the requests it should take."""

    query: str
    area: str
    expected: float
    cost: float

    @property
    def worth(self) -> float:
        return self.expected / self.cost


def words_of(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower()))


class Words:
    """How many shops of which kinds of business a query should show, and which of them no query has shown yet.

    areas: searched one at a time; () where a search has no place.
    """

    def __init__(self, texts: Sequence[Text], areas: Sequence[str], search: SearchShape) -> None:
        self.search = search
        self.areas = tuple(areas) or ("",)
        self.entries_per_user = ENTRIES_PER_USER
        groups = {group: at for at, group in enumerate(sorted({text.group for text in texts}))}
        places = {area: at for at, area in enumerate(self.areas)}
        self._users, self._shops = np.zeros((2, len(self.areas), len(groups)))
        self._open = np.ones(self._users.shape)  # share of the shops that no query has shown yet
        self._tokens = [words_of(text.text) for text in texts]
        self._weights = np.array([text.users for text in texts])
        self._groups = np.array([groups[text.group] for text in texts], dtype=np.int64)
        for text in texts:
            place = places.get(text.area) if areas else 0
            if place is not None:
                self._users[place, groups[text.group]] += text.users
                self._shops[place, groups[text.group]] += text.shops
        self._of_group = np.bincount(self._groups, self._weights, len(groups))
        postings: defaultdict[str, list[int]] = defaultdict(list)
        for row, tokens in enumerate(self._tokens):
            for token in set(tokens):
                postings[token].append(row)
        self._postings = {token: np.array(rows) for token, rows in postings.items()}
        self._shares: dict[str, Figures] = {}

    def candidates(self) -> list[str]:
        """Single words and pairs of neighbours that several use, in alphabetical order."""
        users: defaultdict[str, float] = defaultdict(float)
        for tokens, count in zip(self._tokens, self._weights, strict=True):
            told = [token for token in tokens if len(token) >= MIN_LENGTH and token not in EMPTY]
            for word in {*told, *(f"{left} {right}" for left, right in pairwise(told) if left != right)}:
                users[word] += count
        return sorted(word for word, count in users.items() if count >= MIN_USERS)

    def share(self, query: str) -> Figures:
        """Per group the share of its businesses whose goods hold every word of the query."""
        if query not in self._shares:
            rows = reduce(_common, (self._postings.get(token, _NONE) for token in words_of(query)), None)
            held = _NONE if rows is None else rows
            users = np.bincount(self._groups[held], self._weights[held], len(self._of_group))
            self._shares[query] = users / np.maximum(self._of_group, 1e-9)
        return self._shares[query]

    def learn(self, asked: Iterable[Asked]) -> None:
        """From what earlier queries showed: entries per business, and which kinds pay more than they promised."""
        asked = [one for one in asked if one.area in self.areas and self.share(one.query).any()]
        users = sum(self._users_of(one.query, self.areas.index(one.area)) for one in asked)
        if users:
            weight = users / (users + COUNTED)
            seen = sum(one.rows for one in asked) / users
            self.entries_per_user = (1 - weight) * ENTRIES_PER_USER + weight * max(seen, 0.01)
        promised, kept = np.zeros((2, len(self._of_group)))
        for one in asked:
            promise = self._promise(one.query, self.areas.index(one.area))
            if one.like is not None and promise.sum():
                promised += promise
                kept += one.like * promise / promise.sum()
        self._shops *= np.clip((kept + PRIOR) / (promised + PRIOR), *FACTORS)

    def _chance(self, query: str, place: int) -> Figures:
        """Per group the share of its shops that the query shows: by any of their goods, and before the list ends."""
        shown = min(1.0, self.search.most_rows / max(self._entries(query, place), 1.0))
        chance: Figures = (1 - (1 - self.share(query)) ** GOODS) * shown
        return chance

    def _promise(self, query: str, place: int) -> Figures:
        promise: Figures = self._shops[place] * self._chance(query, place)
        return promise

    def _users_of(self, query: str, place: int) -> float:
        return float(self._users[place] @ self.share(query))

    def _entries(self, query: str, place: int) -> float:
        return self._users_of(query, place) * self.entries_per_user

    def cover(self, query: str, area: str) -> None:
        """From now on the query counts as asked."""
        if area in self.areas:
            place = self.areas.index(area)
            self._open[place] *= 1 - self._chance(query, place)

    def value(self, query: str, area: str) -> Ranked:
        place = self.areas.index(area)
        expected = float(self._promise(query, place) @ self._open[place])
        pages = math.ceil(min(self._entries(query, place), self.search.most_rows) / self.search.rows)
        return Ranked(query, area, expected, max(1.0, pages))

    def best(self, queries: Iterable[tuple[str, str]], budget: float, floor: float = 0.0) -> list[Ranked]:
        """Queries by worth, each counted as asked once it is taken, until the budget or the floor is met.

        queries: (query, area). floor: registry-like shops per request; what promises no more is not taken.
        """
        ranked = (self.value(*pair) for pair in queries)
        heap = [(-one.worth, one.query, one.area) for one in ranked if one.expected > 0]
        heapq.heapify(heap)
        chosen: list[Ranked] = []
        while heap and budget >= 1:
            _, query, area = heapq.heappop(heap)
            now = self.value(query, area)
            if heap and -now.worth > heap[0][0]:  # less than it was: others come first
                if now.worth > floor:
                    heapq.heappush(heap, (-now.worth, query, area))
                continue
            if now.worth <= floor:
                break
            if now.cost > budget:
                continue
            chosen.append(now)
            budget -= now.cost
            self.cover(query, area)
        return chosen


def _common(left: Rows | None, right: Rows) -> Rows:
    return right if left is None else np.intersect1d(left, right, assume_unique=True)


def with_rates(texts: Iterable[Text], rates: Mapping[str, float], usual: float) -> list[Text]:
    """Texts with the shops that their area's rate promises. rates: area -> registry-like shops per business."""
    return [replace(text, shops=text.users * rates.get(text.area, usual)) for text in texts]
