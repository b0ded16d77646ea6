"""The orders and choices that the page, the workbook and the exports share."""

from __future__ import annotations

from collections.abc import Sequence

from klankbord.drivers import TONE, of_main_metric
from klankbord.records import Action, Driver

REST = "anders"  # the guide's code of complaints that no other theme covers: last, no headline


def by_theme(drivers: Sequence[Driver]) -> dict[str, Driver]:
    """Choose one driver per theme: of the main metric, the same for all themes."""
    return {driver.theme_id: driver for driver in of_main_metric(drivers)}


def tone_by_theme(drivers: Sequence[Driver]) -> dict[str, Driver]:
    """Return the driver of the tone of complaints per theme."""
    return {driver.theme_id: driver for driver in drivers if driver.score_metric == TONE}


def by_owner(actions: Sequence[Action]) -> list[Action]:
    """Sort by department, due date, and the most pressing first."""
    return sorted(actions, key=lambda step: (step.owner, step.due, -step.priority, step.action_id))
