"""Research releases: nobody alone, nobody named, nobody joined with another recipient's rows."""

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from release_world import contents, random_rows, research, same_key
from report_world import WEEK, Linked, World, make_world
from sqlalchemy import insert, select, update

from exports.base import CheckError
from exports.release.anonymity import Generalised, generalised
from exports.release.anonymity_check import proved, smallest_classes
from exports.release.classes import ATTRIBUTES
from exports.release.ladder import quarter_start
from exports.release.pseudonyms import Pseudonyms, key_path
from exports.release.recipients import agreed
from exports.release.research import research_rows
from exports.release.rows_made import Joint, intervals, link_rows, presence_rows
from exports.release.rows_read import RowsRead, read_rows
from monitor import private_store, results_store
from monitor.config import Config, load_config
from monitor.database import transaction
from monitor.errors import UsageError

MANY = tuple(Linked(number, "tokopedia", f"10{number}", name=f"Toko {number}") for number in range(1, 31))


@pytest.fixture
def world(config: Config) -> Iterator[World]:
    made = make_world(config, MANY)
    yield made
    made.close()


def named(found: Generalised) -> dict[str, pd.DataFrame]:
    """Released tables, with ids for pseudonyms."""
    rows = found.rows
    ids = {"group_id": "group_pseudonym", "shop": "shop_pseudonym"}
    return {
        "businesses": rows.businesses.rename(columns=ids),
        "presence": rows.presence.rename(columns=ids),
        "link_history": pd.concat([rows.links, _renamed(found.alone_links)]).rename(columns=ids),
        "shops": rows.shops.rename(columns=ids).drop(columns="shop_id"),
    }


def _renamed(links: pd.DataFrame) -> pd.DataFrame:
    """Ids that no business and no shop has."""
    return links if links.empty else links.assign(group_id=-links["group_id"], shop=-1 - links["shop"])


# --- k --------------------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    groups=st.integers(0, 150),
    present=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
    k=st.integers(2, 8),
    sharing=st.sampled_from([0.0, 0.5]),
)
def test_nobody_is_ever_alone(seed: int, groups: int, present: float, k: int, sharing: float) -> None:
    rows = random_rows(seed, groups, present, sharing)
    found = generalised(rows, k)
    for size in smallest_classes(named(found)).values():
        assert size is None or size >= k
    kept = found.rows
    assert set(kept.presence["group_id"]) <= set(kept.businesses["group_id"])
    assert set(kept.links["shop"]) <= set(kept.shops["shop"])
    # Nothing is made up: what is shown and not said to be withheld is the truth.
    truth = rows.businesses.set_index("group_id").loc[kept.businesses["group_id"]]
    for name in ATTRIBUTES:
        shown = ~kept.businesses["withheld"].str.split().map(lambda words, name=name: name in words)
        said, true = kept.businesses.loc[shown, name].astype(object), truth[name].astype(object)
        pairs = zip(said, true[shown.to_numpy()], strict=True)
        assert all(one == other or (pd.isna(one) and pd.isna(other)) for one, other in pairs), name


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), present=st.sampled_from([0.1, 0.5]))
def test_whoever_is_present_could_be_somebody_who_is_not(seed: int, present: float) -> None:
    rows = random_rows(seed, 200, present)
    found = generalised(rows, 3)
    sellers = set(found.rows.presence["group_id"])
    kept = found.rows.businesses
    absent = kept[~kept["group_id"].isin(sellers)]
    said = absent.drop(columns="group_id").drop_duplicates().to_dict("records")
    for truth in rows.businesses[rows.businesses["group_id"].isin(sellers)].to_dict("records"):
        assert any(_fits(truth, row) for row in said)


def _fits(truth: dict[str, object], said: dict[str, object]) -> bool:
    hidden = str(said["withheld"]).split()
    return all(name in hidden or str(said[name]) == str(truth[name]) for name in ATTRIBUTES)


