"""The service's log: one JSON object a line, turned over by size; counts, names of work and our own sentences only."""

import json
import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from monitor.errors import StoreError
from monitor.weeks import utc_now, utc_text

FILE = "service.jsonl"
BYTES, KEPT = 2_000_000, 5


class Journal:
    """Appends events to data/logs/service.jsonl, readable by the owner only."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / FILE
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
            self._file = RotatingFileHandler(path, maxBytes=BYTES, backupCount=KEPT, encoding="utf-8", delay=True)
        except OSError as error:
            raise StoreError(f"The log folder {folder} cannot be written: {error.strerror or error}.") from None
        # A full disk must not stop the service: what cannot be logged is still in `runs`.
        self._file.handleError = lambda record: None  # type: ignore[method-assign]

    def write(self, event: str, **details: Any) -> None:
        line = json.dumps({"at": utc_text(utc_now()), "event": event, **details}, ensure_ascii=False, default=str)
        self._file.emit(logging.LogRecord("service", logging.INFO, "", 0, line.replace("%", "%%"), (), None))

    def close(self) -> None:
        self._file.close()
