"""What a theme's row says of time, score, place and AI answers, worded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from klankbord.cells import neutralise
from klankbord.records import Driver, Theme
from klankbord.report.model import GapRow, GapSection, Spark, ThemeScore
from klankbord.report.order import REST
from klankbord.report.satisfaction import Satisfaction
from klankbord.report.wording import Wording, shorten
from klankbord.schema import ScoreMetric
from klankbord.themes.breakdown import MIN_ANSWERS, MORE, Breakdown, Cell
from klankbord.themes.codeframe import codeframe
from klankbord.themes.shares import in_months, knows_season, periods, wilson
from klankbord.themes.trend import EMERGING, RECENT_WEEKS, RISING, TOO_LITTLE

GROWING = (EMERGING, RISING)
_NEW_DAYS = 56
_WEEKS = 26
_FEWEST = 4  # periods to draw
_SHOWN = ("channel", "segment", "journey_stage", "language")  # questions are for the table
_PLACES = 3
_HEADS = 10  # beside AI answers, the largest on either side
_LONGEST_VALUE = 60


def new_themes(themes: Sequence[Theme], today: date) -> dict[str, date]:
    """Return the day each theme found in the last eight weeks was found.

    What the first run found is not new: nobody had looked before.
    """
    found = {theme.theme_id: theme.found_at for theme in themes if theme.found_at is not None}
    first = min(found.values(), default=today)
    return {
        name: day
        for name, day in found.items()
        if first < day and today - timedelta(days=_NEW_DAYS) <= day <= today
    }


def season(themes: Sequence[Theme], wording: Wording) -> str:
    """Say whether the season has been taken out; "" where no trend is told."""
    judged = [theme for theme in themes if theme.trend != TOO_LITTLE and theme.weekly]
    if not judged:
        return ""
    told = knows_season(judged[0].weekly)  # the weeks are those of the feedback, for all alike
    return wording("themes.season_out" if told else "themes.season_unknown")


def spark(theme: Theme, wording: Wording) -> Spark | None:
    """Return the course to draw; None where a trend cannot be told."""
    course = periods(theme.weekly)
    if theme.trend == TOO_LITTLE:
        return None
    monthly = in_months(theme.weekly)
    shown = course if monthly else course[-_WEEKS:]
    if len(shown) < _FEWEST:
        return None
    last = shown[-1]
    shares = tuple(round(period.share, 5) for period in shown)
    title = wording(
        f"themes.spark_{'months' if monthly else 'weeks'}",
        n=len(shown),
        start=wording.short_day(shown[0].start),
        first=wording.percent(shares[0], 1),
        last=wording.percent(shares[-1], 1),
        interval=_interval(last.low, last.high, wording),
    )
    return Spark(shares, title, round(last.low, 5), round(last.high, 5))


def last_weeks(theme: Theme, wording: Wording) -> str:
    """Word the share of the last four weeks with its interval; "" where no trend is told."""
    if theme.trend == TOO_LITTLE or not theme.weekly:
        return ""
    end = max(week for week, _, _ in theme.weekly)
    late = [week for week in theme.weekly if week[0] > end - timedelta(weeks=RECENT_WEEKS)]
    hits, total = sum(hits for _, hits, _ in late), sum(total for *_, total in late)
    if not total:
        return ""
    low, high = wilson(np.array([float(hits)]), np.array([float(total)]))
    return wording(
        "themes.last_weeks",
        share=wording.percent(hits / total, 1),
        interval=_interval(float(low[0]), float(high[0]), wording),
    )


def theme_score(found: Satisfaction | None, wording: Wording) -> ThemeScore:
    """Word the satisfaction of those who mention a theme."""
    if found is None or found.value is None or found.low is None or found.high is None:
        return ThemeScore(None, None, None, wording("format.too_few"), "")
    decimals = 0 if found.metric == ScoreMetric.NPS else 1
    value, low, high = (
        wording.number(number, decimals) for number in (found.value, found.low, found.high)
    )
    return ThemeScore(
        round(found.value, 3),
        round(found.low, 3),
        round(found.high, 3),
        value,
        wording("format.range", low=low, high=high),
    )


def tone_phrase(driver: Driver | None, wording: Wording) -> str:
    """Say that complaints of a theme sound harsher or milder than others; "" unless they do."""
    if driver is None or driver.verdict not in ("lager", "hoger"):
        return ""
    low, value, high = (
        wording.number(number or 0.0, 2, signed=True)
        for number in (driver.impact_low, driver.impact, driver.impact_high)
    )
    return wording(
        "themes.harsher" if driver.verdict == "lager" else "themes.milder",
        value=value,
        interval=wording("format.range", low=low, high=high),
    )


def score_heading(satisfied: Sequence[Satisfaction], wording: Wording) -> str:
    """Name the score of those who mention a theme; "" without any."""
    if not satisfied:
        return ""
    metric = wording.label("metric", satisfied[0].metric)
    kind = "nps" if satisfied[0].metric == ScoreMetric.NPS else "mean"
    return wording(f"themes.score_{kind}", metric=metric)


def places(cells: Sequence[Cell], wording: Wording) -> dict[str, tuple[str, ...]]:
    """Return where each theme is mentioned more often than elsewhere, the surest first."""
    best: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        if cell.verdict != MORE or cell.dimension not in _SHOWN:
            continue
        of_theme = best.setdefault(cell.theme_id, {})
        other = of_theme.get(cell.dimension)
        if other is None or _surest(cell) < _surest(other):
            of_theme[cell.dimension] = cell
    return {
        theme: tuple(
            _place(cell, wording) for cell in sorted(found.values(), key=_surest)[:_PLACES]
        )
        for theme, found in best.items()
    }


def _surest(cell: Cell) -> tuple[float, int, str, str]:
    return (cell.p or 0.0, -(cell.mentions or 0), cell.dimension, cell.value)


def _place(cell: Cell, wording: Wording) -> str:
    value = shorten(cell.value, _LONGEST_VALUE)
    if cell.dimension in ("channel", "language"):
        value = wording.label("channel" if cell.dimension == "channel" else "spoken", value)
    return wording(
        "themes.place",
        dimension=wording(f"themes.dimension.{cell.dimension}"),
        value=value,
        share=wording.percent(cell.share or 0.0, 1),
        low=wording.number(100 * (cell.share_low or 0.0), 1),
        high=wording.percent(cell.share_high or 0.0, 1),
    )


def gap_section(
    breakdown: Breakdown, labels: Mapping[str, str], wording: Wording
) -> GapSection | None:
    """Set AI answers beside customers; None where no AI answer names a theme."""
    if not breakdown.answers:
        return None
    count = wording.count("themes.gap_answers", breakdown.answers)
    if not breakdown.gap:
        return GapSection(wording("themes.gap_too_few", answers=count, n=MIN_ANSWERS), ())
    rows = []
    named = [gap for gap in breakdown.gap if gap.theme_id != REST]
    largest = sorted(named, key=lambda gap: -max(gap.customers, gap.answers))[:_HEADS]
    for gap in (gap for gap in named if gap in largest):
        code = codeframe().get(gap.theme_id)
        name = code.label(wording.language) if code else gap.theme_id
        points = [wording.number(100 * end, 0, signed=True) for end in (gap.low, gap.high)]
        rows.append(
            GapRow(
                label=neutralise(labels.get(gap.theme_id, name)),
                customers_text=wording.percent(gap.customers),
                answers_text=wording.percent(gap.answers),
                difference_text=wording.number(100 * gap.difference, 0, signed=True),
                interval_text=wording("format.range", low=points[0], high=points[1]),
                clear=gap.low > 0 or gap.high < 0,
            )
        )
    return GapSection(wording("themes.gap_note", answers=count), tuple(rows))


def _interval(low: float, high: float, wording: Wording) -> str:
    return wording("format.range", low=wording.number(100 * low, 1), high=wording.percent(high, 1))
