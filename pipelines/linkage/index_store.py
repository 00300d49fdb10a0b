"""The registry index in a folder: written once per snapshot, mapped into memory from then on.

Arrays are `.npy` files, so a second week reads only the pages it touches. A folder holds one version; a version stands
for snapshot, parameters and code, so an index that would be built otherwise today is never taken for the present one.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from monitor.asides import sweep
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.weights import Weights

Read = Callable[[str], Any]
META_FILE = "index.json"
UNFINISHED = ".unfinished-"  # then the process that writes it
READERS = (
    "words", "splitting", "vocabulary", "labels", "lexicon", "postings", "places", "honorifics", "titles",
    "registry_part", "index", "partitions", "weights", "kernels_text", "kernels_lists", "kernels_split", "index_store",
)  # fmt: skip
"""Modules that decide what an index holds."""
OF_MONITOR = ("arrow_text", "characters", "gazetteer", "sectors", "text", "written")
"""Modules of monitor by which linkage reads words, places and goods; what they read lies in its reference folder."""


@cache
def _code_version() -> str:
    here = files("pipelines.linkage")
    return hashlib.sha256(b"".join((here / f"{name}.py").read_bytes() for name in READERS)).hexdigest()


@cache
def version_of_monitor() -> str:
    """Hash over `OF_MONITOR` and the reference lists: after an upgrade words may be read otherwise."""
    home = files("monitor")
    lists = sorted(
        (one for one in (home / "reference").iterdir() if one.name.endswith(".csv")), key=lambda one: one.name
    )
    read = [*(home / f"{name}.py" for name in OF_MONITOR), *lists]
    return hashlib.sha256(b"".join(one.name.encode() + one.read_bytes() for one in read)).hexdigest()


def index_version(snapshot: str, weights: Weights, *words: Collection[str]) -> str:
    """Names the index of a snapshot under these weights. words: the sets given to `build_index`, in their order."""
    code = (_code_version(), version_of_monitor(), np.__version__)
    parts = [snapshot, weights.version, *code, *(" ".join(sorted(found)) for found in words)]
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
        for name, array in pack(index, "index", meta).items():
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
        held = unpack(RegistryIndex, "index", partial(_array, place), meta, {"weights": weights})
    except (OSError, ValueError, KeyError):
        return None
    assert isinstance(held, RegistryIndex)
    return held


def _names(kind: Any) -> list[str]:
    return [item.name for item in fields(kind)] if is_dataclass(kind) else list(kind._fields)


def _as_text(values: Collection[str]) -> Any:
    """Texts in one run of bytes; they hold no line ends."""
    return np.frombuffer("\n".join(values).encode(), dtype=np.uint8)


def pack(value: Any, name: str, meta: dict[str, Any], left_out: Collection[str] = ("weights",)) -> dict[str, Any]:
    """Arrays by name of whatever is made of arrays, numbers and texts; numbers and what is empty go into `meta`.

    left_out: names of fields that are kept elsewhere.
    """
    if isinstance(value, np.ndarray):
        return {name: value}
    if isinstance(value, int | float):
        meta[name] = value
        return {}
    if isinstance(value, frozenset):
        return pack(tuple(sorted(value)), name, meta)
    if type(value) is tuple:
        meta[name] = len(value)
        return {name: _as_text(value)}
    if isinstance(value, Mapping):
        numbers = all(isinstance(item, int) for item in value.values())
        meta[name] = len(value) if numbers else list(value)
        if numbers:
            return {f"{name}.keys": _as_text(list(value)), name: np.array(list(value.values()), dtype=np.int64)}
        return _together([pack(item, f"{name}.{key}", meta, left_out) for key, item in value.items()])
    inner = [item for item in _names(type(value)) if item not in left_out]
    return _together([pack(getattr(value, item), f"{name}.{item}", meta, left_out) for item in inner])


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


def _texts(read: Read, name: str, count: int) -> list[str]:
    return read(name).tobytes().decode().split("\n") if count else []


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def unpack(kind: Any, name: str, read: Read, meta: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """What `pack` took apart. read: the array of a name; given: by name the fields that were left out."""
    origin = get_origin(kind)
    if origin is np.ndarray:
        return read(name)
    if kind in (int, float):
        return kind(meta[name])
    if origin is tuple:
        return tuple(_texts(read, name, meta[name]))
    if origin is frozenset:
        return frozenset(_texts(read, name, meta[name]))
    if origin is not None:  # a mapping
        inner = get_args(kind)[1]
        if isinstance(meta[name], list):
            return {key: unpack(inner, f"{name}.{key}", read, meta, given) for key in meta[name]}
        return dict(zip(_texts(read, f"{name}.keys", meta[name]), read(name).tolist(), strict=True))
    hints = _hints(kind)
    inside = {item: hints[item] for item in _names(kind) if item not in given}
    known = {item: value for item, value in given.items() if item in _names(kind)}
    return kind(**known, **{item: unpack(hint, f"{name}.{item}", read, meta, given) for item, hint in inside.items()})
