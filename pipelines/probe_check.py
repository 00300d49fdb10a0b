"""Are the shops of the probe alive? Asked apart from every crawl, and told to nobody but the probe.

The same spiders ask, as politely, but only for these shops, and into a folder of their own: `data/probe_checks/` is
never read by loading or planning. What a check cannot tell is unknown, and then the last verified state stands.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from monitor.config import Config
from monitor.crawl.files import list_crawls
from monitor.crawl.process import run_crawl
from monitor.crawl.store import CrawlData, read_crawl
from monitor.database import transaction
from monitor.marketplaces import shop_of_url
from monitor.planner.steps import Plan, Step, write_plan
from monitor.units import LINKED, SHOP_UNITS, KnownShop
from monitor.weeks import utc_now, utc_text
from pipelines import probes
from pipelines.probe_shops import name_of

FOLDER = "probe_checks"
REQUESTS_PER_SHOP = 8  # its page, its products, a retry; an own shop asks for what its software is
NO_ADDRESS = "None of its shops can be asked for by what is known of it; ask the offices for the links of the shops."
CHECKED = (probes.USABLE, probes.UNIDENTIFIED)
NEEDS_ID = {"blibli", "inaproc", "shopee"}  # asked under a name they would answer as if there were no such shop


@dataclass(frozen=True)
class Checked:
    """One marketplace. states: state -> shops. message: why it could not be asked or read, if so."""

    marketplace: str
    shops: int
    states: Mapping[str, int] = field(default_factory=dict)
    message: str | None = None
    is_barred: bool = False  # by our own rules, or there was nothing to ask for: no failure

    @property
    def is_failure(self) -> bool:
        return self.message is not None and not self.is_barred

    def row(self) -> dict[str, Any]:
        counts = {state: self.states.get(state, 0) for state in probes.STATES}
        return {"marketplace": self.marketplace, "shops": self.shops, **counts, "message": self.message}


def shops_to_check(connection: Connection, week: str) -> pd.DataFrame:
    """Probes that could count in the week: probe_id, marketplace, shop_id, shop_url; of any marketplace."""
    found = probes.read_probes(connection, week)
    young = [probes.age_in_weeks(day, week) <= probes.MAX_AGE_WEEKS for day in found["collected_on"]]
    wanted = found["status"].isin(CHECKED) & found["shop_id"].notna() & pd.Series(young, index=found.index, dtype=bool)
    return found.loc[wanted, ["probe_id", "marketplace", "shop_id", "shop_url"]].reset_index(drop=True)


def check_marketplace(
    engine: Engine,
    config: Config,
    slug: str,
    week: str,
    *,
    barred: str | None = None,
    sandbox: Path | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Checked:
    """Asks for the probe shops of one marketplace and keeps what became of each; barred: why it may not be asked.

    Raises StoreError where the crawl cannot be started or the store cannot be written.
    """
    with engine.connect() as connection:
        wanted = shops_to_check(connection, week)
    wanted = wanted[wanted["marketplace"].eq(slug)]
    if wanted.empty:
        return Checked(slug, 0)
    states: dict[str, str] = {}
    message, is_barred = barred, barred is not None
    if barred is None and (shops := _shops(slug, wanted)):
        apart = replace(config, data_dir=config.data_dir / FOLDER)
        budget = REQUESTS_PER_SHOP * len(shops)
        outcome = run_crawl(
            apart,
            slug,
            week,
            sandbox=sandbox,
            budget=budget,
            plan=_plan(apart, slug, shops),
            only_looks=True,
            tell=tell,
        )
        message = None if outcome.state == "done" else outcome.message
        if outcome.cause == "nothing_planned":  # nothing is wrong with the site: asking again asks nothing again
            message, is_barred = NO_ADDRESS, True
        states = read_states(list_crawls(apart.crawls_dir, slug), week)
    by_probe = {
        int(probe): states.get(str(shop), "unknown")
        for probe, shop in zip(wanted["probe_id"], wanted["shop_id"], strict=True)
    }
    with transaction(engine) as connection:
        probes.write_checks(connection, by_probe, week, utc_text(utc_now()))
    counts = pd.Series(list(by_probe.values())).value_counts().to_dict()
    asked_in_vain = not any(state != "unknown" for state in by_probe.values())
    return Checked(slug, len(by_probe), counts, message if asked_in_vain else None, is_barred)


def _shops(slug: str, wanted: pd.DataFrame) -> list[KnownShop]:
    """Each shop once, with the name that its address gives."""
    found: dict[str, KnownShop] = {}
    for shop_id, url in zip(wanted["shop_id"], wanted["shop_url"], strict=True):
        named = shop_of_url(url) if url else None
        if slug in NEEDS_ID and name_of(slug, url) == shop_id:
            continue
        address = url if url is None or "://" in url else f"https://{url}"
        found[shop_id] = KnownShop(shop_id, named.username if named is not None else None, address)
    return [found[shop_id] for shop_id in sorted(found)]


def _plan(apart: Config, slug: str, shops: Sequence[KnownShop]) -> Path:
    """Folder with a plan that asks for these shops and for nothing else."""
    steps = tuple(Step(LINKED, f"{SHOP_UNITS}{shop.shop_id}", "probe", 1.0, shop=shop) for shop in shops)
    folder = apart.crawls_dir / slug
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in list_crawls(apart.crawls_dir, slug):
        if not (path / "stats.json").exists():
            shutil.rmtree(path)  # a check that was killed begins anew: it would go on with the plan of before
    write_plan(folder, Plan(slug, steps=steps, only_shops=True))
    return folder


def read_states(directories: Iterable[Path], week: str) -> dict[str, str]:
    """shop_id -> state by the checks of this week, and for shops that are not there by those before.

    live: its page answered and offers something, or does not say how much. closed: the marketplace says so, or it
    offers nothing. gone: the marketplace said on two different days that there is no such shop, and nothing else in
    between. Not in it: not known. directories: checks of one marketplace in order.
    """
    missed_on: dict[str, set[str]] = {}
    found: dict[str, str] = {}
    for directory in directories:
        data = read_crawl(directory)
        if data.info.week > week or data.stats is None:
            continue
        seen, missing = _seen(data), _missing(data)
        for shop_id in seen:
            missed_on.pop(shop_id, None)
        for shop_id in missing:
            missed_on.setdefault(shop_id, set()).add(str(data.info.observed_on))
        if data.info.week == week:
            gone = {shop_id: "gone" for shop_id in missing if len(missed_on[shop_id]) > 1}
            found |= seen | gone
    return found


def _seen(data: CrawlData) -> dict[str, str]:
    """State of the shops that answered, by the id or name under which they were asked for."""
    units = data.queries.loc[data.queries["found"].eq(True).fillna(False).astype(bool), "unit"]
    found = {unit.removeprefix(SHOP_UNITS): "live" for unit in units if unit.startswith(SHOP_UNITS)}
    shops = data.shops.astype(object).where(data.shops.notna(), None)
    rows = zip(shops["shop_id"], shops["username"], shops["status"], shops["listing_count"], strict=True)
    for shop_id, username, status, count in rows:
        if status == "closed" or count == 0:
            found |= {key: "closed" for key in (shop_id, username) if key in found}
    return found


def _missing(data: CrawlData) -> list[str]:
    units = data.queries.loc[data.queries["found"].eq(False).fillna(False).astype(bool), "unit"]
    return [unit.removeprefix(SHOP_UNITS) for unit in units if unit.startswith(SHOP_UNITS)]
