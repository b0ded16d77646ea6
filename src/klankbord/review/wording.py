"""Texts of the review page, beside those of the report, which names kinds, tones and days."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from klankbord.cells import neutralise
from klankbord.report.wording import Wording
from klankbord.resources import toml_beside


class ReviewWording(Wording):
    """The report's wording with the texts of the review page before them."""

    def _look_up(self, key: str) -> object:
        found: object = toml_beside("klankbord.review", "texts.toml")[self.language]
        for part in key.split("."):
            if not isinstance(found, dict) or part not in found:
                return super()._look_up(key)
            found = found[part]
        return found

    def label(self, group: str, code: str) -> str:
        """Return the name of a code; one without a name stays itself, made harmless."""
        return neutralise(super().label(group, code))

    def person(self, name: str | None) -> str:
        """Return the name of a reviewer, made harmless; one who is not known is somebody."""
        return neutralise(name or "") or self("shift.somebody")

    def moment(self, at: datetime) -> str:
        """Format as `12 mrt 2026, 14:05`, in the time zone of the report."""
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)
        local = aware.astimezone(ZoneInfo(self.timezone))
        return f"{self.short_day(local.date())}, {local:%H:%M}"
