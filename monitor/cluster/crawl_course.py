"""One marketplace's crawl as several workers read it: what is next, what it became, and its one crawl directory.

What has happened stands in the shared store (`monitor.cluster.crawl_parts`), so that a coordinator that is killed and
run again goes on from there. At the end everything is put together in the data folder's crawl directory and leaves the
store: `load`, `purge` and `erase` then find it where they find every other.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from monitor.cluster.crawl_parts import INFO, PLAN, STATS, asked_in, put_base, put_together, read_stats, with_shards
from monitor.cluster.crawl_shards import REST, SITE, budgets, count_of, weights
from monitor.cluster.crawl_task import SPENT, Order, part_folder
from monitor.cluster.storage import Storage
from monitor.config import Config
from monitor.crawl.files import CrawlInfo, list_crawls, newest_unfinished, read_info
from monitor.crawl.lines import plain, told, write_whole
from monitor.crawl.process import Outcome
from monitor.crawl.reader import read_lines
from monitor.crawl.stats import crawl_stats
from monitor.crawl.store import CrawlWriter, read_crawl
from monitor.health import check
from monitor.marketplaces import OWN_SHOP, marketplace
from monitor.own_sites import FILE_NAME, file_lines
from monitor.planner.steps import Plan, read_plan, write_plan
from monitor.weeks import utc_now, utc_text, week_days

COURSE = "course.json"
MARKER = "cluster.json"  # in a local crawl directory whose rows lie in the store
SIDE_BY_SIDE = 2  # shards of one site: while one begins or is lost, the other uses the lane; more would only wait


@dataclass
class Course:
    """parts: numbers of the shards that are read, with their budgets. budget: requests of this run, 0 for no limit."""

    config: Config
    storage: Storage
    slug: str
    directory: Path
    kind: str | None
    count: int
    parts: Mapping[int, int]
    budget: int
    run_id: int = 0
    key_id: str = ""
    sandbox: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    ended: dict[int, Outcome] = field(default_factory=dict)
    asked: dict[int, int] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        return store_folder(self.directory)

    # --- what is next ---

    def next_parts(self, running: Sequence[int]) -> list[int]:
        """Parts that may begin now. REST waits for all shards; nothing begins after the crawl was ended."""
        if self.is_over:
            return []
        waiting = [part for part in self.parts if part not in self.ended and part not in running]
        if waiting or running:
            most = len(self.parts) if self.kind == SITE else SIDE_BY_SIDE
            return waiting[: max(0, most - len(running))]
        return [REST]

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be read: REST ended, or a shard met what ends a crawl."""
        return REST in self.ended or any(not _goes_on(outcome) for outcome in self.ended.values())

    def order(self, part: int) -> dict[str, Any]:
        left = max(0, self.budget - sum(count for other, count in self.asked.items() if other != REST))
        budget = self.parts[part] if part != REST else self.budget and (left or SPENT)
        made = Order(
            storage=self.storage.url,
            folder=self.folder,
            crawl=asdict(read_info(self.directory)),
            part=part,
            kind=self.kind,
            count=self.count,
            budget=budget,
            run_id=self.run_id,
            key_id=self.key_id,
            sandbox=self.sandbox,
            settings=self.settings,
        )
        return asdict(made)

    def end(self, said: Mapping[str, Any]) -> None:
        """Takes note of a part's end, as `crawl_part` said it."""
        values = dict(said)
        part = int(values.pop("part"))
        self.asked[part] = int(values.pop("asked"))
        self.ended[part] = Outcome(**values)

    # --- the one directory ---

    def collect(self) -> Outcome:
        """Puts everything together in the data folder, empties the store, and says what became of the crawl."""
        with _aside(self.directory) as aside:
            folders = [f"{self.folder}/base", *(part_folder(self.folder, part) for part in (*range(self.count), REST))]
            put_together(self.storage, folders, aside)
            stats = self._stats(aside)
            _move(aside, self.directory)
        if stats is not None:
            text = json.dumps(stats, indent=1, ensure_ascii=False, default=plain)
            write_whole(self.directory / STATS, text.encode("utf-8", "replace"))
        _empty(self.storage, self.directory)
        return self._outcome(stats)

    def _stats(self, aside: Path) -> dict[str, Any] | None:
        """None while the crawl is not finished."""
        shards = [read_stats(self.storage, part_folder(self.folder, part)) for part in self.parts]
        known = [stats for stats in shards if stats is not None]
        rest = read_stats(self.storage, part_folder(self.folder, REST))
        if rest is not None:
            return with_shards(rest, known)
        early = next((stats for stats in known if stats["finish_reason"] != "finished"), None)
        if early is None:
            return None
        # A site that refused one part refused the crawl; figures of rows are those of all parts.
        for name in (INFO, PLAN):
            if (self.directory / name).exists():
                shutil.copyfile(self.directory / name, aside / name)
        units = max(stats["units"]["planned"] for stats in known)
        found = early | crawl_stats(read_crawl(aside), {}, units) | {"finished_at": utc_text(utc_now())}
        found["units"]["failed"] = sum(stats["units"]["failed"] for stats in known)
        found["failures"] = early["failures"]
        return with_shards(found, known)

    def _outcome(self, stats: Mapping[str, Any] | None) -> Outcome:
        last = self.ended.get(REST) or next(out for out in self.ended.values() if not _goes_on(out))
        data = read_crawl(self.directory)
        state, cause, message = last.state, last.cause, last.message
        if stats is not None:
            verdict = check(data.info, data.stats, marketplace(self.slug))
            refused = (verdict.cause or "").startswith("refused")
            state = "done" if verdict.health == "healthy" else "refused" if refused else "failed"
            cause, message = verdict.cause, " ".join(verdict.problems) or None
        answers = ((stats or {}).get("responses") or {}).get("total", 0)
        return Outcome(
            self.slug, state, cause, message, data.info.crawl_id, len(data.shops), len(data.listings), answers
        )


