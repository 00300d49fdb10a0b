"""EMM 2.1 (Entity Matching Model) on the files of the benchmark; in its own environment.

Usage: run_emm.py IN OUT [--shops N]. Words top 10, 2-grams top 10, sorted neighbourhood; the supervised model learns
from 1,000 true pairs and as many negatives as EMM makes of them; the kab/kota stands for its country. It takes names.
"""

import sys
from pathlib import Path

import pandas as pd
from emm import PandasEntityMatching

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "linkage_parts"))
from stages import Stages

REGION = {"3603": "T", "3671": "T", "3604": "S", "3673": "S"}
COSINE = {"type": "cosine_similarity", "num_candidates": 10, "cos_sim_lower_bound": 0.2}
INDEXERS = [
    {**COSINE, "tokenizer": "words", "ngram": 1},
    {**COSINE, "tokenizer": "characters", "ngram": 2},
    {"type": "sni", "window_length": 3},
]
AT_ONCE = 5_000


def region(codes: pd.Series) -> pd.Series:
    first = codes.fillna("").str.slice(0, 4)
    return first.map(lambda code: REGION.get(code, code) or "unknown")


def names(frame: pd.DataFrame, name: str, key: pd.Series, areas: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"name": frame[name].fillna("").to_numpy(), "id": key.to_numpy(), "country": region(frame[areas]).to_numpy()}
    )


def main() -> None:
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    most = int(sys.argv[sys.argv.index("--shops") + 1]) if "--shops" in sys.argv else None
    stages = Stages()
    with stages("read"):
        registry = pd.read_parquet(source / "registry.parquet").dropna(subset=["business_name"])
        shops = pd.read_parquet(source / "flat_shops.parquet").iloc[:most]
        labelled = pd.read_parquet(source / "labelled_shops.parquet")
        truth = pd.read_parquet(source / "labelled_truth.parquet").set_index("shop")["business_id"]
    with stages("index"):
        model = PandasEntityMatching(
            {"name_only": False, "entity_id_only": False, "indexers": INDEXERS, "supervised_on": True,
             "name_col": "name", "entity_id_col": "id", "country_col": "country", "n_threads": 2,
             "carry_on_cols": ["country"]}
        )  # fmt: skip
        model.fit(names(registry, "business_name", registry.index.to_series(), "area_code"))
    with stages("learn"):
        positive = names(labelled, "name", labelled["shop"].map(truth), "area_codes")
        model.fit_classifier(positive, create_negative_sample_fraction=0.5)
    parts = []
    with stages("score"):
        asked = names(shops, "name", shops["shop"], "area_codes").rename(columns={"id": "shop"})
        for begin in range(0, len(asked), AT_ONCE):
            parts.append(model.transform(asked.iloc[begin : begin + AT_ONCE].reset_index(drop=True)))
    with stages("write"):
        save(parts, shops, out)
    stages.other["shops"] = len(shops)
    stages.save(out)


def save(parts: list[pd.DataFrame], shops: pd.DataFrame, out: Path) -> None:
    found = []
    for number, part in enumerate(parts):
        kept = part[part["gt_entity_id"].notna()]
        shop = shops["shop"].to_numpy()[number * AT_ONCE + kept["uid"].to_numpy(dtype=int)]
        frame = {"shop": shop, "business_id": kept["gt_entity_id"].astype(int).to_numpy()}
        found.append(pd.DataFrame({**frame, "score": kept["nm_score"].to_numpy(dtype=float)}))
    pairs = pd.concat(found, ignore_index=True).dropna()
    pairs.assign(probability=pairs["score"]).to_parquet(out / "pairs.parquet")
    pairs[["shop", "business_id"]].to_parquet(out / "candidates.parquet")


if __name__ == "__main__":
    main()
