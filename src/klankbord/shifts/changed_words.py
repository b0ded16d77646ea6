"""What went and what came in a customer's words: cues, and how the company is addressed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from klankbord.language.stop_words import stop_words

MOST_WORDS = 3
_WORD = re.compile(r"[^\W_]+")
_FORMAL = re.compile(r"\b(?:u|uw)\b", re.IGNORECASE)
_INFORMAL = re.compile(r"\b(?:je|jij|jou|jouw|jullie)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Said:
    """A verbatim and its cues: the words that carried its tone."""

    verbatim: str
    cues: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangedWords:
    """Cues said before and not since, cues new since, and whether "u" took the place of "je"."""

    went: tuple[str, ...]
    came: tuple[str, ...]
    formal: bool


def changed_words(before: Sequence[Said], since: Sequence[Said]) -> ChangedWords:
    """Compare what a customer said before a turn with what came since, most frequent cues first.

    A cue is gone when nothing since holds it, and new when nothing before held it; stop words
    alone are none. Dutch address counts as formal when "je" was said before and since then only
    "u".
    """
    return ChangedWords(
        went=_not_in(before, since),
        came=_not_in(since, before),
        formal=_says(_INFORMAL, before) and _says(_FORMAL, since) and not _says(_INFORMAL, since),
    )


def _not_in(said: Sequence[Said], elsewhere: Sequence[Said]) -> tuple[str, ...]:
    count = Counter(cue.lower() for one in said for cue in dict.fromkeys(one.cues))
    there = "\n".join(one.verbatim.lower() for one in elsewhere)
    empty = stop_words()
    kept = [
        cue
        for cue, _ in count.most_common()
        if cue not in there and not empty.issuperset(_WORD.findall(cue))
    ]
    return tuple(kept[:MOST_WORDS])


def _says(pattern: re.Pattern[str], said: Sequence[Said]) -> bool:
    return any(pattern.search(one.verbatim) for one in said)
