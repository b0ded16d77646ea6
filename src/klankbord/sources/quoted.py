"""A sender's own words in a mail: without quoted history, signature and disclaimer.

Not mail-parser-reply, which leaves Dutch history standing, cuts what follows a list dash and needs
over 20 s for 20,000 characters of "Op "; the phrases are in `quoted.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from klankbord.sources.quoted_words import (
    closes,
    header_kind,
    is_disclaimer,
    is_footer,
    is_reply_above,
    is_separator,
    quoted_words,
    signs,
)

_LINE_END = re.compile("\r\n|\n|\r")
_AROUND = " \t\f\v\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u202f\u2060\ufeff*_"
_BLANK_LINES = re.compile("(?:\r\n|\n|\r){3,}")
_LETTER = re.compile(r"[^\W_]")
_QUOTE = re.compile(r"[\s\ufeff]*+>")
_MORE_THAN = re.compile(r"\s*+>\s?[=€$]?\s?\d")
_MOST_LINES = 10_000
_LONGEST_KEY = 400  # characters of a line that are looked at
_DECORATION = re.compile(r"[\s\u00a0*_=~#.>-]*+")
_ADDRESS = re.compile(r"[^\s<>]@[^\s<>]")
_TIME = re.compile(r"\d{1,2} ?[:.h] ?\d{2}\b")
_DAY = re.compile(r"\b(?:19|20)\d{2}\b|\b\d{1,2}[-./]\d{1,2}[-./]\d{2,4}\b")
_DIGIT = re.compile(r"\d")
_LONGEST_FIELD = 2_000
_SIGNATURE_MARKS = ("--", "—", "–")
_ATTRIBUTION_LINES = 4
_LONGEST_TAIL = 200  # characters between the verb of an attribution and its colon
_HEADER_LINES = 16
_SIGNATURE_LINES = 30
_PARAGRAPH_LINES = 3  # of a paragraph, that tell whether it is a disclaimer


def own_words(text: str) -> str:
    """Return the lines of `text` that its sender wrote, in order.

    Lines between quoted lines are the sender's. A mail with no line of its own keeps its
    signature, or else all of its text. Below 10,000 lines only "> " tells what is quoted.
    """
    lines = _LINE_END.split(_BLANK_LINES.sub("\n\n", text))
    if not _LETTER.search(text):
        return "\n".join(line for line in lines if line.strip())
    for without_signature in (True, False):
        mail = _Mail(lines[:_MOST_LINES])
        kept, whole = mail.own(without_signature=without_signature)
        if whole:
            kept += [line for line in lines[_MOST_LINES:] if not line.startswith(">")]
        if kept := _trimmed(kept):
            return "\n".join(kept)
    return "\n".join(_trimmed(lines))


def header_blocks(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where unquoted "Van: … Verzonden: …" lines begin and end, the end excluded."""
    mail = _Mail(lines)
    at = 0
    while at < len(lines):
        maybe = ":" in lines[at] and not mail.is_quoted(at)
        end = mail.header_block(at) if maybe else 0
        if end:
            yield at, end
        at = end or at + 1


def header_fields(lines: Sequence[str]) -> dict[str, str]:
    """Return what a block of header lines says, by kind: from, sent, date, to, cc, subject."""
    names = quoted_words()
    found: dict[str, str] = {}
    kind = ""
    for line in lines:
        text = line.strip(_AROUND)[:_LONGEST_FIELD]
        lowered = text.lower()
        mark = names.header.match(lowered)
        if mark is None or len(lowered) != len(text):
            found[kind] = f"{found.get(kind, '')} {text}".strip()
            continue
        marks = list(names.header.finditer(lowered)) if lowered.count(":") > 2 else [mark]
        marks = marks if len(marks) > 2 else [mark]  # several header lines on one
        ends = [after.start() for after in marks[1:]] + [len(text)]
        for mark, end in zip(marks, ends, strict=True):
            kind = names.headers[mark["name"]]
            found.setdefault(kind, text[mark.end() : end].strip(_AROUND))
    return found


def has_history(lines: Sequence[str]) -> bool:
    """Tell whether some of `lines` stand above a quoted mail, as mail programs write them."""
    mail = _Mail(lines)
    return any(mail.key(at) and mail.history(at, quoted=True) for at in range(len(lines)))


