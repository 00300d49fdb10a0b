"""Which cells of a public table are hidden so that nobody can be told from it, and how the others are rounded (10.1).

A table with margins is a network: every cell, total included, is an arc, and that rows and columns add up means that as
much flows into every node as out of it. What an outsider can find out about a hidden cell is how far its flow can be
pushed around through other hidden cells, so ranges are exact whole numbers and cost a few searches among some thirty
nodes. The outsider knows every cell that is shown to the last group (in truth they are rounded), that none is negative,
and how many groups are registered in a cell where these are ten or more.
"""

import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from pipelines.estimation.arrays import Bools, Ints, counts
from pipelines.estimation.rounding import rounded_flow

FEW = range(1, 5)  # detected groups that are not shown
MIN_REGISTERED = 10  # groups in the registry
LEAST_SPAN = 5  # of what an outsider can find out about a hidden cell
FROZEN_WEEKS = 13  # a cell that was hidden stays hidden so long
BASE = 5  # public counts are multiples of it
PRIMARY, SECONDARY, FROZEN = "few", "secondary", "frozen"
TOTAL = "*"
# Hiding a total costs more than hiding every cell below it.
_MARGIN_COST, _GRAND_COST = 1e6, 1e9
_FREE = 1 << 40


@dataclass(frozen=True)
class Table:
    """codes: of the cells, totals included, "row/column" with TOTAL for all. tail, head: nodes of the cell's arc.
    value: groups detected; registered: groups in the registry; cost: of hiding the cell when nothing forces it."""

    codes: tuple[str, ...]
    tail: Ints
    head: Ints
    value: Ints
    registered: Ints
    cost: tuple[float, ...]

    @property
    def nodes(self) -> int:
        return int(max(self.tail.max(initial=0), self.head.max(initial=0))) + 1


def two_way(rows: Sequence[str], columns: Sequence[str], detected: ArrayLike, registered: ArrayLike) -> Table:
    """Cells rows x columns with both margins and the grand total. detected, registered: (rows, columns), whole numbers.

    Raises ValueError where shapes do not fit or something is negative.
    """
    inner = counts("Detected groups", detected)
    known = counts("Registered groups", registered)
    if inner.shape != (len(rows), len(columns)) or known.shape != inner.shape:
        raise ValueError(f"A table of {len(rows)} x {len(columns)} cells is not {inner.shape} and {known.shape}.")
    value, size = _with_totals(inner), _with_totals(known)
    row, column = np.meshgrid(np.arange(len(rows) + 1), np.arange(len(columns) + 1), indexing="ij")
    is_total = (row == len(rows)).astype(int) + (column == len(columns))
    # A cell flows from its row to its column; a row's or column's total flows back, the grand total forth again.
    one, other = row.ravel(), column.ravel() + len(rows) + 1
    back = is_total.ravel() == 1
    names = [f"{a}/{b}" for a in (*rows, TOTAL) for b in (*columns, TOTAL)]
    cost = np.select([is_total == 2, is_total == 1], [_GRAND_COST, _MARGIN_COST], 1.0).ravel() + value.ravel()
    tail, head = np.where(back, other, one), np.where(back, one, other)
    return Table(tuple(names), tail, head, value.ravel(), size.ravel(), tuple(cost.tolist()))


def one_way(codes: Sequence[str], detected: ArrayLike, registered: ArrayLike) -> Table:
    """Cells of one kind with their total, whose code is TOTAL; arguments as in `two_way`, one value a code."""
    value, size = counts("Detected groups", detected), counts("Registered groups", registered)
    if value.shape != (len(codes),) or size.shape != value.shape:
        raise ValueError(f"{len(codes)} cells are not {value.shape} and {size.shape}.")
    tail = np.append(np.zeros(len(codes), dtype=np.int64), 1)
    cost = (*(1.0 + value).tolist(), _GRAND_COST)
    return Table(
        (*codes, TOTAL), tail, 1 - tail, np.append(value, value.sum()), np.append(size, size.sum()), tuple(cost)
    )


def _with_totals(inner: Ints) -> Ints:
    wide = np.concatenate([inner, inner.sum(axis=1, keepdims=True)], axis=1)
    whole: Ints = np.concatenate([wide, wide.sum(axis=0, keepdims=True)], axis=0)
    return whole


# --- what is hidden -------------------------------------------------------------------------------------------------


def primary(table: Table) -> Bools:
    """Cells with 1 to 4 detected or fewer than ten registered groups. Where nobody is registered, 0 is known anyway."""
    few = (table.value >= FEW.start) & (table.value < FEW.stop)
    return np.asarray(few | ((table.registered < MIN_REGISTERED) & (table.registered > 0)))


def exposed(table: Table, hidden: Bools) -> list[int]:
    """Hidden cells of which an outsider can find out more than a range of LEAST_SPAN, smallest cost first."""
    arcs = _arcs(table, hidden)
    found = []
    for cell in np.flatnonzero(hidden).tolist():
        span = _push(arcs, table, cell, up=True, most=min(LEAST_SPAN, _room(table, cell)))
        if span < LEAST_SPAN:
            span += _push(arcs, table, cell, up=False, most=min(LEAST_SPAN - span, int(table.value[cell])))
        if span < LEAST_SPAN:
            found.append(cell)
    return sorted(found, key=lambda cell: (table.cost[cell], cell))


def protected(table: Table, hidden: Bools) -> Bools:
    """`hidden` and the cheapest further cells, until every hidden cell's range spans at least LEAST_SPAN.

    A cell is protected by a ring of cells along which LEAST_SPAN groups could be moved; rings of small cells are taken
    first, totals only where nothing else is left. A table in which that is impossible is hidden whole.
    """
    chosen = hidden.copy()
    while weak := exposed(table, chosen):
        ring = _cheapest_ring(table, chosen, weak[0])
        if ring is None:
            return np.ones_like(hidden)
        chosen[ring] = True
    return chosen


