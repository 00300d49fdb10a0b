"""Building a week: right counts, nothing twice, nothing personal, on both engines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_world import DEFAULT_LINKS, SNAPSHOT, WEEK, World, make_world
from sqlalchemy import func, select, update

from monitor import private_store, results_store
from monitor.config import Config
from monitor.database import transaction
from monitor.errors import UsageError


@pytest.fixture
def world(stores: Config) -> Iterator[World]:
    made = make_world(stores)
    yield made
    made.close()


def rows(world: World, table: str) -> list[dict[str, Any]]:
    with world.results.connect() as connection:
        return [dict(row) for row in connection.execute(select(results_store.metadata.tables[table])).mappings()]


def test_week_is_complete(world: World) -> None:
    report = world.build()
    assert report.changed
    week = rows(world, "weeks")[0]
    assert (week["snapshot_id"], week["judged_group_count"], week["probe_count"]) == (SNAPSHOT, 1, 0)
    assert week["model_version"] == "evidence-1-abc"
    assert (week["starts_on"], week["ends_on"]) == ("2026-11-16", "2026-11-22")
    assert {row["answer"]: row["task_count"] for row in rows(world, "review_counts")} == {"ya": 2, "open": 4}
    parts = rows(world, "snapshot_parts")
    assert [(row["office"], row["read_count"], row["reject_count"]) for row in parts] == [("36", 42, 2)]
    assert {row["crawl_id"]: row["loaded"] for row in rows(world, "crawls")} == {
        "tokopedia/2026-11-22": True,
        "plaza_banten/2026-11-22": True,
        "shopee/2026-11-22": False,
    }


def test_registry_counts_groups_once_and_keeps_the_unknown(world: World) -> None:
    world.build()
    counts = {(row["domain_kind"], row["domain_code"]): row for row in rows(world, "registry_counts")}
    assert (counts["province", "36"]["business_count"], counts["province", "36"]["group_count"]) == (40, 38)
    assert counts["area", "?"]["group_count"] == 1
    areas = [row["group_count"] for (kind, _), row in counts.items() if kind == "area"]
    assert sum(areas) == 38


def test_same_content_writes_nothing_and_new_content_replaces(world: World) -> None:
    world.build()
    assert not world.build().changed
    with transaction(world.private) as connection:
        table = private_store.estimates
        connection.execute(
            update(table).where(table.c.estimand == "D", table.c.domain_kind == "province").values(value=9)
        )
    assert world.build().changed
    found = [
        row["value"] for row in rows(world, "estimates") if (row["estimand"], row["domain_kind"]) == ("D", "province")
    ]
    assert found == [9]


def test_unmeasured_week_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="measure --week 2026-W48"):
        world.build("2026-W48")


def test_a_failure_leaves_the_results_as_they_were(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor import results_build

    world.build()
    with transaction(world.private) as connection:
        connection.execute(update(private_store.estimates).values(method_version="2"))

    def broken(*_: object) -> dict[str, int]:
        raise RuntimeError("in the middle")

    monkeypatch.setattr(results_build, "_snapshot", broken)
    with pytest.raises(RuntimeError):
        world.build()
    assert {row["method_version"] for row in rows(world, "estimates")} == {"1"}


def test_no_person_reaches_the_file(config: Config) -> None:
    names = {number: f"Warung Rahasia {number}" for number in range(1, 41)}
    world = make_world(config, DEFAULT_LINKS, names=names)
    world.build()
    with world.results.connect() as connection:
        assert connection.execute(select(func.count()).select_from(results_store.estimates)).scalar_one()
    world.close()
    content = b"".join(path.read_bytes() for path in Path(config.data_dir).glob("results.sqlite*"))
    planted = (b"Rahasia", b"Keripik", b"Siti Penelaah", b"deadbeef", b"keripikrodiah", b"gulaarencibeo")
    assert [word for word in planted if word in content] == []


def test_weeks_stand_side_by_side(world: World) -> None:
    from report_world import add_week

    world.build()
    with transaction(world.private) as connection:
        add_week(connection, "2026-W48", (), {"tokopedia": "refused"})
    world.build("2026-W48")
    assert sorted(row["week"] for row in rows(world, "weeks")) == [WEEK, "2026-W48"]
    states = {
        row["week"]: row["state"] for row in rows(world, "marketplace_weeks") if row["marketplace"] == "tokopedia"
    }
    assert states == {WEEK: "measured", "2026-W48": "refused"}
    assert len(rows(world, "snapshots")) == 1
