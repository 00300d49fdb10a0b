"""Dividing a crawl and putting it together again, the lane's rules with a clock of our own: all without a cluster."""

import json
import random
import socket
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from crawling import rows
from sqlalchemy import update

from monitor.cluster.crawl_course import Course, away, begin
from monitor.cluster.crawl_parts import (
    ASKED_AHEAD,
    FILES,
    PIECE_BYTES,
    Asked,
    Pieces,
    asked_in,
    put_base,
    put_together,
    with_shards,
)
from monitor.cluster.crawl_shards import (
    AREA,
    QUERY,
    REST,
    SHARDS,
    SITE,
    DoneElsewhere,
    Shard,
    budgets,
    count_of,
    kind_of,
    owner,
    weights,
)
from monitor.cluster.crawl_task import SPENT, _scratch, part_folder
from monitor.cluster.lanes import LEASE_S, Lane, answered, ask, domain, join, lane_of, renew
from monitor.cluster.lanes_store import ClosedError, LaneKeeper
from monitor.cluster.storage import Storage
from monitor.config import Config
from monitor.crawl.files import CrawlInfo
from monitor.crawl.process import Outcome
from monitor.crawl.store import CrawlWriter, read_crawl
from monitor.database import private_engine
from monitor.errors import UsageError
from monitor.items import Issue, Listing, Shop
from monitor.planner.steps import Plan, Step
from monitor.private_store import runs
from monitor.runs import recorded
from monitor.units import EXPLORE, LINKED, NEW, PANEL, KnownShop, SearchShape
from monitor.verbs.crawl_cluster import crawl_on_cluster, take_home
from monitor.weeks import utc_now, utc_text

AREAS = ("3601", "3602", "3603", "3604", "3671", "3672", "3673", "3674")
WORDS = [f"kata-{number}" for number in range(30)]


def plan() -> Plan:
    steps = [Step(LINKED, f"toko/{n}", "", 2.0, shop=KnownShop(str(n)), if_unseen=n > 4) for n in range(8)]
    steps += [Step(PANEL, f"cari/{area}/{word}", "", 3.0, query=word) for area in AREAS for word in WORDS[:10]]
    steps += [Step(NEW, f"cari/3601/{word}", "", 3.0, query=word) for word in WORDS[10:15]]
    steps += [Step(EXPLORE, f"cari/3602/{WORDS[15]}", "", 3.0, query=WORDS[15])]
    return Plan("tokopedia", budget=400, steps=steps, left_out=(WORDS[16],))


# --- shards -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [AREA, QUERY, SITE])
@pytest.mark.parametrize("count", [1, 3, SHARDS])
def test_every_unit_belongs_to_exactly_one_process(kind: str, count: int) -> None:
    units = [step.unit for step in plan().steps]
    units += [f"daftar/{area}/{word}" for area in AREAS for word in WORDS] + ["pedagang", "daftar/360101", "rencana"]
    units += [f"cari/{area}/{word}/harga-0-25000" for area in AREAS for word in WORDS[:3]]
    units += [f"toko/toko-{number}.co.id" for number in range(40)] + [f"cari/{word}" for word in WORDS]
    for given in (None, plan(), replace(plan(), only_shops=True)):
        shards = [Shard(kind, number, count) for number in range(count)]
        for unit in units:
            holders = [shard.number for shard in shards if shard.holds(unit, given)]
            assert holders == ([] if owner(unit, kind, count, given) == REST else [owner(unit, kind, count, given)])
            assert len(holders) <= 1


def test_what_depends_on_other_units_is_left_to_the_rest() -> None:
    given = plan()
    assert owner("cari/3601/kata-3", AREA, 4, given) == 1
    assert owner("cari/3601/kata-3/harga-0-25000", AREA, 4, given) == REST  # a part of a capped list
    assert owner("cari/3601/kata-12", AREA, 4, given) == REST  # a new query: best first, as the budget allows
    assert owner("cari/3602/kata-15", AREA, 4, given) == REST
    assert owner("cari/3602/kata-16", AREA, 4, given) == REST  # the plan leaves it out
    assert owner("toko/3", AREA, 4, given) == 0  # known shops, asked first
    assert owner("toko/5", AREA, 4, given) == REST  # only if the panel does not show it
    assert owner("toko/99", AREA, 4, given) == REST  # a page of detail
    assert owner("daftar/3602/kopi", AREA, 4, given) == 2
    assert owner("daftar/3602/kopi/lagi", AREA, 4, given) == REST
    assert owner("pedagang", QUERY, 4, given) == REST


