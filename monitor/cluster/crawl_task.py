"""One part of a crawl on a worker: the same crawl process as on one machine, in a folder of its own.

A task is plain data and may run twice, on two workers, one after the other: the second one goes on with what the first
one kept in the shared store. Two at once exclude each other by a lease in `runs`.
"""

import os
import shutil
import socket
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from sqlalchemy import Engine, Update, update

from monitor.cluster import worker
from monitor.cluster.crawl_line import Answering
from monitor.cluster.crawl_parts import INFO, PLAN, Asked, Pieces, asked_in, put_together, read_stats
from monitor.cluster.crawl_shards import REST, SITE, Shard
from monitor.cluster.lanes import lane_of
from monitor.cluster.lanes_store import LaneKeeper
from monitor.cluster.storage import Storage
from monitor.config import Config
from monitor.crawl.process import Outcome, Process, run_crawl
from monitor.errors import MonitorError, StoreError
from monitor.living import is_living
from monitor.marketplaces import OWN_SHOP, marketplace
from monitor.own_sites import FILE_NAME
from monitor.phone_hash import load_hasher
from monitor.private_store import runs
from monitor.runs import Run, holder, recorded
from monitor.scheduler.processes import Limits, limit
from monitor.weeks import utc_now, utc_text

VERB = "crawl part"
SPENT = -1
CLAIM_S = 2.0  # between two tries to take over a part that another worker held
_here: dict[str, threading.Lock] = defaultdict(threading.Lock)  # parts that this very process works on


@dataclass(frozen=True)
class Order:
    """What a task is told: no address of a database, no key. Everything else stands on the worker.

    crawl: content of crawl.json. folder: of the crawl in the store. part: number of the shard, or REST. budget:
    requests of the part, whoever sends them, 0 for no limit, SPENT where none is left. run_id: the run in `runs` that
    ordered it. key_id: of the phone key that hashes must be made with. settings: further ones of Scrapy, in rehearsals
    only.
    """

    storage: str
    folder: str
    crawl: Mapping[str, Any]
    part: int
    kind: str | None
    count: int
    budget: int
    run_id: int
    key_id: str
    sandbox: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return str(self.crawl["marketplace"])

    @property
    def own(self) -> str:
        """Folder of this part in the store."""
        return part_folder(self.folder, self.part)

    @property
    def before(self) -> list[str]:
        """Folders that it goes on with."""
        shards = [part_folder(self.folder, number) for number in range(self.count)]
        return [f"{self.folder}/base", *shards] if self.part == REST else []


def part_folder(folder: str, part: int) -> str:
    return f"{folder}/rest" if part == REST else f"{folder}/shard-{part}"


def crawl_part(values: Mapping[str, Any]) -> dict[str, Any]:
    """Runs a part to its end. Returns an Outcome's fields, with `asked`: requests of all that read it, and `part`.

    state done: read to its end. values: fields of an Order.
    """
    order = Order(**values)
    told = {"part": order.part, "asked": 0}
    try:
        config = worker.settings()
        engine = worker.engine(config)
        storage = Storage(order.storage)
        if load_hasher(config.phone_key_file).key_id != order.key_id:
            raise StoreError("This worker has another phone key; give every worker the same MONITOR_PHONE_KEY_FILE.")
        with _claimed(config, order) as run_outcome:
            if read_stats(storage, order.own) is not None:
                return asdict(Outcome(order.slug, "done")) | told | {"asked": asked_in(storage, order.own)}
            keeper = LaneKeeper(engine, order.crawl["crawl_id"], order.run_id, f"{holder()}/{uuid4().hex[:8]}")
            with _scratch(config) as folder:
                outcome = _run(replace(config, data_dir=folder), storage, order, keeper)
            run_outcome.append(outcome)
            return asdict(outcome) | told | {"asked": asked_in(storage, order.own)}
    except MonitorError as error:
        return asdict(Outcome(order.slug, "crashed", "not_possible", str(error))) | told
    finally:
        _give_back()


def _give_back() -> None:
    """Idle connections are closed: hundreds of workers share what one server can hold. Those in use are not touched."""
    with suppress(MonitorError):  # there is no store, which the outcome says
        worker.engine(worker.settings()).dispose()


