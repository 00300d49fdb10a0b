"""From what the crawls of one week saw to rows of the private store. Pure: no database, no files, no clock.

One marketplace and one week at a time. Shops and listings seen by several crawls of the week are merged: what the
later crawl says holds, what it does not say is taken from the earlier one.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from monitor.crawl.reader import LISTING_TYPES, SHOP_TYPES, one_row_each
from monitor.crawl.store import CrawlData, left_capped
from monitor.database import dump_json
from monitor.marketplaces import marketplace
from monitor.units import QUERY_UNITS, SHOP_UNITS

SHOP_COLUMNS = (
    "shop_id", "name", "username", "url", "city", "district", "province", "area_codes", "district_code", "latitude",
    "longitude", "description", "joined_on", "is_official", "is_collective", "has_listings", "identifiers",
    "observed_at",
)  # fmt: skip
PLACE_COLUMNS = ("city", "district", "province", "area_codes", "district_code")
METRIC_COLUMNS = (
    "shop_id",
    "listing_count",
    "sold_count",
    "follower_count",
    "rating",
    "rating_count",
    "last_active_at",
)
LISTING_COLUMNS = ("listing_id", "shop_id", "title", "url", "category", "brand", "created_on", "identifiers")
LISTING_METRIC_COLUMNS = ("listing_id", "price_idr", "sold_count", "rating", "rating_count", "stock")
# A site that suddenly knows hardly any of the shops it is asked for has changed; nobody has left it.
MANY_ASKED, MAX_NOT_FOUND = 10, 0.5
# Left out of the hash of a crawl: a resumed crawl reads some pages at another time than an undisturbed one.
_TIMES = ("observed_at", "last_active_at")


@dataclass(frozen=True)
class WeekRows:
    """What one marketplace's crawls of a week saw. Object columns, missing is None.

    shops: SHOP_COLUMNS with status, misses (different days after the last sighting on which it was not found);
    metrics, listings, listing_metrics: the columns above; aliases: alias, shop_id; accounts: shop_id, account_id.
    whole_days: different days on which a crawl or feed held every shop there is (see `holds_all`), so that absence from
    it is an attempt that did not find the shop. not_found: shop -> days on which it was asked for and not there.
    listed: ids of shops all of whose listings were read.
    """

    shops: pd.DataFrame
    metrics: pd.DataFrame
    listings: pd.DataFrame
    listing_metrics: pd.DataFrame
    aliases: pd.DataFrame
    accounts: pd.DataFrame
    whole_days: frozenset[str]
    not_found: Mapping[str, frozenset[str]]
    listed: frozenset[str]

    def misses(self, shop_id: str) -> int:
        """Attempts on different days that did not find a shop which nothing of the week shows."""
        return len(self.whole_days | self.not_found.get(shop_id, frozenset()))


def content_hash(data: CrawlData) -> str:
    """SHA-256 over the rows of a crawl, times of reading left out."""
    digest = hashlib.sha256()
    for frame, types in ((data.shops, SHOP_TYPES), (data.listings, LISTING_TYPES)):
        table = _plain(_table(frame, types)).drop_columns([name for name in _TIMES if name in frame.columns])
        with pa.PythonFile(_Sink(digest), mode="w") as sink:
            pyarrow.csv.write_csv(table, sink)
    for shop_id in sorted(_not_found(data)):
        digest.update(f"not found {shop_id}\n".encode())
    return digest.hexdigest()


class _Sink:
    """What Arrow needs of a file in order to write into a hash."""

    closed = False

    def __init__(self, digest: Any) -> None:
        self.write = digest.update

    def flush(self) -> None: ...

    def close(self) -> None: ...


def observed_on(data: CrawlData) -> str:
    """The day the crawl describes; crawls of a week apply in its order."""
    return data.info.observed_on or data.info.started_at[:10]


def holds_all(data: CrawlData) -> bool:
    """Whether every shop of the marketplace in the region is in it, so that absence says something.

    A search shows what it ranks, and other queries run in other weeks; a list that ended at a cap hid the rest; some
    sites' lists show only what is open at the moment (`shows_all`). A feed is as whole as whoever made it says.
    """
    if data.info.coverage != "complete":
        return False
    if data.info.kind == "crawl" and not marketplace(data.info.marketplace).shows_all:
        return False
    is_searched = data.queries["unit"].str.startswith(QUERY_UNITS).any()
    failed = ((data.stats or {}).get("units") or {}).get("failed") or 0
    return not is_searched and not failed and not left_capped(data.queries)


def _not_found(data: CrawlData) -> frozenset[str]:
    """Shops that were asked for and that the site says are not there."""
    asked = data.queries[data.queries["unit"].str.startswith(SHOP_UNITS).fillna(False) & data.queries["found"].notna()]
    missing = asked.loc[~asked["found"].astype(bool), "unit"]
    if len(asked) >= MANY_ASKED and len(missing) > MAX_NOT_FOUND * len(asked):
        return frozenset()
    return frozenset(unit.removeprefix(SHOP_UNITS) for unit in missing)


def week_rows(datas: Sequence[CrawlData]) -> WeekRows:
    """Merged rows of the crawls of one marketplace and week, given in any order."""
    datas = sorted(datas, key=lambda data: (observed_on(data), data.info.started_at, data.info.crawl_id))
    listings = _merged([data.listings for data in datas], LISTING_TYPES, "listing_id")
    shops = _with_shops_of(listings, _merged([data.shops for data in datas], SHOP_TYPES, "shop_id"))
    flat, goods = _objects(_plain(shops)), _objects(_plain(listings))
    flat = flat.drop(columns="status").join(_sightings(datas), on="shop_id")
    flat["has_listings"] = _has_listings(flat, frozenset(goods["shop_id"]))
    return WeekRows(
        shops=flat[[*SHOP_COLUMNS, "status", "misses"]],
        metrics=flat[list(METRIC_COLUMNS)],
        listings=goods[list(LISTING_COLUMNS)],
        listing_metrics=goods[list(LISTING_METRIC_COLUMNS)],
        aliases=_aliases(flat),
        accounts=flat.loc[flat["account_id"].notna(), ["shop_id", "account_id"]],
        whole_days=frozenset(observed_on(data) for data in datas if holds_all(data)),
        not_found=_days_not_found(datas),
        listed=_listed(datas),
    )


def _days_not_found(datas: Sequence[CrawlData]) -> Mapping[str, frozenset[str]]:
    days: defaultdict[str, set[str]] = defaultdict(set)
    for data in datas:
        for shop_id in _not_found(data):
            days[shop_id].add(observed_on(data))
    return {shop_id: frozenset(found) for shop_id, found in days.items()}


def _table(frame: pd.DataFrame, types: dict[str, Any]) -> Any:
    return pa.Table.from_pandas(frame, schema=pa.schema(list(types.items())), preserve_index=False)


def _merged(frames: Sequence[pd.DataFrame], types: dict[str, Any], key: str) -> Any:
    """One table, one row per key; later frames first, because the first value that is not null wins."""
    tables = [_table(frame, types) for frame in reversed(frames)]
    if len(tables) == 1:
        return tables[0]  # a crawl as read already has one row per key
    return one_row_each(pa.concat_tables(tables), key)


def _with_shops_of(listings: Any, shops: Any) -> Any:
    """A listing shows that its shop is live, also where the crawl never saw the shop's own entry."""
    known = pc.is_in(listings["shop_id"], value_set=shops["shop_id"].combine_chunks())
    missing = listings.filter(pc.invert(known)).group_by(["marketplace", "shop_id"], use_threads=False)
    extra = missing.aggregate([("observed_at", "min")]).rename_columns(["marketplace", "shop_id", "observed_at"])
    extra = extra.append_column("status", pa.array(["live"] * extra.num_rows, pa.large_string()))
    return pa.concat_tables([shops, extra], promote_options="default")


