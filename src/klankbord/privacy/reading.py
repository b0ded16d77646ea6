"""Text made plain, character by character, and stretches of it made blank."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from klankbord.privacy.personal_data import Span

BLANK = "\ue000"  # neither letter, digit nor space: no pattern reads across it
_QUOTES = dict.fromkeys("‘’‚‛´′", "'")


def plain(text: str) -> str:
    """Return the text with plain digits, blanks, dashes and quotes, each where it stood."""
    return text if text.isascii() else text.translate(_PLAIN)


def blanked(text: str, spans: Iterable[Span]) -> str:
    """Return the text with these spans, in order and apart, made blank."""
    parts: list[str] = []
    last = 0
    for span in spans:
        parts += text[last : span.start], BLANK * (span.end - span.start)
        last = span.end
    return "".join(parts) + text[last:] if parts else text


class _Plain(dict[int, str]):
    """What `str.translate` asks for, worked out once per character."""

    def __missing__(self, code: int) -> str:
        self[code] = answer = _plain(chr(code))
        return answer


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category == "Pd":
        return "-"
    if category in ("Zs", "Cf"):
        return " "
    if character in _QUOTES:
        return "'"
    wide = unicodedata.normalize("NFKC", character)
    return wide if len(wide) == 1 else character


_PLAIN = _Plain()
