"""What customers said of each theme, beside the quotes that stand for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import places, to_numpy
from klankbord.records import Quote, Theme
from klankbord.report.model import QuoteText
from klankbord.report.quotes import quote_text
from klankbord.report.wording import Wording
from klankbord.schema import Tone

MOST_VERBATIMS = 12  # per theme, beside its quotes: keeps the page of 60 themes under 2 MB
_LONGEST = 320  # characters; of longer feedback the segment about the theme is shown
_LOOKED_AT = 4 * MOST_VERBATIMS  # equal texts are passed over


def verbatims(
    feedback: pa.Table, segments: pa.Table, themes: Sequence[Theme], wording: Wording
) -> dict[str, tuple[QuoteText, ...]]:
    """Return the latest mentions per theme, each text once and none that is a quote already.

    A mention of a sub-theme is one of its head.
    """
    ordered = sorted(themes, key=lambda theme: theme.theme_id)
    theme, row, segment = _mentions(feedback, segments, ordered)
    ends = np.searchsorted(theme, np.arange(len(ordered) + 1))
    latest = np.flatnonzero(np.arange(len(theme)) - ends[theme] < _LOOKED_AT)
    quotes = _quotes(feedback, segments, row[latest], segment[latest])
    ends = np.searchsorted(theme[latest], np.arange(len(ordered) + 1))
    return {
        record.theme_id: _chosen(record, quotes[ends[at] : ends[at + 1]], wording)
        for at, record in enumerate(ordered)
    }


def _mentions(
    feedback: pa.Table, segments: pa.Table, themes: Sequence[Theme]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return place of the theme, row and first segment of each mention, the latest first."""
    place = {theme.theme_id: at for at, theme in enumerate(themes)}
    head = np.array([place.get(theme.parent_id or "", -1) for theme in themes], dtype=np.int64)
    at = pc.index_in(segments["theme_id"], value_set=pa.array(list(place), pa.string()))
    known = np.flatnonzero(to_numpy(pc.is_valid(at)))
    theme = to_numpy(at.drop_null()).astype(np.int64)
    rows = places(segments["feedback_id"].filter(pc.is_valid(at)), feedback["feedback_id"])
    there = rows >= 0
    theme, rows, known = theme[there], rows[there], known[there]
    above = head[theme] if len(theme) else theme
    theme = np.concatenate([theme, above[above >= 0]])
    rows = np.concatenate([rows, rows[above >= 0]])
    segment = np.concatenate([known, known[above >= 0]])
    received = feedback["received_at"].cast(pa.int64())
    when = to_numpy(pc.fill_null(received, np.iinfo(np.int64).min))[rows]
    order = np.lexsort((segment, rows, -when.astype(np.float64), theme))
    theme, rows, segment = theme[order], rows[order], segment[order]
    first = np.ones(len(theme), dtype=bool)
    first[1:] = (theme[1:] != theme[:-1]) | (rows[1:] != rows[:-1])
    return theme[first], rows[first], segment[first]


def _quotes(
    feedback: pa.Table, segments: pa.Table, row: np.ndarray, segment: np.ndarray
) -> list[Quote]:
    said = feedback.select(["feedback_id", "verbatim", "received_at", "channel"]).take(
        pa.array(row)
    )
    parts = segments.select(["text", "tone"]).take(pa.array(segment))
    return [
        Quote(
            whole["feedback_id"],
            whole["verbatim"] if len(whole["verbatim"]) <= _LONGEST else part["text"],
            whole["received_at"] and whole["received_at"].replace(tzinfo=UTC),
            whole["channel"],
            Tone(part["tone"]) if part["tone"] else None,
        )
        for whole, part in zip(said.to_pylist(), parts.to_pylist(), strict=True)
    ]


def _chosen(theme: Theme, quotes: Sequence[Quote], wording: Wording) -> tuple[QuoteText, ...]:
    shown = {quote.feedback_id for quote in theme.quotes}
    texts = {quote.text.strip().casefold() for quote in theme.quotes}
    chosen: list[QuoteText] = []
    for quote in quotes:
        text = quote.text.strip().casefold()
        words = quote_text(quote, wording, _LONGEST)
        if words is None or quote.feedback_id in shown or text in texts:
            continue
        texts.add(text)
        chosen.append(words)
        if len(chosen) == MOST_VERBATIMS:
            break
    return tuple(chosen)
