"""What a fair test world holds, counted in both generators: `benchmarks/linkage.py --world-audit`.

Of the world kept apart only totals are printed. Bounds are what a fair world was asked to hold; where no figure was
asked, a thing has to be there at all.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from monitor.gazetteer import rows

from . import world as apart
from .names import HONORIFICS, SUFFIXES
from .seen import OWNED, Seen, kept_apart, training_world

TRAINING_SEED, APART_SEED = 7, 1050
BUSINESSES, SHOPS, DIFFICULTY = 100_000, 30_000, 0.5
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
SMALL = (8_000, 4_000)  # for what is counted at every difficulty
PROVINCE = 800_000
_TITLES = {word.upper().strip(".") for word in HONORIFICS} | {"CEU", "MANG", "ABAH", "UMI", "HJ", "NYI"}
_SUFFIXES = {word.lower() for text in SUFFIXES for word in text.split()}
_LEET = re.compile(r"[a-z][0134579][a-z]", re.IGNORECASE)


@dataclass(frozen=True)
class Item:
    what: str
    low: float
    high: float
    count: Callable[[Seen], float]

    def fits(self, value: float) -> bool:
        return self.low <= value <= self.high


def _owned(seen: Seen) -> pd.DataFrame:
    return seen.shops[seen.shops["kind"] == OWNED]


def _strangers(seen: Seen) -> pd.DataFrame:
    return seen.shops[seen.shops["kind"].ne(OWNED) & seen.shops["kind"].ne(apart.IMITATION)]


def _kind(kind: str) -> Callable[[Seen], float]:
    return lambda seen: float((seen.shops["kind"] == kind).mean())


def _squashed(texts: pd.Series) -> pd.Series:
    return texts.str.lower().str.replace(r"[^a-z0-9]", "", regex=True)


def _coincidences(seen: Seen) -> float:
    inside = _strangers(seen).query("kind != @apart.OUTSIDE", local_dict={"apart": apart})
    return float(_squashed(inside["name"]).isin(_squashed(seen.registry["name"])).mean())


def _slope(seen: Seen) -> float:
    """Zipf exponent of the words of business names, over the ranks 10 to 1,000."""
    counts = seen.registry["name"].str.split().explode().value_counts().to_numpy()[9:1000]
    return float(-np.polyfit(np.log(np.arange(10, 10 + len(counts))), np.log(counts), 1)[0])


def _hundreds(seen: Seen) -> float:
    """Names that a province of 800,000 would hold a hundred times or more, by their share here."""
    return float((seen.registry["name"].value_counts() >= 100 * len(seen.registry) / PROVINCE).sum())


def _owner_names(seen: Seen) -> float:
    filled = seen.registry[(seen.registry["owner"] != "") & (seen.registry["name"] != "")]

    def owners(name: str, owner: str) -> bool:
        words = [word.strip(".") for word in name.split()]
        rest = [word for word in words if word not in _TITLES]
        return name == owner or (len(rest) == 1 and len(words) == 2 and rest[0] in owner.split())

    return float(np.mean([owners(*row) for row in zip(filled["name"], filled["owner"], strict=True)]))


def _second(seen: Seen) -> float:
    """Businesses that share owner, phone and kecamatan with an earlier one under another name, of those with all."""
    with_all = seen.registry[(seen.registry[["owner", "phone", "district"]] != "").all(axis=1)]
    keys = ["owner", "phone", "district"]
    again = with_all.duplicated(keys) & ~with_all.duplicated([*keys, "name"])
    return float(again.mean())


def _assistants(seen: Seen) -> float:
    shared = seen.registry.loc[seen.registry["phone"] != "", "phone"].value_counts()
    return float(shared[shared >= 20].mean()) if (shared >= 20).any() else 0.0


def _trace(word: str) -> Callable[[Seen], float]:
    return lambda seen: float(np.mean([word in traces for traces in _owned(seen)["traces"]]))


def _names_like(test: Callable[[str], bool]) -> Callable[[Seen], float]:
    return lambda seen: float(np.mean([test(name) for name in seen.shops["name"] if name]))


def _registered(seen: Seen, column: str) -> pd.Series:
    """By owned shop what the register says of its business."""
    return _owned(seen)["owner"].map(seen.registry[column])


def _wrong_area(seen: Seen) -> float:
    there = _owned(seen).assign(home=_registered(seen, "area")).query("areas != '' and home != ''")
    return float(np.mean([home not in areas for home, areas in zip(there["home"], there["areas"], strict=True)]))


def _wrong_district(seen: Seen) -> float:
    there = _owned(seen).assign(home=_registered(seen, "district")).query("district != '' and home != ''")
    return float((there["home"] != there["district"]).mean())


def _food_permits(seen: Seen) -> float:
    return float((_owned(seen)["pirt"] != "")[_registered(seen, "food").fillna(False).astype(bool)].mean())


def _lies(column: str) -> Callable[[Seen], float]:
    """Strangers' shops that print a number of a registered business."""

    def count(seen: Seen) -> float:
        known = set(seen.registry.loc[seen.registry[column] != "", column])
        return float(_strangers(seen)[column].isin(known).mean())

    return count


def _siblings(seen: Seen) -> float:
    return float((_owned(seen).groupby("owner")["site"].transform("nunique") > 1).mean())


def _forms(seen: Seen) -> float:
    """Ways in which printed numbers are written: signs around the digits, not how many there are."""
    return float(len({re.sub("9+", "9", form) for form in seen.shops["forms"] if form}))


