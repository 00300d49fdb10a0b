"""Which groups are judged this week: a fresh draw by score, and one among those that came, moved or left.

Seven score strata; in each at least a few, the rest where a judgement says most (`strata.allocate`), spread over
kab/kota. Drawn without replacement among groups that hold no valid judgement, seeded from the week, so that the same
week gives the same draw. Method: estimation 5.2 to 5.4.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipelines.estimation.seeds import rng_for
from pipelines.estimation.strata import FLOW_FLOOR, STRATA, WEEKLY_FLOOR, allocate, stratum_of

SAMPLE, FLOW, LEFT = "sample", "flow", "left"  # first part of a draw's id; `left` represents nobody in the level
TASK_COLUMNS = ["group_id", "draw_id", "purpose", "stratum", "score", "inclusion_prob"]
DRAW_COLUMNS = ["draw_id", "stratum", "week", "purpose", "base", "drawn"]
FRAME_COLUMNS = ["draw_id", "group_id", "stratum"]


@dataclass(frozen=True)
class Workload:
    """Groups to judge in a week: drawn over all, and drawn among those that came, moved or left."""

    sample_groups: int = 60
    flow_groups: int = 40


@dataclass(frozen=True)
class Drawn:
    """One week's draws.

    tasks: one row a drawn group: group_id, draw_id, purpose (sample or flow), stratum ("0" to "6"), score (0 to 1),
    inclusion_prob (of this draw). draws: draw_id, stratum, week, purpose, base, drawn. frames: draw_id, group_id,
    stratum of every group that the draw was about, also of those that were held.
    """

    tasks: pd.DataFrame
    draws: pd.DataFrame
    frames: pd.DataFrame


def draw_week(
    universe: pd.DataFrame,
    held: Collection[int],
    workload: Workload,
    week: str,
    held_then: Collection[int] | None = None,
) -> Drawn:
    """The `sample` draw over all groups without a valid judgement, then the two halves of the `flow` draw.

    universe: one row a group: group_id, score (0 to 1), area_code (None or "?": unknown), entered (bool: new in the
    universe or moved across an edge of a stratum since last week), left_panel (bool); optional in_universe (bool,
    default True: False for a group that left the panel and has no live candidate any more). held: groups that hold a
    valid judgement or an open task; held_then: the same on what they offered in the panel, for the draw of those that
    left; as `held` when None. A half of the flow draw that finds too few groups gives its places to the other, and both
    to the sample draw.

    Held groups are not drawn and not counted in a base, but stand in the frames of the sample and the arrivals: what
    their stratum was in later draws says how likely they were to be drawn at all (`weighting`).
    """
    groups = _prepared(universe)
    ids, inside = groups["group_id"], groups["in_universe"].to_numpy(dtype=bool)
    arrived = inside & groups["entered"].to_numpy(dtype=bool)
    is_free = ~ids.isin(set(held)).to_numpy()
    left = (
        groups["left_panel"].to_numpy(dtype=bool) & ~ids.isin(set(held if held_then is None else held_then)).to_numpy()
    )
    for_left = min(workload.flow_groups // 2, int(left.sum()))
    for_flow = min(workload.flow_groups - for_left, int((arrived & is_free).sum()))
    spare = workload.flow_groups - for_left - for_flow
    plan = (
        (SAMPLE, inside & is_free, inside, workload.sample_groups + spare, WEEKLY_FLOOR),
        (FLOW, arrived & is_free, arrived, for_flow, FLOW_FLOOR),
        (LEFT, left, left, for_left, FLOW_FLOOR),
    )
    parts: list[Drawn] = []
    taken: set[int] = set()
    for kind, free, among, count, floor in plan:
        base = groups[free & ~ids.isin(taken).to_numpy()]
        parts.append(_draw(base, groups[among], count, kind, week, floor))
        taken |= set(parts[-1].tasks["group_id"])
    return Drawn(
        tasks=pd.concat([part.tasks for part in parts], ignore_index=True),
        draws=pd.concat([part.draws for part in parts], ignore_index=True),
        frames=pd.concat([part.frames for part in parts], ignore_index=True),
    )


def kind_of(draw_id: str) -> str:
    """``sample`` of ``sample-2026-W47``."""
    return draw_id.partition("-")[0]


def _prepared(universe: pd.DataFrame) -> pd.DataFrame:
    inside = universe.get("in_universe", True)
    area = universe["area_code"].astype(object).where(universe["area_code"].notna(), "?")
    stratum = stratum_of(universe["score"].to_numpy(dtype=float))
    return universe.assign(in_universe=inside, area_code=area, stratum=stratum).sort_values("group_id")


def _draw(base: pd.DataFrame, frame: pd.DataFrame, count: int, kind: str, week: str, floor: int) -> Drawn:
    """Draws `count` groups of the base; fewer where it holds fewer, more where the floors ask for more."""
    draw_id, purpose = f"{kind}-{week}", SAMPLE if kind == SAMPLE else FLOW
    stratum = base["stratum"].to_numpy(dtype=np.int64)
    sizes = np.bincount(stratum, minlength=STRATA)
    wanted = allocate(sizes, count, floor) if count > 0 else np.zeros(STRATA, dtype=np.int64)
    rng = rng_for("draw", draw_id)
    picked = np.concatenate([_spread(base, np.flatnonzero(stratum == h), int(wanted[h]), rng) for h in range(STRATA)])
    chosen = base.iloc[picked]
    tasks = chosen[["group_id", "score"]].assign(
        draw_id=draw_id,
        purpose=purpose,
        stratum=stratum[picked].astype(str).astype(object),
        inclusion_prob=wanted[stratum[picked]] / np.maximum(sizes[stratum[picked]], 1),
    )
    rows: dict[str, Any] = {"draw_id": draw_id, "stratum": [str(h) for h in range(STRATA)], "week": week}
    draws = pd.DataFrame({**rows, "purpose": purpose, "base": sizes, "drawn": wanted})
    places = frame["stratum"].to_numpy(dtype=np.int64).astype(str).astype(object)
    frames = pd.DataFrame({"draw_id": draw_id, "group_id": frame["group_id"].to_numpy(), "stratum": places})
    used = draws["base"] > 0 if count > 0 else pd.Series(data=False, index=draws.index)
    return Drawn(tasks[TASK_COLUMNS], draws.loc[used, DRAW_COLUMNS], frames.iloc[: len(frames) if count > 0 else 0])


def _spread(base: pd.DataFrame, rows: Any, count: int, rng: np.random.Generator) -> Any:
    """`count` of these rows, each with the same chance, evenly over kab/kota: every k-th of a list ordered by area.

    Within an area the order is random, and so is the order of areas, so that no area is always last.
    """
    if count >= len(rows):
        return rows
    if count <= 0:
        return rows[:0]
    names, area = np.unique(base["area_code"].to_numpy(dtype=str)[rows], return_inverse=True)
    place = rng.permutation(len(names))[area]
    ordered = rows[np.lexsort((rng.random(len(rows)), place))]
    step = len(rows) / count
    return ordered[np.floor((np.arange(count) + rng.random()) * step).astype(np.int64)]
