"""What the practice world's offices hand in: who they know to sell, who took part; the truth beside estimates."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, insert

from monitor.config import Config
from monitor.database import private_engine, transaction
from monitor.errors import InputError
from monitor.handed_rows import columns_of
from monitor.private_store import estimates, marketplace_weeks
from monitor.registry.importing import import_part
from monitor.sandbox import handed_lists, present, world
from monitor.verbs import inbox
from pipelines.probes import counting_probes, read_probes

WEEK = "2026-W46"
PROBE = {name: titles[0] for name, titles in columns_of("probe").items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("world")
    world.write(world.make_world(seed=12, businesses=1_500, shops=300, owned_share=0.5), place)
    return place


@pytest.fixture
def engine(config: Config, folder: Path) -> Iterator[Engine]:
    engine = private_engine(config)
    import_part(engine, config, folder / world.REGISTRY_FILE, "2026-11-09", "36")
    yield engine
    engine.dispose()


def lists(paths: list[Path], start: str) -> pd.DataFrame:
    found = [
        pd.read_csv(path, sep=";", dtype=str, keep_default_na=False) for path in paths if path.name.startswith(start)
    ]
    return pd.concat(found, ignore_index=True)


def test_the_same_world_hands_in_the_same_files(folder: Path, tmp_path: Path) -> None:
    first = handed_lists.hand_in(folder, tmp_path / "one", WEEK, "36")
    again = handed_lists.hand_in(folder, tmp_path / "two", WEEK, "36")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert [path.relative_to(tmp_path / "one") for path in first] == [
        path.relative_to(tmp_path / "two") for path in again
    ]
    later = handed_lists.hand_in(folder, tmp_path / "three", "2026-W47", "36")
    dates = [set(lists(paths, "uji")[PROBE["collected_on"]]) for paths in (first, later)]
    assert not dates[0] & dates[1]  # asked again
    names = [lists(paths, "uji")[PROBE["business_name"]].tolist() for paths in (first, later)]
    assert names[0] == names[1]


def test_the_lists_grow_from_week_to_week_and_lose_nobody(folder: Path, tmp_path: Path) -> None:
    weeks = ("2026-W47", "2026-W48", "2026-W50", "2027-W40")
    found = [lists(handed_lists.hand_in(folder, tmp_path / week, week, "36"), "uji") for week in weeks]
    selling = world.read_truth(folder)["source_id"].replace("", pd.NA).nunique()
    assert [len(rows) for rows in found] == [min(handed_lists.KNOWN_TO_SELL + more, selling) for more in (0, 6, 18, 60)]
    who = [set(rows[PROBE["business_name"]] + rows[PROBE["shop_id"]] + rows[PROBE["shop_url"]]) for rows in found]
    assert who[0] <= who[1] <= who[2] <= who[3]


def test_offices_list_businesses_that_truly_sell(folder: Path, tmp_path: Path) -> None:
    rows = lists(handed_lists.hand_in(folder, tmp_path, WEEK, "36"), "uji")
    made = world.read(folder)
    sellers = made.registry[made.registry["ID"].isin(made.truth["source_id"])]
    assert len(rows) == min(handed_lists.KNOWN_TO_SELL, len(sellers))
    assert set(rows[PROBE["business_name"]]) <= set(sellers["NAMA USAHA"])
    owned = made.shops.merge(made.truth[made.truth["source_id"] != ""], on=["marketplace", "shop_id"])
    links = rows.loc[rows[PROBE["shop_url"]] != "", PROBE["shop_url"]].str.rpartition("/")[2]
    assert set(links) <= set(owned["username"])
    assert set(rows.loc[rows[PROBE["shop_url"]] == "", PROBE["shop_id"]]) <= set(owned["shop_id"])
    dates = rows[PROBE["collected_on"]]
    assert dates.between("2026-11-02", "2026-11-08").all()  # the week before, so that they count without a check


def test_they_come_in_by_the_inbox_and_count(config: Config, engine: Engine, folder: Path) -> None:
    handed_lists.hand_in(folder, config.inbox_dir, WEEK, "36")
    taken = inbox.take_in(engine, config)
    assert {(file.kind, file.outcome) for file in taken} == {("probe", "accepted"), ("cohort", "accepted")}
    assert inbox.take_in(engine, config) == []
    with engine.connect() as connection:
        known, counting = read_probes(connection, WEEK), counting_probes(connection, WEEK)
    truth = world.read_truth(folder)
    sources = len(set(truth["source_id"]) - {""})
    assert len(known) == min(handed_lists.KNOWN_TO_SELL, sources)
    assert len(counting) >= 0.8 * len(known)  # some names and places are as damaged as in any list
    assert known["cohort"].dropna().unique().tolist() == [handed_lists.TRAINING]


def test_more_participants_sell_than_others(folder: Path, tmp_path: Path) -> None:
    people = lists(handed_lists.hand_in(folder, tmp_path, WEEK, "36"), "peserta")
    assert len(people) == handed_lists.PARTICIPANTS
    made = world.read(folder)
    sells = made.registry["ID"].isin(made.truth["source_id"])
    among = people.iloc[:, 0].isin(set(made.registry.loc[sells, "NAMA USAHA"]))
    assert among.mean() > 2 * sells.mean()


def test_a_folder_without_a_world_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no finished world"):
        handed_lists.hand_in(tmp_path, tmp_path / "inbox", WEEK, "36")


def covered(engine: Engine, *slugs: str) -> None:
    rows = [
        {"marketplace": slug, "week": WEEK, "state": "measured", "covered": True, "shop_count": 1} for slug in slugs
    ]
    with transaction(engine) as connection:
        connection.execute(insert(marketplace_weeks), rows)


def estimate(engine: Engine, kind: str, code: str, **values: object) -> None:
    row = {"estimand": "E1", "domain_kind": kind, "domain_code": code, "week": WEEK, "vintage": "flash", "revision": 0}
    row |= {"status": "published", "method_version": "1", "input_digest": "d", "made_at": "2026-11-16T00:00:00Z"}
    with transaction(engine) as connection:
        connection.execute(insert(estimates).values(**{**row, **values}))


def test_the_truth_of_every_domain_stands_beside_its_estimate(engine: Engine, folder: Path) -> None:
    covered(engine, "tokopedia", "plaza_banten")
    estimate(engine, "province", "36", value=80.4, low=70.0, high=95.0)
    estimate(engine, "province", "36", value=81.6, low=71.0, high=96.0, revision=1)
    rows = {(row["domain"], row["code"]): row for row in present.present_table(folder, engine, WEEK, "36")}
    truth = world.read_truth(folder)
    owned = truth[truth["source_id"] != ""]
    whole = rows["province", "36"]
    assert whole["present"] == owned["source_id"].nunique()
    on_covered = owned[owned["marketplace"].isin(["tokopedia", "plaza_banten"])]
    assert whole["covered"] == on_covered["source_id"].nunique() == present.covered_count(folder, engine, WEEK)
    assert (whole["estimate"], whole["low"], whole["high"]) == (81.6, 71.0, 96.0)
    for kind in ("area", "sector", "size"):
        parts = [row for (where, _), row in rows.items() if where == kind]
        assert sum(row["covered"] for row in parts) == whole["covered"]
        assert sum(row["present"] for row in parts) == whole["present"]
    site = rows["marketplace", "shopee"]
    assert site["covered"] == 0
    assert site["present"] == owned.loc[owned["marketplace"] == "shopee", "source_id"].nunique()
    assert site["estimate"] is None
