"""The courses of themes as pictures, kept because drawing takes most of the time of a page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from klankbord.report import charts
from klankbord.report.theme_details import spark

if TYPE_CHECKING:
    from klankbord.records import Theme
    from klankbord.report.model import Spark, Trend
    from klankbord.report.wording import Wording

_MOST_KEPT = 2000


class Sparks:
    """Draws courses; pages share one. `helper` draws ahead."""

    def __init__(self, wording: Wording, helper: Executor) -> None:
        self._wording, self._helper = wording, helper
        self._drawn: OrderedDict[Spark | Trend, str] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, theme: Theme) -> str:
        """Return the course of a theme as a tiny SVG, "" where no trend can be told."""
        course = spark(theme, self._wording)
        return self._kept(course, lambda: charts.sparkline(course)) if course else ""

    def chart(self, course: Trend) -> str:
        """Return a course with its axes as SVG."""
        return self._kept(course, lambda: charts.trend_chart(course))

    def draw_ahead(self, themes: Iterable[Theme]) -> None:
        """Draw the courses of themes that a list may show next."""
        for theme in themes:
            self._helper.submit(self.of, theme)

    def _kept(self, course: Spark | Trend, draw: Callable[[], str]) -> str:
        with self._lock:
            if course in self._drawn:
                self._drawn.move_to_end(course)
                return self._drawn[course]
        picture = draw()
        with self._lock:
            self._drawn[course] = picture
            while len(self._drawn) > _MOST_KEPT:
                self._drawn.popitem(last=False)
        return picture
