"""From the complaints in each theme to what is told about it: size, course, value, quotes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from klankbord.arrays import encode as encode_values
from klankbord.records import Theme
from klankbord.themes.complaints import Complaints, Voices
from klankbord.themes.label import Mentions, choose_quotes, evidence
from klankbord.themes.trend import Trend

MAX_EVIDENCE = 50


@dataclass(frozen=True)
class Draft:
    """A theme before it is counted: the complaints in it."""

    theme_id: str
    parent_id: str | None
    label: str
    keywords: tuple[str, ...]
    owner: str
    members: np.ndarray  # places in Complaints
    typicality: np.ndarray
    found_at: date | None = None  # of a theme that is no code
    pinned: bool = False


class Worth:
    """What the customers behind pieces of feedback are worth together."""

    def __init__(self, voices: Voices, values: Mapping[str, float]) -> None:
        customers, self._customer = encode_values(voices.customer_id)
        known = [values.get(customer, math.nan) for customer in customers.to_pylist()]
        self._of_customer = np.array(known, dtype=float)
        self._of_row = voices.worth

    def of(self, rows: np.ndarray) -> float | None:
        """Return the summed value behind `rows`; None where none is known.

        Feedback without a customer counts as a customer of its own.
        """
        customer = self._customer[rows]
        named = self._of_customer[np.unique(customer[customer >= 0])]
        values = np.concatenate([named, self._of_row[rows[customer < 0]]])
        values = values[np.isfinite(values)]
        return math.fsum(values) if len(values) else None


def count(
    drafts: Sequence[Draft],
    complaints: Complaints,
    voices: Voices,
    courses: Sequence[Trend],
    worth: Worth,
) -> tuple[Theme, ...]:
    """Return the themes, heads by mentions with their sub-themes behind them."""
    complaining = len(np.unique(complaints.feedback))
    themes = []
    for draft, course in zip(drafts, courses, strict=True):
        owner, at = complaints.feedback[draft.members], pa.array(draft.members)
        rows = np.unique(owner)
        said = Mentions(
            complaints.feedback_id.take(at),
            complaints.text.take(at),
            draft.typicality,
            complaints.valence[draft.members],
            voices.received_at[owner],
            voices.channel.take(pa.array(owner)),
            complaints.tone.take(at),
        )
        quotes = choose_quotes(said)
        themes.append(
            Theme(
                theme_id=draft.theme_id,
                parent_id=draft.parent_id,
                label=draft.label,
                keywords=draft.keywords,
                mentions=len(rows),
                share=len(rows) / complaining,
                trend=course.verdict,
                trend_p=course.p,
                weekly=course.weekly,
                value_eur=worth.of(rows),
                owner=draft.owner,
                quotes=quotes,
                evidence=evidence(said, quotes, MAX_EVIDENCE),
                found_at=draft.found_at,
                pinned=draft.pinned,
            )
        )
    heads = {theme.theme_id: theme for theme in themes if theme.parent_id is None}

    def place(theme: Theme) -> tuple[int, str, bool, int, str]:
        head = heads[theme.parent_id or theme.theme_id]
        is_sub = theme.parent_id is not None
        return -head.mentions, head.theme_id, is_sub, -theme.mentions, theme.theme_id

    return tuple(sorted(themes, key=place))
