"""Codes recognised by examples: those of a codeframe that the tone model does not know.

What speaks for a code is how much a complaint resembles its examples, plus an amount where it
holds one of the code's words or two of its hints: less the longer the complaint is. A complaint
goes to a code by example when that reaches `_ENOUGH` and exceeds, by `_MARGIN`, what speaks for
the code the tone model gave.

The numbers were chosen with the bundled static encoder on one half of `corpora/themes/codes.tsv`
and of the held-out complaints. On complaints written afterwards (`codes_unseen.tsv`) precision is
.88 and recall .23: a code that is given is mostly right, one that is not given says little.
`scripts/evaluate_codeframe.py` prints these and the rest.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Protocol

import numpy as np

from klankbord.themes.codeframe import OVERIG, Code, rest_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEAREST = 2  # examples of a code whose mean similarity counts
_UNKNOWN = 0.1  # what speaks for a code without examples, such as "anders"
_WORD = 0.4  # what one of a code's words adds in a complaint of at most `_SHORT` words
_HINTS = 2  # different hints that count as one word
_SHORT = 12  # among more words it adds less, in proportion
_ENOUGH = 0.55
_MARGIN = 0.1
_BATCH = 4096
_WORDS = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


class Encoder(Protocol):
    """What coding needs of a sentence encoder."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector per text, float32 n x d."""


def code_by_examples(
    texts: Sequence[str],
    codes: Sequence[str] | np.ndarray,
    vectors: NDArray[np.float32],
    encoder: Encoder,
    codeframe: Mapping[str, Code],
) -> np.ndarray:
    """Return the code of each complaint: one recognised by examples, else that of `codes`.

    `vectors` are those of `texts` by `encoder`, (n, d). A code that the codeframe leaves out
    becomes "anders", or `OVERIG` where that is left out as well.
    """
    kept = np.array([str(code) for code in codes], dtype=object)
    taught = [code for code in codeframe.values() if code.examples]
    if taught and len(texts):
        support = evidence(texts, vectors, encoder, taught)
        given = _given(kept, vectors, encoder)
        best = np.argmax(support, axis=1)
        most = support[np.arange(len(texts)), best]
        names = np.array([code.code for code in taught], dtype=object)
        sure = (most >= _ENOUGH) & (most - given >= _MARGIN)
        kept[sure] = names[best[sure]]
    left_out = [place for place, code in enumerate(kept) if code not in codeframe]
    kept[left_out] = [OVERIG if kept[at] == OVERIG else rest_of(codeframe) for at in left_out]
    return kept


def evidence(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    encoder: Encoder,
    codes: Sequence[Code],
) -> NDArray[np.float32]:
    """Return what speaks for each of `codes` in each text, (texts, codes)."""
    return _resemblance(vectors, encoder, [code.examples for code in codes]) + _worded(texts, codes)


def _worded(texts: Sequence[str], codes: Sequence[Code]) -> NDArray[np.float32]:
    """Return what the words of each code add in each text, (texts, codes)."""
    words = _Phrases([code.words for code in codes])
    hints = _Phrases([code.hints for code in codes])
    added = np.zeros((len(texts), len(codes)), dtype=np.float32)
    for row, text in enumerate(texts):
        said = _bare(text)
        weight = _WORD * min(1.0, _SHORT / max(1, len(said)))
        clear, likely = words.count(said), hints.count(said)
        for code in {*clear, *likely}:
            if clear[code] or likely[code] >= _HINTS:
                added[row, code] = weight
    return added


class _Phrases:
    """Words and phrases per code; a `*` at either end stands for the rest of a word."""

    def __init__(self, lists: Sequence[Sequence[str]]) -> None:
        self._phrases: dict[str, list[tuple[str, int]]] = defaultdict(list)  # by first word
        self._single: list[tuple[str, int]] = []
        self._seen: dict[str, frozenset[int]] = {}
        for code, phrases in enumerate(lists):
            for phrase in phrases:
                bare = _bare(phrase)
                pattern = f"{'' if phrase.startswith('*') else ' '}{' '.join(bare)}"
                pattern += "" if phrase.endswith("*") else " "
                if len(bare) > 1:
                    self._phrases[bare[0]].append((pattern, code))
                else:
                    self._single.append((pattern, code))

    def count(self, said: Sequence[str]) -> Counter[int]:
        """Return, per code, how many different words of a text are one or open a phrase."""
        spaced = f" {' '.join(said)} "
        found: Counter[int] = Counter()
        for word in set(said):
            opened = {code for phrase, code in self._phrases.get(word, ()) if phrase in spaced}
            found.update(self._of_word(word) | opened)
        return found

    def _of_word(self, word: str) -> frozenset[int]:
        if word not in self._seen:
            spaced = f" {word} "
            self._seen[word] = frozenset(code for single, code in self._single if single in spaced)
        return self._seen[word]


def _bare(text: str) -> list[str]:
    """Return the words and numbers of a text, case folded."""
    return _WORDS.findall(text.replace("’", "'").casefold())


def _given(codes: np.ndarray, vectors: NDArray[np.float32], encoder: Encoder) -> np.ndarray:
    """Return what speaks for the code each text has already, (texts,)."""
    known = _tone_examples()
    support = np.full(len(codes), _UNKNOWN, dtype=np.float32)
    for code in sorted(set(codes) & set(known)):
        rows = np.flatnonzero(codes == code)
        support[rows] = _resemblance(vectors[rows], encoder, [known[code]])[:, 0]
    return support


def _resemblance(
    vectors: NDArray[np.float32], encoder: Encoder, examples: Sequence[Sequence[str]]
) -> NDArray[np.float32]:
    """Return the mean similarity with the nearest examples of each list, (texts, lists)."""
    phrases = encoder.encode([phrase for of_code in examples for phrase in of_code])
    ends = np.cumsum([len(of_code) for of_code in examples])
    found = np.empty((len(vectors), len(examples)), dtype=np.float32)
    for first in range(0, len(vectors), _BATCH):
        some = vectors[first : first + _BATCH]
        parts = np.split(some @ phrases.T, ends[:-1], axis=1)
        for place, similarity in enumerate(parts):
            nearest = np.partition(similarity, -_NEAREST, axis=1)[:, -_NEAREST:]
            found[first : first + _BATCH, place] = nearest.mean(axis=1)
    return found


@cache
def _tone_examples() -> dict[str, tuple[str, ...]]:
    """Return the phrases by which the tone model itself tells its codes apart."""
    text = resources.files("klankbord.models").joinpath("theme_examples.toml").read_text("utf-8")
    return {code: tuple(phrases) for code, phrases in tomllib.loads(text).items()}
