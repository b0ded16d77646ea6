"""Deterministic clustering of unit vectors, with as many clusters as can be found again.

Spherical k-means (Dhillon & Modha 2001) from k-means++ seeds. The number of clusters is the
largest that two random halves of the data agree on (stability selection: Lange et al. 2004).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SEED = 20_240_601
_STARTS = 4
_ROUNDS = 40
_STABILITY_SPLITS = 3
_STABILITY_STARTS = 2
MAX_FIT = 6_000  # vectors that a fit sees; the rest is assigned
MAX_STABILITY = 2_000
MAX_CLUSTERS = 8
MIN_CLUSTER = 15  # vectors in the average cluster


@dataclass(frozen=True)
class Clusters:
    """Unit centroids, k x d, and how well halves of the data agree on them (adjusted Rand)."""

    centroids: np.ndarray
    stability: float

    def assign(self, vectors: np.ndarray) -> np.ndarray:
        """Return the nearest centroid of each vector; ties go to the first."""
        nearest: np.ndarray = np.argmax(vectors @ self.centroids.T, axis=1)
        return nearest


def find_clusters(vectors: np.ndarray, *, min_stability: float) -> Clusters | None:
    """Cluster unit `vectors` (n x d), or return None where no division is stable enough.

    The same vectors in the same order give the same clusters.
    """
    most = min(MAX_CLUSTERS, len(vectors) // MIN_CLUSTER)
    if most < 2:
        return None
    rng = np.random.default_rng(_SEED)
    sample = _subset(vectors, MAX_STABILITY, rng)
    stability = {k: _stability(sample, k) for k in range(2, most + 1)}
    stable = [k for k, value in stability.items() if value >= min_stability]
    if not stable:
        return None
    best = max(stable)
    fit = _subset(vectors, MAX_FIT, np.random.default_rng(_SEED + 1))
    return Clusters(spherical_kmeans(fit, best, seed=_SEED), stability[best])


def spherical_kmeans(
    vectors: np.ndarray, k: int, *, seed: int, starts: int = _STARTS
) -> np.ndarray:
    """Return k unit centroids that maximise the summed cosine; the best of several starts."""
    best, best_value = vectors[:k], -np.inf
    for start in range(starts):
        centroids = _seeds(vectors, k, np.random.default_rng((seed, start)))
        previous = None
        for _ in range(_ROUNDS):
            labels = np.argmax(vectors @ centroids.T, axis=1)
            if previous is not None and np.array_equal(labels, previous):
                break
            previous = labels
            centroids = _means(vectors, labels, centroids)
        value = float(np.max(vectors @ centroids.T, axis=1).sum(dtype=np.float64))
        if value > best_value + 1e-6:
            best, best_value = centroids, value
    return best


def _seeds(vectors: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    chosen = [int(rng.integers(len(vectors)))]
    distance = np.clip(1 - vectors @ vectors[chosen[0]], 0, None).astype(np.float64)
    for _ in range(1, k):
        total = distance.sum()
        if total <= 0:
            chosen.append(int(rng.integers(len(vectors))))
            continue
        place = int(np.searchsorted(np.cumsum(distance), rng.random() * total))
        chosen.append(min(place, len(vectors) - 1))
        distance = np.minimum(distance, np.clip(1 - vectors @ vectors[chosen[-1]], 0, None))
    return vectors[chosen]


def _means(vectors: np.ndarray, labels: np.ndarray, old: np.ndarray) -> np.ndarray:
    membership = np.zeros((len(old), len(vectors)), dtype=vectors.dtype)
    membership[labels, np.arange(len(vectors))] = 1
    return unit(np.where(membership.sum(axis=1, keepdims=True) > 0, membership @ vectors, old))


def _stability(vectors: np.ndarray, k: int) -> float:
    """Return how well two fits on disjoint halves label all vectors alike (adjusted Rand)."""
    values = []
    for split in range(_STABILITY_SPLITS):
        order = np.random.default_rng((_SEED, k, split)).permutation(len(vectors))
        half = len(vectors) // 2
        left, right = (
            spherical_kmeans(part, k, seed=_SEED + split, starts=_STABILITY_STARTS)
            for part in (vectors[order[:half]], vectors[order[half:]])
        )
        values.append(
            adjusted_rand(np.argmax(vectors @ left.T, axis=1), np.argmax(vectors @ right.T, axis=1))
        )
    return float(np.mean(values))


def adjusted_rand(left: np.ndarray, right: np.ndarray) -> float:
    """Return the adjusted Rand index of two labellings (Hubert & Arabie 1985), 1 when equal."""
    table = np.zeros((int(left.max()) + 1, int(right.max()) + 1))
    np.add.at(table, (left, right), 1)

    def pairs(counts: np.ndarray) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both, rows, columns = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    total = len(left) * (len(left) - 1) / 2
    expected = rows * columns / total if total else 0.0
    most = (rows + columns) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return the rows of `vectors` at length one; a zero row stays zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = vectors / np.where(length > 0, length, 1)
    return scaled


def _subset(vectors: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    if len(vectors) <= most:
        return vectors
    return vectors[np.sort(rng.choice(len(vectors), most, replace=False))]
