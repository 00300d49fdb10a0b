"""Splink 4 on the files of the benchmark: link only, DuckDB, two threads. Runs in its own environment.

Usage: run_splink.py IN OUT [--labels]. Blocking on phone, P-IRT, halal, squashed name, username = owner, rarest word +
region, first six and last two letters + region; comparisons of name (term frequencies), owner, place, goods and
identifiers; u from five million random pairs; m by EM over four blocking rules, or from 1,000 labelled pairs.
"""

import re
import sys
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import splink.comparison_level_library as cll
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.comparison_library import CustomComparison

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "linkage_parts"))
from stages import Stages

NOISE = {
    "official", "store", "shop", "olshop", "online", "id", "indonesia", "banten", "grosir", "tangerang", "serang",
    "mart", "jakarta", "collection", "cv", "ud", "pt", "pd", "kub", "h", "hj",
}  # fmt: skip
REGION = {"3603": "T", "3671": "T", "3604": "S", "3673": "S"}  # printed "Tangerang" and "Serang" mean either
WORD = re.compile(r"[a-z]+|\d+")
THREADS = 2
RANDOM_PAIRS = 5e6
OWNED_SHARE = 0.1
KEPT = 1e-5


def words_of(texts: pd.Series) -> list[list[str]]:
    return [WORD.findall(text) for text in texts.fillna("").str.lower()]


def squashed(words: list[list[str]]) -> list[str | None]:
    return ["".join(row) or None for row in words]


def rarest(words: list[list[str]], known: Counter[str], most: int) -> list[str | None]:
    """The word of fewest businesses, where it is of some and of at most `most`."""
    found = []
    for row in words:
        usable = [(known[word], word) for word in row if 0 < known[word] <= most and len(word) > 2]
        found.append(min(usable)[1] if usable else None)
    return found


def edges(texts: list[str | None]) -> list[str | None]:
    return [f"{text[:6]}{text[-2:]}" if text and len(text) >= 8 else None for text in texts]


def region(codes: pd.Series) -> list[str | None]:
    first = codes.fillna("").str.slice(0, 4)
    return [REGION.get(code, code) or None for code in first]


