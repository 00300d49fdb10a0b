"""Review tasks out: which pairs a person is asked about, and what the sheet shows of them.

The clerical draw of a week asks about shops whose best candidate is in the clerical band, and about links that nobody
has confirmed, in turn, spread over the offices so that each gets about as many. Tasks that were asked and not answered
come again under the same id.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, select

from monitor import regions
from monitor.config import Config
from monitor.database import bulk_insert, read_frame, transaction
from monitor.errors import UsageError
from monitor.intervals import as_of
from monitor.marketplaces import catalogue
from monitor.private_store import (
    business_versions,
    candidate_pairs,
    judgements,
    links,
    listings,
    observations,
    review_tasks,
)
from monitor.sectors import kbli_title
from monitor.weeks import utc_now, utc_text
from pipelines.linkage.weights import load_weights

PURPOSES = ("clerical",)
ASKED = ("review", "link")  # decisions in the order in which they take turns
TITLES = 5  # product titles that a person sees
CHUNK = 500  # values in one IN (...)
PAIR = ["marketplace", "shop_id", "business_id"]
SHEET_COLUMNS = (
    "task_id", "marketplace", "shop_id", "business_id", "position", "shop_name", "shop_place", "shop_products",
    "shop_permits", "shop_url", "marketplace_title", "business_name", "owner_name", "address", "product", "permits",
    "phone",
)  # fmt: skip
# Levels of the phone comparison; a number that many share is the same number all the same.
_PHONE = {"same": "sama", "shared_by_many": "sama", "differs": "berbeda"}
_PERMITS = {"pirt": "P-IRT", "halal": "Halal", "bpom": "BPOM"}


@dataclass(frozen=True)
class Sheet:
    """One office's sheet: rows with `SHEET_COLUMNS` in the order shown, missing values are None."""

    office: str
    rows: pd.DataFrame


def _hash(*parts: object) -> str:
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).hexdigest()


def _keys(frame: pd.DataFrame, names: Sequence[str] = PAIR) -> set[tuple[Any, ...]]:
    return set(frame[list(names)].itertuples(index=False, name=None))


def _among(frame: pd.DataFrame, keys: set[tuple[Any, ...]], names: Sequence[str] = PAIR) -> Any:
    """By row: is its key one of these?"""
    return np.array([key in keys for key in frame[list(names)].itertuples(index=False, name=None)], dtype=bool)


def _in(connection: Connection, query: Any, column: Any, values: Iterable[Any]) -> pd.DataFrame:
    """The query for every value of the column; in parts, since a statement takes a limited number of values."""
    wanted = sorted(set(values))
    parts = [
        read_frame(connection, query.where(column.in_(wanted[at : at + CHUNK]))) for at in range(0, len(wanted), CHUNK)
    ]
    return pd.concat(parts, ignore_index=True) if parts else read_frame(connection, query.where(column.is_(None)))


def _answered(connection: Connection) -> set[str]:
    return {row.task_id for row in connection.execute(select(judgements.c.task_id).distinct())}


def _tasks(connection: Connection, purpose: str, week: str) -> pd.DataFrame:
    query = select(review_tasks).where(review_tasks.c.purpose == purpose, review_tasks.c.week <= week)
    return read_frame(connection, query.order_by(review_tasks.c.task_id))


def _pairs(connection: Connection, week: str) -> pd.DataFrame:
    """The best pair of every shop that nobody has confirmed, if it is worth asking about."""
    table = candidate_pairs.c
    columns = (table.marketplace, table.shop_id, table.business_id, table.group_id, table.weight, table.decision)
    query = select(*columns).where(as_of(candidate_pairs, week), table.decision.in_(ASKED))
    pairs = read_frame(connection, query)
    sure = select(links.c.marketplace, links.c.shop_id).where(as_of(links, week), links.c.decision == "confirmed")
    confirmed = {tuple(row) for row in connection.execute(sure)}
    pairs = pairs[~_among(pairs, confirmed, PAIR[:2])].assign(weight=lambda frame: frame["weight"].astype(float))
    order = ["marketplace", "shop_id", "weight", "business_id"]
    return pairs.sort_values(order, ascending=[True, True, False, True]).drop_duplicates(["marketplace", "shop_id"])