class _Mail:
    """The lines of a mail; every question about one looks at a bounded number of others."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._keys: list[str | None] = [None] * len(lines)
        self._headers: list[str | None] = [None] * len(lines)
        self._quoted = _quoted(lines)
        self._kept: list[str] = []
        self._said = False
        self._unsigned_until = 0  # below thanks that stand in the text

    def key(self, at: int) -> str:
        """Return what line `at` is compared by."""
        key = self._keys[at]
        if key is None:
            key = self._keys[at] = _key(self.lines[at])
        return key

    def is_quoted(self, at: int) -> bool:
        """Tell whether line `at` begins with ">"."""
        return self._quoted[at]

    def _header(self, at: int) -> str:
        kind = self._headers[at]
        if kind is None:
            kind = self._headers[at] = header_kind(self.key(at))
        return kind

    def own(self, *, without_signature: bool) -> tuple[list[str], bool]:
        """Return the sender's lines, blank ones included, and whether no history ends them."""
        at, paragraph = 0, True
        while at < len(self.lines):
            if self._quoted[at] or not self.key(at):
                if not self._quoted[at]:
                    self._kept.append(self.lines[at])
                at, paragraph = at + 1, True
                continue
            end = self.history(at)
            if end == len(self.lines):
                return self._kept, False
            end = end or (self._added(at, paragraph=paragraph) if without_signature else 0)
            if not end:
                self._kept.append(self.lines[at])
                self._said = True
            at, paragraph = end or at + 1, bool(end)
        return self._kept, True

    def history(self, at: int, *, quoted: bool = False) -> int:
        """Return where the sender's words go on when history begins at `at`, else 0.

        With `quoted` a line may be quoted itself.
        """
        key = self.key(at)
        if is_reply_above(key):
            return len(self.lines) if self._said else at + 1
        if is_separator(key):
            return len(self.lines)
        end = self.header_block(at) or self._attribution(at, quoted=quoted)
        if not end:
            return 0
        below = self._next_filled(end)
        return below if below < len(self.lines) and self._quoted[below] else len(self.lines)

    def header_block(self, at: int) -> int:
        """Return the index after the header lines at `at`, 0 where these are none."""
        first = self._header(at)
        if first in ("", "cc"):
            return 0
        if self.key(at).count(":") > 2:
            on_one_line = self._header_kinds(self.key(at))
            if {"from", "subject"} <= on_one_line and len(on_one_line) > 2:
                return at + 1
        kinds, last, last_key, place = {first}, first, self.key(at), at + 1
        while place < min(len(self.lines), at + _HEADER_LINES):
            key = self.key(place)
            kind = self._header(place) if key else ""
            goes_on = (last_key.endswith(":") and last != "subject") or (
                last in ("to", "cc") and ("@" in key or ";" in key)
            )
            if kind and (kind not in kinds or kind == "cc"):
                kinds.add(kind)
                last, last_key = kind, key
            elif key and not kind and goes_on:
                last_key = key
            elif key or not (place + 1 < len(self.lines) and self._header(place + 1)):
                break
            place += 1
        enough = "sent" in kinds or len(kinds & {"date", "to", "cc", "subject"}) > 1
        return place if "from" in kinds and enough else 0

    @staticmethod
    def _header_kinds(key: str) -> set[str]:
        words = quoted_words()
        return {words.headers[match["name"]] for match in words.header.finditer(key)}

    def _attribution(self, at: int, *, quoted: bool) -> int:
        """Return the index after "Op … schreef …:", over at most four lines, at `at`, else 0."""
        opened = self._opens(at)
        if opened and self._quotes_on_one_line(self.key(at)):
            return at + 1
        last = min(at + (_ATTRIBUTION_LINES if opened else 1), len(self.lines))
        for place in range(at, last):
            if not self.key(place) or (self._quoted[place] and not quoted):
                return 0
            if place > at and self._opens(place):
                return 0
            if self.key(place).endswith(":"):
                joined = " ".join(map(self.key, range(at, place + 1)))
                return place + 1 if self._is_attribution(joined, place + 1, opened=opened) else 0
        return 0

    @staticmethod
    def _quotes_on_one_line(key: str) -> bool:
        """Tell whether the quoted words stand on the line of the attribution itself."""
        verb = quoted_words().verbs.search(key)
        if verb is None or quoted_words().told.search(key):
            return False
        head = key[: key.find(":", verb.end()) + 1]
        return all(mark.search(head) is not None for mark in (_ADDRESS, _DAY, _TIME))

    def _opens(self, at: int) -> bool:
        key = self.key(at)
        word = key.partition(" ")[0]
        return (word in quoted_words().openers and _DIGIT.search(key) is not None) or (
            key[:1].isdigit() and _DAY.match(key) is not None
        )

    def _is_attribution(self, joined: str, end: int, *, opened: bool) -> bool:
        words = quoted_words()
        addressed = _ADDRESS.search(joined) is not None
        if joined[0].isdigit() and joined.endswith(">:"):
            return addressed
        verb = words.verbs.search(joined)
        if verb is None or len(joined) - verb.end() > _LONGEST_TAIL:
            return False
        below = self._next_filled(end)
        if below < len(self.lines) and self._quoted[below]:
            return True
        if not opened or words.told.search(joined):
            return addressed
        return addressed or (_DAY.search(joined) is not None and _is_short_or_timed(joined))

    def _added(self, at: int, *, paragraph: bool) -> int:
        """Return the index after a footer, signature or disclaimer at `at`, else 0."""
        key, line = self.key(at), self.lines[at]
        if is_footer(key):
            return at + 1
        if self._said and line.strip() in _SIGNATURE_MARKS:
            return self._signature(at + 1, marked=True)
        if self._said and closes(key, line):
            return self._signature(at + 1, marked=False)
        if self._said and paragraph and (end := self._disclaimer(at)):
            return end
        if at >= self._unsigned_until and key.rstrip(" ,.!") in quoted_words().thanks:
            end = self._signature(at + 1, marked=False)
            if self._ends(self._next_filled(end)):
                self._kept.append(line)
                self._said = True
                return end
            self._unsigned_until = end
        return 0

    def _ends(self, at: int) -> bool:
        return at == len(self.lines) or self._quoted[at] or self.history(at) > 0

    def _signature(self, start: int, *, marked: bool) -> int:
        """Return the index of the first line from `start` that is no signature."""
        at, count = start, 0
        last = min(len(self.lines), start + _SIGNATURE_LINES)
        while at < last:
            key, line = self.key(at), self.lines[at]
            if not key or _DECORATION.fullmatch(key):
                at += 1
                continue
            if self._quoted[at] or self.history(at):
                break
            if is_footer(key) or closes(key, line) or signs(key, line, first=not count):
                at, count = at + 1, count + 1
            elif end := self._disclaimer(at):
                at = end
            elif marked and len(line.split()) < 6 and not key.endswith(("!", "?")):
                at, count = at + 1, count + 1
            else:
                break
        return at

    def _disclaimer(self, at: int) -> int:
        """Return the index after a disclaimer of any number of paragraphs at `at`, else 0."""
        end = 0
        while at < len(self.lines) and not self._quoted[at]:
            said = " ".join(map(self.key, range(at, min(at + _PARAGRAPH_LINES, len(self.lines)))))
            if not (is_disclaimer(said) or (end and quoted_words().more.search(said))):
                break
            while at < len(self.lines) and self.key(at) and not self._quoted[at]:
                at += 1
            end, at = at, self._next_filled(at)
        return end

    def _next_filled(self, at: int) -> int:
        while at < len(self.lines) and not self.key(at):
            at += 1
        return at


