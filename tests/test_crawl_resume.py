"""A crawl that is killed at any moment and run again gives the same rows as one that nothing happened to."""

import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from crawling import ROOT, WEEK, done_lines, end_of, kill_after, only_crawl, rows, short_command, start

from monitor.config import Config, load_config
from monitor.crawl import process as crawl_process
from monitor.crawl.files import CrawlInfo, list_crawls
from monitor.crawl.process import environment, run_crawl
from monitor.crawl.store import CrawlWriter
from monitor.errors import StoreError
from monitor.living import is_living
from monitor.sandbox import world
from monitor.sandbox.server import Server

Rows = dict[str, list[str]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("world")
    world.write(world.make_world(12, 500, 100, 0.1, 0.5), folder)
    with pytest.MonkeyPatch.context() as patch, Server(folder, {}):
        patch.setattr(crawl_process, "command", short_command)
        yield folder


def config_in(path: Path, served: Path) -> Config:
    return load_config({"MONITOR_DATA_DIR": str(path), "MONITOR_PHONE_KEY_FILE": str(served / "phone.key")})


@pytest.fixture(scope="module")
def undisturbed(served: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    config = config_in(tmp_path_factory.mktemp("undisturbed"), served)
    assert run_crawl(config, "shopee", WEEK, sandbox=served).state == "done"
    return rows(only_crawl(config, "shopee"))


def killed_and_resumed(config: Config, slug: str, served: Path, moments: list[int]) -> Rows:
    for units in moments:
        kill_after(config, slug, served, units)
    outcome = run_crawl(config, slug, WEEK, sandbox=served)
    assert outcome.state == "done"
    return rows(only_crawl(config, slug))


def early_moments(undisturbed: Rows, chance: random.Random, count: int) -> list[int]:
    """Units after which to kill: well before the last one, which a fast machine reaches before the signal does."""
    return sorted(chance.sample(range(1, len(undisturbed["queries"]) // 2), count))


def test_killed_twice_and_resumed(served: Path, undisturbed: Rows, tmp_path: Path) -> None:
    moments = early_moments(undisturbed, random.Random(), 2)
    assert killed_and_resumed(config_in(tmp_path, served), "shopee", served, moments) == undisturbed, moments


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(10))
def test_killed_at_ten_random_moments(served: Path, undisturbed: Rows, tmp_path: Path, seed: int) -> None:
    moments = early_moments(undisturbed, random.Random(seed), 3)
    assert killed_and_resumed(config_in(tmp_path, served), "shopee", served, moments) == undisturbed, moments


def test_a_crawl_ends_with_whoever_started_it(served: Path, tmp_path: Path) -> None:
    config = config_in(tmp_path, served)
    code = (
        "import sys, subprocess, time\n"
        f"child = subprocess.Popen({short_command('tokopedia', served, WEEK, 0)!r}, stdin=subprocess.PIPE)\n"
        "print(child.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(config),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    while done_lines(config, "tokopedia") < 1:
        time.sleep(0.02)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 10
    while is_living(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_living(child)
    with CrawlWriter.resume(only_crawl(config, "tokopedia")) as writer:  # and its lock is free
        assert writer.attempt == 2


def test_two_crawls_never_write_one_directory(served: Path, tmp_path: Path) -> None:
    config = config_in(tmp_path, served)
    info = CrawlInfo(marketplace="plaza_banten", week=WEEK, sandbox=True)
    with CrawlWriter.create(config.crawls_dir, info):
        outcome = run_crawl(config, "plaza_banten", WEEK, sandbox=served)
    assert outcome.state == "crashed" and "is being written by another process" in str(outcome.message)
    assert len(list_crawls(config.crawls_dir)) == 1


def test_a_signal_ends_it_kindly_and_it_can_go_on(served: Path, tmp_path: Path) -> None:
    config = config_in(tmp_path, served)
    process = start(config, "tokopedia", served)
    while done_lines(config, "tokopedia") < 3:
        time.sleep(0.02)
    process.terminate()
    end_of(process)
    directory = only_crawl(config, "tokopedia")
    assert not (directory / "stats.json").exists()
    assert "Ended: shutdown" in (directory / "crawl.log").read_text()


def test_no_space_left_is_one_sentence_and_no_loss(served: Path, undisturbed: Rows, tmp_path: Path) -> None:
    config = config_in(tmp_path, served)

    def little_space() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))

    process = start(config, "shopee", served, preexec_fn=little_space)
    said = end_of(process)
    sentences = [line for line in said.splitlines() if line.startswith("monitor: ")]
    assert len(sentences) == 1 and "File too large" in sentences[0], said
    assert "Traceback" not in said
    outcome = run_crawl(config, "shopee", WEEK, sandbox=served)
    assert outcome.state == "done"
    assert rows(only_crawl(config, "shopee")) == undisturbed


def test_a_damaged_directory_is_one_sentence(served: Path, tmp_path: Path) -> None:
    config = config_in(tmp_path, served)
    CrawlWriter.create(config.crawls_dir, CrawlInfo(marketplace="shopee", week=WEEK, sandbox=True)).close()
    (only_crawl(config, "shopee") / "crawl.json").write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        run_crawl(config, "shopee", WEEK, sandbox=served)


def test_a_crawl_that_does_not_end_when_told_is_ended(tmp_path: Path) -> None:
    """As if the engine waited for something that never comes: the handler before it only takes note."""
    code = (
        "import logging, os, signal, sys, time\n"
        "from monitor import extensions\n"
        "logging.basicConfig(filename=sys.argv[1], level=logging.INFO)\n"
        "extensions.SHUTDOWN_SECONDS = 0.2\n"
        "signal.signal(signal.SIGTERM, lambda number, frame: logging.info('told'))\n"
        "extensions.CrawlDirectory.end_in_time()\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "time.sleep(30)\n"
    )
    log = tmp_path / "crawl.log"
    ended = subprocess.run([sys.executable, "-c", code, str(log)], cwd=ROOT, timeout=20, check=False)
    assert ended.returncode == 1
    assert "told" in log.read_text()
    assert "Ended: shutdown, by force" in log.read_text()


def test_told_to_end_while_an_item_is_in_the_pipelines(served: Path, tmp_path: Path) -> None:
    """The signal comes from inside a pipeline, the moment in which Scrapy alone would wait for ever."""
    code = (
        "import asyncio, os, signal\n"
        "from pipelines.normalise import Normalise as Pipeline\n"
        "before, told = Pipeline.process_item, []\n"
        "async def process_item(self, thing):\n"
        "    if not told:\n"
        "        told.append(os.kill(os.getpid(), signal.SIGTERM))\n"
        "        await asyncio.sleep(0.2)\n"
        "    return before(self, thing)\n"
        "Pipeline.process_item = process_item\n"
        "from scrapy.cmdline import execute\n"
        "execute()\n"
    )
    config = config_in(tmp_path, served)
    words = crawl_process.command("tokopedia", served, WEEK, 0)[3:]
    command = [sys.executable, "-c", code, *words]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(config), stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=False
    )
    said = end_of(process)
    log = (only_crawl(config, "tokopedia") / "crawl.log").read_text()
    assert "Ended: shutdown." in log, log + said  # by force it would say so
