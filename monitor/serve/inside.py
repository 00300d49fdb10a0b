"""Reads a file inside a folder and nothing else: every part of its way is opened in turn, and no link is followed."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path


def read_inside(root: Path, parts: Sequence[str], limit: int) -> bytes | None:
    """At most `limit` bytes of root/parts; None where there is no such plain file, whatever the reason.

    root itself may be a link that ops made; what lies in it may not.
    """
    if not parts or any(part in ("", ".", "..") or "/" in part or "\0" in part for part in parts):
        return None
    opened: list[int] = []
    try:
        opened.append(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        for part in parts[:-1]:
            opened.append(os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=opened[-1]))
        # Without blocking: a pipe left in the folder must not hold the page.
        handle = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=opened[-1])
        opened.append(handle)
        return _read(handle, limit) if stat.S_ISREG(os.fstat(handle).st_mode) else None
    except OSError:
        return None
    finally:
        for each in opened:
            os.close(each)


def _read(handle: int, limit: int) -> bytes:
    found = bytearray()
    while len(found) < limit and (block := os.read(handle, min(1 << 20, limit - len(found)))):
        found += block
    return bytes(found)
