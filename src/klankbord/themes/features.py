"""Vectors that tell texts apart by their subject.

`text_vectors`: what a text means to the encoder, beside the words and the parts of words it holds
(latent semantic analysis, Deerwester et al. 1990): the encoder knows that "bon" and "factuur" are
alike, the words that "plusmarkt" is not "supermarkt".

`subject_vectors`, for complaints under one head: not the whole text, which also holds its tone and
its small talk, but the mean of the vectors of its subject words, each weighted by how much it
belongs to this head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import to_numpy
from klankbord.themes.cluster import unit
from klankbord.themes.tokens import Tokens, tokens
from klankbord.themes.words import Terms, word_tokens

if TYPE_CHECKING:
    from scipy import sparse

Encode = Callable[[Sequence[str]], np.ndarray]

_MAX_BELONGING = 2.0  # log2 of how much more common a word is inside the head than outside
_LEXICAL_SIZE = 48
_OVERSAMPLING = 10
_POWER_ROUNDS = 5
_SEED = 20_240_602
_LEXICAL_WEIGHT = 0.7  # of word co-occurrence beside the encoder's meaning
_LATENT_SIZE = 100
_LATENT_WEIGHT = 0.5  # of words, and of parts of words, each beside the encoder's meaning
_MIN_WORD_TEXTS, _MIN_PART_TEXTS = 2, 3
_PART = (3, 5)  # letters


def text_vectors(texts: Sequence[str], meaning: np.ndarray) -> np.ndarray:
    """Return one unit vector (float32) per text, given the encoder's vectors (n x d)."""
    lowered = [text.lower() for text in texts]
    held = (_words(lowered), _MIN_WORD_TEXTS), (_parts(lowered), _MIN_PART_TEXTS)
    centred = unit(meaning - meaning.mean(axis=0, dtype=np.float64))
    latent = [_LATENT_WEIGHT * _latent(*counted, least) for counted, least in held]
    return unit(np.hstack([centred, *latent])).astype(np.float32)


def _latent(counts: sparse.csr_matrix, names: pa.Array, least: int) -> np.ndarray:
    """Return the texts by what at least `least` of them hold, weighed by how telling it is.

    `names` are those of the columns. A row is summed in their order, whatever their letters.
    """
    from sklearn.feature_extraction.text import TfidfTransformer

    kept = np.flatnonzero(np.bincount(counts.indices, minlength=len(names)) >= least)
    if not len(kept):
        return np.zeros((counts.shape[0], 1))
    held = counts[:, kept]
    rank = np.empty(len(kept), dtype=held.indices.dtype)
    rank[to_numpy(pc.array_sort_indices(names.take(pa.array(kept))))] = np.arange(len(kept))
    shuffled = held.data, rank[held.indices], held.indptr
    held = type(held)(shuffled, shape=held.shape)
    return _lexical(TfidfTransformer(sublinear_tf=True).fit_transform(held), _LATENT_SIZE)


def _words(texts: Sequence[str]) -> tuple[sparse.csr_matrix, pa.Array]:
    """Return how often each text holds each word, and the words, as they are first said."""
    said = word_tokens(texts)
    first, order = _first_said(said)
    return _counts(said.text, order[said.word], (said.texts, len(order))), pa.array(
        [said.names[place] for place in first], pa.string()
    )


def _parts(texts: Sequence[str]) -> tuple[sparse.csr_matrix, pa.Array]:
    """Return the same of runs of letters, spaces around words included."""
    said = tokens(texts, r"[^\s\0]+")
    first, order = _first_said(said)
    inside = [_runs(f" {said.names[place]} ") for place in first]
    runs = pa.array(list(chain.from_iterable(inside)), pa.string()).dictionary_encode()
    word = np.repeat(np.arange(len(inside)), [len(some) for some in inside])
    held = _counts(said.text, order[said.word], (said.texts, len(order)))
    of_word = _counts(word, to_numpy(runs.indices), (len(order), len(runs.dictionary)))
    return (held @ of_word).sorted_indices(), runs.dictionary


def _first_said(said: Tokens) -> tuple[np.ndarray, np.ndarray]:
    """Return the names in the order in which they are first said, and the place of each in it."""
    at = np.unique(said.word, return_index=True)[1]
    first = np.argsort(at)
    order = np.empty(len(first), dtype=np.int64)
    order[first] = np.arange(len(first))
    return first, order


