"""What linking keeps between runs: the registry index and the pairs of shops by themselves. Both can be deleted.

Results never depend on it: a name stands for everything the content was made from (snapshot, weights, model, code), and
whatever is missing, damaged or of another name is made anew.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pyarrow as pa

from monitor.asides import sweep
from pipelines.linkage.incremental import Scored
from pipelines.linkage.index import RegistryIndex
from pipelines.linkage.index_store import (
    UNFINISHED,
    forget_others,
    load_index,
    save_index,
    version_of_monitor,
)
from pipelines.linkage.weights import Weights

INDEX, PAIRS = "index", "pairs"
_META = "scored.json"


def code_version() -> str:
    """Hash over the linkage package, its modules and tables, and what it reads of monitor."""
    parts = sorted(
        (path.name, path.read_bytes())
        for path in files("pipelines.linkage").iterdir()
        if path.name.endswith((".py", ".toml"))
    )
    own = b"".join(name.encode() + body for name, body in parts)
    return sha256(own + version_of_monitor().encode()).hexdigest()[:16]


@dataclass(frozen=True)
class LinkCache:
    """folder: below the data folder; None keeps nothing."""

    folder: Path | None

    def index(self, version: str, weights: Weights, build: Callable[[], RegistryIndex]) -> RegistryIndex:
        """The index of that version, mapped; built and kept where there is none."""
        if self.folder is None:
            return build()
        found = load_index(self.folder / INDEX, version, weights)
        if found is not None:
            forget_others(self.folder / INDEX, version)  # whoever made it may have been killed before doing so
            return found
        made = build()
        try:
            save_index(made, self.folder / INDEX, version)
        except OSError:  # a full disk costs the next run some seconds, not this one its links
            return made
        return made

    def before(self, basis: str) -> Scored | None:
        """The pairs kept under that basis."""
        if self.folder is None:
            return None
        place = self.folder / PAIRS / _name(basis)
        try:
            meta = json.loads((place / _META).read_text(encoding="utf-8"))
            inputs = pd.read_parquet(place / "inputs.parquet")
            pairs = pd.read_parquet(place / "pairs.parquet")
        except (OSError, ValueError, pa.ArrowInvalid):
            return None
        _forget_others(place)
        return Scored(meta["basis"], _as_kept(inputs, meta["inputs"]), _as_kept(pairs, meta["pairs"]), {}, 0)

    def keep(self, scored: Scored) -> None:
        """Writes the pairs beside their place and renames them; those of another basis are removed."""
        if self.folder is None:
            return
        home = self.folder / PAIRS
        place = home / _name(scored.basis)
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            aside = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{os.getpid()}.", dir=home))
        except OSError:  # as above
            return
        try:
            scored.inputs.to_parquet(aside / "inputs.parquet", index=False)
            scored.pairs.to_parquet(aside / "pairs.parquet", index=False, compression="zstd")
            meta = {"basis": scored.basis, "inputs": _kinds(scored.inputs), "pairs": _kinds(scored.pairs)}
            (aside / _META).write_text(json.dumps(meta), encoding="utf-8")
            shutil.rmtree(place, ignore_errors=True)
            aside.rename(place)
            _forget_others(place)
        except OSError:
            shutil.rmtree(aside, ignore_errors=True)  # on a full disk most of all


def _forget_others(place: Path) -> None:
    """Removes pairs of another basis, and what killed processes left; what another process writes now stays."""
    sweep(place.parent, UNFINISHED)
    for other in place.parent.glob("*"):
        if other != place and not other.name.startswith("."):
            shutil.rmtree(other, ignore_errors=True)


def _name(basis: str) -> str:
    return sha256(basis.encode()).hexdigest()[:24]


def _kinds(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(kind) for name, kind in frame.dtypes.items()}


def _as_kept(frame: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """Column types as they were: a file makes text of what was an object."""
    return frame.astype(kinds)[list(kinds)]