def _businesses(connection: Connection, ids: Iterable[int]) -> pd.DataFrame:
    """The newest version of each business, indexed by business_id; none for those that left the registry."""
    query = select(business_versions).where(business_versions.c.valid_to_part.is_(None))
    frame = _in(connection, query, business_versions.c.business_id, (int(number) for number in ids))
    newest = frame.sort_values(["business_id", "valid_from_part"]).drop_duplicates("business_id", keep="last")
    return newest.set_index("business_id")


def _fresh(pairs: pd.DataFrame, asked: pd.DataFrame, draw_id: str, count: int) -> pd.DataFrame:
    """The next `count` pairs: in each office clerical band and links in turn, offices in turn.

    The band by weight, since the likeliest are worth most; links at random, so that they show how right links are.
    """
    left = pairs[~_among(pairs, _keys(asked))]
    left = left.assign(chance=[_hash(draw_id, *key) for key in left[PAIR].itertuples(index=False)])
    band = left["decision"] == "review"
    left = left.assign(order=(-left["weight"]).where(band, 0.0)).sort_values(["order", "chance"])
    turn = left.groupby(["office", "decision"]).cumcount() * 2 + (~band[left.index]).astype(int)
    office = [_hash(draw_id, code) for code in left["office"]]
    return left.assign(turn=turn, by_office=office).sort_values(["turn", "by_office", "chance"]).head(max(count, 0))


def _new_tasks(pairs: pd.DataFrame, draw_id: str, purpose: str, week: str) -> pd.DataFrame:
    keys = pairs[PAIR].itertuples(index=False)
    tasks = pairs[[*PAIR, "group_id", "office"]].assign(
        # A letter in front, so that no spreadsheet takes an id for a number.
        task_id=[f"T{_hash(purpose, week, *key)}" for key in keys],
        draw_id=draw_id,
        purpose=purpose,
        week=week,
        inclusion_prob=None,
        stratum_at_draw=None,
        score_at_draw=pairs["weight"],
        model_version=load_weights().version,
        coder="first",
        drawn_at=utc_text(utc_now()),
    )
    tasks = tasks.assign(shuffled=[_hash(draw_id, task) for task in tasks["task_id"]]).sort_values("shuffled")
    return tasks.assign(position=tasks.groupby("office").cumcount() + 1).drop(columns="shuffled")


def draw_tasks(engine: Engine, config: Config, week: str, purpose: str = "clerical") -> pd.DataFrame:
    """The open tasks of the week with the columns of `review_tasks`; new ones are written first.

    At most `review.weekly_rows` tasks are open; drawing again in the same week gives the same ones. Raises UsageError
    for a purpose that is not drawn here.
    """
    if purpose not in PURPOSES:
        raise UsageError(f"Sheets for purpose '{purpose}' are not drawn by this version; use --purpose clerical.")
    draw_id = f"{purpose}-{week}"
    with transaction(engine) as connection:
        tasks, answered = _tasks(connection, purpose, week), _answered(connection)
        pairs = _pairs(connection, week)
        known = _businesses(connection, pairs["business_id"])
        pairs = pairs[pairs["business_id"].isin(known.index)]
        area = known["area_code"].reindex(pairs["business_id"]).tolist()
        pairs = pairs.assign(office=[code or config.region.code for code in area])
        waiting = tasks[_among(tasks, _keys(pairs)) & ~tasks["task_id"].isin(answered).to_numpy(dtype=bool)]
        done = int((tasks["draw_id"] == draw_id).sum() - (waiting["draw_id"] == draw_id).sum())
        wanted = config.review.weekly_rows - len(waiting) - done
        fresh = _new_tasks(_fresh(pairs, tasks, draw_id, wanted), draw_id, purpose, week)
        bulk_insert(connection, review_tasks, fresh[[column.name for column in review_tasks.columns]])
    return pd.concat([waiting, fresh[waiting.columns]], ignore_index=True) if len(waiting) else fresh


# --- what a person sees ---------------------------------------------------------------------------------------------


def _shops(connection: Connection, tasks: pd.DataFrame, week: str) -> pd.DataFrame:
    query = select(observations).where(as_of(observations, week))
    frame = _in(connection, query, observations.c.shop_id, tasks["shop_id"])
    return frame.set_index(["marketplace", "shop_id"])


