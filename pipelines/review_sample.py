"""The groups of a week as tasks: drawn, given to first and other coders, passed on, checked, with seeded pairs.

Everything is drawn once and written when drawn. Drawing again in the same week adds only what answers since then ask
for: second coders of answers against the score, third coders of disagreements, and tasks of new probes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from math import ceil

import pandas as pd

from monitor.config import Config
from monitor.regions import areas
from monitor.weeks import shift_week
from pipelines.estimation.answers import ASKING, PAIR, draw_weeks, judged_groups, said
from pipelines.estimation.sampling import TASK_COLUMNS, Drawn, Workload, draw_week
from pipelines.estimation.strata import stratum_of
from pipelines.estimation.survival import week_numbers
from pipelines.review_coders import (
    CHECK,
    FIRST,
    SECOND,
    THIRD,
    agreed_pairs,
    contradicting,
    disputed,
    elsewhere,
    hashed,
    is_coded_twice,
    made_negatives,
    passed_on,
)
from pipelines.review_read import Answers
from pipelines.review_universe import Week

PROBE, SEED = "probe", "seed"
OPEN_WEEKS = 5  # the final figure is made five weeks later; what is open then is not asked again
GROUP_PURPOSES = ("sample", "flow", PROBE)
ROW = [
    "task_id", "draw_id", "purpose", "week", "office", "marketplace", "shop_id", "business_id", "group_id",
    "inclusion_prob", "stratum_at_draw", "score_at_draw", "model_version", "coder", "known_answer", "follow_up_prob",
]  # fmt: skip


_NO_GROUPS = pd.DataFrame(columns=TASK_COLUMNS).astype({"group_id": "int64"})


@dataclass(frozen=True)
class New:
    """What a run adds. tasks: `ROW`, without position and time. draws, frames: None where the week was drawn before."""

    tasks: pd.DataFrame
    drawn: Drawn | None


def new_tasks(
    universe: Week, found: Answers, probes: Collection[int], config: Config, today: date | None = None
) -> New:
    """All that is to be asked of groups now, beside what is open already. probes: business ids of usable probes.

    today: from which silence is counted; None: a rehearsal, whose weeks have no days and last seven each.
    """
    week = universe.week
    answers = said(found.tasks, found.judgements, found.undone, week)
    drawn = _drawn(universe, found, answers, config)
    sampled = _rows(drawn.tasks if drawn else _NO_GROUPS, universe, config)
    first = pd.concat([sampled, _probe_tasks(universe, found, answers, sampled, probes, config)], ignore_index=True)
    every = pd.concat([found.tasks, first], ignore_index=True)
    parts = [first, _planned_seconds(first, every, config)]
    parts += [_passed_on(found.tasks, answers, week, today, config)]
    for coder, rows in ((CHECK, _to_check(found.tasks, answers)), (THIRD, _to_settle(found.tasks, answers))):
        parts.append(_other_coder(rows, pd.concat([every, *parts[1:]]), coder, week, config))
    if drawn:
        so_far = pd.concat(parts, ignore_index=True)
        parts.append(_seeds(universe, answers, so_far, config))
    return New(pd.concat(parts, ignore_index=True)[ROW], drawn)


# --- first coders ---------------------------------------------------------------------------------------------------


def held_groups(pairs: pd.DataFrame, found: Answers, answers: pd.DataFrame, week: str) -> set[int]:
    """Groups that are not drawn: judged on all of `pairs`, or asked at most five weeks ago and not answered yet."""
    judged = judged_groups(*_frames(found), pairs=pairs, draws=found.draws, frames=found.frames, week=week)
    answered = set(answers["task_id"])
    recent = found.tasks["week"] > shift_week(week, -OPEN_WEEKS)
    waits = recent & found.tasks["purpose"].isin(GROUP_PURPOSES) & ~found.tasks["task_id"].isin(answered)
    open_askings = found.tasks[waits & found.tasks["coder"].eq(FIRST)]
    return set(judged["group_id"]) | set(open_askings["group_id"])


def _frames(found: Answers) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return found.tasks, found.judgements, found.undone


def _drawn(universe: Week, found: Answers, answers: pd.DataFrame, config: Config) -> Drawn | None:
    """The week's draw, made once. None where it was made before, nothing can be drawn, or nothing is wanted."""
    load = Workload(config.review.sample_groups, config.review.flow_groups)
    if (found.draws["week"] == universe.week).any() or load.sample_groups + load.flow_groups <= 0:
        return None
    held = held_groups(universe.pairs, found, answers, universe.week)
    held_then = held_groups(universe.left, found, answers, universe.week)
    # Judged on what it offers now, a group may still be asked what it offered in the panel, and the other way round.
    drawn = draw_week(universe.groups, held, load, universe.week, held_then)
    return drawn if len(drawn.tasks) else None


