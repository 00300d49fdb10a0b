"""What is known of a marketplace before it is crawled again: linked shops, what businesses sell, what was asked before.

Read from the private store and from past crawl directories. Of the tables only those named in the import below are
read; the businesses by which it is measured what the monitor misses are not among them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select

from monitor import crawl_reader
from monitor.crawl_store import list_crawls, read_info
from monitor.database import read_frame, transaction, translate_errors
from monitor.errors import StoreError
from monitor.intervals import as_of
from monitor.planner import History, LinkedShop, key_of
from monitor.planner_steps import PANEL, Plan
from monitor.planner_words import Asked, Text, words_of
from monitor.private_store import business_versions, links, listings, observations, query_panel
from monitor.units import QUERY_UNITS, SHOP_UNITS, KnownShop, query_parts
from monitor.weeks import shift_week

LINKED_WEEKS = 8  # a shop that was linked so recently is asked for, whatever became of it since
ASKED_WEEKS = 26  # a query is new again after half a year
COUNTED_CRAWLS = 4  # newest crawls whose rows are counted per query
UNSEEN_PER_SHOP = 0.3  # shops still unknown that one linked shop stands for, by the words of its titles
LIKE_PRIOR, USUAL_LIKE = 50, 0.05


def read_history(engine: Engine, root: Path, slug: str, week: str) -> History:
    """What is known of the marketplace before `week`. root: folder of the crawl directories."""
    with translate_errors(), engine.connect() as connection, connection.begin():
        linked = _linked(connection, slug, week)
        texts = _texts(connection)
        goods = _titles(connection, slug, linked)
        regional = _regional_count(connection, slug)
        panel = select(query_panel.c.query).where(query_panel.c.marketplace == slug, query_panel.c.to_week.is_(None))
        fixed = tuple(connection.execute(panel.order_by(query_panel.c.query)).scalars())
    asked, details = _asked(root, slug, week, frozenset(linked["shop_id"]))
    return History(
        linked=tuple(_linked_shop(row) for row in linked.to_dict("records")),
        texts=texts,
        titles=goods,
        linked_in=Counter(area for areas in linked["area_codes"].dropna() for area in areas.split()),
        asked=asked,
        panel=fixed,
        details=details,
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


def _linked_shop(row: Mapping[str, Any]) -> LinkedShop:
    def text(name: str) -> str | None:
        return row[name] if isinstance(row[name], str) else None

    shop = KnownShop(row["shop_id"], text("username"), text("url"), is_linked=True)
    return LinkedShop(shop, row["valid_from_week"], int(row["missed_count"]))


def _texts(connection: Connection) -> list[Text]:
    """What registered businesses sell, per kab/kota; how many say the same."""
    held = business_versions.c
    query = (
        select(held.product, held.area_code, func.count())
        .where(held.valid_to_part.is_(None), held.product.is_not(None), held.area_code.is_not(None))
        .group_by(held.product, held.area_code)
    )
    users: defaultdict[tuple[str, str], int] = defaultdict(int)
    for product, area, count in connection.execute(query):
        users[" ".join(words_of(product)), area] += count
    return [Text(text, area, float(count), 0.0) for (text, area), count in sorted(users.items()) if text]


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
        found += [Text(title, areas[shop], share, share * UNSEEN_PER_SHOP) for title in sorted(titles)]
    return found


def _regional_count(connection: Connection, slug: str) -> int:
    query = select(func.count()).where(
        observations.c.marketplace == slug,
        observations.c.valid_to_week.is_(None),
        observations.c.area_codes.is_not(None),
    )
    return int(connection.execute(query).scalar_one())


# --- past crawls ----------------------------------------------------------------------------------------------------


def _asked(root: Path, slug: str, week: str, linked: frozenset[str]) -> tuple[list[Asked], int]:
    """Queries of past crawls, the newest answer of each; and pages of detail that the newest crawl read."""
    oldest = shift_week(week, -ASKED_WEEKS)
    infos = ((path, read_info(path)) for path in list_crawls(root, slug))
    paths = [path for path, info in infos if info.kind == "crawl" and oldest <= info.week <= week]
    found: dict[tuple[str, str], Asked] = {}
    details = 0
    for number, path in enumerate(reversed(paths)):
        try:
            rows = [row for row in crawl_reader.read_lines(path / "queries.jsonl") if row.get("done")]
            like = _like_by_query(path, rows, linked) if number < COUNTED_CRAWLS else None
        except StoreError:
            continue  # load says which directory is damaged; a plan can do without it
        if number == 0:
            details = sum(row["unit"].startswith(SHOP_UNITS) and row.get("stage") is None for row in rows)
        for key, asked in _by_query(rows, like).items():
            found.setdefault(key, asked)
    return [found[key] for key in sorted(found)], details


def _by_query(rows: Iterable[Mapping[str, Any]], like: Mapping[tuple[str, str], int] | None) -> dict[Any, Asked]:
    """Query and area -> what its unit and the parts of it cost and showed."""
    found: dict[tuple[str, str], Asked] = {}
    for row in rows:
        if not row["unit"].startswith(QUERY_UNITS):
            continue
        key = _key(row["unit"])
        before = found.get(key)
        requests = float(row.get("requests") or 1) + (before.requests if before else 0.0)
        entries = max(float(row["declared_total"] or row["fetched"] or 0), before.rows if before else 0.0)
        shown = float(like.get(key, 0)) if like is not None else None
        found[key] = Asked(key[1].replace("-", " "), key[0], requests, entries, shown)
    return found


def _key(unit: str) -> tuple[str, str]:
    area, word = query_parts(unit)
    return area or "", word


def _like_by_query(path: Path, rows: Sequence[Mapping[str, Any]], linked: frozenset[str]) -> dict[tuple[str, str], int]:
    """Linked shops that each query showed."""
    done = {row["unit"]: row["attempt"] for row in rows}
    shown: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for name in ("shops.jsonl", "listings.jsonl"):
        table = crawl_reader.read_rows(path / name, {"shop_id": pa.large_string()}, done)
        for unit, shop in zip(table["unit"].to_pylist(), table["shop_id"].to_pylist(), strict=True):
            if shop in linked and unit.startswith(QUERY_UNITS):
                shown[_key(unit)].add(shop)
    return {key: len(shops) for key, shops in shown.items()}