def test_shops_under_one_domain_are_read_by_one_process() -> None:
    shops = ["toko/kopi.myshop.co.id", "toko/teh.myshop.co.id", "toko/www.myshop.co.id/cabang"]
    assert len({owner(unit, SITE, 8, None) for unit in shops}) == 1
    assert {owner(f"toko/toko-{number}.id", SITE, 8, None) for number in range(100)} == set(range(8))


def test_by_what_a_marketplace_is_divided() -> None:
    assert kind_of("tokopedia", SearchShape(by_area=True)) == AREA
    assert kind_of("shopee", SearchShape()) == QUERY
    assert kind_of("own_shop", None) == SITE
    assert kind_of("plaza_banten", None) is None and count_of(None) == 0
    assert [count_of(SITE, sites) for sites in (0, 50, 100, 5_000)] == [2, 2, 5, 8]
    assert Shard.of(str(Shard(AREA, 2, 4))) == Shard(AREA, 2, 4)


def test_units_of_others_count_as_done() -> None:
    known = DoneElsewhere({"cari/3601/kata-1": {}}, Shard(AREA, 1, 4), plan())
    assert "cari/3601/kata-1" in known and "cari/3602/kata-1" in known
    assert "cari/3601/kata-2" not in known
    assert list(known) == ["cari/3601/kata-1"] and len(known) == 1


@pytest.mark.parametrize("whole", [0, 1, 2, 5, 9, 100, 4_000])
def test_shards_never_get_more_than_the_budget(whole: int) -> None:
    given = budgets(whole, weights(AREA, 4, plan()))
    if whole:
        assert sum(given.values()) < whole  # something is left for the rest
        assert all(share > 0 for share in given.values())
    else:
        assert given == dict.fromkeys(range(4), 0)


def test_no_request_of_a_killed_process_is_forgotten(tmp_path: Path) -> None:
    """Whenever processes die, what the store counts is no less than what was sent and never more than the budget."""
    storage, chance = Storage(tmp_path.as_uri()), random.Random(3)
    for trial in range(60):
        folder, budget, sent, killed = f"c/{trial}", chance.randint(1, 60), 0, 0
        while (left := budget - asked_in(storage, folder)) > 0:
            asked = Asked(storage, folder, left)
            wanted = chance.randint(0, left)
            for _ in range(wanted):
                asked.add()
            sent += wanted
            if chance.random() < 0.5:
                asked.finish()
            else:
                killed += 1
            assert sent <= asked_in(storage, folder) <= min(budget, sent + killed * (ASKED_AHEAD - 1))
        assert sent <= budget


def test_requests_without_limit_are_counted_too(tmp_path: Path) -> None:
    asked = Asked(Storage(tmp_path.as_uri()), "c/rest", 0)
    for _ in range(25):
        asked.add()
    assert asked_in(Storage(tmp_path.as_uri()), "c/rest") == 30
    asked.finish()
    assert asked_in(Storage(tmp_path.as_uri()), "c/rest") == 25


def test_shards_get_what_their_steps_need() -> None:
    needed = weights(AREA, 4, plan())
    assert needed[1] == 5 + 2 * 10 * 3 and needed[0] == 5 + 2 * 10 * 3 + 5 * 2


# --- putting together -------------------------------------------------------------------------------------------------

UNITS = [f"cari/{area}/{word}" for area in AREAS for word in WORDS[:2]]


