"""Which cells of the week's public tables are hidden, frozen for thirteen weeks: rows of `suppressions` (10.1).

Tables: `D:area_sector` with both margins and the grand total as one linked table ("3602/kriya", "3602/*", "*/kriya",
"*/*"), `D:size`, `D:marketplace` and `D:cohort` by groups detected (E8 and D together; they decide about E1 to E3 as
well), and the same of `E8`. A figure of the model is hidden where its detected groups are. Domains in which small ones
are shown together ("3601+3602/*", "3602/fesyen_tekstil+kriya") stand under `D:area_sector` too, each by its own sum:
nothing but a figure of the model is shown of them, so they can give no other cell away.
"""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, select

from monitor.database import bulk_insert, read_frame
from monitor.private_store import suppressions
from monitor.weeks import shift_week
from pipelines.estimation.arrays import Ints
from pipelines.estimation.by_domain import codes_of, places
from pipelines.estimation.disclosure import (
    FEW,
    FROZEN,
    FROZEN_WEEKS,
    PRIMARY,
    Pattern,
    Table,
    one_way,
    pattern,
    primary,
    two_way,
)
from pipelines.estimation.inputs import WeekInputs
from pipelines.estimation.survival import week_numbers
from pipelines.estimation.universe import with_attributes

NAMES = ("D", "E8")
CROSSED = "D:area_sector"
SIDES = {"area": "{}/*", "sector": "*/{}", "area_sector": "{}"}  # kind of domain -> its cell in the crossed table


def store_suppressions(connection: Connection, inputs: WeekInputs, figures: pd.DataFrame) -> int:
    """Writes the week's hidden cells; how many. What an earlier revision or vintage hid stays hidden.

    figures: the week's rows (`inputs.Estimated`); their merged domains are looked at as well.
    """
    number = int(week_numbers(pd.Series([inputs.week])).iloc[0])
    links = with_attributes(inputs.links, inputs.groups)
    rows = []
    for name in NAMES:
        seen = links if name == "D" else links[links["confirmed"].astype(bool)]
        for kind, table, adds_up in _tables(inputs, seen, name):
            table_id = f"{name}:{kind}"
            earlier, also = _held(connection, table_id, inputs.week)
            made = pattern if adds_up else _alone
            found = made(table_id, table, number, earlier, also)
            reasons = dict(found.reasons)
            if table_id == CROSSED:
                reasons |= merged_cells(table, figures, {*also, *(earlier.reasons if earlier else ())})
            rows += [(table_id, cell, reason, found.pattern_id) for cell, reason in sorted(reasons.items())]
    connection.execute(delete(suppressions).where(suppressions.c.week == inputs.week))
    frame = pd.DataFrame(rows, columns=["table_id", "cell", "reason", "pattern_id"], dtype=object)
    return bulk_insert(connection, suppressions, frame.assign(week=inputs.week))


def _tables(inputs: WeekInputs, links: pd.DataFrame, name: str) -> list[tuple[str, Table, bool]]:
    """Kind, table, and whether its cells add up to its total (a group lies in one area, on several marketplaces)."""
    groups = links.drop_duplicates("group_id")
    members = inputs.cohorts.drop_duplicates(["cohort", "group_id"])
    cohorts = sorted(members["cohort"].unique())
    slugs = sorted(inputs.marketplaces.loc[inputs.marketplaces["covered"].astype(bool), "marketplace"])
    here = links if name == "D" else links[links["confirmed_here"].astype(bool)]
    sizes = codes_of(inputs, "size")
    registered = inputs.registry["groups"].to_numpy(float)
    joined = members.merge(groups[["group_id"]], on="group_id")
    whole = np.full(len(slugs), int(registered.sum()))
    by_size = _counted(groups["size"], sizes), _counted(inputs.registry["size"], sizes, registered)
    return [
        ("area_sector", _crossed(inputs, groups), True),
        ("size", one_way(sizes, *by_size), True),
        ("marketplace", one_way(slugs, _counted(here["marketplace"], slugs), whole), False),
        ("cohort", one_way(cohorts, _counted(joined["cohort"], cohorts), _counted(members["cohort"], cohorts)), False),
    ]


def _crossed(inputs: WeekInputs, groups: pd.DataFrame) -> Table:
    rows, columns = codes_of(inputs, "area"), codes_of(inputs, "sector")
    shape = len(rows), len(columns)

    def counted(frame: pd.DataFrame, weight: np.ndarray) -> Ints:
        cell = places(frame["area"], rows) * shape[1] + places(frame["sector"], columns)
        return np.rint(np.bincount(cell, weight, minlength=shape[0] * shape[1])).astype(np.int64).reshape(shape)

    registered = counted(inputs.registry, inputs.registry["groups"].to_numpy(float))
    return two_way(rows, columns, counted(groups, np.ones(len(groups))), registered)


def merged_cells(table: Table, figures: pd.DataFrame, held: Collection[str]) -> dict[str, str]:
    """Hidden ones among the domains that several cells are shown in: with 1 to 4 detected groups, or hidden before."""
    detected = dict(zip(table.codes, table.value.tolist(), strict=True))
    found = {}
    for kind, code in figures[["domain_kind", "domain_code"]].drop_duplicates().itertuples(index=False, name=None):
        if "+" not in code or kind not in SIDES:
            continue
        cell = SIDES[kind].format(code)
        one, other = (side.split("+") for side in cell.split("/"))
        count = sum(detected.get(f"{row}/{column}", 0) for row in one for column in other)
        if count in FEW or cell in held:
            found[cell] = PRIMARY if count in FEW else FROZEN
    return found


def _counted(values: pd.Series, codes: Sequence[str], weight: np.ndarray | None = None) -> Ints:
    each = np.ones(len(values)) if weight is None else weight
    if not codes:
        return np.zeros(0, dtype=np.int64)
    return np.rint(np.bincount(places(values, codes), each, minlength=len(codes))).astype(np.int64)


def _held(connection: Connection, table_id: str, week: str) -> tuple[Pattern | None, set[str]]:
    """The newest earlier pattern of the table that may still be frozen, and what the week itself hid before."""
    table = suppressions.c
    query = select(table.week, table.cell, table.reason, table.pattern_id).where(
        table.table_id == table_id, table.week <= week, table.week > shift_week(week, -FROZEN_WEEKS)
    )
    found = read_frame(connection, query)
    now, before = found[found["week"] == week], found[found["week"] < week]
    if before.empty:
        return None, set(now["cell"])
    newest = before[before["week"] == before["week"].max()]
    name = str(newest["pattern_id"].iloc[0])
    reasons = dict(zip(newest["cell"], newest["reason"], strict=True))
    return Pattern(name, int(name.rpartition(":")[2]), reasons), set(now["cell"])


def _alone(table_id: str, table: Table, week: int, earlier: Pattern | None, also: set[str]) -> Pattern:
    """Cells that do not add up to anything: none can be told from others, so that few and frozen ones are enough."""
    is_kept = earlier is not None and 0 <= week - earlier.since < FROZEN_WEEKS
    held = set(earlier.reasons) | also if earlier is not None and is_kept else also
    few = {code for code, hit in zip(table.codes[:-1], primary(table)[:-1], strict=True) if hit}
    reasons = {code: PRIMARY if code in few else FROZEN for code in table.codes[:-1] if code in few | held}
    since = earlier.since if earlier is not None and is_kept else week
    return Pattern(f"{table_id}:{since}", since, reasons)
