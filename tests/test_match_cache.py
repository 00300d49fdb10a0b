"""What linking keeps between runs changes nothing but the time; what is damaged or of another model is made anew."""

import ast
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from linkage_factory import business, fill_registry, fill_shops, listing, shop
from sqlalchemy import Engine, select, update

from monitor import private_store as store
from monitor.config import Config
from monitor.database import private_engine, read_frame, transaction
from pipelines import match, match_cache
from pipelines.linkage import index_store
from pipelines.linkage.changes import Moved
from pipelines.linkage.weights import load_weights
from pipelines.match import link_week

FIRST, SECOND = "2026-W46", "2026-W47"
EMPING = business(business_name="EMPING ZULFAKAR", owner_name="ROSMALAWATI HERMAWAN", product="emping", kbli="10794")
KASUMARAN = business(business_name="GULA KASUMARAN", owner_name="WIRAHADI SASMITA", product="gula aren", kbli="10722")
SHOPS = [
    shop("emping", name="Emping Zulfakar", username="rosmalawati-hermawan", district_code="360112"),
    shop("lain", name="Toko Serba Ada"),
    shop("baru", name="Warung Anyar"),
]
GOODS = [listing("emping", "l1", title="Emping melinjo"), listing("baru", "l2", title="Gula aren")]
RENAMED = shop("baru", name="Kasumaran Gula", username="wirahadi-sasmita", district_code="360112")


@pytest.fixture
def engine(config: Config) -> Engine:
    """Two weeks: in the second one shop has another name."""
    found = private_engine(config)
    fill_registry(found, [EMPING, KASUMARAN])
    fill_shops(found, SHOPS[:2], GOODS[:1], FIRST)
    fill_shops(found, SHOPS[2:], GOODS[1:], FIRST, SECOND)
    fill_shops(found, [RENAMED], [listing("baru", "l3", title="Gula aren")], SECOND)
    return found


def rows(engine: Engine) -> list[pd.DataFrame]:
    with engine.connect() as connection:
        return [
            read_frame(connection, select(table).order_by(*table.primary_key.columns))
            for table in (store.candidate_pairs, store.links)
        ]


def cache_files(config: Config) -> list[Path]:
    return sorted(path for path in (config.data_dir / "cache").rglob("*") if path.is_file())


def same(one: list[pd.DataFrame], other: list[pd.DataFrame]) -> None:
    for left, right in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(left, right)


def test_a_week_scores_what_changed_and_gives_the_rows_of_a_full_run(engine: Engine, config: Config) -> None:
    assert link_week(engine, config, FIRST).scored == 3
    second = link_week(engine, config, SECOND)
    assert (second.scored, second.linked) == (1, 2)
    assert link_week(engine, config, SECOND).scored == 0
    kept = rows(engine)
    for path in cache_files(config):
        path.unlink()
    assert link_week(engine, config, SECOND).scored == 3
    same(rows(engine), kept)


@pytest.mark.parametrize("content", [b"", b"not what it was"])
def test_damaged_files_are_made_anew(engine: Engine, config: Config, content: bytes) -> None:
    link_week(engine, config, FIRST)
    kept = rows(engine)
    assert cache_files(config)
    for path in cache_files(config):
        path.write_bytes(content)
    assert link_week(engine, config, FIRST).scored == 3
    same(rows(engine), kept)


def test_a_folder_that_cannot_be_written_costs_time_only(engine: Engine, config: Config) -> None:
    (config.data_dir / "cache").write_text("a file where a folder should be")
    assert link_week(engine, config, FIRST).linked == 1
    assert link_week(engine, config, FIRST).scored == 3


def test_another_model_says_what_it_moves_before_it_is_applied(engine: Engine, config: Config) -> None:
    assert link_week(engine, config, SECOND).moved is None
    before = rows(engine)
    with transaction(engine) as connection:  # as if an older model had linked another shop and missed this one
        connection.execute(update(store.links).where(store.links.c.shop_id == "baru").values(shop_id="lain"))
        connection.execute(update(store.links).values(model_version="older"))
    stored = rows(engine)
    told = link_week(engine, config, SECOND, dry_run=True)
    assert told.model_before == "older"
    assert told.moved == Moved(kept=1, gained=1, lost=1, turned=0)
    same(rows(engine), stored)
    assert link_week(engine, config, SECOND).moved == told.moved
    same(rows(engine), before)
    assert link_week(engine, config, SECOND).moved is None


def test_the_code_is_part_of_the_name(engine: Engine, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    link_week(engine, config, FIRST)
    monkeypatch.setattr(match, "code_version", lambda: "another")
    assert link_week(engine, config, FIRST).scored == 3
    monkeypatch.undo()
    assert link_week(engine, config, FIRST).scored == 3, "only the newest is kept"


def test_another_database_has_its_own(engine: Engine, config: Config, tmp_path: Path) -> None:
    link_week(engine, config, FIRST)
    other = replace(config, database_url=f"sqlite:///{tmp_path / 'other.sqlite'}")
    second = private_engine(other)
    fill_registry(second, [KASUMARAN, EMPING])  # the ids change places
    fill_shops(second, SHOPS, GOODS, FIRST)
    assert link_week(second, other, FIRST).scored == 3
    with second.connect() as connection:
        found = read_frame(connection, select(store.links.c.group_id).where(store.links.c.shop_id == "emping"))
    assert found["group_id"].tolist() == [2]


def test_the_name_stands_for_all_that_linkage_reads_of_monitor() -> None:
    """After an upgrade that reads a word otherwise, pairs and index of before are of another program."""
    root, seen = Path(__file__).parents[1], set[str]()
    files = sorted((root / "pipelines" / "linkage").glob("*.py"))
    while files:
        for node in ast.walk(ast.parse(files.pop().read_text(encoding="utf-8"))):
            name = (node.module or "").removeprefix("monitor.") if isinstance(node, ast.ImportFrom) else ""
            path = root / "monitor" / f"{name.replace('.', '/')}.py"
            if name and name not in seen and path.is_file():
                seen.add(name)
                files.append(path)
    assert seen - {"asides", "errors", "living"} == set(index_store.OF_MONITOR)


def test_a_word_that_is_read_otherwise_makes_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    for text in ("one", "other"):
        (tmp_path / "reference").mkdir(exist_ok=True)
        for module in index_store.OF_MONITOR:
            (tmp_path / f"{module}.py").write_text(text if module == "text" else "")
        real = index_store.files
        with monkeypatch.context() as patch:
            patch.setattr(index_store, "files", lambda name, real=real: tmp_path if name == "monitor" else real(name))
            index_store.version_of_monitor.cache_clear()
            names.append((match_cache.code_version(), index_store.index_version("s", load_weights())))
    index_store.version_of_monitor.cache_clear()
    assert names[0][0] != names[1][0]
    assert names[0][1] != names[1][1]
