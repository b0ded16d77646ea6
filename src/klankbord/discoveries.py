"""Many tests at once, and how many of their findings may be chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FALSE_DISCOVERY_RATE = 0.10


def adjusted(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return p-values adjusted for the false-discovery rate (Benjamini & Hochberg 1995).

    NaN stands for what was not tested: it stays and does not count.
    """
    values = np.array(p, dtype=float)
    judged = np.flatnonzero(np.isfinite(values))
    order = judged[np.argsort(values[judged])]
    least = values[order] * (len(order) / np.arange(1, len(order) + 1))
    values[order] = np.clip(np.minimum.accumulate(least[::-1])[::-1], 0.0, 1.0)
    return values
