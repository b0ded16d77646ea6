"""Point estimates with 90 % intervals; the answers of one customer count as one group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TOO_FEW = 10  # fewer answers than this get no interval: "te weinig gegevens" …
TOO_FEW_CUSTOMERS = 5  # … and so do answers that (nearly) all come from fewer customers than this

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


def effective_customers(groups: np.ndarray) -> float:
    """Return how many equally frequent customers would weigh on a mean as these `groups` do.

    A group of -1 stands for an unknown customer: each such answer counts as a customer.
    """
    weights = _per_customer(groups) / len(groups)
    return 1 / float(np.square(weights).sum())


def enough(groups: np.ndarray) -> bool:
    """Tell whether answers of these `groups` (customers) are enough for an interval."""
    return len(groups) >= TOO_FEW and effective_customers(groups) >= TOO_FEW_CUSTOMERS - 1e-9


def design_effect(residuals: np.ndarray, groups: np.ndarray) -> float:
    """Return how many times larger the variance is because answers come in `groups` (customers).

    Ratio of the between-customer (linearised) variance to that of independent answers, at least
    1. Residuals are taken from a mean that large customers pull towards themselves, so that their
    sums come out too small; the divisor is what they keep where a customer always answers alike
    (1 - 1/G for G customers with as many answers each). Without any variance to measure it is
    Kish's effect for customers who always answer alike: their mean number of answers.
    """
    count, answers = len(groups), _per_customer(groups)
    customers = effective_customers(groups)
    total = float(np.square(residuals).sum())
    if total == 0:
        return count / customers
    known = groups >= 0
    clustered = float(np.square(residuals[~known]).sum())
    if known.any():
        sums = np.bincount(groups[known], weights=residuals[known])
        clustered += float(np.square(sums).sum())
    weights = answers / count
    kept = 1 - 2 * float(np.power(weights, 3).sum()) * customers + 1 / customers
    return max(1.0, clustered / total * (count - 1) / count / kept)


def net_promoter_score(answers: np.ndarray, groups: np.ndarray) -> Estimate | None:
    """Return the NPS (-100 … 100) of 0-10 `answers`; None without any."""
    count = len(answers)
    if count == 0:
        return None
    scored = np.where(answers >= 9, 1.0, np.where(answers <= 6, -1.0, 0.0))
    score = float(scored.mean())
    if not enough(groups):
        return Estimate(100 * score, None, None, count)
    effect = design_effect(scored - score, groups)
    counts = np.array([(scored < 0).sum(), (scored == 0).sum(), (scored > 0).sum()]) / effect
    adjusted = counts + _ROCKS
    size = adjusted.sum()
    centre = (adjusted[2] - adjusted[0]) / size
    variance = (adjusted[2] + adjusted[0]) / size - centre**2
    half = _quantile(_freedom(groups)) * float(np.sqrt(variance / size))
    low, high = max(-1.0, min(centre - half, score)), min(1.0, max(centre + half, score))
    return Estimate(100 * score, 100 * low, 100 * high, count)


def mean(values: np.ndarray, groups: np.ndarray) -> Estimate | None:
    """Return the mean of `values` with Student's interval; None without any."""
    count = len(values)
    if count == 0:
        return None
    centre = float(values.mean())
    if not enough(groups):
        return Estimate(centre, None, None, count)
    half = _quantile(_freedom(groups)) * standard_error(values, groups)
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
    if not enough(groups):
        return Estimate(share, None, None, count)
    low, high = _wilson(share, count / design_effect(hits - share, groups), _freedom(groups))
    return Estimate(share, low, high, count)


def weighted_proportion(hits: np.ndarray, weights: np.ndarray) -> Estimate | None:
    """Return the share of the total weight that the true `hits` carry; None without weight.

    `weights` are at least 0. Wilson's interval at the effective size of Kish, "Survey Sampling"
    (1965): (sum of weights)² / (sum of squared weights), so that one hit of a giant is one hit.
    """
    total = float(weights.sum())
    if total <= 0:
        return None
    count, share = len(hits), float(weights[hits].sum()) / total
    size = total**2 / float(np.square(weights).sum())
    if count < TOO_FEW or size < TOO_FEW_CUSTOMERS - 1e-9:
        return Estimate(share, None, None, count)
    low, high = _wilson(share, size, size - 1)
    return Estimate(share, low, high, count)


def event_rate(events: int, exposure: float) -> Estimate:
    """Return `events` per unit of `exposure` (over 0) with the exact interval of Garwood (1936)."""
    from scipy.special import gammaincinv

    low = float(gammaincinv(events, 0.05)) if events else 0.0
    high = float(gammaincinv(events + 1, 0.95))
    return Estimate(events / exposure, low / exposure, high / exposure, events)


def difference(
    later: np.ndarray, later_groups: np.ndarray, earlier: np.ndarray, earlier_groups: np.ndarray
) -> Estimate | None:
    """Return the mean of `later` minus that of `earlier`; None where either has too few.

    With Welch's degrees of freedom; customers who are in both make the interval too wide, not too
    narrow.
    """
    if not (len(later) and len(earlier) and enough(later_groups) and enough(earlier_groups)):
        return None
    value = float(later.mean() - earlier.mean())
    after = standard_error(later, later_groups) ** 2
    before = standard_error(earlier, earlier_groups) ** 2
    spread = after**2 / _freedom(later_groups) + before**2 / _freedom(earlier_groups)
    freedom = (after + before) ** 2 / spread if spread else _freedom(earlier_groups)
    half = _quantile(freedom) * float(np.sqrt(after + before))
    return Estimate(value, value - half, value + half, len(later) + len(earlier))


def _wilson(share: float, size: float, freedom: float) -> tuple[float, float]:
    squared = (reach := _quantile(freedom)) ** 2
    centre = (share + squared / (2 * size)) / (1 + squared / size)
    half = reach / (1 + squared / size)
    half *= float(np.sqrt(share * (1 - share) / size + squared / (4 * size**2)))
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))


def _per_customer(groups: np.ndarray) -> np.ndarray:
    """Return the number of answers of each customer, an unknown one with one answer."""
    known = groups >= 0
    counts = np.bincount(groups[known])
    return np.concatenate([counts[counts > 0], np.ones(int((~known).sum()), counts.dtype)])


def _freedom(groups: np.ndarray) -> float:
    return effective_customers(groups) - 1


def _quantile(freedom: float) -> float:
    """Return Student's 95th percentile: a two-sided 90 % interval."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.95))
