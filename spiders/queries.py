"""The fixed query panel of `queries.toml`."""

import tomllib
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("queries.toml")


@cache
def panel() -> tuple[str, ...]:
    """Queries in the order of the file, each once."""
    return tuple(dict.fromkeys(tomllib.loads(FILE.read_text(encoding="utf-8"))["panel"]))
