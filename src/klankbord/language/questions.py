"""Questions that ask for one side, and short answers that only mean something with them.

"Wat kan er beter?" - "parkeren" is a complaint, "niets" is praise; after "Waar bent u tevreden
over?" both are the other way round. The phrases and words are those of `questions.toml`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from klankbord.language.lexicon import lexicon

MOST_WORDS = 4  # of an answer that does not say itself what it means, or of one thing in a list
MOST_LISTED = 12  # words of such a list
_GAP = 8  # words that "…" stands for, and words between a question word and a phrase
_STEM = 3  # letters of a word by which phrases are looked up
_SHORTEST_QUALITY = 6  # letters, of which a word has more
_LONGEST = 300  # characters of a question or an answer
_BETWEEN = re.compile(r"[,;/&+\n]|\s(?:en|and|und|et)\s", re.IGNORECASE)
_ELIDED = re.compile(r"\bqu'")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class Asked(StrEnum):
    """Which side a question asks for."""

    WORSE = "worse"
    BETTER = "better"
    NEITHER = "neither"


class Answer(StrEnum):
    """What a short answer says without its question."""

    NOTHING = "nothing"
    EVERYTHING = "everything"
    SUBJECT = "subject"  # a thing that is asked about, such as "parkeren"
    BARE = "bare"  # another few words, such as "meer groente"
    OWN = "own"  # it says itself what it means


_LISTS = (Asked.NEITHER, Asked.WORSE, Asked.BETTER)  # on a tie the first


class _Phrase(NamedTuple):
    rank: int  # of its list in `_LISTS`
    words: tuple[str, ...]


@lru_cache(maxsize=4096)
def asked_for(question: str) -> Asked:
    """Return which side `question` asks for; NEITHER for "" and where it asks for both."""
    spoken = _words(question)
    found = sorted(_found(spoken))
    taken: list[tuple[int, int]] = []
    kinds = set()
    for _, rank, start, end in found:
        if all(end <= first or last <= start for first, last in taken):
            taken.append((start, end))
            kinds.add(_LISTS[rank])
    return kinds.pop() if len(kinds) == 1 else Asked.NEITHER


@lru_cache(maxsize=65_536)
def answer_kind(text: str) -> Answer:
    """Return what an answer says; a question back or a number is left to itself."""
    spoken = _words(text)
    if not spoken or "?" in text or not any(letter.isalpha() for letter in text[:_LONGEST]):
        return Answer.OWN
    whole = " ".join(spoken)
    for kind in (Answer.NOTHING, Answer.EVERYTHING):
        if whole in _wholes(kind):
            return kind
    longest = max(len(_words(part)) for part in _BETWEEN.split(text[:_LONGEST]))
    if longest > MOST_WORDS or len(spoken) > MOST_LISTED:
        return Answer.OWN
    if any(_one_of(word, "saying") for word in spoken):
        return Answer.OWN
    named = [word for word in spoken if not _one_of(word, "articles")]
    return Answer.SUBJECT if len(named) == 1 and _is_subject(named[0]) else Answer.BARE


def _found(spoken: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yield (negative length, rank, start, end) of every phrase, in words."""
    for place, word in enumerate(spoken):
        for phrase in _phrases().get(word[:_STEM], ()):
            end = _end(phrase.words, spoken, place)
            if end:
                start = _opening(spoken, place)
                yield start - end, phrase.rank, start, end


def _end(phrase: Sequence[str], spoken: Sequence[str], place: int) -> int:
    """Return where a phrase that begins at `place` ends; 0 where it does not stand there."""
    if not _is(spoken[place], phrase[0]):
        return 0
    at = place + 1
    for number, word in enumerate(phrase[1:], start=1):
        if word == "…":
            continue
        reach = _GAP if phrase[number - 1] == "…" else 0
        for _ in range(reach):
            if at >= len(spoken) or _is(spoken[at], word) or _closes(spoken[at], phrase[0]):
                break
            at += 1
        if at >= len(spoken) or not _is(spoken[at], word):
            return 0
        at += 1
    return at


def _opening(spoken: Sequence[str], place: int) -> int:
    """Return the place of the question word that a phrase at `place` belongs to, or `place`."""
    if _one_of(spoken[place], "asking"):
        return place
    for at in range(place - 1, max(-1, place - 2 - _GAP), -1):
        if _one_of(spoken[at], "joining"):
            break
        if _one_of(spoken[at], "asking"):
            return at
    return place


def _closes(word: str, first: str) -> bool:
    return _is(word, first) or _one_of(word, "joining") or _one_of(word, "denying")


def _is_subject(word: str) -> bool:
    endings = tuple(lexicon("questions")["words"]["qualities"])
    return _one_of(word, "subjects") or (len(word) > _SHORTEST_QUALITY and word.endswith(endings))


@lru_cache(maxsize=8192)
def _one_of(word: str, name: str) -> bool:
    return any(_is(word, pattern) for pattern in lexicon("questions")["words"][name])


def _is(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _words(text: str) -> list[str]:
    """Return the words of a text, case folded; French "qu'avez" is two."""
    plain = text[:_LONGEST].replace("’", "'").casefold()
    return _WORD.findall(_ELIDED.sub("que ", plain))


@cache
def _wholes(kind: Answer) -> frozenset[str]:
    lists = lexicon("questions")[kind].values()
    return frozenset(" ".join(_words(entry)) for entries in lists for entry in entries)


@cache
def _phrases() -> Mapping[str, Sequence[_Phrase]]:
    """Return the phrases by the first letters of their first word."""
    found: defaultdict[str, list[_Phrase]] = defaultdict(list)
    for rank, kind in enumerate(_LISTS):
        for phrases in lexicon("questions")[kind].values():
            for phrase in phrases:
                words = tuple(phrase.casefold().split())
                found[words[0].rstrip("*")[:_STEM]].append(_Phrase(rank, words))
    return found
