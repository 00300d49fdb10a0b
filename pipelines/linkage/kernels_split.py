"""Compiled loops that read glued and misspelt words with known ones; `Splitter` says the same in plain Python.

Words are runs of lower-case ASCII letters in one array of bytes. Nothing is compiled when this is imported.
"""

from typing import Any

import numpy as np

from pipelines.linkage.kernels import compiled
from pipelines.linkage.kernels_text import BASE


@compiled
def table_of(keys: Any) -> Any:
    """Open hash table over distinct keys: slots with the key's place, -1 where free."""
    size = 16
    while size < 2 * len(keys):
        size *= 2
    slots = np.full(size, -1, dtype=np.int32)
    for entry in range(len(keys)):
        slot = (keys[entry] ^ (keys[entry] >> 29)) & (size - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        slots[slot] = entry
    return slots


@compiled
def _find(key: Any, slots: Any, keys: Any) -> Any:
    slot = (key ^ (key >> 29)) & (len(slots) - 1)
    while slots[slot] >= 0:
        if keys[slots[slot]] == key:
            return int(slots[slot])
        slot = (slot + 1) & (len(slots) - 1)
    return -1


@compiled
def split_words(data: Any, offsets: Any, slots: Any, keys: Any, bits: Any, limits: Any, costs: Any) -> Any:
    """Cheapest sequences of at least two known words that make up each word: start, entry; none where there is none.

    limits: letters of a word that may be several, and the fewest and most letters of a part; costs: of a letter that no
    known word explains, and of one that two parts share.
    """
    least, shortest, longest = limits
    rows, most = len(offsets) - 1, 0
    for row in range(rows):
        most = max(most, offsets[row + 1] - offsets[row])
    start, entry = np.zeros(rows + 1, dtype=np.int64), np.empty(len(data) + 1, dtype=np.int32)
    cost, cut = np.zeros(most + 1), np.zeros(most + 1, dtype=np.int64)
    part, prefix = np.zeros(most + 1, dtype=np.int32), np.zeros(most + 1, dtype=np.int64)
    power = np.ones(longest + 1, dtype=np.int64)
    for place in range(longest):
        power[place + 1] = power[place] * BASE
    filled = 0
    for row in range(rows):
        size, begin = offsets[row + 1] - offsets[row], offsets[row]
        start[row + 1] = filled
        if size < least:
            continue
        for end in range(1, size + 1):
            prefix[end] = prefix[end - 1] * BASE + np.int64(data[begin + end - 1])
            cost[end], cut[end] = cost[end - 1] + costs[0], -1
            for first in range(max(0, end - longest), end - shortest + 1):
                for shared in range(2):
                    low = first - shared
                    if low < 0 or end - low > longest or cost[first] + shared * costs[1] >= cost[end]:
                        continue
                    found = _find(prefix[end] - prefix[low] * power[end - low], slots, keys)
                    if found >= 0 and cost[first] + bits[found] + shared * costs[1] < cost[end]:
                        cost[end], cut[end] = cost[first] + bits[found] + shared * costs[1], first
                        part[end] = found
        end, count = size, 0
        while end > 0 and cut[end] >= 0:
            end, count = cut[end], count + 1
        if end > 0 or count < 2:
            continue
        end = size
        for turn in range(count):
            entry[filled + count - 1 - turn] = part[end]
            end = cut[end]
        filled += count
        start[row + 1] = filled
    return start, entry[:filled].copy()


@compiled
def deletions(data: Any, offsets: Any) -> Any:
    """Hashes of every word and of what is left of it without one of its letters: row, key."""
    rows, room = len(offsets) - 1, 0
    for row in range(rows):
        room += offsets[row + 1] - offsets[row] + 1
    row_of, keys, filled = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int64), 0
    for row in range(rows):
        for left_out in range(offsets[row] - 1, offsets[row + 1]):
            key = np.int64(0)
            for place in range(offsets[row], offsets[row + 1]):
                if place != left_out:
                    key = key * BASE + np.int64(data[place])
            row_of[filled], keys[filled] = row, key
            filled += 1
    return row_of, keys


@compiled
def is_near(one: Any, other: Any) -> bool:
    """At most one letter added, left out or replaced, or two neighbours swapped."""
    same, end = 0, 0
    shorter = min(len(one), len(other))
    while same < shorter and one[same] == other[same]:
        same += 1
    while end < shorter - same and one[len(one) - 1 - end] == other[len(other) - 1 - end]:
        end += 1
    left, right = len(one) - same - end, len(other) - same - end
    swapped = left == 2 and right == 2 and one[same] == other[same + 1] and one[same + 1] == other[same]
    return swapped or (left <= 1 and right <= 1)


@compiled
def nearest_words(data: Any, offsets: Any, known_words: Any, least: Any, common: Any, most: Any) -> Any:
    """The known word that each word stands for, -1 where none does or it is not clear which.

    known_words: their bytes and offsets, their `deletions` by key ascending, and their counts. least: letters of a word
    that stands for a common one, and for any; common: count of a common one, and how many times the others' count is
    far more; most: near words at which it is not clear.
    """
    known_data, known_offsets, row_of, keys, counts = known_words
    rows = len(offsets) - 1
    nearest, near = np.full(rows, -1, dtype=np.int64), np.empty(most + 1, dtype=np.int64)
    for row in range(rows):
        word = data[offsets[row] : offsets[row + 1]]
        if len(word) < least[0]:
            continue
        found = 0
        for left_out in range(-1, len(word)):
            key = np.int64(0)
            for place in range(len(word)):
                if place != left_out:
                    key = key * BASE + np.int64(word[place])
            entry = np.searchsorted(keys, key)
            while entry < len(keys) and keys[entry] == key and found <= most:
                known = np.int64(row_of[entry])
                fresh = True
                for earlier in range(found):
                    fresh = fresh and near[earlier] != known
                if fresh and is_near(word, known_data[known_offsets[known] : known_offsets[known + 1]]):
                    near[found] = known
                    found += 1
                entry += 1
        if found == 0 or found > most:
            continue
        best, total = near[0], 0.0
        for place in range(found):
            total += counts[near[place]]
            if counts[near[place]] > counts[best] or (counts[near[place]] == counts[best] and near[place] < best):
                best = near[place]
        enough = len(word) >= least[1] or counts[best] >= common[0]
        if enough and counts[best] > common[1] * (total - counts[best]):
            nearest[row] = best
    return nearest
