"""The project's own core on the files of a task, in a process of its own.

Usage: python -m linkage_parts.project IN OUT [--labels], in the folder benchmarks. With --labels a reviewer has
answered about up to a thousand shops: the candidates of businesses drawn by score, as the weekly review draws them.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.estimation.sampling import Workload, draw_week
from pipelines.estimation.strata import FLOOR, group_scores
from pipelines.linkage.blocking import candidate_pairs
from pipelines.linkage.calibration import apply, teach
from pipelines.linkage.decide import decide
from pipelines.linkage.index import RegistryIndex, build_index
from pipelines.linkage.judged import verdicts
from pipelines.linkage.model import load_model
from pipelines.linkage.rivals import MOST_BITS, probability
from pipelines.linkage.score import score
from pipelines.linkage.shops import read_shops
from pipelines.linkage.threads import processors
from pipelines.linkage.weights import load_weights
from pipelines.match import local_words, place_words

from .recall import recall_by_rule
from .second_week import measure as measure_second_week
from .stages import Stages
from .task import REVIEWED, TRUTH

PROVINCE = "36"
KEYS = ["marketplace", "shop_id"]
WEEK, STEP = "2026-W47", 25  # of the draw; groups by which it is made smaller until it fits
Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def read_frames(source: Path) -> Frames:
    """registry, shops, listings as `pipelines.match` reads them."""
    registry = pd.read_parquet(source / "registry.parquet")
    shops = pd.read_parquet(source / "shops.parquet").drop(columns="shop")
    listings = pd.read_parquet(source / "listings.parquet")
    for frame in (shops, listings):
        frame["identifiers"] = [None if cell is None else list(cell) for cell in frame["identifiers"]]
    return registry, shops, listings


def drawn(decided: pd.DataFrame, registry: pd.DataFrame) -> pd.DataFrame:
    """The pairs that the review asks about: all candidates of the groups it draws, with `inclusion_prob`."""
    pairs = decided.assign(score=probability(decided["odds"].to_numpy(dtype=float), (0.0, 1.0)))
    pairs = pairs[pairs["score"] >= FLOOR].sort_values("score", ascending=False, kind="stable")
    pairs = pairs.drop_duplicates([*KEYS, "group_id"])
    area = registry.drop_duplicates("group_id").set_index("group_id")["area_code"]
    groups = group_scores(pairs).reset_index().assign(entered=False, left_panel=False)
    groups["area_code"] = groups["group_id"].map(area)
    for count in range(REVIEWED, 0, -STEP):
        tasks = draw_week(groups, (), Workload(count, 0), WEEK).tasks
        asked = pairs.merge(tasks[["group_id", "inclusion_prob"]], on="group_id")
        if asked.groupby(KEYS).ngroups <= REVIEWED:
            break
    return asked


def answers(source: Path, asked: pd.DataFrame) -> pd.DataFrame:
    """What a reviewer who knows everything says of these pairs."""
    group = pd.read_parquet(source / "registry.parquet", columns=["group_id"])["group_id"]
    truth = pd.read_parquet(source / TRUTH).set_index(KEYS)["business_id"]
    owner = truth.loc[list(zip(asked["marketplace"], asked["shop_id"], strict=True))].to_numpy()
    same = asked["business_id"].map(group).to_numpy() == pd.Series(owner).map(group).to_numpy()
    number = np.arange(len(asked))
    return pd.DataFrame(
        {
            "judgement_id": number,
            "task_id": [f"t{place}" for place in number],
            "reviewer": "r",
            "office": PROVINCE,
            "answer": np.where(same, "ya", np.where(owner > 0, "usaha lain", "tidak")),
            "other_business": np.where(~same & (owner > 0), owner.astype(str), None),
            "marketplace": asked["marketplace"].to_numpy(),
            "shop_id": asked["shop_id"].to_numpy(),
            "business_id": asked["business_id"].to_numpy(),
        }
    )


def linked(
    stages: Stages, frames: Frames, source: Path, with_labels: bool
) -> tuple[pd.DataFrame, RegistryIndex, pd.DataFrame]:
    """Decided pairs, the index they came from, and what the reviewer said."""
    registry, shops, listings = frames
    weights, shipped = load_weights(), load_model()
    with stages("index"):
        words = place_words(PROVINCE), local_words(PROVINCE)
        index = build_index(registry, weights, None, *words, processors())
    with stages("score"):
        pairs, _ = score(shops, listings, index, shipped, processors())
    if not with_labels:
        with stages("decide"):
            return decide(pairs, weights), index, verdicts(pd.DataFrame(), registry)
    with stages("write"):  # the reviewer's work
        asked = drawn(decide(pairs, weights), registry)
        said = verdicts(answers(source, asked), registry)
        chance = said["task_id"].str[1:].astype(int).map(asked["inclusion_prob"])
    with stages("learn"):
        taught = teach(pairs, said, shipped, 1.0 / chance)
        assert taught is not None
        pairs = apply(pairs, taught, shipped)
    with stages("decide"):
        return decide(pairs, weights, taught.model.curve), index, said


def answered(saved: pd.DataFrame, said: pd.DataFrame, group: pd.Series, number: pd.Series) -> pd.DataFrame:
    """Saved pairs once the answers outrank the scores, as in a week: confirmed pairs first, none that was ruled out."""
    numbered = said.assign(shop=number.loc[list(zip(said["marketplace"], said["shop_id"], strict=True))].to_numpy())
    yes, no = (numbered[numbered["verdict"] == verdict] for verdict in ("yes", "no"))
    theirs = pd.MultiIndex.from_arrays([saved["shop"], saved["business_id"].map(group)])
    left = saved[~saved["shop"].isin(yes["shop"]) & ~theirs.isin(pd.MultiIndex.from_frame(no[["shop", "group_id"]]))]
    sure = yes[["shop", "business_id"]].assign(score=MOST_BITS, probability=1.0)
    return pd.concat([left[list(sure.columns)], sure], ignore_index=True)


def save_pairs(decided: pd.DataFrame, number: pd.Series, out: Path) -> pd.DataFrame:
    """What was saved. The stated probability is the calibrated one, or where there is none what the odds say."""
    odds = np.clip(decided["odds"].to_numpy(dtype=float), -60, 60)
    stated = pd.to_numeric(decided.get("probability", pd.Series(np.nan, decided.index))).to_numpy(dtype=float)
    unpromised = 1 / (1 + np.exp2(-odds))
    made = {
        "shop": number.loc[list(zip(decided["marketplace"], decided["shop_id"], strict=True))].to_numpy(),
        "business_id": decided["business_id"].to_numpy(),
        "score": odds,
        "probability": np.where(np.isnan(stated), unpromised, stated),
        "linked": decided["decision"].eq("link").to_numpy(),
    }
    frame = pd.DataFrame(made)
    frame.to_parquet(out / "pairs.parquet")
    return frame


def save_candidates(
    frames: Frames, index: RegistryIndex, number: pd.Series, source: Path, out: Path
) -> list[dict[str, object]]:
    """All pairs compared, for candidate recall; returns what each rule finds. Outside the measured time."""
    table = read_shops(frames[1], frames[2], index)
    own = number.loc[list(zip(table.marketplace, table.shop_id, strict=True))].to_numpy()
    found = candidate_pairs(table, index)
    made = {"shop": own[found.shop], "business_id": index.business_id[found.business]}
    pd.DataFrame(made).to_parquet(out / "candidates.parquet")
    truth = pd.read_parquet(source / TRUTH).query("business_id > 0")
    place = pd.Series(np.arange(len(own)), index=own).loc[truth["shop"]].to_numpy()
    by_rule = recall_by_rule(found, index, place, truth["business_id"].to_numpy(), table.size)
    rows: list[dict[str, object]] = by_rule.to_dict("records")
    return rows


def add_stats(out: Path, **more: object) -> None:
    file = out / "stats.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **more}, indent=1), encoding="utf-8")


def main() -> None:
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    stages = Stages()
    with stages("read"):
        frames = read_frames(source)
        number = pd.read_parquet(source / "shops.parquet", columns=["shop", *KEYS]).set_index(KEYS)["shop"]
    with stages("warm"):
        registry, shops, listings = frames
        linked(Stages(), (registry.head(500), shops.head(50), listings.head(200)), source, with_labels=False)
    decided, index, said = linked(stages, frames, source, "--labels" in sys.argv)
    with stages("write"):
        saved = save_pairs(decided, number, out)
        if len(said):
            answered(saved, said, registry["group_id"], number).to_parquet(out / "answered.parquet")
    stages.save(out)  # before what follows: neither its time nor its memory counts
    rules = save_candidates(frames, index, number, source, out)
    if "--labels" not in sys.argv:
        add_stats(out, rules=rules, second_week=measure_second_week(shops, listings, index))


if __name__ == "__main__":
    main()
