"""A chat that a ticket keeps as one message: `(12:03:45) Naam: tekst`, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LINE = re.compile(
    r"^\((?:\d{1,2}[:.]){1,2}\d{2}(?:\s?[AP]\.?M\.?)?\)\s+(?:(?P<notice>\*{3}.*)"
    r"|(?P<speaker>[^:\n]{1,80}):(?:\s+|$)(?P<words>.*))$",
    re.IGNORECASE,
)
_HEADED_BY = 12  # lines that may stand above the first message
_LEAST = 2  # messages that make a chat


@dataclass
class Message:
    """What one of them wrote."""

    speaker: str
    lines: list[str] = field(default_factory=list)


def messages(text: str) -> tuple[list[Message], int] | None:
    """Return the messages in `text` and the number of notices; None where it is no chat."""
    found: list[Message] = []
    notices = 0
    for at, line in enumerate(text.splitlines()):
        match = _LINE.match(line.strip())
        if match is None and not found and not notices:
            if at >= _HEADED_BY:
                return None
        elif match is None:
            if found:
                found[-1].lines.append(line.strip())
        elif match["notice"]:
            notices += 1
        else:
            found.append(Message(match["speaker"].strip(), [match["words"].strip()]))
    return (found, notices) if len(found) >= _LEAST else None
