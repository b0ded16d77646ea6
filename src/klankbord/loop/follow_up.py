"""What became of one action that was carried out: the figures that make it "gemeten".

They describe and prove nothing by themselves: who is flagged at a low does better afterwards
anyway. What actions did is told over many of them, by `impact`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from klankbord.loop.levels import Series, seconds, series
from klankbord.loop.lifecycle import ActionState
from klankbord.moments import TIMEZONE, local_day, microseconds
from klankbord.records import Action, Theme
from klankbord.shifts.histories import gather

CONTACTS_BEFORE = 3
WEEKS = 8  # before and after a structural improvement
LEAST_WEEKS = 2  # full weeks after it


def follow_up(
    actions: Iterable[Action],
    acted_at: Mapping[str, datetime],
    feedback: pa.Table,
    scores: pa.Table,
    themes: Iterable[Theme],
    *,
    as_of: datetime,
    timezone: str = TIMEZONE,
) -> dict[str, dict[str, Any]]:
    """Return action id -> measure of the actions carried out that something was heard of since.

    Of one customer: the mean tone (0 boos … 4 enthousiast) of the last three contacts before the
    action and of all after it. Of a theme: its mentions as a share of all feedback in the eight
    weeks before the action and in the full weeks after it, two at least.
    """
    done = [a for a in actions if a.status == ActionState.UITGEVOERD and a.action_id in acted_at]
    by_id = {theme.theme_id: theme for theme in themes}
    inner = [action for action in done if action.customer_id]
    found: dict[str, dict[str, Any]] = {}
    if inner:
        histories = gather(feedback, scores, as_of, timezone)
        tones = series(histories, feedback, "tone")
        place = {name: at for at, name in enumerate(histories.customers.to_pylist())}
        for action in inner:
            customer = place.get(action.customer_id or "")
            if customer is not None:
                moment = acted_at[action.action_id]
                if measure := _of_customer(tones, customer, moment):
                    found[action.action_id] = measure
    for action in done:
        theme = by_id.get(action.theme_id or "")
        if theme is not None and not action.customer_id:
            moment = acted_at[action.action_id]
            if measure := _of_theme(theme, moment, as_of, timezone):
                found[action.action_id] = measure
    return found


def _of_customer(tones: Series, customer: int, moment: datetime) -> dict[str, Any]:
    start, end = tones.starts(np.array([customer, customer + 1]))
    (cut,) = tones.place(np.array([customer]), seconds(np.array([microseconds(moment)])))
    before, after = tones.level[max(start, cut - CONTACTS_BEFORE) : cut], tones.level[cut:end]
    if not len(after):
        return {}
    return {
        "tone_before": round(float(before.mean()), 2) if len(before) else None,
        "tone_after": round(float(after.mean()), 2),
        "contacts_before": len(before),
        "contacts_after": len(after),
    }


def _of_theme(theme: Theme, moment: datetime, as_of: datetime, timezone: str) -> dict[str, Any]:
    day, today = local_day(moment, timezone), local_day(as_of, timezone)
    week = timedelta(days=7)
    before = [entry for entry in theme.weekly if entry[0] <= day - week][-WEEKS:]
    after = [entry for entry in theme.weekly if day < entry[0] <= today - week][:WEEKS]
    if len(after) < LEAST_WEEKS:
        return {}
    return {
        "share_before": _share(before),
        "share_after": _share(after),
        "weeks_before": len(before),
        "weeks_after": len(after),
    }


def _share(weeks: Iterable[tuple[object, int, int]]) -> float | None:
    counts = [(mentions, total) for _, mentions, total in weeks]
    heard = sum(total for _, total in counts)
    return round(sum(mentions for mentions, _ in counts) / heard, 4) if heard else None
