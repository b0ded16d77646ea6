"""Plain transcripts: `Klant: …`, `Agent (Sam): …`, `KLANT - …`, with headers and time stamps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta, tzinfo

from klankbord.sources.conversation import Conversation, Turn
from klankbord.sources.dates import DateReader, zone
from klankbord.sources.personal import is_personal_name, is_personal_text
from klankbord.sources.roles import language_code
from klankbord.sources.text_encoding import clean, undecodable
from klankbord.sources.voices import role_of, voice_words

_NO_SPEAKER = "tekst zonder spreker"
_UNDECODABLE = "regel bevat tekens die niet te lezen zijn"
_STAMP = re.compile(
    r"^[\[(]?(?:(?P<hours>\d{1,2}):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{2})(?:[.,]\d{1,3})?[\])]?"
    r"\s*(?:-\s*)?"
)
_COLON = re.compile(r"^(?P<speaker>[^:\n]{1,60}?)\s*:(?:\s+|$)(?P<text>.*)$", re.DOTALL)
_DASH = re.compile(r"^(?P<speaker>[^\s:–-][^:–-]{0,58}?)\s+[-–]\s+(?P<text>.*)$", re.DOTALL)
_HEADED = re.compile(r"^(?P<name>[A-Za-zÀ-ÿ_/ -]{2,30}?)\s*[:#]\s*(?P<value>.*)$")
_DATED = re.compile(r"^(?P<name>[A-Za-zÀ-ÿ ]{2,20}?)\s+(?:van\s+|op\s+)?(?P<value>\d.{5,40})$")
_RULE = re.compile(r"^[-=_*#~]{3,}$")
_NAME = re.compile(r"^[A-ZÀ-Ý][\w.'’-]*(?: [\w.'’-]+){0,4}$")
_NUMBER = re.compile(r"^#?[A-Za-z]{0,5}-?\d{1,20}$")
_SAMPLED = 400
_PERSONAL = "personal"
_BEGINS = ("date", "customer_id", "conversation")  # header lines that begin a conversation


@dataclass(frozen=True)
class Style:
    """How speakers are marked in a file: by role words, or only by these names."""

    names: frozenset[str] = frozenset()


def recognise(lines: Iterable[str]) -> Style | None:
    """Return the style when the first lines are a transcript, else None."""
    filled = [line.strip() for _, line in zip(range(_SAMPLED), lines, strict=False) if line.strip()]
    if not filled:
        return None
    by_role = sum(split_turn(line, Style()) is not None for line in filled)
    first = filled[0].lstrip("\ufeff")
    starts = split_turn(first, Style()) or header_line(first) or _RULE.match(first)
    if by_role and (starts or by_role >= 0.5 * len(filled)):
        return Style()
    names: Counter[str] = Counter()
    headed = 0
    for line in filled:
        above = header_line(line)
        if above or _RULE.match(line):
            headed += above is None or above[0] != _PERSONAL
            continue
        match = _COLON.match(_STAMP.sub("", line, count=1))
        if match and _NAME.match(match["speaker"]):
            names[match["speaker"]] += 1
    repeated = frozenset(name for name, count in names.items() if count >= 2 or headed)
    marked = sum(names[name] for name in repeated)
    if len(names) >= 2 and len(repeated) >= 2 and marked >= 0.6 * (len(filled) - headed):
        return Style(names=frozenset(names))
    return None


def split_turn(line: str, style: Style) -> tuple[str, str, re.Match[str] | None] | None:
    """Return (speaker, text, match of the time stamp) when `line` begins a turn, else None."""
    stamp = _STAMP.match(line)
    body = line[stamp.end() :] if stamp else line
    for pattern in (_COLON, _DASH):
        match = pattern.match(body)
        if match is None:
            continue
        speaker = match["speaker"].strip()
        known = role_of(speaker) is not None
        named = pattern is _COLON and (
            speaker in style.names or (stamp is not None and _NAME.match(speaker) is not None)
        )
        if known or named:
            return speaker, match["text"].strip(), stamp
    return None


def header_line(line: str) -> tuple[str, str, str] | None:
    """Return (what it announces, its name, its value) when `line` stands above a conversation."""
    words = voice_words().headers
    for pattern in (_HEADED, _DATED):
        match = pattern.match(line)
        if match and pattern is _HEADED and _is_about_a_person(match["name"]):
            return _PERSONAL, match["name"].strip(), match["value"].strip()
        if match and match["name"].strip().casefold() in words:
            name = match["name"].strip()
            kind = words[name.casefold()]
            if pattern is _DATED and kind != "date":
                continue
            return kind, name, match["value"].strip()
    return None


def _is_about_a_person(name: str) -> bool:
    known = name.strip().casefold() in voice_words().headers or role_of(name) is not None
    return not known and is_personal_name(name.strip())


def left_out(lines: Iterable[str], style: Style) -> tuple[str, ...]:
    """Return the names of the header lines that are not kept, since they point at a person."""
    names: dict[str, None] = {}
    above = True
    for line in lines:
        headed = header_line(line.strip())
        if headed and headed[0] in _BEGINS:
            above = True
        elif headed and headed[0] == _PERSONAL and above:
            names[headed[1]] = None
        elif split_turn(line.strip(), style):
            above = False
    return tuple(names)


def conversations(lines: Iterable[str], style: Style, timezone: str) -> Iterator[Conversation]:
    """Yield the conversations in a transcript; a header after a turn begins the next one."""
    dates = DateReader(timezone)
    place = zone(timezone)
    current = Conversation()
    for row, raw in enumerate(lines, start=1):
        line = raw.replace("\x00", "").strip().lstrip("\ufeff\u200e").strip()
        if not line or _RULE.match(line):
            continue
        if undecodable(line):
            current.turns.append(Turn(row, "", [clean(line)], fault=_UNDECODABLE))
            continue
        headed = header_line(line)
        turn = split_turn(line, style)
        if headed and not (turn and role_of(turn[0])):
            if current.turns and headed[0] in _BEGINS:
                yield current
                current = Conversation()
            if not current.turns:
                apply_header(current, headed, dates, place)
                continue
        if turn:
            speaker, text, stamp = turn
            at, short = _duration(stamp), stamp is not None and stamp["hours"] is None
            current.turns.append(Turn(row, speaker, [text], at, short=short))
        elif current.turns and not current.turns[-1].fault:
            current.turns[-1].lines.append(line)
        else:
            current.turns.append(Turn(row, "", [line], fault=_NO_SPEAKER))
    if current.turns:
        yield current


def apply_header(
    conversation: Conversation, headed: tuple[str, str, str], dates: DateReader, place: tzinfo
) -> None:
    """Store what a header line says in `conversation`."""
    kind, name, value = headed
    if kind == "customer_id":
        conversation.customer_id = value or None
    elif kind == "conversation":
        conversation.own_id = value[:100]
    elif kind == "channel":
        conversation.channel = value
    elif kind == "language":
        conversation.language = language_code(value)
    elif kind == "date":
        moment = dates.utc(value)
        if moment is None and _NUMBER.match(value):
            conversation.own_id = value
        elif moment is None and value:
            conversation.bad_date = name
        elif moment is not None:
            conversation.started_at = moment.astimezone(place)
            conversation.has_time = ":" in value
    elif kind == "time" and conversation.started_at is not None:
        stamp = _STAMP.match(value if value.count(":") > 1 else f"{value}:00")
        if stamp and not conversation.has_time:
            conversation.started_at += _duration(stamp) or timedelta(0)
            conversation.has_time = True
    elif kind != _PERSONAL and not is_personal_text(value):
        conversation.attributes[name.lower()] = value


def _duration(stamp: re.Match[str] | None) -> timedelta | None:
    if stamp is None:
        return None
    return timedelta(
        hours=int(stamp["hours"] or 0), minutes=int(stamp["minutes"]), seconds=int(stamp["seconds"])
    )
