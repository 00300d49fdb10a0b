"""The compiled search for candidates: shops against lists of the businesses that hold a word, name or piece of one.

Businesses are positions in order of area and kecamatan, so an area is a range of positions and its part of an ascending
list is found by halving. Nothing is compiled when this is imported.
"""

from typing import Any

import numpy as np

from pipelines.linkage.kernels import compiled

_ONES, _TWOS, _FOURS = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
_SPREAD = np.uint64(0x0101010101010101)
BLOCKS_A_HOLDER = 2  # 64 positions of two rows of bits are compared in half the time that one holder takes


@compiled
def bitmaps(start: Any, holders: Any, numbers: Any, size: Any) -> Any:
    """One row of bits a number: bit p is set where position p holds it."""
    found = np.zeros((len(numbers), (size + 63) // 64), dtype=np.uint64)
    for row in range(len(numbers)):
        for place in range(start[numbers[row]], start[numbers[row] + 1]):
            position = holders[place]
            found[row, position >> 6] |= np.uint64(1) << np.uint64(position & 63)
    return found


@compiled
def _bit_count(bits: Any) -> Any:
    bits = bits - ((bits >> np.uint64(1)) & _ONES)
    bits = (bits & _TWOS) + ((bits >> np.uint64(2)) & _TWOS)
    bits = (bits + (bits >> np.uint64(4))) & _FOURS
    return np.int64((bits * _SPREAD) >> np.uint64(56))


@compiled
def _first_at_least(values: Any, begin: Any, end: Any, least: Any) -> Any:
    """The first place of the ascending values[begin:end] that is not below `least`."""
    while begin < end:
        middle = (begin + end) // 2
        if values[middle] < least:
            begin = middle + 1
        else:
            end = middle
    return begin


@compiled
def _narrow(holders: Any, begin: Any, end: Any, ranges: Any, count: Any, slices: Any) -> Any:
    """The parts of holders[begin:end] inside the ranges, as begin and end in `slices`; how many there are in all."""
    total = 0
    for turn in range(count):
        first = _first_at_least(holders, begin, end, ranges[turn, 0])
        last = _first_at_least(holders, first, end, ranges[turn, 1])
        slices[turn, 0], slices[turn, 1] = first, last
        total += last - first
    return total


@compiled
def _take(
    holders: Any, slices: Any, count: Any, bits: float, rule: Any, score: Any, rules: Any, met: Any, filled: Any
) -> Any:
    """Adds bits and rule to every holder in the slices; `met` lists positions that were not met before."""
    for turn in range(count):
        for place in range(slices[turn, 0], slices[turn, 1]):
            position = holders[place]
            if rules[position] == 0:
                met[filled] = position
                filled += 1
            rules[position] |= 1 << rule
            score[position] += bits
    return filled


@compiled
def _both(one: Any, other: Any, ranges: Any, count: Any, most: Any, found: Any) -> Any:
    """Positions in the ranges where both rows of bits are set, into `found`; their number, even if above `most`."""
    total = 0
    for turn in range(count):
        low, high = ranges[turn, 0], ranges[turn, 1]
        for block in range(low >> 6, (high + 63) >> 6):
            bits = one[block] & other[block]
            if bits == 0:
                continue
            if block == low >> 6:
                bits &= ~np.uint64(0) << np.uint64(low & 63)
            if block == high >> 6:
                bits &= (np.uint64(1) << np.uint64(high & 63)) - np.uint64(1)
            here = _bit_count(bits)
            if total + here <= most:
                while bits != 0:
                    lowest = bits & (~bits + np.uint64(1))
                    found[total] = (block << 6) + _bit_count(lowest - np.uint64(1))
                    total += 1
                    bits ^= lowest
            else:
                total += here
    return total


@compiled
def _also(holders: Any, slices: Any, count: Any, other: Any, most: Any, found: Any) -> Any:
    """The same from the holders of one in the slices and the row of bits of the other: quicker where they are few."""
    total = 0
    for turn in range(count):
        for place in range(slices[turn, 0], slices[turn, 1]):
            position = holders[place]
            if (other[position >> 6] >> np.uint64(position & 63)) & np.uint64(1):
                if total < most:
                    found[total] = position
                total += 1
    return total


@compiled
def _ranges_of(places: Any, start: Any, ranges: Any) -> Any:
    """The searched areas as ranges of positions, neighbours together; how many they are where somebody is."""
    count = 0
    for place in places:
        if start[place + 1] > start[place]:
            if count == 0 or ranges[count - 1, 1] < start[place]:
                ranges[count, 0] = start[place]
                count += 1
            ranges[count - 1, 1] = start[place + 1]
    return count


@compiled
def _within(places: Any, district: Any, low: Any, high: Any, ranges: Any) -> Any:
    """The printed kecamatan within the searched areas as ranges of positions; none printed gives none."""
    count = 0
    if district >= 0:
        for place in places:
            if high[place, district] > low[place, district]:
                ranges[count, 0], ranges[count, 1] = low[place, district], high[place, district]
                count += 1
    return count


@compiled
def _best(score: Any, met: Any, filled: Any, most: Any, chosen: Any) -> Any:
    """The `most` positions with the highest score, into `chosen`; of equal ones those that stand first."""
    size = 0
    for place in range(filled):
        position = met[place]
        own = score[position]
        if size == most:
            worst = chosen[size - 1]
            if own < score[worst] or (own == score[worst] and position > worst):
                continue
        slot = min(size, most - 1)
        size = min(size + 1, most)
        while slot > 0 and (
            score[chosen[slot - 1]] < own or (score[chosen[slot - 1]] == own and chosen[slot - 1] > position)
        ):
            chosen[slot] = chosen[slot - 1]
            slot -= 1
        chosen[slot] = position
    return size


@compiled
def _others(key: Any, beyond: Any, searched: Any, district: Any) -> Any:
    """How many businesses of other partitions hold the key in the searched areas, and in the kecamatan there."""
    place = _first_at_least(beyond[0], 0, len(beyond[0]), key)
    wide, near = 0, 0
    if place < len(beyond[0]) and beyond[0][place] == key:
        for one in range(beyond[1][place], beyond[1][place + 1]):
            if searched[beyond[2][one]]:
                wide += beyond[3][one]
        for one in range(beyond[4][place], beyond[4][place + 1]):
            if beyond[6][one] == district and searched[beyond[5][one]]:
                near += beyond[7][one]
    return wide, near


@compiled
def _look_up(
    numbers: Any, lists: Any, rule: Any, most: Any, wide: Any, near: Any, where: Any, state: Any, filled: Any
) -> Any:
    """Adds the holders of every number in the searched areas, where there are too many those in the kecamatan.

    lists: start, holders, bits by number, holders in all partitions by number, and who stands beyond. most: how many
    may be added of the areas, of the kecamatan, and of the whole region, other partitions counted. wide, near: ranges
    of the areas and of the kecamatan, and how many. where: areas that are searched, whether all are, the kecamatan.
    Returns how many were met and how many were left out.
    """
    score, rules, met, slices = state
    left_out = 0
    for number in numbers:
        begin, end = lists[0][number], lists[0][number + 1]
        if lists[3][number] <= most[2]:
            slices[0, 0], slices[0, 1] = begin, end
            filled = _take(lists[1], slices, 1, lists[2][number], rule, score, rules, met, filled)
            continue
        here = _narrow(lists[1], begin, end, wide[0], wide[1], slices)
        if here == 0:
            continue  # nobody to add or to leave out, however many there are elsewhere
        others, others_near = _others(number, lists[4], where[0], where[2])
        total = lists[3][number] if where[1] else here + others
        if total <= most[0]:
            filled = _take(lists[1], slices, wide[1], lists[2][number], rule, score, rules, met, filled)
            continue
        here -= _narrow(lists[1], begin, end, near[0], near[1], slices)
        inside = 0
        for turn in range(near[1]):
            inside += slices[turn, 1] - slices[turn, 0]
        if inside + others_near <= most[1]:
            filled = _take(lists[1], slices, near[1], lists[2][number], rule, score, rules, met, filled)
            left_out += here
        else:
            left_out += here + inside
    return filled, left_out


@compiled
def search(  # noqa: PLR0912, PLR0915 (one pass over a shop)
    begin: Any,
    end: Any,
    shops: Any,
    places: Any,
    words: Any,
    names: Any,
    owners: Any,
    caps: Any,
    rank: Any,
    fits: Any,
) -> Any:
    """Candidates of the shops begin .. end - 1: shop, position, rules as bits, score; and pairs left out by rule.

    Rules are by place in LISTED. shops: lists (start and value) of areas, words, names and owners, then kecamatan,
    profile, reach and the kecamatan to look in by shop. places: start, low and high of `Places`, then kecamatan,
    sector and KBLI by position. words, names, owners: start, holders, bits, holders in all partitions, who stands
    beyond; of words also row of bits by word (-1 none, -2 nobody here), rows of bits, and who stands beyond of two
    words together. caps: by area how many a word may add; then how many a name, two words and a
    kecamatan may; how many are kept; and how many so rare a name may add from anywhere. rank: bits for the same and
    another kecamatan, a fitting and another sector, and a fitting KBLI; fits: profile x sector and profile x KBLI.
    """
    size = len(places[3])
    score, rules = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.uint8)
    met, chosen = np.empty(size, dtype=np.int32), np.empty(caps[4], dtype=np.int32)
    areas = len(places[0]) - 1
    wide, near = np.zeros((areas, 2), dtype=np.int64), np.zeros((areas, 2), dtype=np.int64)
    slices, found = np.zeros((areas, 2), dtype=np.int64), np.empty(max(caps[2], caps[3]) + 1, dtype=np.int64)
    room = (end - begin) * caps[4]
    out_shop, out_position = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int32)
    out_rules, out_score, made = np.empty(room, dtype=np.uint8), np.empty(room, dtype=np.float32), 0
    inside = np.zeros(areas, dtype=np.bool_)
    left_out = np.zeros(4, dtype=np.int64)
    state = (score, rules, met, slices)
    common, sizes = np.empty(64, dtype=np.int64), np.empty(64, dtype=np.int64)
    for shop in range(begin, end):
        searched = shops[0][1][shops[0][0][shop] : shops[0][0][shop + 1]]
        if len(searched) == 0:
            continue
        for place in searched:
            inside[place] = True
        where = (inside, len(searched) == areas, shops[7][shop])
        across = (wide, _ranges_of(searched, places[0], wide))
        within = (near, _within(searched, shops[7][shop], places[1], places[2], near))
        filled = 0
        for turn in range(2):
            lists = names if turn == 0 else owners
            held = shops[2] if turn == 0 else shops[3]
            numbers = held[1][held[0][shop] : held[0][shop + 1]]
            filled, missed = _look_up(
                numbers, lists, turn, (caps[1], caps[3], caps[5]), across, within, where, state, filled
            )
            left_out[turn] += missed
        own = shops[1][1][shops[1][0][shop] : shops[1][0][shop + 1]]
        most: Any = 0
        for place in searched:
            most += caps[0][place]
        most = np.int64(most * shops[6][shop])
        filled, missed = _look_up(own, words, 3, (most, caps[3], 0), across, within, where, state, filled)
        left_out[3] += missed
        count = 0
        for word in own:
            if words[5][word] >= 0 and count < len(common):
                here = _narrow(words[1], words[0][word], words[0][word + 1], wide, across[1], slices)
                total = words[3][word] if where[1] else here + _others(word, words[4], inside, -1)[0]
                if total > most:
                    common[count], sizes[count] = word, here
                    count += 1
        blocks = 0
        for turn in range(across[1]):
            blocks += (wide[turn, 1] - wide[turn, 0]) >> 6
        for one in range(count):
            for two in range(one + 1, count):
                first, second = words[6][words[5][common[one]]], words[6][words[5][common[two]]]
                limit, fewer, more = caps[2], common[one], second
                if sizes[two] < sizes[one]:
                    fewer, more = common[two], first
                if min(sizes[one], sizes[two]) * BLOCKS_A_HOLDER < blocks:
                    _narrow(words[1], words[0][fewer], words[0][fewer + 1], wide, across[1], slices)
                    total = _also(words[1], slices, across[1], more, limit, found)
                else:
                    total = _both(first, second, wide, across[1], limit, found)
                if total == 0:
                    continue
                key = common[one] * len(words[5]) + common[two]
                others, others_near = _others(key, words[7], inside, where[2])
                if total + others > limit:
                    left_out[2] += total
                    limit, others = caps[3], others_near
                    total = _both(first, second, near, within[1], caps[3], found)
                if total + others <= limit:
                    for place in range(total):
                        position = found[place]
                        if rules[position] == 0:
                            met[filled] = position
                            filled += 1
                        rules[position] |= 1 << 2
        profile = shops[5][shop]
        for place in range(filled):
            position = met[place]
            for one in range(count):
                row = words[6][words[5][common[one]]]
                if (row[position >> 6] >> np.uint64(position & 63)) & np.uint64(1):
                    score[position] += words[2][common[one]]
            if shops[4][shop] >= 0 and places[3][position] >= 0:
                score[position] += rank[0] if places[3][position] == shops[4][shop] else rank[1]
            if profile >= 0 and places[4][position] >= 0:
                score[position] += rank[2] if fits[0][profile, places[4][position]] else rank[3]
            if profile >= 0 and places[5][position] >= 0 and fits[1][profile, places[5][position]]:
                score[position] += rank[4]
        kept = _best(score, met, filled, caps[4], chosen)
        for place in range(kept):
            out_shop[made], out_position[made] = shop, chosen[place]
            out_rules[made], out_score[made] = rules[chosen[place]], score[chosen[place]]
            made += 1
        for place in range(filled):
            score[met[place]], rules[met[place]] = 0.0, 0
        for place in searched:
            inside[place] = False
    return (
        out_shop[:made].copy(),
        out_position[:made].copy(),
        out_rules[:made].copy(),
        out_score[:made].copy(),
        left_out,
    )
