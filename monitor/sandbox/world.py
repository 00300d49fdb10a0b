"""The training world as a whole: a registry, marketplaces with shops and listings, and the truth of who runs which.

One seed gives the same bytes: every draw comes from `monitor.sandbox.draws`, nothing reads the clock.

Seeds 1 to 99 are for development and tests: weights, thresholds and learned models are chosen and trained on them.
Seeds from 1000 on are nobody's to look at but the benchmark's, which draws from another generator too
(benchmarks/linkage_parts/world.py). 20261121 is the practice week's world.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas import DataFrame

from monitor.errors import InputError, StoreError, UsageError
from monitor.sandbox import habits, places
from monitor.sandbox.businesses import Business, make_businesses
from monitor.sandbox.customs import USUAL, Customs, drawn
from monitor.sandbox.draws import Draws
from monitor.sandbox.listings import Listing, make_listings
from monitor.sandbox.material import Material, name_businesses, name_strangers
from monitor.sandbox.office_list import office_list
from monitor.sandbox.shops import Shop, identify, owned_shops
from monitor.sandbox.strangers import other_shops
from monitor.sandbox.vocabulary import trades

FORMAT_VERSION = 2
TODAY = "2026-11-16"  # the day the world describes
DEFAULT_FAULTS = {"shopee": "refuse"}  # a rehearsal meets a marketplace that refuses, as the real one does

REGISTRY_FILE = "registri.csv"
SHOPS_FILE = "shops.parquet"
LISTINGS_FILE = "listings.parquet"
TRUTH_FILE = "kebenaran.csv"
WORLD_FILE = "world.json"
HOSTS_FILE = "hosts.json"

SHOP_COLUMNS = (
    "marketplace",
    "shop_id",
    "account_id",
    "username",
    "name",
    "place",
    "city",
    "district",
    "address",
    "postal_code",
    "description",
    "category",
    "joined_on",
    "tier",
    "followers",
    "is_collective",
    "latitude",
    "longitude",
)
LISTING_COLUMNS = tuple(Listing.__slots__)
TRUTH_COLUMNS = ("marketplace", "shop_id", "source_id", "reason")


@dataclass(frozen=True)
class World:
    """registry: text columns as an office writes them (`office_list.COLUMNS`), one row per registration.

    shops: SHOP_COLUMNS; `place` is the key of the printed kab/kota (`places.City.key`, "" where none is printed), city
    and district are as this marketplace prints them. listings: LISTING_COLUMNS. truth: TRUTH_COLUMNS, one row per shop;
    source_id is the registry's ID or "" where nobody in the registry runs it. settings: what world.json holds.
    """

    registry: DataFrame
    shops: DataFrame
    listings: DataFrame
    truth: DataFrame
    settings: dict[str, Any]


def _check(businesses: int, shops: int, owned_share: float, difficulty: float) -> None:
    if businesses < 1 or shops < 1:
        raise UsageError("A world needs at least one business and one shop.")
    if not 0 <= owned_share <= 1 or not 0 <= difficulty <= 1:
        raise UsageError("--owned and --difficulty must lie between 0 and 1.")
    if shops * owned_share > businesses:
        raise UsageError(f"{shops * owned_share:.0f} owned shops need more than {businesses} businesses.")


def _declared(seed: int, shops: list[Shop]) -> dict[str, dict[str, str]]:
    """Accounts that owners told the office: one in twelve, half of them a display name instead of an address."""
    draws = Draws(seed, "declared accounts")
    found: dict[str, dict[str, str]] = {}
    sites = {"tokopedia": "www.tokopedia.com", "shopee": "shopee.co.id"}
    for shop in shops:
        if shop.source_id and shop.marketplace in sites and draws.chance(1 / 12):
            account = shop.username if draws.chance(0.5) else shop.name
            found.setdefault(shop.source_id, {})[shop.marketplace] = f"https://{sites[shop.marketplace]}/{account}"
    return found


def _city_ids(seed: int) -> dict[str, int]:
    """Ids of the place filter, of this world's own choosing: a spider has to look them up, as on the real site."""
    draws = Draws(seed, "place filter")
    ids = list(range(500, 990))
    draws.shuffle(ids)
    return {city.key: number for city, number in zip(places.cities(), ids, strict=False)}


def _shop_frame(shops: list[Shop]) -> DataFrame:
    rows = [
        (
            shop.marketplace,
            shop.shop_id,
            shop.account_id,
            shop.username,
            shop.name,
            shop.place.key if shop.place else "",
            shop.city,
            shop.district,
            shop.address,
            shop.postal_code,
            shop.description,
            shop.trade.category,
            shop.joined_on,
            shop.tier,
            shop.followers,
            shop.is_collective,
            shop.latitude,
            shop.longitude,
        )
        for shop in shops
    ]
    return DataFrame(rows, columns=list(SHOP_COLUMNS))


