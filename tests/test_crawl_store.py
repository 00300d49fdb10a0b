"""Crawl directories: nothing lost but the line being written, the same rows after a kill, one sentence on damage."""

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from monitor.crawl import reader as crawl_reader
from monitor.crawl.files import FORMAT_VERSION, CrawlInfo, list_crawls, newest_unfinished, read_info
from monitor.crawl.store import CrawlWriter, read_crawl
from monitor.errors import StoreError
from monitor.items import Identifier, Issue, Listing, Shop

SLUG = "tokopedia"
WEEK = "2026-W47"


def shop(shop_id: str, **values: object) -> Shop:
    return Shop(marketplace=SLUG, shop_id=shop_id, **values)


def listing(listing_id: str, **values: object) -> Listing:
    return Listing(marketplace=SLUG, listing_id=listing_id, shop_id="1", **values)


def new(root: Path, **values: object) -> CrawlWriter:
    values = {"marketplace": SLUG, "week": WEEK, "started_at": "2026-11-21T01:02:03Z"} | values
    return CrawlWriter.create(root, CrawlInfo(**values))


def ids(directory: Path) -> list[str]:
    return list(read_crawl(directory).shops["shop_id"])


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    with new(tmp_path, observed_on="2026-11-20", mapping={"name": "Nama"}) as writer:
        phone = Identifier(kind="phone", where="description", hash="ab" * 16, key_id="k1")
        full = shop(
            "7494630673243474538",
            name="Pisang Sale “Maknyus” 😀",
            aliases=["pisang-sale"],
            rating=5,
            latitude=-6.1,
            is_official=False,
            identifiers=[phone],
            area_codes=["3604", "3673"],
        )
        writer.write(full, "a")
        writer.write(listing("9", title="Sale\u2028 pisang\n", price_idr=21_999, is_advert=True), "a")
        writer.write(Issue(marketplace=SLUG, kind="odd", message="x"), "a")
        writer.unit_done("a", "pisang", 40, 2, found=True, requests=3)
        writer.finish({"finish_reason": "finished", "at": read_info})
    data = read_crawl(writer.directory)
    assert data.info.crawl_id == "tokopedia/2026-11-21T010203Z" == f"{SLUG}/{writer.directory.name}"
    assert data.info.mapping == {"name": "Nama"}
    row = data.shops.iloc[0]
    assert row["shop_id"] == "7494630673243474538"
    assert row["name"] == "Pisang Sale “Maknyus” 😀"
    assert (row["rating"], row["latitude"], row["is_official"]) == (5.0, -6.1, False)
    assert list(row["area_codes"]) == ["3604", "3673"]
    assert list(row["identifiers"]) == [
        {"kind": "phone", "where": "description", "value": None, "hash": "ab" * 16, "key_id": "k1"}
    ]
    assert data.shops["city"].isna().all()
    assert data.listings.iloc[0]["title"] == "Sale\u2028 pisang\n"
    assert data.listings.iloc[0]["price_idr"] == 21_999
    assert len(data.issues) == 1
    assert data.queries.iloc[0].to_dict() == {
        "unit": "a",
        "query": "pisang",
        "declared_total": 40,
        "fetched": 2,
        "capped": False,
        "found": True,
        "requests": 3,
        "stage": None,
        "split_into": 0,
    }
    assert data.stats is not None
    assert data.stats["finish_reason"] == "finished"


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    with new(tmp_path / "crawls") as writer:
        writer.write(shop("1"), "a")
        writer.unit_done("a", None, None, 1)
        writer.evidence("../../etc/passwd", b"x")
        writer.evidence("../../etc/passwd", b"y")
        writer.finish({})
    for path in (tmp_path / "crawls").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert sorted(path.name for path in (writer.directory / "evidence").iterdir()) == ["2-etc-passwd", "etc-passwd"]


def test_rows_of_units_that_are_not_done_do_not_count(tmp_path: Path) -> None:
    with new(tmp_path) as writer:
        writer.write(shop("1"), "a")
        writer.unit_done("a", "q", None, 1)
        writer.write(shop("2"), "b")
        writer.write(Issue(marketplace=SLUG, kind="refused", message="m"), "b")
    assert ids(writer.directory) == ["1"]
    assert list(read_crawl(writer.directory).issues["kind"]) == ["refused"]
    assert read_crawl(writer.directory).stats is None