def test_a_large_class_keeps_everything_and_the_odd_one_goes() -> None:
    rows = random_rows(1, 12, 0.0)
    alike = rows.businesses.iloc[[0] * 12].reset_index(drop=True).assign(group_id=range(12))
    alike["area_code"] = pd.Series(["3601"] * 11 + ["3671"], dtype="category")
    found = generalised(replace(rows, businesses=alike), 5)
    assert len(found.rows.businesses) == 11
    assert set(found.rows.businesses["withheld"]) == {""}
    assert found.dropped["businesses alone"] == 1


def test_a_programme_whose_members_all_sell_gives_none_of_them_away() -> None:
    """Ten alike, all present: knowing the programme would be knowing that they sell."""
    rows = random_rows(3, 100, 0.0)
    alike = rows.businesses.iloc[[0] * 100].reset_index(drop=True).assign(group_id=range(100))
    alike["cohort"] = pd.Series(["juara"] * 10 + [None] * 90, dtype="category")
    presence = pd.DataFrame(
        {
            "group_id": range(10), "marketplace": "tokopedia", "valid_from_week": "2026-W40", "valid_to_week": None,
            "state": "present", "evidence_grade": "likely", "probability_band": None,
        }
    )  # fmt: skip
    found = generalised(replace(rows, businesses=alike, presence=presence), 5)
    assert found.dropped["businesses that all are present"] == 10
    assert len(found.rows.presence) == 0


def test_the_check_refuses_what_was_not_generalised() -> None:
    rows = random_rows(5, 40, 0.5)
    nothing_done = Generalised(
        Joint(rows.businesses.assign(withheld=""), rows.presence, rows.links, rows.shops.assign(withheld="")), {}, {}
    )
    with pytest.raises(CheckError, match="nothing was released"):
        proved(named(nothing_done), nothing_done, 5, {"businesses": 40})


@pytest.mark.parametrize(
    ("week", "first"),
    [("2026-W47", "2026-W40"), ("2026-W40", "2026-W40"), ("2026-W01", "2026-W01"), ("2025-W52", "2025-W40"),
     ("2026-W53", "2026-W40"), ("2024-W14", "2024-W14"), ("2024-W13", "2024-W01")],
)  # fmt: skip
def test_weeks_of_a_quarter_have_one_first_week(week: str, first: str) -> None:
    assert quarter_start(week) == first
    assert quarter_start(first) == first


# --- the rows before generalising -----------------------------------------------------------------------------------


def test_intervals_are_runs_of_equal_weeks() -> None:
    weeks = ["2026-W44", "2026-W45", "2026-W46", "2026-W47"]
    cells = pd.DataFrame(
        {"group": 1, "week": weeks, "state": ["present", "present", "not_observable", "present"], "band": None}
    )
    made = intervals(cells, ["group"], ["state", "band"], weeks)
    said = made[["valid_from_week", "valid_to_week", "state"]].to_numpy().tolist()
    assert said == [
        ["2026-W44", "2026-W46", "present"],
        ["2026-W46", "2026-W47", "not_observable"],
        ["2026-W47", None, "present"],
    ]


def read_of(world: World, week: str = WEEK) -> RowsRead:
    with world.private.connect() as connection:
        return read_rows(connection, week, [])


def test_a_marketplace_that_was_not_read_is_not_observable(world: World) -> None:
    read = read_of(world)
    assert set(presence_rows(read)["state"]) == {"present"}
    refused = read.readings.assign(reading="refused")
    assert set(presence_rows(replace(read, readings=refused))["state"]) == {"not_observable"}


def test_links_are_told_as_each_release_knew_them(world: World) -> None:
    read = read_of(world)
    link = read.links.head(1).drop(columns="probability")
    known = pd.concat(
        [
            link.assign(known_week="2026-W44", decision="link"),
            link.assign(known_week="2026-W45", decision="link"),
            link.assign(known_week="2026-W46", decision="confirmed"),
        ]
    )
    now = read.links.head(1).assign(decision="confirmed")
    shops = pd.DataFrame(
        {"shop": [0], "marketplace": link["marketplace"].tolist(), "shop_id": link["shop_id"].tolist()}
    )
    made = link_rows(replace(read, links=now, known=known), shops)
    said = made[["decision", "known_from_week", "known_to_week"]].to_numpy().tolist()
    assert sorted(said) == [["confirmed", "2026-W46", None], ["link", "2026-W44", "2026-W46"]]


