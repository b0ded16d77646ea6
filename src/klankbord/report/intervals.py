"""Point estimates with 90 % intervals; answers of one customer count as one group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Z_90 = 1.6448536269514722  # 95th percentile of the standard normal: a two-sided 90 % interval
TOO_FEW = 10  # fewer answers than this get no interval: "te weinig gegevens"

# Pseudo-answers added to detractors, passives and promoters: the adjusted Wald interval that
# Rocks, "Interval Estimation for the Net Promoter Score", The American Statistician 70 (2016)
# 365-372, found to keep its coverage in small samples.
_ROCKS = np.array([0.75, 1.5, 0.75])


@dataclass(frozen=True)
class Estimate:
    """A measured value; `low` and `high` are None where there are too few answers."""

    value: float
    low: float | None
    high: float | None
    answers: int


def design_effect(residuals: np.ndarray, groups: np.ndarray) -> float:
    """Return how many times larger the variance is because answers come in `groups` (customers).

    Ratio of the between-cluster (linearised) variance to that of independent answers, at least 1.
    A group of -1 stands for an unknown customer: such answers count as independent.
    """
    known = groups >= 0
    total = float(np.square(residuals).sum())
    if total == 0 or not known.any():
        return 1.0
    per_group = np.bincount(groups[known], weights=residuals[known])
    clustered = float(np.square(per_group).sum() + np.square(residuals[~known]).sum())
    return max(1.0, clustered / total)


def net_promoter_score(answers: np.ndarray, groups: np.ndarray) -> Estimate | None:
    """Return the NPS (-100 … 100) of 0-10 `answers`; None without any."""
    count = len(answers)
    if count == 0:
        return None
    scored = np.where(answers >= 9, 1.0, np.where(answers <= 6, -1.0, 0.0))
    score = float(scored.mean())
    if count < TOO_FEW:
        return Estimate(100 * score, None, None, count)
    effect = design_effect(scored - score, groups)
    counts = np.array([(scored < 0).sum(), (scored == 0).sum(), (scored > 0).sum()]) / effect
    adjusted = counts + _ROCKS
    size = adjusted.sum()
    centre = (adjusted[2] - adjusted[0]) / size
    variance = (adjusted[2] + adjusted[0]) / size - centre**2
    half = Z_90 * float(np.sqrt(variance / size))
    return Estimate(
        100 * score, 100 * max(-1.0, centre - half), 100 * min(1.0, centre + half), count
    )


def mean(values: np.ndarray, groups: np.ndarray) -> Estimate | None:
    """Return the mean of `values` with a normal interval; None without any."""
    count = len(values)
    if count == 0:
        return None
    centre = float(values.mean())
    if count < TOO_FEW:
        return Estimate(centre, None, None, count)
    half = Z_90 * standard_error(values, groups)
    return Estimate(centre, centre - half, centre + half, count)


def standard_error(values: np.ndarray, groups: np.ndarray) -> float:
    """Return the standard error of the mean of two or more `values`."""
    residuals = values - values.mean()
    variance = float(np.square(residuals).sum()) / (len(values) - 1)
    return float(np.sqrt(variance / len(values) * design_effect(residuals, groups)))


def proportion(hits: np.ndarray, groups: np.ndarray) -> Estimate | None:
    """Return the share of true `hits` with Wilson's (1927) score interval; None without any."""
    count = len(hits)
    if count == 0:
        return None
    share = float(hits.mean())
    if count < TOO_FEW:
        return Estimate(share, None, None, count)
    size = count / design_effect(hits - share, groups)
    squared = Z_90**2
    centre = (share + squared / (2 * size)) / (1 + squared / size)
    half = Z_90 / (1 + squared / size)
    half *= float(np.sqrt(share * (1 - share) / size + squared / (4 * size**2)))
    return Estimate(share, max(0.0, centre - half), min(1.0, centre + half), count)


def difference(
    later: np.ndarray, later_groups: np.ndarray, earlier: np.ndarray, earlier_groups: np.ndarray
) -> Estimate | None:
    """Return the mean of `later` minus that of `earlier`; None where either has too few."""
    if min(len(later), len(earlier)) < TOO_FEW:
        return None
    value = float(later.mean() - earlier.mean())
    error = np.hypot(standard_error(later, later_groups), standard_error(earlier, earlier_groups))
    half = Z_90 * float(error)
    return Estimate(value, value - half, value + half, len(later) + len(earlier))
