"""Killing a verb at a random moment and running it again: what must be the same as if nothing had happened."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def start(arguments: list[str], data: Path) -> subprocess.Popen[bytes]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    env["MONITOR_DATA_DIR"] = str(data)
    command = [sys.executable, "-m", "monitor", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def run(arguments: list[str], data: Path) -> float:
    """Runs a verb to its end, which must be a success; seconds it took."""
    began = time.monotonic()
    process = start(arguments, data)
    _, said = process.communicate()
    assert process.returncode == 0, said.decode()
    return time.monotonic() - began


def kill_and_repeat(arguments: list[str], before: Path, after: Path, moments: list[float]) -> None:
    """Copies `before` to `after`, kills the verb (with its children) at each moment in seconds, then lets it end."""
    shutil.copytree(before, after)
    for moment in moments:
        process = start(arguments, after)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    run(arguments, after)


def moments(seed: int, duration: float, count: int) -> list[float]:
    # The first half second is Python starting; nothing can be lost there.
    return [random.Random(f"{seed}{n}").uniform(min(0.5, duration / 2), duration) for n in range(count)]


def rows(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table but the runs, without the times (`*_at`) of the work itself."""
    with sqlite3.connect(database) as connection:
        names = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for name in sorted(set(names) - {"runs", "alembic_version"}):
            columns = [r[1] for r in connection.execute(f"PRAGMA table_info({name})") if not r[1].endswith("_at")]
            listed = ", ".join(f'"{column}"' for column in columns)
            found[name] = sorted(connection.execute(f"SELECT {listed} FROM {name}").fetchall(), key=repr)
        integrity = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert integrity == ("ok",)
    return found
