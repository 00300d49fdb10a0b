"""A week with known truth as `WeekInputs`: registry, shops, candidates, judged groups and probes, made in a second."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from monitor.regions import areas
from monitor.sectors import SECTOR_NAMES
from pipelines.estimation.detected import window_weights
from pipelines.estimation.inputs import WeekInputs
from pipelines.estimation.strata import FLOOR, STRATA, allocate, group_scores, stratum_of

WEEK = "2026-W47"
SLUGS = ("plaza_banten", "shopee", "tokopedia")
SIZES = ("mikro", "kecil", "menengah")


@dataclass(frozen=True)
class Truth:
    """inputs; groups truly present (on any of SLUGS); those of them that were captured; attributes of all groups."""

    inputs: WeekInputs
    present: frozenset[int]
    captured: frozenset[int]
    attributes: pd.DataFrame


def make(
    seed: int = 1, groups: int = 20_000, share: float = 0.03, capture: float = 0.75, judged: int = 400,
    probes: int = 150,
    false: float = 0.05, **changes: Any,
) -> Truth:  # fmt: skip
    """A world. false: share of groups with a false candidate. changes: fields of WeekInputs, put in as they are."""
    rng = np.random.default_rng(seed)
    attributes = _attributes(rng, groups)
    shops = _shops(rng, groups, share)
    captured = shops[rng.random(len(shops)) < capture]
    pairs = _pairs(rng, captured, groups, false)
    answers, shop_answers = _answers(rng, pairs, judged)
    known = _probes(rng, shops, probes)
    answers, shop_answers = _judge(pairs, answers, shop_answers, set(known["group_id"]))
    registry = attributes.groupby(["area", "sector", "size", "has_certificate"]).size().reset_index(name="groups")
    used = np.unique(np.concatenate([pairs["group_id"], known["group_id"]]))
    values = {
        "week": WEEK,
        "province": "36",
        "areas": tuple(area.code for area in areas()),
        "sectors": tuple(SECTOR_NAMES),
        "seed": ("test", WEEK),
        "draws": 1000,
        "model_version": "model-1",
        "registry": registry,
        "groups": attributes[attributes["group_id"].isin(used)],
        "pairs": pairs.drop(columns="is_true"),
        "marketplaces": marketplaces(),
        "answers": answers,
        "shop_answers": shop_answers,
        "probes": known,
        "links": _links(pairs, answers),
    }
    present, seen = frozenset(shops["group_id"].tolist()), pairs.loc[pairs["is_true"], "group_id"]
    return Truth(WeekInputs(**{**values, **changes}), present, frozenset(seen.tolist()), attributes)


def marketplaces(**states: str) -> pd.DataFrame:
    """States of the marketplaces of the world; those not named were measured, lazada was refused."""
    rows = []
    for slug in (*SLUGS, "lazada"):
        state = states.get(slug, "refused" if slug == "lazada" else "measured")
        covered = state in ("measured", "fed", "partial", "carried")
        age = 1 if state == "carried" else 0
        rows.append(
            {"marketplace": slug, "state": state, "covered": covered, "carried_weeks": age, "survival": 0.985**age}
        )
    return pd.DataFrame(rows)


def _attributes(rng: np.random.Generator, groups: int) -> pd.DataFrame:
    codes = [area.code for area in areas()]
    return pd.DataFrame(
        {
            "group_id": np.arange(1, groups + 1),
            "area": rng.choice(codes, groups),
            "sector": rng.choice(list(SECTOR_NAMES)[:6], groups),
            "size": rng.choice(SIZES, groups, p=[0.9, 0.08, 0.02]),
            "has_certificate": rng.random(groups) < 0.2,
        }
    ).astype({"area": object, "sector": object, "size": object})


def _shops(rng: np.random.Generator, groups: int, share: float) -> pd.DataFrame:
    present = np.flatnonzero(rng.random(groups) < share) + 1
    first, twice = rng.integers(0, len(SLUGS), len(present)), rng.random(len(present)) < 0.3
    rows = pd.DataFrame({"group_id": present, "slug": first})
    more = rows[twice].assign(slug=(first[twice] + 1) % len(SLUGS))
    shops = pd.concat([rows, more], ignore_index=True)
    shops["marketplace"] = [SLUGS[at] for at in shops["slug"]]
    shops["shop_id"] = [f"s{number}" for number in range(len(shops))]
    return shops[["group_id", "marketplace", "shop_id"]]


def _pairs(rng: np.random.Generator, captured: pd.DataFrame, groups: int, false: float) -> pd.DataFrame:
    """True candidates, and a false one for this share of all groups; scores are the posterior of their weights."""
    others = np.flatnonzero(rng.random(groups) < false) + 1
    wrong = pd.DataFrame({"group_id": others, "marketplace": rng.choice(SLUGS, len(others))})
    wrong["shop_id"] = [f"x{number}" for number in range(len(wrong))]
    both = pd.concat([captured.assign(is_true=True), wrong.assign(is_true=False)], ignore_index=True)
    weight = rng.normal(np.where(both["is_true"], 3.5, 0.0), 1.0)
    odds = len(captured) / max(len(wrong), 1) * np.exp(3.5 * weight - 3.5**2 / 2)
    both["score"] = odds / (1 + odds)
    both = both[both["score"] >= FLOOR].reset_index(drop=True)
    return both.assign(
        business_id=both["group_id"],
        state="live",
        carried_weeks=0,
        joined_on=None,
        is_active=None,
        first_seen_week="2026-W40",
    ).astype(
        {"joined_on": object, "first_seen_week": object, "is_active": object, "marketplace": object, "shop_id": object}
    )


def _answers(rng: np.random.Generator, pairs: pd.DataFrame, judged: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    scores = group_scores(pairs)
    stratum = stratum_of(scores.to_numpy())
    sizes = np.bincount(stratum, minlength=STRATA)
    drawn = allocate(sizes, judged)
    chosen = np.concatenate([rng.choice(np.flatnonzero(stratum == h), drawn[h], replace=False) for h in range(STRATA)])
    weight = window_weights((drawn / np.maximum(sizes, 1))[stratum[chosen]][None, :])
    answers = pd.DataFrame({"group_id": scores.index.to_numpy()[chosen], "weight": weight, "is_known": False})
    return answers, pairs[pairs["group_id"].isin(answers["group_id"])]


def _judge(
    pairs: pd.DataFrame, answers: pd.DataFrame, shops: pd.DataFrame, probes: set[int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Adds the groups of the probes as known values, and says what is true of all."""
    more = sorted((probes & set(pairs["group_id"])) - set(answers["group_id"]))
    answers = pd.concat([answers, pd.DataFrame({"group_id": more, "weight": 1.0, "is_known": True})], ignore_index=True)
    shops = pairs[pairs["group_id"].isin(answers["group_id"])]
    true = set(pairs.loc[pairs["is_true"], "group_id"])
    d = answers["group_id"].isin(true)
    answers = answers.assign(d=d, d_if_no=d, d_if_yes=d, is_ambiguous=False, n_coders=1)
    said = np.where(shops["is_true"], "ya", "tidak")
    return answers, shops[["group_id", "marketplace", "shop_id"]].assign(answer=said)


def _probes(rng: np.random.Generator, shops: pd.DataFrame, count: int) -> pd.DataFrame:
    groups = shops["group_id"].unique()
    chosen = rng.choice(groups, min(count, len(groups)), replace=False)
    rows = shops[shops["group_id"].isin(chosen)].reset_index(drop=True)
    return rows.assign(probe_id=np.arange(len(rows)), source="P2", cohort=None, age_weeks=3)


def _links(pairs: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    sure = set(answers.loc[answers["d"], "group_id"])
    links = pairs.loc[pairs["score"] > 0.9, ["group_id", "marketplace"]].drop_duplicates()
    confirmed = links["group_id"].isin(sure)
    return links.assign(confirmed=confirmed, confirmed_here=confirmed)
