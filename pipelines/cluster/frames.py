"""Tables that workers hand one another, as Arrow files: columns lie there as they lie in memory."""

import json
from typing import Any

import pandas as pd
import pyarrow as pa

from monitor.cluster.storage import Storage
from monitor.errors import StoreError

PACKED = "lz4"  # over a network; on a shared disk packing takes longer than writing, and what is not packed is mapped
LISTS = "identifiers"
EMPTY = "[]"  # most of them


def write(storage: Storage, name: str, frame: pd.DataFrame) -> None:
    """Columns of texts, numbers and truth values, and the index where it has a name."""
    table = pa.Table.from_pandas(frame, preserve_index=None if frame.index.name else False)
    sink, options = pa.BufferOutputStream(), pa.ipc.IpcWriteOptions(compression=None if storage.is_local else PACKED)
    with pa.ipc.new_file(sink, table.schema, options=options) as file:
        file.write_table(table)
    storage.write_parts(name, [sink.getvalue()])


def read(storage: Storage, name: str) -> pd.DataFrame:
    """The frame as `write` got it. Raises StoreError for a damaged file."""
    path = storage.local_path(name)
    try:
        body = pa.memory_map(str(path)) if path is not None and path.exists() else storage.read_bytes(name)
        return pa.ipc.open_file(body).read_all().to_pandas()
    except (pa.ArrowException, ValueError, OSError):
        raise StoreError(f"'{name}' in the shared folder is damaged; remove it, then run again.") from None


def plain(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """These columns, as far as they are there; lists of identifiers as JSON."""
    some = frame[[name for name in columns if name in frame]]
    if LISTS not in some:
        return some
    cells = [_folded(cell) if isinstance(cell, list | tuple) else None for cell in some[LISTS].to_numpy(dtype=object)]
    return some.assign(**{LISTS: pd.Series(cells, index=some.index, dtype=object)})


def unfolded(frame: pd.DataFrame) -> pd.DataFrame:
    """What `plain` folded into texts as lists again."""
    if LISTS not in frame:
        return frame
    cells = [_opened(text) if isinstance(text, str) else None for text in frame[LISTS].to_numpy(dtype=object)]
    return frame.assign(**{LISTS: pd.Series(cells, index=frame.index, dtype=object)})


def _folded(cell: Any) -> str:
    return json.dumps(list(cell)) if cell else EMPTY


def _opened(text: str) -> Any:
    return [] if text == EMPTY else json.loads(text)