def _rows(groups: pd.DataFrame, universe: Week, config: Config) -> pd.DataFrame:
    """One row a group and shop, asked of its office. groups: group_id, draw_id, purpose, stratum, inclusion_prob."""
    pairs = pd.concat([universe.pairs, universe.left]).drop_duplicates(PAIR)
    rows = groups.drop(columns="score", errors="ignore").merge(pairs, on="group_id")
    office = universe.groups.set_index("group_id")["area_code"]
    known = {area.code for area in areas()}
    codes = rows["group_id"].map(office).astype(object)
    return rows.assign(
        office=codes.where(codes.isin(known), config.region.code),
        week=universe.week,
        stratum_at_draw=rows["stratum"],
        score_at_draw=rows["score"],
        model_version=universe.model_version,
        coder=FIRST,
        known_answer=None,
        follow_up_prob=None,
    ).pipe(_with_ids)


def _with_ids(rows: pd.DataFrame) -> pd.DataFrame:
    """A letter in front, so that no spreadsheet takes an id for a number."""
    keys = rows[["draw_id", "coder", "office", "marketplace", "shop_id", "business_id"]]
    return rows.assign(task_id=[f"T{hashed(*key)}" for key in keys.itertuples(index=False, name=None)])


def _probe_tasks(
    universe: Week,
    found: Answers,
    answers: pd.DataFrame,
    sampled: pd.DataFrame,
    probes: Collection[int],
    config: Config,
) -> pd.DataFrame:
    """The same task, unmarked, for businesses known to be present that have a candidate and no valid judgement."""
    ids = set(universe.pairs.loc[universe.pairs["business_id"].isin(set(probes)), "group_id"])
    ids -= set(sampled["group_id"])
    ids -= held_groups(universe.pairs, found, answers, universe.week) if ids else set()
    wanted = universe.groups[universe.groups["group_id"].isin(ids) & universe.groups["in_universe"]]
    groups = wanted[["group_id"]].assign(
        draw_id=f"{PROBE}-{universe.week}",
        purpose=PROBE,
        stratum=stratum_of(wanted["score"].to_numpy(dtype=float)).astype(str).astype(object),
        inclusion_prob=None,
    )
    return _rows(groups, universe, config)


# --- other coders ---------------------------------------------------------------------------------------------------


def _other_coder(rows: pd.DataFrame, every: pd.DataFrame, coder: str, week: str, config: Config) -> pd.DataFrame:
    """The same pairs asked of another office: a kab/kota; for the third coder the province, unless it was asked."""
    if rows.empty:
        return rows
    asked = rows.groupby(ASKING, sort=True).size().rename("rows").reset_index()
    used = {key: set(codes) for key, codes in every.groupby(ASKING)["office"]}
    kab_kota = [area.code for area in areas()] or [config.region.code]
    offices = elsewhere(asked, kab_kota, every.loc[every["week"] == week, "office"].value_counts().to_dict(), used)
    if coder == THIRD:
        free = [config.region.code not in used.get(key, ()) for key in asked[ASKING].itertuples(index=False, name=None)]
        offices = [config.region.code if is_free else code for code, is_free in zip(offices, free, strict=True)]
    place = dict(zip(asked[ASKING].itertuples(index=False, name=None), offices, strict=True))
    office = [place[key] for key in rows[ASKING].itertuples(index=False, name=None)]
    return rows.assign(office=office, coder=coder, week=week, follow_up_prob=None).pipe(_with_ids)


def _planned_seconds(first: pd.DataFrame, every: pd.DataFrame, config: Config) -> pd.DataFrame:
    groups = first.drop_duplicates(ASKING)[[*ASKING, "stratum_at_draw", "week"]]
    groups = groups.rename(columns={"stratum_at_draw": "stratum"})
    twice = groups.loc[is_coded_twice(groups, config.review.double_share), ASKING]
    rows = first.merge(twice, on=ASKING)
    return _other_coder(rows, every, SECOND, first["week"].iat[0] if len(first) else "", config)


