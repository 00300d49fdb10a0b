"""Fills both stores with a registry, shops, links and the figures of many weeks, as large as a report can meet them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from monitor import private_store as store
from monitor import results_store
from monitor.config import Config
from monitor.database import bulk_insert, private_engine, results_engine, transaction
from monitor.marketplaces import catalogue
from monitor.regions import areas, districts
from monitor.sectors import SECTOR_NAMES
from monitor.weeks import shift_week, week_days

LAST = "2026-W47"
SNAPSHOT = "bench0001"
READ = ("tokopedia", "blibli", "plaza_banten", "inaproc", "gofood", "grabfood")
PART = 100_000  # rows written at once
SURE = 0.2  # of the found groups, confirmed by a person
COHORT = 500


@dataclass(frozen=True)
class Size:
    """businesses registered, shops known, weeks measured, groups found in the last one."""

    businesses: int
    shops: int
    weeks: int
    found: int


def fill(config: Config, size: Size) -> str:
    """Writes everything; the last week, which is measured and not yet reported."""
    rng = np.random.default_rng(20261124)
    private, results = private_engine(config), results_engine(config)
    places = _places(size, rng)
    with transaction(private) as connection:
        _registry(connection, config, size, places, rng)
        _shops(connection, size)
        figures = _figures(config, _links(connection, size, places, rng), places)
        _cohort(connection, size)
        _week(connection, LAST, figures)
    with transaction(results) as connection:
        for back in range(size.weeks - 1, 0, -1):
            _past(connection, shift_week(LAST, -back), figures)
    private.dispose()
    results.dispose()
    return LAST


def _places(size: Size, rng: np.random.Generator) -> pd.DataFrame:
    """business_id, area, district, sector of every business; a found one is one of the first `found`."""
    codes = [(area.code, one.code) for area in areas() for one in districts(area.code)]
    at = rng.integers(0, len(codes), size.businesses)
    frame = pd.DataFrame(codes, columns=["area_code", "district_code"]).iloc[at].reset_index(drop=True)
    sectors = np.array(list(SECTOR_NAMES))[rng.integers(0, len(SECTOR_NAMES), size.businesses)]
    return frame.assign(business_id=np.arange(1, size.businesses + 1), sector=sectors)


def _registry(
    connection: Connection, config: Config, size: Size, places: pd.DataFrame, rng: np.random.Generator
) -> None:
    part = {
        "part_id": 1, "office": config.region.code, "as_of": "2026-11-01", "file_sha256": "0" * 64,
        "read_count": size.businesses, "kept_count": size.businesses, "reject_count": 0, "columns": {},
        "phone_key_id": "k", "imported_at": "2026-11-02T00:00:00Z",
    }  # fmt: skip
    bulk_insert(connection, store.registry_parts, pd.DataFrame([part]))
    snapshot = {"snapshot_id": SNAPSHOT, "as_of": "2026-11-01", "business_count": size.businesses}
    snapshot |= {"group_count": size.businesses, "made_at": "2026-11-02T00:00:00Z"}
    bulk_insert(connection, store.snapshots, pd.DataFrame([snapshot]))
    bulk_insert(connection, store.snapshot_parts, pd.DataFrame([{"snapshot_id": SNAPSHOT, "part_id": 1}]))
    for rows in _parts(places):
        ids = rows["business_id"].astype(str)
        certified = rng.random(len(rows)) < 0.05
        bulk_insert(connection, store.businesses, rows[["business_id"]].assign(office="36", first_part_id=1))
        bulk_insert(
            connection,
            store.business_versions,
            rows.assign(
                valid_from_part=1, digest=ids, office="36", group_id=rows["business_id"],
                row_number=rows["business_id"],
                business_name="Warung Sumber Rejeki " + ids, owner_name="Pemilik " + ids, product="keripik pisang",
                address="Jalan Raya No. " + ids, size="mikro", has_pirt=np.where(certified, True, None),
            ),
        )  # fmt: skip


def _parts(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(frame), PART):
        yield frame.iloc[start : start + PART]


def _shops(connection: Connection, size: Size) -> None:
    numbers = np.arange(size.shops)
    frame = pd.DataFrame({"marketplace": np.array(READ)[numbers % len(READ)], "shop_id": numbers.astype(str)})
    for rows in _parts(frame):
        bulk_insert(connection, store.shops, rows.assign(first_seen_week=LAST))
        seen = rows.assign(valid_from_week=LAST, digest="d", state="live", missed_count=0)
        named = "Toko Sumber Rejeki " + rows["shop_id"]
        url = "https://www.tokopedia.com/toko-" + rows["shop_id"]
        bulk_insert(connection, store.observations, seen.assign(name=named, url=url, has_listings=True))


def _links(connection: Connection, size: Size, places: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One shop for every found group, a second one for a fifth of them; group, marketplace, sure, area, sector."""
    groups = np.concatenate([np.arange(size.found), np.arange(size.found // 5)])
    chosen = rng.permutation(size.shops)[: len(groups)]
    sure = (rng.random(size.found) < SURE)[groups]
    frame = places.iloc[groups][["business_id", "area_code", "sector"]].reset_index(drop=True)
    frame = frame.assign(marketplace=np.array(READ)[chosen % len(READ)], shop_id=chosen.astype(str), sure=sure)
    evidence = {"agrees": ["name", "owner"], "name": ["exact", 8.1], "owner": ["full", 5.0]}
    rows = frame[["business_id", "marketplace", "shop_id"]].assign(
        listing_id="", group_id=frame["business_id"], valid_from_week=LAST, digest="d", model_version="evidence-1",
        decision=np.where(frame["sure"], "confirmed", "link"), weight=9.5, evidence=[evidence] * len(frame),
    )  # fmt: skip
    bulk_insert(connection, store.links, rows)
    return frame


def _cohort(connection: Connection, size: Size) -> None:
    cohort = {"cohort": "Pelatihan", "held_on": "2026-10-14", "kind": "training", "source_sha256": "0"}
    bulk_insert(connection, store.cohorts, pd.DataFrame([{**cohort, "imported_at": "x"}]))
    ids = np.arange(1, COHORT + 1) * (size.found // COHORT or 1)
    members = pd.DataFrame({"cohort": "Pelatihan", "row_number": ids, "business_id": ids, "owner_name": "Bu"})
    bulk_insert(connection, store.cohort_members, members.assign(name="Peserta"))


def _figures(config: Config, linked: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """E8 and D of province, areas, sectors and marketplaces as they are, E1 and E2 of the first three as estimates."""
    groups = linked.drop_duplicates("business_id")
    by_area, by_sector = (places[name].value_counts().to_dict() for name in ("area_code", "sector"))
    rows: list[dict[str, Any]] = []

    def counted(kind: str, code: str, own: pd.DataFrame, registered: int = 1) -> None:
        sure = int(own["sure"].sum())
        for name, value in (("E8", sure), ("D", len(own) - sure)):
            rows.append({"estimand": name, "domain_kind": kind, "domain_code": code, "value": float(value)})
        for name, value in (
            (("E1", len(own) * 1.3), ("E2", len(own) * 1.3 / registered)) if kind != "marketplace" else ()
        ):
            known = {"value": value, "low": value * 0.86, "high": value * 1.2, "grade": "B", "n_probes": 120}
            rows.append({"estimand": name, "domain_kind": kind, "domain_code": code, **known})

    counted("province", config.region.code, groups, len(places))
    for area in areas():
        counted("area", area.code, groups[groups["area_code"] == area.code], by_area[area.code])
    for sector in SECTOR_NAMES:
        counted("sector", sector, groups[groups["sector"] == sector], by_sector[sector])
    for slug in READ:
        counted("marketplace", slug, linked[linked["marketplace"] == slug].drop_duplicates("business_id"))
    return pd.DataFrame(rows, dtype=object)


def _with_keys(figures: pd.DataFrame, week: str) -> pd.DataFrame:
    keys = {"week": week, "vintage": "flash", "revision": 0, "status": "published", "method_version": "2"}
    return figures.assign(**keys, registry_snapshot=SNAPSHOT, input_digest=week)


def _states(week: str) -> pd.DataFrame:
    read = [slug in READ for slug in catalogue()]
    day = week_days(week)[1].isoformat()
    frame = pd.DataFrame({"marketplace": list(catalogue()), "week": week, "covered": read}, dtype=object)
    state = ["measured" if one else "not_crawled" for one in read]
    source_week, source_on = ([value if one else None for one in read] for value in (week, day))
    shown = [1000 if one else 0 for one in read]
    return frame.assign(state=state, cause=None, shop_count=shown, source_week=source_week, source_on=source_on)


def _week(connection: Connection, week: str, figures: pd.DataFrame) -> None:
    bulk_insert(connection, store.estimates, _with_keys(figures, week).assign(made_at="x"))
    bulk_insert(connection, store.marketplace_weeks, _states(week))


def _past(connection: Connection, week: str, figures: pd.DataFrame) -> None:
    """A week that was reported before: results only."""
    monday, sunday = week_days(week)
    row = {"week": week, "starts_on": monday.isoformat(), "ends_on": sunday.isoformat(), "model_version": "evidence-1"}
    row |= {"snapshot_id": None, "method_version": "2", "judged_group_count": 900, "probe_count": 120, "digest": week}
    row |= {"week_number": monday.toordinal() // 7}
    bulk_insert(connection, results_store.weeks, pd.DataFrame([row], dtype=object))
    bulk_insert(connection, results_store.estimates, _with_keys(figures, week))
    bulk_insert(connection, results_store.marketplace_weeks, _states(week))
