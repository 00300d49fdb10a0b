"""The registry index in a folder: written once per snapshot, mapped into memory from then on.

Arrays are `.npy` files, so a second week reads only the pages it touches. A folder holds one version; a version stands
for snapshot, parameters and code, so an index that would be built otherwise today is never taken for the present one.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from monitor.asides import sweep
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.weights import Weights

META_FILE = "index.json"
UNFINISHED = ".unfinished-"  # then the process that writes it
READERS = (
    "words", "splitting", "vocabulary", "labels", "postings", "places", "honorifics", "titles", "index", "weights",
    "kernels_text", "kernels_lists", "index_store",
)  # fmt: skip
"""Modules that decide what an index holds."""


@cache
def _code_version() -> str:
    here = files("pipelines.linkage")
    return hashlib.sha256(b"".join((here / f"{name}.py").read_bytes() for name in READERS)).hexdigest()


def index_version(snapshot: str, weights: Weights, *words: Collection[str]) -> str:
    """Names the index of a snapshot under these weights. words: the sets given to `build_index`, in their order."""
    parts = [snapshot, weights.version, _code_version(), np.__version__, *(" ".join(sorted(found)) for found in words)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def save_index(index: RegistryIndex, folder: Path, version: str) -> None:
    """Writes the index beside its place and renames it there; other versions in the folder are removed.

    Two processes may do so at once: the first one's files stay. Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder, UNFINISHED)
    aside = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{os.getpid()}.", dir=folder))
    try:
        meta: dict[str, Any] = {}
        for name, array in _pack(index, "index", meta).items():
            np.save(aside / f"{name}.npy", array)
        (aside / META_FILE).write_text(json.dumps(meta))
        with suppress(OSError):  # somebody else was first
            aside.rename(folder / version)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    forget_others(folder, version)


def forget_others(folder: Path, version: str) -> None:
    """Removes the other versions, and what killed processes left."""
    sweep(folder, UNFINISHED)
    for other in folder.glob("*"):
        if other.is_dir() and other.name != version and not other.name.startswith("."):
            shutil.rmtree(other, ignore_errors=True)


def load_index(folder: Path, version: str, weights: Weights) -> RegistryIndex | None:
    """The index of that version, its arrays mapped; None where there is none or it is damaged."""
    place = folder / version
    try:
        meta = json.loads((place / META_FILE).read_text())
        held = _unpack(RegistryIndex, "index", place, meta, {"weights": weights})
    except (OSError, ValueError, KeyError):
        return None
    assert isinstance(held, RegistryIndex)
    return held


def _names(kind: Any) -> list[str]:
    return [item.name for item in fields(kind)] if is_dataclass(kind) else list(kind._fields)


def _as_text(values: Collection[str]) -> Any:
    """Texts in one run of bytes; they hold no line ends."""
    return np.frombuffer("\n".join(values).encode(), dtype=np.uint8)


def _pack(value: Any, name: str, meta: dict[str, Any]) -> dict[str, Any]:
    """Arrays by name; numbers and what is empty go into `meta`."""
    if isinstance(value, np.ndarray):
        return {name: value}
    if isinstance(value, int | float):
        meta[name] = value
        return {}
    if isinstance(value, frozenset):
        return _pack(tuple(sorted(value)), name, meta)
    if type(value) is tuple:
        meta[name] = len(value)
        return {name: _as_text(value)}
    if isinstance(value, Mapping):
        meta[name] = list(value) if any(is_dataclass(item) for item in value.values()) else len(value)
        if isinstance(meta[name], int):
            return {f"{name}.keys": _as_text(list(value)), name: np.array(list(value.values()), dtype=np.int64)}
        return _together([_pack(item, f"{name}.{key}", meta) for key, item in value.items()])
    inner = [item for item in _names(type(value)) if item != "weights"]
    return _together([_pack(getattr(value, item), f"{name}.{item}", meta) for item in inner])


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: array for part in parts for name, array in part.items()}


def _array(place: Path, name: str) -> Any:
    # Copy on write: nothing reaches the file, and compiled loops need no second version for arrays nobody may write.
    path = place / f"{name}.npy"
    found = np.load(path) if _is_empty(path) else np.load(path, mmap_mode="c")
    return found.view(np.ndarray)


def _is_empty(path: Path) -> bool:
    """Files without any data cannot be mapped."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
    return 0 in shape


def _texts(place: Path, name: str, count: int) -> list[str]:
    return _array(place, name).tobytes().decode().split("\n") if count else []


def _unpack(kind: Any, name: str, place: Path, meta: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    origin = get_origin(kind)
    if origin is np.ndarray:
        return _array(place, name)
    if kind in (int, float):
        return kind(meta[name])
    if origin is tuple:
        return tuple(_texts(place, name, meta[name]))
    if origin is frozenset:
        return frozenset(_texts(place, name, meta[name]))
    if origin is not None:  # a mapping
        if isinstance(meta[name], list):
            inner = get_args(kind)[1]
            return {key: _unpack(inner, f"{name}.{key}", place, meta, given) for key in meta[name]}
        return dict(zip(_texts(place, f"{name}.keys", meta[name]), _array(place, name).tolist(), strict=True))
    hints = get_type_hints(kind)
    inner = {item: hints[item] for item in _names(kind) if item not in given}
    known = {item: value for item, value in given.items() if item in _names(kind)}
    return kind(**known, **{item: _unpack(hint, f"{name}.{item}", place, meta, given) for item, hint in inner.items()})
