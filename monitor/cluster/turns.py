"""How long the kernel lets a thread compute before another one gets the processor.

With more threads at work than processors, Linux gives turns of a few ms at most, and after each a thread finds in the
caches what others left there. Measured: four processes on two processors that look up numbers all over 8 MB each took
about twice the processor seconds of one alone, and with turns of 100 ms about as many as one. Everybody's share stays
the same, and a thread that sleeps and has turns as usual still wakes in time.

Linux gives threads the turns that they ask for from 6.12 on; older ones ignore it. Nothing here raises: where it cannot
be asked, everything stays as it is.
"""

import ctypes
import platform
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

TURN_NS = 100_000_000  # the longest that the kernel gives
PLAIN = (0, 3)  # SCHED_OTHER and SCHED_BATCH; for any other policy a runtime means something else, or nothing
# Numbers of sched_setattr and sched_getattr. The C library wraps them since glibc 2.41 only.
CALLS = {("Linux", "x86_64"): (314, 315), ("Linux", "aarch64"): (274, 275)}
HERE = 0  # the thread that calls


class Attributes(NamedTuple):
    """The kernel's `struct sched_attr`. runtime: of a turn in ns; 0 where the kernel knows no turns of threads' own."""

    size: int
    policy: int
    flags: int
    nice: int
    priority: int
    runtime: int
    deadline: int
    period: int


LAYOUT = struct.Struct("=IIQiIQQQ")


@contextmanager
def long_turns() -> Iterator[bool]:
    """Turns of 100 ms for this thread, and for threads and processes that it starts meanwhile; then as before.

    Gives whether the kernel does it. Policy and nice value stay.
    """
    before = attributes()
    try:
        yield before is not None and _ask(before, TURN_NS)
    finally:
        now = attributes()  # read anew: who was given another nice value meanwhile keeps it
        if before is not None and now is not None and now.runtime != before.runtime:
            _ask(now, before.runtime)


def attributes() -> Attributes | None:
    """Of this thread; None where they cannot be read."""
    calls = _calls()
    if calls is None:
        return None
    buffer = ctypes.create_string_buffer(LAYOUT.size)
    if _call(calls[1], HERE, ctypes.addressof(buffer), LAYOUT.size, 0) != 0:
        return None
    return Attributes(*LAYOUT.unpack(buffer.raw))


def _ask(now: Attributes, runtime: int) -> bool:
    """Whether turns are that long now. All else is asked for as it is: what is left out would be set to 0."""
    calls = _calls()
    if calls is None or now.policy not in PLAIN:
        return False
    buffer = ctypes.create_string_buffer(LAYOUT.pack(*now._replace(size=LAYOUT.size, runtime=runtime)))
    if _call(calls[0], HERE, ctypes.addressof(buffer), 0) != 0:
        return False
    after = attributes()
    return after is not None and after.runtime == runtime


def _calls() -> tuple[int, int] | None:
    # A program of 32 bits has other numbers on the same machine.
    return CALLS.get((platform.system(), platform.machine())) if sys.maxsize > 2**32 else None


def _call(number: int, *arguments: int) -> int:
    """What the kernel answers: 0, or -1 where it refuses."""
    try:
        return int(ctypes.CDLL(None).syscall(*(ctypes.c_long(value) for value in (number, *arguments))))
    except (OSError, AttributeError):  # no C library that could be asked
        return -1
