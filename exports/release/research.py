"""The research class: pseudonymous rows for one recipient, and the aggregates that belong to them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from exports.release import columns
from exports.release.anonymity import MIN_K, Generalised, generalised
from exports.release.anonymity_check import proved
from exports.release.pseudonyms import Pseudonyms
from exports.release.public import AGGREGATES, Frames, released_revisions
from exports.release.rows_made import Joint, joint, judgement_rows
from exports.release.rows_read import RowsRead
from monitor.database import read_frame
from monitor.errors import UsageError
from monitor.results_store import ROW_TABLES
from monitor.results_views import view


def research_aggregates(connection: Connection, week: str, recipient: str, vintage: str | None = None) -> Frames:
    """Aggregates up to the week as the views show them: cells of few businesses withheld, nothing rounded.

    Raises UsageError when the week has no results.
    """
    names = [name for name in (*AGGREGATES, *INSIDE) if name not in ABOUT_RELEASES]
    frames = {name: read_frame(connection, view(name, week, recipient)) for name in names}
    if week not in set(frames["weeks"]["week"]):
        raise UsageError(f"Week {week} has no results; run 'measure --week {week}' first.")
    frames["estimates"] = released_revisions(frames["estimates"], vintage)
    shown = frames["estimates"][["estimand", "week", "vintage", "revision"]].drop_duplicates()
    frames["draws"] = frames["draws"].merge(shown, on=list(shown.columns))
    return frames


INSIDE = ("draws", "suppressions", "review_draws")  # aggregates that only this class holds
ABOUT_RELEASES = ("releases", "changes")  # written by `build`, which knows the release


def research_rows(read: RowsRead, pseudonyms: Pseudonyms, k: int) -> tuple[Frames, dict[str, Any]]:
    """The five tables of rows, generalised and under pseudonyms, and the report of the check.

    Raises UsageError for a k below MIN_K, CheckError where somebody would stand alone.
    """
    if k < MIN_K:
        raise UsageError(f"'k' in [release] is {k}; fewer than {MIN_K} businesses standing together is refused.")
    exact = joint(read)
    found = generalised(exact, k)
    tables = _named(found, pseudonyms)
    before = {"businesses": len(exact.businesses), "presence": len(exact.presence), "shops": len(exact.shops)}
    report = proved(tables, found, k, before | {"link_history": len(exact.links)})
    return {**tables, "judgements": _judgements(read, pseudonyms)}, report


def _named(found: Generalised, pseudonyms: Pseudonyms) -> Frames:
    """The tables of the results database, with pseudonyms for ids and nothing beside its columns."""
    rows = found.rows
    groups = _pseudonyms_of_groups(rows, pseudonyms)
    shops = rows.shops.set_index("shop")
    of_shops = dict(zip(shops.index, pseudonyms.of("shop", _shop_ids(shops)), strict=True))
    made = {
        "businesses": rows.businesses.assign(group_pseudonym=rows.businesses["group_id"].map(groups)),
        "presence": rows.presence.assign(group_pseudonym=rows.presence["group_id"].map(groups)),
        "shops": rows.shops.assign(shop_pseudonym=rows.shops["shop"].map(of_shops)),
        "link_history": pd.concat(
            [
                rows.links.assign(
                    group_pseudonym=rows.links["group_id"].map(groups), shop_pseudonym=rows.links["shop"].map(of_shops)
                ),
                _alone(found.alone_links, pseudonyms),
            ],
            ignore_index=True,
        ),
    }
    return {name: _only_listed(name, frame) for name, frame in made.items()}


def _alone(links: pd.DataFrame, pseudonyms: Pseudonyms) -> pd.DataFrame:
    """Links that nothing ties to a business or a shop: not even two groups that share one."""
    pairs = [f"{group}\x00{shop}" for group, shop in zip(links["group_id"], links["shop"], strict=True)]
    return links.assign(
        group_pseudonym=pseudonyms.of("group of links alone", links["group_id"]),
        shop_pseudonym=pseudonyms.of("shop of a link alone", pairs),
    )


def _pseudonyms_of_groups(rows: Joint, pseudonyms: Pseudonyms) -> Mapping[int, str]:
    ids = rows.businesses["group_id"].tolist()
    return dict(zip(ids, pseudonyms.of("group", ids), strict=True))


def _shop_ids(shops: pd.DataFrame) -> list[str]:
    return [f"{slug}\x00{shop}" for slug, shop in zip(shops["marketplace"], shops["shop_id"], strict=True)]


def _only_listed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The columns that the results database has, and no other."""
    return frame[[column.name for column in columns.table(name).columns]]


def _judgements(read: RowsRead, pseudonyms: Pseudonyms) -> pd.DataFrame:
    """Groups and shops under pseudonyms of their own: joined with businesses, every judged one would be unique."""
    rows = judgement_rows(read)
    made = rows.assign(
        judgement_pseudonym=pseudonyms.of("judgement", rows["judgement_id"]),
        group_pseudonym=pseudonyms.of("judged group", rows["group_id"]),
        shop_pseudonym=pseudonyms.of("judged shop", _shop_ids(rows)),
    )
    return _only_listed("judgements", made)


__all__ = ["ROW_TABLES", "research_aggregates", "research_rows"]
