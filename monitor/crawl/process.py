"""One crawl as its own process, with a time limit; what became of it is read from its crawl directory.

`scrapy crawl` exits with 0 after exceptions in spiders and pipelines, so its exit code says little.
"""

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Protocol

import monitor
from monitor.causes import action_for
from monitor.config import Config
from monitor.crawl.files import list_crawls, read_info, read_stats
from monitor.errors import StoreError
from monitor.health import Health, check
from monitor.marketplaces import marketplace
from monitor.run_log import RUN_ID, harmless_line, run_id

ROOT = Path(monitor.__file__).parents[1]  # where scrapy.cfg and the four packages are
GRACE_S = 30
KEPT_LINES = 200


class Process(Protocol):
    """What is asked of a crawl's process; `subprocess.Popen` is one."""

    stdin: IO[str] | None
    stderr: IO[str] | None

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...  # of a process that ended, once it was waited for
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...  # raises subprocess.TimeoutExpired
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


Begin = Callable[[Sequence[str], Mapping[str, str], Sequence[int]], Process]


@dataclass(frozen=True)
class Outcome:
    """What became of one marketplace.

    state: done, refused, stopped (run again to go on), failed (kept, not loaded), crashed, or not_started.
    """

    marketplace: str
    state: str
    cause: str | None = None
    message: str | None = None
    crawl_id: str | None = None
    shops: int = 0
    listings: int = 0
    answers: int = 0

    @property
    def is_failure(self) -> bool:
        return self.state in ("failed", "crashed") or (self.state == "stopped" and self.cause != "budget")

    def row(self) -> dict[str, Any]:
        """The fields, and what a person does about it (`action`; None where nothing)."""
        return asdict(self) | {"action": action_for(self.cause)}


def command(slug: str, sandbox: Path | None, week: str, budget: int, plan: Path | None = None) -> list[str]:
    settings = {"MONITOR_CHILD": "1", "MONITOR_BUDGET": str(budget)}
    if plan is not None:
        settings["MONITOR_PLAN"] = str(plan.absolute())
    if sandbox is not None:
        settings |= {"MONITOR_SANDBOX": str(sandbox.absolute()), "MONITOR_WEEK": week}
    options = [part for key, value in settings.items() for part in ("-s", f"{key}={value}")]
    return [sys.executable, "-m", "scrapy", "crawl", slug, *options]


def environment(config: Config) -> dict[str, str]:
    """The child runs in the checkout and must find the same configuration, data and key."""
    found = {
        **os.environ,
        "SCRAPY_SETTINGS_MODULE": "monitor.settings",
        "MONITOR_DATA_DIR": str(config.data_dir.absolute()),
        "MONITOR_PHONE_KEY_FILE": str(config.phone_key_file.absolute()),
        RUN_ID: str(run_id.get() or ""),
    }
    if config.source is not None:
        found["MONITOR_CONFIG"] = str(config.source.absolute())
    return found


def _popen(command: Sequence[str], environ: Mapping[str, str], fds: Sequence[int]) -> Process:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=fds,
    )


_begin: list[Begin] = [_popen]


def begin_by(begin: Begin) -> None:
    """From here on crawls of this process are begun so; for rehearsals (`monitor.rehearsal.stem`). begin: is given the
    command, the environment and open files that the process inherits, and raises OSError when it cannot."""
    _begin[0] = begin


