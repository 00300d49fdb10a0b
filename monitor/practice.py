"""Practice data (the sandbox) and real data never share a data folder; everything made from practice data says so."""

from pathlib import Path

from monitor.config import Config
from monitor.errors import UsageError

SANDBOX_FOLDER = "sandbox"
WORLD_FILE = "world.json"  # written by `sandbox make`


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
