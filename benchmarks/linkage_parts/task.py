"""One task of the benchmark as files: what every matcher reads, and the truth that none of them sees.

`shop` numbers the shops from 0. Answers about a thousand of them at most are what the project learns from (it scores
those shops out of fold); its own review says about which. A thousand further linked shops, not part of the task, are
what peers learn from: true pairs, three times as many as the project gets.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from . import own_world, world
from .world import World

WORLDS = ("apart", own_world.OWN, own_world.SEVERAL)
REVIEWED = 1_000
LABELLED = 1_000
APART = ("world.py", "names.py", "noise.py", "words.toml", "task.py")  # of linkage_parts: what a task is made of
SANDBOX = Path(own_world.world.__file__).parent
TRUTH, STAMP = "truth.parquet", "made-from.txt"


def _generator(kind: str) -> Iterator[Path]:
    here = Path(__file__).parent
    if kind == "apart":
        yield from (here / name for name in APART)
        return
    yield from (here / name for name in ("own_world.py", "task.py"))
    yield from sorted(path for path in SANDBOX.iterdir() if path.suffix in {".py", ".toml"})


def _made(kind: str, businesses: int, shops: int, links: int, difficulty: float, seed: int) -> World:
    if kind == "apart":
        return world.make(businesses, shops, links, difficulty, seed)
    return own_world.make(businesses, shops, links, difficulty, seed, several=kind == own_world.SEVERAL)


def _keyed(frame: pd.DataFrame, shops: pd.DataFrame) -> pd.DataFrame:
    """The rows of the shops in `shops` with their number."""
    keys = ["marketplace", "shop_id"]
    return frame.merge(shops[[*keys, "shop"]], on=keys)


def _first(cells: pd.Series, kind: str) -> pd.Series:
    """The first printed identifier of a kind, its value or hash; None where there is none."""
    found = [next((e.get("value") or e.get("hash") for e in cell if e["kind"] == kind), None) for cell in cells]
    return pd.Series(found, index=cells.index, dtype=object)


def flat(shops: pd.DataFrame, listings: pd.DataFrame) -> pd.DataFrame:
    """One row a shop with everything about it as text, for matchers of flat tables."""
    texts = (listings["title"].fillna("") + " " + listings["category"].fillna("")).str.lower()
    of_shop = texts.groupby([listings["marketplace"], listings["shop_id"]])
    goods = of_shop.agg(lambda parts: " ".join(dict.fromkeys(" ".join(parts).split())))
    columns = ["shop", "marketplace", "shop_id", "name", "username", "city", "area_codes", "district_code"]
    found = shops[columns].join(goods.rename("goods"), on=["marketplace", "shop_id"])
    return found.assign(**{kind: _first(shops["identifiers"], kind) for kind in ("phone", "pirt", "halal")})


def _apart(made: World, seed: int) -> np.ndarray:
    """Rows of linked shops that are labels for peers and no part of the task."""
    linked = np.flatnonzero(made.truth["business_id"].to_numpy() > 0)
    return np.random.Generator(np.random.PCG64(seed)).choice(linked, LABELLED, replace=False)


def prepare(
    folder: Path, businesses: int, shops: int, links: int, difficulty: float, seed: int, kind: str = "apart"
) -> None:
    """Writes the files of a task; a folder that holds them already is left alone. kind: one of WORLDS."""
    made_from = sha256(b"".join(path.read_bytes() for path in _generator(kind))).hexdigest()
    stamp = folder / STAMP
    if (folder / TRUTH).exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == made_from:
        return
    folder.mkdir(parents=True, exist_ok=True)
    made = _made(kind, businesses, shops + LABELLED, links + LABELLED, difficulty, seed)
    apart = _apart(made, seed)
    is_apart = np.zeros(len(made.shops), dtype=bool)
    is_apart[apart] = True
    parts = {}
    for name, chosen in (("", ~is_apart), ("labelled_", is_apart)):
        own = made.shops[chosen].reset_index(drop=True)
        own.insert(0, "shop", np.arange(len(own)))
        truth = _keyed(made.truth, own)[["shop", "marketplace", "shop_id", "business_id", "reason"]]
        listings = _keyed(made.listings, own).drop(columns="shop")
        parts[name] = own, listings, truth.sort_values("shop", ignore_index=True)
    own, listings, truth = parts[""]
    made.registry.to_parquet(folder / "registry.parquet")
    own.to_parquet(folder / "shops.parquet")
    listings.to_parquet(folder / "listings.parquet")
    flat(own, listings).to_parquet(folder / "flat_shops.parquet")
    flat(*parts["labelled_"][:2]).to_parquet(folder / "labelled_shops.parquet")
    parts["labelled_"][2].to_parquet(folder / "labelled_truth.parquet")
    truth.to_parquet(folder / TRUTH)
    stamp.write_text(made_from, encoding="utf-8")  # last: the task is whole


def evaluated(folder: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Truth of every shop, and the group of every business."""
    group = pd.read_parquet(folder / "registry.parquet", columns=["group_id"])["group_id"]
    return pd.read_parquet(folder / TRUTH), group
