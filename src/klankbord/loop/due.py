"""Due dates: hours for what cannot wait, working days for the rest, Dutch holidays left out."""

from __future__ import annotations

from datetime import date, timedelta

from klankbord.loop.rules import Rules, rules

_WEEKEND = 5  # Monday is 0


class WorkCalendar:
    """Knows the working days: not Saturday, not Sunday, not a holiday that is observed.

    `sla` holds the terms and the holidays, as in `sla.toml`.
    """

    def __init__(self, sla: Rules | None = None) -> None:
        import holidays

        self._sla = rules("sla") if sla is None else sla
        days_off = self._sla["holidays"]
        self._holidays = holidays.country_holidays(
            days_off["country"],
            language=days_off["language"],
            categories=tuple(days_off["categories"]),
        )
        self._not_observed = {name.casefold() for name in days_off["not_observed"]}

    def is_working_day(self, day: date) -> bool:
        """Tell whether people are at work on `day`."""
        if day.weekday() >= _WEEKEND:
            return False
        names = self._holidays.get_list(day)  # one day may be two holidays
        return all(name.casefold() in self._not_observed for name in names)

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

    def working_days_after(self, due: date, today: date) -> int:
        """Count the working days after `due` up to and including `today`; 0 before that."""
        ahead = range(1, (today - due).days + 1)
        return sum(self.is_working_day(due + timedelta(days=days)) for days in ahead)

    def inner(self, today: date, *, urgent: bool, step: str = "") -> date:
        """Return when a step towards one customer is due."""
        if urgent:
            return self.after_hours(today, self._sla["urgent_hours"])
        days = self._sla["working_days"].get(step, self._sla["inner_working_days"])
        return self.after_working_days(today, days)

    def outer(self, today: date) -> date:
        """Return when a structural improvement is due."""
        return self.after_working_days(today, self._sla["outer_working_days"])

    def escalation_level(self, due: date, today: date) -> int:
        """Return how many levels above the owner are to be told on `today`; 0 before it is late."""
        late = self.working_days_after(due, today)
        return sum(late >= days for days in self._sla["escalation"]["after_working_days"])


def escalation_role(level: int) -> str:
    """Return who is told at an escalation level of 1 and up; "" at level 0."""
    return str(rules("sla")["escalation"]["told"][level - 1]) if level else ""
