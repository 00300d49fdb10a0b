"""Review tasks out: which pairs people are asked about in a week, written when drawn.

Two kinds. Groups drawn by score are judged on all their candidates, by one office or two, and the level rests on them
(`review_sample`). Clerical rows ask about shops that linkage left open (`review_clerical`). Tasks that were asked and
not answered come again under the same id.
"""

import pandas as pd
from sqlalchemy import Connection, Engine, func, select

from monitor.config import Config
from monitor.database import bulk_insert, read_frame, transaction
from monitor.errors import UsageError
from monitor.practice import is_practice, is_rehearsal
from monitor.private_store import draw_frames, draws, judgements, review_tasks, undone_judgements
from monitor.weeks import shift_week, utc_now, utc_text
from pipelines.probes import probe_businesses
from pipelines.review_clerical import PAIR, among, clerical_pairs, keys_of, next_pairs
from pipelines.review_coders import FIRST, hashed
from pipelines.review_read import read_answers
from pipelines.review_rows import newest_businesses
from pipelines.review_sample import OPEN_WEEKS, ROW, new_tasks
from pipelines.review_universe import model_version, read_universe

ALL, SAMPLE, CLERICAL = "all", "sample", "clerical"
PURPOSES = (ALL, SAMPLE, CLERICAL)


def draw_tasks(engine: Engine, config: Config, week: str, purpose: str = ALL) -> pd.DataFrame:
    """The open tasks of the week with the columns of `review_tasks`; new ones are written first.

    purpose: sample (groups drawn by score with their second and third coders, probes, seeded rows), clerical, or all.
    At most `review.weekly_rows` clerical tasks are open. Drawing again in the same week gives the same tasks, and those
    that answers since then ask for. Raises UsageError for another purpose.
    """
    if purpose not in PURPOSES:
        raise UsageError(f"'{purpose}' is no purpose of review sheets; use {', '.join(PURPOSES)}.")
    with transaction(engine) as connection:
        return draw_in(connection, config, week, purpose)


def draw_in(connection: Connection, config: Config, week: str, purpose: str = ALL) -> pd.DataFrame:
    """`draw_tasks` within a transaction of the caller's, who may take it back: a plan asks nobody."""
    parts: list[pd.DataFrame] = []
    if purpose != CLERICAL:
        parts.append(_draw_groups(connection, config, week))
    if purpose != SAMPLE:
        parts.append(_draw_clerical(connection, config, week, parts))
    _store(connection, pd.concat(parts, ignore_index=True))
    return open_tasks(connection, week, purpose)


def open_tasks(connection: Connection, week: str, purpose: str = ALL) -> pd.DataFrame:
    """Tasks that wait for an answer; after five weeks a group is not asked again, since the final figure is made then.

    Of a group that the province has judged in an office's stead the office is not asked any more.
    """
    query = select(review_tasks).where(review_tasks.c.week <= week).order_by(review_tasks.c.task_id)
    tasks = read_frame(connection, query)
    done = tasks["task_id"].isin(_answered(connection))
    clerical = tasks["purpose"] == CLERICAL
    passed = tasks[done & tasks["follow_up_prob"].notna()]
    spoken_for = tasks["coder"].eq(FIRST) & among(tasks, keys_of(passed, ["draw_id", *PAIR]), ["draw_id", *PAIR])
    stale = ~clerical & (tasks["week"] <= shift_week(week, -OPEN_WEEKS))
    wanted = {ALL: clerical | ~clerical, CLERICAL: clerical, SAMPLE: ~clerical}[purpose]
    kept = tasks[wanted & ~done & ~stale & ~spoken_for]
    first = clerical[kept.index] & kept["coder"].eq(FIRST)
    settled = first & ~among(kept, keys_of(_asked_about(connection, week)))
    return kept[~settled].reset_index(drop=True)


