"""The level as the closing tables of `measure` and `week` show it."""

from typing import Any

import pytest
from sqlalchemy import Engine, insert

from monitor.config import Config
from monitor.database import private_engine, transaction
from monitor.private_store import estimates
from monitor.verbs.figures import figure, level_text

WEEK = "2026-W46"


def estimate(engine: Engine, **values: Any) -> None:
    row = {"estimand": "E1", "domain_kind": "province", "domain_code": "36", "week": WEEK, "vintage": "flash"}
    row |= {"revision": 0, "status": "published", "method_version": "1", "input_digest": "d"}
    with transaction(engine) as connection:
        connection.execute(insert(estimates).values(**{**row, "made_at": "2026-11-16T00:00:00Z", **values}))


def test_the_newest_figure_of_a_week_or_what_it_takes(config: Config) -> None:
    engine = private_engine(config)
    assert figure(engine, WEEK, "E1") == "not measured"
    estimate(engine, status="not_available", reason="no_marketplace")
    told = figure(engine, WEEK, "E1")
    assert told.startswith("not available: no covered marketplace was read; it takes a crawl or feed of the week")
    estimate(engine, value=1_234.5, low=1_100.2, high=1_400.9, revision=1)
    assert figure(engine, WEEK, "E1") == "1,234 (1,100 to 1,401)"
    estimate(engine, estimand="E2", value=0.0123, low=0.0101, high=0.0155)
    assert figure(engine, WEEK, "E2") == "1.23% (1.01% to 1.55%)"
    engine.dispose()


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ({"status": "carried", "value": 80.0, "low": 70.0, "high": 95.0}, "80 (70 to 95, partly with older data)"),
        (
            {"status": "not_available", "reason": "province_missing", "details": {"missing": ["32", "36"]}},
            "not available: no figure of 32, 36",
        ),
    ],
)
def test_older_data_and_missing_provinces_are_named(level: dict[str, Any], told: str) -> None:
    assert level_text(level) == told
