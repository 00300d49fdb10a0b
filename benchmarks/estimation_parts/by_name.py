"""The overlap of crawl and probe where a probe's shop is matched by name (6.4); S6 shows what that takes.

The project never does so: a probe row without the address of its shop is given back, and one whose address gives no id
waits. So the correction stands here, beside the check, and not among the estimators of the week.
"""

import numpy as np
from numpy.typing import ArrayLike

from pipelines.estimation.arrays import Floats

LEAST_SHARE = 0.02  # a corrected share of detected probes is not taken to be smaller


def corrected_overlap(observed: float, probe_n: int, alpha: float, beta: float) -> float:
    """(m_obs - alpha n) / (1 - beta - alpha), kept between 0 and n (6.4); only where probes are matched by name.

    alpha: chance that a pair that is none is matched; beta: that a true pair is missed. ValueError where both together
    reach 1: such a match says nothing.
    """
    if not 0 <= alpha + beta < 1 or min(alpha, beta) < 0:
        raise ValueError(f"Error rates {alpha} and {beta} leave nothing of the overlap.")
    return float(np.clip((observed - alpha * probe_n) / (1 - beta - alpha), 0, probe_n))


def corrected_draws(
    detected: ArrayLike,
    probe_n: int,
    observed: int,
    wrong: tuple[int, int],
    missed: tuple[int, int],
    size: int,
    rng: np.random.Generator,
) -> Floats:
    """(draws,) of Y where the overlap was matched by name: T / corrected share, each part drawn from its Beta (6.4).

    observed: probes matched. wrong: (matched, checked) of pairs known to be none; missed: (missed, checked) of true
    pairs. A share under 0.02 counts as 0.02.
    """
    seen = np.asarray(detected, dtype=float)
    share = rng.beta(observed + 0.5, probe_n - observed + 0.5, seen.size)
    alpha, beta = (rng.beta(x + 0.5, n - x + 0.5, seen.size) for x, n in (wrong, missed))
    corrected = np.clip((share - alpha) / np.maximum(1 - beta - alpha, LEAST_SHARE), LEAST_SHARE, 1.0)
    return np.minimum(seen / corrected, float(size))
