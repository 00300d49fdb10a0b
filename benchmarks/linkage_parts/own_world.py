"""Worlds of the project's own generator (monitor/sandbox), taken in as real files are: import, feed, load.

Weights are learnt on worlds of it with seeds below 100 (`train_model.py`). With other seeds they are worlds nobody has
seen either, but of a generator whose habits the weights know: what is found here and not in the world kept apart
(`world.py`) is habit. SEVERAL: strangers have as many shops as registered sellers, else one each.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select

from monitor.config import load_config
from monitor.database import private_engine
from monitor.feed.handover import hand_over
from monitor.marketplaces import marketplace
from monitor.private_store import business_versions
from monitor.registry.importing import import_part
from monitor.sandbox import world
from monitor.sandbox.customs import USUAL, Customs
from pipelines.load import load_week
from pipelines.match import Inputs, read_inputs

from .world import FIRST_SEED, World

OWN, SEVERAL = "own", "several"
KEYS = ["marketplace", "shop_id"]
WEEK, OBSERVED_ON = "2026-W46", "2026-11-11"
COLUMNS = [
    "shop_id", "name", "username", "city", "district", "description", "listing_id", "title", "category", "brand",
]  # fmt: skip


def taken_in(made: world.World) -> tuple[Inputs, dict[Any, int]]:
    """What linkage reads of a world, and the group of every shop that a business runs."""
    with tempfile.TemporaryDirectory() as place:
        config = load_config({**os.environ, "MONITOR_DATA_DIR": place})
        folder, engine = Path(place) / "sandbox", private_engine(config)
        world.write(made, folder)
        import_part(engine, config, folder / world.REGISTRY_FILE, "2026-11-01", config.region.code)
        rows = made.listings.merge(made.shops.drop(columns=["category"]), on=KEYS)
        for slug, part in rows.groupby("marketplace"):
            # A world may have more shops than the catalogue allows a marketplace: then they come in several files.
            place_of, known = pd.factorize(part["shop_id"])
            most = marketplace(str(slug)).expected_shops.max
            for number in range(0, len(known), most):
                path = folder / f"{slug}-{number}.csv"
                some = part[(place_of >= number) & (place_of < number + most)]
                some[COLUMNS].rename(columns={"name": "shop_name"}).to_csv(path, index=False)
                hand_over(config, path, str(slug), OBSERVED_ON, complete=len(known) <= most)
        loaded = load_week(engine, config, WEEK)
        assert all(one.health == "healthy" for one in loaded.marketplaces), loaded
        inputs = read_inputs(engine, WEEK)
        with engine.connect() as connection:
            rows_of = connection.execute(select(business_versions.c.source_id, business_versions.c.group_id)).all()
        engine.dispose()
    group = {row.source_id: row.group_id for row in rows_of if row.source_id}
    truth = made.truth[made.truth["source_id"] != ""]
    owner = {
        (slug, shop): group[source]
        for slug, shop, source in truth[[*KEYS, "source_id"]].itertuples(index=False)
        if source in group
    }
    return inputs, owner


def whole_shops(inputs: Inputs) -> pd.DataFrame:
    """Shops of one seller each: what goods of many sellers stand in is linked listing by listing."""
    return inputs.shops[~inputs.shops["is_collective"].to_numpy(dtype=bool)]


def customs_of(several: bool, usual: Customs = USUAL) -> Customs:
    return replace(usual, several=several)


def make(businesses: int, shops: int, links: int, difficulty: float, seed: int, several: bool) -> World:
    """As `world.make` gives it, of a seed that the benchmark may use. Of the shops asked for, collective ones are left
    out, and where a group is listed several times its first business stands for it."""
    if seed < FIRST_SEED:
        raise ValueError(f"Seeds below {FIRST_SEED} belong to development.")
    made = world.make_world(seed, businesses, shops, links / shops, difficulty, customs=customs_of(several))
    inputs, owner = taken_in(made)
    first = inputs.registry.reset_index().groupby("group_id")["business_id"].min()
    reason = made.truth.set_index(KEYS)["reason"]
    found = whole_shops(inputs).reset_index(drop=True)
    found["identifiers"] = [cell if isinstance(cell, list) else [] for cell in found["identifiers"]]
    keys = list(zip(found["marketplace"], found["shop_id"], strict=True))
    theirs = np.array([int(first[owner[key]]) if key in owner else 0 for key in keys], dtype=np.int64)
    truth = found[KEYS].assign(business_id=theirs, reason=reason.loc[keys].to_numpy())
    return World(inputs.registry, found, inputs.listings, truth)
