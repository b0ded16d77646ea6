from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.metrics.periods import Period, following, name, start_of, starts

DAYS = st.dates(date(1970, 1, 1), date(2099, 12, 31))


@given(DAYS, st.sampled_from(Period))
def test_every_day_lies_in_its_period(day: date, period: Period):
    start = start_of(day, period)
    assert start <= day < following(start, period)
    assert start_of(start, period) == start
    assert start_of(following(start, period) - timedelta(days=1), period) == start


@given(DAYS, st.sampled_from(Period))
def test_another_period_has_another_name(day: date, period: Period):
    start = start_of(day, period)
    assert name(start, period) < name(following(start, period), period)


@pytest.mark.parametrize(
    ("period", "called"),
    [("week", "2020-W53"), ("month", "2021-01"), ("quarter", "2021-Q1"), ("year", "2021")],
)
def test_names(period: str, called: str):
    kind = Period(period)
    assert name(start_of(date(2021, 1, 2), kind), kind) == called  # a Saturday


def test_no_day_has_no_period():
    assert np.isnat(starts(np.array(["NaT"], "datetime64[D]"), Period.WEEK)).all()
    assert np.isnat(starts(np.array(["NaT"], "datetime64[D]"), Period.QUARTER)).all()
