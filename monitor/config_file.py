"""Where `monitor.toml` and the data folder lie: known before anything in them is understood."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitor.errors import UsageError

CONFIG_NAME = "monitor.toml"


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise UsageError(f"The configuration file {path} does not exist; check MONITOR_CONFIG.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from None


def located(env: Mapping[str, str]) -> tuple[Path | None, dict[str, Any], Path]:
    """The configuration file, what it holds, and the data folder."""
    data_dir = Path(env.get("MONITOR_DATA_DIR") or "data")
    source: Path | None = None
    if env.get("MONITOR_CONFIG"):
        source = Path(env["MONITOR_CONFIG"])
    else:
        source = next((p for p in (data_dir / CONFIG_NAME, Path(CONFIG_NAME)) if p.is_file()), None)
    values = _read(source) if source else {}
    if not isinstance(values.get("data_dir", ""), str):
        raise UsageError(f"'data_dir' in {source} must be text.")
    if not env.get("MONITOR_DATA_DIR") and "data_dir" in values:
        data_dir = Path(values["data_dir"])
        if source and not data_dir.is_absolute():
            data_dir = source.parent / data_dir
    return source, values, data_dir.absolute()


def data_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The data folder alone, for what has to be known before the catalogue is read. Raises UsageError."""
    return located(os.environ if environ is None else environ)[2]
