"""Secrets in files of their own: whole or not there, for their owner only, never over one that exists."""

import os
import secrets
from pathlib import Path


def write_once(path: Path, text: str) -> None:
    """Makes the file with this text; one that another process made just now stays. Raises OSError.

    A full disk leaves nothing: half a key would be taken for a damaged one for ever.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)  # unlike a rename it never replaces a key that another process made just now
        except FileExistsError:
            pass
        except OSError:
            aside.replace(path)  # a file system without links
    finally:
        aside.unlink(missing_ok=True)