def _key(line: str) -> str:
    if not line or line.isspace():
        return ""
    key = line[:_LONGEST_KEY].replace("\u00a0", " ").lstrip(_AROUND + ">").rstrip(_AROUND).lower()
    return key or (line.strip() if _QUOTE.match(line) is None and line.strip(_AROUND) else "")


def _quoted(lines: Sequence[str]) -> list[bool]:
    """Tell which lines begin with ">"; a lone ">100 euro" is no quotation."""
    marked = [">" in line and _QUOTE.match(line) is not None for line in lines]
    around = [False, *marked, False]
    return [
        mark and (around[at] or around[at + 2] or _MORE_THAN.match(lines[at]) is None)
        for at, mark in enumerate(marked)
    ]


def _is_short_or_timed(joined: str) -> bool:
    return _TIME.search(joined) is not None or len(joined.split()) <= 10


def _trimmed(lines: list[str]) -> list[str]:
    """Return lines without rules and blank lines at the ends, and no two blank ones together."""
    start, end = 0, len(lines)
    while end > start and _DECORATION.fullmatch(lines[end - 1]):
        end -= 1
    while start < end and not lines[start].strip():
        start += 1
    kept: list[str] = []
    for line in lines[start:end]:
        if line.strip() or (kept and kept[-1].strip()):
            kept.append(line)
    return kept