@contextmanager
def _claimed(config: Config, order: Order) -> Iterator[list[Outcome]]:
    """Waits until no other process works on the part. A worker that died is taken over when its lease ends."""
    subject = f"{order.crawl['crawl_id']} {order.part}"
    engine = worker.engine(config)
    with _here[subject], ExitStack() as claim:

        def taken() -> Run:
            return claim.enter_context(recorded(engine, VERB, subject, str(order.crawl["week"])))

        while True:
            try:
                run = worker.waiting(config, taken)
                break
            except StoreError as error:
                if "is already being done" not in str(error):
                    raise
                time.sleep(CLAIM_S)
        ended: list[Outcome] = []
        try:
            yield ended
            run.outcome = "failed" if ended and ended[0].is_failure else "done"
        finally:
            try:
                claim.close()
            except StoreError:  # the database is away; what was read is kept, and the lease must not stay
                over = update(runs).where(runs.c.run_id == run.run_id)
                values = {"outcome": run.outcome, "finished_at": utc_text(utc_now()), "lease_until": None}
                worker.waiting(config, lambda: _execute(engine, over.values(**values)))


def _execute(engine: Engine, statement: Update) -> None:
    with engine.begin() as connection:
        connection.execute(statement)


@contextmanager
def _scratch(config: Config) -> Iterator[Path]:
    """A folder for one process, readable by its owner only; those of dead processes are removed on the way.

    Of this machine alone: where several share a data folder, the others' processes only look dead.
    """
    root = config.data_dir / "cluster" / "crawling" / socket.gethostname()
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in root.iterdir():
        number = path.name.partition("-")[0]
        if not number.isdecimal() or not is_living(int(number)):
            shutil.rmtree(path, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(config: Config, storage: Storage, order: Order, keeper: LaneKeeper) -> Outcome:
    budget = order.budget and order.budget - asked_in(storage, order.own)
    if order.budget and budget <= 0:
        return Outcome(order.slug, "stopped", "budget", "Its requests are spent.")
    directory = config.crawls_dir / order.slug / order.crawl["crawl_id"].partition("/")[2]
    directory.mkdir(mode=0o700, parents=True)
    _fetch(storage, order, directory, config.data_dir)
    limits = Limits(config.crawl.max_seconds, config.schedule.crawl_memory_mb)

    def begun(process: Process) -> None:
        limit(process.pid, limits)
        line.begin(process)

    pieces, asked = Pieces(storage, order.own, directory), Asked(storage, order.own, budget)
    with Answering(config, keeper, pieces, asked) as line:
        outcome = run_crawl(
            config,
            order.slug,
            order.crawl["week"],
            sandbox=Path(order.sandbox) if order.sandbox else None,
            budget=budget,
            options=_settings(order, line.fd),
            fds=(line.fd,),
            begun=begun,
        )
    asked.finish()
    pieces.finish()
    stats = read_stats(storage, order.own)
    if stats is not None and stats["finish_reason"] != "finished" and order.kind != SITE:
        site = lane_of(urlsplit(marketplace(order.slug).home_url).hostname or "")
        worker.waiting(config, lambda: keeper.close(site))
    return _judged(outcome, order, stats, line)


def _fetch(storage: Storage, order: Order, directory: Path, data_dir: Path) -> None:
    """What was read so far, the plan, and for own shops the list of addresses."""
    put_together(storage, [*order.before, order.own], directory)
    for name, target in ((INFO, directory / INFO), (PLAN, directory / PLAN)):
        if storage.exists(f"{order.folder}/{name}"):
            storage.copy_out(f"{order.folder}/{name}", target)
    if order.slug == OWN_SHOP and storage.exists(f"{order.folder}/{FILE_NAME}"):
        storage.copy_out(f"{order.folder}/{FILE_NAME}", data_dir / FILE_NAME)


def _settings(order: Order, fd: int) -> dict[str, str]:
    found = {"MONITOR_LANE_FD": str(fd), **(order.settings if order.sandbox else {})}
    if order.part != REST and order.kind is not None:
        found["MONITOR_SHARD"] = str(Shard(order.kind, order.part, order.count))
    return found


def _judged(outcome: Outcome, order: Order, stats: Mapping[str, Any] | None, line: Answering) -> Outcome:
    """Whether there are too few shops only the whole crawl can tell; a part is done when it was read to its end."""
    if stats is None:
        if line.closed:
            return Outcome(order.slug, "stopped", line.closed, "Another part of the crawl ended it.")
        if line.problem:
            return Outcome(order.slug, "stopped", "store_error", line.problem)
        return outcome
    if order.part != REST and stats["finish_reason"] == "finished":
        return Outcome(order.slug, "done")
    return outcome
