"""`monitor crawl`: one crawl directory per marketplace; each spider runs as its own process."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from monitor.config import Config
from monitor.crawl.files import list_crawls, read_info
from monitor.crawl.process import Outcome, ended_since, run_crawl
from monitor.database import private_engine
from monitor.errors import MonitorError, UsageError
from monitor.marketplaces import OWN_SHOP, Marketplace, marketplace
from monitor.middlewares import sandbox_hosts
from monitor.own_sites import served_sites
from monitor.permission import CRAWLABLE, permission_problem
from monitor.planner.steps import read_plan
from monitor.practice import is_practice
from monitor.runs import abandoned_before
from monitor.verbs import common
from monitor.verbs.crawl_cluster import crawl_on_cluster, take_home
from monitor.verbs.crawl_plan import explain as show_plan
from monitor.verbs.crawl_plan import prepare
from monitor.verbs.parse import spiders
from monitor.weeks import parse_week, utc_now, week_of

SPENT = "Its weekly budget is spent; raise weekly_budget, or name the requests of this run with --budget."
NOTHING_KNOWN = "No shop of it is known by a link yet: they come from the registry, from feeds and own_shop.txt."
MAX_PARALLEL = 4  # sites; each has its own lane


def crawl(
    slugs: Annotated[list[str] | None, typer.Argument(help="Marketplaces; default: all that may be crawled.")] = None,
    budget: Annotated[
        int | None,
        typer.Option(help="Most requests per marketplace; 0: no limit; default: its weekly budget.", min=0),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Only show what would be asked; no request.")] = False,
    sandbox: Annotated[
        Path | None, typer.Option(help="Folder of a served sandbox; nothing leaves this machine.")
    ] = None,
    week: Annotated[str | None, typer.Option(help="Week to write, only with --sandbox; else the present one.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler whose workers crawl; default: as configured.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> int:
    """Crawl marketplaces into data/crawls/. A crawl that was interrupted in its week goes on where it stopped.

    A marketplace that refuses to be read is named and is no failure; the way to its data is then `monitor feed`.

    Example: monitor crawl tokopedia plaza_banten --budget 2000 --explain
    """
    config = common.config()
    if week and sandbox is None:
        raise UsageError("--week goes with --sandbox; a live crawl belongs to the week in which it starts.")
    if explain:
        return _explain(config, slugs or list(_default(sandbox)), week, budget, as_json)
    outcomes = crawl_all(config, slugs or [], sandbox=sandbox, week=week, budget=budget, scheduler=scheduler)
    common.show("Crawls", [outcome.row() for outcome in outcomes], as_json)
    return 1 if any(outcome.is_failure for outcome in outcomes) else 0


def crawl_all(
    config: Config,
    slugs: Sequence[str],
    *,
    sandbox: Path | None = None,
    week: str | None = None,
    budget: int | None = None,
    scheduler: str | None = None,
) -> list[Outcome]:
    """Crawls the marketplaces side by side; what may not be started is said in its outcome.

    budget: requests of this run for each of them, 0 for no limit, None for what is left of its weekly budget.
    scheduler: address of a cluster; None: the configured one, "" (as without any): this machine alone.
    Raises UsageError when nothing at all can be started.
    """
    chosen, barred = choose(config, slugs, sandbox)
    if len(barred) == len(chosen):
        raise UsageError(next(iter(barred.values()), "There is nothing to crawl."))
    keep_apart(config, sandbox)
    name = parse_week(week) if week else week_of(utc_now(), config.region.zone)
    engine = private_engine(config)
    started = [slug for slug in chosen if slug not in barred]
    try:
        if config.cluster.scheduler if scheduler is None else scheduler:
            done = _on_cluster(config, engine, started, name, sandbox, budget, scheduler)
        else:
            done = _on_this_machine(config, engine, started, name, sandbox, budget)
    finally:
        engine.dispose()  # a service crawls again and again
    for slug, problem in barred.items():
        done[slug] = Outcome(slug, "not_started", "not_permitted", problem)
    return [done[slug] for slug in chosen]


def _on_cluster(
    config: Config,
    engine: Engine,
    started: Sequence[str],
    week: str,
    sandbox: Path | None,
    budget: int | None,
    address: str | None,
) -> dict[str, Outcome]:
    def unneeded(slug: str, folder: Path | None, requests: int | None) -> Outcome | None:
        return _unneeded(slug, folder, requests, sandbox)

    with common.progress("Crawling") as advance:
        outcomes = crawl_on_cluster(
            config,
            engine,
            started,
            week,
            address=address,
            sandbox=sandbox,
            budget=budget,
            unneeded=unneeded,
            tell=lambda line: advance(0, line),
        )
    return {outcome.marketplace: outcome for outcome in outcomes}


def _on_this_machine(
    config: Config, engine: Engine, started: Sequence[str], name: str, sandbox: Path | None, budget: int | None
) -> dict[str, Outcome]:
    with common.progress("Crawling", total=len(started)) as advance, ThreadPoolExecutor(MAX_PARALLEL) as pool:

        def one(slug: str) -> Outcome:
            outcome = _crawl_one(config, engine, slug, name, sandbox, budget, advance)
            advance(1)
            return outcome

        return {outcome.marketplace: outcome for outcome in pool.map(one, started)}


def choose(config: Config, slugs: Sequence[str], sandbox: Path | None) -> tuple[list[str], dict[str, str]]:
    """The marketplaces asked for, else all that may be crawled, and why some of them may not be started."""
    chosen = list(dict.fromkeys(slugs)) or _default(sandbox)
    return chosen, {slug: problem for slug in chosen if (problem := _problem(config, slug, sandbox))}


def _crawl_one(
    config: Config, engine: Engine, slug: str, week: str, sandbox: Path | None, budget: int | None, advance: object
) -> Outcome:
    def tell(line: str) -> None:
        advance(0, line)  # type: ignore[operator]

    try:
        with common.recorded(engine, "crawl", slug, week) as run:
            noted = ended_since(config, slug, week, abandoned_before(engine, run))
            if noted is not None:  # nothing is asked twice because somebody was killed a moment too early
                run.outcome, run.message = "failed" if noted.is_failure else "done", noted.message
                return noted
            take_home(config, slug)
            folder, requests = prepare(config, engine, slug, week, budget)
            reason = _unneeded(slug, folder, requests, sandbox)
            if reason is not None:
                return reason
            outcome = run_crawl(config, slug, week, sandbox=sandbox, budget=requests or 0, plan=folder, tell=tell)
            run.outcome = "failed" if outcome.is_failure else "done"
            run.message = outcome.message
            return outcome
    except MonitorError as error:  # somebody else is crawling it, or the disk is full: the other sites go on
        return Outcome(slug, "crashed", "not_possible", str(error))


def _unneeded(slug: str, folder: Path | None, requests: int | None, sandbox: Path | None) -> Outcome | None:
    """Why a marketplace whose crawl was prepared is not asked after all."""
    if requests is None:
        return Outcome(slug, "stopped", "budget", SPENT)
    if sandbox is None and folder is not None and _nothing_known(slug, folder):
        return Outcome(slug, "not_started", "nothing_known", NOTHING_KNOWN)
    return None


def _nothing_known(slug: str, folder: Path) -> bool:
    """Whether a marketplace that is asked only for known shops has none to be asked for."""
    plan = read_plan(folder)
    return marketplace(slug).is_known_by_links and (plan is None or not plan.shops)


def _explain(config: Config, slugs: Sequence[str], week: str | None, budget: int | None, as_json: bool) -> int:
    engine = private_engine(config)
    name = parse_week(week) if week else week_of(utc_now(), config.region.zone)
    for slug in dict.fromkeys(slugs):
        if slug not in spiders():
            marketplace(slug)  # an unknown name is said with the nearest known one
            raise UsageError(f"{slug} is not crawled, so there is nothing to plan.")
        show_plan(config, engine, slug, name, budget, as_json)
    return 0


def _default(sandbox: Path | None) -> list[str]:
    served = sandbox_hosts(sandbox) if sandbox else None
    return [
        slug
        for slug, entry in spiders().items()
        if entry.support in CRAWLABLE and (served is None or _is_served(entry, served))
    ]


def _is_served(entry: Marketplace, hosts: Mapping[str, int]) -> bool:
    """Whether a sandbox answers for it; own shops have hosts of their own, which stand in no catalogue."""
    return bool(set(entry.hosts) & set(hosts)) or (entry.slug == OWN_SHOP and bool(served_sites(list(hosts))))


def _problem(config: Config, slug: str, sandbox: Path | None) -> str | None:
    """Why this marketplace is not started. Raises UsageError for a name that the catalogue does not know."""
    entry = marketplace(slug)
    if entry.support not in CRAWLABLE:
        return permission_problem(entry, config)
    if slug not in spiders():
        return f"There is no spider for {entry.title} yet; hand its data in with: monitor feed."
    if sandbox is None:
        return permission_problem(entry, config)
    if not _is_served(entry, sandbox_hosts(sandbox)):
        return f"{entry.title} is not in the sandbox of {sandbox}."
    return None


def keep_apart(config: Config, sandbox: Path | None) -> None:
    """Practice data and real data never share a folder."""
    if sandbox is None:
        if is_practice(config):
            raise UsageError(f"{config.data_dir} is a practice folder; name another one with MONITOR_DATA_DIR.")
        return
    if any(not read_info(path).sandbox and read_info(path).kind == "crawl" for path in list_crawls(config.crawls_dir)):
        raise UsageError(
            f"{config.data_dir} holds real crawls; name another folder with MONITOR_DATA_DIR for practice."
        )
