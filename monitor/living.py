"""Whether a process of this machine is still at work."""

import os
from pathlib import Path

DEAD = ("Z", "X")  # states of /proc/<pid>/stat


def is_living(pid: int) -> bool:
    """False also for one that ended and whose parent has yet to take note of it: it holds and does nothing.

    Where the first process of a machine takes note of nobody, as in many containers, such a one stays for ever.
    """
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    fields = _stat(pid)
    return not fields or fields[0] not in DEAD


def started(pid: int) -> str:
    """Clock ticks from boot to the start of the process; empty where the system does not say."""
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else ""


def _stat(pid: int) -> list[str]:
    """From the state on: what stands before it is the program's name, which may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
