"""Answers that answer nothing: "geen", "nvt", "-", "asdf"."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import numpy as np
import pyarrow as pa

from klankbord.language.lexicon import lexicon

_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_SPACE = re.compile(r"[\s.,/\\-]+")
_ONE_CHARACTER_REPEATED = re.compile(r"(.)\1*")


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
    return _SPACE.sub("", bare) in _known()


@cache
def _emoticon() -> re.Pattern[str]:
    faces = sorted(
        (face for faces in lexicon("emoticons").values() for face in faces),
        key=lambda face: (-len(face), face),
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, faces))})(?![\w/])")


@cache
def _known() -> frozenset[str]:
    entries = lexicon("non_answers")
    return frozenset(
        _SPACE.sub("", entry.casefold()) for words in entries.values() for entry in words
    )
