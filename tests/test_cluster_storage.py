"""The shared folder: whole files or none, names that stay inside, the same on a disk and on an object store."""

import multiprocessing
import os
import re
import signal
from pathlib import Path

import pandas as pd
import pytest

from monitor.cluster.storage import Storage, storage_url
from monitor.config import load_config
from monitor.errors import MonitorError, StoreError, UsageError

FRAME = pd.DataFrame({"shop_id": ["a", "b"], "weight": [1.5, None], "codes": [["3601"], []]})
PACKAGES = ("monitor", "spiders", "pipelines", "exports")


@pytest.fixture(params=["file", pytest.param("s3", marks=pytest.mark.prove)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "file":
        return Storage((tmp_path / "share").as_uri())
    return Storage(f"{request.getfixturevalue('object_store')}/{tmp_path.name}")


def test_what_was_written_is_read_back(storage: Storage) -> None:
    size = storage.write_parquet(FRAME, "link/p1/pairs.parquet")
    storage.write_json("link/p1/done.json", {"pairs": 2})
    found = storage.read_parquet("link/p1/pairs.parquet")
    assert found["shop_id"].tolist() == ["a", "b"] and [list(codes) for codes in found["codes"]] == [["3601"], []]
    assert list(storage.read_parquet("link/p1/pairs.parquet", ["weight"])) == ["weight"]
    assert storage.read_json("link/p1/done.json") == {"pairs": 2}
    assert storage.size("link/p1/pairs.parquet") == size
    assert storage.list("link") == ["link/p1/done.json", "link/p1/pairs.parquet"]
    assert storage.list("elsewhere") == []
    assert storage.exists("link/p1") and not storage.exists("link/p2")
    storage.remove("link/p1")
    storage.remove("link/p1")
    assert storage.list() == []


def test_a_folder_goes_in_and_out_with_its_mark_last(storage: Storage, tmp_path: Path) -> None:
    crawl = tmp_path / "crawl"
    (crawl / "evidence").mkdir(parents=True)
    for name in ("shops.jsonl", "stats.json", "evidence/1.html"):
        (crawl / name).write_text(name)
    storage.copy_in(crawl, "crawls/toko/1", last=("stats.json",))
    storage.copy_out("crawls/toko/1", tmp_path / "back", last=("stats.json",))
    back = tmp_path / "back"
    found = {path.relative_to(back).as_posix() for path in back.rglob("*") if path.is_file()}
    assert found == {"shops.jsonl", "stats.json", "evidence/1.html"}
    assert (back / "evidence" / "1.html").read_text() == "evidence/1.html"
    storage.copy_in(crawl / "stats.json", "one.json")
    storage.copy_out("one.json", tmp_path / "one.json")
    assert (tmp_path / "one.json").read_text() == "stats.json"


def test_the_mark_is_never_there_before_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl = tmp_path / "crawl"
    crawl.mkdir()
    for name in ("a_stats.json", "shops.jsonl"):
        (crawl / name).write_text(name)
    storage = Storage((tmp_path / "share").as_uri())
    copied: list[str] = []
    keep = storage._copy_in
    monkeypatch.setattr(storage, "_copy_in", lambda path, name: (copied.append(name), keep(path, name)))
    storage.copy_in(crawl, "c", last=("a_stats.json",))
    assert copied == ["c/shops.jsonl", "c/a_stats.json"]


def test_what_is_missing_is_one_sentence(storage: Storage, tmp_path: Path) -> None:
    for ask in (
        lambda: storage.read_parquet("none.parquet"),
        lambda: storage.read_json("none.json"),
        lambda: storage.copy_out("none", tmp_path / "x"),
    ):
        with pytest.raises(
            StoreError, match=r"holds no 'none.*check 'storage' in .cluster. on every machine"
        ) as caught:
            ask()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "../x", "a/../../x", "/etc/passwd", "a//b", "a\\b", "a/\0"])
def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no name of a shared file"):
        Storage(tmp_path.as_uri()).write_bytes(name, b"")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("s3://key:secret@bucket/x", "must not hold keys"),
        ("s3://bucket/x?key=secret", "must not hold keys"),
        ("https://bucket/x", "must start with file:// or s3://, not 'https'"),
        ("/srv/share", "must start with file:// or s3://, not '/srv/share'"),
    ],
)
def test_a_folder_that_cannot_be_shared_is_refused(tmp_path: Path, url: str, sentence: str) -> None:
    (tmp_path / "monitor.toml").write_text(f'[cluster]\nstorage = "{url}"\n')
    with pytest.raises(UsageError, match=sentence) as caught:
        storage_url(load_config({"MONITOR_DATA_DIR": str(tmp_path)}))
    assert "secret" not in str(caught.value)


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(StoreError, match=r"'x.parquet' in file://.* cannot be read or written: "):
        Storage(tmp_path.as_uri()).read_parquet("x.parquet")


def _write_for_ever(url: str) -> None:
    storage = Storage(url)
    while True:
        storage.write_bytes("big", b"x" * 4_000_000)


def test_a_killed_writer_leaves_the_file_whole_or_absent(tmp_path: Path) -> None:
    storage = Storage(tmp_path.as_uri())
    writer = multiprocessing.get_context("fork").Process(target=_write_for_ever, args=(storage.url,))
    writer.start()
    while not storage.exists("big"):
        pass
    os.kill(writer.pid or 0, signal.SIGKILL)
    writer.join()
    assert storage.size("big") == 4_000_000 and storage.list() == ["big"]


@pytest.mark.prove
def test_an_object_store_that_is_away_is_one_sentence(object_store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(MonitorError) as caught:
        Storage(object_store).read_bytes("x")
    assert "\n" not in str(caught.value) and "of-the-test" not in str(caught.value)


def test_nothing_stored_is_ever_unpickled() -> None:
    """Files, answers of sites and rows of the database come from outside; unpickling them would run what they say."""
    forbidden = re.compile(
        r"\b(pickle|cloudpickle|joblib|marshal|shelve)\b|read_pickle|to_pickle|allow_pickle\s*=\s*True|PickleType"
        r"|yaml\.(unsafe_)?load\(|torch\.load"
    )
    root = Path(__file__).parents[1]
    found = [
        f"{path.relative_to(root)}:{number}"
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if forbidden.search(line.partition("#")[0]) and not line.lstrip().startswith(("#", '"""'))
    ]
    assert found == []