def _twice_named() -> int:
    names = [row["name"] for row in rows("wilayah_36.csv") if len(row["code"]) == 6]
    return len(names) - len(set(names))


SOME, ALL = 1e-4, 1.0
ITEMS = (
    Item("shops of nobody in the registry", 0.89, 0.91, lambda seen: 1 - float((seen.shops["kind"] == OWNED).mean())),
    Item("shops that copy a name of the same kab/kota", 0.004, 0.006, _kind(apart.IMITATION)),
    Item("strangers inside with exactly a registered name", SOME, ALL, _coincidences),
    Item("Zipf exponent of words in business names", 0.6, 1.4, _slope),
    Item("names held 100 times or more in a province", 50, 1e9, _hundreds),
    Item("business names that are the owner's", 0.15, 0.21, _owner_names),
    Item("second registrations: owner, phone, kecamatan", 0.02, 0.04, _second),
    Item("businesses on a registration assistant's phone", 100, 1e9, _assistants),
    Item("owned shops: business name shown", 0.3, 0.8, _trace("name")),
    Item("owned shops: trade name shown", 0.03, 0.5, _trace("brand")),
    Item("owned shops: owner shown", 0.05, 0.5, _trace("owner")),
    Item("owned shops: nickname shown", 0.03, 0.5, _trace("nickname")),
    Item("shop names glued into one word", 0.02, 0.4, _names_like(lambda name: " " not in name and len(name) > 12)),
    Item("shop names with underscores", SOME, 0.2, _names_like(lambda name: "_" in name)),
    Item("shop names in capitals", 0.02, 0.4, _names_like(str.isupper)),
    Item("shop names with digits as letters", SOME, 0.2, _names_like(lambda name: bool(_LEET.search(name)))),
    Item("shop names with a marketplace suffix", 0.1, 0.7,
         _names_like(lambda name: bool(_SUFFIXES & set(name.lower().split())))),
    Item("shops whose kab/kota can be two", SOME, 0.5,
         lambda seen: float(seen.shops["areas"].str.contains(" ").mean())),
    Item("shops that print no kab/kota", SOME, 0.5, lambda seen: float((seen.shops["city"] == "").mean())),
    Item("owned shops that print another kab/kota", SOME, 0.1, _wrong_area),
    Item("owned shops that print another kecamatan", SOME, 0.1, _wrong_district),
    Item("kecamatan names that occur twice", 3, 3, lambda seen: float(_twice_named())),
    Item("owned shops that sell something else", 0.13, 0.17, lambda seen: 1 - _trace("goods")(seen)),
    Item("shops that print a phone", 0.01, 0.12, lambda seen: float((seen.shops["phone"] != "").mean())),
    Item("shops of food businesses that print a P-IRT", 0.01, 0.03, _food_permits),
    Item("strangers that print a registered phone", SOME, 0.02, _lies("phone")),
    Item("strangers that print a registered P-IRT", SOME, 0.02, _lies("pirt")),
    Item("ways in which numbers are written", 5, 99, _forms),
    Item("true links that can be found", 0.57, 0.67, lambda seen: float(_owned(seen)["findable"].mean())),
    Item("true links with a sibling elsewhere", 0.3, 0.5, _siblings),
)  # fmt: skip

Maker = Callable[[int, int, float, int], Seen]
MAKERS: tuple[tuple[str, Maker, int], ...] = (
    ("training", training_world, TRAINING_SEED),
    ("kept apart", kept_apart, APART_SEED),
)


def digest(seen: Seen) -> str:
    text = "".join(frame.astype(str).to_csv() for frame in (seen.registry, seen.shops.drop(columns="traces")))
    return sha256(text.encode()).hexdigest()


def falls(make: Maker, seed: int) -> list[float]:
    """Share of true links that can be found, by difficulty."""
    return [float(_owned(make(*SMALL, difficulty, seed))["findable"].mean()) for difficulty in STEPS]


def told(businesses: int = BUSINESSES, shops: int = SHOPS, difficulty: float = DIFFICULTY) -> Iterator[str]:
    """Lines of the audit; a figure outside its bounds ends in !."""
    worlds = [make(businesses, shops, difficulty, seed) for _, make, seed in MAKERS]
    yield f"{businesses} businesses, {shops} shops, difficulty {difficulty:g}; seeds {TRAINING_SEED} and {APART_SEED}"
    yield f"{'':<52}{'wanted':>16}" + "".join(f"{name:>13}" for name, _, _ in MAKERS)
    for item in ITEMS:
        values = [item.count(seen) for seen in worlds]
        bounds = f"{item.low:g} to {item.high:g}" if item.high < 1e9 else f"{item.low:g} or more"
        bounds = f"up to {item.high:g}" if item.low == SOME else bounds
        marks = (f"{value:.4g}" + (" " if item.fits(value) else "!") for value in values)
        yield f"{item.what:<52}{bounds:>16}" + "".join(f"{mark:>13}" for mark in marks)
    for name, make, seed in MAKERS:
        shares = ", ".join(f"{step:g}: {share:.2f}" for step, share in zip(STEPS, falls(make, seed), strict=True))
        same = digest(make(*SMALL, difficulty, seed)) == digest(make(*SMALL, difficulty, seed))
        yield f"{name}: links that can be found by difficulty {shares}"
        yield f"{name}: one seed twice gives {'the same' if same else 'OTHER!'} bytes"
