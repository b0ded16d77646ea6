"""Groups of texts about the same subject, found without any list of subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from klankbord.themes.cluster import MIN_CLUSTER, divide, sample
from klankbord.themes.features import text_vectors
from klankbord.themes.prototypes import Prototype, learn, likeness, word_matrix

MAX_FIT = 5_000  # texts that the groups are learned from; all are assigned
MIN_STABILITY = 0.3  # adjusted mutual information between fits on halves
_STEP = 50_000  # texts assigned at a time


@dataclass(frozen=True)
class Grouping:
    """What the groups are recognised by, and which group each text is in."""

    prototypes: tuple[Prototype, ...]
    labels: np.ndarray  # int64 per text
    stability: float


def group(texts: Sequence[str], vectors: np.ndarray) -> Grouping | None:
    """Group different `texts`, given the encoder's unit `vectors`; None without stable groups.

    Linear in the number of texts beyond MAX_FIT. The same texts in the same order give the same
    groups.
    """
    from threadpoolctl import threadpool_limits

    if len(texts) < 2 * MIN_CLUSTER:
        return None
    fitted = sample(len(texts), MAX_FIT)
    read = [texts[row] for row in fitted]
    with threadpool_limits(limits=1, user_api="blas"):  # one order of summation on any machine
        found = divide(text_vectors(read, vectors[fitted]), min_stability=MIN_STABILITY)
        if found is None:
            return None
        prototypes = tuple(learn(vectors[fitted], word_matrix(read), found.labels, found.clusters))
        return Grouping(prototypes, assign(prototypes, vectors, texts), found.stability)


def assign(
    prototypes: Sequence[Prototype], vectors: np.ndarray, texts: Sequence[str]
) -> np.ndarray:
    """Return the place of the likeliest prototype of each text; ties go to the first."""
    labels = np.zeros(len(texts), dtype=np.int64)
    for start in range(0, len(texts), _STEP):
        part = slice(start, start + _STEP)
        labels[part] = likeness(prototypes, vectors[part], word_matrix(texts[part])).argmax(axis=1)
    return labels
