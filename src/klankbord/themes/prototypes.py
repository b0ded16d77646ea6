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
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from klankbord.themes.cluster import centroids, unit
from klankbord.themes.words import words_of

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
    vectors: np.ndarray, texts: Sequence[str], labels: np.ndarray, count: int
) -> list[Prototype]:
    """Return the prototype of each label 0 … count - 1; texts labelled -1 belong to none.

    How telling a word is, its inverse document frequency, is counted over all `texts`.
    """
    from scipy import sparse

    own = np.flatnonzero(labels >= 0)
    names, matrix = word_matrix(texts)
    spread = np.asarray((matrix > 0).sum(axis=0)).ravel()
    inverse = np.where(spread >= _MIN_TEXTS, np.log(len(texts) / np.maximum(spread, 1)) + 1, 0)
    shape = (count, len(texts))
    member = sparse.csr_matrix((np.ones(len(own)), (labels[own], own)), shape=shape)
    weighted = sparse.csr_matrix(member @ matrix @ sparse.diags_array(inverse**2))
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


def likeness(
    prototypes: Sequence[Prototype], vectors: np.ndarray, texts: Sequence[str]
) -> np.ndarray:
    """Return the score of every text (rows) for every prototype (columns)."""
    from scipy import sparse

    if not prototypes or not len(texts):
        return np.zeros((len(texts), len(prototypes)))
    names = sorted({term for one in prototypes for term in one.terms})
    place = {name: column for column, name in enumerate(names)}
    cells = [
        (row, place[term], weight)
        for row, one in enumerate(prototypes)
        for term, weight in one.terms.items()
    ]
    row, column, weight = zip(*cells, strict=True) if cells else ((), (), ())
    shape = (len(prototypes), len(names))
    terms = sparse.csr_matrix((np.array(weight, dtype=float), (row, column)), shape=shape)
    words = word_matrix(texts, place)[1]
    centres = np.stack([one.centre for one in prototypes])
    lexical = np.asarray((words @ terms.T).todense())
    score: np.ndarray = np.round(vectors @ centres.T + LEXICAL * lexical, 6)
    return score


def word_matrix(
    texts: Sequence[str], known: dict[str, int] | None = None
) -> tuple[list[str], sparse.csr_matrix]:
    """Return words and which text holds which, rows at length one over all their words.

    With `known`, a place for each word that counts, other words only add to a text's length.
    """
    from scipy import sparse

    found = [sorted(set(words_of(text))) for text in texts]
    if known is None:
        names = sorted(set(chain.from_iterable(found)))
        known = {name: place for place, name in enumerate(names)}
    places = [[known[word] for word in words if word in known] for words in found]
    held = np.fromiter(map(len, places), dtype=np.int64, count=len(places))
    length = np.sqrt(np.fromiter(map(len, found), dtype=float, count=len(found)))
    data = np.repeat(1 / np.maximum(length, 1), held)
    indices = np.fromiter(chain.from_iterable(places), dtype=np.int32, count=int(held.sum()))
    pointers = np.concatenate([[0], np.cumsum(held)])
    shape = (len(texts), len(known))
    return list(known), sparse.csr_matrix((data, indices, pointers), shape=shape)


def from_parts(
    centre: Sequence[float] | np.ndarray, terms: Sequence[tuple[str, float]]
) -> Prototype:
    """Return a prototype as it was kept."""
    return Prototype(unit(np.asarray(centre, dtype=np.float32)[None, :])[0], dict(terms))
