"""Which events of an action's history still stand, and which of them can be taken back.

Taking back adds an event and erases none: it takes back the last step of a person that stands.
What a person did before an analysis opened the action again, or measured it, stands for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from klankbord.loop.lifecycle import Happening

_STEPS = (Happening.EDITED, Happening.CLOSED, Happening.REOPENED)
_FOR_GOOD = (Happening.OPENED, Happening.MEASURED)


class Event(Protocol):
    """One event in the history of an action."""

    @property
    def event(self) -> str:
        """What happened, a Happening."""

    @property
    def changes(self) -> Mapping[str, Any]:
        """Field -> [old, new], or the evidence added."""


EventT = TypeVar("EventT", bound=Event)


def standing(history: Sequence[EventT]) -> tuple[EventT, ...]:
    """Leave out what was taken back, and the taking back; `history` begins with the oldest."""
    kept: list[EventT] = []
    for event in history:
        if event.event != Happening.UNDONE:
            kept.append(event)
        elif (place := _last_step(kept)) is not None:
            del kept[place]
    return tuple(kept)


def last_step(history: Sequence[EventT]) -> EventT | None:
    """Return what would be taken back now; None where nothing can be."""
    kept = standing(history)
    place = _last_step(kept)
    return None if place is None else kept[place]


def _last_step(events: Sequence[Event]) -> int | None:
    for place in range(len(events) - 1, -1, -1):
        event = events[place]
        by_analysis = event.event == Happening.REOPENED and "evidence" in event.changes
        if by_analysis or event.event in _FOR_GOOD:
            return None
        if event.event in _STEPS:
            return place
    return None