def _to_check(tasks: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Askings with an answer against the score that only one office has been asked about."""
    first = answers[answers["coder"].eq(FIRST) & answers["known_answer"].isna()]
    scores = tasks[["task_id", "score_at_draw"]]
    found = contradicting(first.merge(scores, on="task_id"))
    asked = tasks[~tasks["coder"].eq(FIRST)].drop_duplicates(ASKING)[ASKING].assign(again=True)
    fresh = found.merge(asked, on=ASKING, how="left")
    return _original(tasks).merge(fresh.loc[fresh["again"].isna(), ASKING], on=ASKING)


def _original(tasks: pd.DataFrame) -> pd.DataFrame:
    """The rows as first asked, one a shop."""
    return tasks[tasks["coder"].eq(FIRST) & tasks["follow_up_prob"].isna() & tasks["known_answer"].isna()]


def _to_settle(tasks: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Pairs on which two coders disagree, if no third has been asked."""
    keys = ["draw_id", *PAIR]
    asked = tasks[tasks["coder"].eq(THIRD)][keys].assign(again=True)
    fresh = disputed(answers).merge(asked, on=keys, how="left")
    return _original(tasks).merge(fresh.loc[fresh["again"].isna(), keys], on=keys)


def _passed_on(
    tasks: pd.DataFrame, answers: pd.DataFrame, week: str, today: date | None, config: Config
) -> pd.DataFrame:
    """A third of what an office left open for `follow_up_days`, now asked of the province; once a draw and office."""
    begun = tasks["draw_id"].map(draw_weeks(tasks)).astype(object)
    old = (_days_open(tasks, begun, week, today, config) >= config.review.follow_up_days) & (begun <= week)
    old &= begun > shift_week(week, -OPEN_WEEKS)
    rows = _original(tasks[old & tasks["purpose"].isin(GROUP_PURPOSES)])
    done = tasks[tasks["follow_up_prob"].notna()].merge(
        _original(tasks)[[*ASKING, "office"]].drop_duplicates(), on=ASKING, suffixes=("", "_asked")
    )
    before = set(done[["draw_id", "office_asked"]].itertuples(index=False, name=None))
    answered = set(answers[ASKING].itertuples(index=False, name=None))
    groups = rows.drop_duplicates(ASKING)
    is_open = [key not in answered for key in groups[ASKING].itertuples(index=False, name=None)]
    groups = groups[pd.Series(is_open, index=groups.index, dtype=bool) & (groups["office"] != config.region.code)]
    chosen = [
        passed_on(silent.rename(columns={"stratum_at_draw": "stratum"}), str(key[0]), str(key[1])).assign(
            draw_id=key[0]
        )
        for key, silent in groups.groupby(["draw_id", "office"], sort=True)
        if key not in before
    ]
    if not chosen:
        return rows.iloc[:0]
    passed = rows.drop(columns="follow_up_prob").merge(pd.concat(chosen), on=ASKING)
    return passed.assign(office=config.region.code, week=week, coder=FIRST).pipe(_with_ids)


def _days_open(tasks: pd.DataFrame, begun: pd.Series, week: str, today: date | None, config: Config) -> pd.Series:
    """Days since each task was handed out, by the calendar of the region. begun: weeks of the draws."""
    if today is None:
        return 7 * (week_numbers(pd.Series([week])).iloc[0] - week_numbers(begun))
    handed_out = pd.to_datetime(tasks["drawn_at"], utc=True).dt.tz_convert(config.region.zone).dt.tz_localize(None)
    return (pd.Timestamp(today) - handed_out.dt.normalize()).dt.days


# --- seeded pairs ---------------------------------------------------------------------------------------------------


def _seeds(universe: Week, answers: pd.DataFrame, asked: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Rows with a known answer among the week's rows: half agreed earlier ones asked elsewhere, half made negatives."""
    count = ceil(config.review.seed_share * len(asked))
    if not count or asked.empty:
        return asked.iloc[:0]
    draw_id = f"{SEED}-{universe.week}"
    agreed = agreed_pairs(answers[~answers["group_id"].isin(asked["group_id"])])
    agreed = agreed.merge(universe.pairs, on=PAIR)
    agreed = agreed.assign(order=[hashed(draw_id, *key) for key in agreed[PAIR].itertuples(index=False, name=None)])
    again = agreed.sort_values(["known_answer", "order"], ascending=[False, True]).head(count // 2)
    free = universe.pairs[~universe.pairs["group_id"].isin([*asked["group_id"], *again["group_id"]])]
    made = made_negatives(free, universe.areas, count - len(again), draw_id)
    rows = pd.concat([again, made], ignore_index=True).drop_duplicates("group_id")
    if rows.empty:
        return asked.iloc[:0]
    rows = rows.assign(
        draw_id=draw_id, purpose=SEED, week=universe.week, inclusion_prob=None, stratum_at_draw=None,
        score_at_draw=None, model_version=universe.model_version, coder=FIRST, follow_up_prob=None,
    )  # fmt: skip
    load = asked["office"].value_counts().to_dict()
    used = {
        (draw_id, int(group)): str(codes).split() if isinstance(codes, str) else []
        for group, codes in zip(rows["group_id"], rows.get("offices", pd.Series(index=rows.index)), strict=True)
    }
    kab_kota = [area.code for area in areas()] or [config.region.code]
    sizes = rows[ASKING].assign(rows=1)
    # As many as there are rows: an office with more rows has more seeded ones, so that none can be told by counting.
    spare = {code: -load.get(code, 0) for code in kab_kota}
    return rows.assign(office=elsewhere(sizes, kab_kota, spare, used)).pipe(_with_ids)
