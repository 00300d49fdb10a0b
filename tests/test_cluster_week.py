"""The sandbox week on one machine and on a cluster: links, figures and draws are the same, row by row."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cluster_fixtures import LocalProcesses
from sqlalchemy import NullPool, Table, create_engine, select, text
from test_match_world import WEEK
from test_match_world import linked as linked_world

from monitor.config import Config, load_config
from monitor.database import read_frame
from monitor.private_store import candidate_pairs, estimate_draws, estimates, judgements, links
from monitor.sandbox.handed_lists import hand_in
from monitor.verbs import inbox
from monitor.verbs.week import _Steps
from pipelines.match import link_week
from pipelines.measure import measure_week
from pipelines.measure_provinces import measure_provinces

pytestmark = [pytest.mark.prove, pytest.mark.postgresql]
BUSINESSES, SHOPS = (int(size) for size in os.environ.get("CLUSTER_WEEK", "1500 250").split())
OWN = {"made_at", "at", "input_digest", "source_sha256"}  # times of the clock, and what holds one
VINTAGES = ("flash", "final")


def answered(config: Config) -> Any:
    """Engine of a store in which a week was handed over, loaded, linked, reviewed by the practice office, linked again.

    With a scheduler in its configuration, workers link.
    """
    engine, folder = linked_world(config, 23, 0.5, BUSINESSES, SHOPS)
    hand_in(folder, config.inbox_dir, WEEK, config.region.code)
    for taken in inbox.take_in(engine, config):
        assert taken.outcome, taken
    _Steps(engine, config, WEEK, quiet=True)._review(folder)
    link_week(engine, config, WEEK)
    return engine


def rows(url: str, table: Table) -> list[str]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET search_path TO private"))
        frame = read_frame(connection, select(*(column for column in table.c if column.name not in OWN)))
    return sorted(json.dumps(row, sort_keys=True, default=repr) for row in frame.to_dict("records"))


def test_links_figures_and_draws_of_the_sandbox_week_are_those_of_one_machine(
    restless_processes: LocalProcesses, postgresql_config: Config, config: Config, tmp_path: Path
) -> None:
    alone = answered(config)
    for vintage in VINTAGES:
        measure_week(alone, config, WEEK, vintage)
    url, folder = postgresql_config.database_url, tmp_path / "there"
    folder.mkdir()
    (folder / "monitor.toml").write_text(f'database_url = "{url}"\nresults_url = "{url}"\n')
    there = restless_processes.use(load_config({"MONITOR_DATA_DIR": str(folder)}))
    there = replace(there, cluster=replace(there.cluster, partitions=400, provinces=(str(folder),)))
    engine = answered(there)
    engine.dispose()
    reports = [measure_provinces(there, WEEK, vintage, there.cluster.scheduler) for vintage in VINTAGES]
    assert all(len(report.figures) for report in reports)
    for table in (candidate_pairs, links, judgements, estimates, estimate_draws):
        found, wanted = rows(url, table), rows(config.database_url, table)
        different = sorted(set(found) ^ set(wanted))
        assert found == wanted, (table.name, len(wanted), len(different), different[:4])
        sys.stdout.write(f"\n{table.name}: {len(wanted)} rows")
    alone.dispose()