def run_crawl(
    config: Config,
    slug: str,
    week: str,
    *,
    sandbox: Path | None = None,
    budget: int = 0,
    plan: Path | None = None,
    only_looks: bool = False,
    options: Mapping[str, str] = MappingProxyType({}),
    fds: Sequence[int] = (),
    begun: Callable[[Process], None] = lambda process: None,
    tell: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Runs one crawl to its end. Raises StoreError when it cannot be started.

    budget: requests of this run, 0 for no limit. plan: folder of the plan that a new crawl follows. only_looks: it is
    finished when its budget is spent. options: further settings of the crawl. fds: open files that it inherits. begun:
    is given the process. tell: is given each line of progress.
    """
    options = {**options, "MONITOR_LOOK": "1"} if only_looks else options
    further = [part for key, value in options.items() for part in ("-s", f"{key}={value}")]
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    try:
        process = _begin[0]([*command(slug, sandbox, week, budget, plan), *further], environment(config), fds)
    except OSError as error:
        raise StoreError(f"The crawl of {slug} cannot be started: {error.strerror or error}.") from None
    begun(process)
    reader = threading.Thread(target=_listen, args=(process, slug, lines, tell), daemon=True)
    reader.start()
    timed_out = _wait(process, config.crawl.max_seconds)
    reader.join(timeout=5)
    for pipe in (process.stdin, process.stderr):
        if pipe is not None:
            pipe.close()
    return _outcome(config, slug, week, process.returncode, timed_out, lines)


def _listen(process: Process, slug: str, lines: deque[str], tell: Callable[[str], None]) -> None:
    for line in process.stderr or ():
        text = line.rstrip("\n")
        if text.startswith(f"{slug}: "):
            tell(text)
        if not text.startswith(f"{slug}: ") or " ended (" in text:
            lines.append(text)


def _wait(process: Process, seconds: float) -> bool:
    """Whether the time limit was met. Ends the process kindly first, so that it writes what it has."""
    try:
        process.wait(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        process.terminate()
    except BaseException:  # the user's Ctrl-C, which the child has received too
        process.terminate()
        _end(process)
        raise
    _end(process)
    return True


def _end(process: Process) -> None:
    try:
        process.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def ended_since(config: Config, slug: str, week: str, began: str | None) -> Outcome | None:
    """The outcome of a crawl that ended after `began` (UTC), though whoever started it was killed before noting it."""
    found = list_crawls(config.crawls_dir, slug, week) if began else []
    stats = read_stats(found[-1] / "stats.json") if found else None
    if stats is None or read_info(found[-1]).kind != "crawl" or str(stats.get("finished_at")) < str(began):
        return None
    return _outcome(config, slug, week, 0, False, deque())


def _outcome(config: Config, slug: str, week: str, code: int | None, timed_out: bool, lines: deque[str]) -> Outcome:
    said = next((line.removeprefix("monitor: ") for line in lines if line.startswith("monitor: ")), None)
    found = list_crawls(config.crawls_dir, slug, week)
    if not found or (said and code == 0 and not (found[-1] / "queries.jsonl").exists()):
        return Outcome(slug, "crashed", "crashed", said or _keep(config, slug, lines, code))
    from monitor.crawl.store import read_crawl  # loads what reads rows; the service only needs `environment`

    data = read_crawl(found[-1])
    verdict = check(data.info, data.stats, marketplace(slug))
    ended = next((line.rpartition("(")[2].rstrip(")") for line in lines if line.startswith(f"{slug}: ended (")), None)
    state, cause, message = _state(verdict, said, ended, timed_out)
    if state == "crashed" and message is None:
        message = _keep(config, slug, lines, code)
    answers = ((data.stats or {}).get("responses") or {}).get("total", 0)
    return Outcome(slug, state, cause, message, data.info.crawl_id, len(data.shops), len(data.listings), answers)


def _state(verdict: Health, said: str | None, ended: str | None, timed_out: bool) -> tuple[str, str | None, str | None]:
    """said: the sentence it ended with, if any. ended: Scrapy's reason; None when it had no time to give one."""
    if said:
        return "crashed", "store_error", said
    if verdict.health == "healthy":
        return "done", None, None
    if verdict.health == "failed":
        state = "refused" if (verdict.cause or "").startswith("refused") else "failed"
        return state, verdict.cause, " ".join(verdict.problems)
    if timed_out:
        return "stopped", "time_limit", "The time limit was met; run the same command again to go on."
    if ended in ("budget", "shutdown", "cancelled", "network"):
        return "stopped", ended, f"Stopped before its end ({ended}); run the same command again to go on."
    return "crashed", "crashed", None


def _keep(config: Config, slug: str, lines: deque[str], code: int | None) -> str:
    """An owner-only file with what the crawl printed: kinds of errors and places; what could be a value is covered."""
    folder = config.data_dir / "logs"
    path = folder / f"crawl-{slug}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write("\n".join(map(harmless_line, lines)) + "\n")
    except OSError:
        return f"The crawl ended with code {code}; its last words could not be kept."
    return f"The crawl ended with code {code}; the details are in {path}."
