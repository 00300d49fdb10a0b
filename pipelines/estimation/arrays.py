"""Shapes that the estimators share, and the checks that keep nonsense out of a figure."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def counts(name: str, values: ArrayLike) -> Ints:
    """The values as whole numbers of groups; ValueError names what is negative, fractional or missing."""
    given = np.asarray(values, dtype=float)
    if not np.isfinite(given).all() or (given < 0).any() or (given != np.rint(given)).any():
        raise ValueError(f"{name} must be counts (whole numbers, 0 or more), not {_shown(given)}.")
    return given.astype(np.int64)


def shares(name: str, values: ArrayLike) -> Floats:
    """The values as numbers from 0 to 1; ValueError names what lies outside."""
    given = np.asarray(values, dtype=float)
    if not np.isfinite(given).all() or (given < 0).any() or (given > 1).any():
        raise ValueError(f"{name} must lie between 0 and 1, not {_shown(given)}.")
    return given


def sizes(name: str, values: ArrayLike) -> Floats:
    """Finite numbers, 0 or more (effective sizes, weights); ValueError otherwise."""
    given = np.asarray(values, dtype=float)
    if not np.isfinite(given).all() or (given < 0).any():
        raise ValueError(f"{name} must be 0 or more and finite, not {_shown(given)}.")
    return given


def same_length(**arrays: NDArray[Any]) -> None:
    """ValueError unless all arrays have as many rows."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"Arrays must have the same length: {said}.")


def _shown(values: NDArray[Any]) -> str:
    return np.array2string(np.atleast_1d(values).ravel(), threshold=6, edgeitems=3)
