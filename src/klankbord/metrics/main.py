"""Which score a set of answers is judged by."""

from __future__ import annotations

import numpy as np

from klankbord.schema import ScoreMetric

LEAST_ANSWERS = 20


def main_metric(metrics: np.ndarray) -> str:
    """Return the metric to judge by, given that of each answer; "" where there are none.

    NPS where twenty answers carry it, else the most frequent one, the first in the alphabet of
    equals.
    """
    kinds, counts = np.unique(metrics.astype(str), return_counts=True)
    if not len(kinds):
        return ""
    nps = counts[kinds == str(ScoreMetric.NPS)]
    if nps.size and nps[0] >= LEAST_ANSWERS:
        return str(ScoreMetric.NPS)
    return str(kinds[counts.argmax()])
