"""Answers that answer nothing: "geen", "nvt", "-", "asdf"."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa

from klankbord.language.lexicon import lexicon

_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_SPACE = re.compile(r"[\s.,/\\-]+")
_ONE_CHARACTER_REPEATED = re.compile(r"(.)\1*")
_REPEATED = re.compile(r"(.{3,6}?)\1+")  # "lkjlkj"
_THREE_ALIKE = re.compile(r"(.)\1\1")
_SHORTEST_CLUSTER = 4  # letters
_SHORTEST_UNIT = 3
_SHORTEST_WALK = 5


def non_answers(verbatims: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Return a boolean per verbatim: True where it is a non-answer; "" is not one.

    Digits, punctuation and one repeated letter say nothing; an emoji or an emoticon does.
    """
    array = verbatims.combine_chunks() if isinstance(verbatims, pa.ChunkedArray) else verbatims
    encoded = array.dictionary_encode()
    flags = np.array([_is_non_answer(text) for text in encoded.dictionary.to_pylist()], dtype=bool)
    if not len(flags):
        return np.zeros(len(array), dtype=bool)
    codes = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    return np.asarray(flags[codes] & ~np.asarray(array.is_null()), dtype=bool)


def _is_non_answer(text: str) -> bool:
    if not text or len(text) > 40:
        return False
    if any(unicodedata.category(character) in ("So", "Sk") for character in text):
        return False  # an emoji or a symbol such as a heart is a reaction
    if _emoticon().search(text):
        return False
    bare = _EDGES.sub("", text).casefold()
    if not bare or bare.isdigit():
        return True
    if _ONE_CHARACTER_REPEATED.fullmatch(bare):
        return True
    return _SPACE.sub("", bare) in _known() or all(map(_is_mash, bare.split()))


def _is_mash(word: str) -> bool:
    """Tell whether a word is a walk over one row of keys ("hgfdsa"), or a short one repeated.

    Words that people write have letters of several rows, or are shorter ("weer").
    """
    if not word.isalpha():
        return False
    if word in lexicon("non_answers")["keyboard"]:
        return True
    if len(word) >= _SHORTEST_CLUSTER and "" in (word.strip(row) for row in _rows("consonants")):
        return not _THREE_ALIKE.search(word)  # "grrr" is a reaction, and "hmmm"
    unit = _REPEATED.fullmatch(word)
    stride = 2 if unit else 1
    walk = unit[1] if unit else word
    shortest = _SHORTEST_UNIT if unit else _SHORTEST_WALK
    return len(walk) >= shortest and any(_walks(walk, row, stride) for row in _rows("rows"))


def _walks(word: str, row: str, stride: int) -> bool:
    places = [row.find(letter) for letter in word]
    steps = (abs(after - before) for before, after in pairwise(places))
    return min(places) >= 0 and all(1 <= step <= stride for step in steps)


@cache
def _rows(name: str) -> tuple[str, ...]:
    return tuple(lexicon("keyboard")[name])


@cache
def _emoticon() -> re.Pattern[str]:
    faces = sorted(
        (face for faces in lexicon("emoticons").values() for face in faces),
        key=lambda face: (-len(face), face),
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, faces))})(?![\w/])")


@cache
def _known() -> frozenset[str]:
    lists = lexicon("non_answers").values()
    return frozenset(_SPACE.sub("", entry.casefold()) for words in lists for entry in words)
