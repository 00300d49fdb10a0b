"""The service's log: data/logs/service.jsonl, written as `monitor.run_log` says."""

import os
import re
from pathlib import Path
from typing import Any

from monitor.covered import covered
from monitor.errors import StoreError
from monitor.run_log import write

FILE = "service.jsonl"
# What the service says itself. Sentences of the verbs it began can hold values; theirs are in verbs.jsonl without them.
_OWN = re.compile(
    r"It was ended by SIG[A-Z]+\.|It ended with exit code -?\d+\.|It ran longer than its limit and was stopped\."
    r"|The service was stopped; .*|The clock jumped .*|Nothing has run for \d+ days: .*|Only [\d,.]+ MiB are free in .*"
    r"|A message could not be sent; .*|The database (?!refused).*"
)


class Journal:
    """Appends events, readable by the owner only."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        except OSError as error:
            raise StoreError(f"The log folder {folder} cannot be written: {error.strerror or error}.") from None

    def write(self, event: str, **details: Any) -> None:
        """message: a sentence; of one that is not the service's own only words of a fixed list are kept."""
        message = details.get("message")
        if isinstance(message, str) and not _OWN.fullmatch(message):
            details["message"] = covered(message)
        write(self._path, event, **details)

    def close(self) -> None:
        """Nothing is kept open."""
