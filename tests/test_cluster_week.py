"""The practice week on one machine and on a cluster: crawled, loaded, linked, reviewed and measured with the same rows.

`CLUSTER_WEEK="20000 3000"` is the world of `make week`; the default is smaller.
"""

import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cluster_fixtures import LocalProcesses
from crawling import WEEK
from crawling import rows as rows_of_crawl
from sqlalchemy import NullPool, Table, create_engine, select, text

from monitor.cluster.storage import Storage
from monitor.config import Config, load_config
from monitor.crawl.files import list_crawls
from monitor.database import private_engine, read_frame
from monitor.phone_hash import load_hasher
from monitor.practice import sandbox_dir
from monitor.private_store import candidate_pairs, estimate_draws, estimates, judgements, links, listings, observations
from monitor.sandbox import world
from monitor.sandbox.habits import HABITS
from monitor.verbs.week import _Steps
from pipelines.measure import measure_week
from pipelines.measure_provinces import measure_provinces

pytestmark = [pytest.mark.prove, pytest.mark.postgresql]
BUSINESSES, SHOPS = (int(size) for size in os.environ.get("CLUSTER_WEEK", "3000 700").split())
VINTAGES = ("flash", "final")


class Steps(_Steps):
    """The practice week; figures of both vintages, by the cluster that is configured, else by this process."""

    def _measure_and_report(self, practice: bool) -> dict[str, Any]:
        for vintage in VINTAGES:
            if self.config.cluster.scheduler:
                assert len(measure_provinces(self.config, self.week, vintage, self.config.cluster.scheduler).figures)
            else:
                measure_week(self.engine, self.config, self.week, vintage)
        return {}


def practised(config: Config) -> dict[str, Any]:
    """How right the week was that this configuration ran."""
    world.write(world.make_world(businesses=BUSINESSES, shops=SHOPS), sandbox_dir(config))
    engine = private_engine(config)
    try:
        return Steps(engine, config, WEEK, quiet=False).practice()
    finally:
        engine.dispose()


@pytest.fixture
def there(restless_processes: LocalProcesses, postgresql_config: Config, config: Config, tmp_path: Path) -> Config:
    """A province on PostgreSQL whose workers share a folder; its phone key is that of the one machine."""
    url, folder = postgresql_config.database_url, tmp_path / "there"
    folder.mkdir()
    (folder / "monitor.toml").write_text(f'database_url = "{url}"\nresults_url = "{url}"\n')
    found = load_config({"MONITOR_DATA_DIR": str(folder)})
    load_hasher(config.phone_key_file)
    shutil.copytree(config.phone_key_file.parent, found.phone_key_file.parent)
    private_engine(found).dispose()
    found = restless_processes.use(found)
    return replace(found, cluster=replace(found.cluster, partitions=BUSINESSES // 4, provinces=(str(folder),)))


def rows(url: str, table: Table) -> list[str]:
    """Everything but times of the clock and what holds one."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET search_path TO private"))
        kept = [column for column in table.c if not _is_own(column.name)]
        frame = read_frame(connection, select(*kept))
    return sorted(json.dumps(row, sort_keys=True, default=repr) for row in frame.to_dict("records"))


def _is_own(column: str) -> bool:
    return column == "at" or column.endswith("_at") or column in ("row_id", "crawl_id", "input_digest", "source_sha256")


def test_the_practice_week_of_a_cluster_is_that_of_one_machine(there: Config, config: Config) -> None:
    wanted, found = practised(config), practised(there)
    for slug in HABITS:
        (mine,), (theirs,) = (list_crawls(each.crawls_dir, slug, WEEK) for each in (config, there))
        assert rows_of_crawl(theirs) == rows_of_crawl(mine), slug
    assert Storage.of(there).list("crawls") == []
    for table in (observations, listings, candidate_pairs, links, judgements, estimates, estimate_draws):
        one, other = rows(config.database_url, table), rows(there.database_url, table)
        different = sorted(set(one) ^ set(other))
        assert one == other, (table.name, len(one), len(different), different[:4])
        assert one, table.name
        sys.stdout.write(f"\n{table.name}: {len(one)} rows")
    assert found == wanted and found["businesses confirmed that truly are present"]
