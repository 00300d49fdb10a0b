"""What the fixed query panel showed in each loaded week, so that two weeks can be compared like with like.

Change is measured only on shops from queries that were read to their end in both weeks (method, 7.1). The panel of a
marketplace is: the one query `*` where a crawl or feed held every shop there is; else the queries of `query_panel`, or
every query that is asked every week where none were chosen, and the lists that are read every week. Queries that a plan
added for one week are left out. Rows are a pure function of the crawl directories and of `query_panel`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, and_, delete, or_, select

from monitor.crawl import reader as crawl_reader
from monitor.crawl.store import CrawlData, left_capped
from monitor.database import bulk_insert, read_frame
from monitor.forgotten import PREFIX
from monitor.intervals import apply_week, as_of, rewind
from monitor.private_store import panel_runs, panel_shops, query_panel
from monitor.units import PANEL, QUERY_UNITS, SHOP_UNITS, query_parts, unit_name
from pipelines.week_rows import holds_all, observed_on

WHOLE = "*"  # the query of a list of every shop there is
SHOP_KEYS = ("query", "shop_id")
RUN_COLUMNS = ("query", "done", "capped", "declared", "fetched")
_AREA_KEY = re.compile(r"(\d{4})/(.*)")


@dataclass(frozen=True)
class PanelPair:
    """shops: marketplace, shop_id, now, then (bool: shown in the week, in the earlier one); one row per shop shown in
    either, ordered. queries: marketplace, query compared, ordered; empty where the two weeks do not compare.
    """

    shops: pd.DataFrame
    queries: pd.DataFrame


def panel_pair(connection: Connection, week: str, earlier: str) -> PanelPair:
    """Shops that the panel showed in the two weeks, by the queries that were done and not capped in both.

    A week without a healthy crawl of a marketplace has no rows of it, so that marketplace is left out. Closed shops are
    left out too, and what is left of erased ones, which nobody looks for any more. Whether a shop that is shown offers
    anything is for the caller to know.
    """
    whole = select(panel_runs.c.marketplace, panel_runs.c.query).where(panel_runs.c.done, ~panel_runs.c.capped)
    ran = [read_frame(connection, whole.where(panel_runs.c.week == one)) for one in (week, earlier)]
    names = ["marketplace", "query"]
    queries = ran[0].merge(ran[1], on=names).sort_values(names, ignore_index=True)
    shown = []
    for one, name in ((week, "now"), (earlier, "then")):
        columns = (panel_shops.c.marketplace, panel_shops.c.query, panel_shops.c.shop_id)
        query = select(*columns).where(as_of(panel_shops, one), ~panel_shops.c.shop_id.startswith(PREFIX))
        rows = read_frame(connection, query).merge(queries, on=names)
        shown.append(rows[["marketplace", "shop_id"]].drop_duplicates().assign(**{name: True}))
    shops = shown[0].merge(shown[1], on=["marketplace", "shop_id"], how="outer")
    flags = shops[["now", "then"]].eq(True).astype(bool)  # a missing flag is no sighting
    shops = shops[["marketplace", "shop_id"]].join(flags).sort_values(["marketplace", "shop_id"], ignore_index=True)
    return PanelPair(shops, queries)


# --- loading --------------------------------------------------------------------------------------------------------


def rewind_panel(connection: Connection, slug: str, week: str) -> None:
    """The marketplace's panel as it was at the end of the week before."""
    rewind(connection, panel_shops, {"marketplace": slug}, week)
    connection.execute(delete(panel_runs).where(panel_runs.c.marketplace == slug, panel_runs.c.week >= week))


def store_panel(connection: Connection, slug: str, week: str, used: Sequence[tuple[CrawlData, Path]]) -> None:
    """Stores what the week's healthy crawls (with their directories) showed; call `rewind_panel` for the week before.

    Of several crawls of a week the last one that read a query to its end speaks for it: a union would show more shops
    in a week with more crawls.
    """
    chosen = _chosen(connection, slug, week)
    best: dict[str, _Run] = {}
    for data, directory in sorted(used, key=_time):
        for run in _runs(data, directory, chosen):
            if run.query not in best or run.worth >= best[run.query].worth:
                best[run.query] = run
    if not best:
        return
    runs = [best[query] for query in sorted(best)]
    runs += [_Run(query, False, False, None, frozenset()) for query in sorted(chosen.values()) if query not in best]
    rows = pd.DataFrame([run.row for run in runs], columns=list(RUN_COLUMNS), dtype=object)
    bulk_insert(connection, panel_runs, rows.assign(marketplace=slug, week=week))
    _store_shops(connection, slug, week, [run for run in runs if run.done])