def test_resume_runs_only_what_is_not_done_and_gives_the_same_rows(tmp_path: Path) -> None:
    with new(tmp_path) as writer:
        writer.write(shop("1", name="first"), "a")
        writer.unit_done("a", "q", None, 1)
        writer.write(shop("2", name="half"), "b")
    with (writer.directory / "shops.jsonl").open("ab") as file:
        file.write(b'{"type":"shop","unit":"b","attempt":1,"shop_id":"99","identifiers":[{}')
    assert newest_unfinished(tmp_path, SLUG, WEEK) == writer.directory
    with CrawlWriter.resume(writer.directory) as again:
        assert (again.done_units, again.attempt) == ({"a"}, 2)
        again.write(shop("2", name="whole"), "b")
        again.unit_done("b", "q", None, 1)
        again.finish({})
    shops = read_crawl(writer.directory).shops
    assert list(zip(shops["shop_id"], shops["name"], strict=True)) == [("1", "first"), ("2", "whole")]
    assert newest_unfinished(tmp_path, SLUG, WEEK) is None
    with pytest.raises(StoreError, match="is finished"):
        CrawlWriter.resume(writer.directory)


def test_every_attempt_has_a_number_of_its_own(tmp_path: Path) -> None:
    new(tmp_path).close()
    directory = list_crawls(tmp_path)[0]
    numbers = []
    for _ in range(3):
        with CrawlWriter.resume(directory) as writer:
            numbers.append(writer.attempt)
    assert numbers == [2, 3, 4]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with new(tmp_path) as writer, pytest.raises(StoreError, match="another process"):
        CrawlWriter.resume(writer.directory)


def test_the_last_line_may_be_cut_anywhere(tmp_path: Path) -> None:
    with new(tmp_path) as writer:
        for number in range(3):
            writer.write(shop(str(number), identifiers=[Identifier(kind="nib", where="name", value="1")]), "a")
        writer.unit_done("a", "q", None, 3)
    path = writer.directory / "shops.jsonl"
    whole = path.read_bytes()
    start = whole.rstrip(b"\n").rfind(b"\n") + 1
    for cut in {start, start + 1, *range(start, len(whole), 23), len(whole) - 2, len(whole) - 1}:
        path.write_bytes(whole[:cut])
        assert ids(writer.directory) == ["0", "1"], cut


def test_a_broken_line_that_no_kill_explains_is_damage(tmp_path: Path) -> None:
    with new(tmp_path) as writer:
        for number in range(3):
            writer.write(shop(str(number)), "a")
        writer.unit_done("a", "q", None, 3)
    path = writer.directory / "shops.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:40] + b"\n" + lines[2])
    with pytest.raises(StoreError, match=r"shops\.jsonl is damaged before line 3") as caught:
        read_crawl(writer.directory)
    assert "\n" not in str(caught.value)
    path.write_bytes(lines[0] + lines[1].replace(b'"shop_id":"1"', b'"shop_id":{"x":1}') + lines[2])
    with pytest.raises(StoreError, match="wrong type"):
        read_crawl(writer.directory)


def test_repeated_shops_are_merged_the_same_whatever_came_first(tmp_path: Path) -> None:
    a = shop("1", name="A", aliases=["x"], area_codes=[])
    b = shop(
        "1",
        name="B",
        city="Serang",
        aliases=["y", "x"],
        area_codes=["3673"],
        status="closed",
        identifiers=[Identifier(kind="nib", where="name", value="1")],
    )
    found = []
    for number, order in enumerate((("a", "b"), ("b", "a"))):
        with new(tmp_path / str(number)) as writer:
            for unit in order:
                writer.write({"a": a, "b": b}[unit], unit)
                writer.write(shop("2", name=f"only {unit}"), unit)
                writer.unit_done(unit, unit, None, 1)
        found.append(read_crawl(writer.directory).shops)
    assert found[0].equals(found[1])
    row = found[0].iloc[0]
    assert (row["name"], row["city"], row["status"]) == ("A", "Serang", "closed")
    assert (list(row["aliases"]), list(row["area_codes"])) == (["x", "y"], ["3673"])
    assert [entry["value"] for entry in row["identifiers"]] == ["1"]
    assert list(found[0]["name"]) == ["A", "only a"]