def test_erased_people_are_in_no_row(world: World) -> None:
    with transaction(world.private) as connection:
        gone = {"business_id": 1, "office": "36", "first_part_id": 1, "is_erased": True}
        connection.execute(insert(private_store.businesses).values(**gone))
        rest = [{"business_id": number, "office": "36", "first_part_id": 1} for number in range(2, 41)]
        connection.execute(insert(private_store.businesses), rest)
        shop = {"marketplace": "tokopedia", "shop_id": "102", "first_seen_week": WEEK, "is_erased": True}
        connection.execute(insert(private_store.shops).values(**shop))
    read = read_of(world)
    assert 1 not in set(read.groups["group_id"])
    assert {1, 2}.isdisjoint(read.links["group_id"])
    assert {1, 2}.isdisjoint(read.judgements["group_id"])


# --- whole releases -------------------------------------------------------------------------------------------------


def owned(world: World) -> None:
    with transaction(world.private) as connection:
        rows = [{"business_id": number, "office": "36", "first_part_id": 1} for number in range(1, 41)]
        connection.execute(insert(private_store.businesses), rows)
        shops = [{"marketplace": one.marketplace, "shop_id": one.shop_id, "first_seen_week": WEEK} for one in MANY]
        connection.execute(insert(private_store.shops), shops)
        connection.execute(update(private_store.business_versions).values(area_code="3601", sector="kriya"))


def test_a_research_release_holds_rows_and_no_person(world: World) -> None:
    owned(world)
    released = research(world)
    assert released.release_id == f"{WEEK}-riset-universitas-a-1"
    manifest = json.loads((released.folder / "manifest.json").read_text())
    assert (manifest["expires_on"], manifest["recipient"]) == ("2099-12-31", "universitas-a")
    assert manifest["anonymity"]["smallest_class"]["businesses"] >= 5
    assert manifest["rows"]["businesses"] > 0
    assert stat.S_IMODE(released.folder.stat().st_mode) == 0o700
    forbidden = ["Usaha Contoh", "Rahasia Pemilik", "deadbeef", "Siti Penelaah", "Toko 1"]
    secret = key_path(world.config, "universitas-a").read_text().strip()
    for name, body in contents(released.folder).items():
        for word in (*forbidden, secret):
            assert word.encode() not in body, (name, word)


def test_judgements_join_with_no_other_table(world: World) -> None:
    owned(world)
    with transaction(world.private) as connection:
        answer = {
            "task_id": "t0", "purpose": "clerical", "draw_id": "clerical-1", "model_version": "m", "answer": "ya",
            "office": "36", "week": WEEK, "at": "x", "source_sha256": "0", "reviewer": "Siti Penelaah",
        }  # fmt: skip
        connection.execute(insert(private_store.judgements).values(**answer))
    folder = research(world).folder / "parquet"
    tables = {path.stem: pq.read_table(path).to_pandas() for path in folder.glob("*.parquet")}
    assert len(tables["judgements"]) == 1
    for column, others in (("group_pseudonym", ("businesses", "presence")), ("shop_pseudonym", ("shops",))):
        for other in others:
            assert set(tables["judgements"][column]).isdisjoint(tables[other][column])


def test_two_recipients_cannot_join_their_rows(world: World) -> None:
    owned(world)
    read = read_of(world)
    found = [research_rows(read, Pseudonyms(bytes([number]) * 32), 5)[0] for number in (1, 2)]
    for name in ("businesses", "shops", "judgements"):
        column = next(column for column in found[0][name] if column.endswith("_pseudonym"))
        assert len(found[0][name]) == len(found[1][name])
        assert set(found[0][name][column]).isdisjoint(found[1][name][column])


def test_a_recipients_pseudonyms_stay_and_the_key_is_the_owners_alone(world: World) -> None:
    owned(world)
    research(world)
    path = key_path(world.config, "universitas-a")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = bytes.fromhex(path.read_text().strip())
    assert Pseudonyms(key).of("group", [7]) == Pseudonyms(key).of("group", [7])
    assert Pseudonyms(key).of("group", [7]) != Pseudonyms(key).of("judged group", [7])
    assert key.hex() not in repr(Pseudonyms(key))
    assert not research(world).changed


