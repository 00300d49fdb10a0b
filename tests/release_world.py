"""Releases of the small hand-written week, and random rows to generalise."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from report_world import WEEK, World

from exports.release import build, records
from exports.release.recipients import agreed
from exports.release.research import research_aggregates, research_rows
from exports.release.rows_made import Joint
from exports.release.rows_read import LINK, read_rows
from monitor.database import transaction

DAY = "2026-11-24"


def request(world: World, base: Path | None = None, **changes: Any) -> build.Request:
    values = {"week": WEEK, "base": base or world.config.releases_dir, "released_on": DAY, "synthetic": False}
    return build.Request(**(values | changes))


def public(world: World, base: Path | None = None, **changes: Any) -> build.Released:
    world.build(changes.get("week", WEEK))
    return build.release_public(world.config, world.private, world.results, request(world, base, **changes))


def research(world: World, recipient: str = "universitas-a", **changes: Any) -> build.Released:
    """What the verb does for a recipient."""
    asked = request(world, **changes)
    world.build(asked.week)
    with transaction(world.private) as connection:
        agreement = agreed(connection, world.config, recipient, "survival", "2099-12-31", date(2026, 11, 24))
    with world.private.connect() as connection:
        before = records.earlier(connection, build.RESEARCH, recipient)
        known = list(before[["release_id", "week"]].itertuples(index=False, name=None))
        read = read_rows(connection, asked.week, known)
    with world.results.connect() as connection:
        aggregates = research_aggregates(connection, asked.week, recipient)
    tables, report = research_rows(read, agreement.pseudonyms, 5)
    rows = build.Rows(
        tables, read.links[[*LINK, "model_version"]], report, aggregates, recipient, agreement.pseudonyms.key_id,
        agreement.expires_on, fills_database=recipient == "basisdata",
    )  # fmt: skip
    return build.release_research(world.config, world.private, world.results, asked, rows)


def same_key(one: World, other: World, recipient: str = "universitas-a") -> None:
    folder = other.config.phone_key_file.parent
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(one.config.phone_key_file.parent / f"penerima-{recipient}.key", folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- random rows ----------------------------------------------------------------------------------------------------

WEEKS = ["2026-W40", "2026-W44", "2026-W45", "2026-W47"]


def random_rows(seed: int, groups: int, present: float, sharing: float = 0.1) -> Joint:
    """Businesses with few or many kinds of attributes, some with shops, some shops of two groups."""
    rng = np.random.default_rng(seed)

    def some(values: list[Any], size: int, missing: float = 0.2) -> pd.Series:
        chosen = pd.Series(np.array(values, dtype=object)[rng.integers(0, len(values), size)], dtype=object)
        return chosen.where(rng.random(size) >= missing, None)

    businesses = pd.DataFrame(
        {
            "group_id": np.arange(1, groups + 1) * 7,
            "area_code": some(["3601", "3602", "3603"], groups),
            "sector": some(["kriya", "jasa"], groups),
            "kbli2": some(["10", "13", "56"], groups),
            "size": some(["mikro", "kecil"], groups),
            "year_band": some(["2000-2009", "2010-2014"], groups),
            "has_pirt": some([True, False], groups),
            "has_halal": some([True, False], groups),
            "cohort": some(["pelatihan"], groups, 0.9),
            "cohort_kind": some(["training"], groups, 0.9),
            "cohort_quarter": some(["2026-Q4"], groups, 0.9),
            "valid_from_week": some(["2026-W01", "2026-W30"], groups, 0),
            "valid_to_week": some(["2026-W46"], groups, 0.95),
        }
    )
    businesses = businesses.astype({name: "category" for name in businesses.columns if name != "group_id"})
    sellers = businesses["group_id"][rng.random(groups) < present].to_numpy()
    count = len(sellers)
    shops = pd.DataFrame(
        {
            "shop": np.arange(count),
            "marketplace": some(["tokopedia", "shopee"], count, 0),
            "shop_id": [f"s{number}" for number in range(count)],
            "area_code": some(["3601", "3602"], count),
            "listing_count_band": some(["0", "1-4"], count),
            "joined_quarter": some(["2025-Q1", "2026-Q1"], count),
            "is_active": some([True, False], count),
            "state": some(["live", "closed"], count, 0),
            "first_seen_week": some(WEEKS[:2], count, 0),
            "last_seen_week": some(WEEKS[2:], count, 0),
            "ended_week": some(["2026-W47"], count, 0.8),
        }
    )
    owners = np.where(rng.random(count) < sharing, np.roll(sellers, 1), sellers) if count else sellers
    links = pd.concat([_links(sellers, shops, some), _links(owners, shops, some)], ignore_index=True)
    links = links.drop_duplicates(["group_id", "shop", "valid_from_week", "known_from_week"], ignore_index=True)
    return Joint(businesses, _presence(links, some), links, shops)


def _links(groups: Any, shops: pd.DataFrame, some: Any) -> pd.DataFrame:
    count = len(shops)
    return pd.DataFrame(
        {
            "group_id": groups,
            "shop": shops["shop"],
            "valid_from_week": some(WEEKS[:2], count, 0),
            "known_from_week": some(WEEKS[:2], count, 0),
            "known_to_week": some(["2026-W47"], count, 0.8),
            "valid_to_week": some(["2026-W47"], count, 0.8),
            "marketplace": shops["marketplace"],
            "decision": some(["link", "confirmed"], count, 0),
            "model_version": "evidence-1",
        }
    )


def _presence(links: pd.DataFrame, some: Any) -> pd.DataFrame:
    rows = links[["group_id", "marketplace"]].drop_duplicates(ignore_index=True)
    count = len(rows)
    return rows.assign(
        valid_from_week=some(WEEKS[:3], count, 0),
        valid_to_week=some(["2026-W47"], count, 0.7),
        state=some(["present", "closed"], count, 0),
        evidence_grade=some(["likely", "confirmed"], count, 0),
        probability_band=some(["0.95-0.99"], count, 0.5),
    )
