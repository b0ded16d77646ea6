import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.themes.cluster import (
    MIN_CLUSTER,
    centroids,
    communities,
    divide,
    neighbour_graph,
    sample,
    unit,
)


def blobs(each: int, count: int, *, spread: float = 0.5, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Unit vectors around `count` random directions, in mixed order, and their blob."""
    rng = np.random.default_rng(seed)
    centres = unit(rng.normal(size=(count, 48)))
    truth = rng.permutation(np.repeat(np.arange(count), each))
    noise = unit(rng.normal(size=(len(truth), 48)))
    return unit(centres[truth] + spread * noise), truth


@pytest.mark.parametrize("count", [2, 5, 9])
def test_planted_blobs_are_found(count: int) -> None:
    vectors, truth = blobs(60, count)
    found = divide(vectors, min_stability=0.4)
    assert found is not None
    assert found.stability > 0.8
    for cluster in range(found.clusters):
        inside = truth[found.labels == cluster]
        assert np.bincount(inside).max() >= 0.95 * len(inside)


def test_the_same_vectors_give_the_same_clusters() -> None:
    vectors, _ = blobs(50, 4, spread=1.2)
    first, again = (divide(vectors.copy(), min_stability=0.1) for _ in range(2))
    assert first is not None
    assert again is not None
    assert first.labels.tobytes() == again.labels.tobytes()
    assert first.stability == again.stability


def test_noise_is_not_divided() -> None:
    noise = unit(np.random.default_rng(3).normal(size=(400, 48)))
    assert divide(noise, min_stability=0.4) is None


@pytest.mark.parametrize("rows", [0, 1, 5, 2 * MIN_CLUSTER - 1])
def test_too_few_are_not_divided(rows: int) -> None:
    vectors, _ = blobs(2 * MIN_CLUSTER, 2, spread=0.1)
    assert divide(vectors[:rows], min_stability=0.0) is None


def test_most_bounds_the_number_of_clusters() -> None:
    vectors, _ = blobs(60, 9)
    free = divide(vectors, min_stability=0.1)
    assert free is not None
    assert free.clusters > 4
    for most in (4, 1):
        found = divide(vectors, min_stability=0.1, most=most)
        assert found is None or 1 < found.clusters <= most


def test_equal_vectors_are_one_subject() -> None:
    vectors = np.repeat(unit(np.ones((1, 48))), 100, axis=0)
    assert divide(vectors, min_stability=0.4) is None


def test_every_label_is_used() -> None:
    vectors, _ = blobs(40, 6, spread=0.9)
    found = divide(vectors, min_stability=0.1)
    assert found is not None
    assert set(found.labels.tolist()) == set(range(found.clusters))


def test_the_graph_is_symmetric_and_as_close_as_its_cosines() -> None:
    vectors, _ = blobs(20, 3)
    graph = neighbour_graph(vectors, 5)
    assert (abs(graph - graph.T)).max() == 0
    row, column = graph.nonzero()
    cosine = np.maximum((vectors[row] * vectors[column]).sum(axis=1), 1e-6)
    assert np.asarray(graph[row, column]).ravel() == pytest.approx(cosine, abs=1e-6)
    assert communities(graph, 1.0).shape == (60,)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 400), st.integers(1, 200))
def test_a_sample_is_in_order_and_the_same_every_time(count: int, most: int) -> None:
    places = sample(count, most)
    assert len(places) == min(count, most)
    assert np.array_equal(places, np.unique(places))
    assert places.tolist() == sample(count, most).tolist()
    assert not len(places) or (places.min() >= 0 and places.max() < count)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 30), st.integers(1, 5), st.integers(0, 99))
def test_centroids_are_unit_or_empty(rows: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, labels = unit(rng.normal(size=(rows, 6))), rng.integers(count, size=rows)
    length = np.linalg.norm(centroids(vectors, labels, count), axis=1)
    used = np.isin(np.arange(count), labels)
    assert length[used] == pytest.approx(np.ones(used.sum()))
    assert not length[~used].any()


@pytest.mark.slow
def test_time_does_not_explode_with_the_number_of_vectors() -> None:
    seconds = []
    for each in (250, 1_000):
        vectors, _ = blobs(each, 4)
        start = time.process_time()
        divide(vectors, min_stability=0.4)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 16 * seconds[0] + 2
