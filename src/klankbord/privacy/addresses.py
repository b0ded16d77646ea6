"""Postcodes with their house numbers, and streets with theirs."""

from __future__ import annotations

import re

from klankbord.privacy.patterns import mentions, pattern, spans_of
from klankbord.privacy.personal_data import PersonalData, Span, take_apart
from klankbord.privacy.reading import blanked

_AROUND = 20  # characters that tell whether a text is all in capitals
_REACH = 60  # characters in which a cue or the first words of a street may stand


def addresses(text: str) -> list[Span]:
    """Return Dutch postcodes with the house number behind them, and streets with theirs."""
    found = [
        Span(*postcode.span(), PersonalData.POSTCODE)
        for postcode in pattern("postcode", "form").finditer(text)
        if _is_postcode(text, postcode)
    ]
    kind = PersonalData.ADDRESS
    found += spans_of(pattern("postcode", "spelled"), text, PersonalData.POSTCODE)
    found = take_apart(found)
    rest = blanked(text, found)
    found += [beside for code in found if (beside := _street_before(text, code.start))]
    if found:
        found += spans_of(pattern("address", "beside_postcode"), text, kind)
    for name in ("old_town", "with_addition", "with_article"):
        found += spans_of(pattern("address", name), rest, kind)
    for gate, name in (
        ("named_street", "named"),
        ("foreign_street", "foreign"),
        ("named_street", "lower_named"),
    ):
        if mentions(gate, rest):
            found += spans_of(pattern("address", name), rest, kind)
    for street in pattern("address", "street").finditer(rest):
        if _is_street(rest, street):
            found.append(Span(_first_word(rest, street.start()), street.end(), kind))
    return take_apart([*found, *streets_in_words(rest)])


def streets_in_words(text: str) -> list[Span]:
    """Return streets whose house number is a word: "kerkstraat twaalf"."""
    kind = PersonalData.ADDRESS
    found = [
        Span(_first_word(text, street.start()), street.end(), kind)
        for street in pattern("address", "street_in_words").finditer(text)
        if not _is("address", "not_streets", street["name"])
    ]
    if mentions("named_in_words", text):
        found += spans_of(pattern("address", "named_in_words"), text, kind)
    return take_apart(found)


def _street_before(text: str, postcode: int) -> Span | None:
    """Return the street that ends right before the place of a postcode."""
    reach = max(0, postcode - _REACH)
    street = pattern("address", "before_postcode").search(text, reach, postcode)
    if not street:
        return None
    start, end = street.span("value")
    lead = pattern("address", "leading").match(street["value"])
    return Span(start + (lead.end() if lead else 0), end, PersonalData.ADDRESS)


def _is_postcode(text: str, found: re.Match[str]) -> bool:
    """Tell a postcode from an amount, a year and a measure: "2024 en", "1500 km"."""
    letters, start = found["letters"], found.start()
    if _is("postcode", "never", letters):
        return False
    word, unit = _is("postcode", "words", letters), _is("postcode", "units", letters)
    if not word and not unit:
        return True
    if (found["house"] or not word or not found["gap"] or letters.isupper()) and pattern(
        "postcode", "cue"
    ).search(text, max(0, start - _REACH), start):
        return True
    if unit and letters.isupper() and _is("postcode", "no_amount", found["digits"]):
        reach = max(0, start - _REACH)
        ending = "behind_house_and_comma" if found["gap"] else "behind_house"
        if pattern("postcode", ending).search(text, reach, start):
            return True
    if unit:
        round_number = found["digits"].endswith("0") or _is("postcode", "plain_units", letters)
        return letters.isupper() and (found["house"] is not None or not round_number)
    around = text[max(0, start - _AROUND) : start] + text[found.end() : found.end() + _AROUND]
    return (letters.isupper() or not found["gap"]) and not around.isupper()


def _is_street(text: str, street: re.Match[str]) -> bool:
    """Tell a street from a word that ends like one: "onderweg 3 keer"."""
    name, start = street["name"], street.start()
    if not _is("address", "street_word", name):
        return False
    if _is("address", "not_streets", name):
        return name[0].isupper() and not _is("address", "never_streets", name)
    return (
        name[0].isupper()
        or _is("address", "clear", name)
        or pattern("address", "lower_cue").search(text, max(0, start - _REACH), start) is not None
    )


def _first_word(text: str, start: int) -> int:
    """Return where a street's name begins, from where its last word does."""
    reach = max(0, start - _REACH)
    before = pattern("address", "before").search(text, reach, start)
    if not before:
        return start
    lead = pattern("address", "leading").match(before[0])
    return before.start() + (lead.end() if lead else 0)


def _is(table: str, name: str, word: str) -> bool:
    return pattern(table, name).fullmatch(word) is not None
