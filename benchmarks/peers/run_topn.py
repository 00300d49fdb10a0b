"""TF-IDF of character 3-grams, sparse_dot_topn and RapidFuzz on the files of the benchmark; in its own environment.

Usage: run_topn.py IN OUT. The usual recipe: the ten most similar names, compared again letter by letter, and a penalty
for another kab/kota; a business is known by its name and its trade name. It knows no probability, takes no labels.
"""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist
from sklearn.feature_extraction.text import TfidfVectorizer
from sparse_dot_topn import sp_matmul_topn

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "linkage_parts"))
from stages import Stages

THREADS = 2
CANDIDATES = 10
LOWEST_COSINE = 0.3
OTHER_AREA, UNKNOWN_AREA = 0.6, 0.9
SUFFIXES = re.compile(
    r"\b(official|store|shop|olshop|online|id|indonesia|grosir|mart|collection|cv|ud|pt|pd|hj|h)\b|[^a-z0-9 ]"
)


def clean(texts: pd.Series) -> list[str]:
    return [" ".join(SUFFIXES.sub(" ", text).split()) or text for text in texts.fillna("").str.lower()]


def same_area(left: pd.Series, right: pd.Series) -> np.ndarray:
    """1 where they may be the same kab/kota, less where one is unknown or they cannot."""
    found = [
        UNKNOWN_AREA if not one or not two else (1.0 if two in one else OTHER_AREA)
        for one, two in zip(left.fillna(""), right.fillna(""), strict=True)
    ]
    return np.array(found)


def both_names(registry: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Every name and trade name, and the row of the business that bears it."""
    trade = np.flatnonzero(registry["trade_name"].notna())
    names = clean(registry["business_name"]) + clean(registry["trade_name"].iloc[trade])
    return names, np.concatenate([np.arange(len(registry)), trade])


def main() -> None:
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    stages = Stages()
    with stages("read"):
        registry = pd.read_parquet(source / "registry.parquet")
        shops = pd.read_parquet(source / "flat_shops.parquet")
    with stages("prepare"):
        names, place_of = both_names(registry)
        asked = clean(shops["name"])
    with stages("vectorise"):
        vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32)
        known = vectoriser.fit_transform(names)
        wanted = vectoriser.transform(asked)
    with stages("retrieve"):
        top = sp_matmul_topn(wanted, known.T.tocsr(), top_n=CANDIDATES, threshold=LOWEST_COSINE, n_threads=THREADS)
        top = top.tocoo()
    with stages("score"):
        left = [asked[row] for row in top.row]
        right = [names[column] for column in top.col]
        ratio = cpdist(left, right, scorer=fuzz.token_sort_ratio, workers=THREADS) / 100
        place = same_area(shops["area_codes"].iloc[top.row], registry["area_code"].iloc[place_of[top.col]])
        score = (0.5 * top.data + 0.5 * ratio) * place
    with stages("write"):
        ids = {"shop": shops["shop"].to_numpy()[top.row], "business_id": registry.index.to_numpy()[place_of[top.col]]}
        pairs = pd.DataFrame({**ids, "score": score}).groupby(list(ids), as_index=False).max()
        pairs.to_parquet(out / "pairs.parquet")
        pairs[list(ids)].to_parquet(out / "candidates.parquet")
    stages.save(out)


if __name__ == "__main__":
    main()
