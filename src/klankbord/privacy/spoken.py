"""Numbers said in words: "nul zes twaalf vierendertig zesenvijftig achtenzeventig"."""

from __future__ import annotations

import re

from klankbord.privacy.patterns import mentions, pattern
from klankbord.privacy.personal_data import PersonalData, Span, take_apart

_LONG = 7  # digits that need no cue
_CUED = 4
_WORDS = 2  # at least, or it is a number in digits with a word behind it
_REACH = 60  # characters before a number in which its cue may stand


def numbers(text: str) -> list[Span]:
    """Return numbers in words, long ones and those behind a cue."""
    if not mentions("spoken_number", text):
        return []
    found = []
    for run in pattern("spoken", "run").finditer(text):
        cue = pattern("spoken", "cue").match(text, max(0, run.start() - _REACH), run.start())
        digits, kind, end = _digits(run[0]), _kind(cue), run.end()
        letters = pattern("spoken", "letters").match(text, end)
        if digits == _CUED and letters and letters["house"]:
            found.append(Span(run.start(), letters.end(), PersonalData.POSTCODE))
        elif digits >= (_CUED if cue else _LONG):
            if kind is PersonalData.POSTCODE:
                end = letters.end() if letters else end
            found.append(Span(run.start(), end, kind))
    return take_apart(found)


def _digits(words: str) -> int:
    """Return about how many digits these words stand for; 0 where most of it is digits."""
    tokens = list(pattern("spoken", "token").finditer(words))
    spelled = [not token[0].isdigit() for token in tokens]
    if sum(spelled) < _WORDS and not spelled[0]:
        return 0
    return sum(
        1 + (token["two_digits"] is not None) if word else len(token[0])
        for token, word in zip(tokens, spelled, strict=True)
    )


def _kind(cue: re.Match[str] | None) -> PersonalData:
    """Return what the cue calls the number; without one it is taken for a telephone number."""
    named = next((name for name, said in cue.groupdict().items() if said), "") if cue else ""
    return PersonalData(named) if named else PersonalData.PHONE
