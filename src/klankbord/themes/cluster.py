"""Deterministic clustering of unit vectors, as fine as can be found again.

Louvain communities (Blondel et al. 2008, by scikit-network) of the graph that joins each vector
to its nearest neighbours. The resolution is the highest on which two random halves of the data
agree about as well as on any other (stability selection: Lange et al. 2004), agreement being the
adjusted mutual information (Vinh, Epps & Bailey 2010).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse

_SEED = 20_240_601
NEIGHBOURS = 15
RESOLUTIONS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
MAX_STABILITY = 3_000  # vectors whose halves are compared
_SPLITS = 5
_AS_GOOD = 0.02  # agreement that a finer division may cost
MIN_CLUSTER = 12  # vectors in the average cluster


@dataclass(frozen=True)
class Division:
    """Which cluster each vector is in, and how well halves of the data agree on such clusters."""

    labels: np.ndarray  # int64, 0 … clusters - 1
    clusters: int
    stability: float  # adjusted mutual information, 1 when equal


def divide(
    vectors: np.ndarray,
    *,
    min_stability: float,
    most: int | None = None,
    near: Callable[[int], int] = lambda _: NEIGHBOURS,
) -> Division | None:
    """Cluster unit `vectors` (n x d), or return None where no division is stable enough.

    `most` bounds the number of clusters, `near` gives the number of neighbours among so many. The
    same vectors in the same order give the same clusters.
    """
    if len(vectors) < 2 * MIN_CLUSTER:
        return None
    graph = neighbour_graph(vectors, near(len(vectors)))
    found = {resolution: communities(graph, resolution) for resolution in RESOLUTIONS}
    bound = min(most or len(vectors), len(vectors) // MIN_CLUSTER)
    fit = [resolution for resolution in found if 1 < _count(found[resolution]) <= bound]
    if not fit:
        return None
    splits = _agreements(vectors, fit, near)
    agreement = splits.mean(axis=1)
    best = int(agreement.argmax())
    if agreement[best] < min_stability:
        return None
    error = float(splits[best].std(ddof=1)) / np.sqrt(_SPLITS)
    finest = int(np.flatnonzero(agreement >= agreement[best] - max(_AS_GOOD, error)).max())
    labels = found[fit[finest]]
    return Division(labels, _count(labels), float(agreement[finest]))


def neighbour_graph(vectors: np.ndarray, near: int) -> sparse.csr_matrix:
    """Return the symmetric graph of `near` nearest neighbours, weighted by their cosine."""
    from sklearn.neighbors import kneighbors_graph

    some = min(near, max(2, len(vectors) // 5))
    graph = kneighbors_graph(vectors, some, metric="cosine", mode="distance")
    graph.data = np.maximum(1 - graph.data, 1e-6)
    return graph.maximum(graph.T).tocsr()


def communities(graph: sparse.csr_matrix, resolution: float) -> np.ndarray:
    """Return the community of every node; the same graph gives the same ones."""
    from sknetwork.clustering import Louvain

    told = {"shuffle_nodes": False, "return_probs": False, "return_aggregate": False}
    found = Louvain(resolution=resolution, **told).fit_predict(graph)
    return np.asarray(found, dtype=np.int64)


def centroids(vectors: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Return the unit mean of the vectors of each label 0 … count - 1."""
    from scipy import sparse

    ones = np.ones(len(vectors), dtype=vectors.dtype)
    shape = (count, len(vectors))
    member = sparse.csr_matrix((ones, (labels, np.arange(len(vectors)))), shape=shape)
    return unit(member @ vectors)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return the rows of `vectors` at length one; a zero row stays zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = vectors / np.where(length > 0, length, 1)
    return scaled


def sample(count: int, most: int) -> np.ndarray:
    """Return at most `most` of the places 0 … count - 1, the same ones every time."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(_SEED).choice(count, most, replace=False))


def _agreements(
    vectors: np.ndarray, resolutions: Sequence[float], near: Callable[[int], int]
) -> np.ndarray:
    """Return how alike two fits on disjoint halves label all vectors, resolutions x splits."""
    from sklearn.metrics import adjusted_mutual_info_score

    vectors = vectors[sample(len(vectors), MAX_STABILITY)]
    found = np.zeros((len(resolutions), _SPLITS))
    for split in range(_SPLITS):
        order = np.random.default_rng((_SEED, split)).permutation(len(vectors))
        halves = np.array_split(order, 2)
        graphs = [(half, neighbour_graph(vectors[half], near(len(half)))) for half in halves]
        for row, resolution in enumerate(resolutions):
            left, right = (
                _nearest(vectors, half, communities(graph, resolution)) for half, graph in graphs
            )
            found[row, split] = adjusted_mutual_info_score(left, right)
    return found


def _count(labels: np.ndarray) -> int:
    return int(labels.max(initial=-1)) + 1


def _nearest(vectors: np.ndarray, fitted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return for all vectors the nearest centroid of the labelled ones; ties go to the first."""
    centres = centroids(vectors[fitted], labels, _count(labels))
    nearest: np.ndarray = np.argmax(vectors @ centres.T, axis=1)
    return nearest