def _plain(table: Any) -> Any:
    """Lists as text: codes separated by blanks, identifiers as JSON, both null when empty; aliases by newlines."""
    for name, separator in (("area_codes", " "), ("aliases", "\n")):
        if name in table.column_names:
            lists = table[name].combine_chunks()
            joined = pc.binary_join(lists, pa.scalar(separator, pa.large_string()))
            empty = pc.equal(pc.fill_null(pc.list_value_length(lists), 0), 0)
            table = _put(table, name, pc.if_else(empty, None, joined))
    column = table["identifiers"].combine_chunks()
    texts = np.full(len(column), None, dtype=object)
    filled = np.flatnonzero(pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False))
    for row, entries in zip(filled, column.take(pa.array(filled)).to_pylist(), strict=True):
        texts[row] = dump_json(tidy_identifiers(entries))
    return _put(table, "identifiers", pa.array(texts, pa.large_string()))


def _put(table: Any, name: str, column: Any) -> Any:
    return table.set_column(table.column_names.index(name), name, column)


def tidy_identifiers(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Identifiers in one order, each once, without the parts that are null: the same set has the same text."""
    plain = {dump_json(entry): entry for entry in ({k: v for k, v in e.items() if v is not None} for e in entries)}
    return [plain[text] for text in sorted(plain)]


def _objects(table: Any) -> pd.DataFrame:
    """Object columns with None for null, identifiers as lists: as the stores take and give them."""
    frame = pd.DataFrame({name: _object_column(table[name]) for name in table.column_names}, dtype=object)
    frame["identifiers"] = [None if text is None else json.loads(text) for text in frame["identifiers"]]
    return frame


def _object_column(column: Any) -> np.ndarray[Any, Any]:
    found = np.empty(len(column), dtype=object)
    found[:] = column.to_pylist()
    return found


def _sightings(datas: Sequence[CrawlData]) -> pd.DataFrame:
    """Index shop_id; status: as the last crawl that showed the shop says; misses: see WeekRows."""
    parts = []
    whole = [holds_all(data) for data in datas]
    for number, data in enumerate(datas):
        later = {observed_on(other) for at, other in enumerate(datas) if at > number and whole[at]}
        shown = pd.DataFrame({"shop_id": data.shops["shop_id"].tolist(), "status": data.shops["status"].tolist()})
        offering = pd.DataFrame({"shop_id": data.listings["shop_id"].unique().tolist(), "status": "live"})
        both = pd.concat([shown, offering]).drop_duplicates("shop_id")  # what the shop's own entry says comes first
        both["misses"] = len(later)
        for shop_id, days in _days_not_found(datas[number + 1 :]).items():
            both.loc[both["shop_id"] == shop_id, "misses"] = len(later | days)
        parts.append(both)
    return pd.concat(parts).astype(object).drop_duplicates("shop_id", keep="last").set_index("shop_id")


def _has_listings(shops: pd.DataFrame, offering: frozenset[str]) -> pd.Series:
    """True with a listing or a count above zero, False with a count of zero, None where nothing is known."""
    count = shops["listing_count"]
    said = count.map(lambda number: None if number is None else number > 0).astype(object)
    return said.where(~shops["shop_id"].isin(offering), True)


def _listed(datas: Sequence[CrawlData]) -> frozenset[str]:
    found: set[str] = set()
    for data in datas:
        if holds_all(data):
            found.update(data.listings["shop_id"].unique().tolist())
            found.update(data.shops.loc[(data.shops["listing_count"] == 0).fillna(False), "shop_id"].tolist())
    return frozenset(found)


def _aliases(shops: pd.DataFrame) -> pd.DataFrame:
    """Other ids, user names and addresses by which a shop can be found; columns alias, shop_id."""
    listed = shops.loc[shops["aliases"].notna(), ["shop_id", "aliases"]]
    listed = listed.assign(alias=listed["aliases"].str.split("\n")).explode("alias")
    parts = [shops[["shop_id", name]].rename(columns={name: "alias"}) for name in ("username", "url")]
    found = pd.concat([listed[["shop_id", "alias"]], *parts]).dropna()
    return found[found["alias"] != found["shop_id"]].drop_duplicates("alias")[["alias", "shop_id"]]
