"""One figure about customers, whatever it measures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from klankbord.metrics.intervals import Estimate
from klankbord.metrics.main import LEAST_ANSWERS
from klankbord.metrics.periods import Period, following, name


class Unit(StrEnum):
    """What a value counts."""

    POINTS = "points"  # NPS, -100 … 100
    PERCENT = "percent"  # 0 … 100
    MEAN = "mean"  # on the scale that was answered on, or per customer
    EURO = "eur"
    YEARS = "years"


class Gap(StrEnum):
    """Why there is no value."""

    TOO_FEW = "too_few"
    ALL_STAYED = "all_stayed"  # a lifespan needs customers who left
    NO_CANCELLATIONS = "no_cancellations"  # the customer table names nobody who left
    NO_VALUES = "no_values"
    NO_RETURNS = "no_returns"  # no column that says who came back
    NO_ORDERS = "no_orders"  # no columns with the orders of a month
    MONTHS_ONLY = "months_only"  # what is known by month says nothing of weeks

    @property
    def of_columns(self) -> bool:
        """Whether it is the customer table that lacks something, for every group alike."""
        return self not in (Gap.TOO_FEW, Gap.ALL_STAYED)


@dataclass(frozen=True)
class Span:
    """A period, as far as it has been seen."""

    period: Period
    start: date
    as_of: date  # last day that is known

    @property
    def name(self) -> str:
        """Such as 2026-Q3."""
        return name(self.start, self.period)

    @property
    def ends(self) -> date:
        """The first day after it."""
        return following(self.start, self.period)

    @property
    def complete(self) -> bool:
        """Whether all of it has been seen."""
        return (self.ends - self.as_of).days <= 1


@dataclass(frozen=True)
class Figure:
    """A value with its 90 % interval; without one, `gap` says why.

    `low` and `high` are None where a value is counted, not estimated.
    """

    measure: str
    span: Span
    segment: str  # "" for everybody
    unit: Unit
    value: float | None
    low: float | None
    high: float | None
    count: int | None  # answers or customers it rests on; None of a group too small to tell
    gap: Gap | None = None


def figure(
    measure: str,
    span: Span,
    segment: str,
    unit: Unit,
    found: Estimate | None,
    *,
    least: int = LEAST_ANSWERS,
) -> Figure:
    """Return an estimate as a figure; too few under `least` answers or without an interval."""
    if found is None or found.low is None or found.high is None or found.answers < least:
        answers = found.answers if found else 0
        return missing(measure, span, segment, unit, Gap.TOO_FEW, answers)
    factor = 100.0 if unit is Unit.PERCENT else 1.0
    value, low, high = (factor * float(end) for end in (found.value, found.low, found.high))
    return Figure(measure, span, segment, unit, value, low, high, found.answers)


def missing(measure: str, span: Span, segment: str, unit: Unit, gap: Gap, count: int = 0) -> Figure:
    """Return the figure that cannot be given."""
    return Figure(measure, span, segment, unit, None, None, None, count, gap)
