"""Words of names in the form in which they are compared, for whole columns at once.

A name is at most `max_words` words of at most 40 letters; what is longer is cut, so that a hostile name costs nothing.
Every distinct word is brought into its form once, all of them together.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from monitor.text import WORD_SPELLINGS, fold_spelling, squash, tokens

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MAX_LETTERS = 400  # of one text; longer ones are descriptions pasted into a name
MAX_WORD = 40
_LEET = str.maketrans("013457", "oieast")
_LEET_INSIDE = re.compile(r"(?<=[a-z])[013457](?=[a-z])|(?<=[a-z]{4})[01](?![a-z0-9])")  # b4rokah, galer1
_PIECES = re.compile(r"\d+|[^\d]+")
_SAME_SOUND = (("oe", "u"), ("tj", "c"), ("dj", "j"), ("sj", "sy"), ("kh", "h"), ("x", "ks"), ("q", "k"), ("ph", "f"))
_SAME_LETTER = (("v", "f"), ("ck", "k"))
_REPEATED = re.compile(r"([a-z])\1+")
_SILENT_H = re.compile(r"(?m)(?<=..[^\n][aeiou])h$")  # of words of five letters and more


class Ragged(NamedTuple):
    """Several values a row: `value[i]` belongs to `row[i]`; ordered by row, then by place in the row."""

    row: Ints
    value: Ints

    def counts(self, rows: int) -> Ints:
        return np.bincount(self.row, minlength=rows).astype(np.int64)

    def starts(self, rows: int) -> Ints:
        """Where each row's values begin; one number more than rows."""
        return np.concatenate([[0], np.cumsum(self.counts(rows))])

    def between(self, low: int, high: int) -> "Ragged":
        """The rows from low to below high, numbered from 0."""
        begin, end = np.searchsorted(self.row, (low, high))
        return Ragged(self.row[begin:end] - low, self.value[begin:end])


class Lists(NamedTuple):
    """Several values a row: row r has `value[start[r] : start[r + 1]]`."""

    start: Ints
    value: Ints

    def ragged(self) -> Ragged:
        return Ragged(np.repeat(np.arange(len(self.start) - 1), np.diff(self.start)), self.value)


@dataclass(frozen=True)
class Tokens:
    """Words of a column as written: row r has the tokens `distinct[value[start[r] : start[r + 1]]]`, in order."""

    start: Ints
    value: NDArray[np.int32]
    distinct: list[str]

    @property
    def ragged(self) -> Ragged:
        return Lists(self.start, self.value.astype(np.int64)).ragged()


class Bytes(NamedTuple):
    """A text column as one run of UTF-8: row r is `data[offsets[r] : offsets[r + 1]]`; what is missing is empty."""

    data: NDArray[np.uint8]
    offsets: Ints


def canonical(word: str) -> str:
    """One word in the spelling of comparison: ``B4rokah`` and ``barakah`` meet; "" when nothing is left."""
    plain = _LEET_INSIDE.sub(lambda found: found[0].translate(_LEET), word[:MAX_WORD])
    key = fold_spelling(plain).replace(" ", "")
    return key[:-1] if len(key) > 4 and key.endswith("h") and key[-2] in "aiueo" else key


def pieces(token: str) -> list[str]:
    """Canonical words of one token: numbers in front and behind stand apart (``barokah88`` -> berkah, 88)."""
    whole = _LEET_INSIDE.sub(lambda found: found[0].translate(_LEET), token[:MAX_WORD])
    return [key for part in _PIECES.findall(whole) if (key := canonical(part))]


def letters_folded(text: str) -> str:
    """The text with letters that sound alike written alike; a run of words is folded as one."""
    for written, meant in (*_SAME_SOUND, *_SAME_LETTER):
        text = text.replace(written, meant)
    return _REPEATED.sub(r"\1", text)


def _all_canonical(words: Sequence[str]) -> list[str]:
    """`canonical` of words of plain letters or digits in lower case without leet, all in one run of text."""
    if not words:
        return []
    text = "\n".join([WORD_SPELLINGS.get(word, word) for word in words])
    return _SILENT_H.sub("", letters_folded(text)).split("\n")


def all_pieces(distinct: Sequence[str]) -> list[list[str]]:
    """`pieces` of every token: thirty times as fast for those of plain letters."""
    if not distinct:
        return []
    plain = [token[:MAX_WORD] if token.isascii() else "" for token in distinct]
    whole = _LEET_INSIDE.sub(lambda found: found[0].translate(_LEET), "\n".join(plain)).split("\n")
    parts = [[token] if token.isalpha() else _PIECES.findall(token) for token in whole]
    known = list(dict.fromkeys(chain.from_iterable(parts)))
    form = dict(zip(known, _all_canonical(known), strict=True))
    return [
        [form[part] for part in found] if token.isascii() else pieces(token)
        for token, found in zip(distinct, parts, strict=True)
    ]


