"""EMM 2.1 (Entity Matching Model) on the files of the benchmark; in its own environment.

Usage: run_emm.py IN OUT. Words top 10, 2-grams top 10, sorted neighbourhood; the supervised model learns from 1,000
true pairs and as many negatives as EMM makes of them; the kab/kota stands for its country. It takes names: a business
is known by its name and by its trade name, a shop by its name without the words that marketplaces add.
"""

import re
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
SUFFIXES = re.compile(
    r"\b(official|store|shop|olshop|online|id|indonesia|grosir|mart|collection|offc)\b", re.IGNORECASE
)


def region(codes: pd.Series) -> pd.Series:
    first = codes.fillna("").str.slice(0, 4)
    return first.map(lambda code: REGION.get(code, code) or "unknown")


def bare(texts: pd.Series) -> pd.Series:
    """Without the words that marketplaces add, where something is left."""
    cut = texts.fillna("").str.replace(SUFFIXES, " ", regex=True).str.strip()
    return cut.where(cut != "", texts)


def names(frame: pd.DataFrame, name: str, key: pd.Series, areas: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"name": frame[name].fillna("").to_numpy(), "id": key.to_numpy(), "country": region(frame[areas]).to_numpy()}
    )


def both_names(registry: pd.DataFrame) -> pd.DataFrame:
    """One row for every name of a business; a trade name like the business's name is left out."""
    key = registry.index.to_series()
    made = [names(registry, column, key, "area_code") for column in ("business_name", "trade_name")]
    return pd.concat(made)[lambda frame: frame["name"] != ""].drop_duplicates(ignore_index=True)


def main() -> None:
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    stages = Stages()
    with stages("read"):
        registry = pd.read_parquet(source / "registry.parquet")
        shops = pd.read_parquet(source / "flat_shops.parquet")
        labelled = pd.read_parquet(source / "labelled_shops.parquet")
        truth = pd.read_parquet(source / "labelled_truth.parquet").set_index("shop")["business_id"]
    with stages("prepare"):
        known = both_names(registry)
        shops, labelled = (frame.assign(name=bare(frame["name"])) for frame in (shops, labelled))
    with stages("index"):
        model = PandasEntityMatching(
            {"name_only": False, "entity_id_only": False, "indexers": INDEXERS, "supervised_on": True,
             "name_col": "name", "entity_id_col": "id", "country_col": "country", "n_threads": 2,
             "carry_on_cols": ["country"]}
        )  # fmt: skip
        model.fit(known)
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
    stages.save(out)


def save(parts: list[pd.DataFrame], shops: pd.DataFrame, out: Path) -> None:
    found = []
    for number, part in enumerate(parts):
        kept = part[part["gt_entity_id"].notna()]
        shop = shops["shop"].to_numpy()[number * AT_ONCE + kept["uid"].to_numpy(dtype=int)]
        frame = {"shop": shop, "business_id": kept["gt_entity_id"].astype(int).to_numpy()}
        found.append(pd.DataFrame({**frame, "score": kept["nm_score"].to_numpy(dtype=float)}))
    pairs = pd.concat(found, ignore_index=True).dropna().groupby(["shop", "business_id"], as_index=False)["score"].max()
    pairs.assign(probability=pairs["score"]).to_parquet(out / "pairs.parquet")
    pairs[["shop", "business_id"]].to_parquet(out / "candidates.parquet")


if __name__ == "__main__":
    main()