def write_unit(writer: CrawlWriter, unit: str, *, ends: bool = True) -> None:
    chance = random.Random(unit)
    for number in chance.sample(range(40), 6):
        writer.write(Shop(marketplace="tokopedia", shop_id=str(number), name=f"Toko {number}", city=unit[5:9]), unit)
        writer.write(Listing(marketplace="tokopedia", listing_id=f"{unit}-{number}", shop_id=str(number)), unit)
    writer.write(Issue(marketplace="tokopedia", kind="marker", message=unit), unit)
    if ends:
        writer.unit_done(unit, unit, 6, 6, requests=1)


def info() -> CrawlInfo:
    return CrawlInfo(marketplace="tokopedia", week="2026-W46", started_at="2026-11-15T01:00:00Z", sandbox=True)


def resumed(storage: Storage, folder: str, directory: Path, before: list[str]) -> tuple[CrawlWriter, Pieces]:
    """What a worker does before it starts its process: another one may have read a part of the part."""
    directory.mkdir(parents=True)
    put_together(storage, [*before, folder], directory)
    (directory / "crawl.json").write_bytes(storage.read_bytes("c/crawl.json"))
    pieces = Pieces(storage, folder, directory)
    writer = CrawlWriter.resume(directory)
    pieces.begun(writer.attempt)
    return writer, pieces


