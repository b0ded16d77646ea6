"""Personal data that has a form: everything but names.

Finders read the text one after another, the surest first. What one has found, or what is a date,
a price or a measure, is blank to those behind it, so that no two claim the same characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from klankbord.privacy import (
    addresses,
    birth_dates,
    internet,
    licence_plates,
    official_numbers,
    order_numbers,
    spoken,
    telephone,
)
from klankbord.privacy.patterns import mentions, pattern
from klankbord.privacy.personal_data import Span
from klankbord.privacy.reading import BLANK, blanked, plain

_Finder = Callable[[str], list[Span]]

# a name alone stands for a pattern of what is not personal
_IN_WORDS: tuple[_Finder | str, ...] = (
    internet.emails,
    internet.urls,
    official_numbers.bank_accounts,
    birth_dates.birth_dates,
    spoken.numbers,
    addresses.streets_in_words,
)
_WITH_DIGITS: tuple[_Finder | str, ...] = (
    internet.emails,
    internet.urls,
    official_numbers.bank_accounts,
    birth_dates.birth_dates,
    "early",
    "catalogue",
    official_numbers.cued_citizen_numbers,
    telephone.numbers,
    addresses.addresses,
    licence_plates.plates,
    "late",
    spoken.numbers,
    telephone.cued_numbers,
    order_numbers.cued_numbers,
    telephone.slips,
    official_numbers.bare_citizen_numbers,
    order_numbers.long_numbers,
)


def find(text: str) -> list[Span]:
    """Return the personal data in a text, names left out, in order and without overlap."""
    digits = mentions("digits", text)
    if not (digits or mentions("words", text) or mentions("words_for_numbers", text)):
        return []
    reading, found = plain(text), []
    for step in _WITH_DIGITS if digits else _IN_WORDS:
        if isinstance(step, str):
            if step != "catalogue" or mentions(step, reading):
                reading = pattern("not_personal", step).sub(_blank, reading)
        elif spans := step(reading):
            found += spans
            reading = blanked(reading, spans)
    return sorted(found, key=lambda span: span.start)


def _blank(found: re.Match[str]) -> str:
    return BLANK * len(found[0])
