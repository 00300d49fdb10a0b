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
from itertools import pairwise
from typing import Any

import numpy as np

from monitor.units import SearchShape

MIN_USERS = 5  # businesses or shops that use a word before it is asked for
MIN_LENGTH = 3
ROWS_PER_BUSINESS = 2.0  # entries of a search per registered business that sells it, before any were counted
PRIOR = 5.0  # registry-like shops that count as many as what a query really showed
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
_NONE: Rows = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Text:
    """What so many businesses of a kab/kota say they sell, or what linked shops offer. users: how many; shops: of them,
    expected on this marketplace and not linked yet."""

    text: str
    area: str
    users: float
    shops: float


@dataclass(frozen=True)
class Asked:
    """A query that was asked before. area: "" for all. requests: sent for it and its parts. like: registry-like shops
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
    """The texts as an index from words to rows. areas: searched one at a time; () where a search has no place."""

    def __init__(self, texts: Sequence[Text], areas: Sequence[str], search: SearchShape) -> None:
        self.search = search
        self.areas = tuple(areas) or ("",)
        self.rows_per_user = ROWS_PER_BUSINESS
        self._texts = texts
        self._tokens = [words_of(text.text) for text in texts]
        self._users = np.array([text.users for text in texts])
        self._shops = np.array([text.shops for text in texts])
        area_at = {area: at for at, area in enumerate(self.areas)}
        self._area = np.array([area_at.get(text.area, -1) if areas else 0 for text in texts], dtype=np.int64)
        postings: dict[str, list[int]] = {}
        for row, tokens in enumerate(self._tokens):
            for token in set(tokens):
                postings.setdefault(token, []).append(row)
        self._postings = {token: np.array(rows) for token, rows in postings.items()}
        self._found: dict[str, dict[str, Rows]] = {}
        self._open = np.ones(len(texts))  # share of the shops behind a text that no query has shown yet

    def candidates(self) -> list[str]:
        """Single words and pairs of neighbours that several use, in alphabetical order."""
        users: defaultdict[str, float] = defaultdict(float)
        for tokens, count in zip(self._tokens, self._users, strict=True):
            told = [token for token in tokens if len(token) >= MIN_LENGTH and token not in EMPTY]
            found = {*told, *(f"{left} {right}" for left, right in pairwise(told) if left != right)}
            for word in found:
                users[word] += count
        return sorted(word for word, count in users.items() if count >= MIN_USERS)

    def rows_of(self, query: str, area: str) -> Rows:
        """Rows whose text holds every word of the query."""
        if query not in self._found:
            self._found[query] = self._by_area(query)
        return self._found[query].get(area, _NONE)

    def _by_area(self, query: str) -> dict[str, Rows]:
        rows: Rows | None = None
        for token in words_of(query):
            held = self._postings.get(token, _NONE)
            rows = held if rows is None else np.intersect1d(rows, held, assume_unique=True)
        if rows is None or not len(rows):
            return {}
        places = self._area[rows]
        return {area: part for at, area in enumerate(self.areas) if len(part := rows[places == at])}

    def learn(self, asked: Iterable[Asked]) -> None:
        """From what earlier queries showed: entries per business, and which words pay more than they promise."""
        asked = list(asked)
        seen = [(self.rows_of(one.query, one.area), one) for one in asked]
        users = sum(float(self._users[rows].sum()) for rows, _ in seen)
        if users:
            entries = sum(one.rows for rows, one in seen if len(rows))
            weight = users / (users + 1_000)
            self.rows_per_user = (1 - weight) * ROWS_PER_BUSINESS + weight * max(entries / users, 0.01)
        self._weigh(seen)

    def _weigh(self, seen: Sequence[tuple[Rows, Asked]]) -> None:
        promised: defaultdict[str, float] = defaultdict(float)
        kept: defaultdict[str, float] = defaultdict(float)
        for rows, one in seen:
            if one.like is None:
                continue
            promise = float(self._shops[rows].sum()) * self._shown(rows)
            for token in set(words_of(one.query)):
                promised[token] += promise
                kept[token] += one.like
        factors = {token: _factor(kept[token], promised[token]) for token in promised}
        of_rows = [math.prod(factors.get(token, 1.0) for token in set(tokens)) for tokens in self._tokens]
        self._shops = self._shops * np.clip(np.array(of_rows, dtype=float), *FACTORS)

    def cover(self, query: str, area: str) -> None:
        """From now on the query counts as asked."""
        rows = self.rows_of(query, area)
        self._open[rows] *= 1 - self._shown(rows)

    def value(self, query: str, area: str) -> Ranked:
        rows = self.rows_of(query, area)
        expected = float((self._shops[rows] * self._open[rows]).sum()) * self._shown(rows)
        return Ranked(query, area, expected, self._cost(rows))

    def _entries(self, rows: Rows) -> float:
        return float(self._users[rows].sum()) * self.rows_per_user

    def _shown(self, rows: Rows) -> float:
        """Share of the entries that a list shows before its cap."""
        return min(1.0, self.search.most_rows / max(self._entries(rows), 1.0))

    def _cost(self, rows: Rows) -> float:
        return max(1.0, math.ceil(min(self._entries(rows), self.search.most_rows) / self.search.rows))

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


def _factor(kept: float, promised: float) -> float:
    low, high = FACTORS
    return min(high, max(low, (kept + PRIOR) / (promised + PRIOR)))


def with_rates(texts: Iterable[Text], rates: Mapping[str, float], usual: float) -> list[Text]:
    """Texts with the shops that their area's rate promises. rates: area -> registry-like shops per business."""
    return [replace(text, shops=text.users * rates.get(text.area, usual)) for text in texts]