def _answered(connection: Connection) -> set[str]:
    """Tasks with an answer that holds; one that was taken back is asked again."""
    undone = select(undone_judgements.c.judgement_id)
    query = select(judgements.c.task_id).where(judgements.c.judgement_id.not_in(undone)).distinct()
    return {row.task_id for row in connection.execute(query)}


def _asked_about(connection: Connection, week: str) -> pd.DataFrame:
    """Pairs that are still worth a clerical row."""
    pairs = clerical_pairs(connection, week)
    known = newest_businesses(connection, pairs["business_id"])
    return pairs[pairs["business_id"].isin(known.index)]


def _draw_groups(connection: Connection, config: Config, week: str) -> pd.DataFrame:
    """New tasks of the groups; draws and their frames are stored at once."""
    universe, found = read_universe(connection, week), read_answers(connection, week)
    has_days = is_rehearsal(config) or not is_practice(config)  # a practice week is answered at once
    today = utc_now().astimezone(config.region.zone).date() if has_days else None
    new = new_tasks(universe, found, probe_businesses(connection, week), config, today)
    if new.drawn is not None:
        bulk_insert(connection, draws, new.drawn.draws)
        bulk_insert(connection, draw_frames, new.drawn.frames)
    return new.tasks


def _draw_clerical(connection: Connection, config: Config, week: str, drawn: list[pd.DataFrame]) -> pd.DataFrame:
    """New clerical rows up to the weekly number; not about pairs that are asked anyway."""
    draw_id = f"{CLERICAL}-{week}"
    columns = [*PAIR, "task_id", "draw_id", "purpose"]
    tasks = read_frame(
        connection, select(*(review_tasks.c[name] for name in columns)).where(review_tasks.c.week <= week)
    )
    pairs = _asked_about(connection, week)
    known = newest_businesses(connection, pairs["business_id"])
    area = known["area_code"].reindex(pairs["business_id"]).tolist()
    pairs = pairs.assign(office=[code or config.region.code for code in area])
    clerical = tasks[tasks["purpose"] == CLERICAL]
    waiting = clerical[among(clerical, keys_of(pairs)) & ~clerical["task_id"].isin(_answered(connection))]
    done = int((clerical["draw_id"] == draw_id).sum() - (waiting["draw_id"] == draw_id).sum())
    asked = pd.concat([tasks[PAIR], *(part[PAIR] for part in drawn)])
    fresh = next_pairs(pairs, asked, draw_id, config.review.weekly_rows - len(waiting) - done)
    keys = fresh[PAIR].itertuples(index=False)
    rows = fresh[[*PAIR, "group_id", "office"]].assign(
        # A letter in front, so that no spreadsheet takes an id for a number.
        task_id=[f"T{hashed(CLERICAL, week, *key)}" for key in keys],
        draw_id=draw_id,
        purpose=CLERICAL,
        week=week,
        inclusion_prob=None,
        stratum_at_draw=None,
        score_at_draw=fresh["score"],
        model_version=model_version(connection, week),
        coder=FIRST,
        known_answer=None,
        follow_up_prob=None,
    )
    return rows[ROW]


def _store(connection: Connection, tasks: pd.DataFrame) -> None:
    """Writes new tasks with their places: groups in random order, the shops of a group together, random within."""
    if tasks.empty:
        return
    group = [hashed("place", *key) for key in tasks[["week", "draw_id", "group_id"]].itertuples(index=False, name=None)]
    within = [hashed("place", task) for task in tasks["task_id"]]
    placed = tasks.assign(group=group, within=within).sort_values(["office", "group", "within"])
    last = select(review_tasks.c.office, func.max(review_tasks.c.position)).group_by(review_tasks.c.office)
    after = {row[0]: row[1] for row in connection.execute(last.where(review_tasks.c.week == tasks["week"].iat[0]))}
    position = placed.groupby("office").cumcount() + 1 + placed["office"].map(after).fillna(0).astype("int64")
    placed = placed.assign(position=position, drawn_at=utc_text(utc_now()))
    bulk_insert(connection, review_tasks, placed[[column.name for column in review_tasks.columns]].astype(object))