def _listing_frame(listings: list[Listing]) -> DataFrame:
    columns = {name: [getattr(listing, name) for listing in listings] for name in LISTING_COLUMNS}
    return DataFrame(columns)


def _truth_frame(shops: list[Shop]) -> DataFrame:
    rows = sorted((shop.marketplace, shop.shop_id, shop.source_id, shop.reason) for shop in shops)
    return DataFrame(rows, columns=list(TRUTH_COLUMNS))


def own_customs(seed: int) -> Customs:
    """Rates that no other world has; one seed gives the same."""
    inside = sum(1 for city in places.cities() if city.code)
    return drawn(seed, len(habits.HABITS), inside, len(trades()))


def make_world(
    seed: int = 20261121,
    businesses: int = 20_000,
    shops: int = 3_000,
    owned_share: float = 0.1,
    difficulty: float = 0.5,
    marketplaces: Iterable[str] | None = None,
    material: Material | None = None,
    customs: Customs = USUAL,
) -> World:
    """A world; the same arguments give the same rows.

    owned_share: share of the shops that registered businesses run. difficulty: 0 (no noise at all) to 1; 0.5 is usual.
    marketplaces: slugs of `habits.HABITS` to have shops on; None means all. material: real names for a share of the
    rows. customs: rates of its own (`own_customs`). Raises UsageError on numbers and names that make no world.
    """
    _check(businesses, shops, owned_share, difficulty)
    slugs = habits.chosen(marketplaces)
    registered: list[Business] = make_businesses(seed, businesses, difficulty, customs)
    if material:
        name_businesses(seed, registered, material)
    owned = owned_shops(seed, registered, round(shops * owned_share), difficulty, slugs, customs)
    others = other_shops(seed, registered, shops - len(owned), shops, difficulty, slugs, customs)
    if material:
        name_strangers(seed, others, material)
    everything = owned + others
    identify(seed, everything)
    settings = {
        "format_version": FORMAT_VERSION,
        "seed": seed,
        "businesses": businesses,
        "shops": shops,
        "owned_share": owned_share,
        "difficulty": difficulty,
        "marketplaces": list(slugs),
        "real_names": material is not None,
        "today": TODAY,
        "city_ids": _city_ids(seed),
        "faults": dict(DEFAULT_FAULTS),
    }
    return World(
        registry=office_list(seed, registered, _declared(seed, everything), difficulty),
        shops=_shop_frame(everything),
        listings=_listing_frame(make_listings(seed, everything)),
        truth=_truth_frame(everything),
        settings=settings,
    )


def _write_parquet(frame: DataFrame, path: Path) -> None:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None), path)


def write(world: World, folder: Path) -> None:
    """Writes the five files of a world into `folder`, world.json last: its presence means the world is whole.

    Raises StoreError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WORLD_FILE).unlink(missing_ok=True)
        world.registry.to_csv(folder / REGISTRY_FILE, index=False, lineterminator="\n")
        _write_parquet(world.shops, folder / SHOPS_FILE)
        _write_parquet(world.listings, folder / LISTINGS_FILE)
        world.truth.to_csv(folder / TRUTH_FILE, index=False, lineterminator="\n")
        text = json.dumps(world.settings, ensure_ascii=False, indent=1)
        (folder / WORLD_FILE).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"The world cannot be written to {folder}: {error.strerror or error}.") from None


def read_settings(folder: Path) -> dict[str, Any]:
    """world.json of a world. Raises InputError where there is none."""
    try:
        settings: dict[str, Any] = json.loads((folder / WORLD_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{folder} holds no finished world; make one with `sandbox make {folder}`.") from None
    if settings.get("format_version") != FORMAT_VERSION:
        raise InputError(f"{folder} was made by another version; make it again with `sandbox make {folder}`.")
    return settings


def read_truth(folder: Path) -> DataFrame:
    """TRUTH_COLUMNS, all text, "" for nobody. Raises InputError where there is no world."""
    read_settings(folder)
    return pd.read_csv(folder / TRUTH_FILE, dtype=str, keep_default_na=False)


def read(folder: Path) -> World:
    """The world that `write` left in `folder`. Raises InputError where there is none."""
    return World(
        settings=read_settings(folder),
        registry=pd.read_csv(folder / REGISTRY_FILE, dtype=str, keep_default_na=False),
        shops=pd.read_parquet(folder / SHOPS_FILE),
        listings=pd.read_parquet(folder / LISTINGS_FILE),
        truth=read_truth(folder),
    )
