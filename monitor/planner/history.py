"""What is known of a marketplace before it is crawled again: linked shops, what businesses sell, what was asked before.

Read from the private store and from past crawl directories. Of the tables only those named in the import below are
read; the businesses by which it is measured what the monitor misses are not among them.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select

from monitor.crawl import reader as crawl_reader
from monitor.crawl.files import list_crawls, read_info
from monitor.database import read_frame, transaction, translate_errors
from monitor.errors import StoreError
from monitor.intervals import as_of
from monitor.planner.plan import History, LinkedShop, key_of
from monitor.planner.steps import Plan
from monitor.planner.words import Asked, Text, words_of
from monitor.private_store import business_versions, links, listings, observations, query_panel
from monitor.units import PANEL, QUERY_UNITS, SHOP_UNITS, KnownShop, query_parts
from monitor.weeks import shift_week

LINKED_WEEKS = 8  # a shop that was linked so recently is asked for, whatever became of it since
ASKED_WEEKS = 26  # a query is new again after half a year
COUNTED_CRAWLS = 4  # newest crawls whose rows are counted per query
TITLES = "titles"  # group of the texts that linked shops print
UNSEEN_PER_SHOP = 0.3  # shops still unknown that one linked shop stands for, by the words of its titles
LIKE_PRIOR, USUAL_LIKE = 50, 0.05


def read_history(engine: Engine, root: Path, slug: str, week: str) -> History:
    """What is known of the marketplace before `week`. root: folder of the crawl directories."""
    with translate_errors(), engine.connect() as connection, connection.begin():
        linked = _linked(connection, slug, week)
        texts = _texts(connection)
        goods = _titles(connection, slug, linked)
        regional = _regional_count(connection, slug)
        ids = select(observations.c.shop_id).where(
            observations.c.marketplace == slug, observations.c.valid_to_week.is_(None)
        )
        known = tuple(connection.execute(ids.order_by(observations.c.shop_id)).scalars())
        panel = select(query_panel.c.query).where(query_panel.c.marketplace == slug, query_panel.c.to_week.is_(None))
        fixed = tuple(connection.execute(panel.order_by(query_panel.c.query)).scalars())
    asked, details, in_panel = _asked(root, slug, week, frozenset(linked["shop_id"]))
    return History(
        linked=tuple(_linked_shop(row, in_panel) for row in linked.to_dict("records")),
        texts=texts,
        titles=goods,
        linked_in=Counter(area for areas in linked["area_codes"].dropna() for area in areas.split()),
        asked=asked,
        panel=fixed,
        details=details,
        known=known,
        like_share=(len(linked) + USUAL_LIKE * LIKE_PRIOR) / (max(regional, len(linked)) + LIKE_PRIOR),
    )


def keep_panel(engine: Engine, plan: Plan, week: str) -> None:
    """From now on the part of the panel that was chosen is the panel of the marketplace; it never changes by itself."""
    if not plan.fixes_panel:
        return
    keys = [key_of(step.query, query_parts(step.unit)[0] or "") for step in plan.of_stage(PANEL)]
    with transaction(engine) as connection:
        connection.execute(delete(query_panel).where(query_panel.c.marketplace == plan.marketplace))
        rows = [{"marketplace": plan.marketplace, "query": key, "from_week": week} for key in dict.fromkeys(keys)]
        if rows:
            connection.execute(insert(query_panel), rows)


# --- the store ------------------------------------------------------------------------------------------------------


def _linked(connection: Connection, slug: str, week: str) -> pd.DataFrame:
    """shop_id, username, url, area_codes, missed_count, valid_from_week of shops linked lately, as last known."""
    recent = or_(links.c.valid_to_week.is_(None), links.c.valid_to_week > shift_week(week, -LINKED_WEEKS))
    ids = select(links.c.shop_id).where(links.c.marketplace == slug, links.c.valid_from_week < week, recent).distinct()
    names = ("shop_id", "username", "url", "area_codes", "missed_count", "valid_from_week")
    query = select(*(observations.c[name] for name in names)).where(
        and_(observations.c.marketplace == slug, observations.c.shop_id.in_(ids)),
        as_of(observations, shift_week(week, -1)),
        observations.c.state != "gone",
    )
    return read_frame(connection, query.order_by(observations.c.shop_id))


def _linked_shop(row: Mapping[str, Any], in_panel: frozenset[str]) -> LinkedShop:
    def text(name: str) -> str | None:
        return row[name] if isinstance(row[name], str) else None

    shop = KnownShop(row["shop_id"], text("username"), text("url"), is_linked=True)
    return LinkedShop(shop, row["valid_from_week"], int(row["missed_count"]), row["shop_id"] in in_panel)


def _texts(connection: Connection) -> list[Text]:
    """What registered businesses sell, per kab/kota and kind of business; how many say the same."""
    held = business_versions.c
    kind = func.coalesce(held.kbli, held.sector, "")
    query = (
        select(held.product, held.area_code, kind, func.count())
        .where(held.valid_to_part.is_(None), held.product.is_not(None), held.area_code.is_not(None))
        .group_by(held.product, held.area_code, kind)
    )
    users: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for product, area, group, count in connection.execute(query):
        users[" ".join(words_of(product)), area, group] += count
    return [Text(text, area, float(count), 0.0, group) for (text, area, group), count in sorted(users.items()) if text]


def _titles(connection: Connection, slug: str, linked: pd.DataFrame) -> list[Text]:
    """Titles of linked shops: each shop stands for others like it that are not known yet."""
    areas = {row.shop_id: row.area_codes.split()[0] for row in linked.itertuples() if isinstance(row.area_codes, str)}
    query = select(listings.c.shop_id, listings.c.title).where(
        listings.c.marketplace == slug, listings.c.valid_to_week.is_(None), listings.c.title.is_not(None)
    )
    offered: defaultdict[str, set[str]] = defaultdict(set)
    for shop, title in connection.execute(query):
        if shop in areas:
            offered[shop].add(" ".join(words_of(title)))
    found = []
    for shop, titles in sorted(offered.items()):
        share = 1 / len(titles)
        found += [Text(title, areas[shop], share, share * UNSEEN_PER_SHOP, TITLES) for title in sorted(titles)]
    return found


def _regional_count(connection: Connection, slug: str) -> int:
    query = select(func.count()).where(
        observations.c.marketplace == slug,
        observations.c.valid_to_week.is_(None),
        observations.c.area_codes.is_not(None),
    )
    return int(connection.execute(query).scalar_one())


# --- past crawls ----------------------------------------------------------------------------------------------------


def _asked(root: Path, slug: str, week: str, linked: frozenset[str]) -> tuple[list[Asked], int, frozenset[str]]:
    """Queries of past crawls, the newest answer of each; of the newest crawl the pages of detail that it read and the
    linked shops that its panel and lists showed."""
    oldest = shift_week(week, -ASKED_WEEKS)
    infos = ((path, read_info(path)) for path in list_crawls(root, slug))
    paths = [path for path, info in infos if info.kind == "crawl" and oldest <= info.week <= week]
    found: dict[tuple[str, str], Asked] = {}
    details, in_panel = 0, frozenset[str]()
    for number, path in enumerate(reversed(paths)):
        try:
            rows = [row for row in crawl_reader.read_lines(path / "queries.jsonl") if row.get("done")]
            shown = _shown_by(path, rows, linked) if number < COUNTED_CRAWLS else None
        except StoreError:
            continue  # load says which directory is damaged; a plan can do without it
        if number == 0 and shown is not None:
            details = sum(row["unit"].startswith(SHOP_UNITS) and row.get("stage") is None for row in rows)
            weekly = (row["unit"] for row in rows if _is_weekly(row))
            in_panel = frozenset(shop for unit in weekly for shop in shown.get(unit, ()))
        for key, asked in asked_queries(rows, shown).items():
            found.setdefault(key, asked)
    return [found[key] for key in sorted(found)], details, in_panel


def _is_weekly(row: Mapping[str, Any]) -> bool:
    """Units of crawls before there were plans have no stage."""
    return bool(row.get("stage", PANEL) == PANEL and not row["unit"].startswith(SHOP_UNITS))


def asked_queries(
    rows: Iterable[Mapping[str, Any]], shown: Mapping[str, Collection[str]] | None
) -> dict[tuple[str, str], Asked]:
    """(area, query) -> what its unit cost, and what it and its parts showed.

    rows: done lines of queries.jsonl. shown: unit -> linked shops that it showed; None where they were not counted.
    """
    units: defaultdict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["unit"].startswith(QUERY_UNITS):
            area, word = query_parts(row["unit"])
            units[area or "", word].append(row)
    found = {}
    for (area, word), of_query in units.items():
        whole = min(of_query, key=lambda row: len(row["unit"]))  # its parts are asked only where they promise enough
        requests = float(whole.get("requests") or 1)
        entries = max(float(row["declared_total"] or row["fetched"] or 0) for row in of_query)
        like = None if shown is None else float(len({s for row in of_query for s in shown.get(row["unit"], ())}))
        found[area, word] = Asked(word.replace("-", " "), area, requests, entries, like)
    return found


def _shown_by(path: Path, rows: Sequence[Mapping[str, Any]], linked: frozenset[str]) -> dict[str, set[str]]:
    """Linked shops that each unit showed."""
    done = {row["unit"]: row["attempt"] for row in rows}
    shown: defaultdict[str, set[str]] = defaultdict(set)
    for name in ("shops.jsonl", "listings.jsonl"):
        table = crawl_reader.read_rows(path / name, {"shop_id": pa.large_string()}, done)
        for unit, shop in zip(table["unit"].to_pylist(), table["shop_id"].to_pylist(), strict=True):
            if shop in linked:
                shown[unit].add(shop)
    return dict(shown)
