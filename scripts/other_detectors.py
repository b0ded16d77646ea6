"""What people use instead to find customers whose tone drops, each on the same mean tone ranks.

Every detector gives a customer a score, higher for a deeper drop, and says whom it would flag.
The two with a p-value keep the false-discovery rate by Benjamini and Hochberg (1995); the three
with a threshold get the one that was best (F1 of any drop) on histories of another seed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from klankbord.shifts.histories import Bools, Floats, Ints

NEVER = -1e9  # score of a customer a detector says nothing of


@dataclass(frozen=True)
class Drops:
    """One entry per customer."""

    score: Floats
    p: Floats | None = None  # one-sided, of no drop


Detector = Callable[[Floats, Ints, Ints], Drops]  # ranks, days and offsets per customer


def last_against_mean(rank: Floats, day: Ints, start: Ints) -> Drops:
    """Score the last rank against the mean of the earlier ones."""
    del day
    count = np.diff(start)
    last = rank[start[1:] - 1]
    earlier = (np.add.reduceat(rank, start[:-1]) - last) / np.maximum(count - 1, 1)
    return Drops(np.where(count > 1, earlier - last, NEVER))


def slope(rank: Floats, day: Ints, start: Ints) -> Drops:
    """Score the downward slope of least squares in time by its t-test."""
    score = np.full(len(start) - 1, NEVER)
    p = np.ones(len(start) - 1)
    for i, (low, high) in enumerate(itertools.pairwise(start)):
        if high - low >= 3 and np.ptp(day[low:high]):
            if np.ptp(rank[low:high]):
                fit = stats.linregress(-day[low:high], rank[low:high], alternative="less")
                p[i] = fit.pvalue
            score[i] = 1 - p[i]
    return Drops(score, p)


def reliable_change(rank: Floats, day: Ints, start: Ints) -> Drops:
    """Score the last two contacts against the earlier ones (Jacobson and Truax 1991).

    RC = (before - after) / (s sqrt(1 - r) sqrt(1/n + 1/m)), with s the standard deviation and r
    the correlation of two contacts in a row, over all customers.
    """
    del day
    count = np.diff(start)
    later = np.ones(len(rank), dtype=bool)
    later[start[:-1]] = False
    rows = np.flatnonzero(later)
    r = float(np.corrcoef(rank[rows - 1], rank[rows])[0, 1])
    m = np.minimum(2, np.maximum(count - 1, 0))
    place = np.arange(len(rank)) - np.repeat(start[:-1], count)
    last = place >= np.repeat(count - m, count)
    after = np.add.reduceat(rank * last, start[:-1]) / np.maximum(m, 1)
    before = np.add.reduceat(rank * ~last, start[:-1]) / np.maximum(count - m, 1)
    error = rank.std() * np.sqrt(max(1 - r, 1e-6)) * np.sqrt(1 / np.maximum(m, 1) + 1 / (count - m))
    change = np.where(m > 0, (before - after) / error, NEVER)
    return Drops(change, np.where(m > 0, stats.norm.sf(change), 1.0))


def cusum(rank: Floats, day: Ints, start: Ints) -> Drops:
    """Score the highest downward cumulative sum (Page 1954), k = 0.5, that stands at the end.

    The customer's own first half says what is usual, everybody's scatter how much is much.
    """
    del day
    score = np.full(len(start) - 1, NEVER)
    scatter = float(np.std(np.diff(rank)) / np.sqrt(2)) or 1.0
    for i, (low, high) in enumerate(itertools.pairwise(start)):
        half = (high - low) // 2
        if half:
            usual = rank[low : low + half].mean()
            total = 0.0
            for value in rank[low + half : high]:
                total = max(0.0, total + (usual - value) / scatter - 0.5)
            score[i] = total
    return Drops(score)


def pelt(rank: Floats, day: Ints, start: Ints) -> Drops:
    """Score the fall from the first to the last segment of ruptures' PELT (l2, BIC penalty)."""
    import ruptures

    del day
    score = np.full(len(start) - 1, NEVER)
    scatter = float(np.std(np.diff(rank)) / np.sqrt(2)) or 1.0
    for i, (low, high) in enumerate(itertools.pairwise(start)):
        values = rank[low:high]
        if len(values) > 1:
            search = ruptures.Pelt(model="l2", min_size=1, jump=1).fit(values)
            ends = search.predict(pen=scatter**2 * np.log(len(values)) * 2)
            score[i] = values[: ends[0]].mean() - values[ends[-2] if len(ends) > 1 else 0 :].mean()
    return Drops(score)


DETECTORS: dict[str, Detector] = {
    "last against mean": last_against_mean,
    "slope, BH": slope,
    "reliable change, BH": reliable_change,
    "CUSUM": cusum,
    "ruptures PELT": pelt,
}


def discoveries(p: Floats, fdr: float) -> Bools:
    """Return which to flag by Benjamini and Hochberg's step-up procedure."""
    adjusted = stats.false_discovery_control(p, method="bh")
    return np.asarray(adjusted <= fdr)


def best_threshold(score: Floats, truth: Bools) -> float:
    """Return the threshold with the highest F1."""
    order = np.argsort(-score, kind="stable")
    right = np.cumsum(truth[order])
    f1 = 2 * right / (np.arange(1, len(order) + 1) + truth.sum())
    return float(score[order][f1.argmax()])
