"""Weights learnt from pairs whose truth is known: logistic regression that leaves its prior as far as data allow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from pipelines.linkage.words import Floats

LN2 = float(np.log(2.0))
Matrix = NDArray[np.floating]


@dataclass(frozen=True)
class Prior:
    """What is believed before any data, in bits: weights and intercept, and how firmly (standard deviations)."""

    weights: Floats
    intercept: float
    spread: Floats
    intercept_spread: float


def fit(
    values: Matrix,
    truth: NDArray[np.bool_],
    offset: Floats,
    counts: Floats,
    prior: Prior,
    signs: Sequence[int] | None = None,
) -> tuple[Floats, float]:
    """Weights (bits per unit of each column) and intercept (bits) that are likeliest after the data.

    values: one row a pair; offset: log2 odds known beforehand; counts: how many pairs each row stands for; signs: +1
    and -1 hold a weight on that side of zero.
    """
    spread = np.append(prior.spread, prior.intercept_spread) * LN2
    mean = np.append(prior.weights, prior.intercept) * LN2
    # One unit of theta is one standard deviation of the prior, so that the search is well scaled.
    scaled = np.asarray(values, dtype=float) * spread[:-1]
    bounds = [(None, None)] * len(mean)
    for place, sign in enumerate(signs or ()):
        zero = -mean[place] / spread[place]
        bounds[place] = (zero, None) if sign > 0 else (None, zero) if sign < 0 else (None, None)
    offsets = offset * LN2 + np.asarray(values, dtype=float) @ mean[:-1]

    def objective(move: Floats) -> tuple[float, Floats]:
        full = offsets + scaled @ move[:-1] + mean[-1] + spread[-1] * move[-1]
        loss = float(np.sum(counts * (np.logaddexp(0.0, full) - truth * full)) + 0.5 * np.sum(move**2))
        slope = counts * (0.5 * (1.0 + np.tanh(0.5 * full)) - truth)
        return loss, np.append(scaled.T @ slope, spread[-1] * slope.sum()) + move

    found = minimize(
        objective, np.zeros(len(mean)), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 400}
    )
    theta = (mean + found.x * spread) / LN2
    return theta[:-1], float(theta[-1])