def _room(table: Table, cell: int) -> int:
    """How much larger an outsider can hold the cell possible: not above what is registered, where that is known."""
    registered = int(table.registered[cell])
    return registered - int(table.value[cell]) if registered >= MIN_REGISTERED else _FREE


Arcs = list[list[tuple[int, int, bool]]]  # node -> (other node, cell, is the cell raised)


def _arcs(table: Table, cells: Bools) -> Arcs:
    arcs: Arcs = [[] for _ in range(table.nodes)]
    for cell in np.flatnonzero(cells).tolist():
        tail, head = int(table.tail[cell]), int(table.head[cell])
        arcs[tail].append((head, cell, True))
        arcs[head].append((tail, cell, False))
    return arcs


def _push(arcs: Arcs, table: Table, cell: int, *, up: bool, most: int) -> int:
    """By how much the cell can be raised (lowered), at most `most`: what flows back around without it."""
    start, end = int(table.head[cell]), int(table.tail[cell])
    if not up:
        start, end = end, start
    moved: dict[int, int] = {}
    total = 0
    while total < most:
        path = _path(arcs, table, moved, cell, start, end)
        if path is None:
            break
        size = min(most - total, *(_left(table, moved, at, raised) for at, raised in path))
        for at, raised in path:
            moved[at] = moved.get(at, 0) + (size if raised else -size)
        total += size
    return total


def _left(table: Table, moved: Mapping[int, int], cell: int, raised: bool) -> int:
    by = moved.get(cell, 0)
    return _room(table, cell) - by if raised else int(table.value[cell]) + by


def _path(
    arcs: Arcs, table: Table, moved: Mapping[int, int], without: int, start: int, end: int
) -> list[tuple[int, bool]] | None:
    """Cells, each raised or lowered, along which something can still flow from start to end; the fewest."""
    came: dict[int, tuple[int, int, bool]] = {}
    reached, queue = {start}, [start]
    for node in queue:
        if node == end:
            break
        for other, cell, raised in arcs[node]:
            if cell != without and other not in reached and _left(table, moved, cell, raised) > 0:
                reached.add(other)
                came[other] = (node, cell, raised)
                queue.append(other)
    if end not in reached:
        return None
    path = []
    while end != start:
        end, cell, raised = came[end]
        path.append((cell, raised))
    return path


def _cheapest_ring(table: Table, hidden: Bools, cell: int) -> list[int] | None:
    """Cells not yet hidden of the cheapest ring through the cell along which LEAST_SPAN can be moved; None without."""
    arcs = _arcs(table, np.ones_like(hidden))
    found = []
    for up, fits in ((True, _room(table, cell)), (False, int(table.value[cell]))):
        ends = (int(table.head[cell]), int(table.tail[cell]))
        ring = _cheapest_path(table, hidden, arcs, cell, *(ends if up else ends[::-1])) if fits >= LEAST_SPAN else None
        if ring is not None:
            found.append(ring)
    cheapest = min(found, default=None)
    return None if cheapest is None else [at for at in cheapest[1] if not hidden[at]]


def _cheapest_path(
    table: Table, hidden: Bools, arcs: Arcs, without: int, start: int, end: int
) -> tuple[float, list[int]] | None:
    best: dict[int, float] = {start: 0.0}
    queue: list[tuple[float, int, list[int]]] = [(0.0, start, [])]
    while queue:
        cost, node, path = heapq.heappop(queue)
        if node == end:
            return cost, path
        if cost > best[node]:
            continue
        for other, cell, raised in arcs[node]:
            if cell == without or _left(table, {}, cell, raised) < LEAST_SPAN:
                continue
            so_far = cost + (0.0 if hidden[cell] else table.cost[cell])
            if so_far < best.get(other, float("inf")):
                best[other] = so_far
                heapq.heappush(queue, (so_far, other, [*path, cell]))
    return None


# --- week after week ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pattern:
    """What is hidden of a table in one week. since: week in which it was made anew; pattern_id: the same for as long as
    it is frozen. reasons: code of a hidden cell -> few, secondary or frozen."""

    pattern_id: str
    since: int
    reasons: Mapping[str, str] = field(default_factory=dict)


def pattern(
    table_id: str, table: Table, week: int, earlier: Pattern | None = None, also: Collection[str] = ()
) -> Pattern:
    """What is hidden this week. week: counted in weeks (`survival.week_numbers`). earlier: the newest earlier pattern.
    also: codes that other vintages and revisions of the week hide; a later one shows a cell only if it passes in all.

    Within FROZEN_WEEKS a cell that was hidden stays hidden, and others may only be added: what a cell lost or gained
    cannot be read from its coming and going. After that the pattern is made anew.
    """
    is_kept = earlier is not None and 0 <= week - earlier.since < FROZEN_WEEKS
    held = set(earlier.reasons) if earlier is not None and is_kept else set()
    few = primary(table)
    frozen = np.array([code in held or code in also for code in table.codes])
    hidden = protected(table, few | frozen)
    reasons = {
        code: PRIMARY if few[at] else FROZEN if frozen[at] else SECONDARY
        for at, code in enumerate(table.codes)
        if hidden[at]
    }
    since = earlier.since if earlier is not None and is_kept else week
    return Pattern(f"{table_id}:{since}", since, reasons)


def rounded(table: Table) -> Ints:
    """Each cell as a neighbouring multiple of BASE, such that rows, columns and totals still add up; multiples stay.

    Cells that are hidden are rounded with the others, so that what is shown fits the totals.
    """
    return rounded_flow(table.tail, table.head, table.value, BASE)
