"""The words of many texts at once, as numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from klankbord.arrays import encode

_END = "\0"  # of a text; no pattern for words matches it


@dataclass(frozen=True)
class Tokens:
    """The words of some texts end to end, as places in `names`."""

    names: list[str]  # the different words, in alphabetical order
    word: NDArray[np.int64]  # per token
    text: NDArray[np.int64]  # per token, ascending
    texts: int

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return text and word of every token, each pair once, by text and then word."""
        width = max(len(self.names), 1)
        text, word = np.divmod(np.unique(self.text * width + self.word), width)
        return text, word


def tokens(texts: Sequence[str], pattern: str) -> Tokens:
    """Return what `pattern` finds in each text."""
    joined = _END.join([text.replace(_END, " ") if _END in text else text for text in texts])
    names, found = encode(pa.array(_compiled(pattern).findall(joined), pa.string()))
    words = names.to_pylist()
    ended = np.zeros(len(found), dtype=bool)
    if words and words[0] == _END:  # the lowest of all characters
        ended = found == 0
        found, words = found - 1, words[1:]
    text = np.cumsum(ended)
    return Tokens(words, found[~ended], text[~ended], len(texts))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{_END}|{pattern}")
