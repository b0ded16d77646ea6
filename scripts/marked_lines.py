"""Lines with personal data marked in place: `Bel <naam>Sanne</naam> op <telefoon>…</telefoon>`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from klankbord.privacy.personal_data import PersonalData, Span

_KINDS = "|".join(PersonalData)
_TAG = re.compile(rf"<(/?)({_KINDS})>")


@dataclass(frozen=True)
class MarkedLine:
    """A line without its tags, and what they marked."""

    text: str
    spans: tuple[Span, ...]


def read_lines(*paths: Path) -> list[MarkedLine]:
    """Return the lines of files with one marked line per line; empty lines are left out.

    Raises ValueError at a tag that is not closed, names no kind, or lies within another.
    """
    return [
        _read(line, f"{path.name}:{number}")
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if line.strip()
    ]


def marked(text: str, spans: Iterable[Span]) -> str:
    """Return the text with tags around spans that are in order and apart."""
    parts, last = [], 0
    for span in spans:
        inside = text[span.start : span.end]
        parts += text[last : span.start], f"<{span.kind}>{inside}</{span.kind}>"
        last = span.end
    return "".join(parts) + text[last:]


def read_line(line: str) -> MarkedLine:
    """Return a marked line as text and spans. Raises ValueError as `read_lines` does."""
    return _read(line, "line")


def _read(line: str, where: str) -> MarkedLine:
    parts, spans, last, length = [], [], 0, 0
    kind, start = "", 0
    for tag in _TAG.finditer(line):
        parts.append(before := line[last : tag.start()])
        last, length = tag.end(), length + len(before)
        closing, named = tag.groups()
        if bool(closing) != bool(kind) or (closing and named != kind):
            raise ValueError(f"{where}: tags do not pair")
        if closing:
            spans.append(Span(start, length, PersonalData(kind)))
            kind = ""
        else:
            kind, start = named, length
    if kind or re.search(r"</?[a-z]+>", line[last:]):
        raise ValueError(f"{where}: tags do not pair")
    return MarkedLine("".join([*parts, line[last:]]), tuple(spans))
