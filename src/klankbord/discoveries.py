"""Many tests at once, and how many of their findings may be chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FALSE_DISCOVERY_RATE = 0.10


def adjusted(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return p-values adjusted for the false-discovery rate (Benjamini & Hochberg 1995).

    NaN stands for what was not tested: it stays and does not count.
    """
    from scipy import stats

    values = np.array(p, dtype=float)
    judged = np.isfinite(values)
    if judged.any():
        values[judged] = stats.false_discovery_control(values[judged], method="bh")
    return values
