"""`monitor crawl --scheduler`: the same crawls, read by the workers of a cluster."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from sqlalchemy import Engine

from monitor.cluster.connect import refuse_sqlite
from monitor.cluster.crawl_course import Course, away, begin, bring_home
from monitor.cluster.crawl_run import read_courses
from monitor.cluster.crawl_shards import kind_of
from monitor.cluster.storage import Storage
from monitor.config import Config
from monitor.crawl.process import Outcome, ended_since
from monitor.errors import MonitorError, StoreError
from monitor.phone_hash import load_hasher
from monitor.runs import Run, abandoned_before
from monitor.verbs import common
from monitor.verbs.crawl_plan import prepare
from monitor.verbs.parse import spider_class

Reason = Callable[[str, Path | None, int | None], Outcome | None]


def crawl_on_cluster(
    config: Config,
    engine: Engine,
    slugs: Sequence[str],
    week: str,
    *,
    address: str | None,
    sandbox: Path | None = None,
    budget: int | None = None,
    unneeded: Reason = lambda slug, folder, requests: None,
    settings: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Outcome]:
    """Crawls the marketplaces with the workers of the scheduler at the address (None: the configured one).

    unneeded: why a marketplace that is prepared so is not asked after all. settings: further ones of Scrapy, with a
    sandbox only. Raises UsageError and ClusterError where the cluster cannot be used.
    """
    refuse_sqlite(config)
    storage = Storage.of(config)
    done: dict[str, Outcome] = {}
    key_id = load_hasher(config.phone_key_file).key_id
    with ExitStack() as everything:
        leases: dict[str, tuple[ExitStack, Run]] = {}

        def ready(slug: str, lease: ExitStack) -> Course | Outcome:
            run = lease.enter_context(common.recorded(engine, "crawl", slug, week))
            leases[slug] = lease, run
            noted = ended_since(config, slug, week, abandoned_before(engine, run))
            if noted is not None:
                return noted
            folder, requests = prepare(config, engine, slug, week, budget)
            reason = unneeded(slug, folder, requests)
            if reason is not None:
                return reason
            kind = kind_of(slug, spider_class(slug).search)
            course = begin(config, storage, slug, week, kind, folder, requests or 0, sandbox is not None)
            course.run_id, course.key_id, course.settings = run.run_id, key_id, settings or {}
            course.sandbox = str(sandbox.absolute()) if sandbox else None
            return course

        def end(slug: str, outcome: Outcome) -> None:
            done[slug] = outcome
            if slug in leases:
                lease, run = leases.pop(slug)
                run.outcome, run.message = "failed" if outcome.is_failure else "done", outcome.message
                with suppress(StoreError):  # the database is away; the row ends with this process
                    lease.close()

        def ended(course: Course) -> None:
            try:
                end(course.slug, course.collect())
            except MonitorError as error:
                end(course.slug, _impossible(course.slug, error))

        courses = []
        for slug in slugs:
            try:
                found = ready(slug, everything.enter_context(ExitStack()))
            except MonitorError as error:  # somebody else is crawling it, or the disk is full: the other sites go on
                found = _impossible(slug, error)
            if isinstance(found, Course):
                courses.append(found)
            else:
                end(slug, found)
        read_courses(config, address, courses, ended, tell)
    return [done[slug] for slug in slugs]


def _impossible(slug: str, error: MonitorError) -> Outcome:
    return Outcome(slug, "crashed", "not_possible", str(error))


def take_home(config: Config, slug: str) -> None:
    """Before one machine goes on with a crawl that a cluster began: what the workers read comes here."""
    if away(config, slug):
        bring_home(config, Storage.of(config), slug)