def _runs(word: str) -> list[str]:
    """Return the runs of `_PART` letters; a shorter word is one."""
    most = min(_PART[1], max(_PART[0], len(word)))
    sizes = range(_PART[0], most + 1)
    return [word[at : at + size] for size in sizes for at in range(max(1, len(word) - size + 1))]


def _counts(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> sparse.csr_matrix:
    from scipy import sparse

    return sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=shape)


@dataclass(frozen=True)
class Subjects:
    """Texts under one head, and what it takes to tell them apart by subject."""

    texts: Sequence[str]
    vectors: np.ndarray  # unit vectors of the encoder
    weights: sparse.csr_matrix  # texts x words: how much each word belongs to this head
    words: np.ndarray  # the encoder's vectors of those words

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        vectors: np.ndarray,
        terms: Terms,
        members: np.ndarray,
        others: np.ndarray,
        encode: Encode,
    ) -> Subjects:
        """Return those of `texts` in `members`, against the texts in `others`.

        `members` are row numbers of `texts`, `vectors` and `terms`, `others` a boolean over them.
        """
        single = np.array([place for place, name in enumerate(terms.names) if " " not in name], int)
        weights, used = _weighted(terms, single, members, others)
        names: Sequence[str] = [terms.names[place] for place in used]
        words = np.asarray(encode(names)) if names else np.zeros((0, vectors.shape[1]))
        return cls([texts[row] for row in members], vectors[members], weights, words)

    def told_apart(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the places of the texts that name a subject, and a unit vector for each."""
        subject = subject_vectors(self.weights, self.words)
        worded = np.flatnonzero(subject.any(axis=1))
        if not len(worded):
            return worded, subject[worded]
        whole = text_vectors([self.texts[place] for place in worded.tolist()], self.vectors[worded])
        return worded, unit(np.hstack([subject[worded], whole]))


def subject_vectors(weights: sparse.csr_matrix, words: np.ndarray) -> np.ndarray:
    """Return one unit vector (float32) per text by the subject words it holds; see `Subjects`.

    A text gets the zero vector when no word of it is more common under its head than elsewhere.
    """
    if weights.shape[1] == 0:
        return np.zeros((weights.shape[0], 1), dtype=np.float32)
    meaning = unit(np.asarray(weights @ np.asarray(words, dtype=np.float64)))
    meaning = unit(meaning - meaning.mean(axis=0))
    return unit(np.hstack([meaning, _LEXICAL_WEIGHT * _lexical(weights)])).astype(np.float32)


def _weighted(
    terms: Terms, single: np.ndarray, members: np.ndarray, others: np.ndarray
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Return the weighted word matrix of `members`, rows at length one, and its columns."""
    from scipy import sparse

    inside = terms.matrix[members][:, single]
    count = np.asarray(inside.sum(axis=0), dtype=np.float64).ravel()
    elsewhere = np.asarray(terms.matrix[others][:, single].sum(axis=0), dtype=np.float64).ravel()
    used = np.flatnonzero(count >= 3)
    share = count[used] / len(members)
    rest = (elsewhere[used] + 0.5) / (int(others.sum()) + 1)
    belongs = np.clip(np.log2(share / rest), 0, _MAX_BELONGING)
    if not others.any():
        belongs = np.ones(len(used))
    kept = belongs > 0
    used, share, belongs = used[kept], share[kept], belongs[kept]
    weight = np.log(1 / share + 1) * belongs
    weighted = inside[:, used].astype(np.float64) @ sparse.diags_array(weight)
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    return sparse.diags_array(1 / np.where(length > 0, length, 1)) @ weighted, single[used]


def _lexical(weighted: sparse.csr_matrix, most: int = _LEXICAL_SIZE) -> np.ndarray:
    """Return the texts on the leading singular vectors of `weighted`, rows at length one.

    Randomised subspace iteration from a fixed start (Halko, Martinsson & Tropp 2011): ARPACK
    would restart at random on the rank-deficient matrices that few or equal texts give.
    """
    size = min(most, min(weighted.shape) - 1)
    if size < 2:
        return np.zeros((weighted.shape[0], 1))
    width = min(size + _OVERSAMPLING, min(weighted.shape))
    start = np.random.default_rng(_SEED).normal(size=(weighted.shape[1], width))
    space = np.linalg.qr(weighted @ start)[0]
    for _ in range(_POWER_ROUNDS):
        space = np.linalg.qr(weighted @ (weighted.T @ space))[0]
    image = weighted.T @ space
    strength, turn = np.linalg.eigh(image.T @ image)
    scale = np.sqrt(np.maximum(strength, 0))
    return unit((space @ (turn * scale))[:, ::-1][:, :size])