def prepare_businesses(registry: pd.DataFrame) -> tuple[pd.DataFrame, Counter[str]]:
    name, trade, owner = (words_of(registry[column]) for column in ("business_name", "trade_name", "owner_name"))
    clean = [[word for word in row if word not in NOISE] or row for row in name]
    known = Counter(word for row in clean for word in set(row))
    known.update(word for row in trade for word in set(row))
    frame = pd.DataFrame(
        {
            "unique_id": registry.index.to_numpy(),
            "name": squashed(clean),
            "other_name": squashed(trade),
            "owner": squashed([[word for word in row if word not in NOISE] for row in owner]),
            "rare": rarest(clean, known, max(200, len(registry) // 250)),
            "region": region(registry["area_code"]),
            "areas": registry["area_code"].to_numpy(),
            "district": registry["district_code"].to_numpy(),
            "goods": words_of(registry["product"]),
            "phone": registry["phone_hashes"].to_numpy(),
            "pirt": registry["pirt"].to_numpy(),
            "halal": registry["halal"].to_numpy(),
        }
    )
    return frame.assign(edge=edges(frame["name"].tolist())), known


def prepare_shops(shops: pd.DataFrame, known: Counter[str], businesses: int) -> pd.DataFrame:
    name = [[word for word in row if word not in NOISE] or row for row in words_of(shops["name"])]
    user = words_of(shops["username"])
    frame = pd.DataFrame(
        {
            "unique_id": shops["shop"].to_numpy(),
            "name": squashed(name),
            "other_name": squashed([[word for word in row if not word.isdigit()] for row in user]),
            "owner": squashed([[word for word in row if not word.isdigit() and word not in NOISE] for row in user]),
            "rare": rarest(name, known, max(200, businesses // 250)),
            "region": region(shops["area_codes"]),
            "areas": shops["area_codes"].to_numpy(),
            "district": shops["district_code"].to_numpy(),
            "goods": words_of(shops["goods"]),
            "phone": shops["phone"].to_numpy(),
            "pirt": shops["pirt"].to_numpy(),
            "halal": shops["halal"].to_numpy(),
        }
    )
    return frame.assign(edge=edges(frame["name"].tolist()))


def level(sql: str, label: str, u: float | None = None) -> cll.CustomLevel:
    """u: given where random pairs would never show the level."""
    made = cll.CustomLevel(sql, label)
    return made.configure(u_probability=u, fix_u_probability=True) if u else made


def null(*columns: str) -> cll.CustomLevel:
    either = " or ".join(f"{column}_l is null or {column}_r is null" for column in columns)
    return cll.CustomLevel(either, "missing").configure(is_null_level=True)


def any_name(test: str) -> str:
    """The test for both names of either side."""
    pairs = [("name_l", "name_r"), ("name_l", "other_name_r"), ("other_name_l", "name_r")]
    return " or ".join(f"({test.format(a=a, b=b)})" for a, b in pairs)


def comparisons(businesses: int) -> list[CustomComparison]:
    contains = "length({a}) > 4 and length({b}) > 4 and (contains({a}, {b}) or contains({b}, {a}))"
    jaro = "jaro_winkler_similarity({a}, {b}) >= "
    owner_in = "length(owner_r) > 4 and length(owner_l) > 4 and (contains({x}, owner_r) or contains(owner_r, {x}))"
    return [
        CustomComparison(
            output_column_name="name",
            comparison_levels=[
                null("name"),
                cll.ExactMatchLevel("name", term_frequency_adjustments=True),
                level(any_name("{a} = {b}"), "exact, other name"),
                level(any_name(contains), "contains"),
                level(any_name(jaro + "0.94"), "jaro winkler .94"),
                level(any_name(jaro + "0.88"), "jaro winkler .88"),
                level("rare_l = rare_r", "same rarest word"),
                cll.ElseLevel(),
            ],
        ),
        CustomComparison(
            output_column_name="owner",
            comparison_levels=[
                null("owner"),
                cll.ExactMatchLevel("owner", term_frequency_adjustments=True),
                level(owner_in.format(x="owner_l"), "in username"),
                level("length(owner_r) > 4 and contains(name_l, owner_r)", "in shop name"),
                level("jaro_winkler_similarity(owner_l, owner_r) >= 0.92", "jaro winkler .92"),
                cll.ElseLevel(),
            ],
        ),
        CustomComparison(
            output_column_name="place",
            comparison_levels=[
                null("areas"),
                level("district_l = district_r", "same kecamatan"),
                level(
                    "(contains(areas_l, areas_r) or contains(areas_r, areas_l)) and district_l <> district_r",
                    "same area, other kecamatan",
                ),
                level("contains(areas_l, areas_r) or contains(areas_r, areas_l)", "same area"),
                cll.ElseLevel(),
            ],
        ),
        CustomComparison(
            output_column_name="goods",
            comparison_levels=[
                null("goods"),
                level("len(list_intersect(goods_l, goods_r)) >= 2", "two words"),
                level("list_has_any(goods_l, goods_r)", "a word"),
                cll.ElseLevel(),
            ],
        ),
        CustomComparison(
            output_column_name="identifier",
            comparison_levels=[
                cll.CustomLevel(
                    "coalesce(phone_l = phone_r, pirt_l = pirt_r, halal_l = halal_r) is null", "missing"
                ).configure(is_null_level=True),
                level("pirt_l = pirt_r or halal_l = halal_r", "same permit", 1 / businesses),
                level("phone_l = phone_r", "same phone", 1 / businesses),
                cll.ElseLevel(),
            ],
        ),
    ]


RULES = (
    ("phone",), ("pirt",), ("halal",), ("name",), ("owner",), ("rare", "region"), ("edge", "region"),
)  # fmt: skip
EM_RULES = (("name",), ("owner",), ("rare", "region"), ("edge", "region"))


def settings(businesses: int) -> SettingsCreator:
    """Prior: one shop in ten has a business."""
    return SettingsCreator(
        link_type="link_only",
        probability_two_random_records_match=OWNED_SHARE / businesses,
        comparisons=comparisons(businesses),
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in RULES],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )


def linker_of(shops: pd.DataFrame, businesses: pd.DataFrame, chosen: object, folder: Path) -> Linker:
    connection = duckdb.connect(str(folder / "work.duckdb"))
    connection.execute(f"set threads to {THREADS}")
    return Linker([shops, businesses], chosen, DuckDBAPI(connection), input_table_aliases=["a_shops", "b_businesses"])


def learn_from_labels(source: Path, businesses: pd.DataFrame, known: Counter[str], out: Path) -> object:
    """Settings whose m come from 1,000 true pairs of shops that are not part of the task."""
    shops = prepare_shops(pd.read_parquet(source / "labelled_shops.parquet"), known, len(businesses))
    truth = pd.read_parquet(source / "labelled_truth.parquet")
    folder = out / "labels"
    folder.mkdir()
    linker = linker_of(shops, businesses, settings(len(businesses)), folder)
    labels = pd.DataFrame(
        {
            "source_dataset_l": "a_shops",
            "unique_id_l": truth["shop"].to_numpy(),
            "source_dataset_r": "b_businesses",
            "unique_id_r": truth["business_id"].to_numpy(),
        }
    )
    linker.training.estimate_u_using_random_sampling(RANDOM_PAIRS, seed=1)
    linker.training.estimate_m_from_pairwise_labels(linker.table_management.register_labels_table(labels))
    return linker.misc.save_model_to_json()


def main() -> None:
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    with_labels = "--labels" in sys.argv
    stages = Stages()
    with stages("read"):
        registry = pd.read_parquet(source / "registry.parquet")
        flat = pd.read_parquet(source / "flat_shops.parquet")
    with stages("prepare"):
        businesses, known = prepare_businesses(registry)
        shops = prepare_shops(flat, known, len(businesses))
    with stages("learn"):
        untrained = settings(len(businesses))
        chosen = learn_from_labels(source, businesses, known, out) if with_labels else untrained
    with stages("load"):
        linker = linker_of(shops, businesses, chosen, out)
    if not with_labels:
        with stages("learn"):
            linker.training.estimate_u_using_random_sampling(RANDOM_PAIRS, seed=1)
            for columns in EM_RULES:
                linker.training.estimate_parameters_using_expectation_maximisation(
                    block_on(*columns), estimate_without_term_frequencies=True
                )
    with stages("score"):
        predicted = linker.inference.predict(threshold_match_probability=KEPT)
    with stages("write"):
        connection = linker._db_api._con
        name = predicted.physical_name
        connection.execute(
            f"copy (select unique_id_l as shop, unique_id_r as business_id, match_weight as score,"
            f" match_probability as probability from {name}) to '{out / 'pairs.parquet'}' (format parquet)"
        )
        blocked(connection, shops, businesses, out)
    stages.save(out)


def blocked(connection: duckdb.DuckDBPyConnection, shops: pd.DataFrame, businesses: pd.DataFrame, out: Path) -> None:
    """All pairs compared, for candidate recall; outside the measured time."""
    connection.register("all_shops", shops.drop(columns=["goods"]).replace({np.nan: None}))
    connection.register("all_businesses", businesses.drop(columns=["goods"]).replace({np.nan: None}))
    parts = [
        "select l.unique_id as shop, r.unique_id as business_id from all_shops l join all_businesses r on "
        + " and ".join(f"l.{column} = r.{column}" for column in columns)
        for columns in RULES
    ]
    connection.execute(f"copy ({' union '.join(parts)}) to '{out / 'candidates.parquet'}' (format parquet)")


if __name__ == "__main__":
    main()
