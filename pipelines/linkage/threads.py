"""Independent pieces of work in several threads, what they give in their order.

Compiled loops and most of NumPy let go of the interpreter. Pieces must not start threads of their own.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Piece = TypeVar("Piece")
Made = TypeVar("Made")


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(work: Callable[[Piece], Made], pieces: Sequence[Piece], threads: int) -> Iterator[Made]:
    """work(piece) for every piece, in their order, on so many threads; 1 starts none."""
    if threads < 2 or len(pieces) < 2:
        yield from map(work, pieces)
        return
    with ThreadPoolExecutor(min(threads, len(pieces))) as pool:
        yield from pool.map(work, pieces)


def all_of(work: Mapping[str, Callable[[], Any]], threads: int) -> dict[str, Any]:
    """What each piece of work gives, by its name."""
    return dict(zip(work, in_threads(lambda one: one(), list(work.values()), threads), strict=True))
