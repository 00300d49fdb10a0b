"""Whether decoys tell the share of wrong links: stated against true error on a training world.

    python benchmarks/decoys.py --seed 61 --difficulty 0.5

No judgement is used. The world (seeds below 100) has not been trained on when its seed is not in `train_model.WORLDS`.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import train_model  # noqa: E402

from pipelines.linkage.decoys import KEYS, SHOP, estimated_error, recombined, rivalled  # noqa: E402
from pipelines.linkage.index import build_index  # noqa: E402
from pipelines.linkage.score import score  # noqa: E402
from pipelines.linkage.weights import load_weights  # noqa: E402
from pipelines.match import Inputs, local_words, place_words  # noqa: E402

NOMINAL = (0.01, 0.02, 0.05, 0.10)


def _scored(inputs: Inputs, registry: pd.DataFrame) -> pd.DataFrame:
    index = build_index(registry, load_weights(), None, place_words("36"), local_words("36"))
    shops = inputs.shops[~inputs.shops["is_collective"].to_numpy(dtype=bool)]
    pairs, _ = score(shops, inputs.listings, index)
    return pairs[[*KEYS, "odds", "place_level"]]


def told(inputs: Inputs, owner: dict[tuple[str, str], int], seed: int) -> list[str]:
    """One line for each nominal error: links, true error, recall."""
    pairs = _scored(inputs, inputs.registry)
    winners = rivalled(pairs, _scored(inputs, recombined(inputs.registry, seed)))
    curve = estimated_error(winners)
    links = winners[~winners["is_decoy"]]
    keys = zip(*(links[name] for name in SHOP), strict=True)
    right = links["group_id"].to_numpy() == np.array([owner.get(key, -1) for key in keys])
    lines = []
    for nominal in NOMINAL:
        reached = curve.loc[curve["error"] <= nominal, "odds"]
        taken = right[links["odds"].to_numpy() >= reached.min()] if len(reached) else right[:0]
        error = f"true {1 - taken.mean():.3f}" if len(taken) else "true -"
        lines.append(f"nominal {nominal:.2f}: {len(taken)} links, {error}, recall {taken.sum() / len(owner):.3f}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=61)
    parser.add_argument("--difficulty", type=float, default=0.5)
    parser.add_argument("--businesses", type=int, default=100_000)
    parser.add_argument("--shops", type=int, default=15_000)
    options = parser.parse_args()
    inputs, owner = train_model._fed(options.seed, options.difficulty, options.businesses, options.shops)
    sys.stdout.write("\n".join(told(inputs, owner, 7)) + "\n")


if __name__ == "__main__":
    main()
