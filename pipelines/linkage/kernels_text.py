"""Compiled loops over text: columns as one run of UTF-8 bytes with offsets, rows as lists of numbers.

Each has a plain counterpart in the tests that says what it means. Nothing is compiled when this is imported.
"""

from typing import Any

import numpy as np

from pipelines.linkage.kernels import compiled

BASE = -7046029254386353131  # 0x9E3779B97F4A7C15: an odd multiplier, so that hashes of parts can be put together


@compiled
def odd_rows(data: Any, offsets: Any, most: Any) -> Any:
    """True for rows that plain ASCII rules cannot read: other characters than printable ASCII, or too long."""
    odd = np.zeros(len(offsets) - 1, dtype=np.bool_)
    for row in range(len(odd)):
        begin, end = offsets[row], offsets[row + 1]
        if end - begin > most:
            odd[row] = True
            continue
        for place in range(begin, end):
            if data[place] < 32 or data[place] > 126:
                odd[row] = True
                break
    return odd


def _letters() -> Any:
    """By byte: itself in lower case where it belongs to a word; 1: left out, the word goes on; 0: the word ends."""
    table = np.zeros(256, dtype=np.uint8)
    for first, last in (("a", "z"), ("0", "9"), ("\x80", "\xff")):
        table[ord(first) : ord(last) + 1] = np.arange(ord(first), ord(last) + 1)
    table[ord("A") : ord("Z") + 1] = np.arange(ord("a"), ord("z") + 1)
    table[[ord("'"), ord("`")]] = 1  # apostrophes join
    return table


LETTER = _letters()


@compiled
def _count_words(data: Any, offsets: Any) -> Any:
    """At most so many tokens stand in the column."""
    total = 0
    for row in range(len(offsets) - 1):
        inside = False
        for place in range(offsets[row], offsets[row + 1]):
            letter = LETTER[data[place]]
            total += letter > 1 and not inside
            inside = letter > 1 or (inside and letter == 1)
    return total


@compiled
def read_tokens(data: Any, offsets: Any, most: Any) -> Any:
    """Words of every row, each once, the first `most` of them.

    Returns start and token (row r has token[start[r] : start[r + 1]]), and the distinct tokens in order of appearance:
    letters and bounds (token t is letters[bounds[t] : bounds[t + 1]]).
    """
    rows, room = len(offsets) - 1, _count_words(data, offsets)
    start, token = np.zeros(rows + 1, dtype=np.int64), np.empty(room, dtype=np.int32)
    # Rooms for every token being another one: what is not used is never touched.
    letters, bounds = np.empty(len(data) + 1, dtype=np.uint8), np.zeros(room + 1, dtype=np.int64)
    hashes, size_of_table = np.empty(room, dtype=np.int64), 16
    while size_of_table < 2 * room:
        size_of_table *= 2
    slots, mask = np.full(size_of_table, -1, dtype=np.int32), size_of_table - 1
    filled, known = 0, 0
    for row in range(rows):
        begin, size, key, last = filled, 0, 0, offsets[row + 1]
        room_at = bounds[known]
        for place in range(offsets[row], last + 1):
            letter: Any = np.int64(LETTER[data[place]]) if place < last else 0
            if letter > 1:
                letters[room_at + size] = letter
                size += 1
                key = key * BASE + letter
            elif letter == 0 and size:
                slot = (key ^ (key >> 29)) & mask
                while slots[slot] >= 0 and hashes[slots[slot]] != key:
                    slot = (slot + 1) & mask
                if slots[slot] < 0:
                    slots[slot] = known
                    hashes[known] = key
                    room_at += size
                    known += 1
                    bounds[known] = room_at
                found = slots[slot]
                size, key, fresh = 0, 0, True
                for earlier in range(begin, filled):
                    fresh = fresh and token[earlier] != found
                if fresh:
                    token[filled] = found
                    filled += 1
                    if filled - begin == most:
                        break
        start[row + 1] = filled
    return start, token[:filled].copy(), letters[: bounds[known]].copy(), bounds[: known + 1].copy()


