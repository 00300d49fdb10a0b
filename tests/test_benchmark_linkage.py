"""The measures of benchmarks/linkage.py worked out by hand, and the world kept apart."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.linkage_parts import audit, kept, measure, pictures, project, task
from benchmarks.linkage_parts.matchers import MATCHERS
from benchmarks.linkage_parts.musts import missed, standing
from benchmarks.linkage_parts.seen import kept_apart, training_world
from benchmarks.linkage_parts.world import World, make
from pipelines.linkage.registry_part import REGISTRY_COLUMNS
from pipelines.linkage.shops import LISTING_COLUMNS, SHOP_COLUMNS

GROUP = pd.Series([1, 2, 3, 3, 5], index=[1, 2, 3, 4, 5])  # 4 lists 3 again


@pytest.fixture(scope="module")
def made() -> World:
    return make(4_000, 1_200, 120, 0.5, 1003)


def pairs(*rows: tuple[int, int, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["shop", "business_id", "score"])
    return frame.assign(probability=frame["score"])


def truth(*owners: int) -> pd.DataFrame:
    return pd.DataFrame({"shop": range(len(owners)), "business_id": owners})


# --- measures ---------------------------------------------------------------------------------------------------------


def test_of_a_shop_the_best_pair_counts_and_a_second_listing_is_right() -> None:
    found = measure.judged(pairs((0, 1, 0.9), (0, 2, 0.99), (1, 4, 0.8), (2, 5, 0.7)), truth(1, 3, 0), GROUP)
    assert found["business_id"].tolist() == [2, 4, 5]
    assert found["right"].tolist() == [False, True, False]


def test_recall_at_the_loosest_threshold_where_precision_holds() -> None:
    found = pd.DataFrame({"score": [9.0, 8, 7, 6, 5], "right": [True, True, False, True, False]})
    line = measure.curve(found, 4)
    assert measure.recall_at(line, 1.0) == 0.5
    assert measure.recall_at(line, 0.75) == 0.75
    assert measure.recall_at(line, 0.99) == 0.5
    f1, threshold = measure.best_f1(line)
    assert (f1, threshold) == (2 * 3 / (4 + 4), 6.0)


def test_equal_scores_are_taken_together() -> None:
    found = pd.DataFrame({"score": [5.0, 5, 5], "right": [True, False, True]})
    line = measure.curve(found, 3)
    assert line.accepted.tolist() == [3]
    assert measure.recall_at(line, 0.99) == 0.0


def test_businesses_counted_present_are_groups_and_a_wrong_shop_of_a_present_one_is_no_false_count() -> None:
    told = measure.figures(pairs((0, 3, 0.999), (1, 4, 0.995), (2, 5, 0.6)), truth(3, 0, 0), GROUP)
    assert told["present_at_99"] == {"counted": 1, "false": 0}
    assert told["sure"] == {"links": 2, "right": 1}
    assert told["calibration"][0] == {"bin": "0.5-0.8", "links": 1, "stated": 0.6, "true": 0.0}
    assert told["calibration"][1]["links"] == 0


def test_candidate_recall_counts_groups() -> None:
    assert measure.candidate_recall(np.array([0, 1]), np.array([4, 2]), truth(3, 1, 0), GROUP) == 0.5


def test_no_pairs_at_all() -> None:
    told = measure.figures(pairs().astype({"shop": int, "business_id": int, "score": float}), truth(3, 0), GROUP)
    assert told["f1"] == 0.0 and told["recall"]["0.90"] == 0.0


def test_what_the_project_must_reach() -> None:
    row = {
        "task": "t", "matcher": "project", "difficulty": 0.5, "businesses": 800_000, "seconds": 30.0, "peak_mib": 100.0,
        "f1": 0.1, "recall": {"0.90": 0.5, "0.95": 0.4, "0.99": 0.05},
    }  # fmt: skip
    assert missed([row]) == [
        "t project: recall at precision .99 is 0.050, must be at least 0.1",
        "t project: seconds is 30.0, must be at most 25",
    ]
    assert missed([{**row, "matcher": "splink"}]) == []
    assert missed([{**row, "difficulty": 0.8, "businesses": 1000}]) == []


def test_aims_are_told_for_the_largest_task() -> None:
    row = {
        "task": "t", "matcher": "project", "difficulty": 0.5, "businesses": 800_000, "seconds": 8.0, "peak_mib": 2500.0,
        "labels": "0", "f1": 0.1, "recall": {"0.90": 0.4, "0.95": 0.4, "0.99": 0.05},
    }  # fmt: skip
    verdicts = {line.split(",")[0]: line.split()[-1] for line in standing([row, {**row, "businesses": 1000}])}
    assert verdicts == {
        "recall at precision .99": "missed",
        "recall at precision .90": "must",
        "seconds": "aim",
        "peak MiB": "must",
    }


# --- a run that was stopped -------------------------------------------------------------------------------------------


def test_an_outcome_is_kept_until_what_made_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task.prepare(tmp_path, 3_000, 400, 40, 0.5, 1003)
    matcher = MATCHERS["topn"]
    runs: list[int] = []

    def run() -> dict[str, object]:
        runs.append(len(runs))
        (tmp_path / "topn").mkdir(exist_ok=True)
        own = pd.read_parquet(tmp_path / task.TRUTH)[["shop", "business_id"]].query("business_id > 0")
        own.to_parquet(tmp_path / "topn" / "candidates.parquet")
        return {"seconds": 1.0}

    first = kept.outcome(matcher, tmp_path, run, again=False)
    assert first["candidate_recall"] == 1.0 and first["pairs_per_shop"] == 0.1
    assert kept.outcome(matcher, tmp_path, run, again=False) == first and runs == [0]
    kept.outcome(matcher, tmp_path, run, again=True)
    assert runs == [0, 1]
    monkeypatch.setattr(kept, "made_of", lambda *_: "another script")
    kept.outcome(matcher, tmp_path, run, again=False)
    assert runs == [0, 1, 2]


def test_the_review_asks_about_all_shops_of_the_groups_it_draws() -> None:
    many = np.arange(4_000)
    decided = pd.DataFrame({"marketplace": "m", "shop_id": many.astype(str), "business_id": many // 2 + 1})
    decided = decided.assign(group_id=decided["business_id"], odds=(many // 2) % 12 - 6.0)
    registry = pd.DataFrame({"group_id": range(1, 2_001), "area_code": "3602"}, index=range(1, 2_001))
    asked = project.drawn(decided, registry)
    assert task.REVIEWED - 2 * project.STEP < len(asked) <= task.REVIEWED
    assert (asked.groupby("group_id").size() == 2).all(), "of a group that is drawn every candidate is asked about"
    assert asked["inclusion_prob"].between(0.0, 1.0, inclusive="right").all()
    assert (
        asked.loc[asked["odds"].abs() < 2, "inclusion_prob"].min()
        > asked.loc[asked["odds"] == -6, "inclusion_prob"].max()
    )


def test_answers_outrank_what_was_scored() -> None:
    scored = pairs((0, 1, 0.9), (0, 2, 0.2), (1, 4, 0.8), (1, 5, 0.3), (2, 5, 0.7))
    number = pd.Series([0, 1, 2], index=pd.MultiIndex.from_product([["m"], ["a", "b", "c"]]))
    said = pd.DataFrame(
        {"marketplace": "m", "shop_id": ["a", "b", "c"], "group_id": [2, 3, 1], "business_id": [2, 3, 1]}
    )
    found = project.answered(scored, said.assign(verdict=["yes", "no", "yes"]), GROUP, number)
    rows = found.set_index(["shop", "business_id"])["probability"].to_dict()
    assert rows == {(0, 2): 1.0, (1, 5): 0.3, (2, 1): 1.0}, "4 is 3 listed twice, so it is ruled out with it"


def test_results_of_several_runs_stand_together(tmp_path: Path) -> None:
    row = {"world": "apart", "businesses": 1, "shops": 1, "difficulty": 0.5, "seed": 1}
    row |= {"matcher": "project", "f1": 0.1}
    kept.remember(tmp_path / "results.json", [row])
    kept.remember(tmp_path / "results.json", [{**row, "f1": 0.2}, {**row, "matcher": "emm"}])
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert [(one["matcher"], one["f1"]) for one in found] == [("project", 0.2), ("emm", 0.1)]


def test_a_task_is_made_anew_when_its_generator_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task.prepare(tmp_path, 2_000, 300, 30, 0.5, 1003)
    stamp = tmp_path / "made-from.txt"
    before, written = stamp.read_text(encoding="utf-8"), (tmp_path / task.TRUTH).stat().st_mtime_ns
    task.prepare(tmp_path, 2_000, 300, 30, 0.5, 1003)
    assert (tmp_path / task.TRUTH).stat().st_mtime_ns == written
    stamp.write_text("another generator", encoding="utf-8")
    task.prepare(tmp_path, 2_000, 300, 30, 0.5, 1003)
    assert stamp.read_text(encoding="utf-8") == before
    assert (tmp_path / task.TRUTH).stat().st_mtime_ns > written


def test_pictures_are_drawn_of_whatever_was_measured(tmp_path: Path) -> None:
    told = measure.figures(pairs((0, 3, 0.999), (1, 4, 0.995), (2, 5, 0.6)), truth(3, 0, 0), GROUP)
    told["curve"] = {"precision": [1.0, 0.9, 0.5], "recall": [0.2, 0.3, 0.4]}
    row = {"title": "project", "labels": "0", "matcher": "project", "difficulty": 0.5, "seconds": 1.0, **told}
    row |= {"processor_seconds": 1.0, "peak_mib": 100.0, "businesses": 1_000, "shops": 500, "true_links": 1_000}
    failed = {name: row[name] for name in ("title", "labels", "businesses", "shops", "difficulty")}
    pictures.draw([row, {**row, "businesses": 2_000}, {**failed, "matcher": "emm", "failed": "no memory"}], tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"linkage-{name}.png" for name in ("precision", "reliability", "cost")
    }


# --- what a fair test world holds -------------------------------------------------------------------------------------

# Known and told in docs/linkage.md; all else has to lie within its bounds.
KNOWN = {
    "training": {
        "businesses on a registration assistant's phone",
        "true links with a sibling elsewhere",
        "shops of food businesses that print a P-IRT",
        "true links that can be found",
    },
    "kept apart": {"ways in which numbers are written"},
}


@pytest.mark.prove
@pytest.mark.parametrize(("name", "make", "seed"), audit.MAKERS)
def test_worlds_hold_what_a_fair_one_holds(name: str, make: audit.Maker, seed: int) -> None:
    seen = make(audit.BUSINESSES, audit.SHOPS, audit.DIFFICULTY, seed)
    outside = {item.what for item in audit.ITEMS if not item.fits(item.count(seen))}
    assert outside <= KNOWN[name]


@pytest.mark.parametrize("make", [training_world, kept_apart])
def test_both_worlds_are_counted_the_same_way(make: audit.Maker) -> None:
    seen = make(3_000, 900, 0.5, 7 if make is training_world else 1003)
    assert set(seen.shops.columns) >= {"name", "areas", "phone", "pirt", "forms", "owner", "kind", "traces", "findable"}
    values = {item.what: item.count(seen) for item in audit.ITEMS}
    assert values["shops of nobody in the registry"] == pytest.approx(0.9, abs=0.01)
    assert 0.12 < values["business names that are the owner's"] < 0.24
    assert 0.01 < values["shops that print a phone"] < 0.12
    assert seen.shops.loc[seen.shops["kind"] == "owned", "owner"].isin(seen.registry.index).all()
    assert audit.digest(seen) == audit.digest(make(3_000, 900, 0.5, 7 if make is training_world else 1003))


# --- the world kept apart ---------------------------------------------------------------------------------------------


def test_frames_have_what_the_core_reads(made: World) -> None:
    assert set(REGISTRY_COLUMNS) <= set(made.registry.columns)
    assert set(SHOP_COLUMNS) <= set(made.shops.columns)
    assert set(LISTING_COLUMNS) <= set(made.listings.columns)
    assert len(made.registry) == 4_000 and len(made.shops) == len(made.truth) == 1_200
    assert not made.shops.duplicated(["marketplace", "shop_id"]).any()


def test_same_seed_same_rows(made: World) -> None:
    again = make(4_000, 1_200, 120, 0.5, 1003)
    for name in ("registry", "shops", "listings", "truth"):
        pd.testing.assert_frame_equal(getattr(made, name), getattr(again, name))
    assert not make(4_000, 1_200, 120, 0.5, 1004).registry.equals(made.registry)


def test_seeds_of_development_are_refused() -> None:
    with pytest.raises(ValueError, match="belong to development"):
        make(100, 20, 2, 0.5, 42)


def test_shares_of_the_world(made: World) -> None:
    owned = made.truth[made.truth["business_id"] > 0]
    assert len(owned) == 120
    assert owned["reason"].str.startswith(("findable", "not findable")).all()
    assert 0.45 < owned["reason"].str.startswith("findable").mean() < 0.8
    assert set(made.truth.loc[made.truth["business_id"] == 0, "reason"]) == {"nobody", "imitation", "outside"}
    again = made.registry["group_id"].duplicated().mean()
    assert 0.003 < again < 0.02
    phones = made.registry["phone_hashes"].value_counts()
    assert phones.iloc[0] > 30  # a registration assistant
    area, owner_area = made.shops.loc[owned.index, "area_codes"], made.registry.loc[owned["business_id"], "area_code"]
    pairs_of = [(a, b) for a, b in zip(area, owner_area, strict=True) if isinstance(a, str) and isinstance(b, str)]
    assert np.mean([b in a for a, b in pairs_of]) > 0.9


# --- worlds of the project's own generator ----------------------------------------------------------------------------


def test_a_task_of_the_own_generator_has_the_same_files(tmp_path: Path) -> None:
    for kind in ("apart", "own"):
        task.prepare(tmp_path / kind, 1_500, 400, 40, 0.2, 1003, kind)
    files = {kind: {path.name for path in (tmp_path / kind).iterdir()} for kind in ("apart", "own")}
    assert files["own"] == files["apart"]
    found, group = task.evaluated(tmp_path / "own")
    assert (found["business_id"] > 0).sum() >= 39  # one may be a cooperative's shop
    assert set(found.loc[found["business_id"] > 0, "business_id"]) <= set(group.index)
    labelled = pd.read_parquet(tmp_path / "own" / "labelled_truth.parquet")
    assert len(labelled) == task.LABELLED and (labelled["business_id"] > 0).all()
    for name in ("shops.parquet", "flat_shops.parquet", "registry.parquet"):
        columns = [set(pd.read_parquet(tmp_path / kind / name).columns) for kind in ("apart", "own")]
        assert columns[0] <= columns[1]


def test_difficulty_hides_owners() -> None:
    shares = [
        make(3_000, 900, 300, difficulty, 1005).truth["reason"].str.startswith("findable").sum()
        for difficulty in (0.0, 0.5, 1.0)
    ]
    assert shares[0] > shares[1] > shares[2]