def test_two_builds_of_rows_are_the_same_to_the_last_byte(world: World, tmp_path: Path) -> None:
    owned(world)
    first = research(world)
    other = make_world(load_config({"MONITOR_DATA_DIR": str(tmp_path / "other")}), MANY)
    owned(other)
    same_key(world, other)
    with transaction(other.private) as connection:
        row = connection_row(world)
        connection.execute(insert(private_store.recipients).values(**row))
    assert contents(research(other).folder) == contents(first.folder)
    other.close()


def connection_row(world: World) -> dict[str, object]:
    with world.private.connect() as connection:
        return dict(connection.execute(select(private_store.recipients)).mappings().one())


def test_the_results_database_is_a_recipient(world: World) -> None:
    owned(world)
    released = research(world, "basisdata")
    with world.results.connect() as connection:
        for name in results_store.ROW_TABLES:
            count = len(connection.execute(select(results_store.metadata.tables[name])).all())
            assert count == released.rows[name], name
    research(world, "universitas-a")
    with world.results.connect() as connection:
        held = set(connection.execute(select(results_store.businesses.c.group_pseudonym)).scalars())
    assert held == set(pq.read_table(released.folder / "parquet/businesses.parquet")["group_pseudonym"].to_pylist())


# --- agreements -----------------------------------------------------------------------------------------------------

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("recipient", "purpose", "expires", "sentence"),
    [
        ("universitas-a", None, None, "is a new recipient"),
        ("universitas-a", "x", None, "is a new recipient"),
        ("Ibu Siti", "x", "2027-01-01", "cannot name a recipient"),
        ("../escape", "x", "2027-01-01", "cannot name a recipient"),
        ("universitas-a", "x", "2026-11-24", "is not after today"),
        ("universitas-a", "x", "soon", "is not a date"),
    ],
)
def test_an_agreement_needs_purpose_and_end(
    world: World, recipient: str, purpose: str | None, expires: str | None, sentence: str
) -> None:
    with transaction(world.private) as connection, pytest.raises(UsageError, match=sentence):
        agreed(connection, world.config, recipient, purpose, expires, TODAY)


def test_an_expired_recipient_is_refused_until_a_new_end_is_told(world: World) -> None:
    with transaction(world.private) as connection:
        agreed(connection, world.config, "universitas-a", "survival", "2026-12-01", TODAY)
        again = agreed(connection, world.config, "universitas-a", None, None, TODAY)
        assert (again.purpose, again.expires_on) == ("survival", "2026-12-01")
        with pytest.raises(UsageError, match="expired on 2026-12-01"):
            agreed(connection, world.config, "universitas-a", None, None, date(2026, 12, 1))
        renewed = agreed(connection, world.config, "universitas-a", None, "2027-12-01", date(2026, 12, 1))
    assert renewed.pseudonyms.key_id == again.pseudonyms.key_id


def test_fewer_than_five_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="fewer than 5"):
        research_rows(read_of(world), Pseudonyms(b"k" * 32), 4)


def test_both_engines_release_the_same(stores: Config, tmp_path: Path) -> None:
    made = make_world(stores, MANY)
    other = make_world(load_config({"MONITOR_DATA_DIR": str(tmp_path / "other")}), MANY)
    other.config.phone_key_file.parent.mkdir(parents=True)
    for one in (made, other):
        owned(one)
        folder = key_path(one.config, "basisdata").parent
        folder.mkdir(parents=True, exist_ok=True)
        key_path(one.config, "basisdata").write_text("ab" * 32)
        with transaction(one.private) as connection:
            connection.execute(
                insert(private_store.recipients).values(
                    recipient="basisdata", purpose="x", key_id="x", agreed_at="2026-11-01T00:00:00Z"
                )
            )
    first, second = contents(research(made, "basisdata").folder), contents(research(other, "basisdata").folder)
    assert set(first) == set(second)
    different = [name for name in first if name.startswith(("csv/", "parquet/")) and first[name] != second[name]]
    assert different == []
    for one in (made, other):
        one.close()
