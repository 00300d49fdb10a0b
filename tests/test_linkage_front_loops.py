"""Every compiled loop of reading and indexing against plain Python that says what it means."""

from collections import Counter
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text import squash, tokens
from pipelines.linkage.kernels_lists import counted_once, interleaved, inverted, pair_keys, united
from pipelines.linkage.kernels_split import is_near
from pipelines.linkage.kernels_text import BASE, hash_parts, titled_keys
from pipelines.linkage.postings import count_groups
from pipelines.linkage.splitting import Splitter, read_words
from pipelines.linkage.words import (
    MAX_LETTERS,
    Lists,
    Ragged,
    all_pieces,
    as_bytes,
    expand,
    glued,
    hashed,
    once,
    pieces,
    squash_keys,
    text_array,
    tokenise,
)

LOOPS = settings(max_examples=40, deadline=None)
WRITTEN = st.text(alphabet="aBhkst 0'14.`-é٣🍪\u200b", max_size=30)
PLAIN = st.text(alphabet="aehkbdjtcsxqvyp01345", min_size=1, max_size=12)
SETS = st.lists(st.sets(st.integers(0, 12), max_size=5).map(sorted), min_size=1, max_size=8)


def lists_of(rows: list[list[int]]) -> Lists:
    start = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    return Lists(start, np.array([value for row in rows for value in row], dtype=np.int64))


def rows_of(start: Any, value: Any) -> list[list[int]]:
    return [value[a:b].tolist() for a, b in pairwise(start.tolist())]


def plain_hash(text: str) -> int:
    key = 0
    for byte in text.encode():
        key = (key * BASE + byte) % (1 << 64)
    return key - ((key >> 63) << 64)


# --- text -----------------------------------------------------------------------------------------------------------


@LOOPS
@given(st.lists(st.none() | WRITTEN, max_size=6), st.integers(1, 4))
def test_tokens_of_a_column(texts: list[str | None], most: int) -> None:
    found = tokenise(np.array([*texts, None], dtype=object), most)
    expected = [list(dict.fromkeys(tokens((text or "")[:MAX_LETTERS])))[:most] for text in texts]
    assert [[found.distinct[token] for token in row] for row in rows_of(found.start, found.value)] == [*expected, []]
    assert len(set(found.distinct)) == len(found.distinct)


@LOOPS
@given(st.lists(PLAIN | WRITTEN.map(squash).filter(bool), max_size=8))
def test_canonical_words_of_many_tokens(words: list[str]) -> None:
    assert all_pieces(words) == [pieces(word) for word in words]


@LOOPS
@given(st.lists(WRITTEN, min_size=1, max_size=6))
def test_hashes_of_squashed_texts(texts: list[str]) -> None:
    assert squash_keys(np.array(texts, dtype=object)).tolist() == [plain_hash(squash(text)) for text in texts]
    assert hashed(texts).tolist() == [plain_hash(text) for text in texts]


@LOOPS
@given(st.lists(st.lists(st.text(alphabet="ab", min_size=1, max_size=3), max_size=4).map(" ".join), min_size=1))
def test_hashes_of_the_parts_of_a_cell(cells: list[str]) -> None:
    row, key = hash_parts(*as_bytes(text_array(cells)), ord(" "))
    expected = [(place, plain_hash(part)) for place, cell in enumerate(cells) for part in cell.split()]
    assert list(zip(row.tolist(), key.tolist(), strict=True)) == expected


@LOOPS
@given(st.lists(st.lists(st.sampled_from(["ud", "siti", "nur", "88"]), max_size=4).map(" ".join), min_size=1))
def test_names_without_blanks_and_noise(names: list[str]) -> None:
    words = tokenise(np.array(names, dtype=object), 9)
    expected = ["".join(w for w in dict.fromkeys(name.split()) if w != "ud") for name in names]
    assert glued(words, all_pieces(words.distinct), {"ud"}).tolist() == [plain_hash(text) for text in expected]


@LOOPS
@given(st.lists(st.lists(st.integers(0, 4), max_size=5).map(lambda row: list(dict.fromkeys(row))), min_size=1))
def test_words_with_their_form_of_address(rows: list[list[int]]) -> None:
    kind = np.array([-1, 0, -1, 1, -1])  # 1 and 3 are forms of address
    row, key = titled_keys(*lists_of(rows), np.arange(6), kind, np.arange(5) * 7)
    expected = [
        (place, kind[before], 7 * word)
        for place, words in enumerate(rows)
        for before, word in pairwise(words)
        if kind[before] >= 0 > kind[word]
    ]
    seen = {(a, b): key for a, b, key in zip(row.tolist(), range(len(row)), key.tolist(), strict=True)}
    assert row.tolist() == [place for place, _, _ in expected]
    by_meaning = {(a, b): key for (_, a, b), key in zip(expected, seen.values(), strict=True)}
    assert len(set(by_meaning.values())) == len(by_meaning)


# --- lists of numbers -----------------------------------------------------------------------------------------------


@LOOPS
@given(SETS, st.data())
def test_two_lists_a_row(rows: list[list[int]], data: st.DataObject) -> None:
    others = data.draw(st.lists(SETS.map(lambda found: found[0]), min_size=len(rows), max_size=len(rows)))
    one, other = lists_of(rows), lists_of(others)
    assert rows_of(*united(*one, *other)) == [sorted({*a, *b}) for a, b in zip(rows, others, strict=True)]
    start, first, values = interleaved(*one, *other)
    every = [found for pair in zip(rows, others, strict=True) for found in pair]
    assert rows_of(first, values) == [found for found in every if found]
    assert np.diff(start).tolist() == [bool(a) + bool(b) for a, b in zip(rows, others, strict=True)]


