"""E-mail addresses, written and spoken, and web addresses that lead to somebody's own page."""

from __future__ import annotations

import re

from klankbord.privacy.patterns import mentions, pattern, spans_of
from klankbord.privacy.personal_data import PersonalData, Span, take_apart

_WORD = re.compile(r"[\w.+'-]+")
_WORDS_BEFORE = 12  # at most, of a spoken address: "j punt de punt boer"
_LOOSE = 2  # of these so many that nothing joins: "sanne bakker apenstaartje"
_REACH = 120  # characters
_CLOSING = ".,;:!?)]}'\""


def emails(text: str) -> list[Span]:
    """Return e-mail addresses, also those written as "jan apenstaartje bedrijf punt nl"."""
    found = []
    if "@" in text:
        found += spans_of(pattern("email", "written"), text, PersonalData.EMAIL)
    signs = pattern("email", "spoken").finditer(text) if mentions("spoken_email", text) else ()
    for sign in signs:
        if (start := _local_part(text, sign.start())) < sign.start():
            found.append(Span(start, sign.end(), PersonalData.EMAIL))
    return take_apart(found)


def urls(text: str) -> list[Span]:
    """Return web addresses that carry a token, an id or an account; bare pages are not personal."""
    found = []
    for url in pattern("url", "written").finditer(text):
        written = url[0].rstrip(_CLOSING)
        if _leads_to_somebody(written):
            found.append(Span(url.start(), url.start() + len(written), PersonalData.URL))
    return found


def _leads_to_somebody(url: str) -> bool:
    path = re.split(r"(?<![/:])[/?#]", url, maxsplit=1)
    personal = len(path) > 1 and pattern("url", "personal").search("/" + path[1])
    return bool(personal or pattern("url", "social").match(url))


def _local_part(text: str, end: int) -> int:
    """Return where the part before a spoken @ begins: its last word, and what is joined to it."""
    offset = max(0, end - _REACH)
    words = list(_WORD.finditer(text, offset, end))[-_WORDS_BEFORE:]
    start, loose, last = end, 0, ""
    for word in reversed(words):
        if text[word.end() : start].strip():
            break
        spelled = len(word[0]) == 1 and len(last) <= 1
        joined = _is("joint", last) or _is("joint", word[0]) or spelled
        if last and not joined:
            loose += 1
            if loose > _LOOSE or _is("outside", word[0]):
                break
        start, last = word.start(), word[0]
    return start


def _is(name: str, word: str) -> bool:
    return pattern("email", name).fullmatch(word) is not None
