"""What a matcher made of a task, kept as it ends, so that a run that was stopped goes on where it was.

The scored pairs stay beside `outcome.json`; everything that is told about them is counted anew from there. An outcome
counts as long as what made it is the same: the matcher's script and locked environment, or for the project its core,
and the generator of the world. Otherwise the matcher runs again.
"""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from . import measure, task
from .matchers import HERE, MATCHERS, ROOT, Matcher

OUTCOME = "outcome.json"
_OWN = ("project.py", "second_week.py", "stages.py")


def _files(matcher: Matcher) -> Iterator[Path]:
    parts = HERE / "linkage_parts"
    if matcher.environment:
        yield parts / "stages.py"
        yield HERE / "peers" / f"{matcher.environment}.txt"
        yield HERE / matcher.command[0]
        return
    yield from (parts / name for name in _OWN)
    core = ROOT / "pipelines" / "linkage"
    yield from sorted(path for path in core.iterdir() if path.suffix in {".py", ".toml"})


def made_of(matcher: Matcher, folder: Path) -> str:
    """Hash of everything an outcome depends on; folder: of the task."""
    digest = sha256(" ".join(matcher.command).encode() + (folder / task.STAMP).read_bytes())
    for path in _files(matcher):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def remember(file: Path, rows: list[dict[str, Any]]) -> None:
    """Puts the rows into the results; those of the same task, seed and matcher go."""

    order = list(MATCHERS)

    def key(row: dict[str, Any]) -> tuple[Any, ...]:
        number = order.index(row["matcher"].removesuffix("_rivals"))
        return row["world"], row["businesses"], row["shops"], row["difficulty"], row["seed"], number, row["matcher"]

    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    merged = {key(row): row for row in [*(row for row in before if "seed" in row), *rows]}
    file.write_text(json.dumps([merged[at] for at in sorted(merged)], indent=1), encoding="utf-8")


def _candidates(folder: Path, matcher: Matcher) -> dict[str, float]:
    """Recall and number of the pairs compared. Their file can be large and is taken away."""
    truth, group = task.evaluated(folder)
    file = folder / matcher.name / "candidates.parquet"
    compared = pd.read_parquet(file)
    found = measure.candidate_recall(compared["shop"].to_numpy(), compared["business_id"].to_numpy(), truth, group)
    file.unlink()
    return {"candidate_recall": found, "pairs_per_shop": len(compared) / len(truth)}


def outcome(matcher: Matcher, folder: Path, run: Callable[[], dict[str, Any]], again: bool) -> dict[str, Any]:
    """Stages, seconds, peak_mib and so on of the matcher: those kept in `folder`, or else those of `run`.

    `began_at`, `ended_at` (UTC) and `load` (processes that wanted a processor, mean of the last minute when it began
    and when it ended) say when that was and how busy the machine was.
    """
    file, version = folder / matcher.name / OUTCOME, made_of(matcher, folder)
    if file.exists() and not again:
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if kept["made_of"] == version:
            return kept
    began_at, load = _now(), os.getloadavg()[0]
    told = run()
    told |= {"began_at": began_at, "ended_at": _now(), "load": [load, os.getloadavg()[0]], "made_of": version}
    told |= _candidates(folder, matcher)
    (folder / matcher.name / "work.duckdb").unlink(missing_ok=True)
    file.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return told