@LOOPS
@given(SETS, st.randoms(use_true_random=False))
def test_rows_that_hold_a_value(rows: list[list[int]], random: Any) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    found = rows_of(*inverted(*lists_of(rows), np.array(order), 13))
    assert found == [[place for place, row in enumerate(order) if value in rows[row]] for value in range(13)]


@LOOPS
@given(SETS, st.data())
def test_groups_that_hold_a_value(rows: list[list[int]], data: st.DataObject) -> None:
    group = data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    order = np.argsort(group, kind="stable")
    found = counted_once(*lists_of(rows), order, np.array(group), 13).tolist()
    held = {(value, of) for row, of in zip(rows, group, strict=True) for value in row}
    expected = Counter(value for value, _ in held)
    assert found == [expected[value] for value in range(13)]
    keys, groups = (np.array([pair[side] for row, of in zip(rows, group, strict=True) for pair in ((value, of)
                    for value in row)], dtype=np.int64) for side in (0, 1))  # fmt: skip
    counts = count_groups(keys, groups)
    assert dict(zip(counts.keys.tolist(), counts.size.tolist(), strict=True)) == dict(expected)


@LOOPS
@given(SETS, st.lists(st.integers(0, 3), min_size=13, max_size=13), st.integers(2, 4))
def test_pairs_of_the_rarest_values(rows: list[list[int]], rank: list[int], most: int) -> None:
    row, key = pair_keys(*lists_of(rows), np.array(rank, dtype=float), most, 100)
    expected = {
        (place, 100 * low + high)
        for place, values in enumerate(rows)
        for low, high in combinations(sorted(sorted(values, key=lambda value: (-rank[value], value))[:most]), 2)
    }
    assert set(zip(row.tolist(), key.tolist(), strict=True)) == expected
    assert len(row) == len(expected)


@LOOPS
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-(1 << 62), 1 << 62) | st.integers(0, 3))), st.booleans())
def test_every_value_once_a_row(pairs: list[tuple[int, int]], narrow: bool) -> None:
    held = sorted((row, value % 4 if narrow else value) for row, value in pairs)
    found = once(Ragged(np.array([r for r, _ in held], dtype=np.int64), np.array([v for _, v in held], dtype=np.int64)))
    assert list(zip(found.row.tolist(), found.value.tolist(), strict=True)) == sorted(set(held))


@LOOPS
@given(st.lists(st.lists(st.sampled_from(["ab", "c", "88"]), max_size=3).map(" ".join), min_size=1))
def test_tokens_as_numbers(names: list[str]) -> None:
    words = tokenise(np.array(names, dtype=object), 9)
    numbers = {"ab": [3, 1], "c": [1], "88": []}
    found = expand(words, [numbers[word] for word in words.distinct])
    assert rows_of(*found) == [sorted({n for word in name.split() for n in numbers[word]}) for name in names]


# --- glued and misspelt words -----------------------------------------------------------------------------------------

KNOWN = {"sari": 40, "rasa": 30, "sarirasa": 1, "baroka": 90, "barona": 2, "siti": 50, "rahmawati": 9, "nur": 80}
SPLITTER = Splitter(KNOWN, ["cv", "official", "shop"])
TABLES = SPLITTER.known()
MIXED = st.lists(st.sampled_from([*KNOWN, "cv", "official", "x"]), min_size=1, max_size=4).map("".join)


def one_wrong(word: str, place: int, kind: int) -> str:
    at = place % len(word)
    return [word, word[:at] + word[at + 1 :], word[:at] + "x" + word[at:], word[:at] + "x" + word[at + 1 :],
            word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]][kind]  # fmt: skip


@LOOPS
@given(st.lists(st.builds(one_wrong, MIXED, st.integers(0, 30), st.integers(0, 4)).filter(bool), max_size=8))
def test_glued_and_misspelt_words(words: list[str]) -> None:
    plain = [SPLITTER.split(word) or [near for near in [SPLITTER.nearest(word)] if near] for word in words]
    assert read_words(words, TABLES, lambda: SPLITTER) == plain


def test_letters_lost_at_the_joint_are_found_again() -> None:
    assert SPLITTER.split("barokahsiti") == ["baroka", "siti"]  # an h that words by themselves lose
    assert SPLITTER.split("sitirahmawatiofficial".replace("ff", "f")) == []  # no such word of noise
    assert SPLITTER.split("nurasa") == ["nur", "rasa"]  # rr is written r
    assert read_words(["sarirasa"], TABLES, lambda: SPLITTER, {"sarirasa"}) == [
        ["sari", "rasa"]
    ]  # likelier than a word seen once
    assert read_words(["baroka"], TABLES, lambda: SPLITTER, {"baroka"}) == [[]]


@LOOPS
@given(st.text(alphabet="ab", max_size=6), st.text(alphabet="ab", max_size=6))
def test_words_one_letter_apart(one: str, other: str) -> None:
    from rapidfuzz.distance import OSA

    bytes_of = [np.frombuffer(word.encode(), dtype=np.uint8) for word in (one, other)]
    assert bool(is_near(*bytes_of)) == (OSA.distance(one, other) <= 1)
