"""What workers hand one another: dataclasses of arrays as one file each. Read as data, never unpickled."""

import io
import json
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from monitor.cluster.storage import Storage
from monitor.errors import StoreError
from pipelines.linkage.index_store import pack, unpack

_META, _ROOT = "meta", "it"


def write(storage: Storage, name: str, value: Any, left_out: Collection[str] = ("weights",)) -> None:
    """left_out: fields that the reader has from elsewhere."""
    meta: dict[str, Any] = {}
    arrays = pack(value, _ROOT, meta, left_out)
    arrays[_META] = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    body = io.BytesIO()
    np.savez(body, allow_pickle=False, **arrays)
    storage.write_bytes(name, body.getvalue())


def read(storage: Storage, name: str, kind: Any, given: Mapping[str, Any] | None = None) -> Any:
    """What `write` got, of that kind. given: the fields that were left out. Raises StoreError for a damaged file."""
    try:
        with np.load(io.BytesIO(storage.read_bytes(name)), allow_pickle=False) as arrays:
            meta = json.loads(arrays[_META].tobytes())
            return unpack(kind, _ROOT, arrays.__getitem__, meta, given or {})
    except (ValueError, KeyError, EOFError, OSError):
        raise StoreError(f"'{name}' in the shared folder is damaged; remove it, then run again.") from None
