"""The course of one theme: its share of the feedback per week or month, for chart and table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from klankbord.report.model import Tick, Trend, TrendPoint
from klankbord.themes.shares import Period, in_months, periods

if TYPE_CHECKING:
    from klankbord.records import Theme
    from klankbord.review.wording import ReviewWording

_FEWEST, _MOST = 2, 26
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25)
_MOST_MARKS = 5


def theme_course(theme: Theme, t: ReviewWording) -> Trend | None:
    """Return the last weeks or months of a theme; None under two periods."""
    found = periods(theme.weekly)
    shown = found[-_MOST:]
    if len(shown) < _FEWEST:
        return None
    monthly = in_months(theme.weekly)
    points = tuple(_point(period, t, monthly=monthly) for period in shown)
    top = max(period.high for period in shown)
    step = next((step for step in _STEPS if top / step < _MOST_MARKS), _STEPS[-1])
    count = int(top / step) + 1
    notes = [t("trend_chart.band")]
    if len(found) > len(shown):
        notes.append(t.count("trend_chart.left_off", len(found) - len(shown)))
    told = (t("trend_chart.point", period=one.label, value=one.mean_text) for one in points)
    unit = t("theme.course_unit")
    return Trend(
        title=t("theme.course_months" if monthly else "theme.course_weeks"),
        description=f"{unit}: {'; '.join(told)}.",
        note=" ".join(notes),
        unit=unit,
        scale=(0.0, count * step),
        marks=tuple(
            Tick(at * step, t.percent(at * step, 0 if step >= 0.01 else 1))
            for at in range(count + 1)
        ),
        points=points,
    )


def _point(period: Period, t: ReviewWording, *, monthly: bool) -> TrendPoint:
    low, high = t.number(100 * period.low, 1), t.percent(period.high, 1)
    return TrendPoint(
        start=period.start,
        label=t.month(period.start) if monthly else t.short_day(period.start).rsplit(" ", 1)[0],
        answers=period.feedback,
        answers_text=t.number(period.feedback),
        mean=round(period.share, 5),
        low=round(period.low, 5),
        high=round(period.high, 5),
        mean_text=f"{t.percent(period.share, 1)} ({t('format.range', low=low, high=high)})",
        shares=(),
        share_texts=(),
    )
