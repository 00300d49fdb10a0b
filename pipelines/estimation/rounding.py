"""Rounding a table to multiples of a base such that it still adds up (controlled rounding, Cox 1987)."""

import numpy as np

from pipelines.estimation.arrays import Ints


def rounded_flow(tail: Ints, head: Ints, value: Ints, base: int) -> Ints:
    """Each value as one of its neighbouring multiples of base; as much flows into every node as before and after.

    tail, head: nodes of every cell's arc (see `disclosure.Table`). Cells between two multiples always lie on a ring of
    such cells; along it values are moved, in the direction that moves them less, until one is a multiple.
    """
    now = value.copy()
    open_ = set(np.flatnonzero(now % base).tolist())
    at: dict[int, list[int]] = {}
    for cell in sorted(open_):
        for node in (int(tail[cell]), int(head[cell])):
            at.setdefault(node, []).append(cell)
    while open_:
        ring = _ring(min(open_), tail, head, at, open_)
        up = min(base - int(now[cell]) % base if sign > 0 else int(now[cell]) % base for cell, sign in ring)
        down = min(int(now[cell]) % base if sign > 0 else base - int(now[cell]) % base for cell, sign in ring)
        by = up if up <= down else -down
        for cell, sign in ring:
            now[cell] += sign * by
        open_ -= {cell for cell, _ in ring if now[cell] % base == 0}
    return now


def _ring(first: int, tail: Ints, head: Ints, at: dict[int, list[int]], open_: set[int]) -> list[tuple[int, int]]:
    """A ring of open cells, each with +1 where it is walked from tail to head, else -1."""
    path, seen, node = [(first, 1)], {int(tail[first]): 0}, int(head[first])
    while node not in seen:
        seen[node] = len(path)
        last = path[-1][0]
        cell = next(cell for cell in at[node] if cell in open_ and cell != last)
        sign = 1 if int(tail[cell]) == node else -1
        path.append((cell, sign))
        node = int(head[cell]) if sign > 0 else int(tail[cell])
    return path[seen[node] :]
