"""What the estimates of many themes say together: shrunken impacts, false discoveries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEPS = 60  # spreads between themes that are weighed
_LEAST = 3  # themes from which their spread can be judged


def shrink(impacts: Sequence[float], errors: Sequence[float]) -> Floats:
    """Draw each impact towards the mean of all, the more so the less certain it is.

    Mean of the posterior in the normal model of Rubin (1981), impact_j ~ N(true_j, error_j^2) and
    true_j ~ N(mean, spread^2), averaged over the spread, which is uniform a priori (Gelman 2006);
    fewer than three impacts stay as they are.

    Simulated (scripts/check_drivers.py): where associations are
    strong the order is as good as that of the impacts themselves, where they are weak a bit better
    (rank correlation with the truth in 400 answers .525; the impacts .519, ridge regression .512),
    and errors are 2 to 24 % smaller.
    """
    value, variance = np.array(impacts, dtype=float), np.square(np.array(errors, dtype=float))
    if len(value) < _LEAST:
        return value
    widest = 2 * max(float(np.ptp(value)), float(np.sqrt(variance.max())))
    spread = widest * (np.arange(_STEPS) + 0.5)[:, None] / _STEPS
    precision = 1 / (variance + spread**2)  # spreads x themes
    total = precision.sum(axis=1, keepdims=True)
    mean = (precision * value).sum(axis=1, keepdims=True) / total
    log = np.log(precision).sum(axis=1) - np.log(total[:, 0])
    log -= (precision * (value - mean) ** 2).sum(axis=1)
    weight = np.exp((log - log.max()) / 2)
    drawn = mean + spread**2 * precision * (value - mean)
    out: Floats = weight @ drawn / weight.sum()
    return out
