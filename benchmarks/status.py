"""Is the screen there at once, also after years? Seconds of `status`, `plan` and the pages with many rows in `runs`.

Run: python benchmarks/status.py [--rows N] [--weeks N]. Makes a store with N runs spread evenly over the weeks and
measures processor seconds: of the look alone, of the whole commands, of `serve`'s first pages. Exit code 1 where
`status` or its page takes a second or more; on a busy machine, where everything takes more processor time, four times
what loading SQLAlchemy alone takes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]
from sqlalchemy import insert  # noqa: E402

from monitor.config import Config, load_config  # noqa: E402
from monitor.database import private_engine, transaction  # noqa: E402
from monitor.permission import with_spider  # noqa: E402
from monitor.private_store import runs  # noqa: E402
from monitor.read_only import reading_engine  # noqa: E402
from monitor.verbs.status import read_standing  # noqa: E402
from monitor.weeks import utc_now, utc_text, week_of  # noqa: E402

LIMIT_S, TIMES = 1.0, 4
ALONE = "loading SQLAlchemy alone"
HELD = ("the look of status", "monitor status", "page /")  # what the limit is for
PORT = 8_047
VERBS = ("load", "link", "measure", "report", "week", "backup", "probe check", "review export")
COMMANDS = (["status"], ["plan"], ["run", "--once", "--dry-run"], ["--help"])
PAGES = ("/", "/plan", "/marketplaces")
CONFIG = '[crawl]\nuser_agent_contact = "ops@example.go.id"\n[crawl.terms_checked_on]\n'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--weeks", type=int, default=104)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        config = make(Path(scratch), asked.rows, asked.weeks)
        print(f"{asked.rows:,} runs over {asked.weeks} weeks, {len(with_spider())} marketplaces; processor seconds")
        found = dict(_told(measured(config)))
    limit = max(LIMIT_S, TIMES * found[ALONE])
    slow = [name for name in HELD if found[name] >= limit]
    print(f"{', '.join(slow or HELD)}: {'' if slow else 'under '}{limit:.2f} s{' or more' if slow else ''}.")
    return 1 if slow else 0


def _told(found: Iterator[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    for name, seconds in found:
        print(f"{name:<28} {seconds:6.2f}", flush=True)
        yield name, seconds


def make(folder: Path, rows: int, weeks: int) -> Config:
    """A data folder with a store of that many runs, nearly all done."""
    terms = "".join(f"{slug} = 2024-01-01\n" for slug in with_spider())
    (folder / "monitor.toml").write_text(CONFIG + terms)
    config = load_config({"MONITOR_DATA_DIR": str(folder)})
    engine = private_engine(config)
    made = list(_runs(config, rows, weeks))
    with transaction(engine) as connection:
        for start in range(0, rows, 50_000):
            connection.execute(insert(runs), made[start : start + 50_000])
    engine.dispose()
    return config


def _runs(config: Config, rows: int, weeks: int) -> Iterator[dict[str, str | None]]:
    now, zone, slugs = utc_now(), config.region.zone, list(with_spider())
    for number in range(rows):
        at = now - timedelta(weeks=weeks) * (number / rows)
        is_crawl = number % 4 > 0
        yield {
            "verb": "crawl" if is_crawl else VERBS[number // 4 % len(VERBS)],
            "subject": slugs[number % len(slugs)] if is_crawl else None,
            "week": week_of(at, zone),
            "holder": "vm 1234",
            "outcome": "failed" if number % 50 == 0 else "done",
            **_times(at),
        }


def _times(at: datetime) -> dict[str, str]:
    began, ended = utc_text(at), utc_text(at + timedelta(minutes=7))
    return {"started_at": began, "heartbeat_at": ended, "finished_at": ended}


def measured(config: Config) -> Iterator[tuple[str, float]]:
    """What is looked at, and its processor seconds."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    env["MONITOR_DATA_DIR"] = str(config.data_dir)
    engine = reading_engine(config)
    yield "the look of status", _own(lambda: read_standing(engine, config))
    engine.dispose()
    yield ALONE, _of_command(["-c", "import sqlalchemy"], env)
    for words in COMMANDS:
        yield f"monitor {' '.join(words)}", _of_command(["-m", "monitor", *words], env)
    yield from _pages(env)


def _own(look: Callable[[], object]) -> float:
    before = time.process_time()
    look()
    return time.process_time() - before


def _of_command(words: list[str], env: Mapping[str, str]) -> float:
    before = os.times()
    subprocess.run([sys.executable, *words], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=False)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _pages(env: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """The first time each page is asked for: nothing is kept between two looks but for seconds."""
    command = [sys.executable, "-m", "monitor", "serve", "--port", str(PORT)]
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE) as server:
        assert server.stdout
        server.stdout.readline()
        time.sleep(1)
        for page in PAGES:
            before = _used(server.pid)
            with urlopen(f"http://127.0.0.1:{PORT}{page}", timeout=60) as answer:
                answer.read()
            yield f"page {page}", _used(server.pid) - before
        server.terminate()


def _used(pid: int) -> float:
    """Processor seconds of a running process (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
