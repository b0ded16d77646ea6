"""Bank accounts and citizen service numbers: numbers with a check of their own."""

from __future__ import annotations

import re
from functools import cache

from klankbord.privacy.order_numbers import stands_behind_cue
from klankbord.privacy.patterns import entries, mentions, pattern, spans_of
from klankbord.privacy.personal_data import PersonalData, Span, take_apart
from klankbord.privacy.reading import blanked


def bank_accounts(text: str) -> list[Span]:
    """Return IBANs, those of abroad only where their check holds, and cued old account numbers."""
    found = spans_of(pattern("iban", "form"), text, PersonalData.IBAN)
    rest = blanked(text, found)
    for candidate in pattern("iban", "foreign").finditer(rest):
        if end := _end_of_iban(rest, candidate):
            found.append(Span(candidate.start(), end, PersonalData.IBAN))
    if mentions("spoken_iban", text):
        found += spans_of(pattern("iban", "spoken"), text, PersonalData.IBAN)
    if mentions("bank", text):
        found += spans_of(pattern("iban", "cued"), text, PersonalData.IBAN)
    return take_apart(found)


def cued_citizen_numbers(text: str) -> list[Span]:
    """Return numbers called a BSN, whether their check holds or not."""
    if not mentions("bsn", text):
        return []
    kind = PersonalData.BSN
    found = spans_of(pattern("bsn", "cued"), text, kind)
    return take_apart([*found, *spans_of(pattern("bsn", "reversed"), text, kind)])


def bare_citizen_numbers(text: str) -> list[Span]:
    """Return nine digits whose 11-test holds and that no cue claims for something else."""
    from stdnum.nl import bsn

    return [
        Span(*found.span(), PersonalData.BSN)
        for found in pattern("bsn", "form").finditer(text)
        if bsn.is_valid(found[0]) and not stands_behind_cue(text, found.start())
    ]


def _end_of_iban(text: str, candidate: re.Match[str]) -> int:
    """Return where a valid IBAN of the country that stands there ends; 0 without one."""
    from stdnum import iban

    length = _lengths().get(candidate["country"].upper())
    whole = length and _letters_and_digits(length).match(text, candidate.start())
    if not whole or not iban.is_valid(re.sub(r"\W", "", whole[0]), check_country=False):
        return 0
    return whole.end()


@cache
def _lengths() -> dict[str, int]:
    by_length = entries("iban")["lengths"].items()
    return {country: int(length) for length, countries in by_length for country in countries}


@cache
def _letters_and_digits(count: int) -> re.Pattern[str]:
    return re.compile(rf"(?:[A-Za-z\d][ .-]?){{{count - 1}}}[A-Za-z\d](?![A-Za-z\d])")
