"""The forms a line takes that begins a turn of a plain transcript."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from klankbord.schema import AuthorRole
from klankbord.sources.voices import is_name, role_of

_CLOCK = r"(?:(?P<hours>\d{1,3}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{2})(?:[.,]\d{1,3})?"
_UNTIL = r"(?:\s?(?:-|–|-->)\s?(?:\d{1,3}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?)?"
_STAMP = re.compile(rf"[\[(]?{_CLOCK}{_UNTIL}[\])]?(?!:?\d)\s{{0,10}}(?:[-–|]\s{{0,10}})?")
_MARKED = re.compile(r"[:\t\[]|\s[-–]\s")  # without one of these no line begins a turn
_LEAD = re.compile(r"(?:\d{1,4}[.)]|[-–*•>])\s{1,10}|\*\*(?=[^*])")
_COLON = re.compile(
    r"(?P<speaker>[^:\n]{1,60}?)\s{0,10}:(?:\*\*)?(?:\s+|$)(?P<text>.*)$", re.DOTALL
)
_DASH = re.compile(r"(?P<speaker>[^\s:–-][^:–-]{0,58}?)\s{1,10}[-–]\s+(?P<text>.*)$", re.DOTALL)
_TAB = re.compile(r"(?P<speaker>[^\t:]{1,60})\t+(?P<text>[^\t]*)$", re.DOTALL)
_BRACKETS = re.compile(
    rf"\[(?P<speaker>[^\[\]:\n]{{1,60}})\]\s{{0,10}}(?:{_CLOCK}(?!:?\d))?\s{{0,10}}:?\s*(?P<text>.*)$",
    re.DOTALL,
)
_STAMP_AFTER = re.compile(
    r"(?P<speaker>[^:\n\[\]()<>]{1,60}?),?\s{1,10}[\[(]?" + _CLOCK + _UNTIL + r"[\])]?(?!:?\d)"
    r"(?:\s{0,10}[:–-](?:\s+|$)|\s+|$)(?P<text>.*)$",
    re.DOTALL,
)


@dataclass(frozen=True)
class Style:
    """How speakers are marked in a file: by role words, by these names, by letters."""

    names: frozenset[str] = frozenset()
    letters: Mapping[str, AuthorRole] = field(default_factory=dict)
    legend: frozenset[str] = frozenset()  # lines that tell what the letters mean
    above: bool = False  # a role may stand on a line of its own, above the words


class Opening(NamedTuple):
    """The beginning of a turn."""

    speaker: str
    text: str
    at: timedelta | None
    short: bool  # the stamp has two parts
    sure: bool  # marked in a way that prose is not


def stamp_of(line: str) -> tuple[timedelta, bool] | None:
    """Return the time in a line that is nothing but a stamp, and whether it has two parts."""
    match = _STAMP.fullmatch(line)
    return None if match is None else (_duration(match), match["hours"] is None)


def split_turn(line: str, style: Style) -> Opening | None:
    """Return what `line` begins when it begins a turn in this style, else None."""
    for found in openings(line):
        known = role_of(found.speaker) is not None or found.speaker in style.letters
        if known or found.speaker in style.names or (found.sure and is_name(found.speaker)):
            return found
    if style.above and role_of(line.rstrip(":")) is not None:
        return Opening(line.rstrip(":"), "", None, short=False, sure=False)
    return None


def openings(line: str) -> Iterator[Opening]:
    """Yield each way in which `line` can be read as the beginning of a turn."""
    if not _MARKED.search(line):
        return
    lead = _LEAD.match(line)
    for body in (line, line[lead.end() :]) if lead else (line,):
        yield from _readings(body)


def _readings(body: str) -> Iterator[Opening]:
    stamp = _STAMP.match(body)
    rest = body[stamp.end() :] if stamp else body
    at = _duration(stamp) if stamp and rest else None
    short = stamp is not None and stamp["hours"] is None
    if stamp and rest and len(rest) <= 60 and is_name(rest):
        yield Opening(rest, "", at, short, sure=False)
    if match := _BRACKETS.match(rest):
        yield _opening(match, at, short=short, sure=False)
    if match := _COLON.match(rest):
        speaker, text = match["speaker"].strip(), match["text"].strip()
        yield Opening(speaker, text, at, short, sure=stamp is not None)
        return
    if (match := _STAMP_AFTER.match(rest)) and is_name(match["speaker"].strip()):
        yield _opening(match, at, short=short, sure=False)
    for pattern in (_DASH, _TAB):
        if (match := pattern.match(rest)) and role_of(match["speaker"].strip()):
            yield Opening(match["speaker"].strip(), match["text"].strip(), at, short, sure=False)


def _opening(match: re.Match[str], at: timedelta | None, *, short: bool, sure: bool) -> Opening:
    if match["minutes"] is not None:
        at, short = _duration(match), match["hours"] is None
    return Opening(match["speaker"].strip(), match["text"].strip(), at, short, sure)


def _duration(match: re.Match[str]) -> timedelta:
    hours, minutes, seconds = match.group("hours", "minutes", "seconds")
    return timedelta(0, 3600 * int(hours or 0) + 60 * int(minutes) + int(seconds))
