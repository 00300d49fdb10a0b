"""Files written so that a kill or a full disk costs at most the line being written, and errors that say so."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from monitor.errors import StoreError
from monitor.items import TYPE_NAMES, Identifier, Issue, Item, Listing, Shop
from monitor.weeks import utc_text


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Driver errors of the file system as one sentence (no space, file too large, no permission, missing)."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{path} cannot be used: {reason}; mend that and run the same command again.") from error


def sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:  # a full disk first writes a part, then fails
        view = view[os.write(handle, view) :]


def write_whole(path: Path, data: bytes) -> None:
    """All of `data` under the name, or nothing: written aside, synced, renamed."""
    aside = path.with_name(f".{path.name}.new")
    with told(path):
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            try:
                write_all(handle, data)
                os.fsync(handle)
            finally:
                os.close(handle)
            aside.replace(path)
        except OSError:
            with suppress(OSError):
                aside.unlink()
            raise
        sync_folder(path.parent)


def plain(value: object) -> object:
    if isinstance(value, datetime):
        return utc_text(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return str(value)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _without_nul(entry) for key, entry in value.items()}
    return value


def line(row: dict[str, Any]) -> bytes:
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if "\\u0000" in text:  # no database keeps NUL in text
        text = json.dumps(_without_nul(row), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace") + b"\n"  # half an emoji becomes '?'


def _allowed(hint: Any) -> tuple[type, ...]:
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    plain = tuple(get_origin(kind) or kind for kind in kinds)
    return (*plain, int) if float in plain else plain


_ALLOWED = {
    kind: tuple((item.name, _allowed(hints[item.name])) for item in fields(kind))
    for kind, hints in ((kind, get_type_hints(kind)) for kind in (Shop, Listing, Issue))
}


_PARTS = tuple(part.name for part in fields(Identifier))


def check(item: Item) -> None:
    """A value of a wrong type would make the file unreadable later, so it is refused when written."""
    for name, allowed in _ALLOWED[type(item)]:
        value = getattr(item, name)
        if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
            raise TypeError(f"{TYPE_NAMES[type(item)]}.{name} cannot be {type(value).__name__}")


def item_line(item: Item, unit: str, attempt: int) -> bytes:
    """The line of an item: `type`, `unit` and `attempt` first. Raises TypeError on a wrong type, ValueError on NaN."""
    check(item)
    row: dict[str, Any] = {"type": TYPE_NAMES[type(item)], "unit": unit, "attempt": attempt}
    for name, _ in _ALLOWED[type(item)]:
        row[name] = getattr(item, name)
    if row.get("identifiers"):
        row["identifiers"] = [{name: getattr(entry, name) for name in _PARTS} for entry in row["identifiers"]]
    return line(row)
