"""Vocabulary of the world kept apart: names of people, brands and goods, put together for the benchmark alone.

It shares no word list with monitor/sandbox. People's names come from a small grammar (roots and endings of Javanese,
Sundanese and Arabic names), brands from own words and from the names of kecamatan all over the country, goods from
monitor/reference/kategori.csv. Every draw is vectorised over rows.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.gazetteer import rows

Texts = NDArray[np.object_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Rng = np.random.Generator

_WORDS = {
    key: text.split()
    for key, text in tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8")).items()
}
_CODA = ["", "", "", "n", "ng", "r", "s", "l", "h", "t", "k", "m"]
HEADS_OF_ALL = (
    "Warung", "Toko", "Kedai", "Rumah", "Usaha", "Kios", "Dapur", "Gerai", "Produksi", "Aneka", "Pengrajin",
)  # fmt: skip
HONORIFICS = (
    "Bu", "Pak", "Ibu", "Bapak", "Mak", "Teh", "Kang", "Mas", "Mbak", "Mamah", "Hj", "H", "Ustad", "Bunda", "Neng",
)  # fmt: skip
SUFFIXES = (
    "Official", "Store", "Shop", "Olshop", "Official Store", "Official Shop", "ID", "Indonesia", "Banten", "Online",
    "Grosir", "Tangerang", "Serang", "Mart", "Jakarta", "Collection", "99", "88", "01", "Id Official",
)  # fmt: skip
HYPE = ("Murah", "Termurah", "Asli", "Original", "Promo", "Ready Stock", "COD", "Terlaris", "Oleh Oleh Khas Banten",
        "Premium", "Best Seller", "Grosir", "Homemade", "Kualitas Super", "Viral")  # fmt: skip
AMOUNTS = ("250gr", "500 gr", "1kg", "100gr", "isi 10", "isi 24", "1 pcs", "1 lusin", "ukuran L", "ukuran XL", "jumbo",
           "mini", "1 liter", "sachet", "paket hemat", "per box", "warna hitam", "warna putih")  # fmt: skip


@dataclass(frozen=True)
class Trade:
    """heads: first words of names; goods: product phrases; makers, sellers: KBLI; food: may hold permits."""

    group: str
    sector: str
    heads: tuple[str, ...]
    goods: tuple[str, ...]
    kbli: tuple[str, ...]
    food: bool


def _title(text: str) -> str:
    return " ".join(word.capitalize() for word in text.split())


@cache
def trades() -> tuple[Trade, ...]:
    """One per specific group of kategori.csv."""
    found = []
    for row in rows("kategori.csv"):
        if row["level"] != "khusus":
            continue
        goods = tuple(_title(text) for text in row["words"].split("|"))
        codes = tuple(code for code in f"{row['producers']} {row['traders']}".split() if len(code) == 5)
        heads = tuple(text for text in goods if len(text.split()) <= 2)[:6]
        food = row["sector"] == "makanan_minuman"
        found.append(Trade(row["group"], row["sector"], heads + HEADS_OF_ALL[:4], goods, codes or ("47919",), food))
    return tuple(found)


@cache
def far_places() -> tuple[str, ...]:
    """Single-word names of kecamatan outside Banten: words that look Indonesian and are rare as a brand."""
    places = rows("indonesia.csv")
    names = {row["name"] for row in places if len(row["code"]) == 6 and row["code"][:2] != "36"}
    return tuple(sorted(name for name in names if name.isalpha() and 4 <= len(name) <= 11))


@cache
def _people(women: bool) -> tuple[str, ...]:
    """Given names, common ones first."""
    typed, endings = (_WORDS["women"], _WORDS["female_ending"]) if women else (_WORDS["men"], _WORDS["male_ending"])
    made = [prefix + ending for ending in endings for prefix in _WORDS["prefix"]]
    order = np.random.Generator(np.random.PCG64(len(endings))).permutation(len(made))
    first = ("Siti", "Sri", "Nur", "Dewi") if women else ("Muhammad", "Ahmad", "Abdul", "Asep")
    return tuple(dict.fromkeys([*first, *typed, *(made[place] for place in order)]))


def zipf(rng: Rng, count: int, kinds: int, exponent: float, offset: float) -> Ints:
    """`count` ranks below `kinds`, with weights 1 / (rank + offset) ** exponent."""
    shares = (np.arange(kinds) + offset) ** -exponent
    return np.searchsorted(np.cumsum(shares) / shares.sum(), rng.random(count)).clip(0, kinds - 1)


def pick(rng: Rng, count: int, items: tuple[str, ...] | list[str]) -> Texts:
    return np.array(items, dtype=object)[rng.integers(0, len(items), count)]


def joined(*parts: Texts) -> Texts:
    """Row by row with blanks between; empty parts leave none."""
    return np.array([" ".join(part for part in row if part) for row in zip(*parts, strict=True)], dtype=object)


def given_names(rng: Rng, count: int, women: NDArray[np.bool_]) -> Texts:
    tables = [np.array(_people(sex), dtype=object) for sex in (False, True)]
    ranks = [zipf(rng, count, len(table), 0.85, 5.0) for table in tables]
    return np.where(women, tables[1][ranks[1]], tables[0][ranks[0]])


def people(rng: Rng, count: int) -> tuple[Texts, Texts]:
    """Full names as a list has them, and what people are called."""
    women = rng.random(count) < 0.56
    first, second = given_names(rng, count, women), given_names(rng, count, women)
    ends = np.concatenate([np.array(_WORDS["family"], dtype=object), np.array(_people(False)[:400], dtype=object)])
    last = ends[zipf(rng, count, len(ends), 0.8, 6.0)]
    form = rng.random(count)
    has_second, has_last = (form > 0.70) & (second != first), (form > 0.16) & (form < 0.93) & (last != first)
    title = np.where(rng.random(count) < 0.06, np.where(women, "Hj.", "H."), "")
    full = joined(title, first, np.where(has_second, second, ""), np.where(has_last, last, ""))
    too_common = np.isin(first, ["Siti", "Sri", "Nur", "Muhammad", "Ahmad", "Abdul"])
    called = np.where(too_common & has_second, second, np.where(too_common & has_last, last, first))
    return full, called


def coined(rng: Rng, count: int) -> Texts:
    """Words nobody else has, or nearly: two or three syllables."""
    syllables = [pick(rng, count, _WORDS["onset"]) + pick(rng, count, _WORDS["vowel"]) for _ in range(3)]
    third = np.where(rng.random(count) < 0.45, syllables[2], "")
    made = syllables[0] + syllables[1] + third + pick(rng, count, _CODA)
    return np.array([text.capitalize() for text in made], dtype=object)


def brands(rng: Rng, count: int) -> Texts:
    """Half a common word, a quarter two of them, the rest rare."""
    common = np.array(_WORDS["common_brands"], dtype=object)
    one = common[zipf(rng, count, len(common), 0.95, 3.0)]
    two = common[zipf(rng, count, len(common), 0.6, 6.0)]
    far = np.array(far_places(), dtype=object)[zipf(rng, count, len(far_places()), 0.5, 20.0)]
    kind = rng.random(count)
    rare = np.where(kind > 0.90, coined(rng, count), far)
    mixed = np.where(kind < 0.84, joined(rare, one), rare)
    return np.where(kind < 0.50, one, np.where(kind < 0.76, joined(one, two), mixed))