def text_array(values: Any) -> Any:
    """A column as an Arrow array of texts without nulls; whatever is no text counts as empty."""
    try:
        array = pa.array(values, from_pandas=True)
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        array = array.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, UnicodeEncodeError):
        clean = [v.encode(errors="replace").decode() if isinstance(v, str) else None for v in values]
        array = pa.array(clean, pa.large_string())
    return array.fill_null("") if array.null_count else array


def as_bytes(array: Any) -> Bytes:
    """The bytes of an Arrow array of large strings without nulls; nothing is copied."""
    _, offsets, data = array.buffers()
    if not len(array):
        return Bytes(np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.int64))
    places = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return Bytes(np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8), places)


def _with_odd_rows_read(array: Any, read: Callable[[str], str]) -> Bytes:
    """Texts that plain rules cannot read are replaced by what `read` makes of them, each distinct one once."""
    from pipelines.linkage.kernels_text import odd_rows

    plain = as_bytes(array)
    odd = odd_rows(*plain, MAX_LETTERS)
    if not odd.any():
        return plain
    coded = array.filter(pa.array(odd)).dictionary_encode()
    made = pa.array([read(text[:MAX_LETTERS]) for text in coded.dictionary.to_pylist()], pa.large_string())
    return as_bytes(pc.replace_with_mask(array, pa.array(odd), made.take(coded.indices)))


def tokenise(texts: Any, max_words: int) -> Tokens:
    """Tokens of every text (None and NaN: none), each token once a row, the first `max_words` of them."""
    from pipelines.linkage.kernels_text import read_tokens

    column = _with_odd_rows_read(text_array(texts), lambda text: " ".join(tokens(text)))
    start, token, letters, bounds = read_tokens(*column, max_words)
    text, ends = letters.tobytes(), bounds.tolist()
    return Tokens(start, token, [text[a:b].decode() for a, b in pairwise(ends)])


def expand(words: Tokens, parts: Sequence[Sequence[int]]) -> Lists:
    """Rows as numbers: `parts[t]` are the numbers of token `distinct[t]`; each number once a row, ascending."""
    from pipelines.linkage.kernels_text import expand_lists

    sizes = np.array([len(part) for part in parts], dtype=np.int64)
    flat = np.array(list(chain.from_iterable(parts)), dtype=np.int64)
    return Lists(*expand_lists(words.start, words.value, np.concatenate([[0], np.cumsum(sizes)]), flat))


def hashed(values: Any) -> Ints:
    """64-bit keys of text values; the same in every process."""
    from pipelines.linkage.kernels_text import hash_rows

    return np.asarray(hash_rows(*as_bytes(text_array(values)))[0])


def squash_keys(texts: Any) -> Ints:
    """Hash of each text's letters and digits alone (`squash`); 0 where there are none."""
    from pipelines.linkage.kernels_text import squash_hashes

    return np.asarray(squash_hashes(*_with_odd_rows_read(text_array(texts), squash)))


def glued(words: Tokens, parts: Sequence[Sequence[str]], noise: Collection[str]) -> Ints:
    """Hash of every row's words glued together in order, without noise; 0 where nothing is left."""
    from pipelines.linkage.kernels_text import glue_hashes, hash_rows

    texts = ["".join([word for word in found if word not in noise]) for found in parts]
    return np.asarray(glue_hashes(words.start, words.value, *hash_rows(*as_bytes(text_array(texts)))))


def once(ragged: Ragged) -> Ragged:
    """Every value at most once in a row; rows stay in order, values in ascending order within a row."""
    if not len(ragged.row):
        return ragged
    low, high, last = int(ragged.value.min()), int(ragged.value.max()), int(ragged.row.max())
    span = high - low + 1
    if last < (1 << 62) // span:  # as one number: sorting that is several times as fast
        key = np.sort(ragged.row * span + (ragged.value - low))
        key = key[np.concatenate([[True], key[1:] != key[:-1]])]
        return Ragged(key // span, key % span + low)
    order = np.lexsort((ragged.value, ragged.row))
    row, value = ragged.row[order], ragged.value[order]
    fresh = np.concatenate([[True], (row[1:] != row[:-1]) | (value[1:] != value[:-1])])
    return Ragged(row[fresh], value[fresh])


def ranges(starts: Ints, sizes: Ints) -> Ints:
    """start, start + 1, .. for every start, `size` numbers each, one after the other."""
    if not len(sizes):
        return np.zeros(0, dtype=np.int64)
    ends = np.cumsum(sizes)
    return np.arange(ends[-1], dtype=np.int64) - np.repeat(ends - sizes - starts, sizes)
