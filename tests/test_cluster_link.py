"""Links over partitions: through shared files in this process, and once through real worker processes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from linkage_factory import business, fill_registry, fill_shops, listing, shop
from sqlalchemy import Engine, select
from test_linkage_parted import DECLARED, a_world

from monitor.cluster.storage import Storage
from monitor.config import Config
from monitor.database import private_engine, read_frame
from monitor.errors import StoreError, UsageError
from monitor.private_store import candidate_pairs, links
from pipelines.cluster import arrays, prepare, scoring
from pipelines.cluster.tasks import Task
from pipelines.linkage.index import build_index
from pipelines.linkage.model import load_model
from pipelines.linkage.partitions import Directory
from pipelines.linkage.score import alone
from pipelines.linkage.weights import load_weights
from pipelines.match import link_week, local_words, place_words

WEEK = "2026-W46"
WORDS = sorted(place_words("36")), sorted(local_words("36"))


class StoppedError(Exception):
    """As if the scheduler had gone."""


class Here:
    """Runs tasks one after the other in this process, as a cluster with one worker; stops before some."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.stop_at: str | None = None

    def __call__(self, client: Any, storage: Storage, tasks: Sequence[Task]) -> None:
        for task in tasks:
            if storage.exists(task.makes):
                continue
            if self.stop_at and self.stop_at in task.makes:
                self.stop_at = None
                raise StoppedError
            task.function(*task.arguments)
            assert storage.exists(task.makes)
            self.made.append(task.makes)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    """Memory of workers is empty before and after."""
    made = Here()
    for module in (prepare, scoring):
        monkeypatch.setattr(module, "run_all", made)
    for kept in (prepare.lexicon, prepare.index, prepare.directory):
        kept.cache_clear()
    return made


def parted(url: str, registry: pd.DataFrame, most: int, version: str = "v1") -> prepare.Parted:
    return prepare.prepare(None, url, "link/here", version, most, lambda: (registry, DECLARED), WORDS)


def test_shared_files_give_the_pairs_of_one_process(here: Here, tmp_path: Path) -> None:
    registry, shops, goods = a_world(11, 300, 50)
    url = tmp_path.as_uri()
    made = parted(url, registry, 90)
    pairs, skipped = scoring.score_parted(None, made, shops, goods, batch=20)
    index = build_index(registry, load_weights(), DECLARED, *WORDS)
    whole, left_out = alone(shops, goods, index, load_model())
    pd.testing.assert_frame_equal(whole, pairs, check_exact=True)
    assert skipped == left_out
    # What is left is for the next week: no rows of the registry, nothing of the shops.
    scoring.forget(made)
    kinds = {name.removeprefix(f"{made.home}/").split("/")[0] for name in Storage(url).list()}
    assert kinds == {"directory.bin", "index", "layout", "lexicon.bin", "ready.json"}
    before = len(here.made)
    parted(url, registry, 90)
    assert len(here.made) == before


@pytest.mark.parametrize("at", ["words/1", "directory", "index/2", "found/1-0", "chosen/1", "pairs/0"])
def test_a_run_that_was_stopped_goes_on(here: Here, tmp_path: Path, at: str) -> None:
    registry, shops, goods = a_world(12, 120, 30)

    def run() -> pd.DataFrame:
        return scoring.score_parted(None, parted(tmp_path.as_uri(), registry, 40), shops, goods, batch=15)[0]

    here.stop_at = at
    with pytest.raises(StoppedError):
        run()
    pairs = run()
    assert len(here.made) == len(set(here.made))  # nothing was made twice
    whole, _ = alone(shops, goods, build_index(registry, load_weights(), DECLARED, *WORDS), load_model())
    pd.testing.assert_frame_equal(whole, pairs, check_exact=True)


@pytest.mark.parametrize("name", ["index/1.bin", "layout/0.bin", "directory.bin"])
def test_an_index_that_was_taken_away_is_made_anew(here: Here, tmp_path: Path, name: str) -> None:
    """As a damaged one is, since its sentence says to remove it."""
    registry, shops, goods = a_world(12, 120, 30)
    made = parted(tmp_path.as_uri(), registry, 40)
    before, _ = scoring.score_parted(None, made, shops, goods)
    Storage(made.url).remove(f"{made.home}/{name}")
    prepare.index.cache_clear()
    again, _ = scoring.score_parted(None, parted(tmp_path.as_uri(), registry, 40), shops, goods)
    pd.testing.assert_frame_equal(before, again, check_exact=True)