def test_a_shop_of_several_cities_keeps_what_belongs_to_the_first(tmp_path: Path) -> None:
    with new(tmp_path) as writer:
        writer.write(shop("1", city="Bandung", area_codes=[]), "a")
        writer.write(shop("1", city="Tangerang Selatan", area_codes=["3674"], district="Pamulang"), "b")
        writer.write(shop("1", city="Bandung", province="Jawa Barat"), "c")
        writer.write(shop("2", city=None), "a")
        writer.write(shop("2", city="Cilegon", area_codes=["3672"]), "b")
        for unit in "abc":
            writer.unit_done(unit, unit, None, 1)
    first, second = (row for _, row in read_crawl(writer.directory).shops.iterrows())
    assert (first["city"], list(first["area_codes"]), first["province"]) == ("Bandung", [], "Jawa Barat")
    assert first["district"] is None or first.isna()["district"]
    assert (second["city"], list(second["area_codes"])) == ("Cilegon", ["3672"])


def test_lines_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawl_reader, "BLOCK_BYTES", 1000)
    with new(tmp_path) as writer:
        for number in range(30):
            writer.write(shop(str(number), description="x" * (5000 if number % 7 == 0 else 10)), "a")
        writer.unit_done("a", "q", None, 30)
    shops = read_crawl(writer.directory).shops
    assert len(shops) == 30
    assert shops["description"].str.len().max() == 5000
    with new(tmp_path) as writer:
        writer.write(shop("1", description="y" * (3 << 20)), "a")
        writer.unit_done("a", "q", None, 1)
    assert read_crawl(writer.directory).shops["description"].str.len().max() == 3 << 20


def test_hostile_text_is_kept_readable(tmp_path: Path) -> None:
    with new(tmp_path) as writer:
        writer.write(shop("1", name="nul\x00 half \ud83d end", description="\\u0000"), "a")
        writer.unit_done("a", "q", None, 1)
    row = read_crawl(writer.directory).shops.iloc[0]
    assert row["name"] == "nul half ? end"
    assert row["description"] == "\\u0000"


@pytest.mark.parametrize(
    "values", [{"name": 5}, {"listing_count": 1.5}, {"listing_count": True}, {"aliases": None}, {"status": None}]
)
def test_wrong_types_are_refused_when_written(tmp_path: Path, values: dict[str, object]) -> None:
    with new(tmp_path) as writer:
        with pytest.raises(TypeError, match=next(iter(values))):
            writer.write(shop("1", **values), "a")
        with pytest.raises(ValueError, match="JSON"):
            writer.write(shop("1", rating=float("nan")), "a")


