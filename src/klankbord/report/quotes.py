"""Customers' own words, made safe and short enough to show."""

from __future__ import annotations

from klankbord.cells import neutralise
from klankbord.records import Quote
from klankbord.report.model import QuoteText
from klankbord.report.wording import Wording, shorten

_LENGTH = 420


def quote_text(quote: Quote | None, wording: Wording, length: int = _LENGTH) -> QuoteText | None:
    """Return the quote, at most `length` long, with its date and channel; None without words."""
    if quote is None or not quote.text.strip():
        return None
    parts = []
    if quote.received_at is not None:
        parts.append(wording.day(wording.local_day(quote.received_at)))
    parts.append(wording.label("channel", quote.channel))
    return QuoteText(
        text=shorten(quote.text, length),
        full_text=neutralise(quote.text).strip(),
        meta=" · ".join(parts),
        tone=str(quote.tone) if quote.tone else "",
        tone_label=wording.label("tone", quote.tone) if quote.tone else "",
        channel=quote.channel,
        channel_label=wording.label("channel", quote.channel),
    )