@compiled
def expand_lists(start: Any, token: Any, part_start: Any, part: Any) -> Any:
    """Rows of tokens as rows of parts, each part once a row and in ascending order: start, value."""
    rows, total = len(start) - 1, 0
    for entry in token:
        total += part_start[entry + 1] - part_start[entry]
    found_start, value = np.zeros(rows + 1, dtype=np.int64), np.empty(total, dtype=np.int64)
    filled = 0
    for row in range(rows):
        begin = filled
        for place in range(start[row], start[row + 1]):
            for inner in range(part_start[token[place]], part_start[token[place] + 1]):
                new, slot = part[inner], filled
                while slot > begin and value[slot - 1] > new:
                    slot -= 1
                if slot > begin and value[slot - 1] == new:
                    continue
                for moved in range(filled, slot, -1):
                    value[moved] = value[moved - 1]
                value[slot] = new
                filled += 1
        found_start[row + 1] = filled
    return found_start, value[:filled].copy()


@compiled
def hash_rows(data: Any, offsets: Any) -> Any:
    """Hash of every row's bytes and BASE ** length: two texts together have key * power of the second + its key."""
    rows = len(offsets) - 1
    keys, powers = np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=np.int64)
    for row in range(rows):
        for place in range(offsets[row], offsets[row + 1]):
            keys[row] = keys[row] * BASE + np.int64(data[place])
            powers[row] *= BASE
    return keys, powers


@compiled
def squash_hashes(data: Any, offsets: Any) -> Any:
    """Hash of every row's letters and digits, in lower case and without anything between them; 0 for none."""
    keys = np.zeros(len(offsets) - 1, dtype=np.int64)
    for row in range(len(keys)):
        for place in range(offsets[row], offsets[row + 1]):
            letter = np.int64(LETTER[data[place]])
            if letter > 1:
                keys[row] = keys[row] * BASE + letter
    return keys


@compiled
def glue_hashes(start: Any, token: Any, key: Any, power: Any) -> Any:
    """Hash of every row's tokens glued together; 0 for nothing. key, power: by token its hash and BASE ** length."""
    found = np.zeros(len(start) - 1, dtype=np.int64)
    for row in range(len(found)):
        for place in range(start[row], start[row + 1]):
            found[row] = found[row] * power[token[place]] + key[token[place]]
    return found


@compiled
def hash_parts(data: Any, offsets: Any, blank: Any) -> Any:
    """Hashes of the parts of every row between bytes `blank`: row, key, in order."""
    rows = len(offsets) - 1
    room = rows
    for place in range(offsets[0], offsets[rows]):
        room += data[place] == blank
    row_of, keys, filled = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64), 0
    for row in range(rows):
        inside, last = False, offsets[row + 1]
        key: Any = 0
        for place in range(offsets[row], last + 1):
            byte: Any = np.int64(data[place]) if place < last else blank
            if byte != blank:
                key, inside = key * BASE + byte, True
            elif inside:
                row_of[filled], keys[filled] = row, key
                filled += 1
                key, inside = 0, False
    return row_of[:filled].copy(), keys[:filled].copy()


@compiled
def titled_keys(start: Any, token: Any, part_start: Any, kind: Any, key: Any) -> Any:
    """Every word that follows a form of address in its row, as one hash with the class: row, key.

    kind: by part its class, -1 for other words; key: by part its hash.
    """
    rows = len(start) - 1
    row_of, keys, filled = np.empty(len(token), dtype=np.int64), np.empty(len(token), dtype=np.int64), 0
    for row in range(rows):
        before, first = -1, filled
        for place in range(start[row], start[row + 1]):
            for part in range(part_start[token[place]], part_start[token[place] + 1]):
                if kind[part] < 0 and before >= 0 and filled - first < start[row + 1] - start[row]:
                    row_of[filled], keys[filled] = row, (key[part] * BASE + before + 1) * BASE
                    filled += 1
                before = kind[part]
    return row_of[:filled].copy(), keys[:filled].copy()
