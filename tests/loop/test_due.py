from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.loop.due import WorkCalendar, escalation_role
from klankbord.loop.rules import rules

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


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 4, 28),
        date(2025, 4, 28),  # Koningsdag was on Saturday
        date(2026, 12, 24),
        date(2026, 5, 5),  # Bevrijdingsdag, no lustrum
        date(2026, 4, 3),  # Good Friday
    ],
)
def test_days_at_work(day):
    assert CALENDAR.is_working_day(day)


def with_holidays(**changes):
    sla = rules("sla")
    return WorkCalendar({**sla, "holidays": {**sla["holidays"], **changes}})


def test_bevrijdingsdag_and_good_friday_follow_the_settings():
    every_year = with_holidays(categories=["public", "optional"])
    assert not every_year.is_working_day(date(2026, 5, 5))
    assert not every_year.is_working_day(date(2025, 5, 5))
    assert with_holidays(not_observed=["Bevrijdingsdag"]).is_working_day(date(2025, 5, 5))
    assert not with_holidays(not_observed=[]).is_working_day(date(2026, 4, 3))


def test_a_day_that_is_two_holidays_stays_one_when_either_is_not_observed():
    both = date(2005, 5, 5)  # Bevrijdingsdag and Hemelvaartsdag
    assert not with_holidays(not_observed=["Bevrijdingsdag"]).is_working_day(both)


@given(st.integers(1966, 2060))
def test_koningsdag_is_the_27th_or_the_saturday_before(year):
    if year < 2014:
        return
    kings_day = date(year, 4, 27)
    sunday = kings_day.weekday() == 6
    assert CALENDAR.is_working_day(kings_day) is False
    assert not CALENDAR.is_working_day(date(year, 4, 26)) or not sunday


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
        (date(2026, 4, 1), date(2026, 4, 9)),  # over Easter Monday, not over Good Friday
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


@given(
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    st.booleans(),
    st.sampled_from(["", *rules("reasons")["steps"]]),
)
def test_due_is_a_working_day_after_today(today, urgent, step):
    due = CALENDAR.inner(today, urgent=urgent, step=step)
    for day in (due, CALENDAR.outer(today)):
        assert CALENDAR.is_working_day(day)
        assert day > today


def test_whoever_left_is_not_hurried():
    monday = date(2026, 3, 2)
    assert CALENDAR.inner(monday, urgent=False, step="terugwinnen") == date(2026, 3, 16)


# --- escalation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "level"),
    [
        (date(2026, 3, 5), 0),
        (date(2026, 3, 6), 0),  # Friday, the due date
        (date(2026, 3, 8), 0),  # Sunday: nobody could have done it
        (date(2026, 3, 9), 1),  # first working day after it
        (date(2026, 3, 12), 1),
        (date(2026, 3, 13), 2),  # fifth
        (date(2027, 3, 13), 2),
    ],
)
def test_escalation_counts_working_days(today, level):
    assert CALENDAR.escalation_level(date(2026, 3, 6), today) == level


def test_holidays_do_not_escalate():
    assert CALENDAR.escalation_level(date(2026, 4, 24), date(2026, 4, 27)) == 0  # Koningsdag
    assert CALENDAR.escalation_level(date(2026, 4, 24), date(2026, 4, 28)) == 1


@given(st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.integers(-30, 60))
def test_escalation_never_falls_as_time_goes_by(due, days):
    today = due + timedelta(days=days)
    level = CALENDAR.escalation_level(due, today)
    assert level <= CALENDAR.escalation_level(due, today + timedelta(days=1))
    assert (level > 0) == (CALENDAR.working_days_after(due, today) >= 1)


def test_every_level_has_somebody_who_is_told():
    escalation = rules("sla")["escalation"]
    assert len(escalation["after_working_days"]) == len(escalation["told"])
    assert escalation["after_working_days"] == sorted(set(escalation["after_working_days"]))
    assert [escalation_role(level) for level in range(3)] == ["", "afdelingshoofd", "directie"]
