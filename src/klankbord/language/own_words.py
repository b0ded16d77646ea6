"""Words that belong to one language only, and the stretches of a text they form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from klankbord.language.lexicon import lexicon

_WORD = re.compile(r"[^\W\d_]+")


def words(text: str) -> list[str]:
    """Return the words of `text`, case folded; digits and signs are none."""
    return _WORD.findall(text.casefold())


def owners(of_text: Iterable[str]) -> list[str | None]:
    """Return, for every word, the one language it belongs to; None where unknown."""
    known = _owners()
    return [known.get(word) for word in of_text]


def own_words(of_text: Iterable[str], languages: tuple[str, ...]) -> list[str]:
    """Return the language of every word that belongs to one of `languages` only.

    There are none where the words of one of `languages` are not known, so that no word of it is
    taken for another's.
    """
    return list(filter(None, map(_owners_among(languages).get, of_text)))


def without_borrowed(text: str) -> str:
    """Return `text` without the phrases that languages borrow from each other."""
    if _borrowed_starts().isdisjoint(words(text)):
        return text
    return _borrowed().sub(" ", text)


def longest_stretch(found: Sequence[str | None], main: str, other: str) -> int:
    """Return the most words of `other`, less those of `main` in between, in any stretch."""
    most = run = 0
    for language in found:
        if language == other:
            run += 1
            most = max(most, run)
        elif language == main:
            run = max(0, run - 1)
    return most


@cache
def _owners() -> dict[str, str]:
    lists = (lexicon("own_words"), lexicon("opinion_words"))
    return {word: language for known in lists for language, own in known.items() for word in own}


@cache
def _owners_among(languages: tuple[str, ...]) -> dict[str, str]:
    if not set(languages) <= lexicon("own_words").keys():
        return {}
    return {word: language for word, language in _owners().items() if language in languages}


@cache
def _borrowed_starts() -> frozenset[str]:
    return frozenset(words(phrase)[0] for phrase in lexicon("borrowed")["phrases"])


@cache
def _borrowed() -> re.Pattern[str]:
    phrases = sorted(lexicon("borrowed")["phrases"], key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)", re.IGNORECASE)
