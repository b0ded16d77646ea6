"""The adjustment of p-values against scipy's."""

import numpy as np
import pytest
from scipy import stats

from klankbord.discoveries import adjusted


@pytest.mark.parametrize("size", [0, 1, 2, 7, 500])
def test_p_values_are_adjusted_as_benjamini_and_hochberg_do(size):
    p = np.random.default_rng(size).uniform(size=size) ** 3
    p[1:3] = p[:1].sum()  # ties
    assert np.array_equal(adjusted(p), stats.false_discovery_control(p) if size else p)


def test_what_was_not_tested_stays_and_does_not_count():
    found = adjusted([0.01, np.nan, 0.02, 0.5])
    assert np.isnan(found[1])
    assert np.array_equal(found[[0, 2, 3]], adjusted([0.01, 0.02, 0.5]))
