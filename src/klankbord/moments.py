"""Moments and calendar days: microseconds since 1970 in UTC, and the days of one time zone."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

TIMEZONE = "Europe/Amsterdam"  # in which a day is a day, unless another is given
DAY_US = 86_400_000_000
UNDATED = int(np.iinfo(np.int64).min)  # also how numpy stores "not a time"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP_US = DAY_US // 48  # offsets are looked up once per half hour: no zone changes in between


def moment(microseconds: int) -> datetime:
    """Return the UTC moment of a number of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(microseconds))


def microseconds(when: datetime) -> int:
    """Return microseconds since 1970; a moment without a zone is taken as UTC."""
    return (_aware(when) - _EPOCH) // timedelta(microseconds=1)


def local_day(when: datetime, timezone: str = TIMEZONE) -> date:
    """Return the calendar day of a moment; a moment without a zone is taken as UTC."""
    return _aware(when).astimezone(ZoneInfo(timezone)).date()


def local_days(at: Ints, timezone: str = TIMEZONE) -> Ints:
    """Return the calendar days of microseconds since 1970, as days since 1970; UNDATED stays."""
    steps, inverse = np.unique(at // _STEP_US, return_inverse=True)
    zone = ZoneInfo(timezone)
    offsets = np.array([_offset(int(step), zone) for step in steps], dtype=np.int64)
    known = at != UNDATED
    shifted = np.where(known, at, 0) + (offsets[inverse.reshape(at.shape)] if at.size else 0)
    return np.where(known, shifted // DAY_US, UNDATED)


def moment_of(as_of: date | datetime, timezone: str = TIMEZONE) -> datetime:
    """Return the end of what `as_of` covers: that moment, or the end of that local day."""
    if isinstance(as_of, datetime):
        return _aware(as_of)
    midnight = datetime(as_of.year, as_of.month, as_of.day, tzinfo=ZoneInfo(timezone))
    return midnight + timedelta(days=1)


def day_of(as_of: date | datetime, timezone: str = TIMEZONE) -> date:
    """Return the local day that `as_of` falls on."""
    return local_day(as_of, timezone) if isinstance(as_of, datetime) else as_of


def in_words(day: date, language: str, *, year: bool = True) -> str:
    """Write a date in words, such as "3 maart 2026", or without its year."""
    words = _words()[language]
    text = str(words["day"]).format(day=day.day, month=words["months"][day.month - 1])
    return f"{text} {day.year}" if year else text


def _offset(step: int, zone: ZoneInfo) -> int:
    if step == UNDATED // _STEP_US:
        return 0
    local = (_EPOCH + timedelta(microseconds=step * _STEP_US)).astimezone(zone)
    return (local.utcoffset() or timedelta()) // timedelta(microseconds=1)


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


@cache
def _words() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("moments.toml").read_text("utf-8")
    return tomllib.loads(text)
