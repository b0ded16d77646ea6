"""How far labels agree: of a model with a person, or of people with each other.

Classes are codes 0 … k-1 in their order, low to high. Everything but `krippendorff_alpha` is read
off a confusion matrix (rows: truth, columns: found), whose counts may be sums of weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Level = Literal["nominal", "ordinal", "interval"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval")
BINS = 10  # of the calibration error
RESAMPLES = 1_000


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % bootstrap interval; NaN where it is not defined."""

    value: float
    low: float
    high: float


def confusion(truth: Ints, found: Ints, classes: int, weight: Floats | None = None) -> Floats:
    """Return the (classes, classes) matrix of weights: truth in rows, found in columns."""
    cells = np.bincount(truth * classes + found, weights=weight, minlength=classes**2)
    return cells.astype(np.float64).reshape(classes, classes)


def accuracy(matrix: Floats) -> float:
    """Return the share on the diagonal."""
    return _ratio(np.trace(matrix), matrix.sum())


def f1_scores(matrix: Floats) -> Floats:
    """Return 2 tp / (2 tp + fp + fn) of each class; NaN for a class neither side uses."""
    both = matrix.sum(axis=0) + matrix.sum(axis=1)
    scores = np.full(len(matrix), np.nan)
    shares: Floats = np.divide(2 * np.diag(matrix), both, out=scores, where=both > 0)
    return shares


def macro_f1(matrix: Floats) -> float:
    """Return the mean F1 of the classes that either side uses."""
    scores = f1_scores(matrix)
    used = ~np.isnan(scores)
    return float(scores[used].mean()) if used.any() else float("nan")


def quadratic_kappa(matrix: Floats) -> float:
    """Return Cohen's kappa with squared distances between the classes as disagreement."""
    step = np.arange(len(matrix), dtype=np.float64)
    distance = (step[:, None] - step[None, :]) ** 2
    expected = np.outer(matrix.sum(axis=1), matrix.sum(axis=0)) / max(matrix.sum(), 1e-300)
    return 1 - _ratio((distance * matrix).sum(), (distance * expected).sum())


def alpha(matrix: Floats, level: Level) -> float:
    """Return Krippendorff's alpha of two coders without missing values; see below."""
    return _alpha(matrix + matrix.T, np.arange(len(matrix), dtype=np.float64), level)


def krippendorff_alpha(ratings: ArrayLike, level: Level) -> float:
    """Return Krippendorff's alpha of `ratings` (coders, units), NaN where one gave no value.

    alpha = 1 - D_o / D_e, after Krippendorff, Computing Krippendorff's Alpha-Reliability (2011):
    o_ck = sum over units u of (ordered pairs of values c, k in u) / (m_u - 1), with m_u values in
    u; n_c = sum_k o_ck; n = sum_c n_c; D_o = sum_ck o_ck d_ck / n; and
    D_e = sum_ck n_c n_k d_ck / (n (n - 1)), less the pairs of a value with itself (d_cc = 0).
    d_ck is [c != k] (nominal), (sum of n_g for g from c to k, minus (n_c + n_k) / 2)^2 (ordinal),
    or (c - k)^2 (interval). NaN where no unit has two values or all values are equal.
    """
    table = np.asarray(ratings, dtype=np.float64)
    values = np.unique(table[~np.isnan(table)])
    codes = np.searchsorted(values, np.where(np.isnan(table), values[:1].sum(), table))
    counts = np.zeros((table.shape[1], len(values)))
    coder, unit = np.nonzero(~np.isnan(table))
    np.add.at(counts, (unit, codes[coder, unit]), 1)
    counts = counts[counts.sum(axis=1) > 1]
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True) - 1, 1)
    coincidence = counts.T @ share - np.diag(share.sum(axis=0))
    return _alpha(coincidence, values, level)


def brier(probabilities: NDArray[np.floating], truth: Ints, weight: Floats | None = None) -> float:
    """Return the mean squared distance between the probabilities and the truth, 0 … 2."""
    wanted = np.eye(probabilities.shape[1])[truth]
    return _mean(((probabilities - wanted) ** 2).sum(axis=1), weight)


def calibration_error(
    probabilities: NDArray[np.floating], truth: Ints, weight: Floats | None = None
) -> float:
    """Return the expected calibration error of the most probable class, ten bins of equal width."""
    top = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == truth).astype(np.float64)
    mass = np.ones(len(top)) if weight is None else weight
    place = np.minimum((top * BINS).astype(int), BINS - 1)
    gap = np.bincount(place, weights=mass * (right - top), minlength=BINS)
    return _ratio(np.abs(gap).sum(), mass.sum())


def bootstrap(
    measures: Callable[[Ints], Floats], rows: int, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[Estimate]:
    """Return each measure over all `rows` with its 95 % percentile interval over resamples.

    `measures` gets the rows to use, with repeats, and returns an array of figures. The same seed
    draws the same resamples, so that two models are compared on the same ones.
    """
    random = np.random.default_rng(seed)
    at = measures(np.arange(rows))
    drawn = np.stack([measures(random.integers(0, rows, rows)) for _ in range(resamples)])
    drawn.sort(axis=0)  # NaN last
    known = (~np.isnan(drawn)).sum(axis=0)
    estimates = []
    for place, value in enumerate(at.tolist()):
        usable = drawn[: known[place], place]
        ends = np.percentile(usable, [2.5, 97.5]) if len(usable) else (np.nan, np.nan)
        estimates.append(Estimate(value, float(ends[0]), float(ends[1])))
    return estimates


def _alpha(coincidence: Floats, values: Floats, level: Level) -> float:
    margin = coincidence.sum(axis=0)
    total = margin.sum()
    if level == "nominal":
        distance = 1 - np.eye(len(margin))
    elif level == "interval":
        distance = (values[:, None] - values[None, :]) ** 2
    else:
        middle = np.cumsum(margin) - margin / 2
        distance = (middle[:, None] - middle[None, :]) ** 2
    observed = (distance * coincidence).sum()
    expected = (distance * np.outer(margin, margin)).sum()
    return float(1 - (total - 1) * _ratio(observed, expected))


def _mean(values: Floats, weight: Floats | None) -> float:
    return float(values.mean()) if weight is None else _ratio((values * weight).sum(), weight.sum())


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below > 0 else float("nan")
