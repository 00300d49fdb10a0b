"""Practice data (the sandbox) and real data never share a data folder; everything made from practice data says so.

A rehearsal (`monitor rehearse`) is a practice folder whose weeks pass faster than ours: it holds its own time, which
every command in it goes by.
"""

import json
from datetime import timedelta
from pathlib import Path

from monitor.config import Config
from monitor.errors import StoreError, UsageError
from monitor.weeks import move_clock

SANDBOX_FOLDER = "sandbox"
WORLD_FILE = "world.json"  # written by `sandbox make`
CLOCK_FILE = "clock.json"  # how many seconds a rehearsal is ahead of us


def sandbox_dir(config: Config) -> Path:
    return config.data_dir / SANDBOX_FOLDER


def is_practice(config: Config) -> bool:
    """Whether this data folder belongs to a sandbox."""
    return (sandbox_dir(config) / WORLD_FILE).is_file()


def require_practice_folder(config: Config) -> None:
    """Raises UsageError when the folder already holds data that are not practice data."""
    if is_practice(config):
        return
    if config.database_url != f"sqlite:///{config.data_dir / 'private.sqlite'}":
        raise UsageError("Practice data need a store of their own: unset MONITOR_DATABASE_URL and run again.")
    if (config.data_dir / "private.sqlite").exists() or config.crawls_dir.exists():
        raise UsageError(
            f"The data folder {config.data_dir} holds real data; name another one with MONITOR_DATA_DIR for practice."
        )


def is_rehearsal(config: Config) -> bool:
    """Whether this folder belongs to a rehearsal of the service: practice data with weeks and a time of their own."""
    return is_practice(config) and (sandbox_dir(config) / CLOCK_FILE).is_file()


def use_clock(sandbox: Path | None) -> None:
    """This process goes by the time of the sandbox: that of a rehearsal where it has one, else the real one."""
    ahead = 0.0
    path = sandbox / CLOCK_FILE if sandbox is not None else None
    if path is not None and path.is_file():
        try:
            ahead = float(json.loads(path.read_text(encoding="utf-8"))["ahead_s"])
        except (OSError, ValueError, KeyError, TypeError):
            raise StoreError(f"The clock of the rehearsal {path} is damaged; begin the rehearsal again.") from None
    move_clock(timedelta(seconds=ahead))


def set_clock(config: Config, ahead: timedelta) -> None:
    """Moves the time of the rehearsal: for this process at once, for others when they start."""
    path = sandbox_dir(config) / CLOCK_FILE
    aside = path.with_name(f".{path.name}")
    try:
        aside.write_text(json.dumps({"ahead_s": ahead.total_seconds()}) + "\n", encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from None
    move_clock(ahead)
