from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.loop.due import WorkCalendar

CALENDAR = WorkCalendar()


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 1, 1), "Nieuwjaarsdag"),
        (date(2026, 4, 6), "tweede paasdag"),
        (date(2026, 4, 27), "Koningsdag"),
        (date(2025, 4, 26), "Koningsdag on Saturday, as the 27th was a Sunday"),
        (date(2026, 5, 14), "Hemelvaart"),
        (date(2026, 5, 25), "tweede pinksterdag"),
        (date(2026, 12, 25), "eerste kerstdag"),
        (date(2025, 12, 26), "tweede kerstdag"),
        (date(2025, 5, 5), "Bevrijdingsdag in a lustrum year"),
        (date(2026, 11, 21), "a Saturday"),
        (date(2026, 11, 22), "a Sunday"),
    ],
)
def test_days_off(day, why):
    assert not CALENDAR.is_working_day(day), why


@pytest.mark.parametrize("day", [date(2026, 4, 28), date(2025, 4, 28), date(2026, 12, 24)])
def test_days_at_work(day):
    assert CALENDAR.is_working_day(day)


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2026, 3, 2), date(2026, 3, 4)),  # Monday to Wednesday
        (date(2026, 3, 5), date(2026, 3, 9)),  # Thursday; Saturday becomes Monday
        (date(2026, 4, 25), date(2026, 4, 28)),  # Saturday; Koningsdag becomes Tuesday
        (date(2025, 12, 24), date(2025, 12, 29)),  # Christmas and the weekend behind it
        (date(2026, 4, 4), date(2026, 4, 7)),  # Easter Saturday; Easter Monday becomes Tuesday
    ],
)
def test_forty_eight_hours_end_on_a_working_day(today, due):
    assert CALENDAR.inner(today, urgent=True) == due


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2026, 3, 2), date(2026, 3, 9)),
        (date(2026, 4, 24), date(2026, 5, 4)),  # over Koningsdag
        (date(2025, 12, 22), date(2025, 12, 31)),  # over both days of Christmas
        (date(2026, 4, 1), date(2026, 4, 10)),  # over Good Friday and Easter Monday
        (date(2026, 3, 7), date(2026, 3, 13)),  # from a Saturday
    ],
)
def test_five_working_days(today, due):
    assert CALENDAR.inner(today, urgent=False) == due


def test_twenty_working_days_over_the_may_holidays():
    assert CALENDAR.outer(date(2026, 4, 20)) == date(2026, 5, 20)


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.integers(1, 30))
def test_a_due_date_is_a_working_day_with_that_many_working_days_up_to_it(today, days):
    due = CALENDAR.after_working_days(today, days)
    passed = [today + timedelta(days=n) for n in range(1, (due - today).days + 1)]
    assert CALENDAR.is_working_day(due)
    assert sum(CALENDAR.is_working_day(day) for day in passed) == days
    assert CALENDAR.is_working_day(CALENDAR.after_hours(today, 48))


def test_part_of_a_day_counts_as_a_day():
    assert CALENDAR.after_hours(date(2026, 3, 2), 36) == date(2026, 3, 4)
