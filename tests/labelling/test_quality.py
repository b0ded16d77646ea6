import json
import math

import numpy as np
import pytest

from klankbord.labelling.quality import SCORES, measure

CLASSES = ("laag", "midden", "hoog")


def test_figures_lie_in_their_intervals_and_the_matrix_adds_up():
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 120)
    chances = 0.6 * np.eye(3)[truth] + 0.4 * random.dirichlet(np.ones(3), 120)
    found = chances.argmax(axis=1)
    quality = measure(truth, found, CLASSES, probabilities=chances)
    assert tuple(quality.figures) == SCORES
    for estimate in (*quality.figures.values(), *quality.f1):
        assert estimate.low <= estimate.value <= estimate.high or math.isclose(
            estimate.low, estimate.high
        )
    assert sum(cell.value for row in quality.confusion for cell in row) == pytest.approx(120)
    assert quality.verdict == ""
    assert quality == measure(truth, found, CLASSES, probabilities=chances)


def test_weights_give_the_figures_of_the_whole():
    truth, found = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    weighted = measure(truth, found, CLASSES, weight=np.array([9.0, 1, 5, 5]))
    assert weighted.figures["accuracy"].value == pytest.approx(0.95)
    assert weighted.weighted
    assert weighted.verdict == "te weinig gegevens"


def test_nothing_defined_is_null_in_json():
    for rows in (0, 1):
        same = np.zeros(rows, dtype=np.int64)
        plain = measure(same, same, CLASSES).as_json()
        assert plain["figures"]["alpha_nominal"]["value"] is None
        json.dumps(plain, allow_nan=False)
