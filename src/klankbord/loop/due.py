"""Due dates: hours for what cannot wait, working days for the rest, Dutch holidays left out."""

from __future__ import annotations

from datetime import date, timedelta

from klankbord.loop.rules import rules


class WorkCalendar:
    """Knows the working days: not Saturday, not Sunday, not a public holiday."""

    def __init__(self) -> None:
        import holidays

        self._holidays = holidays.country_holidays(rules("sla")["country"])

    def is_working_day(self, day: date) -> bool:
        """Tell whether people are at work on `day`."""
        return day.weekday() < 5 and day not in self._holidays

    def after_hours(self, today: date, hours: int) -> date:
        """Return the day that lies `hours` ahead, or the first working day after it."""
        day = today + timedelta(days=-(-hours // 24))
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def after_working_days(self, today: date, days: int) -> date:
        """Return the `days`-th working day after `today`, which itself does not count."""
        day = today
        while days > 0:
            day += timedelta(days=1)
            days -= self.is_working_day(day)
        return day

    def inner(self, today: date, *, urgent: bool) -> date:
        """Return when a step towards one customer is due."""
        sla = rules("sla")
        if urgent:
            return self.after_hours(today, sla["urgent_hours"])
        return self.after_working_days(today, sla["inner_working_days"])

    def outer(self, today: date) -> date:
        """Return when a structural improvement is due."""
        return self.after_working_days(today, rules("sla")["outer_working_days"])
