"""Retention, churn, revenue, lifespan and lifetime value of the customer base.

The intervals take the customers seen as a draw from those there could have been: they say how far
a figure may move by chance alone, which for a few leavers a month is far.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date, timedelta
from math import exp, sqrt

import numpy as np

from klankbord.metrics import intervals
from klankbord.metrics.base import CustomerBase
from klankbord.metrics.figures import Figure, Gap, Span, Unit, figure, missing
from klankbord.metrics.intervals import Estimate
from klankbord.metrics.main import LEAST_ANSWERS
from klankbord.metrics.periods import Period, start_of

LEAST_LEAVERS = 10  # fewer cancellations than this say nothing of how long customers stay
_YEAR = timedelta(days=365)
_QUANTILE = 1.6448536269514722  # of the normal distribution, for a two-sided 90 % interval


@dataclass(frozen=True)
class Movement:
    """How many customers a period began and ended with, and how many of the latter were new.

    New is who is there at the end and was not at the start: who comes and goes within the period
    is in neither, so that retention never falls below that of the customers at the start.
    """

    start: int
    end: int
    new: int

    @property
    def retention(self) -> float:
        """Return (end - new) / start x 100; nan without customers at the start.

        The usual definition; with 1,000 at the start, 1,150 at the end and 200 new it is 95 %.
        """
        return 100 * (self.end - self.new) / self.start if self.start else float("nan")

    @property
    def churn(self) -> float:
        """Return the complement of retention, 100 % minus it, over the same period."""
        return 100 - self.retention


def movement(base: CustomerBase, span: Span, chosen: np.ndarray) -> Movement:
    """Count the `chosen` customers (a mask) at both ends of a period, as far as it was seen."""
    start, end = base.active(span.start) & chosen, base.active(_after(span)) & chosen
    return Movement(int(start.sum()), int(end.sum()), int((end & ~start).sum()))


def first_recorded(base: CustomerBase) -> date | None:
    """Return the day of the first cancellation in the table, None without any.

    A table that starts to keep who left on a certain day holds nobody who left before it: there
    retention would be 100 %, and no figure is given.
    """
    days = base.cancelled[~np.isnat(base.cancelled)]
    return days.min().astype(date) if days.size else None


def retained(base: CustomerBase, span: Span, chosen: np.ndarray, segment: str) -> Iterator[Figure]:
    """Yield retention, churn and revenue churn over a period, and MRR at its end.

    Revenue churn is gross: the value of who was there at the start and not at the end, over the
    value of all at the start. The table knows one value per customer, the newest, so that what
    customers came to spend more (expansion) or less (contraction) is not in it, and net revenue
    retention cannot be told. MRR is the value per year of who is there at the end, over twelve.
    """
    start, end = base.active(span.start) & chosen, base.active(_after(span)) & chosen
    alone = np.full(int(start.sum()), -1)
    kept = intervals.proportion(end[start], alone)
    yield figure("retention", span, segment, Unit.PERCENT, kept)
    yield figure("churn", span, segment, Unit.PERCENT, kept and _complement(kept))
    priced = start & np.isfinite(base.value)
    lost = intervals.weighted_proportion(~end[priced], base.value[priced])
    now = end & np.isfinite(base.value)
    if lost is None and not now.any():
        for measure, unit in (("revenue_churn", Unit.PERCENT), ("mrr", Unit.EURO)):
            yield missing(measure, span, segment, unit, Gap.NO_VALUES)
        return
    yield figure("revenue_churn", span, segment, Unit.PERCENT, lost)
    monthly = float(base.value[now].sum()) / 12
    yield Figure("mrr", span, segment, Unit.EURO, monthly, None, None, int(now.sum()))


def lasting(base: CustomerBase, span: Span, chosen: np.ndarray, segment: str) -> Iterator[Figure]:
    """Yield retention per year, expected lifespan and CLV at the end of a period.

    All three follow from the rate of cancellation, cancellations per customer-year, over the year
    up to the end of the period. Where the first recorded cancellation is later than that, it is
    counted from the day after, without that one, or the rate would come out too high. With a
    constant rate r (exponential lifetimes, of which events over exposure is the maximum
    likelihood estimate), exp(-r) stays for a year and the expected lifespan is 1 / r; interval of
    the rate by Garwood (1936). CLV is the mean value per year of the customers at the end x
    lifespan: turnover, not margin, and not discounted. Its interval is that of a product on the
    logarithmic scale (delta method: relative variances add up).
    """
    after = _after(span)
    recorded = first_recorded(base) or after
    first = min(after, max(recorded + timedelta(days=1), after - _YEAR))
    exposure = float(base.years(first, after)[chosen].sum())
    left = int((base.leavers(first, after) & chosen).sum())
    present = base.active(after) & chosen
    count = int(present.sum())
    whole = first == after - _YEAR and count >= LEAST_ANSWERS
    gap = Gap.ALL_STAYED if whole and not left else Gap.TOO_FEW
    if left < LEAST_LEAVERS or count < LEAST_ANSWERS:
        yield missing("retention_year", span, segment, Unit.PERCENT, gap, count)
        yield missing("lifespan", span, segment, Unit.YEARS, gap, count)
        yield missing("clv", span, segment, Unit.EURO, gap, count)
        return
    rate = intervals.event_rate(left, exposure)
    yield figure("retention_year", span, segment, Unit.PERCENT, _year(rate, count))
    life = _lifespan(rate, count)
    yield figure("lifespan", span, segment, Unit.YEARS, life)
    values = base.value[present & np.isfinite(base.value)]
    if not values.size:
        yield missing("clv", span, segment, Unit.EURO, Gap.NO_VALUES)
        return
    yield figure("clv", span, segment, Unit.EURO, lifetime_value(values, life.value, left))


def lifetime_value(values: np.ndarray, lifespan: float, leavers: int) -> Estimate | None:
    """Return mean value per year x `lifespan` (years), the latter known from so many `leavers`."""
    found = intervals.mean(values, np.full(len(values), -1))
    if found is None or found.low is None or found.value <= 0:
        return None
    error = intervals.standard_error(values, np.full(len(values), -1)) / found.value
    reach = exp(_QUANTILE * sqrt(1 / leavers + error**2))
    value = found.value * lifespan
    return Estimate(value, value / reach, value * reach, len(values))


def reactivated(base: CustomerBase, span: Span, chosen: np.ndarray, segment: str) -> Figure:
    """Return which share of the customers lost before a period was a customer again at its end."""
    if not base.tells_returns:
        return missing("reactivation", span, segment, Unit.PERCENT, Gap.NO_RETURNS)
    lost = base.lost(span.start) & chosen
    back = base.active(_after(span))[lost]
    found = intervals.proportion(back, np.full(len(back), -1))
    return figure("reactivation", span, segment, Unit.PERCENT, found)


def known_from(base: CustomerBase, period: Period) -> date | None:
    """Return the start of the first period of which retention can be told, None without any.

    The period of the first recorded cancellation.
    """
    first = first_recorded(base)
    return start_of(first, period) if first else None


def _after(span: Span) -> date:
    """Return the day after the last one of a period that has been seen."""
    return min(span.ends, span.as_of + timedelta(days=1))


def _complement(found: Estimate) -> Estimate:
    if found.low is None or found.high is None:
        return changed(found, value=1 - found.value)
    return changed(found, value=1 - found.value, low=1 - found.high, high=1 - found.low)


def _year(rate: Estimate, count: int) -> Estimate:
    low, high = _ends(rate)
    return Estimate(exp(-rate.value), exp(-high), exp(-low), count)


def _lifespan(rate: Estimate, count: int) -> Estimate:
    low, high = _ends(rate)
    return Estimate(1 / rate.value, 1 / high, 1 / low, count)


def _ends(rate: Estimate) -> tuple[float, float]:
    if rate.low is None or rate.high is None:
        raise ValueError("a rate without an interval")
    return rate.low, rate.high
