"""Crawl directories of a newer program, cut short or without their first file: what `load` and `crawl` make of them."""

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from crawl_factory import crawl, listing, rows, shop

from monitor.__main__ import run
from monitor.config import Config
from monitor.crawl.files import FORMAT_VERSION, CrawlInfo
from monitor.crawl.store import CrawlWriter, read_crawl
from monitor.database import private_engine
from monitor.errors import StoreError
from monitor.items import Issue
from pipelines.erasing import crawls
from pipelines.erasing.crawls import Erased, rewrite

WEEK = "2026-W46"
JSONL = ("queries.jsonl", "shops.jsonl", "listings.jsonl", "issues.jsonl")


def unfinished(root: Path) -> Path:
    """A crawl that was killed in its second unit; every kind of line stands in it."""
    info = CrawlInfo(marketplace="rumah_sikum", week=WEEK, started_at="2026-11-15T01:00:00Z")
    with CrawlWriter.create(root, info) as writer:
        for unit in ("a", "b"):
            for number in range(3):
                writer.write(shop(f"{unit}{number}", observed_at="2026-11-15T01:00:00Z"), unit)
                writer.write(listing(f"{unit}{number}-1", f"{unit}{number}"), unit)
            writer.write(Issue(marketplace="rumah_sikum", kind="unknown_answer", message="?"), unit)
            writer.unit_done(unit, unit, None, 3)
    return writer.directory


@pytest.mark.parametrize("name", JSONL)
def test_the_last_line_of_every_file_may_be_cut_and_the_crawl_goes_on(tmp_path: Path, name: str) -> None:
    directory = unfinished(tmp_path)
    path = directory / name
    whole = path.read_bytes()
    start = whole.rstrip(b"\n").rfind(b"\n") + 1
    for cut in (start + 1, (start + len(whole)) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        data = read_crawl(directory)
        assert "a" in set(data.queries["unit"])
        assert {f"a{number}" for number in range(3)} <= set(data.shops["shop_id"])
        writer = CrawlWriter.resume(directory)
        is_done = writer.done_units == {"a", "b"}
        writer.close()
        assert is_done == (name != "queries.jsonl")  # a unit whose line was cut is read again, whole
        shutil.rmtree(directory)
        assert unfinished(tmp_path) == directory


def loaded(config: Config) -> object:
    engine = private_engine(config)
    try:
        return rows(engine)
    finally:
        engine.dispose()


DAMAGED = "crawl.json is damaged; restore the directory from a backup or move it away."


def test_load_names_the_directory_and_changes_nothing(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    directory = crawl(config.crawls_dir, "2026-11-15", [shop("1"), listing("1-1", "1")])
    whole = (directory / "crawl.json").read_text()
    before = loaded(config)
    newer = json.dumps({"format_version": FORMAT_VERSION + 1, "new": 1})
    for text, said in ((newer, "was written by a newer program"), ("", DAMAGED), ('{"marketplace": "ruma', DAMAGED)):
        (directory / "crawl.json").write_text(text)
        assert run(["load", "--week", WEEK]) == 1
        (sentence,) = capsys.readouterr().err.splitlines()
        assert said in sentence
        assert str(directory) in sentence
        assert loaded(config) == before
    (directory / "crawl.json").write_text(whole)
    assert run(["load", "--week", WEEK]) == 0
    assert loaded(config) != before


def test_an_erasure_that_is_cut_short_in_a_directory_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shop `only` was shown by its products alone: what is left of it is made from them."""
    goods = [listing(f"{shop_id}-{number}", shop_id) for shop_id in ("1", "only", "other") for number in range(3)]
    whole = crawl(tmp_path / "whole", "2026-11-15", [shop("1"), shop("other"), *goods])
    person = Erased({"1": "dihapus-2026W47-a", "only": "dihapus-2026W47-b"})
    shutil.copytree(whole, tmp_path / "before")
    assert rewrite(whole, person) == 2
    for cut in range(3):
        directory = tmp_path / f"cut-{cut}"
        shutil.copytree(tmp_path / "before", directory)
        with monkeypatch.context() as patched, pytest.raises(StoreError, match="No space left"):
            patched.setattr(crawls, "write_whole", full_after(cut))
            rewrite(directory, person)
        rewrite(directory, person)
        for name in ("shops.jsonl", "listings.jsonl"):
            assert (directory / name).read_text() == (whole / name).read_text()


def full_after(writes: int) -> Callable[[Path, bytes], None]:
    """Writes so many files; then there is no space."""
    left = iter(range(writes))

    def write(path: Path, body: bytes) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(body)

    return write


def test_a_crawl_that_cannot_begin_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    info = CrawlInfo(marketplace="rumah_sikum", week=WEEK, started_at="2026-11-15T01:00:00Z")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError, match="No space left"):
        CrawlWriter.create(tmp_path, info)
    assert list((tmp_path / "rumah_sikum").iterdir()) == []


def test_a_resumed_crawl_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    directory = unfinished(tmp_path)
    values = json.loads((directory / "crawl.json").read_text())
    (directory / "crawl.json").write_text(json.dumps(values | {"format_version": FORMAT_VERSION + 1}))
    with pytest.raises(StoreError, match="update this program"):
        CrawlWriter.resume(directory)
