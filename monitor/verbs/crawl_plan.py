"""What a crawl is going to ask for: made before it starts, shown by `crawl --explain`, followed when it goes on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from monitor import regions
from monitor.config import Config
from monitor.crawl.files import newest_unfinished
from monitor.crawl.reader import read_lines
from monitor.database import transaction
from monitor.errors import UsageError
from monitor.known_links import known_shops
from monitor.marketplaces import Marketplace, marketplace
from monitor.planner import plan as planner
from monitor.planner.history import keep_panel, read_history
from monitor.planner.steps import STAGES, Plan, read_plan, write_plan
from monitor.sentinels import draw_sentinels, keep_sentinels
from monitor.verbs import common
from monitor.verbs.parse import spider_class
from spiders.queries import panel
from spiders.running import UnitRunner

SHOWN = 5  # steps of each stage


def weekly_budget(config: Config, entry: Marketplace) -> int:
    """Requests of one week, 0 for no limit; the configuration outranks the catalogue. Raises UsageError."""
    said = config.crawl.weekly_budget.get(entry.slug)
    if said is None:
        return entry.weekly_budget
    if not said.isascii() or not said.isdigit():
        raise UsageError(f"[crawl.weekly_budget] {entry.slug} must be a whole number of requests, not '{said}'.")
    return int(said)


def able(slug: str) -> planner.Able:
    spider = spider_class(slug)
    return planner.Able(spider.shop_unit is not UnitRunner.shop_unit, spider.search)


def make_plan(config: Config, engine: Engine, slug: str, week: str, budget: int | None) -> Plan:
    """The plan of a new crawl. budget: None for the marketplace's own."""
    entry = marketplace(slug)
    history = read_history(engine, config.crawls_dir, slug, week)
    linked = {one.shop.shop_id for one in history.linked}
    leads = [shop for shop in known_shops(engine, config.data_dir, entry) if shop.shop_id not in linked]
    with engine.connect() as connection:
        sentinels = draw_sentinels(connection, slug, week)
    known = linked | {shop.shop_id for shop in leads}
    leads += [shop for shop in sentinels if shop.shop_id not in known]
    made = planner.plan(
        entry,
        able(slug),
        replace(history, linked=(*history.linked, *(planner.LinkedShop(shop, "") for shop in leads))),
        budget=weekly_budget(config, entry) if budget is None else budget,
        week=week,
        panel=panel(),
        areas=[area.code for area in regions.areas()],
    )
    return replace(made, sentinels=tuple(shop.shop_id for shop in sentinels))


def prepare(config: Config, engine: Engine, slug: str, week: str, budget: int | None) -> tuple[Path | None, int | None]:
    """Folder of the plan for a new crawl (None where one goes on with its own), and the requests of this run.

    0 requests: no limit; None: the week's budget is spent.
    """
    unfinished = newest_unfinished(config.crawls_dir, slug, week)
    if unfinished is None:
        plan = make_plan(config, engine, slug, week, budget)
        keep_panel(engine, plan, week)
        with transaction(engine) as connection:
            keep_sentinels(connection, slug, week, plan.sentinels)
        folder = config.crawls_dir / slug
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_plan(folder, plan)
        return folder, plan.budget
    if budget is not None:
        return None, budget
    whole = weekly_budget(config, marketplace(slug))
    left = whole - _spent(unfinished)
    return None, (left if left > 0 else None) if whole else 0


def _spent(directory: Path) -> int:
    return sum(row.get("requests") or 0 for row in read_lines(directory / "queries.jsonl"))


def explain(config: Config, engine: Engine, slug: str, week: str, budget: int | None, as_json: bool) -> None:
    """Prints what would be asked; no request is sent and nothing is written."""
    unfinished = newest_unfinished(config.crawls_dir, slug, week)
    plan = (read_plan(unfinished) if unfinished else None) or make_plan(config, engine, slug, week, budget)
    if as_json:
        common.show(slug, [_row(step) for step in plan.steps], as_json=True)
        return
    limit = f"{plan.budget:,} requests" if plan.budget else "no limit"
    going_on = ", goes on with its own plan" if unfinished else ""
    common.show(f"{slug}, {week}: {limit}{going_on}", [_stage_row(plan, stage) for stage in STAGES] + _rest(plan))
    first = [_row(step) for stage in STAGES for step in plan.of_stage(stage)[:SHOWN]]
    if first:
        common.show(f"First steps of each stage ({SHOWN} at most)", first)


def _stage_row(plan: Plan, stage: str) -> dict[str, Any]:
    steps = plan.of_stage(stage)
    fitting = [step for step in steps if step.fits]
    return {
        "stage": stage,
        "steps": len(fitting),
        "expected requests": round(sum(step.cost for step in fitting)),
        "expected new registry-like shops": round(sum(step.expected for step in fitting), 1),
        "do not fit": len(steps) - len(fitting),
    }


def _rest(plan: Plan) -> list[dict[str, Any]]:
    if not plan.kept_for_details:
        return []
    kept = {"steps": None, "expected requests": round(plan.kept_for_details)}
    return [{"stage": "details", **kept, "expected new registry-like shops": None, "do not fit": None}]


def _row(step: Any) -> dict[str, Any]:
    return {
        "stage": step.stage,
        "unit": step.unit,
        "expected requests": step.cost,
        "expected shops": step.expected,
        "fits": "yes" if step.fits else "no",
        "reason": step.reason,
    }
