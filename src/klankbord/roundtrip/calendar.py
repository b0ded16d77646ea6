"""Actions in a calendar (RFC 5545): one event of a whole day each, on the day it is due.

Events and no to-dos: Google Calendar and Outlook leave VTODO out when they import a file. An
action keeps its UID and counts up its SEQUENCE, so that a newer file updates the events of an
older one; a closed action is cancelled. The events block no time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from klankbord.cells import neutralise
from klankbord.records import Action
from klankbord.roundtrip import entries
from klankbord.roundtrip.rows import Facts

_LONGEST_LINE = 75  # octets, without the line end
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\t": " "})


def calendar(actions: Sequence[Action], facts: Facts) -> str:
    """Return the actions as the text of an .ics file."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//Klankbord//Klankbord//{facts.language.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(facts.texts('sheet.title'))}",
    ]
    for action in actions:
        lines += _event(action, facts)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _event(action: Action, facts: Facts) -> Iterable[str]:
    return (
        "BEGIN:VEVENT",
        f"UID:{_text(action.action_id)}@klankbord",
        f"DTSTAMP:{_day(facts.today)}T000000Z",
        f"SEQUENCE:{action.version}",
        f"DTSTART;VALUE=DATE:{_day(action.due)}",
        f"DTEND;VALUE=DATE:{_day(action.due + timedelta(days=1))}",
        f"SUMMARY:{_text(entries.title(action, facts))}",
        "DESCRIPTION:" + _text("\n".join(entries.lines(action, facts))),
        f"CATEGORIES:{_text(facts.texts.name('owner', action.owner))}",
        f"STATUS:{'CANCELLED' if action.closed else 'CONFIRMED'}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "END:VEVENT",
    )


def _day(day: date) -> str:
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


def _text(text: str) -> str:
    return neutralise(text).translate(_ESCAPES)


def _folded(line: str) -> Iterable[str]:
    """Cut a line into parts of at most 75 octets, never within a character."""
    part, size = "", 0
    for character in line:
        octets = len(character.encode("utf-8", "replace"))
        if size + octets > _LONGEST_LINE:
            yield part
            part, size = " ", 1
        part += character
        size += octets
    yield part
