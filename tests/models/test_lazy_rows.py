"""Rows that are made when they are asked."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from klankbord.models.lazy_rows import LazyRows

TABLE = np.random.default_rng(5).normal(size=(100, 3)).astype(np.float32)


def test_what_is_asked_is_there_and_the_rest_is_not_made():
    made = []

    def make(part):
        made.append(part)
        return TABLE[part]

    rows = LazyRows(100, 3, 8, make)
    wanted = np.array([3, 99, 0, 50])
    assert np.array_equal(rows.including(wanted)[wanted], TABLE[wanted])
    assert made == [slice(0, 8), slice(48, 56), slice(96, 100)]
    assert not rows.table[8:48].any()
    rows.including(np.array([1, 97]))
    assert len(made) == 3
    assert np.array_equal(rows.whole(), TABLE)


def test_threads_that_ask_at_once_see_whole_rows():
    rows = LazyRows(100, 3, 4, lambda part: TABLE[part])
    asked = [np.random.default_rng(seed).integers(0, 100, 20) for seed in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda wanted: rows.including(wanted)[wanted].copy(), asked))
    for wanted, got in zip(asked, found, strict=True):
        assert np.array_equal(got, TABLE[wanted])


def test_a_table_without_rows():
    assert LazyRows(0, 3, 8, lambda part: TABLE[part]).whole().shape == (0, 3)
