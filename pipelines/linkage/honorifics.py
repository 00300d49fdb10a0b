"""Words with the form of address before them: Mang Entus is rarer than Entus, and retrieves where Entus would not."""

from collections.abc import Sequence
from functools import cache
from itertools import chain

import numpy as np

from pipelines.linkage.weights import load_weights
from pipelines.linkage.words import Ragged, Tokens, as_bytes, text_array


@cache
def class_of() -> dict[str, int]:
    """Form of address -> number of its class."""
    classes = load_weights().words.classes["address"]
    return {word: place for place, words in reversed(list(enumerate(classes))) for word in sorted(words)}


def titled(tokens: Tokens, parts: Sequence[Sequence[str]]) -> Ragged:
    """Row and hash of every word with the form of address before it. parts: canonical words by distinct token."""
    from pipelines.linkage.kernels_text import hash_rows, titled_keys

    words, number = list(chain.from_iterable(parts)), class_of()
    start = np.concatenate([[0], np.cumsum([len(found) for found in parts])]).astype(np.int64)
    kind = np.array([number.get(word, -1) for word in words], dtype=np.int64)
    keys, _ = hash_rows(*as_bytes(text_array(words)))
    return Ragged(*titled_keys(tokens.start, tokens.value, start, kind, keys))
