"""What workers hand one another: dataclasses of arrays as one file each. Read as data, never unpickled.

A file is a head (JSON: names, types, shapes and places of the arrays) and their bytes. On a shared disk it is mapped:
what a step does not look at is not read, and workers on one machine share what they look at.
"""

import json
import mmap
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from monitor.cluster.storage import Storage
from monitor.errors import StoreError
from pipelines.linkage.index_store import pack, unpack

_ROOT = "it"
MAGIC = b"UMKM arrays 1\n\0\0"
ALIGNED = 64
KINDS = "biuf"  # of numpy: truth, whole numbers, fractions


def write(storage: Storage, name: str, value: Any, left_out: Collection[str] = ("weights",)) -> None:
    """left_out: fields that the reader has from elsewhere."""
    meta: dict[str, Any] = {}
    arrays = {key: np.ascontiguousarray(array) for key, array in pack(value, _ROOT, meta, left_out).items()}
    assert all(array.dtype.kind in KINDS for array in arrays.values())
    told, placed, end = {}, {}, 0
    for key, array in arrays.items():
        if id(array) not in placed:  # what stands in several fields is written once
            placed[id(array)] = (end, array)
            end += _padded(array.nbytes)
        told[key] = (array.dtype.str, array.shape, placed[id(array)][0])
    head = json.dumps({"meta": meta, "arrays": told, "bytes": end}).encode()
    head += b" " * (-len(head) % ALIGNED)
    parts: list[Any] = [MAGIC, len(head).to_bytes(8, "little"), bytes(ALIGNED - len(MAGIC) - 8), head]
    for _, array in placed.values():
        parts += [array.reshape(-1).view(np.uint8).data if array.nbytes else b"", bytes(-array.nbytes % ALIGNED)]
    storage.write_parts(name, parts)


def _padded(size: int) -> int:
    return size + -size % ALIGNED


def read(storage: Storage, name: str, kind: Any, given: Mapping[str, Any] | None = None) -> Any:
    """What `write` got, of that kind. given: the fields that were left out. Raises StoreError for a damaged file."""
    path = storage.local_path(name)
    try:
        body = _mapped(path) if path is not None and path.exists() else bytearray(storage.read_bytes(name))
        length = int.from_bytes(body[len(MAGIC) : len(MAGIC) + 8], "little")
        head = json.loads(bytes(body[ALIGNED : ALIGNED + length]))
        begin = ALIGNED + length
        if body[: len(MAGIC)] != MAGIC or len(body) != begin + head["bytes"]:
            raise ValueError
        return unpack(kind, _ROOT, partial(_array, body, begin, head["arrays"]), head["meta"], given or {})
    except (ValueError, KeyError, TypeError, EOFError, OSError):
        raise StoreError(f"'{name}' in the shared folder is damaged; remove it, then run again.") from None


def _mapped(path: Path) -> Any:
    # Copy on write: nothing reaches the file, and compiled loops need no second version for arrays nobody may write.
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def _array(body: Any, begin: int, told: Mapping[str, Any], name: str) -> Any:
    kind, shape, at = told[name]
    dtype = np.dtype(kind)
    if dtype.kind not in KINDS:
        raise ValueError
    size = int(np.prod(shape, dtype=np.int64))
    return np.frombuffer(body, dtype=dtype, count=size, offset=begin + at).reshape(shape)
