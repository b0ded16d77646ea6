from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.moments import (
    UNDATED,
    day_of,
    in_words,
    local_day,
    local_days,
    microseconds,
    moment,
    moment_of,
)

FIRST = date(1970, 1, 1)
MOMENTS = st.datetimes(datetime(1960, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    st.lists(MOMENTS, max_size=20),
    st.sampled_from(["Europe/Amsterdam", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
)
def test_local_days_agree_with_the_zone(moments: list[datetime], zone: str) -> None:
    at = np.array([microseconds(when) for when in moments], dtype=np.int64)
    expected = [(when.astimezone(ZoneInfo(zone)).date() - FIRST).days for when in moments]
    assert local_days(at, zone).tolist() == expected
    assert [(local_day(when, zone) - FIRST).days for when in moments] == expected


def test_the_night_of_the_clock_change_has_one_day() -> None:
    hours = [datetime(2026, 3, 28, 22, 30, tzinfo=UTC) + timedelta(hours=n) for n in range(26)]
    days = local_days(np.array([microseconds(when) for when in hours]))
    assert np.unique(days, return_counts=True)[1].tolist() == [1, 23, 2]


def test_no_date_stays_no_date() -> None:
    assert local_days(np.array([UNDATED, 0])).tolist() == [UNDATED, 0]
    assert np.isnat(np.array([UNDATED]).astype("datetime64[us]")).all()


@given(MOMENTS)
def test_microseconds_and_back(when: datetime) -> None:
    assert moment(microseconds(when)) == when
    assert microseconds(when.replace(tzinfo=None)) == microseconds(when)


def test_today_is_the_local_day() -> None:
    assert day_of(datetime(2026, 3, 2, 23, 30, tzinfo=UTC)) == date(2026, 3, 3)
    assert day_of(datetime(2026, 3, 2, 23, 30)) == date(2026, 3, 3)  # noqa: DTZ001
    assert day_of(datetime(2026, 3, 2, 23, 30, tzinfo=UTC), "UTC") == date(2026, 3, 2)
    assert day_of(date(2026, 3, 2)) == date(2026, 3, 2)


def test_a_date_covers_its_whole_day() -> None:
    zone = timezone(timedelta(hours=1))
    assert moment_of(date(2026, 3, 2)) == datetime(2026, 3, 3, tzinfo=zone)
    assert moment_of(date(2026, 3, 2), "UTC") == datetime(2026, 3, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "written", "short"),
    [
        ("nl", "3 maart 2026", "3 maart"),
        ("en", "3 March 2026", "3 March"),
        ("de", "3. März 2026", "3. März"),
        ("fr", "3 mars 2026", "3 mars"),
    ],
)
def test_dates_in_words(language: str, written: str, short: str) -> None:
    assert in_words(date(2026, 3, 3), language) == written
    assert in_words(date(2026, 3, 3), language, year=False) == short
