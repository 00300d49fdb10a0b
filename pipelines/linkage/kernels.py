"""How hot loops are compiled: by numba, on their first call, kept on disk, and without holding the interpreter."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """The loop, compiled for the types of its first arguments; `loop.py_func` is still the plain one."""
    return cast(Loop, njit(cache=True, nogil=True)(loop))
