"""Numbers of customers and of orders, files, policies: by their cue words, or by sheer length."""

from __future__ import annotations

import re

from klankbord.privacy.patterns import mentions, pattern
from klankbord.privacy.personal_data import PersonalData, Span, take_apart

_CUE_REACH = 50  # characters
_NEAR = 40
# ways in which a cue and a number belong together, and the digits the number then needs
WAYS = {"numbered": 4, "bare": 4, "any_number": 5, "reversed": 4}


def cued_numbers(text: str) -> list[Span]:
    """Return numbers that a cue calls a customer's, an order's, a file's or just a number."""
    found: list[Span] = []
    if not mentions("several_digits", text):
        return found
    for way, fewest in WAYS.items():
        for cue in pattern("numbers", way).finditer(text):
            if _digits(cue["value"]) >= fewest:
                start, end = cue.span("value")
                start -= text[:start].endswith("#")
                found.append(Span(start, end, _kind(text, cue)))
    return take_apart(found)


def long_numbers(text: str) -> list[Span]:
    """Return numbers too long to count anything, whose ever they are."""
    if not mentions("several_digits", text):
        return []
    return take_apart(
        Span(*number.span(), _kind(text, number))
        for way in ("long", "mixed", "dashed")
        for number in pattern("numbers", way).finditer(text)
    )


def stands_behind_cue(text: str, at: int) -> bool:
    """Tell whether the word for a customer's or an order's number stands right before `at`."""
    return pattern("numbers", "stands_behind").search(text, max(0, at - _CUE_REACH), at) is not None


def _digits(code: str) -> int:
    """Return the digits in a number, capitals among them counting for digits."""
    capitals = sum(character.isupper() for character in code)
    digits = sum(character.isdigit() for character in code)
    return digits + min(capitals, 2) if digits > 1 else digits


def _kind(text: str, found: re.Match[str]) -> PersonalData:
    named = found.groupdict()
    if named.get("order"):
        return PersonalData.ORDER_NUMBER
    if named.get("customer") or pattern("numbers", "customer_near").search(
        text, max(0, found.start() - _NEAR), found.end()
    ):
        return PersonalData.CUSTOMER_NUMBER
    return PersonalData.ORDER_NUMBER
