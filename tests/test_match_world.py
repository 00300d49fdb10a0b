"""How right the links are on training worlds that were not looked at while weights were chosen (seeds 1 to 6 were).

`pytest tests/test_match_world.py -m prove -s` prints the figures of docs/linkage.md.
"""

import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from real_names import read_material
from sqlalchemy import Engine, select

from monitor.config import Config
from monitor.database import private_engine, read_frame
from monitor.feed.handover import hand_over
from monitor.private_store import business_versions, links, observations
from monitor.registry.importing import import_part
from monitor.sandbox import world
from monitor.sandbox.material import Material
from monitor.sandbox.review import answer_sheets
from monitor.sandbox.score import score_links
from monitor.sandbox.truth import load_truth
from monitor.verbs.review import export_sheets, import_sheets
from pipelines.load import load_week
from pipelines.match import link_week

WEEK, OBSERVED_ON = "2026-W46", "2026-11-11"
COLUMNS = ["shop_id", "name", "username", "city", "district", "description", "listing_id", "title", "category"]


def linked(
    config: Config,
    seed: int,
    difficulty: float,
    businesses: int,
    shops: int,
    with_district: bool = True,
    material: Material | None = None,
) -> tuple[Engine, Path]:
    """Engine and folder of a world whose registry and shops came in as files, loaded and linked."""
    folder = config.data_dir / "sandbox"
    made = world.make_world(seed=seed, businesses=businesses, shops=shops, difficulty=difficulty, material=material)
    world.write(made, folder)
    engine = private_engine(config)
    import_part(engine, config, folder / world.REGISTRY_FILE, "2026-11-01", "36")
    keys = ["marketplace", "shop_id"]
    rows = made.listings.merge(made.shops.drop(columns=["category"]), on=keys)
    if not with_district:
        rows = rows.assign(district="", description="")
    for slug, part in rows.groupby("marketplace"):
        path = folder / f"{slug}.csv"
        part[COLUMNS].rename(columns={"name": "shop_name"}).to_csv(path, index=False)
        hand_over(config, path, str(slug), OBSERVED_ON, complete=True)
    load_week(engine, config, WEEK)
    link_week(engine, config, WEEK)
    return engine, folder


def test_links_are_right_and_answers_make_them_more(config: Config, tmp_path: Path) -> None:
    engine, folder = linked(config, 21, 0.5, businesses=6_000, shops=900)
    alone = score_links(folder, engine, WEEK)
    assert alone["precision"] >= 0.9
    assert alone["recall_findable"] >= 0.15
    sheets = export_sheets(engine, config, WEEK, tmp_path)
    assert answer_sheets(folder, engine, sheets) == sum(
        receipt.stored for receipt in import_sheets(engine, config, sheets)
    )
    link_week(engine, config, WEEK)
    helped = score_links(folder, engine, WEEK)
    assert helped["links_right"] > alone["links_right"]
    assert helped["precision"] >= alone["precision"]
    assert helped["businesses_confirmed"] == helped["businesses_confirmed_right"] > 0


@pytest.mark.prove
@pytest.mark.parametrize("with_district", [True, False])
@pytest.mark.parametrize("difficulty", [0.2, 0.5, 0.8])
def test_precision_and_recall_of_decided_links(config: Config, difficulty: float, with_district: bool) -> None:
    began = time.process_time()
    engine, folder = linked(config, 31, difficulty, 20_000, 3_000, with_district)
    found = score_links(folder, engine, WEEK)
    say(f"difficulty {difficulty}, shop profiles {'read' if with_district else 'not read'}", found, began)
    assert found["precision"] >= 0.9


def say(what: str, found: dict[str, Any], began: float) -> None:
    names = ("links", "links_right", "true_links", "precision", "recall", "recall_findable")
    told = ", ".join(f"{name} {found[name]}" for name in names)
    sys.stdout.write(f"\n{what}: {told}; {time.process_time() - began:.0f} s of processor\n")


@pytest.mark.prove
@pytest.mark.samples
def test_real_names_of_businesses_and_shops(config: Config, samples: Path) -> None:
    """Planted links among names of real lists and real shops; `-s` prints what was linked wrongly, for a person."""
    began = time.process_time()
    engine, folder = linked(config, 33, 0.5, 20_000, 3_000, material=read_material(samples))
    found = score_links(folder, engine, WEEK)
    say("real names", found, began)
    sys.stdout.write(f"{wrong_links(engine, folder).to_string()}\n")
    assert found["precision"] >= 0.9


def wrong_links(engine: Engine, folder: Path) -> pd.DataFrame:
    """Name, username and place of shops whose linked business does not run them, and why nobody or somebody does."""
    truth = load_truth(folder, engine)
    reasons = world.read_truth(folder).set_index(["marketplace", "shop_id"])["reason"]
    columns = [links.c.marketplace, links.c.shop_id, links.c.group_id, links.c.weight, observations.c.name]
    columns += [observations.c.username, observations.c.city, business_versions.c.business_name]
    same_shop = (observations.c.marketplace == links.c.marketplace) & (observations.c.shop_id == links.c.shop_id)
    query = select(*columns, business_versions.c.owner_name).join(observations, same_shop)
    query = query.join(business_versions, business_versions.c.business_id == links.c.group_id)
    with engine.connect() as connection:
        made = read_frame(connection, query)
    shops = [truth.world_shop(key) for key in zip(made["marketplace"], made["shop_id"], strict=True)]
    wrong = [truth.group(shop) != group for shop, group in zip(shops, made["group_id"], strict=True)]
    return made.assign(reason=[reasons.get(shop) for shop in shops])[wrong]
