"""Translation probabilities between two tokenisations of aligned sentences (IBM model 1).

P. F. Brown et al., The Mathematics of Statistical Machine Translation, 1993, with the diagonal
prior of C. Dyer et al., A Simple, Fast, and Effective Reparameterization of IBM Model 2, 2013.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

ITERATIONS = 5
DIAGONAL = 4.0  # how strongly tokens at like places are preferred
LONGEST = 32  # tokens of a sentence that take part


def translations(
    source: list[list[int]], target: list[list[int]], sizes: tuple[int, int]
) -> csr_array:
    """Return P(target token | source token), an array of shape `sizes`; rows sum to one or zero.

    Sentence i of `source` means the same as sentence i of `target`.
    """
    source_ids, target_ids, prior, group = _cells(source, target)
    pairs, cell = np.unique(source_ids * sizes[1] + target_ids, return_inverse=True)
    given = pairs // sizes[1]
    chance = np.full(len(pairs), 1.0, dtype=np.float32)
    for _ in range(ITERATIONS):
        weight = chance[cell] * prior
        total = np.bincount(group, weights=weight)
        count = np.bincount(cell, weights=weight / total[group])
        chance = (count / np.bincount(given, weights=count)[given]).astype(np.float32)
    return csr_array((chance, (given, pairs % sizes[1])), shape=sizes)


def _cells(
    source: list[list[int]], target: list[list[int]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return, for every possible link: its two tokens, its prior, and its target occurrence."""
    columns: list[list[np.ndarray]] = [[], [], [], []]
    occurrence = 0
    for left, right in zip(source, target, strict=True):
        one, other = np.array(left[:LONGEST]), np.array(right[:LONGEST])
        if not len(one) or not len(other):
            continue
        place = np.arange(len(one)) / len(one) - np.arange(len(other))[:, None] / len(other)
        columns[0].append(np.tile(one, len(other)))
        columns[1].append(np.repeat(other, len(one)))
        columns[2].append(np.exp(-DIAGONAL * np.abs(place)).ravel().astype(np.float32))
        columns[3].append(np.repeat(np.arange(len(other)) + occurrence, len(one)))
        occurrence += len(other)
    source_ids, target_ids, prior, group = (np.concatenate(column) for column in columns)
    return source_ids.astype(np.int64), target_ids.astype(np.int64), prior, group
