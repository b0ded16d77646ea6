"""Vectors that tell complaints under one head apart by their subject.

Not the vector of the whole segment, which also holds its tone and its small talk, but the mean of
the vectors of its subject words, each weighted by how much it belongs to this head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from klankbord.themes.cluster import unit
from klankbord.themes.words import Terms

if TYPE_CHECKING:
    from scipy import sparse

_MAX_BELONGING = 2.0  # log2 of how much more common a word is inside the head than outside
_LEXICAL_SIZE = 48
_OVERSAMPLING = 10
_POWER_ROUNDS = 5
_SEED = 20_240_602
_LEXICAL_WEIGHT = 0.7  # of word co-occurrence beside the encoder's meaning


def subject_vectors(
    terms: Terms, members: np.ndarray, others: np.ndarray, encode: Callable[..., np.ndarray]
) -> np.ndarray:
    """Return one unit vector (float32) per text in `members`, against the texts in `others`.

    `members` are row numbers of `terms`, `others` a boolean over its rows. A text gets the
    zero vector when no word of it is more common here than there.
    """
    single = np.array([place for place, name in enumerate(terms.names) if " " not in name], int)
    weights, used = _weighted(terms, single, members, others)
    if weights.shape[1] == 0:
        return np.zeros((len(members), 1), dtype=np.float32)
    names: Sequence[str] = [terms.names[place] for place in used]
    meaning = unit(np.asarray(weights @ np.asarray(encode(names), dtype=np.float64)))
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


def _lexical(weighted: sparse.csr_matrix) -> np.ndarray:
    """Return the texts on the leading singular vectors of `weighted`, rows at length one.

    Randomised subspace iteration from a fixed start (Halko, Martinsson & Tropp 2011): ARPACK
    would restart at random on the rank-deficient matrices that few or equal texts give.
    """
    size = min(_LEXICAL_SIZE, min(weighted.shape) - 1)
    if size < 2:
        return np.zeros((weighted.shape[0], 1))
    width = min(size + _OVERSAMPLING, min(weighted.shape))
    space = np.random.default_rng(_SEED).normal(size=(weighted.shape[1], width))
    for _ in range(_POWER_ROUNDS):
        space = np.linalg.qr(weighted.T @ (weighted @ space))[0]
    image = weighted @ space
    _, turn = np.linalg.eigh(image.T @ image)
    return unit(image @ turn[:, ::-1][:, :size])
