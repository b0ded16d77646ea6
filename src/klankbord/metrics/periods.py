"""Weeks, months, quarters and years of the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

import numpy as np


class Period(StrEnum):
    """How long a stretch of time one figure covers."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


def starts(days: np.ndarray, period: Period) -> np.ndarray:
    """Return the first day of the period each of `days` (datetime64[D]) falls in; NaT stays."""
    days = days.astype("datetime64[D]")
    if period is Period.WEEK:
        since_monday = (days.astype(np.int64) + 3) % 7  # 1 January 1970 was a Thursday
        monday = days - since_monday.astype("timedelta64[D]")
        return np.where(np.isnat(days), days, monday)
    months = days.astype("datetime64[M]")
    past = months.astype(np.int64) % _MONTHS[period]
    first = (months - past.astype("timedelta64[M]")).astype("datetime64[D]")
    return np.where(np.isnat(days), days, first)


def start_of(day: date, period: Period) -> date:
    """Return the first day of the period `day` falls in."""
    first: date = starts(np.array([day], "datetime64[D]"), period)[0].astype(date)
    return first


def following(start: date, period: Period) -> date:
    """Return the first day of the period after the one that begins on `start`."""
    if period is Period.WEEK:
        return start + timedelta(days=7)
    months = start.year * 12 + start.month - 1 + _MONTHS[period]
    return date(months // 12, months % 12 + 1, 1)


def name(start: date, period: Period) -> str:
    """Return the name of the period that begins on `start`: 2026-W09, 2026-03, 2026-Q1 or 2026."""
    if period is Period.WEEK:
        year, week, _ = start.isocalendar()
        return f"{year}-W{week:02}"
    if period is Period.MONTH:
        return f"{start:%Y-%m}"
    if period is Period.QUARTER:
        return f"{start.year}-Q{(start.month + 2) // 3}"
    return f"{start.year}"
