"""The courses of themes as pictures."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from klankbord.report import charts
from klankbord.report.theme_details import spark
from klankbord.review.kept import Kept

if TYPE_CHECKING:
    from klankbord.records import Theme
    from klankbord.report.model import Spark, Trend
    from klankbord.report.wording import Wording

_MOST_KEPT = 2000


class Sparks:
    """Draws courses; pages share one. `helper` draws ahead."""

    def __init__(self, wording: Wording, helper: Executor) -> None:
        self._wording, self._helper = wording, helper
        self._drawn: Kept[Spark | Trend] = Kept(_MOST_KEPT)

    def of(self, theme: Theme) -> str:
        """Return the course of a theme as a tiny SVG, "" where no trend can be told."""
        course = spark(theme, self._wording)
        return self._drawn.get(course, lambda: charts.sparkline(course)) if course else ""

    def chart(self, course: Trend) -> str:
        """Return a course with its axes as SVG."""
        return self._drawn.get(course, lambda: charts.trend_chart(course))

    def draw_ahead(self, themes: Iterable[Theme]) -> None:
        """Draw the courses of themes that a list may show next."""
        for theme in themes:
            self._helper.submit(self.of, theme)