@pytest.mark.parametrize("seed", range(3))
def test_shards_that_are_killed_and_taken_over_give_the_crawl_of_one_machine(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with CrawlWriter.create(tmp_path / "one", info()) as whole:
        for unit in UNITS:
            write_unit(whole, unit)
    storage = Storage((tmp_path / "store").as_uri())
    storage.write_bytes("c/crawl.json", (whole.directory / "crawl.json").read_bytes())
    count = chance.choice([1, 2, 4])
    folders = [part_folder("c", number) for number in range(count)]
    left_out = set(chance.sample(UNITS, 5))  # what budgets did not reach; the rest reads it
    for number, folder in enumerate(folders):
        waiting = [unit for unit in UNITS if owner(unit, AREA, count, None) == number and unit not in left_out]
        attempt = 0
        while waiting:
            attempt += 1
            writer, pieces = resumed(storage, folder, tmp_path / f"{number}-{attempt}", [])
            assert not writer.done_units & set(waiting)
            with writer:
                for unit in waiting[: chance.randint(1, 6)]:
                    write_unit(writer, unit)
                    pieces.keep()
                    waiting.remove(unit)
                if waiting and chance.random() < 0.5:  # killed within a unit, its rows were on the way
                    write_unit(writer, waiting[0], ends=False)
                    pieces.keep()
    writer, pieces = resumed(storage, part_folder("c", REST), tmp_path / "rest", ["c/base", *folders])
    assert writer.done_units == set(UNITS) - left_out
    with writer:
        for unit in sorted(left_out):
            write_unit(writer, unit)
            pieces.keep()
    made = tmp_path / "made"
    made.mkdir()
    (made / "crawl.json").write_bytes(storage.read_bytes("c/crawl.json"))
    put_together(storage, ["c/base", *folders, part_folder("c", REST)], made)
    assert rows(made) == rows(whole.directory)
    assert len(read_crawl(made).queries) == len(UNITS)


def test_pieces_grow_and_only_whole_lines_are_kept(tmp_path: Path) -> None:
    storage, here = Storage((tmp_path / "store").as_uri()), tmp_path / "here"
    here.mkdir()
    pieces = Pieces(storage, "c/shard-0", here)
    pieces.begun(1)
    line = b"x" * 200_000 + b"\n"
    for _ in range(12):
        with (here / "shops.jsonl").open("ab") as file:
            file.write(line)
        pieces.keep()
    with (here / "shops.jsonl").open("ab") as file:
        file.write(b"cut off")
    pieces.keep()
    names = storage.list("c/shard-0")
    assert names == [f"c/shard-0/0001/shops.jsonl.{number:05d}" for number in range(2)]
    assert all(storage.size(name) <= PIECE_BYTES + len(line) for name in names)
    again = tmp_path / "again"
    again.mkdir()
    put_together(storage, ["c/shard-0"], again)
    assert (again / "shops.jsonl").read_bytes() == line * 12
    assert sorted(path.name for path in again.iterdir()) == sorted(FILES)


def test_a_crawl_of_one_machine_is_gone_on_with(tmp_path: Path) -> None:
    with CrawlWriter.create(tmp_path / "one", info()) as writer:
        write_unit(writer, UNITS[0])
        writer.evidence("unknown.html", b"<html>")
    storage = Storage((tmp_path / "store").as_uri())
    storage.write_bytes("c/crawl.json", (writer.directory / "crawl.json").read_bytes())
    put_base(storage, "c/base", writer.directory)
    again, _ = resumed(storage, "c/rest", tmp_path / "rest", ["c/base"])
    again.close()
    assert again.done_units == {UNITS[0]} and again.attempt == 2
    assert (tmp_path / "rest" / "evidence" / "base-0000-unknown.html").read_bytes() == b"<html>"


def test_figures_of_processes_add_up() -> None:
    rest = {"shop_count": 9, "responses": {"total": 3, "refused": 0, "by_kind": {"profile": 3}}, "errors": 0}
    shard = {"shop_count": 4, "responses": {"total": 5, "refused": 1, "by_kind": {"search": 5}}, "errors": 2}
    found = with_shards(rest, [shard, shard | {"places_missing": ["Kota Serang"]}])
    assert found["responses"] == {"total": 13, "refused": 2, "by_kind": {"profile": 3, "search": 10}}
    assert found["shop_count"] == 9 and found["errors"] == 4 and found["places_missing"] == ["Kota Serang"]


def course(kind: str = AREA, count: int = 4) -> Course:
    nowhere = Path("nowhere")
    made = Course(None, None, "tokopedia", nowhere, kind, count, dict.fromkeys(range(count), 0), 0)  # type: ignore[arg-type]
    return made


def test_two_shards_of_a_site_run_at_once_and_the_rest_comes_last() -> None:
    one = course()
    assert one.next_parts([]) == [0, 1]
    assert one.next_parts([0, 1]) == []
    one.end({"part": 0, "asked": 7, "marketplace": "tokopedia", "state": "done"})
    assert one.next_parts([1]) == [2] and one.asked == {0: 7}
    for part in (1, 2, 3):
        one.ended[part] = Outcome("tokopedia", "stopped", "budget")
    assert one.next_parts([3]) == [] and one.next_parts([]) == [REST]
    one.ended[REST] = Outcome("tokopedia", "done")
    assert one.next_parts([]) == []


def test_own_shops_are_read_side_by_side_and_a_refusal_ends_a_crawl() -> None:
    assert course(SITE, 8).next_parts([]) == list(range(8))
    one = course()
    one.ended[0] = Outcome("tokopedia", "refused", "refused")
    assert one.next_parts([1]) == [] and one.is_over


def begun(config: Config, count: int = 4) -> Course:
    storage = Storage.of(config)
    return begin(config, storage, "tokopedia", "2026-W46", AREA if count else None, None, 100, sandbox=True)


def read_by_a_worker(one: Course, number: int, units: list[str], folder: Path) -> None:
    directory = folder / f"worker-{number}"
    directory.mkdir(parents=True)
    put_together(one.storage, [part_folder(one.folder, number)], directory)
    (directory / "crawl.json").write_bytes(one.storage.read_bytes(f"{one.folder}/crawl.json"))
    pieces = Pieces(one.storage, part_folder(one.folder, number), directory)
    asked = Asked(one.storage, part_folder(one.folder, number), one.parts.get(number, 0))
    with CrawlWriter.resume(directory) as writer:
        pieces.begun(writer.attempt)
        for unit in units:
            asked.add()
            write_unit(writer, unit)
        writer.finish({"finish_reason": "finished"})
    asked.finish()
    pieces.finish()


def test_a_coordinator_that_died_goes_on_where_the_workers_are(config: Config, tmp_path: Path) -> None:
    first = begun(config)
    assert first.count == 4 and sum(first.parts.values()) < 100 and first.next_parts([]) == [0, 1]
    read_by_a_worker(first, 1, UNITS[:3], tmp_path)
    again = begun(config)
    assert again.directory == first.directory and again.parts == first.parts
    assert list(again.ended) == [1] and again.asked == {1: 3}
    assert again.next_parts([]) == [0, 2]
    again.end({"part": 1, "asked": 40, "marketplace": "tokopedia", "state": "done"})  # all its attempts together
    again.asked[0] = 60
    assert again.order(REST)["budget"] == SPENT
    again.asked = {1: 3}
    order = again.order(REST)
    assert order["budget"] == 97 and json.loads(json.dumps(order)) == order | {"settings": {}}
    assert not any(word in json.dumps(order) for word in ("postgresql", "sqlite", "phone.key"))


def test_what_a_cluster_left_comes_home(config: Config, tmp_path: Path) -> None:
    first = begun(config)
    read_by_a_worker(first, 0, UNITS[:3], tmp_path)
    read_by_a_worker(first, 2, UNITS[3:5], tmp_path)
    take_home(config, "tokopedia")
    assert first.storage.list("crawls") == [] and away(config, "tokopedia") == []
    assert set(read_crawl(first.directory).queries["unit"]) == set(UNITS[:5])
    assert not (first.directory / "stats.json").exists()
    after = begun(config)  # now one process reads what is left, on whichever worker
    assert after.directory == first.directory and after.count == 0 and after.next_parts([]) == [REST]
    take_home(config, "tokopedia")
    assert set(read_crawl(first.directory).queries["unit"]) == set(UNITS[:5])


@pytest.mark.postgresql
def test_a_second_crawl_of_a_marketplace_is_refused(postgresql_config: Config, tmp_path: Path) -> None:
    """And nothing of the cluster is needed to say so."""
    engine = private_engine(postgresql_config)
    with recorded(engine, "crawl", "tokopedia", "2026-W46") as run:
        with engine.begin() as connection:
            elsewhere = {"holder": "other-machine:1@1", "lease_until": utc_text(utc_now() + timedelta(minutes=1))}
            connection.execute(update(runs).where(runs.c.run_id == run.run_id).values(**elsewhere))
        (outcome,) = crawl_on_cluster(postgresql_config, engine, ["tokopedia"], "2026-W46", address="tcp://127.0.0.1:1")
    engine.dispose()
    assert outcome.state == "crashed" and "already being done by other-machine" in str(outcome.message)
    assert not postgresql_config.crawls_dir.exists()


def test_a_file_as_store_is_refused(config: Config) -> None:
    with pytest.raises(UsageError, match="PostgreSQL"):
        crawl_on_cluster(config, private_engine(config), ["tokopedia"], "2026-W46", address="tcp://127.0.0.1:1")


# --- lanes ------------------------------------------------------------------------------------------------------------


def test_a_lane_lets_one_request_through_per_delay_whoever_asks() -> None:
    chance, lane, now = random.Random(5), Lane(), 1_000.0
    sent: list[float] = []
    in_flight: tuple[str, float, float] | None = None  # who, sent, answered at
    while len(sent) < 200:
        now += chance.uniform(0.001, 0.3)
        if in_flight is not None and now >= in_flight[2]:
            lane, _ = answered(lane, now, in_flight[0], now - in_flight[1])
            in_flight = None
        who = f"w{chance.randrange(3)}"
        if in_flight is not None and in_flight[0] == who:
            continue  # a process sends one request at a time
        lane, wait = ask(lane, now, who, 2.0, "a/1")
        if wait == 0:
            assert in_flight is None
            sent.append(now)
            in_flight = (who, now, now + chance.choice([0.1, 0.5, 5.0]))
        else:
            assert wait > 0
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert min(gaps) >= 2.0


def test_the_lane_of_a_dead_process_is_free_when_its_lease_ends() -> None:
    lane, _ = ask(Lane(), 10.0, "dead", 2.0, "a/1")
    lane, wait = ask(lane, 13.0, "other", 2.0, "a/1")
    assert 0 < wait <= LEASE_S
    lane = renew(lane, 14.0, "dead")
    assert ask(lane, 10.0 + LEASE_S + 1, "other", 2.0, "a/1")[1] > 0  # it lives: its request is slow
    assert ask(lane, 14.0 + LEASE_S, "other", 2.0, "a/1")[1] == 0


def test_what_the_site_asks_for_is_heard_by_all_and_only_once() -> None:
    lane, _ = ask(Lane(), 10.0, "a", 2.0, "a/1")
    lane, had_waited = answered(lane, 11.0, "a", 1.0, 429, 30.0)
    assert not had_waited
    assert ask(lane, 12.0, "b", 2.0, "a/1")[1] == 29.0
    lane, wait = ask(lane, 41.0, "b", 2.0, "a/1")
    assert wait == 0
    assert answered(lane, 42.0, "b", 1.0, 429, 30.0)[1]  # it asks again: nobody asks it any more
    lane, _ = ask(lane, 9_999.0, "b", 2.0, "a/2")
    assert not answered(lane, 9_999.5, "b", 0.5, 429, 30.0)[1]  # another week, another crawl


def test_the_slowest_delay_of_a_crawl_holds_for_all() -> None:
    lane, _ = ask(Lane(), 10.0, "a", 10.0, "a/1")  # its robots.txt wants ten seconds
    lane, _ = answered(lane, 10.5, "a", 0.5)
    lane, wait = ask(lane, 12.0, "b", 2.0, "a/1")
    assert wait == 8.0
    lane, _ = ask(lane, 20.0, "b", 2.0, "a/1")
    assert ask(answered(lane, 20.1, "b", 0.1)[0], 22.0, "a", 2.0, "a/1")[1] == 8.0


def test_marketplaces_under_one_domain_share_a_lane() -> None:
    assert join({"b": ["www.x.id", "y.com"], "a": ["api.x.id"], "c": ["z.com"]}) == {
        "x.id": "a",
        "y.com": "a",
        "z.com": "c",
    }
    assert lane_of("gql.tokopedia.com") == lane_of("www.tokopedia.com") == "tokopedia"
    assert lane_of("www.blibli.com") == lane_of("siplah.blibli.com")
    assert lane_of("www.kopi-ani.co.id") == domain("toko.kopi-ani.co.id") == "kopi-ani.co.id"
    assert domain("localhost") == "localhost"


def test_lanes_are_kept_in_the_store(stores: Config) -> None:
    engine, now = private_engine(stores), [1_000.0]

    def keeper(name: str, crawl_id: str = "tokopedia/1", run_id: int | None = None) -> LaneKeeper:
        return LaneKeeper(engine, crawl_id, run_id, name, clock=lambda connection: now[0])

    one, two = keeper("one"), keeper("two")
    assert one.ask("tokopedia", 2.0) == 0
    assert two.ask("tokopedia", 2.0) > 0 and two.ask("shopee", 2.0) == 0
    one.renew("tokopedia")
    assert not one.answered("tokopedia", 0.1, 503, 60.0)
    assert two.ask("tokopedia", 2.0) == 60.0
    now[0] += 60.0
    assert two.ask("tokopedia", 2.0) == 0
    one.close("tokopedia")
    with pytest.raises(ClosedError, match="refused"):
        two.ask("tokopedia", 2.0)
    now[0] += 99.0
    assert keeper("one", "tokopedia/2").ask("tokopedia", 2.0) == 0  # another crawl
    with recorded(engine, "crawl", "tokopedia", "2026-W46") as run:
        assert keeper("three", run_id=run.run_id).ask("blibli", 2.0) == 0
    with pytest.raises(ClosedError, match="not wanted"):
        keeper("three", run_id=run.run_id).ask("blibli", 2.0)
    engine.dispose()


def test_scratch_of_dead_processes_goes_and_that_of_another_machine_stays(config: Config) -> None:
    dead = "4194399-left"  # above the largest number of a process
    root = config.data_dir / "cluster" / "crawling"
    own, theirs = (root / host / dead for host in (socket.gethostname(), "other"))
    for folder in (own, theirs):
        folder.mkdir(parents=True)
    with _scratch(config) as made:
        assert made.is_dir()
        assert not own.exists()
        assert theirs.is_dir()
