"""The project's own core on the files of a task, in a process of its own.

Usage: python -m linkage_parts.project IN OUT [--labels], in the folder benchmarks.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from .stages import Stages


def read_frames(source: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    registry = pd.read_parquet(source / "registry.parquet")
    shops = pd.read_parquet(source / "shops.parquet").drop(columns="shop")
    shops["identifiers"] = [list(cell) for cell in shops["identifiers"]]
    listings = pd.read_parquet(source / "listings.parquet")
    return registry, shops, listings


def main() -> None:
    from pipelines.linkage.blocking import candidate_pairs
    from pipelines.linkage.decide import decide
    from pipelines.linkage.index import build_index
    from pipelines.linkage.score import score
    from pipelines.linkage.shops import read_shops
    from pipelines.linkage.weights import load_weights
    from pipelines.match import local_words, place_words

    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    stages = Stages()
    weights, places, local = load_weights(), place_words("36"), local_words("36")
    with stages("read"):
        registry, shops, listings = read_frames(source)
    with stages("warm"):
        few = shops.head(50)
        decide(
            score(few, listings.head(200), build_index(registry.head(500), weights, None, places, local))[0], weights
        )
    with stages("index"):
        index = build_index(registry, weights, None, places, local)
    with stages("score"):
        pairs, _ = score(shops, listings, index)
    with stages("decide"):
        decided = decide(pairs, weights)
    with stages("write"):
        number = pd.read_parquet(source / "shops.parquet", columns=["shop", "marketplace", "shop_id"])
        found = decided.merge(number.rename(columns={"shop": "number"}), on=["marketplace", "shop_id"])
        odds = np.clip(found["odds"].to_numpy(dtype=float), -60, 60)
        written = pd.DataFrame({"shop": found["number"], "business_id": found["business_id"], "score": odds})
        written["probability"] = 1 / (1 + np.exp2(-odds))
        written["linked"] = found["decision"].eq("link")
        written.to_parquet(out / "pairs.parquet")
    stages.save(out)
    table = read_shops(shops, listings, index)
    keys = number.set_index(["marketplace", "shop_id"])["shop"]
    own = keys.loc[list(zip(table.marketplace, table.shop_id, strict=True))].to_numpy()
    found = candidate_pairs(table, index)
    compared = {"shop": own[found.shop], "business_id": index.business_id[found.business]}
    pd.DataFrame(compared).to_parquet(out / "candidates.parquet")


if __name__ == "__main__":
    main()