def _store_shops(connection: Connection, slug: str, week: str, runs: Sequence["_Run"]) -> None:
    """Shops of queries that were not done stay as they were: nobody looked."""
    query = select(panel_shops.c.query, panel_shops.c.shop_id).where(
        panel_shops.c.marketplace == slug, panel_shops.c.valid_to_week.is_(None)
    )
    held = read_frame(connection, query)
    kept = held[~held["query"].isin([run.query for run in runs])]
    shown = pd.DataFrame(
        [(run.query, shop_id) for run in runs for shop_id in sorted(run.shops)], columns=list(SHOP_KEYS), dtype=object
    )
    frame = pd.concat([kept, shown], ignore_index=True).assign(marketplace=slug)
    apply_week(connection, panel_shops, SHOP_KEYS, frame, week, {"marketplace": slug}, close_absent=True)


def _time(crawl: tuple[CrawlData, Path]) -> tuple[str, str, str]:
    info = crawl[0].info
    return observed_on(crawl[0]), info.started_at, info.crawl_id


def _chosen(connection: Connection, slug: str, week: str) -> dict[tuple[str | None, str], str]:
    """(area, words as in units) -> query, of the panel that was chosen for the marketplace; empty where none was."""
    held = query_panel.c
    still = or_(held.to_week.is_(None), held.to_week > week)
    query = select(held.query).where(and_(held.marketplace == slug, held.from_week <= week, still))
    return {_key(text): text for text in connection.execute(query).scalars()}


def _key(query: str) -> tuple[str | None, str]:
    match = _AREA_KEY.fullmatch(query)
    return (match[1], unit_name(match[2])) if match else (None, unit_name(query))


# --- one crawl ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Run:
    query: str
    done: bool
    capped: bool
    declared: int | None
    shops: frozenset[str]

    @property
    def worth(self) -> int:
        return self.done + (self.done and not self.capped)

    @property
    def row(self) -> tuple[Any, ...]:
        return self.query, self.done, self.capped, self.declared, len(self.shops)


def _runs(data: CrawlData, directory: Path, chosen: Mapping[tuple[str | None, str], str]) -> list[_Run]:
    """What became of the panel's queries in one crawl."""
    if holds_all(data):
        listed = frozenset(data.shops["shop_id"]) | frozenset(data.listings["shop_id"])
        return [_Run(WHOLE, True, False, None, listed - _closed(data))]
    if data.info.kind != "crawl":
        return []  # what a partial feed holds was chosen by whoever made it
    units = _units(data.queries, chosen)
    shown = _shown(directory, frozenset(units))
    capped = {units[unit] for unit in left_capped(data.queries) if unit in units}
    declared = dict(zip(data.queries["unit"], data.queries["declared_total"], strict=True))
    closed = _closed(data)
    parts: dict[str, list[str]] = {}
    for unit, query in units.items():
        parts.setdefault(query, []).append(unit)
    runs = []
    for query, own in sorted(parts.items()):
        shops = frozenset(shop for unit in own for shop in shown.get(unit, ())) - closed
        total = declared[min(own, key=len)]
        runs.append(_Run(query, True, query in capped, None if pd.isna(total) else int(total), shops))
    return runs


def _closed(data: CrawlData) -> frozenset[str]:
    return frozenset(data.shops.loc[(data.shops["status"] == "closed").fillna(False), "shop_id"])


def _units(queries: pd.DataFrame, chosen: Mapping[tuple[str | None, str], str]) -> dict[str, str]:
    """Done unit -> query of the panel that it, or the unit it is a part of, asks."""
    whole = set(queries.loc[queries["split_into"].fillna(0) > 0, "unit"])
    found = {}
    for unit, stage in zip(queries["unit"], queries["stage"], strict=True):
        is_weekly = pd.isna(stage) or stage == PANEL  # units of crawls before there were plans have no stage
        if unit.startswith(SHOP_UNITS) or not is_weekly:
            continue
        if not unit.startswith(QUERY_UNITS):
            found[unit] = _top(unit, whole)
            continue
        area, words = query_parts(unit)
        name = words.replace("-", " ")
        query = chosen.get((area, words), None if chosen else f"{area}/{name}" if area else name)
        if query is not None:
            found[unit] = query
    return found


def _top(unit: str, split: set[str]) -> str:
    """The list of which the unit is a part, or itself."""
    parent = unit.rpartition("/")[0]
    return _top(parent, split) if parent in split else unit


def _shown(directory: Path, units: frozenset[str]) -> dict[str, set[str]]:
    """Shops that each of the done units showed."""
    lines = crawl_reader.read_lines(directory / "queries.jsonl")
    done = {row["unit"]: row["attempt"] for row in lines if row.get("done") and row["unit"] in units}
    shown: dict[str, set[str]] = {}
    for name in ("shops.jsonl", "listings.jsonl"):
        rows = crawl_reader.read_rows(directory / name, {"shop_id": pa.large_string()}, done)
        pairs = rows.select(["unit", "shop_id"]).group_by(["unit", "shop_id"], use_threads=False).aggregate([])
        for unit, shop in zip(pairs["unit"].to_pylist(), pairs["shop_id"].to_pylist(), strict=True):
            if shop is not None:
                shown.setdefault(unit, set()).add(shop)
    return shown
