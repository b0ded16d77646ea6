"""Telephone numbers of any country; free and paid service numbers and 112 belong to nobody."""

from __future__ import annotations

import re

from klankbord.privacy.order_numbers import stands_behind_cue
from klankbord.privacy.patterns import mentions, pattern, spans_of
from klankbord.privacy.personal_data import PersonalData, Span, take_apart

_HOME, _HOME_DIGITS = "NL", 10
_NEIGHBOURS = ("BE", "DE", "FR", "GB")
_END = re.compile(r"[\doO](?![\doO])")


def numbers(text: str) -> list[Span]:
    """Return what is written as a telephone number and can be dialled."""
    return take_apart(
        Span(found.start(), found.start() + end, PersonalData.PHONE)
        for name, end_of in (("international", _end_abroad), ("national", _end_here))
        for found in pattern("phone", name).finditer(text)
        if (end := end_of(found[0])) and not stands_behind_cue(text, found.start())
    )


def cued_numbers(text: str) -> list[Span]:
    """Return what is called a telephone number and could not be dialled as it stands."""
    if not mentions("phone", text):
        return []
    return spans_of(pattern("phone", "cued"), text, PersonalData.PHONE)


def slips(text: str) -> list[Span]:
    """Return mobile numbers with a digit too few or too many."""
    return spans_of(pattern("phone", "slip"), text, PersonalData.PHONE)


def _end_abroad(written: str) -> int:
    """Return where the longest number with a country code ends; 0 without one."""
    return next((end for end in _ends(written) if _dialable(written[:end], _HOME)), 0)


def _end_here(written: str) -> int:
    """Return where a number of here ends, or else a spaced one of a neighbouring country."""
    ends = _ends(written)
    for end in ends:  # an area that is not in use is a slip, and still somebody's number
        if _digits(written[:end]) == _HOME_DIGITS:
            return end
    spaced = (end for end in ends if end > _digits(written[:end]) + 1)
    return next((end for end in spaced if _dialable_nearby(written[:end])), 0)


def _ends(written: str) -> list[int]:
    """Return where groups of digits end, the last first."""
    return [found.end() for found in _END.finditer(written)][::-1]


def _dialable_nearby(written: str) -> bool:
    return any(_dialable(written, region) for region in _NEIGHBOURS)


def _digits(written: str) -> int:
    return sum(character.isalnum() for character in written)


def _dialable(written: str, region: str) -> bool:
    import phonenumbers

    digits = re.sub(r"[oO]", "0", written)
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, region))
    except phonenumbers.NumberParseException:
        return False
