"""A real list and real shops: coffee shops of Tangerang Selatan against Tokopedia's rows of January 2026.

`pytest tests/test_linkage_samples.py -s` prints the pairs for a person to look at.
"""

import sys
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, select

from monitor.config import Config
from monitor.database import private_engine, read_frame
from monitor.feed.handover import hand_over
from monitor.private_store import business_versions, candidate_pairs, observations
from monitor.registry.importing import import_part
from pipelines.load import load_week
from pipelines.match import link_week

WEEK, OBSERVED_ON = "2026-W46", "2026-11-12"
pytestmark = pytest.mark.samples


@pytest.fixture
def real(config: Config, samples: Path) -> Engine:
    engine = private_engine(config)
    import_part(engine, config, samples / "registry" / "kedai_kopi_tangsel.csv", "2026-11-01", "3674")
    for path in sorted((samples / "marketplaces" / "tokopedia").glob("search_v5_flat_*.csv")):
        hand_over(config, path, "tokopedia", OBSERVED_ON, complete=False)
    load_week(engine, config, WEEK)
    return engine


def pairs_seen(engine: Engine) -> pd.DataFrame:
    columns = [
        candidate_pairs.c.decision,
        candidate_pairs.c.weight,
        observations.c.name.label("shop"),
        observations.c.city,
        business_versions.c.business_name,
    ]
    query = (
        select(*columns)
        .join(observations, observations.c.shop_id == candidate_pairs.c.shop_id)
        .join(business_versions, business_versions.c.business_id == candidate_pairs.c.business_id)
        .order_by(candidate_pairs.c.weight.desc())
    )
    with engine.connect() as connection:
        return read_frame(connection, query)


def test_nothing_is_claimed_and_the_one_likely_pair_is_offered(real: Engine, config: Config) -> None:
    """The list knows neither owners nor goods nor phones, so a shop of the same rare name can only be asked about."""
    report = link_week(real, config, WEEK)
    seen = pairs_seen(real)
    sys.stdout.write(f"\n{report.shops} shops, {report.businesses} businesses\n{seen.to_string()}\n")
    assert report.linked == 0
    assert report.review == 1
    offered = seen[seen["decision"] == "review"].iloc[0]
    assert offered["shop"].split()[0].lower() == offered["business_name"].split()[0].lower()
