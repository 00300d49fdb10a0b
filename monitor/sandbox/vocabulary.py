"""Words and trades of the training world, read from words.toml and trades.toml beside this file."""

import tomllib
from dataclasses import dataclass
from functools import cache
from math import gcd
from pathlib import Path
from typing import Any

from monitor.gazetteer import rows
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
    raw = _toml("words.toml")
    for key in ("female", "male", "last"):
        begins, ends = raw.pop(f"{key}_begins"), raw.pop(f"{key}_ends")
        raw[key] = zipf(list(dict.fromkeys([*raw[key], *_composed(begins, ends)])), 0.9, 4.0)
    raw["places"] = _place_names()
    raw["brands"] = zipf(raw["brands"], 1.0, 3.0)
    raw["suffixes"] = zipf(raw["suffixes"], 0.9, 1.0)
    return Words(**raw)


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
def food_trades() -> Weighted[Trade]:
    """Trades whose shops can be on a food delivery site, by their number of shops."""
    found = [trade for trade in trades() if trade.food]
    return Weighted(found, [trade.shop for trade in found])


@cache
def trade(key: str) -> Trade:
    return next(item for item in trades() if item.key == key)
