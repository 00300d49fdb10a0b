"""One partition of a registry as read, in its own words and codes, before anything is known of the others."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.linkage.honorifics import titled
from pipelines.linkage.labels import mixed
from pipelines.linkage.lexicon import WordTally, ignored_words
from pipelines.linkage.places import CodeCounts, read_codes
from pipelines.linkage.postings import find, numbered
from pipelines.linkage.threads import all_of, in_threads
from pipelines.linkage.titles import masks
from pipelines.linkage.vocabulary import all_forms, read_columns
from pipelines.linkage.weights import Weights
from pipelines.linkage.words import (
    Ints,
    Lists,
    Ragged,
    as_bytes,
    glued,
    hashed,
    squash_keys,
    text_array,
    tokenise,
)

REGISTRY_COLUMNS = (
    "group_id", "nib", "business_name", "trade_name", "owner_name", "area_code", "district_code", "kbli", "sector",
    "product", "phone_hashes", "pirt", "halal", "bpom",
)  # fmt: skip
PARTED = "is_parted"  # a further column of a partition: the group has businesses in other partitions too
CODE_COLUMNS = {"area": "area_code", "district": "district_code", "sector": "sector", "kbli": "kbli"}
TEXT_COLUMNS = ("business_name", "trade_name", "owner_name", "product")
IDENTIFIER_KINDS = {"phone": "phone_hashes", "nib": "nib", "pirt": "pirt", "halal": "halal", "bpom": "bpom"}


@dataclass(frozen=True)
class Texts:
    """Columns of names as words: names, trade names, owners, products; and all words of the first three."""

    names: Lists
    trades: Lists
    owners: Lists
    products: Lists
    pool: Lists
    words: tuple[str, ...]
    whole_names: Ints  # by business, hashes without blanks
    whole_trades: Ints
    whole_owners: Ints
    titled_names: Ragged  # hashes of words with a form of address
    titled_trades: Ragged
    titles: Ints  # by business, see `titles.masks`


@dataclass(frozen=True)
class Part:
    """Businesses in order of their numbers. group: by business, numbered from 0; counted: by business whether its group
    stands here alone, empty where all do; code: by column and business; identifiers, declared: business -> hash."""

    business_id: Ints
    group_id: Ints
    group: Ints
    counted: NDArray[np.bool_]
    texts: Texts
    code: Mapping[str, Ints]
    codes: Mapping[str, CodeCounts]
    identifiers: Mapping[str, Ragged]
    declared: Ragged

    @property
    def size(self) -> int:
        return len(self.business_id)


def _column(frame: pd.DataFrame, name: str) -> Any:
    return frame[name] if name in frame else np.full(len(frame), "", dtype=object)


def _identifiers(values: Any) -> Ragged:
    """values: blank-separated identifiers by business."""
    from pipelines.linkage.kernels_text import hash_parts

    return Ragged(*hash_parts(*as_bytes(text_array(values)), ord(" ")))


def account_keys(marketplaces: Any, accounts: Any) -> Ints:
    """How a declared account and a shop's id, username or address meet: the last part of an address, squashed.

    One hash a row; 0 where the account is empty.
    """
    text = text_array(accounts)
    if pc.any(pc.match_substring(text, "/")).as_py():
        text = pc.replace_substring_regex(pc.utf8_rtrim(text, "/"), "^.*/", "")
    keys = squash_keys(text)
    return np.where(keys == 0, 0, keys ^ mixed(hashed(marketplaces)))


def _declared(declared: pd.DataFrame | None, business_id: Ints) -> Ragged:
    rows, keys = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if declared is not None and len(declared):
        names = [name for name in ("account", "shop_id") if name in declared]
        found = [account_keys(declared["marketplace"].to_numpy(), declared[name].to_numpy()) for name in names]
        rows = np.tile(declared["business_id"].to_numpy().astype(np.int64), len(names))
        keys = np.concatenate(found)
    place = find(business_id, rows)
    there = (place >= 0) & (keys != 0)
    return Ragged(place[there], keys[there])


def _read_texts(frame: pd.DataFrame, weights: Weights, ignored: frozenset[str], threads: int) -> Texts:
    from pipelines.linkage.kernels_lists import united

    most = weights.blocking.max_words
    tokens = list(in_threads(lambda name: tokenise(_column(frame, name), most), TEXT_COLUMNS, threads))
    forms = all_forms(tokens)
    lists, words = read_columns(tokens, forms, ignored)
    names = Lists(*united(*lists[0], *lists[1]))
    whole = [glued(*column, weights.words.noise) for column in zip(tokens[:3], forms[:3], strict=True)]
    return Texts(
        names=lists[0],
        trades=lists[1],
        owners=lists[2],
        products=lists[3],
        pool=Lists(*united(*names, *lists[2])),
        words=tuple(words),
        whole_names=whole[0],
        whole_trades=whole[1],
        whole_owners=whole[2],
        titled_names=titled(tokens[0], forms[0]),
        titled_trades=titled(tokens[1], forms[1]),
        titles=masks(tokens[0], forms[0]) | masks(tokens[1], forms[1]),
    )


def _in_order(registry: pd.DataFrame) -> pd.DataFrame:
    """The columns that are read, each business once, by its number."""
    frame = registry[[name for name in (*REGISTRY_COLUMNS, PARTED) if name in registry]]
    if frame.index.is_monotonic_increasing and frame.index.is_unique:
        return frame
    return frame[~frame.index.duplicated()].sort_index()


def read_part(
    registry: pd.DataFrame,
    weights: Weights,
    declared: pd.DataFrame | None,
    place_words: Collection[str],
    threads: int = 1,
) -> Part:
    """Reads a registry or one partition of it, which has the column `PARTED`; arguments as of `index.build_index`."""
    frame = _in_order(registry)
    business_id = frame.index.to_numpy().astype(np.int64)
    group_id = frame["group_id"].to_numpy().astype(np.int64)
    group = numbered(group_id)[1]
    work: dict[str, Callable[[], Any]] = {
        name: partial(read_codes, _column(frame, column)) for name, column in CODE_COLUMNS.items()
    }
    work |= {kind: partial(_identifiers, _column(frame, column)) for kind, column in IDENTIFIER_KINDS.items()}
    made = all_of(work, threads)
    return Part(
        business_id=business_id,
        group_id=group_id,
        group=group,
        counted=~frame[PARTED].to_numpy(dtype=bool) if PARTED in frame else np.zeros(0, dtype=bool),
        texts=_read_texts(frame, weights, ignored_words(weights, place_words), threads),
        code={name: made[name][0] for name in CODE_COLUMNS},
        codes={name: made[name][1] for name in CODE_COLUMNS},
        identifiers={kind: made[kind] for kind in IDENTIFIER_KINDS},
        declared=_declared(declared, business_id),
    )


def tally_words(part: Part, threads: int = 1) -> WordTally:
    """What the partition says to the lexicon; groups that stand in several partitions do not count."""
    from pipelines.linkage.kernels_lists import counted_once, united

    texts, size = part.texts, len(part.texts.words)
    order = np.argsort(part.group, kind="stable")
    if len(part.counted):
        order = order[part.counted[order]]
    both = Lists(*united(*texts.names, *texts.trades))
    columns = (both, texts.owners, texts.products)
    names, owners, products = in_threads(lambda held: counted_once(*held, order, part.group, size), columns, threads)
    return WordTally(
        words=texts.words,
        names=names,
        owners=owners,
        products=products,
        sizes=np.bincount(texts.pool.value, minlength=size).astype(np.int64),
        groups=int(np.count_nonzero(np.bincount(part.group[order]))),
        businesses=part.size,
        **part.codes,
    )
