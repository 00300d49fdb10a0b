"""Six weeks of a sandbox world: shops open and close, the crawl misses some, one marketplace refuses.

Registry and shops come in by the real import and the real feed, once a world; what is open and seen in a week is then a
choice of rows, and linking runs on them as `pipelines.match` does every week.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from monitor.config import load_config
from monitor.database import private_engine
from monitor.feed.handover import hand_over
from monitor.registry.importing import import_part
from monitor.sandbox import world
from monitor.weeks import shift_week
from pipelines import match
from pipelines.estimation.arrays import Bools
from pipelines.estimation.inputs import UNKNOWN
from pipelines.linkage.weights import load_weights
from pipelines.load import load_week
from pipelines.match_cache import LinkCache

LAST_WEEK, WEEKS = "2026-W46", 6
OBSERVED_ON, AS_OF = "2026-11-11", "2026-09-01"
BUSINESSES, PROVINCE = 20_000, "36"
SHARES = (0.005, 0.01, 0.02, 0.05)  # of the registry, present; worlds take them in turn
LEAST_SHOPS, OWNED_SHARE = 3_000, 0.25  # shops of a world; at most one in four belongs to a registered business
SHOPS_A_GROUP = 1.5
OPENS_LATER, CLOSES = 0.15, 0.015  # share of shops that open in weeks 2 to 6; chance a week to close
CAPTURED, SHOWN = 0.9, 0.95  # shops a crawl ever reaches; of those, in the panel in any one week
REFUSES, REFUSED_WEEK = "tokopedia", 5  # holds a third of the registered businesses' shops
SHOP = ["marketplace", "shop_id"]
FEED_COLUMNS = ["shop_id", "name", "username", "city", "district", "description", "joined_on", "listing_id", "title"]


def week_name(number: int) -> str:
    """ISO week of week 1 to 6."""
    return shift_week(LAST_WEEK, number - WEEKS)


@dataclass(frozen=True)
class Weeks:
    """inputs: what linking reads, with every shop that is ever open. shops, in the same order: marketplace, shop_id,
    group_id of who runs it (0: nobody in the registry), opens and closes (week 1 to 6; closed from then on), captured.
    attributes: by group_id area, sector, size, has_certificate.
    """

    inputs: match.Inputs
    shops: pd.DataFrame
    attributes: pd.DataFrame
    cache: LinkCache

    def open_in(self, number: int) -> Bools:
        found: Bools = ((self.shops["opens"] <= number) & (number < self.shops["closes"])).to_numpy(dtype=bool)
        return found

    def present(self, number: int) -> set[int]:
        """Groups that truly run an open shop in the week, seen or not."""
        return set(self.shops.loc[self.open_in(number), "group_id"]) - {0}

    def last_read(self, number: int) -> Bools:
        """Shops as the newest reading of each marketplace shows them; the one that refuses as a week ago."""
        old = (self.shops["marketplace"] == REFUSES).to_numpy() & (number == REFUSED_WEEK)
        return np.where(old, self.open_in(number - 1), self.open_in(number))

    def link(self, number: int, judgements: pd.DataFrame) -> match.Computed:
        """Candidates and links of the week, as the weekly verb makes them."""
        seen = self.last_read(number) & self.shops["captured"].to_numpy(dtype=bool)
        shops = self.inputs.shops[seen]
        goods = self.inputs.listings.merge(shops[SHOP], on=SHOP)
        week = replace(self.inputs, shops=shops.reset_index(drop=True), listings=goods, judgements=judgements)
        return match.compute(week, PROVINCE, load_weights(), cache=self.cache)

    def registry_cells(self) -> pd.DataFrame:
        cells = ["area", "sector", "size", "has_certificate"]
        return self.attributes.groupby(cells).size().rename("groups").reset_index()


def make(rng: np.random.Generator, share: float, folder: Path) -> Weeks:
    """A world in which about `share` of the registry is present in week 6. folder: empty, for its files."""
    made = make_world(rng, share)
    inputs = _read_in(made, folder)
    shops = inputs.shops[SHOP].merge(made.truth, on=SHOP, how="left")
    groups = dict(zip(inputs.registry["source_id"], inputs.registry["group_id"], strict=True))
    shops["group_id"] = shops["source_id"].map(groups).fillna(0).astype("int64")
    return Weeks(inputs, with_life(rng, shops), _attributes(inputs.registry), LinkCache(folder / "cache"))


def make_world(rng: np.random.Generator, share: float) -> world.World:
    owned = round(share * BUSINESSES * SHOPS_A_GROUP)
    count = max(LEAST_SHOPS, round(owned / OWNED_SHARE))
    return world.make_world(int(rng.integers(100_000, 2**31)), BUSINESSES, count, owned / count)


def with_life(rng: np.random.Generator, shops: pd.DataFrame) -> pd.DataFrame:
    """The shops with opens, closes (weeks; closed from then on) and captured (does any crawl ever reach it)."""
    size = len(shops)
    opens = np.where(rng.random(size) < OPENS_LATER, rng.integers(2, WEEKS + 1, size), 1)
    closes = opens + rng.geometric(CLOSES, size)
    return shops.assign(opens=opens, closes=closes, captured=rng.random(size) < CAPTURED)


def one_shop_each(shops: pd.DataFrame, who: str, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """`count` sellers, each with one of its shops. Sellers are drawn, not shops: who runs several is no likelier."""
    chosen = rng.permutation(np.sort(shops[who].unique()))[:count]
    shuffled = shops.iloc[rng.permutation(len(shops))].drop_duplicates(who)
    return shuffled[shuffled[who].isin(chosen)]


def _read_in(made: world.World, folder: Path) -> match.Inputs:
    """The world as the private store holds it after import, feed and load."""
    config = load_config({"MONITOR_DATA_DIR": str(folder)})
    world.write(made, folder / "sandbox")
    engine = private_engine(config)
    import_part(engine, config, folder / "sandbox" / world.REGISTRY_FILE, AS_OF, PROVINCE)
    rows = made.listings.merge(made.shops.drop(columns="category"), on=SHOP)
    for slug, part in rows.groupby("marketplace"):
        path = folder / f"{slug}.csv"
        part[FEED_COLUMNS].rename(columns={"name": "shop_name"}).to_csv(path, index=False)
        hand_over(config, path, str(slug), OBSERVED_ON, complete=True)
    load_week(engine, config, LAST_WEEK)
    inputs = match.read_inputs(engine, LAST_WEEK)
    engine.dispose()
    return inputs


def _attributes(registry: pd.DataFrame) -> pd.DataFrame:
    """One row a group, of its first registration."""
    first = registry.sort_index().drop_duplicates("group_id")
    texts = {
        name: first[column].astype(object).where(first[column].notna(), UNKNOWN).to_numpy() for name, column in _OF
    }
    certified = first["has_pirt"].eq(True).fillna(False) | first["has_halal"].eq(True).fillna(False)
    return pd.DataFrame(
        {"group_id": first["group_id"].to_numpy(), **texts, "has_certificate": certified.to_numpy(bool)}
    )


_OF = (("area", "area_code"), ("sector", "sector"), ("size", "size"))


def temporary() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="estimation-")
