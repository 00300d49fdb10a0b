"""A `measured_world` as rows of a private store: registry, crawls, shops, candidates, links, judgements and probes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from measured_world import SLUGS, WEEK, Truth
from sqlalchemy import Engine

from monitor import private_store as store
from monitor.database import bulk_insert, transaction
from monitor.weeks import week_days
from pipelines import probes
from pipelines.estimation.strata import STRATA, group_scores, stratum_of
from pipelines.measure_read import WeekRead, read_week

SUNDAY = week_days(WEEK)[1].isoformat()
PAIR = ["group_id", "marketplace", "shop_id"]


def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """400 draws a figure instead of 4,000: intervals are a little rougher, tests a good deal faster."""

    def fewer(*given: Any) -> WeekRead | None:
        found = read_week(*given)
        return None if found is None else replace(found, inputs=replace(found.inputs, draws=400))

    monkeypatch.setattr("pipelines.measure.read_week", fewer)


def fill(engine: Engine, truth: Truth) -> None:
    """Writes the world; business ids are group ids. Every week from WEEK on can be measured."""
    with transaction(engine) as connection:
        for name, frame in _tables(truth).items():
            bulk_insert(connection, store.metadata.tables[name], frame)
        probes.add(connection, _probes(truth))


def _tables(truth: Truth) -> dict[str, pd.DataFrame]:
    pairs = truth.inputs.pairs
    begun = {"valid_from_week": WEEK, "valid_to_week": None, "digest": "x"}
    shops = pairs[["marketplace", "shop_id"]].drop_duplicates()
    weight = np.log2(np.clip(pairs["score"], 1e-9, 1 - 1e-12) / (1 - np.clip(pairs["score"], 1e-9, 1 - 1e-12)))
    of_pairs = pairs[["marketplace", "shop_id", "business_id", "group_id"]].assign(
        rule="r", weight=weight, agreements=2, decision="review", **begun
    )
    return {
        **_registry(truth),
        "crawls": pd.DataFrame([_crawl(slug) for slug in SLUGS]),
        "shops": shops.assign(first_seen_week="2026-W40"),
        "observations": shops.assign(state="live", missed_count=0, **begun),
        "candidate_pairs": of_pairs.assign(evidence=[{}] * len(pairs)),
        "links": _links(truth, begun),
        **_review(truth),
    }


def _registry(truth: Truth) -> dict[str, pd.DataFrame]:
    part: dict[str, Any] = {
        "part_id": 1, "office": "36", "as_of": "2026-11-01", "file_sha256": "x", "reject_count": 0, "columns": {},
        "phone_key_id": "k", "imported_at": "2026-11-02T00:00:00Z",
    }  # fmt: skip
    rows = truth.attributes
    size = len(rows)
    snapshot = {"snapshot_id": "s1", "as_of": "2026-11-01", "business_count": size, "group_count": size}
    versions = rows.rename(columns={"area": "area_code", "has_certificate": "has_pirt"}).assign(
        business_id=rows["group_id"], valid_from_part=1, digest="x", office="36", row_number=rows["group_id"] + 1
    )
    return {
        "registry_parts": pd.DataFrame([{**part, "read_count": size, "kept_count": size}]),
        "snapshots": pd.DataFrame([{**snapshot, "made_at": "2026-11-02T00:00:00Z"}]),
        "snapshot_parts": pd.DataFrame([{"snapshot_id": "s1", "part_id": 1}]),
        "businesses": pd.DataFrame({"business_id": rows["group_id"], "office": "36", "first_part_id": 1}),
        "business_versions": versions,
    }


def _crawl(slug: str, week: str = WEEK, health: str = "healthy") -> dict[str, Any]:
    day = week_days(week)[1].isoformat()
    return {
        "crawl_id": f"{slug}/{day}", "marketplace": slug, "week": week, "kind": "crawl", "coverage": "complete",
        "content_sha256": "x", "observed_on": day, "started_at": f"{day}T01:00:00Z", "health": health,
        "cause": None if health == "healthy" else "refused_by_marker", "shop_count": 3, "listing_count": 0,
        "loaded_at": f"{day}T03:00:00Z" if health == "healthy" else None,
    }  # fmt: skip


def next_week(week: str, refused: tuple[str, ...] = ()) -> pd.DataFrame:
    """Crawls of a later week in which the shops are as they were."""
    return pd.DataFrame(
        [_crawl(slug, week, "failed" if slug in refused else "healthy") for slug in SLUGS], dtype=object
    )


def _links(truth: Truth, begun: dict[str, Any]) -> pd.DataFrame:
    yes = truth.inputs.shop_answers.query("answer == 'ya'")[PAIR].assign(decision="confirmed")
    pairs = truth.inputs.pairs.merge(yes, on=PAIR, how="left")
    held = pairs[(pairs["score"] > 0.9) | pairs["decision"].notna()].drop_duplicates(["marketplace", "shop_id"])
    return held[["marketplace", "shop_id", "group_id", "business_id"]].assign(
        decision=held["decision"].fillna("link").to_numpy(object), listing_id="", model_version="model-1", weight=20.0,
        evidence=[{}] * len(held), **begun,
    )  # fmt: skip


def _review(truth: Truth) -> dict[str, pd.DataFrame]:
    """One sample draw of the week and the tasks of the probes, all answered as the world says."""
    inputs = truth.inputs
    scores = group_scores(inputs.pairs)
    stratum = pd.Series(stratum_of(scores.to_numpy()).astype(str), index=scores.index)
    drawn = inputs.answers.loc[~inputs.answers["is_known"], "group_id"]
    base, taken = stratum.value_counts(), stratum[drawn].value_counts()
    rows = [
        {"draw_id": f"sample-{WEEK}", "stratum": str(h), "week": WEEK, "purpose": "sample",
         "base": int(base.get(str(h), 0)), "drawn": int(taken.get(str(h), 0))}
        for h in range(STRATA)
    ]  # fmt: skip
    frames = pd.DataFrame({"draw_id": f"sample-{WEEK}", "group_id": stratum.index, "stratum": stratum.to_numpy()})
    said = inputs.shop_answers.merge(inputs.answers[["group_id", "is_known"]], on="group_id")
    purpose = np.where(said["is_known"], "probe", "sample")
    about = {"week": WEEK, "model_version": "model-1"}
    tasks = said[PAIR].assign(
        task_id=[f"T{number}" for number in range(len(said))], draw_id=[f"{one}-{WEEK}" for one in purpose],
        purpose=purpose, office="36", business_id=said["group_id"], position=range(len(said)), coder="first",
        stratum_at_draw=said["group_id"].map(stratum).to_numpy(object), drawn_at="2026-11-22T00:00:00Z", **about,
    )  # fmt: skip
    given = tasks[["task_id", "draw_id", "purpose", "office", "stratum_at_draw", "week", "model_version"]].assign(
        answer=said["answer"].to_numpy(object), reviewer="A", at="2026-11-22T01:00:00Z", source_sha256="x"
    )
    return {"draws": pd.DataFrame(rows), "draw_frames": frames, "review_tasks": tasks, "judgements": given}


def _probes(truth: Truth) -> list[dict[str, Any]]:
    rows = truth.inputs.probes
    keys = zip(rows["group_id"].tolist(), rows["marketplace"].tolist(), rows["shop_id"].tolist(), strict=True)
    return [
        {"source": "kunjungan", "collected_on": SUNDAY, "marketplace": slug, "shop_id": shop, "business_id": group,
         "identified_by": "nib", "status": "usable", "source_sha256": "x", "row_number": number}
        for number, (group, slug, shop) in enumerate(keys)
    ]  # fmt: skip