def _goes_on(outcome: Outcome) -> bool:
    """Whether the crawl goes on after a shard that ended so: what its budget did not reach, REST reads."""
    return outcome.state == "done" or (outcome.state == "stopped" and outcome.cause == "budget")


def store_folder(directory: Path) -> str:
    return f"crawls/{directory.parent.name}/{directory.name}"


@contextmanager
def _aside(directory: Path) -> Iterator[Path]:
    """A folder beside the crawl directories, on the same disk; never taken for one of them."""
    folder = Path(tempfile.mkdtemp(prefix=".collecting-", dir=directory.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _move(aside: Path, directory: Path) -> None:
    """Replaces the files one by one, `queries.jsonl` last: a reader in between sees fewer units, never other rows."""
    with told(directory):
        (directory / "queries.jsonl").write_bytes(b"")
        found = [path for path in aside.rglob("*") if path.is_file() and path.name not in (INFO, PLAN)]
        for path in sorted(found, key=lambda path: path.name == "queries.jsonl"):
            target = directory / path.relative_to(aside)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            path.chmod(0o600)
            path.replace(target)


# --- beginning --------------------------------------------------------------------------------------------------------


def begin(
    config: Config,
    storage: Storage,
    slug: str,
    week: str,
    kind: str | None,
    plan_folder: Path | None,
    budget: int,
    sandbox: bool,
) -> Course:
    """The course of a marketplace: the one that an earlier coordinator left, or a new one.

    plan_folder: of the plan for a new crawl. A crawl that one machine began is gone on with by REST alone.
    """
    directory = newest_unfinished(config.crawls_dir, slug, week)
    if directory is not None and read_info(directory).sandbox != sandbox:
        directory = None
    if directory is None:
        directory = _create(config, slug, week, sandbox, plan_folder)
    bring_home(config, storage, slug, directory)
    name = f"{store_folder(directory)}/{COURSE}"
    if not storage.exists(name):
        _write_course(config, storage, directory, kind, budget)
    said = storage.read_json(name)
    parts = {int(number): int(share) for number, share in said["parts"].items()}
    course = Course(config, storage, slug, directory, said["kind"], said["count"], parts, budget)
    for part in parts:
        stats = read_stats(storage, part_folder(course.folder, part))
        if stats is not None and stats["finish_reason"] == "finished":
            course.ended[part] = Outcome(slug, "done")
            course.asked[part] = asked_in(storage, part_folder(course.folder, part)) if budget else 0
    return course


def _create(config: Config, slug: str, week: str, sandbox: bool, plan_folder: Path | None) -> Path:
    entry = marketplace(slug)
    day = min(utc_now().astimezone(config.region.zone).date(), week_days(week)[1]).isoformat()
    coverage = "partial" if entry.is_known_by_links else "complete"
    info = CrawlInfo(marketplace=slug, week=week, observed_on=day, sandbox=sandbox, coverage=coverage)
    with CrawlWriter.create(config.crawls_dir, info) as writer:
        plan = read_plan(plan_folder) if plan_folder is not None else None
        if plan is not None:
            write_plan(writer.directory, plan)
        return writer.directory


def _write_course(config: Config, storage: Storage, directory: Path, kind: str | None, budget: int) -> None:
    """`course.json` last: without it a course has not begun, and what lies there is written again."""
    folder = store_folder(directory)
    storage.remove(folder)
    plan = read_plan(directory)
    is_new = not any(row.get("done") for row in read_lines(directory / "queries.jsonl"))
    sites = len(file_lines(config.data_dir)) + len(plan.shops if plan is not None else ())
    is_divided = is_new and (kind == SITE or plan is None or not plan.only_shops)
    count = count_of(kind, sites) if is_divided else 0
    shares = budgets(budget, weights(kind, count, plan or Plan(directory.parent.name))) if kind and count else {}
    write_whole(directory / MARKER, b"{}\n")
    for name in (INFO, PLAN):
        if (directory / name).exists():
            storage.copy_in(directory / name, f"{folder}/{name}")
    if directory.parent.name == OWN_SHOP and (config.data_dir / FILE_NAME).exists():
        storage.copy_in(config.data_dir / FILE_NAME, f"{folder}/{FILE_NAME}")
    put_base(storage, f"{folder}/base", directory)
    storage.write_json(f"{folder}/{COURSE}", {"kind": kind if count else None, "count": count, "parts": shares})


def bring_home(config: Config, storage: Storage, slug: str, present: Path | None = None) -> None:
    """Crawls that nobody goes on with in the cluster: their rows come home, and no copy stays in the store.

    present: the directory of the crawl that is gone on with.
    """
    for directory in away(config, slug):
        if directory == present:
            continue
        name = f"{store_folder(directory)}/{COURSE}"
        if not (directory / STATS).exists() and storage.exists(name):
            said = storage.read_json(name)
            parts = {int(number): 0 for number in said["parts"]}
            left = Course(config, storage, slug, directory, said["kind"], said["count"], parts, 0)
            left.ended[REST] = Outcome(slug, "stopped", "unfinished")
            left.collect()
        _empty(storage, directory)


def _empty(storage: Storage, directory: Path) -> None:
    """The store first forgets that there is a course: half of one must never be put together."""
    storage.remove(f"{store_folder(directory)}/{COURSE}")
    storage.remove(store_folder(directory))
    (directory / MARKER).unlink(missing_ok=True)


def away(config: Config, slug: str) -> list[Path]:
    """Crawl directories of the marketplace whose rows lie in the store."""
    return [directory for directory in list_crawls(config.crawls_dir, slug) if (directory / MARKER).exists()]
