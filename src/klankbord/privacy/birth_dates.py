"""Dates of birth: dates behind a cue, beside a relative, or so long ago that nothing else fits."""

from __future__ import annotations

from klankbord.privacy.patterns import mentions, pattern, spans_of
from klankbord.privacy.personal_data import PersonalData, Span, take_apart

# by what must be in the text for them
WAYS = {
    "birth": ("cued", "cued_in_words", "second", "born_in", "reversed"),
    "birthday": ("birthday",),
    "client": ("beside_client",),
    "full_date": ("in_brackets", "beside_relative", "of_date", "long_ago"),
    "spoken_date": ("spoken_long_ago",),
}


def birth_dates(text: str) -> list[Span]:
    """Return dates of birth in digits or in words; a date of an order is none."""
    found = []
    for gate, ways in WAYS.items():
        if mentions(gate, text):
            for way in ways:
                found += spans_of(pattern("birth", way), text, PersonalData.BIRTH_DATE)
    return take_apart(found)
