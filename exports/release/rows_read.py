"""What a research release is made from, read out of the private store under its own ids; nothing here leaves as it is.

Erased persons are left out: their businesses, their groups, their shops and all that was said about them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Select, and_, case, func, or_, select

from monitor import private_store as store
from monitor.database import read_frame
from monitor.fast_rows import read_columns
from monitor.intervals import as_of
from monitor.results_values import JUDGED_PURPOSES
from monitor.shop_states import week_states
from monitor.weeks import week_days

SHOP = ["marketplace", "shop_id"]
_TEXTS = ("area_code", "sector", "kbli", "size")
_KINDS = {"group_id": pa.int64(), "year": pa.int64(), "has_pirt": pa.int64(), "has_halal": pa.int64()}


@dataclass(frozen=True)
class RowsRead:
    """groups, cohorts, links, states, shops, judgements: see the functions that read them.

    known: links as earlier releases of the recipient knew them, with `known_week`, the week of the release.
    """

    week: str
    groups: pd.DataFrame
    cohorts: pd.DataFrame
    links: pd.DataFrame
    known: pd.DataFrame
    states: pd.DataFrame
    readings: pd.DataFrame
    shops: pd.DataFrame
    judgements: pd.DataFrame


def read_rows(connection: Connection, week: str, releases: Sequence[tuple[str, str]]) -> RowsRead:
    """Everything up to the week. releases: (release_id, week) of the recipient's earlier releases, oldest first."""
    groups = read_groups(connection, week)
    alive = set(groups["group_id"])
    erased = read_frame(
        connection, select(store.shops.c.marketplace, store.shops.c.shop_id).where(store.shops.c.is_erased.is_(True))
    )
    links = _kept(read_links(connection, week), alive, erased)
    known = _kept(read_known(connection, releases), alive, erased)
    linked = pd.concat([links[SHOP], known[SHOP]]).drop_duplicates().reset_index(drop=True)
    return RowsRead(
        week=week,
        groups=groups,
        cohorts=read_cohorts(connection, week),
        links=links,
        known=known,
        states=read_states(connection, week, linked),
        readings=read_readings(connection, week),
        shops=read_shops(connection, week, linked),
        judgements=_kept(read_judgements(connection, week), alive, erased),
    )


def _kept(rows: pd.DataFrame, groups: set[int], erased: pd.DataFrame) -> pd.DataFrame:
    gone = pd.MultiIndex.from_frame(erased[SHOP])
    inside = rows["group_id"].isin(groups) & ~pd.MultiIndex.from_frame(rows[SHOP]).isin(gone)
    return rows[inside].reset_index(drop=True)


# --- registry -------------------------------------------------------------------------------------------------------


def read_groups(connection: Connection, week: str) -> pd.DataFrame:
    """One row per group that any list up to the week held: group_id, area_code, sector, kbli, size, year, has_pirt,
    has_halal (1, 0, missing), since, until (ISO dates of the lists; until is missing while it is held).

    The rows of a group may differ; as everywhere, its lowest code speaks for it, among the rows that still hold.
    """
    table = read_columns(connection, _groups(week_days(week)[1].isoformat()), _KINDS)
    return table.sort_by("group_id").to_pandas()


def _groups(last_day: str) -> Select[tuple[object, ...]]:
    row = store.business_versions.c
    first, last = store.registry_parts.alias("first_part"), store.registry_parts.alias("last_part")
    ended = and_(last.c.as_of.is_not(None), last.c.as_of <= last_day)
    holds = ~func.coalesce(ended, False)
    said = [
        func.coalesce(func.min(case((holds, row[name]))), func.min(row[name])).label(name) for name in (*_TEXTS, "year")
    ]
    flags = [
        func.max(case((row[name].is_(True), 1), (row[name].is_(False), 0))).label(name)
        for name in ("has_pirt", "has_halal")
    ]
    until = case((func.max(case((holds, 1), else_=0)) == 1, None), else_=func.max(last.c.as_of)).label("until")
    erased = func.max(case((store.businesses.c.is_erased.is_(True), 1), else_=0))
    return (
        select(row.group_id, *said, *flags, func.min(first.c.as_of).label("since"), until)
        .select_from(store.business_versions)
        .outerjoin(store.businesses, store.businesses.c.business_id == row.business_id)
        .join(first, first.c.part_id == row.valid_from_part)
        .outerjoin(last, last.c.part_id == row.valid_to_part)
        .where(row.is_outside.is_not(True), or_(first.c.as_of <= last_day, first.c.as_of == _oldest()))
        .group_by(row.group_id)
        .having(erased == 0)
    )


def _oldest() -> Select[tuple[object, ...]]:
    """For a week before the first list the first one serves: it is all that is known."""
    return select(func.min(store.registry_parts.c.as_of)).scalar_subquery()  # type: ignore[return-value]


