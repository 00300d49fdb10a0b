"""Compiled loops over lists of numbers: rows of words into counts, unions and the rows that hold each word.

Lists are a start and a value array: row r has value[start[r] : start[r + 1]]. Each loop has a plain counterpart in the
tests that says what it means. Nothing is compiled when this is imported.
"""

from typing import Any

import numpy as np

from pipelines.linkage.kernels import compiled


@compiled
def united(start: Any, value: Any, other_start: Any, other: Any) -> Any:
    """Rows of both lists together, each value once and in ascending order; both ascend within a row."""
    rows = len(start) - 1
    found_start, found = np.zeros(rows + 1, dtype=np.int64), np.empty(len(value) + len(other), dtype=np.int64)
    filled = 0
    for row in range(rows):
        left, right = start[row], other_start[row]
        while left < start[row + 1] or right < other_start[row + 1]:
            if right == other_start[row + 1] or (left < start[row + 1] and value[left] < other[right]):
                found[filled] = value[left]
                left += 1
            else:
                found[filled] = other[right]
                left += left < start[row + 1] and value[left] == other[right]
                right += 1
            filled += 1
        found_start[row + 1] = filled
    return found_start, found[:filled].copy()


@compiled
def counted_once(start: Any, value: Any, order: Any, group: Any, size: Any) -> Any:
    """In how many groups each value below `size` occurs; order: rows by group."""
    last, counts = np.full(size, -1, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for row in order:
        for place in range(start[row], start[row + 1]):
            if last[value[place]] != group[row]:
                last[value[place]] = group[row]
                counts[value[place]] += 1
    return counts


@compiled
def inverted(start: Any, value: Any, order: Any, size: Any) -> Any:
    """By value below `size` the places in `order` of the rows that hold it, ascending: start, holders."""
    found_start = np.zeros(size + 1, dtype=np.int64)
    for entry in value:
        found_start[entry + 1] += 1
    for entry in range(size):
        found_start[entry + 1] += found_start[entry]
    holders, free = np.empty(len(value), dtype=np.int32), found_start[:-1].copy()
    for position in range(len(order)):
        row = order[position]
        for place in range(start[row], start[row + 1]):
            holders[free[value[place]]] = position
            free[value[place]] += 1
    return found_start, holders


@compiled
def interleaved(start: Any, value: Any, other_start: Any, other: Any) -> Any:
    """Each row's list and then its other list, empty ones left out.

    Returns start (by row, into the lists), first (by list, into the values) and the values.
    """
    rows = len(start) - 1
    list_start, first = np.zeros(rows + 1, dtype=np.int64), np.zeros(2 * rows + 1, dtype=np.int64)
    found = np.empty(len(value) + len(other), dtype=np.int64)
    lists, filled = 0, 0
    for row in range(rows):
        for turn in range(2):
            begin = start[row] if turn == 0 else other_start[row]
            end = start[row + 1] if turn == 0 else other_start[row + 1]
            for place in range(begin, end):
                found[filled] = value[place] if turn == 0 else other[place]
                filled += 1
            if end > begin:
                lists += 1
                first[lists] = filled
        list_start[row + 1] = lists
    return list_start, first[: lists + 1].copy(), found


@compiled
def pair_keys(start: Any, value: Any, rank: Any, most: Any, base: Any) -> Any:
    """Keys low * base + high of every two values of a row, of longer rows the `most` of highest rank: row, key.

    Of equal rank the smaller value goes first; values ascend within a row.
    """
    rows, room = len(start) - 1, 0
    for row in range(rows):
        size = min(start[row + 1] - start[row], most)
        room += size * (size - 1) // 2
    row_of, keys, filled = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64), 0
    best = np.empty(most, dtype=np.int64)
    for row in range(rows):
        size = 0
        for place in range(start[row], start[row + 1]):
            slot = size
            while slot > 0 and rank[best[slot - 1]] < rank[value[place]]:
                if slot < most:
                    best[slot] = best[slot - 1]
                slot -= 1
            if slot < most:
                best[slot] = value[place]
                size = min(size + 1, most)
        for one in range(size):
            for two in range(one + 1, size):
                row_of[filled] = row
                keys[filled] = min(best[one], best[two]) * base + max(best[one], best[two])
                filled += 1
    return row_of, keys
