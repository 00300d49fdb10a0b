"""Disclosure (S15): an outsider with a linear program and thirteen weeks of a public table.

The table crosses eight kab/kota with twenty sectors, margins and grand total included; counts move a little every week.
The program is scipy's, an independent solver; the project's own works on the network.
"""

import time
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_diag, csr_array

from estimation_parts.checks import Reached, Run, check
from pipelines.estimation.arrays import Bools, Floats, Ints
from pipelines.estimation.disclosure import (
    LEAST_SPAN,
    MIN_REGISTERED,
    Pattern,
    Table,
    pattern,
    primary,
    rounded,
    two_way,
)
from pipelines.estimation.seeds import rng_for

AREAS = tuple(f"36{number:02d}" for number in range(1, 9))
SECTORS = tuple(f"s{number:02d}" for number in range(1, 21))
WEEKS = 13
TABLES = 8  # different tables, sparse to full


def ranges(table: Table, hidden: Bools) -> Floats:
    """(hidden cells, 2): least and most possible, by linear programming; infinity where nothing bounds it."""
    cells = np.flatnonzero(hidden)
    flow = np.zeros((table.nodes, len(cells)))
    flow[table.tail[cells], np.arange(len(cells))] += 1
    flow[table.head[cells], np.arange(len(cells))] -= 1
    fixed = flow @ table.value[cells]
    most = [int(n) if n >= MIN_REGISTERED else 10**6 for n in table.registered[cells]]
    # One program for all cells: a copy of the table for each, of which the one cell is made small or large.
    many, ends = len(cells), []
    aim = np.eye(many).ravel()
    whole = block_diag([csr_array(flow)] * many, format="csr")
    for sign in (1.0, -1.0):
        found = linprog(sign * aim, A_eq=whole, b_eq=np.tile(fixed, many), bounds=[(0, top) for top in most * many])
        ends.append(found.x.reshape(many, many).diagonal())
    return np.stack(ends, axis=1)


def weeks_of(number: int) -> list[Table]:
    """Thirteen weeks of one table: registered groups stay, detected ones come and go."""
    rng = rng_for("S15", number)
    level = (2, 4, 8, 15, 30, 60, 120, 300)[number % 8]
    mean = np.outer(rng.gamma(2.0, 0.5, len(AREAS)), rng.gamma(0.7, 1.0, len(SECTORS))) * level
    registered = rng.poisson(mean * 60)
    detected = rng.binomial(registered, 0.02)
    tables = []
    for _ in range(WEEKS):
        tables.append(two_way(AREAS, SECTORS, detected, registered))
        stays = rng.binomial(detected, 0.985)
        detected = np.minimum(stays + rng.poisson(0.02 * 0.02 * registered), registered)
    return tables


def hidden_of(table: Table, made: Pattern) -> Bools:
    return np.array([code in made.reasons for code in table.codes])


def _narrow(tables: list[Table], hidden: list[Bools]) -> int:
    """Hidden cells, summed over weeks, whose range by linear programming spans less than LEAST_SPAN."""
    count = 0
    for table, cells in zip(tables, hidden, strict=True):
        if cells.any():
            low, high = ranges(table, cells).T
            count += int((high - low < LEAST_SPAN - 1e-6).sum())
    return count


def _flickers(hidden: list[Bools]) -> int:
    """Cells that are hidden in one week and shown in the next."""
    return sum(int((now & ~then).sum()) for now, then in pairwise(hidden))


def _adds_up(table: Table) -> bool:
    shown: Ints = rounded(table).reshape(len(AREAS) + 1, len(SECTORS) + 1)
    inner = shown[:-1, :-1]
    fits = (inner.sum(axis=0) == shown[-1, :-1]).all() and (inner.sum(axis=1) == shown[:-1, -1]).all()
    near = np.abs(shown.ravel() - table.value).max() < LEAST_SPAN
    return bool(fits and near and inner.sum() == shown[-1, -1] and not (shown % 5).any())


@check("S15", "suppression: 8 x 20 tables with margins, 13 consecutive weeks")
def suppression(run: Run) -> Iterable[Reached]:
    narrow, flickers, naive, unfrozen, cells, spent, adds = 0, 0, 0, 0, 0, 0.0, True
    number = TABLES if run.worlds >= 1000 else 3
    for table_number in range(number):
        tables = weeks_of(table_number if number == TABLES else 3 * table_number)
        started = time.perf_counter()
        made: list[Pattern] = []
        for week, table in enumerate(tables):
            made.append(pattern("D", table, week, made[-1] if made else None))
        spent = max(spent, time.perf_counter() - started)
        hidden = [hidden_of(table, one) for table, one in zip(tables, made, strict=True)]
        anew = [hidden_of(table, pattern("D", table, week)) for week, table in enumerate(tables)]
        cells += sum(int(one.sum()) for one in hidden)
        narrow += _narrow(tables, hidden)
        naive += _narrow(tables[:1], [primary(tables[0])])
        flickers, unfrozen = flickers + _flickers(hidden), unfrozen + _flickers(anew)
        adds = adds and all(_adds_up(table) for table in tables)
    yield Reached("hidden cells with a range under 5", "0", f"{narrow} of {cells:,}", narrow == 0 and cells > 0)
    yield Reached("hidden one week, shown the next", "0", str(flickers), flickers == 0)
    yield Reached("rounded to 5, every total adds up", "all", "all" if adds else "not all", adds)
    yield Reached("primary cells alone: range under 5 (must fail)", "> 0", str(naive), naive > 0)
    yield Reached("pattern made anew every week: shown next (must fail)", "> 0", str(unfrozen), unfrozen > 0)
    yield Reached("13 weeks of one table, slowest", "< 120 s", f"{spent:.1f} s", spent < 120)
