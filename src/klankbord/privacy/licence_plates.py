"""Licence plates: the Dutch series with their dashes, and others behind a cue."""

from __future__ import annotations

import re
from functools import cache

from klankbord.privacy.patterns import entries, mentions, pattern, spans_of
from klankbord.privacy.personal_data import PersonalData, Span, take_apart

_CUE_REACH = 60  # characters


def plates(text: str) -> list[Span]:
    """Return licence plates; those without dashes or of old series only behind a cue."""
    if not mentions("plate", text):
        return []
    found = [
        Span(*plate.span(), PersonalData.LICENCE_PLATE)
        for plate in _series().finditer(text)
        if not pattern("licence_plate", "not_plates").search(plate[0])
        and (plate["sure"] or _cued(text, *plate.span()))
    ]
    for way in ("foreign", "german"):
        found += spans_of(pattern("licence_plate", way), text, PersonalData.LICENCE_PLATE)
    return take_apart(found)


def _cued(text: str, start: int, end: int) -> bool:
    before = pattern("licence_plate", "cue").search(text, max(0, start - _CUE_REACH), start)
    return (
        before or pattern("licence_plate", "cue_behind").search(text, end, end + _CUE_REACH)
    ) is not None


@cache
def _series() -> re.Pattern[str]:
    """Return a pattern of all series, `sure` where dashes of a series now given out say enough."""
    now, old = (entries("licence_plate")[name] for name in ("series", "old_series"))
    dashed = "|".join(_written(series, "(?: ?- ?)") for series in now)
    dashed_once = "|".join(_written(series, "-") for series in old)
    dotted = "|".join(_written(series, "[.]") for series in now)
    glued = "|".join(_written(series, "") for series in now + old)
    spaced = "|".join(_written(series, " ") for series in now + old)
    return re.compile(
        rf"(?<![\w-])(?:(?P<sure>(?i:{dashed})|{dotted})|(?i:{dashed_once}|{glued})|{spaced})(?![\w-])"
    )


def _written(series: str, between: str) -> str:
    signs = {"X": "[A-Z]", "9": r"\d", "-": between}
    return "".join(signs[sign] for sign in series)
