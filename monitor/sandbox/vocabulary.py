"""Words and trades of the training world, read from words.toml and trades.toml beside this file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from monitor.gazetteer import rows
from monitor.sandbox.customs import USUAL, Customs
from monitor.sandbox.draws import Weighted, zipf

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Trade:
    """One line of business.

    heads: first words of business names. products, details: parts of product titles. price: lowest and highest in
    rupiah. kbli: codes of makers and sellers. category: slug path as Tokopedia prints it. suffixes: last words of shop
    names. food: may hold a P-IRT number. registry, shop: relative frequency among businesses and among shops.
    """

    key: str
    heads: tuple[str, ...]
    products: tuple[str, ...]
    details: tuple[str, ...]
    price: tuple[int, int]
    kbli: tuple[str, ...]
    category: str
    suffixes: tuple[str, ...]
    food: bool
    registry: float
    shop: float


@dataclass(frozen=True)
class Words:
    """Name parts; `Weighted` ones are drawn by Zipf's law."""

    female: Weighted[str]
    male: Weighted[str]
    last: Weighted[str]
    brands: Weighted[str]
    onsets: list[str]
    vowels: list[str]
    codas: list[str]
    places: tuple[str, ...]  # names of desa, and of kecamatan elsewhere: rare as a brand
    titles: list[str]
    suffixes: Weighted[str]
    streets: list[str]
    hamlets: list[str]
    hype: list[str]
    abbreviations: dict[str, str]
    spellings: dict[str, str]


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))


def _composed(begins: list[str], ends: list[str]) -> list[str]:
    """Every beginning with every end, neighbours in rank with different ones."""
    count = len(begins) * len(ends)
    step = next(number for number in range(count // 3, count) if gcd(number, count) == 1)
    order = [at * step % count for at in range(count)]
    return [begins[at // len(ends)] + ends[at % len(ends)] for at in order]


@cache
def _place_names() -> tuple[str, ...]:
    names = {row["name"] for row in rows("wilayah_36.csv") if len(row["code"]) == 10}
    names |= {row["name"] for row in rows("indonesia.csv") if len(row["code"]) == 6}
    return tuple(sorted(name for name in names if name.isalpha() and len(name) > 3))


@cache
def words() -> Words:
    return ordered_words(USUAL)


def _order(items: list[str], seed: int) -> list[str]:
    """As listed for 0; else mixed, where neighbours in rank stay neighbours: by rank times a factor of its own."""
    if not seed:
        return items
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *b"words"])))
    rank = np.log(np.arange(len(items)) + 4.0) + rng.normal(0.0, 1.0, len(items))
    return [items[place] for place in np.argsort(rank, kind="stable")]


@cache
def _mixed(order: int, exponents: tuple[float, float]) -> Words:
    raw = _toml("words.toml")
    for key in ("female", "male", "last"):
        begins, ends = raw.pop(f"{key}_begins"), raw.pop(f"{key}_ends")
        people = list(dict.fromkeys([*raw[key], *_composed(begins, ends)]))
        raw[key] = zipf(_order(people, order), exponents[0], 4.0)
    raw["places"] = _place_names()
    raw["brands"] = zipf(_order(raw["brands"], order), exponents[1], 3.0)
    raw["suffixes"] = zipf(raw["suffixes"], 0.9, 1.0)
    return Words(**raw)


def ordered_words(customs: Customs) -> Words:
    """The words with the frequencies of these customs."""
    return _mixed(customs.words, customs.exponents)


def shop_weight(trade: Trade, customs: Customs) -> float:
    """How many shops sell such goods, relative to others."""
    factor = dict(zip((item.key for item in trades()), customs.trades, strict=True)) if customs.trades else {}
    return trade.shop * factor.get(trade.key, 1.0)


@cache
def sold(customs: Customs, is_food: bool) -> Weighted[Trade]:
    """Trades by their number of shops; of food and drink only where a site takes no other."""
    found = [trade for trade in trades() if trade.food or not is_food]
    return Weighted(found, [shop_weight(trade, customs) for trade in found])


@cache
def trades() -> tuple[Trade, ...]:
    found = []
    for key, table in _toml("trades.toml").items():
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in table.items()}
        found.append(Trade(key=key, **values))
    return tuple(found)


@cache
def registry_trades() -> Weighted[Trade]:
    return Weighted(trades(), [trade.registry for trade in trades()])


@cache
def shop_trades() -> Weighted[Trade]:
    return Weighted(trades(), [trade.shop for trade in trades()])


@cache
def trade(key: str) -> Trade:
    return next(item for item in trades() if item.key == key)
