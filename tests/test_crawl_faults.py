"""What the real spider makes of each fault: it ends, names what went wrong, keeps a page, and holds nothing large."""

import subprocess
import sys
from pathlib import Path

import crawling
import pytest
from crawling import WEEK, only_crawl, short_command

from monitor.config import Config, load_config
from monitor.crawl import process as crawl_process
from monitor.crawl.process import ROOT, environment
from monitor.sandbox import world
from monitor.sandbox.server import Server
from monitor.verbs.crawl import crawl_all

pytestmark = pytest.mark.prove
SLUG = "lazada"


@pytest.fixture(autouse=True)
def few_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "QUERIES", 4)

    def impatient(*arguments: object) -> list[str]:
        limits = ["-s", "DOWNLOAD_TIMEOUT=2", "-s", "RETRY_TIMES=0"]
        return [*short_command(*arguments), *limits]  # type: ignore[arg-type]

    monkeypatch.setattr(crawl_process, "command", impatient)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world")
    world.write(world.make_world(11, 600, 1500, marketplaces=(SLUG,)), path)
    return path


@pytest.mark.parametrize(
    ("fault", "state", "cause"),
    [
        ("shopee_error:status=200", "refused", "refused:error_90309999"),
        ("shopee_verify", "failed", "redirected"),
        ("lazada_header", "refused", "refused:challenge"),
        ("lazada_cookie", "refused", "refused:challenge"),
        ("lazada_flag", "refused", "refused:challenge"),
        ("lazada_ret", "refused", "refused:challenge"),
        ("akamai", "refused", "refused:access_denied"),
        ("cloudflare", "refused", "refused:challenge"),
        ("cloudflare:status=200", "refused", "refused:challenge"),
        ("probe", "refused", "refused:challenge"),
        ("hotspot", "failed", "other_page"),
        ("shell", "refused", "refused:html_instead_of_data"),
        ("graphql_errors", "failed", "not_the_page"),
        ("redirect:to=loopback", "failed", "redirected:302"),
        ("redirect:to=private", "failed", "redirected:302"),
        ("redirect:to=host", "failed", "redirected:302"),
        ("5xx:status=502", "failed", "http_5xx:502"),
        ("5xx:status=404", "failed", "http_4xx:404"),
        ("invalid", "failed", "cut"),
        ("encoding", "failed", "cut"),
        ("rename:field=name", "failed", "format_changed:name"),
        ("retype:field=price", "failed", "format_changed:price"),
        ("bomb:size=60", "failed", "too_large"),
        ("reset", "refused", "refused:connection_lost"),
        ("drip:seconds=5", "refused", "refused:timeout"),
        ("slow:seconds=4", "refused", "refused:timeout"),
        ("repeat", "failed", "repeated_pages"),
        ("endless", "failed", "repeated_pages"),
        ("robots_refuse", "failed", "robots"),
        ("robots_fail", "failed", "robots_unreachable"),
        ("down", "failed", "connection_refused"),
    ],
)
def test_every_fault_has_its_name(folder: Path, config: Config, fault: str, state: str, cause: str) -> None:
    with Server(folder, {SLUG: fault}):
        (outcome,) = crawl_all(config, [SLUG], sandbox=folder, week=WEEK)
    assert (outcome.state, outcome.cause) == (state, cause)
    assert outcome.row()["action"]


def test_pages_behind_the_problem_are_kept(folder: Path, config: Config) -> None:
    with Server(folder, {SLUG: "retype:field=price"}):
        crawl_all(config, [SLUG], sandbox=folder, week=WEEK)
    kept = list((only_crawl(config, SLUG) / "evidence").iterdir())
    assert 1 <= len(kept) <= 4 and all(path.name.replace("-", "").replace("_", "").isalnum() for path in kept)
    assert all(path.stat().st_size <= 1_000_000 and path.stat().st_mode & 0o077 == 0 for path in kept)


# Begun by a small process: a new program inherits the peak of the one that it was forked from.
PEAK = """
import os, subprocess, sys
_, _, used = os.wait4(subprocess.Popen(sys.argv[1:]).pid, 0)
print(used.ru_maxrss)
"""


def test_a_page_of_200_megabytes_is_cut_off_recorded_and_never_held(folder: Path, tmp_path: Path) -> None:
    config = load_config({"MONITOR_DATA_DIR": str(tmp_path / "data")})
    with Server(folder, {SLUG: "big:size=200"}):
        command = [sys.executable, "-c", PEAK, *short_command(SLUG, folder, WEEK, 0), "-s", "DOWNLOAD_TIMEOUT=60"]
        pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
        with subprocess.Popen(
            command, cwd=ROOT, env=environment(config), stdin=pipe, stdout=pipe, stderr=quiet, text=True
        ) as process:
            assert process.stdout is not None
            peak = int(process.stdout.read().split()[-1])
    assert peak / 1024 < 400  # MiB, of which 180 are the program
    issues = (only_crawl(config, SLUG) / "issues.jsonl").read_text()
    assert '"kind":"too_large"' in issues
