"""Reads one week out of the private store as `WeekInputs`: counts by the database, rows of candidates alone.

Only groups that are somebody's candidate, were judged, probed, linked, audited or trained are read one by one; all
others appear as counts alone, so that the size of the registry hardly matters.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from monitor.config import Config
from monitor.database import dump_json, read_frame
from monitor.intervals import as_of
from monitor.marketplaces import catalogue
from monitor.neighbours import neighbours
from monitor.private_store import links, observations
from monitor.regions import areas
from monitor.registry.snapshots import Snapshot, current_snapshot
from monitor.sectors import SECTOR_NAMES
from monitor.sellers import one_business_each, shop_accounts
from monitor.shop_states import week_states
from monitor.weeks import shift_week
from pipelines.estimation.answers import by_shop, judged_groups
from pipelines.estimation.coders import coding, offices, seeded
from pipelines.estimation.inputs import COLUMNS, WeekInputs, blank
from pipelines.estimation.revisions import revision_statistics
from pipelines.estimation.survival import follow_ups, kaplan_meier, survival_at
from pipelines.measure_flows import models_of, probes_then, read_earlier, read_leavers, read_panel
from pipelines.measure_pairs import SHOP, carried_weeks, read_pairs
from pipelines.measure_people import read_audits, read_cohorts, read_probes
from pipelines.measure_registry import read_cells, read_groups
from pipelines.measure_states import joined_lately, marketplace_states, read_live
from pipelines.review_read import Answers, read_answers

FOLLOWED_WEEKS = 26  # of observations that the survival of shops is estimated from


@dataclass(frozen=True)
class WeekRead:
    """inputs of the estimators; states: rows of marketplace_weeks; snapshot: the denominator."""

    inputs: WeekInputs
    states: pd.DataFrame
    snapshot: Snapshot


def read_week(connection: Connection, config: Config, week: str, vintage: str) -> WeekRead | None:
    """Everything the figures of the week depend on; None without a registry."""
    snapshot = current_snapshot(connection, week)
    if snapshot is None:
        return None
    live = read_live(connection, week)
    states = marketplace_states(connection, week, catalogue(), live)
    pairs = read_pairs(connection, week, states, live)
    given = read_answers(connection, week)
    asked = (given.tasks, given.judgements, given.undone, week)
    said = by_shop(*asked)[list(COLUMNS["shop_answers"])]
    used = _used_links(connection, week, states, live)
    known = read_probes(connection, week)
    members, audited = read_cohorts(connection, week), read_audits(connection, week)
    gone = read_leavers(connection, week, given, live)
    ids = _ids([used, known, members, audited, gone, said])
    groups = read_groups(connection, snapshot.snapshot_id, week, ids)
    inside = groups["group_id"]
    pairs = pairs[pairs["group_id"].isin(inside)].reset_index(drop=True)
    panel = read_panel(connection, week, given, pairs, live)
    inputs = WeekInputs(
        week=week,
        province=config.region.code,
        areas=tuple(area.code for area in areas()),
        sectors=tuple(SECTOR_NAMES),
        seed=(config.region.code, week),
        model_version=", ".join(models_of(connection, week)) or None,
        vintage=vintage,
        neighbours=neighbours(config.region.code),
        joined=joined_lately(connection, week, states),
        probes_then=probes_then(connection, week, config.region.code),
        registry=read_cells(connection, snapshot.snapshot_id),
        groups=groups,
        pairs=pairs,
        links=_typed("links", used),
        marketplaces=_places(connection, week, states),
        answers=_answers(given, pairs, week),
        shop_answers=_typed("shop_answers", said),
        probes=_typed("probes", known[known["group_id"].isin(inside)]),
        panel=panel.panel,
        panel_shown=panel.shown,
        panel_states=panel.states,
        leavers=gone[gone["group_id"].isin(inside)],
        cohorts=_typed("cohorts", members[members["group_id"].isin(inside)]),
        audits=_typed("audits", audited[audited["group_id"].isin(inside)]),
        coding=_typed("coding", coding(*asked)),
        seeded=_typed("seeded", seeded(*asked)),
        offices=_typed("offices", offices(*asked)),
        earlier=read_earlier(connection, week, config.region.code),
    )
    return WeekRead(inputs, states, snapshot)


def _typed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    return frame[list(COLUMNS[name])].astype(dict(COLUMNS[name])).reset_index(drop=True)


def _ids(frames: Iterable[pd.DataFrame]) -> set[int]:
    return {int(number) for frame in frames for number in frame["group_id"]}


def _answers(given: Answers, pairs: pd.DataFrame, week: str) -> pd.DataFrame:
    judged = judged_groups(given.tasks, given.judgements, given.undone, pairs, given.draws, given.frames, week)
    return _typed("answers", judged) if len(judged) else blank("answers")


# --- links: what E8 and D count ---------------------------------------------------------------------------------------


def _used_links(connection: Connection, week: str, states: pd.DataFrame, live: pd.DataFrame) -> pd.DataFrame:
    """Linked groups with an open shop on a covered marketplace: group_id, marketplace, confirmed, confirmed_here.

    A shop that was not looked for this week counts as it was last seen, as long as older data may be used. Shops of one
    account count for one group. Exactly these groups stand in the named lists: what was answered about a known-present
    business confirms nothing here, since links never learn of it.
    """
    names = ("marketplace", "shop_id", "listing_id", "group_id", "decision", "weight")
    linked = read_frame(connection, select(*(links.c[name] for name in names)).where(as_of(links, week)))
    covered = states.loc[states["covered"].astype(bool), "marketplace"]
    seen = linked[linked["marketplace"].isin(covered)].merge(live[SHOP], on=SHOP)
    if seen.empty:
        return blank("links")
    seen = one_business_each(seen, shop_accounts(connection))
    seen["confirmed_here"] = seen["decision"] == "confirmed"
    here = seen.groupby(["group_id", "marketplace"], as_index=False)["confirmed_here"].any()
    here["confirmed"] = here.groupby("group_id")["confirmed_here"].transform("any")
    return here


# --- marketplaces and their survival ----------------------------------------------------------------------------------


def _places(connection: Connection, week: str, states: pd.DataFrame) -> pd.DataFrame:
    age = carried_weeks(states, week)
    places = states[["marketplace", "state", "covered"]].assign(
        carried_weeks=states["marketplace"].map(age).fillna(0).astype("int64")
    )
    curves = _curves(connection, week, places.loc[places["carried_weeks"] > 0, "marketplace"].tolist())
    stays = [
        survival_at(curves, slug, int(weeks)) if weeks else 1.0
        for slug, weeks in zip(places["marketplace"], places["carried_weeks"], strict=True)
    ]
    return _typed("marketplaces", places.assign(survival=stays))


def _curves(connection: Connection, week: str, slugs: list[str]) -> pd.DataFrame:
    """Survival of shops on the marketplaces whose data are carried on; nothing is read where none are.

    Only what was known by the end of the week counts: a state that ended later still holds. A shop is followed up to
    the week in which it was last seen; one that nobody looked for did not survive by that.
    """
    columns = ("marketplace", "shop_id", "state", "valid_from_week", "valid_to_week")
    since = shift_week(week, -FOLLOWED_WEEKS)
    query = select(*(observations.c[name] for name in columns)).where(
        observations.c.marketplace.in_(slugs), observations.c.valid_from_week <= week
    )
    rows = read_frame(connection, query)
    rows["valid_to_week"] = rows["valid_to_week"].where(rows["valid_to_week"].fillna("9") <= week, None)
    rows = rows[rows["valid_to_week"].isna() | (rows["valid_to_week"].fillna("") >= since)]
    if rows.empty:
        return kaplan_meier(follow_ups(rows.assign(seen_week=None), since))
    seen = week_states(connection, week)[[*SHOP, "seen_week"]]
    return kaplan_meier(follow_ups(rows.merge(seen, on=SHOP, how="left"), since))


# --- what the figures were made of, as one hash -----------------------------------------------------------------------


def digest_of(read: WeekRead, method_version: str) -> str:
    """Hash over snapshot, states, and every frame of the inputs, whatever the order of their rows."""
    inputs = read.inputs
    # Later finals must not change an earlier flash: only what they do to its interval counts.
    widen = revision_statistics(inputs.earlier[inputs.earlier["estimand"] == "E1"]).widen
    plain = [
        method_version, read.snapshot.snapshot_id, inputs.week, inputs.vintage, inputs.model_version, inputs.draws,
        list(inputs.seed), list(inputs.joined), inputs.probes_then, widen if inputs.vintage == "flash" else 1.0,
    ]  # fmt: skip
    whole = hashlib.sha256(dump_json(plain).encode())
    whole.update(_rows_hash(read.states))
    for item in sorted(field.name for field in fields(inputs)):
        frame = getattr(inputs, item)
        if isinstance(frame, pd.DataFrame) and item != "earlier":
            whole.update(item.encode() + _rows_hash(frame))
    return whole.hexdigest()


def _rows_hash(frame: pd.DataFrame) -> bytes:
    if frame.empty:
        return b"none"
    plain = frame.astype(dict.fromkeys(frame.select_dtypes(["object", "str"]).columns, str))
    rows = pd.util.hash_pandas_object(plain, index=False).to_numpy()
    return np.sort(rows).tobytes()