def _titles(connection: Connection, tasks: pd.DataFrame, week: str) -> dict[tuple[str, str], list[str]]:
    columns = (listings.c.marketplace, listings.c.shop_id, listings.c.listing_id, listings.c.title)
    query = select(*columns).where(as_of(listings, week), listings.c.title.is_not(None))
    frame = _in(connection, query, listings.c.shop_id, tasks["shop_id"]).sort_values(["shop_id", "listing_id"])
    found: dict[tuple[str, str], list[str]] = {}
    for marketplace, shop, title in zip(frame["marketplace"], frame["shop_id"], frame["title"], strict=True):
        some = found.setdefault((marketplace, shop), [])
        if len(some) < TITLES and title not in some:
            some.append(title)
    return found


def _phones(connection: Connection, tasks: pd.DataFrame, week: str) -> dict[tuple[Any, ...], str]:
    table = candidate_pairs.c
    query = select(table.marketplace, table.shop_id, table.business_id, table.evidence)
    frame = _in(connection, query.where(as_of(candidate_pairs, week)), table.shop_id, tasks["shop_id"])
    levels = [(evidence or {}).get("phone", [None])[0] for evidence in frame["evidence"]]
    keys = zip(frame["marketplace"], frame["shop_id"], frame["business_id"], strict=True)
    return dict(zip(keys, levels, strict=True))


def _permits(identifiers: Any) -> str | None:
    found = [
        f"{_PERMITS[entry['kind']]} {entry['value']}"
        for entry in identifiers or ()
        if entry.get("kind") in _PERMITS and entry.get("value")
    ]
    return "; ".join(dict.fromkeys(found)) or None


def _joined(parts: Sequence[Any], between: str = ", ") -> str | None:
    return between.join(str(part) for part in parts if part is not None and str(part).strip()) or None


def _shop_part(shop: dict[str, Any], titles: list[str]) -> dict[str, Any]:
    entry = catalogue().get(shop["marketplace"])
    return {
        "shop_name": _joined([shop["name"], f"({shop['username']})" if shop["username"] else None], " "),
        "shop_place": _joined([shop["district"], shop["city"], shop["province"]]),
        "shop_products": _joined(titles, " | "),
        "shop_permits": _permits(shop["identifiers"]),
        "shop_url": shop["url"],
        "marketplace_title": entry.title if entry else shop["marketplace"],
    }


def _business_part(business: dict[str, Any]) -> dict[str, Any]:
    names = dict.fromkeys(name for name in (business["business_name"], business["trade_name"]) if name)
    district, area = business["district_code"], business["area_code"]
    permits = [f"{label} {business[kind]}" for kind, label in _PERMITS.items() if business[kind]]
    return {
        "business_name": _joined(list(names), " / "),
        "owner_name": business["owner_name"],
        "address": _joined(
            [
                business["address"],
                f"Kec. {regions.district_name(district)}" if district else None,
                regions.area_name(area) if area else None,
            ]
        ),
        "product": _joined([business["product"], kbli_title(business["kbli"]) if business["kbli"] else None], "; "),
        "permits": "; ".join(permits) or None,
    }


def read_sheets(engine: Engine, tasks: pd.DataFrame, week: str, office: str | None = None) -> list[Sheet]:
    """The tasks as sheets, one an office (only `office` when it is named), by office; no score, no phone digit."""
    if office is not None:
        tasks = tasks[tasks["office"] == office]
    with engine.connect() as connection, connection.begin():
        shops, titles = _shops(connection, tasks, week), _titles(connection, tasks, week)
        phones = _phones(connection, tasks, week)
        businesses = _businesses(connection, tasks["business_id"])
    rows = []
    for task in tasks.sort_values(["office", "week", "position", "task_id"]).to_dict("records"):
        key = task["marketplace"], task["shop_id"]
        if key not in shops.index or task["business_id"] not in businesses.index:
            continue
        shop = {"marketplace": key[0], **shops.loc[key].to_dict()}
        phone = _PHONE.get(phones.get((*key, task["business_id"])) or "", "tidak tercantum")
        own = {name: task[name] for name in ("office", "task_id", *PAIR, "position")}
        business = _business_part(businesses.loc[task["business_id"]].to_dict())
        rows.append({**own, **_shop_part(shop, titles.get(key, [])), **business, "phone": phone})
    frame = pd.DataFrame(rows, columns=["office", *SHEET_COLUMNS], dtype=object)
    return [Sheet(str(code), part[list(SHEET_COLUMNS)]) for code, part in frame.groupby("office", sort=True)]