def read_cohorts(connection: Connection, week: str) -> pd.DataFrame:
    """The latest cohort of every group: group_id, cohort, kind, held_on."""
    members, lists, row = store.cohort_members.c, store.cohorts, store.business_versions.c
    query = (
        select(row.group_id, lists.c.cohort, lists.c.kind, lists.c.held_on)
        .join_from(store.cohort_members, lists, lists.c.cohort == members.cohort)
        .join(store.business_versions, row.business_id == members.business_id)
        .where(lists.c.held_on <= week_days(week)[1].isoformat())
        .distinct()
    )
    found = read_frame(connection, query).sort_values(["group_id", "held_on", "cohort"])
    return found.drop_duplicates("group_id", keep="last").reset_index(drop=True)


# --- links ----------------------------------------------------------------------------------------------------------

LINK = ("marketplace", "shop_id", "listing_id", "group_id", "valid_from_week", "valid_to_week", "decision")


def read_links(connection: Connection, week: str) -> pd.DataFrame:
    """Links up to the week as they are known now; what ended later still holds. Columns of LINK, model_version,
    probability."""
    table = store.links.c
    names = (*LINK, "model_version", "probability")
    found = read_frame(connection, select(*(table[name] for name in names)).where(table.valid_from_week <= week))
    found["valid_to_week"] = found["valid_to_week"].where(found["valid_to_week"].fillna("9") <= week, None)
    return found


def read_known(connection: Connection, releases: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Links as earlier releases knew them: columns of LINK, model_version, known_week; of a week its last release."""
    table = store.release_links.c
    newest = {week: release_id for release_id, week in releases}
    names = (*LINK, "model_version")
    query = select(table.release_id, *(table[name] for name in names)).where(table.release_id.in_(newest.values()))
    found = read_frame(connection, query)
    weeks = {release_id: week for week, release_id in newest.items()}
    return found.assign(known_week=found["release_id"].map(weeks).astype(object)).drop(columns="release_id")


# --- shops ----------------------------------------------------------------------------------------------------------


def read_states(connection: Connection, week: str, shops: pd.DataFrame) -> pd.DataFrame:
    """State of the shops in every measured week: week, marketplace, shop_id, state, seen_week."""
    table = store.marketplace_weeks.c
    weeks = connection.execute(select(table.week).where(table.week <= week).distinct().order_by(table.week)).scalars()
    parts = [week_states(connection, one).merge(shops, on=SHOP).assign(week=one) for one in weeks.all()]
    names = ["week", *SHOP, "state", "seen_week"]
    return pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names, dtype=object)


def read_readings(connection: Connection, week: str) -> pd.DataFrame:
    """How every marketplace was read in every measured week: marketplace, week, reading (states of the marketplace)."""
    table = store.marketplace_weeks.c
    return read_frame(
        connection, select(table.marketplace, table.week, table.state.label("reading")).where(table.week <= week)
    )


def read_shops(connection: Connection, week: str, shops: pd.DataFrame) -> pd.DataFrame:
    """The shops as last read: SHOP, area_codes, joined_on, listing_count, last_active_at, first_seen_week."""
    seen, figures = store.observations, store.shop_metrics
    looks = read_frame(
        connection,
        select(seen.c.marketplace, seen.c.shop_id, seen.c.area_codes, seen.c.joined_on).where(as_of(seen, week)),
    )
    counts = read_frame(
        connection,
        select(figures.c.marketplace, figures.c.shop_id, figures.c.listing_count, figures.c.last_active_at).where(
            as_of(figures, week)
        ),
    )
    first = read_frame(
        connection, select(store.shops.c.marketplace, store.shops.c.shop_id, store.shops.c.first_seen_week)
    )
    found = shops.merge(first, on=SHOP, how="left")
    return found.merge(looks, on=SHOP, how="left").merge(counts, on=SHOP, how="left")


# --- judgements -----------------------------------------------------------------------------------------------------


def read_judgements(connection: Connection, week: str) -> pd.DataFrame:
    """Answers up to the week with their design: what the table `judgements` of the results holds, and the ids."""
    tasks, answers = store.review_tasks.c, store.judgements.c
    undone = select(store.undone_judgements.c.judgement_id)
    query = (
        select(
            answers.judgement_id, tasks.marketplace, tasks.shop_id, tasks.group_id, answers.draw_id, answers.purpose,
            tasks.coder, answers.inclusion_prob, tasks.follow_up_prob, answers.stratum_at_draw, answers.score_at_draw,
            answers.model_version, answers.answer, answers.week,
            case((answers.judgement_id.in_(undone), 1), else_=0).label("is_undone"),
        )
        .join_from(store.judgements, store.review_tasks, tasks.task_id == answers.task_id)
        .where(answers.week <= week, answers.purpose.in_(tuple(JUDGED_PURPOSES)))
    )  # fmt: skip
    return read_frame(connection, query.order_by(answers.judgement_id))
