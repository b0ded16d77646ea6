"""What recognises a theme in any text, in this run and the next.

A prototype is the mean of the encoder's vectors of the theme's texts and the weights of its
words. A text belongs to the prototype with the highest
    score = cosine(vector, centre) + LEXICAL * cosine(words, terms),
a Rocchio classifier (Manning, Raghavan & Schütze 2008, chapter 14) that needs nothing of the
other texts, so that what was found in a sample is assigned to millions, and stays put when new
feedback comes in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from klankbord.themes.cluster import centroids, unit
from klankbord.themes.words import word_tokens

if TYPE_CHECKING:
    from scipy import sparse

LEXICAL = 0.5
MAX_TERMS = 200
_MIN_TEXTS = 2  # a word of one text recognises nothing


@dataclass(frozen=True)
class Prototype:
    """What recognises one theme."""

    centre: np.ndarray  # unit, float32, in the encoder's space
    terms: dict[str, float]  # at most MAX_TERMS words, weights of unit length


def learn(
    vectors: np.ndarray, words: WordMatrix, labels: np.ndarray, count: int
) -> list[Prototype]:
    """Return the prototype of each label 0 … count - 1; texts labelled -1 belong to none.

    How telling a word is, its inverse document frequency, is counted over all texts.
    """
    from scipy import sparse

    own, texts = np.flatnonzero(labels >= 0), len(labels)
    names = list(words.places)
    spread = np.bincount(words.matrix.indices, minlength=len(names))
    inverse = np.where(spread >= _MIN_TEXTS, np.log(texts / np.maximum(spread, 1)) + 1, 0)
    shape = (count, texts)
    member = sparse.csr_matrix((np.ones(len(own)), (labels[own], own)), shape=shape)
    weighted = sparse.csr_matrix(member @ words.matrix @ sparse.diags_array(inverse**2))
    centres = centroids(vectors[own], labels[own], count)
    found = []
    for label in range(count):
        row = weighted[label]
        order = np.lexsort((row.indices, -np.round(row.data, 6)))[:MAX_TERMS]
        weight = row.data[order]
        length = float(np.sqrt((weight**2).sum())) or 1.0
        pairs = zip(row.indices[order], weight / length, strict=True)
        terms = {names[place]: round(float(value), 6) for place, value in pairs if value > 0}
        found.append(Prototype(np.round(centres[label], 6).astype(np.float32), terms))
    return found


def likeness(prototypes: Sequence[Prototype], vectors: np.ndarray, words: WordMatrix) -> np.ndarray:
    """Return the score of every text (rows) for every prototype (columns)."""
    if not prototypes or not len(vectors):
        return np.zeros((len(vectors), len(prototypes)))
    terms = np.zeros((len(words.places), len(prototypes)))
    for column, one in enumerate(prototypes):
        for term in one.terms.keys() & words.places.keys():
            terms[words.places[term], column] = one.terms[term]
    centres = np.stack([one.centre for one in prototypes])
    lexical = words.matrix @ terms
    score: np.ndarray = np.round(vectors @ centres.T + LEXICAL * lexical, 6)
    return score


@dataclass(frozen=True)
class WordMatrix:
    """Which text holds which word, rows at length one over all their words."""

    places: dict[str, int]  # of the words, in alphabetical order
    matrix: sparse.csr_matrix

    def rows(self, some: np.ndarray) -> WordMatrix:
        """Return the same of some of the texts."""
        return replace(self, matrix=self.matrix[some])


def word_matrix(texts: Sequence[str]) -> WordMatrix:
    """Return which text holds which word."""
    from scipy import sparse

    said = word_tokens(texts)
    text, word = said.pairs()
    held = np.bincount(text, minlength=len(texts))
    data = np.repeat(1 / np.sqrt(np.maximum(held, 1)), held)
    pointers = np.concatenate([[0], np.cumsum(held)])
    shape = (len(texts), len(said.names))
    places = {name: place for place, name in enumerate(said.names)}
    return WordMatrix(places, sparse.csr_matrix((data, word, pointers), shape=shape))


def from_parts(
    centre: Sequence[float] | np.ndarray, terms: Sequence[tuple[str, float]]
) -> Prototype:
    """Return a prototype as it was kept."""
    return Prototype(unit(np.asarray(centre, dtype=np.float32)[None, :])[0], dict(terms))