def test_another_program_does_not_go_on_with_what_was_stopped(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade that mends or retrains lies between the two."""
    registry, shops, goods = a_world(14, 60, 10)
    made = parted(tmp_path.as_uri(), registry, 40)
    here.stop_at = "pairs/0"
    with pytest.raises(StoppedError):
        scoring.score_parted(None, made, shops, goods)
    before = len(here.made)
    monkeypatch.setattr(scoring, "program_version", lambda: "another")
    scoring.score_parted(None, made, shops, goods)
    assert {name.split("/")[-2] for name in here.made[before:]} >= {"visits", "found", "evidence", "pairs"}


def test_no_shops_and_no_registry(here: Here, tmp_path: Path) -> None:
    registry, shops, goods = a_world(13, 20, 5)
    index = build_index(registry, load_weights(), DECLARED, *WORDS)
    made = parted(tmp_path.as_uri(), registry, 10)
    for some in (shops.iloc[:0], shops):
        pairs, _ = scoring.score_parted(None, made, some, goods)
        pd.testing.assert_frame_equal(alone(some, goods, index, load_model())[0], pairs, check_exact=True)
    made = parted(tmp_path.as_uri(), registry.iloc[:0], 10, "v2")
    assert scoring.score_parted(None, made, shops, goods)[0].empty
    assert all(name.startswith(made.home) for name in Storage(tmp_path.as_uri()).list())  # one version is kept


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    storage = Storage(tmp_path.as_uri())
    storage.write_bytes("a.bin", b"PK no archive")
    with pytest.raises(StoreError, match="is damaged; remove it, then run again"):
        arrays.read(storage, "a.bin", Directory)


def test_sqlite_is_refused(config: Config) -> None:
    engine = private_engine(config)
    with pytest.raises(UsageError, match="needs the private store on PostgreSQL"):
        link_week(engine, config, WEEK, scheduler="tcp://127.0.0.1:1")


# --- worker processes -------------------------------------------------------------------------------------------------


def filled(config: Config) -> Engine:
    registry, shops, goods = a_world(14, 400, 60)
    engine = private_engine(config)
    rows: list[dict[str, Any]] = registry.astype(object).where(registry.notna(), None).to_dict("records")
    told = [{"kind": "phone", "hash": "only", "where": "name"}]
    sure = business(group_id=10_000, trade_name="Rengginang Ceu Wiwin", owner_name="Wiwin", phone_hashes="only")
    fill_registry(engine, [*rows, sure], with_crowd=False)
    collective = shop("counter", name="Galeri", is_collective=True)
    its = shop("its", name="Rengginang Ceu Wiwin", username="ceuwiwin", district_code="360112", identifiers=told)
    marks = [listing("counter", f"c{n}", title="Emping", brand=f"Zulfakar {n % 4}") for n in range(8)]
    fill_shops(engine, [*shops.to_dict("records"), collective, its], [*goods.to_dict("records"), *marks], WEEK)
    return engine


def linked(engine: Engine) -> list[pd.DataFrame]:
    with engine.connect() as connection:
        return [read_frame(connection, select(table)) for table in (candidate_pairs, links)]


def sorted_rows(frame: pd.DataFrame) -> pd.DataFrame:
    keys = [name for name in ("marketplace", "shop_id", "listing_id", "business_id", "group_id") if name in frame]
    return frame.sort_values(keys, ignore_index=True)


@pytest.mark.prove
def test_workers_link_as_one_process_does(cluster: Config, config: Config) -> None:
    alone_engine, engine = filled(config), filled(cluster)
    one = link_week(alone_engine, config, WEEK)
    other = link_week(engine, cluster, WEEK)
    assert (one.pairs, one.skipped, one.scored) == (other.pairs, other.skipped, other.scored)
    assert one.pairs > 20
    for mine, theirs in zip(linked(alone_engine), linked(engine), strict=True):
        pd.testing.assert_frame_equal(sorted_rows(mine), sorted_rows(theirs), check_exact=True)
    engine.dispose()
