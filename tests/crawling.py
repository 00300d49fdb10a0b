"""Helpers of the crawl tests: a small served world, and crawls of it by the real command."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd

from monitor.config import Config
from monitor.crawl.files import list_crawls
from monitor.crawl.process import ROOT, command, environment
from monitor.crawl.store import read_crawl

WEEK = "2026-W46"
QUERIES = 20  # of the panel: enough for every kind of answer
TIMES = ["observed_at"]


def rows(directory: Path) -> dict[str, list[str]]:
    """Everything that was read, in a form that compares: one JSON text per row, times aside."""
    data = read_crawl(directory)
    found = {}
    for name, frame in (("shops", data.shops), ("listings", data.listings), ("queries", data.queries)):
        plain = frame.drop(columns=TIMES, errors="ignore")
        found[name] = plain.to_json(orient="records", lines=True).splitlines()
    found["issues"] = sorted(data.issues.drop(columns=TIMES).to_json(orient="records", lines=True).splitlines())
    return found


def only_crawl(config: Config, slug: str) -> Path:
    (directory,) = list_crawls(config.crawls_dir, slug, WEEK)
    return directory


def short_command(slug: str, sandbox: Path | None, week: str, budget: int, plan: Path | None = None) -> list[str]:
    """The crawl command with only the first queries of the panel."""
    return [*command(slug, sandbox, week, budget, plan), "-s", f"MONITOR_QUERIES={QUERIES}"]


def start(config: Config, slug: str, sandbox: Path, **options: object) -> subprocess.Popen[bytes]:
    """The crawl process itself, as `monitor crawl` starts it."""
    return subprocess.Popen(
        short_command(slug, sandbox, WEEK, 0),
        cwd=ROOT,
        env=environment(config),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        **options,  # type: ignore[call-overload]
    )


def end_of(process: subprocess.Popen[bytes]) -> str:
    """What it said until its end. Not `communicate`: that closes its standard input, which ends a crawl."""
    assert process.stderr is not None and process.stdin is not None
    said = process.stderr.read()
    process.wait(timeout=60)
    process.stderr.close()
    process.stdin.close()
    return said.decode()


def done_lines(config: Config, slug: str) -> int:
    found = list_crawls(config.crawls_dir, slug, WEEK) if config.crawls_dir.exists() else []
    path = found[-1] / "queries.jsonl" if found else None
    return path.read_bytes().count(b'"done":true') if path is not None and path.exists() else 0


def kill_after(config: Config, slug: str, sandbox: Path, units: int) -> None:
    """Start the crawl and SIGKILL it once so many units are done (or it has ended before)."""
    process = start(config, slug, sandbox)
    deadline = time.monotonic() + 60
    while process.poll() is None and done_lines(config, slug) < units and time.monotonic() < deadline:
        time.sleep(0.003)
    process.send_signal(signal.SIGKILL)
    end_of(process)


def text_of(directory: Path) -> str:
    """All text a crawl wrote, its log included."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(directory.glob("*")) if path.is_file())


def world_rows(folder: Path, slug: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shops and listings of a marketplace of the world, by id."""
    shops, listings = pd.read_parquet(folder / "shops.parquet"), pd.read_parquet(folder / "listings.parquet")
    return (
        shops[shops["marketplace"] == slug].set_index("shop_id"),
        listings[listings["marketplace"] == slug].set_index("listing_id"),
    )


Answerer = Callable[[str], tuple[int, dict[str, str], bytes]]


@contextmanager
def little_site(folder: Path, hosts: list[str], answer: Answerer) -> Iterator[list[str]]:
    """A sandbox folder whose hosts are all answered by `answer(path)`; yields the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hosts.json").write_text(json.dumps(dict.fromkeys(hosts, server.server_address[1])))
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