def test_newer_damaged_and_half_begun_directories(tmp_path: Path) -> None:
    new(tmp_path).close()
    directory = list_crawls(tmp_path)[0]
    (tmp_path / SLUG / "2026-11-22T000000Z").mkdir()  # killed before crawl.json
    assert list_crawls(tmp_path, SLUG, WEEK) == [directory]
    values = json.loads((directory / "crawl.json").read_text())
    (directory / "crawl.json").write_text(json.dumps(values | {"format_version": FORMAT_VERSION + 1, "new": 1}))
    with pytest.raises(StoreError, match="newer program"):
        read_crawl(directory)
    for text in ("", "{", "[]", "{}", '{"format_version": 1}', '{"format_version": 1, "x": 2}'):
        (directory / "crawl.json").write_text(text)
        with pytest.raises(StoreError, match="damaged"):
            read_info(directory)
    (directory / "crawl.json").write_text(json.dumps(values))
    (directory / "stats.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        read_crawl(directory)


def test_two_that_start_in_the_same_second(tmp_path: Path) -> None:
    first, second = new(tmp_path), new(tmp_path)
    first.close()
    second.close()
    assert [read_info(path).crawl_id for path in list_crawls(tmp_path)] == [
        "tokopedia/2026-11-21T010203Z",
        "tokopedia/2026-11-21T010203Z-2",
    ]
    assert list_crawls(tmp_path, SLUG, "2026-W48") == []
    assert list_crawls(tmp_path / "nowhere") == []


CHILD = """
    import resource, signal, sys
    from pathlib import Path
    from monitor.crawl.files import CrawlInfo, newest_unfinished
    from monitor.crawl.store import CrawlWriter
    from monitor.errors import StoreError
    from monitor.items import Listing, Shop
    root, limit = Path(sys.argv[1]), int(sys.argv[2])
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        unfinished = newest_unfinished(root, "tokopedia", "2026-W47")
        info = CrawlInfo(marketplace="tokopedia", week="2026-W47")
        writer = CrawlWriter.resume(unfinished) if unfinished else CrawlWriter.create(root, info)
        print("ready", flush=True)
        for number in range(100):
            unit = f"{number:04d}"
            if unit in writer.done_units:
                continue
            if not sys.stdin.readline():
                signal.pause()
            for shop in range(10):
                shop_id = str(number * 7 + shop)
                writer.write(Shop(marketplace="tokopedia", shop_id=shop_id, name=f"{unit} {shop_id}"), unit)
                writer.write(Listing(marketplace="tokopedia", listing_id=unit + shop_id, shop_id=shop_id), unit)
            writer.unit_done(unit, unit, None, 10)
        writer.finish({})
    except StoreError as error:
        sys.exit(str(error))
"""


def child(root: Path, limit: int = 0, units: int = 100) -> "subprocess.Popen[str]":
    """A crawl that may do `units` units and then waits for ever, so that a kill always finds it at work."""
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(root), str(limit)]
    permits, giver = os.pipe()
    os.write(giver, b"\n" * units)
    os.close(giver)
    process = subprocess.Popen(command, stdin=permits, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.close(permits)
    return process


def test_killed_again_and_again_it_gives_the_rows_of_an_undisturbed_crawl(tmp_path: Path) -> None:
    assert child(tmp_path / "calm").communicate() == ("ready\n", "")
    calm = read_crawl(list_crawls(tmp_path / "calm")[0])
    for units, delay in ((0, 0), (3, 0.001), (7, 0.002), (11, 0.004), (5, 0.02), (20, 0.008)):
        process = child(tmp_path / "killed", units=units)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    assert child(tmp_path / "killed").communicate() == ("ready\n", "")
    data = read_crawl(list_crawls(tmp_path / "killed")[0])
    assert data.shops.equals(calm.shops)
    assert data.listings.equals(calm.listings)
    assert data.queries.equals(calm.queries)


def test_no_space_left_is_one_sentence_and_costs_nothing_before_it(tmp_path: Path) -> None:
    process = child(tmp_path, limit=60_000)
    _, message = process.communicate()
    assert process.returncode == 1
    assert message.count("\n") == 1
    assert "jsonl cannot be used: File too large" in message
    directory = list_crawls(tmp_path)[0]
    before = len(read_crawl(directory).queries)
    assert 0 < before < 100
    assert child(tmp_path).communicate() == ("ready\n", "")
    assert len(read_crawl(directory).queries) == 100


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="Permission denied"):
        new(tmp_path / "crawls")


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "crawls").write_text("")
    with pytest.raises(StoreError, match="crawls"):
        new(tmp_path / "crawls")


@pytest.mark.parametrize(("sandbox", "times"), [(False, 6), (True, 0)])
def test_practice_does_not_wait_for_the_disk_with_each_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: bool, times: int
) -> None:
    forced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: forced.append(Path(f"/proc/self/fd/{handle}").resolve().name))
    monkeypatch.setattr(time, "monotonic", lambda: 1e6)  # no second passes
    with new(tmp_path, sandbox=sandbox) as writer:
        forced.clear()
        for unit in "abc":
            writer.write(shop(unit), unit)
            writer.unit_done(unit, None, None, 1)
        assert forced == ["shops.jsonl", "queries.jsonl"] * (times // 2)
        assert ids(writer.directory) == ["a", "b", "c"]  # a kill loses nothing: the system has the lines
        forced.clear()
        writer.finish({})
        assert forced[: 2 * sandbox] == ["shops.jsonl", "queries.jsonl"] * sandbox


def test_practice_is_on_disk_a_second_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows before the line of their unit, as ever."""
    forced: list[str] = []
    now = [1e6]
    monkeypatch.setattr(os, "fsync", lambda handle: forced.append(Path(f"/proc/self/fd/{handle}").resolve().name))
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with new(tmp_path, sandbox=True) as writer:
        writer.write(shop("1"), "a")
        writer.unit_done("a", None, None, 1)
        forced.clear()
        now[0] += 1
        writer.write(shop("2"), "b")
        writer.unit_done("b", None, None, 1)
        # the rows of both, the line of the first; then that of the second
        assert forced == ["shops.jsonl", "queries.jsonl", "queries.jsonl"]
