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

import tomllib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np

from klankbord.themes.codeframe import OVERIG, Code, rest_of
from klankbord.themes.tokens import Tokens, tokens

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
_WORDS = r"[^\W_]+(?:['-][^\W_]+)*"  # numbers too
_LAST_LETTER = "\U0010ffff"


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
    said = bare_tokens(texts)
    clear = Phrases([code.words for code in codes]).count(said)
    likely = Phrases([code.hints for code in codes]).count(said)
    length = np.bincount(said.text, minlength=said.texts)
    weight = _WORD * np.minimum(1.0, _SHORT / np.maximum(1, length))
    added = np.where((clear > 0) | (likely >= _HINTS), weight[:, None], 0.0)
    return added.astype(np.float32)


def bare_tokens(texts: Sequence[str]) -> Tokens:
    """Return the words and numbers of texts, case folded."""
    return tokens([text.replace("’", "'").casefold() for text in texts], _WORDS)


class Phrases:
    """Words and phrases per code; a `*` at either end stands for the rest of a word."""

    def __init__(self, lists: Sequence[Sequence[str]]) -> None:
        self._codes = len(lists)
        written = [(phrase, code) for code, phrases in enumerate(lists) for phrase in phrases]
        bare = bare_tokens([phrase for phrase, _ in written])
        ends = np.searchsorted(bare.text, np.arange(len(written) + 1)).tolist()
        words = [bare.names[word] for word in bare.word]
        self._phrases = [
            (words[first:last], phrase, code)
            for (first, last), (phrase, code) in zip(pairwise(ends), written, strict=True)
        ]

    def count(self, said: Tokens) -> NDArray[np.int64]:
        """Return how many different words are one or open one, (texts, codes)."""
        order = np.argsort(said.word, kind="stable")
        begin = np.searchsorted(said.word[order], np.arange(len(said.names) + 1))
        found = [np.zeros((3, 0), dtype=np.int64)]
        for bare, written, code in self._phrases:
            alike = [
                _alike(
                    said.names,
                    word,
                    before=at == 0 and written.startswith("*"),
                    after=at == len(bare) - 1 and written.endswith("*"),
                )
                for at, word in enumerate(bare)
            ]
            if all(map(len, alike)):
                opened = [order[begin[word] : begin[word + 1]] for word in alike[0]]
                place = _continued(said, np.concatenate(opened), alike[1:])
                parts = said.text[place], said.word[place], np.full(len(place), code)
                found.append(np.stack(parts))
        text, _, codes = np.unique(np.concatenate(found, axis=1), axis=1)
        counts = np.bincount(text * self._codes + codes, minlength=said.texts * self._codes)
        return counts.reshape(said.texts, self._codes)


def _alike(names: Sequence[str], word: str, *, before: bool, after: bool) -> Sequence[int]:
    """Return the places in sorted `names` of a word, or of those that go on `before` or `after`."""
    if before:
        fits = str.__contains__ if after else str.endswith
        return [place for place, name in enumerate(names) if fits(name, word)]
    first = bisect_left(names, word)
    if after:
        return range(first, bisect_left(names, word + _LAST_LETTER))
    return range(first, first + (names[first : first + 1] == [word]))


def _continued(
    said: Tokens, place: NDArray[np.int64], alike: Sequence[Sequence[int]]
) -> NDArray[np.int64]:
    """Keep the tokens after which, in the same text, come words that are `alike`."""
    for step, words in enumerate(alike, start=1):
        place = place[place + step < len(said.word)]
        same = said.text[place + step] == said.text[place]
        place = place[same & np.isin(said.word[place + step], words)]
    return place


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
