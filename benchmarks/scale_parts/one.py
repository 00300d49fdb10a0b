"""The same work in one process. Usage: python -m scale_parts.one FOLDER BANTENS OUT, in the folder benchmarks."""

import json
import resource
import sys
import time
from pathlib import Path

import pandas as pd

from pipelines.linkage.index import build_index
from pipelines.linkage.model import load_model
from pipelines.linkage.score import alone, named
from pipelines.linkage.siblings import in_order
from pipelines.linkage.weights import load_weights
from pipelines.match import local_words, place_words

from . import nation

PROVINCE = "36"
KEYS = ["marketplace", "shop_id", "business_id"]


def linked(registry: pd.DataFrame, shops: pd.DataFrame, listings: pd.DataFrame) -> pd.DataFrame:
    """Pairs as `match.compute` gets them before it decides."""
    index = build_index(registry, load_weights(), None, place_words(PROVINCE), local_words(PROVINCE))
    return alone(shops, listings, index, load_model())[0]


def keep(pairs: pd.DataFrame, out: Path) -> None:
    """Writes who was found, how much it weighs, and a number that stands for all columns of the row."""
    whole = pd.util.hash_pandas_object(pairs, index=False)
    pairs[[*KEYS, "weight"]].assign(row=whole.to_numpy()).to_parquet(out / "pairs.parquet")


def warm(folder: str) -> None:
    """Loads and compiles everything once, so that no measure counts it."""
    nation.use(Path(folder))
    shops = nation.read(Path(folder), "shops", 1).head(50)
    listings = nation.read(Path(folder), "listings", 1).head(200)
    linked(nation.read(Path(folder), "registry", 1).head(500), shops, listings)


def main() -> None:
    folder, bantens, out = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    warm(str(folder))
    begun, worked = time.perf_counter(), time.process_time()
    frames = [nation.read(folder, name, bantens) for name in nation.NAMES]
    read = time.process_time() - worked
    pairs = linked(*frames)
    told = {
        "seconds": time.perf_counter() - begun,
        "processor": time.process_time() - worked,
        "reading": read,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "pairs": len(pairs),
        "shops": len(frames[1]),
    }
    keep(named(pairs, in_order(frames[1])), out)
    (out / "stats.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main()
