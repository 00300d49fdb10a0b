"""E8 and D by hand: groups not rows, live shops only, what could not be read is carried or said to be missing."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, select

from monitor import private_store as store
from monitor.config import Config
from monitor.database import bulk_insert, private_engine, read_frame, transaction
from monitor.errors import UsageError
from pipelines.measure import measure_week

WEEK, LATER = "2026-W46", "2026-W47"

# business, group, area, sector
BUSINESSES = [
    (1, 1, "3601", "makanan_minuman"),
    (2, 1, "3601", "makanan_minuman"),  # the same business, registered twice
    (3, 3, "3602", "fesyen_tekstil"),
    (4, 4, None, None),
    (5, 5, "3673", "kriya"),
]
# marketplace, shop, state, business that runs it, decision
SHOPS = [
    ("tokopedia", "t1", "live", 1, "confirmed"),
    ("tokopedia", "t2", "live", 2, "link"),  # same group as t1
    ("tokopedia", "t3", "live", 3, "link"),
    ("tokopedia", "t4", "closed", 5, "confirmed"),  # not live: counts nowhere
    ("plaza_banten", "p1", "live", 3, "confirmed"),  # confirmed here, unchecked on Tokopedia
    ("plaza_banten", "p2", "live", 4, "link"),
]


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, dtype=object)


def crawl(slug: str, week: str, *, health: str = "healthy", cause: str | None = None) -> dict[str, Any]:
    day = {"2026-W46": "2026-11-15", "2026-W47": "2026-11-22"}[week]
    return {
        "crawl_id": f"{slug}/{day}",
        "marketplace": slug,
        "week": week,
        "kind": "crawl",
        "coverage": "complete",
        "content_sha256": "x",
        "observed_on": day,
        "started_at": f"{day}T01:00:00Z",
        "health": health,
        "cause": cause,
        "shop_count": 3,
        "listing_count": 0,
        "loaded_at": f"{day}T03:00:00Z" if health == "healthy" else None,
    }


def registry_rows() -> dict[str, list[dict[str, Any]]]:
    part = {
        "part_id": 1,
        "office": "36",
        "as_of": "2026-11-01",
        "file_sha256": "x",
        "read_count": 5,
        "kept_count": 5,
        "reject_count": 0,
        "columns": {},
        "phone_key_id": "k",
        "imported_at": "2026-11-02T00:00:00Z",
    }
    snapshot = {
        "snapshot_id": "s1",
        "as_of": "2026-11-01",
        "business_count": 5,
        "group_count": 4,
        "made_at": "2026-11-02T00:00:00Z",
    }
    versions = [
        {
            "business_id": business,
            "valid_from_part": 1,
            "digest": str(business),
            "office": "36",
            "group_id": group,
            "row_number": business + 1,
            "area_code": area,
            "sector": sector,
        }
        for business, group, area, sector in BUSINESSES
    ]
    return {
        "registry_parts": [part],
        "snapshots": [snapshot],
        "snapshot_parts": [{"snapshot_id": "s1", "part_id": 1}],
        "businesses": [{"business_id": b, "office": "36", "first_part_id": 1} for b, *_ in BUSINESSES],
        "business_versions": versions,
    }


def shop_rows() -> dict[str, list[dict[str, Any]]]:
    groups = {business: group for business, group, *_ in BUSINESSES}
    begun = {"valid_from_week": WEEK, "valid_to_week": None, "digest": "x"}
    observations = [
        {"marketplace": slug, "shop_id": shop, "state": state, "missed_count": 0, **begun}
        for slug, shop, state, *_ in SHOPS
    ]
    links = [
        {
            "marketplace": slug,
            "shop_id": shop,
            "listing_id": "",
            "group_id": groups[business],
            "business_id": business,
            "model_version": "m",
            "decision": decision,
            "weight": 20.0,
            "evidence": {},
            **begun,
        }
        for slug, shop, _, business, decision in SHOPS
    ]
    return {
        "crawls": [crawl("tokopedia", WEEK), crawl("plaza_banten", WEEK)],
        "observations": observations,
        "links": links,
    }


@pytest.fixture
def engine(stores: Config) -> Iterator[Engine]:
    engine = private_engine(stores)
    with transaction(engine) as connection:
        for name, rows in {**registry_rows(), **shop_rows()}.items():
            bulk_insert(connection, store.metadata.tables[name], frame(rows))
    yield engine
    engine.dispose()


def figures(engine: Engine, week: str = WEEK) -> dict[tuple[str, str, str], tuple[str, float | None]]:
    with engine.connect() as connection:
        table = store.estimates
        rows = read_frame(connection, select(table).where(table.c.week == week).order_by(table.c.revision))
    return {(r.estimand, r.domain_kind, r.domain_code): (r.status, r.value) for r in rows.itertuples()}


def states(engine: Engine, week: str) -> dict[str, str]:
    with engine.connect() as connection:
        table = store.marketplace_weeks
        rows = connection.execute(select(table.c.marketplace, table.c.state).where(table.c.week == week))
        return {row[0]: row[1] for row in rows}


def test_figures_worked_out_by_hand(engine: Engine, stores: Config) -> None:
    report = measure_week(engine, stores, WEEK)
    assert (report.verified, report.detected, report.revision) == (2, 1, 0)
    found = figures(engine)
    assert found["E8", "province", "36"] == ("published", 2)  # groups 1 and 3
    assert found["D", "province", "36"] == ("published", 1)  # group 4
    assert found["E8", "area", "3601"] == ("published", 1)
    assert found["E8", "area", "3602"] == ("published", 1)
    assert found["E8", "area", "3673"] == ("published", 0)  # its shop is closed
    assert found["D", "area", "?"] == ("published", 1)
    assert found["E8", "marketplace", "tokopedia"] == ("published", 1)
    assert found["D", "marketplace", "tokopedia"] == ("published", 1)  # group 3 was not checked on Tokopedia
    assert found["E8", "marketplace", "plaza_banten"] == ("published", 1)
    assert found["D", "marketplace", "plaza_banten"] == ("published", 1)
    assert found["E8", "sector", "fesyen_tekstil"] == ("published", 1)
    assert found["E1", "province", "36"] == ("not_available", None)
    assert found["E2", "province", "36"] == ("not_available", None)
    assert found["E8", "marketplace", "shopee"] == ("not_available", None)
    assert states(engine, WEEK)["tokopedia"] == "measured"
    assert states(engine, WEEK)["shopee"] == "not_crawled"
    assert states(engine, WEEK)["tiktok_shop"] == "not_open"
    assert states(engine, WEEK)["bukalapak"] == "closed"


def test_areas_and_sectors_add_up_to_the_province(engine: Engine, stores: Config) -> None:
    measure_week(engine, stores, WEEK)
    found = figures(engine)
    for estimand in ("E8", "D"):
        for kind in ("area", "sector"):
            total = sum(v or 0 for (e, k, _), (_, v) in found.items() if (e, k) == (estimand, kind))
            assert total == found[estimand, "province", "36"][1]


def test_the_same_inputs_write_nothing_new_ones_the_next_revision(engine: Engine, stores: Config) -> None:
    measure_week(engine, stores, WEEK)
    assert measure_week(engine, stores, WEEK).revision is None
    with transaction(engine) as connection:
        connection.execute(store.links.update().where(store.links.c.shop_id == "p2").values(decision="confirmed"))
    again = measure_week(engine, stores, WEEK)
    assert (again.revision, again.verified, again.detected) == (1, 3, 0)
    with engine.connect() as connection:
        first = select(store.estimates.c.value).where(
            store.estimates.c.revision == 0, store.estimates.c.estimand == "E8", store.estimates.c.domain_code == "36"
        )
        assert connection.execute(first).scalar_one() == 2  # what was said stays as it was said


def test_a_refused_marketplace_is_carried_then_not_available(engine: Engine, stores: Config) -> None:
    with transaction(engine) as connection:
        refused = crawl("tokopedia", LATER, health="failed", cause="refused_by_marker")
        bulk_insert(connection, store.crawls, frame([refused, crawl("plaza_banten", LATER)]))
    report = measure_week(engine, stores, LATER)
    assert states(engine, LATER)["tokopedia"] == "carried"
    assert figures(engine, LATER)["E8", "marketplace", "tokopedia"] == ("carried", 1)
    assert (report.verified, report.detected) == (2, 1)  # nobody left because a site refused
    measure_week(engine, stores, "2026-W51")
    assert states(engine, "2026-W51")["tokopedia"] == "not_crawled"
    assert figures(engine, "2026-W51")["E8", "marketplace", "tokopedia"] == ("not_available", None)


def test_a_marketplace_refused_from_the_first_week_is_no_zero(engine: Engine, stores: Config) -> None:
    with transaction(engine) as connection:
        refused = crawl("shopee", WEEK, health="failed", cause="refused_by_marker")
        failed = crawl("lazada", WEEK, health="failed", cause="format_changed")
        bulk_insert(connection, store.crawls, frame([refused, failed]))
    measure_week(engine, stores, WEEK)
    assert states(engine, WEEK)["shopee"] == "refused"
    assert states(engine, WEEK)["lazada"] == "failed"
    assert figures(engine)["D", "marketplace", "shopee"] == ("not_available", None)


def test_without_a_registry_it_says_how_to_hand_one_in(config: Config) -> None:
    engine = private_engine(config)
    with pytest.raises(UsageError, match="registry import"):
        measure_week(engine, config, WEEK)
    with pytest.raises(UsageError, match="'fresh' is not a vintage"):
        measure_week(engine, config, WEEK, "fresh")
    engine.dispose()
