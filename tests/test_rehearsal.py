"""A rehearsal of the service: the moving world, the clock of its folder, and what counts as told wrongly."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from monitor.config import Config
from monitor.database import private_engine
from monitor.errors import StoreError, UsageError
from monitor.practice import is_rehearsal, set_clock, use_clock
from monitor.rehearsal import people, power, stage, told
from monitor.rehearsal.listener import Heard
from monitor.rehearsal.stage import Script
from monitor.rehearsal.told import Figure, Told
from monitor.sandbox import world
from monitor.sandbox.moving import SHOP, Moving, Pace, set_moving
from monitor.weeks import move_clock, utc_now

WEEKS = 6
FAST = Pace(opens_later=0.3, closes=0.1, late=0.2, renames=0.1, username=0.1, moves=0.2)
SITES = ("blibli", "inaproc", "jakmall", "tokopedia")


# --- the moving world -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moving() -> Moving:
    made = world.make_world(seed=5, businesses=400, shops=150, owned_share=0.5, marketplaces=SITES)
    return set_moving(made, "2026-W46", WEEKS, 5, FAST)


def test_the_same_seed_moves_alike(moving: Moving) -> None:
    again = set_moving(moving.made, "2026-W46", WEEKS, 5, FAST)
    assert again.shops.equals(moving.shops)
    assert [moving.week(number) for number in range(1, 7)] == [f"2026-W{number}" for number in range(41, 47)]


def test_lives_do_not_depend_on_other_changes(moving: Moving) -> None:
    calm = set_moving(moving.made, "2026-W46", WEEKS, 5, replace(FAST, late=0, renames=0, username=0, moves=0))
    lives = ["opens", "closes", "pace"]
    assert calm.shops[lives].equals(moving.shops[lives])
    assert (calm.shops[["renamed_in", "username_in", "moved_in"]] == 0).all(axis=None)
    assert (calm.shops["shown_from"] == 1).all()


def test_events_add_up_to_the_shops_that_are_open(moving: Moving) -> None:
    for number in range(2, WEEKS + 1):
        happened = moving.events(number)
        change = len(moving.open_in(number)) - len(moving.open_in(number - 1))
        assert change == happened["opened"] - happened["closed"]
    assert all(sum(moving.events(number)[name] for number in range(2, WEEKS + 1)) for name in moving.events(2))


def test_a_visitor_meets_open_shops_that_are_shown_under_the_names_of_the_week(moving: Moving) -> None:
    number = 4
    shown = moving.shown_in(number)
    there = moving.open_in(number)
    assert len(shown.shops) == int((there["shown_from"] <= number).sum()) < len(there)
    assert set(shown.listings["shop_id"]) <= set(shown.shops["shop_id"])
    lives = shown.shops.merge(moving.shops, on=SHOP)
    renamed = lives["renamed_in"].between(1, number)
    assert renamed.any()
    assert (lives["name"] == lives["new_name"])[renamed].all()
    opened = lives["opens"] > 1
    assert set(lives.loc[opened, "joined_on"]) <= {moving.monday(week) for week in range(2, number + 1)}
    late = (lives["shown_from"] > 1) & ~opened
    assert late.any()
    assert (lives.loc[late, "joined_on"] < moving.monday(1)).all()


def test_usernames_stay_unique_and_ids_never_change(moving: Moving) -> None:
    shops = moving.shown_in(WEEKS).shops
    assert not shops.duplicated(["marketplace", "username"]).any()
    changed = moving.shops[moving.shops["username_in"] > 0]
    assert len(changed)
    assert "jakmall" not in set(changed["marketplace"])  # its ids are usernames


def test_those_known_to_sell_have_an_open_shop(moving: Moving) -> None:
    known = {(row["marketplace"], row["shop_id"]) for row in moving.known_to_sell(3, 30)}
    assert len(known) == 30
    assert {shop for _, shop in known} <= set(moving.open_in(3)["shop_id"])


# --- the folder and its time ------------------------------------------------------------------------------------------


def test_a_rehearsal_has_a_time_of_its_own(config: Config) -> None:
    (config.data_dir / "sandbox").mkdir(parents=True)
    (config.data_dir / "sandbox" / "world.json").write_text("{}")
    assert not is_rehearsal(config)
    real = utc_now()
    try:
        set_clock(config, timedelta(days=-40))
        assert is_rehearsal(config)
        assert real - utc_now() > timedelta(days=39)
        move_clock(timedelta())
        use_clock(config.data_dir / "sandbox")
        assert real - utc_now() > timedelta(days=39)
        (config.data_dir / "sandbox" / "clock.json").write_text("{")
        with pytest.raises(StoreError, match="damaged"):
            use_clock(config.data_dir / "sandbox")
    finally:
        move_clock(timedelta())


def test_a_folder_with_other_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "private.sqlite").write_text("")
    size = {"businesses": 500, "shops": 100}
    with pytest.raises(UsageError, match="no rehearsal"):
        stage.prepare(tmp_path, size, 1, 2, Script(), again=True)
    assert (tmp_path / "private.sqlite").exists()


def test_an_earlier_rehearsal_is_replaced_only_when_asked(tmp_path: Path) -> None:
    size = {"businesses": 500, "shops": 100}
    try:
        made = stage.prepare(tmp_path / "here", size, 1, 2, Script(), again=False)
        assert made.at(1, 1, 13).isoformat() == "2026-10-06T13:00:00+07:00"
        assert utc_now().astimezone(made.config.region.zone).date().isoformat() == made.moving.monday(1)
        with pytest.raises(UsageError, match="--again"):
            stage.prepare(tmp_path / "here", size, 1, 2, Script(), again=False)
        stage.prepare(tmp_path / "here", size, 2, 2, Script(), again=True)
    finally:
        move_clock(timedelta())
    settings = json.loads((tmp_path / "here" / "sandbox" / "world.json").read_text())
    assert settings["seed"] == 2


def test_nothing_of_the_real_configuration_reaches_a_rehearsal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MONITOR_DATABASE_URL", "postgresql://real")
    monkeypatch.setenv("MONITOR_CONFIG", "/etc/monitor.toml")
    found = stage.environment(tmp_path)
    assert found["MONITOR_DATA_DIR"] == str(tmp_path)
    assert not {"MONITOR_DATABASE_URL", "MONITOR_CONFIG"} & set(found)


# --- the power --------------------------------------------------------------------------------------------------------


def test_a_power_cut_hits_in_the_midst_of_work() -> None:
    begun: list[bool] = []
    is_time = power.after(lambda: bool(begun), 0.0)
    assert not is_time()
    begun.append(True)
    assert is_time()
    assert not power.after(lambda: True, 60)()


# --- what was told ----------------------------------------------------------------------------------------------------

GOOD = dict.fromkeys(stage.MARKETPLACES, ("measured", None))
MESSAGE = "DATA LATIHAN. BUKAN DATA SEBENARNYA\nPerkiraan: 200 UMKM. Tidak diukur: Tokopedia, Plaza Banten."


def one(number: int, value: float = 200, **changes: object) -> Told:
    figures = {"E1": Figure(value, value - 20, value + 20)}
    alarms = ("marketplaces Tokopedia: failed -> ask", "marketplaces Plaza Banten: failed -> update its reader")
    usual: dict[str, object] = {"figures": figures, "states": GOOD, "message": MESSAGE, "alarms": alarms}
    return Told(number, f"2026-W{40 + number}", {}, 205, 0, **(usual | changes))  # type: ignore[arg-type]


def test_a_quiet_week_is_told_rightly() -> None:
    assert told.wrongs(Script(), [one(1), one(2)]) == []
    assert one(1).holds


def test_a_refused_marketplace_is_carried_and_named() -> None:
    carried = GOOD | {"tokopedia": ("carried", "refused:error_403")}
    assert told.wrongs(Script(), [one(2), one(3, states=carried)]) == []
    silent = told.wrongs(Script(), [one(2), one(3, states=carried, message="DATA LATIHAN")])
    assert silent == ["Week 3: Tokopedia could not be read, and the message does not name it."]
    assert "counts as read" in told.wrongs(Script(), [one(2), one(3)])[0]
    unheard = told.wrongs(Script(), [one(2), one(3, states=carried, alarms=())])
    assert unheard == ["Week 3: Tokopedia could not be read, and ops were told of no command for it."]


def test_a_level_that_falls_because_a_marketplace_refused_is_wrong() -> None:
    carried = GOOD | {"tokopedia": ("carried", "refused:error_403")}
    fallen = told.wrongs(Script(), [one(2), one(3, value=120, states=carried)])
    assert fallen == ["Week 3: the level fell because Tokopedia refused."]
    truly = one(3, value=120, states=carried)
    assert told.wrongs(Script(), [one(2), replace(truly, change=-80)]) == []


def test_a_changed_format_is_named_as_such() -> None:
    shape = GOOD | {"plaza_banten": ("carried", "format_changed")}
    assert told.wrongs(Script(), [one(5, states=shape)]) == []
    other = GOOD | {"plaza_banten": ("carried", "dns")}
    assert "for another cause" in told.wrongs(Script(), [one(5, states=other)])[0]


def test_open_shops_said_to_be_gone_and_silence_are_wrong() -> None:
    assert "2 open shops of Blibli" in told.wrongs(Script(), [one(1, gone={"blibli": 2})])[0]
    assert "report is missing" in told.wrongs(Script(), [one(1, message=None)])[0]
    assert "for practice" in told.wrongs(Script(), [one(1, message="Tokopedia")])[0]
    unread = GOOD | {"blibli": ("not_crawled", None)}
    assert "Blibli counts as not read" in told.wrongs(Script(), [one(1, states=unread)])[0]


@pytest.mark.parametrize(
    ("missed", "weeks", "is_unlikely"), [(0, 8, False), (1, 8, False), (2, 8, False), (3, 8, True)]
)
def test_intervals_may_miss_as_often_as_chance_allows(missed: int, weeks: int, is_unlikely: bool) -> None:
    told_weeks = [one(number, value=100 if number <= missed else 200) for number in range(1, weeks + 1)]
    assert told.misses(told_weeks) == (missed, weeks, is_unlikely)


def test_a_message_says_what_to_do() -> None:
    heard = Heard("Banten: 2 things", "marketplaces Tokopedia: refused.\n  Do: write to them\nOver: week:2026-W41.")
    assert heard.alarms == ["marketplaces Tokopedia: refused -> write to them", "Over: week:2026-W41."]
    assert Heard("Banten: sehat", "service: runs since 2026").alarms == []


# --- people -----------------------------------------------------------------------------------------------------------


def test_offices_hand_in_whom_they_know_with_links_where_addresses_show_names(tmp_path: Path) -> None:
    try:
        made = stage.prepare(tmp_path / "here", {"businesses": 500, "shops": 150}, 3, 2, Script(), again=False)
        engine = private_engine(made.config)
        files = people.hand_in(made, engine, 1)
        engine.dispose()
    finally:
        move_clock(timedelta())
    inbox = made.config.inbox_dir
    lists = sorted(inbox.glob("*/uji-2026-W41.csv"))
    assert len(lists) > 3 and files == len(lists) + 1
    assert (inbox / "36" / f"registri-{made.moving.as_of}.csv").is_file()
    rows = pd.concat([pd.read_csv(path, dtype=str, keep_default_na=False) for path in lists])
    by_name = rows["Lokapasar"] == "Tokopedia"
    assert rows.loc[by_name, "Tautan toko"].str.startswith("https://www.tokopedia.com/").all()
    assert (rows.loc[~by_name, "Tautan toko"] == "").all()
