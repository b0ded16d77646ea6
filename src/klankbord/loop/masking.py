"""Taking out of a few short texts what points at a person, before others read them.

Beyond what `klankbord.privacy` finds, every link, every long number and every word that stands
where a name would are taken out: what is taken out wrongly costs a word, so where a quote can be
chosen, take one in which nothing had to be masked.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from klankbord.language.stop_words import stop_words
from klankbord.loop.rules import rules
from klankbord.models.name_words import name_lists
from klankbord.placeholders import PLACEHOLDER
from klankbord.privacy import Span, find, numbers

_Finder: TypeAlias = Callable[[str], Sequence[Span]]

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?…:;]['’\")]*\s+$")
_NO_WORD = re.compile(r"\W*")
_TAKEN_OUT = re.compile("‹[^‹›]*›")
_JOINED = re.compile(r"\s+|-")
_BRACKET = re.compile(rf"(?=‹([a-z]+)){PLACEHOLDER.pattern}|[‹›]")


@dataclass(frozen=True)
class _Words:
    titles: frozenset[str]
    introductions: frozenset[str]
    particles: frozenset[str]
    verbs: frozenset[str]
    capitals: frozenset[str]


class _Brackets:
    """Where a text holds what was taken out of it."""

    def __init__(self, text: str) -> None:
        spans = [found.span() for found in _TAKEN_OUT.finditer(text)]
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def touch(self, start: int, end: int) -> bool:
        """Tell whether a bracket holds some of the text from `start` up to `end`."""
        at = bisect_right(self._ends, start)
        return at < len(self._ends) and self._starts[at] < end


def mask(text: str, language: str = "nl", *, capitals: bool = True) -> str:
    """Return `text` with names, addresses and numbers replaced by what they were, in ‹brackets›.

    `language` is that of the replacements, nl or en. With `capitals`, a capital within a sentence
    tells a name: not so in German, nor where products are named.
    """
    return _mask(text, language, _everything, capitals=capitals)


def _mask(text: str, language: str, found: _Finder, *, capitals: bool) -> str:
    tokens = rules("masking")[language if language in ("nl", "en") else "en"]
    kinds = rules("masking")["kinds"]
    text = _BRACKET.sub(lambda sign: tokens[kinds[sign[1]]] if sign[1] else "'", text)
    text = _without_found(text, found(text), {kind: tokens[name] for kind, name in kinds.items()})
    for kind, pattern in _patterns():
        text = "".join(
            part if part.startswith("‹") else pattern.sub(tokens[kind], part)
            for part in _parts(text)
        )
    return _mask_names(text, tokens["name"], capitals_tell=capitals)


def masked_places(text: str) -> int:
    """Count what was taken out of a masked text."""
    return len(_TAKEN_OUT.findall(text))


def points_at_someone(text: str, *, capitals: bool = True) -> bool:
    """Tell whether something in a text that was masked needs no context to point at a person.

    The name model is not asked again: it reads a word by those around it, and would doubt on a page
    what it let pass in a line.
    """
    rest = _TAKEN_OUT.sub(" ", text)
    return _mask(rest, "nl", numbers.find, capitals=capitals) != rest


def _everything(text: str) -> Sequence[Span]:
    return find([text])[0]


def _without_found(text: str, spans: Sequence[Span], tokens: Mapping[str, str]) -> str:
    """Replace `spans` of `text` outside its brackets."""
    inside = _Brackets(text)
    result, end = [], 0
    for span in spans:
        if not inside.touch(span.start, span.end):
            result += [text[end : span.start], tokens[span.kind]]
            end = span.end
    return "".join([*result, text[end:]])


def _mask_names(text: str, token: str, *, capitals_tell: bool) -> str:
    inside = _Brackets(text)
    words = [
        found
        for found in _WORD.finditer(text)
        if not inside.touch(found.start(), found.start() + 1)
    ]
    named = [_is_name(text, words, at, capitals_tell=capitals_tell) for at in range(len(words))]
    _join_full_names(text, words, named)
    result, end = [], 0
    for at, word in enumerate(words):
        if not named[at]:
            continue
        gap = text[end : word.start()]
        if not (at and named[at - 1] and _JOINED.fullmatch(gap)):
            result.append(gap + token)
        end = word.end()
    return "".join(result) + text[end:]


def _is_name(text: str, words: Sequence[re.Match[str]], at: int, *, capitals_tell: bool) -> bool:
    known = _words()
    word, folded = words[at][0], words[at][0].casefold().removesuffix("'s").removesuffix("’s")
    if folded in name_lists().first:
        return True
    if folded in stop_words() or folded in known.capitals:
        return False
    before = words[at - 1][0].casefold() if at else ""
    if at and "‹" in text[words[at - 1].end() : words[at].start()]:
        before = ""  # the word before was taken out
    if before in known.titles:
        return True
    if any(part != part.capitalize() for part in word.split("-")):
        return False
    if _opens_sentence(text, words, at):
        after = _WORD.match(text, words[at].end() + 1)
        return after is not None and after[0].casefold() in known.verbs
    return capitals_tell or before in known.introductions


def _opens_sentence(text: str, words: Sequence[re.Match[str]], at: int) -> bool:
    if not at and _NO_WORD.fullmatch(text, 0, words[0].start()):
        return True
    gap = text[words[at - 1].end() if at else 0 : words[at].start()]
    return _SENTENCE_END.search(gap) is not None


def _join_full_names(text: str, words: Sequence[re.Match[str]], named: list[bool]) -> None:
    """Mark what stands before and between the parts of a name as part of it."""
    particles, taken = _words().particles, stop_words() | _words().capitals
    for at in range(len(words) - 1, 0, -1):
        if not named[at]:
            continue
        first = at
        while first and words[first - 1][0].casefold() in particles:
            first -= 1
        before = first - 1
        if before < 0 or not _JOINED.fullmatch(text[words[before].end() : words[first].start()]):
            continue
        is_capital = words[before][0][0].isupper()
        if named[before] or (is_capital and words[before][0].casefold() not in taken):
            if words[before][0].casefold() in _words().titles:
                continue
            named[before:at] = [True] * (at - before)


def _parts(text: str) -> list[str]:
    return re.split("(‹[^‹›]*›)", text)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(text)) for kind, text in rules("masking")["patterns"].items())


@cache
def _words() -> _Words:
    lists = rules("masking")["words"]
    return _Words(**{name: frozenset(words) for name, words in lists.items()})
