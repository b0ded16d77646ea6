"""Personal data that has a form: everything but names.

Finders read the text one after another, the surest first. What one has found, or what is a date,
a price or a measure, is blank to those behind it, so that no two claim the same characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import numpy as np

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
from klankbord.privacy.screening import Screen, is_screened


@dataclass(frozen=True, eq=False)
class _Finder:
    """A function that finds personal data, and the patterns of which it asks one to match."""

    find: Callable[[str], list[Span]]
    starts: Sequence[str]


_EMAILS = _Finder(internet.emails, ("email.written", "worth.spoken_email email.spoken"))
_URLS = _Finder(internet.urls, ("url.written",))
_BANK_ACCOUNTS = _Finder(
    official_numbers.bank_accounts,
    ("iban.form", "iban.foreign", "worth.spoken_iban iban.spoken", "worth.bank iban.cued"),
)
_BIRTH_DATES = _Finder(
    birth_dates.birth_dates,
    [f"worth.{gate} birth.{way}" for gate, ways in birth_dates.WAYS.items() for way in ways],
)
_SPOKEN = _Finder(spoken.numbers, ("worth.spoken_number spoken.run",))
_IN_WORDS_TOO = ("address.street_in_words", "worth.named_in_words address.named_in_words")

# a name alone stands for a pattern of what is not personal
_IN_WORDS: tuple[_Finder | str, ...] = (
    _EMAILS,
    _URLS,
    _BANK_ACCOUNTS,
    _BIRTH_DATES,
    _SPOKEN,
    _Finder(addresses.streets_in_words, _IN_WORDS_TOO),
)
_WITH_DIGITS: tuple[_Finder | str, ...] = (
    _EMAILS,
    _URLS,
    _BANK_ACCOUNTS,
    _BIRTH_DATES,
    "early",
    "catalogue",
    _Finder(
        official_numbers.cued_citizen_numbers, ("worth.bsn bsn.cued", "worth.bsn bsn.reversed")
    ),
    _Finder(telephone.numbers, ("phone.international", "phone.national")),
    _Finder(
        addresses.addresses,
        (
            *("postcode.form", "postcode.spelled", "address.old_town", "address.with_addition"),
            *("address.with_article", "worth.named_street address.named"),
            *("worth.foreign_street address.foreign", "worth.named_street address.lower_named"),
            *("address.street address.street_end", *_IN_WORDS_TOO),
        ),
    ),
    _Finder(
        licence_plates.plates,
        ("worth.plate worth.plate_form", "licence_plate.foreign", "licence_plate.german"),
    ),
    "late",
    _SPOKEN,
    _Finder(telephone.cued_numbers, ("worth.phone phone.cued",)),
    _Finder(
        order_numbers.cued_numbers,
        [f"worth.several_digits numbers.{way}" for way in order_numbers.WAYS],
    ),
    _Finder(telephone.slips, ("phone.slip",)),
    _Finder(official_numbers.bare_citizen_numbers, ("bsn.form",)),
    _Finder(
        order_numbers.long_numbers,
        ("numbers.long", "worth.six_digits numbers.mixed", "numbers.dashed"),
    ),
)
_FINDERS = frozenset(step for step in (*_IN_WORDS, *_WITH_DIGITS) if isinstance(step, _Finder))


def find(text: str) -> list[Span]:
    """Return the personal data in a text, names left out, in order and without overlap."""
    return _found(text, _FINDERS)


def find_all(texts: Sequence[str]) -> list[list[Span]]:
    """Return what `find` does of each text, without reading what cannot hold anything."""
    found: list[list[Span]] = [[] if is_screened(text) else find(text) for text in texts]
    worth = Screen(texts).may(("worth.digits", "worth.words", "worth.words_for_numbers"))
    places = np.flatnonzero(worth).tolist()
    screen = Screen([texts[place] for place in places])
    finders = tuple(_FINDERS)
    may = np.array([screen.may(finder.starts) for finder in finders])
    for at in np.flatnonzero(may.any(axis=0)).tolist():
        text = texts[places[at]]
        if is_screened(text):
            chosen = {finders[of] for of in np.flatnonzero(may[:, at]).tolist()}
            found[places[at]] = _found(text, chosen)
    return found


def _found(text: str, finders: Set[_Finder]) -> list[Span]:
    """Return what these finders find; one that would find nothing may be left out."""
    digits = mentions("digits", text)
    if not (digits or mentions("words", text) or mentions("words_for_numbers", text)):
        return []
    reading, found = plain(text), []
    steps = _WITH_DIGITS if digits else _IN_WORDS
    last = max((at for at, step in enumerate(steps) if step in finders), default=-1)
    for step in steps[: last + 1]:
        if isinstance(step, str):
            if step != "catalogue" or mentions(step, reading):
                reading = pattern("not_personal", step).sub(_blank, reading)
        elif step in finders and (spans := step.find(reading)):
            found += spans
            reading = blanked(reading, spans)
    return sorted(found, key=lambda span: span.start)


def _blank(found: re.Match[str]) -> str:
    return BLANK * len(found[0])
