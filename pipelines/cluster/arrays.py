"""What workers hand one another: dataclasses of arrays as one file each. Read as data, never unpickled.

A file is a head (JSON: names, types, shapes and places of the arrays) and their bytes. On a shared disk it is mapped:
what a step does not look at is not read, and workers on one machine share what they look at. Arrays that stand in
another file already may be left there (`Beside`): most of an index is the layout it was made from.
"""

import json
import mmap
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from monitor.cluster.storage import Storage
from monitor.errors import StoreError
from pipelines.linkage.index_store import pack, unpack

_ROOT = "it"
MAGIC = b"UMKM arrays 1\n\0\0"
ALIGNED = 64
KINDS = "biuf"  # of numpy: truth, whole numbers, fractions


class Beside(NamedTuple):
    """Another file, and what `read` made of it: arrays of this are not written again."""

    name: str
    value: Any


class _Placed(NamedTuple):
    """By id of an array where it stands; which arrays, once each, and how long they are together."""

    at: dict[int, int]
    arrays: list[Any]
    size: int


def _placed(arrays: Iterable[Any]) -> _Placed:
    at, once, end = {}, [], 0
    for array in arrays:
        if id(array) not in at:  # what stands in several fields is written once
            at[id(array)] = end
            once.append(array)
            end += array.nbytes + -array.nbytes % ALIGNED
    return _Placed(at, once, end)


def _packed(value: Any, meta: dict[str, Any], left_out: Collection[str]) -> dict[str, Any]:
    arrays = {key: np.ascontiguousarray(array) for key, array in pack(value, _ROOT, meta, left_out).items()}
    assert all(array.dtype.kind in KINDS for array in arrays.values())
    return arrays


def write(
    storage: Storage, name: str, value: Any, left_out: Collection[str] = ("weights",), beside: Beside | None = None
) -> None:
    """left_out: fields that the reader has from elsewhere. beside: a file that stays as long as this one."""
    meta: dict[str, Any] = {}
    arrays = _packed(value, meta, left_out)
    there = _placed(_packed(beside.value, {}, left_out).values()).at if beside else {}
    own = _placed(array for array in arrays.values() if id(array) not in there)
    told = {
        key: (array.dtype.str, array.shape, own.at.get(id(array), there.get(id(array))), id(array) in there)
        for key, array in arrays.items()
    }
    other = beside.name if beside else None
    head = json.dumps({"meta": meta, "arrays": told, "bytes": own.size, "beside": other}).encode()
    head += b" " * (-len(head) % ALIGNED)
    parts: list[Any] = [MAGIC, len(head).to_bytes(8, "little"), bytes(ALIGNED - len(MAGIC) - 8), head]
    for array in own.arrays:
        parts += [array.reshape(-1).view(np.uint8).data if array.nbytes else b"", bytes(-array.nbytes % ALIGNED)]
    storage.write_parts(name, parts)


def read(storage: Storage, name: str, kind: Any, given: Mapping[str, Any] | None = None) -> Any:
    """What `write` got, of that kind. given: the fields that were left out. Raises StoreError for a damaged file."""
    head, *own = _opened(storage, name)
    other = _opened(storage, head["beside"])[1:] if head.get("beside") else own
    try:
        array = partial(_array, (own, other), head["arrays"], {})
        return unpack(kind, _ROOT, array, head["meta"], given or {})
    except (ValueError, KeyError, TypeError):
        raise _damaged(name) from None


def _opened(storage: Storage, name: str) -> tuple[dict[str, Any], Any, int]:
    """Head and bytes of a file, and where its arrays begin. Raises StoreError for a damaged one."""
    path = storage.local_path(name)
    try:
        body = _mapped(path) if path is not None and path.exists() else bytearray(storage.read_bytes(name))
        length = int.from_bytes(body[len(MAGIC) : len(MAGIC) + 8], "little")
        head = json.loads(bytes(body[ALIGNED : ALIGNED + length]))
        begin = ALIGNED + length
        if body[: len(MAGIC)] != MAGIC or len(body) != begin + head["bytes"]:
            raise ValueError
    except (ValueError, KeyError, TypeError, EOFError, OSError):
        raise _damaged(name) from None
    return head, body, begin


def _damaged(name: str) -> StoreError:
    return StoreError(f"'{name}' in the shared folder is damaged; remove it, then run again.")


def _mapped(path: Path) -> Any:
    # Copy on write: nothing reaches the file, and compiled loops need no second version for arrays nobody may write.
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def _array(files: Sequence[Any], told: Mapping[str, Any], made: dict[Any, Any], name: str) -> Any:
    """made: arrays by where they stand; what several fields hold is one again, as when it was written."""
    kind, shape, at, is_beside = told[name]
    body, begin = files[is_beside]
    dtype = np.dtype(kind)
    if dtype.kind not in KINDS:
        raise ValueError
    key, size = (kind, tuple(shape), at, is_beside), int(np.prod(shape, dtype=np.int64))
    if key not in made:
        made[key] = np.frombuffer(body, dtype=dtype, count=size, offset=begin + at).reshape(shape)
    return made[key]
