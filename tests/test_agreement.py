import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as reference

from klankbord import agreement

NOT = np.nan


def letters(line: str) -> list[float]:
    return [float(ord(sign)) for sign in line]


def test_alpha_of_the_published_binary_example():
    ratings = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
    assert agreement.krippendorff_alpha(ratings, "nominal") == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_the_published_nominal_example():
    ratings = [letters("aabbdcccedda"), letters("babbbcccedd" + "d")]
    assert agreement.krippendorff_alpha(ratings, "nominal") == pytest.approx(0.692, abs=5e-4)


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_of_the_published_example_with_four_coders_and_gaps(level, published):
    ratings = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NOT, NOT, NOT],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NOT, 3],
        [NOT, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NOT],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NOT],
    ]
    assert agreement.krippendorff_alpha(ratings, level) == pytest.approx(published, abs=5e-4)


CODES = st.integers(5, 60).flatmap(
    lambda size: st.tuples(
        arrays(np.int64, size, elements=st.integers(0, 3)),
        arrays(np.int64, size, elements=st.integers(0, 3)),
    )
)


@settings(max_examples=60, deadline=None)
@given(CODES)
def test_figures_are_those_of_scikit_learn(pair):
    truth, found = pair
    matrix = agreement.confusion(truth, found, 4)
    assert matrix.tolist() == reference.confusion_matrix(truth, found, labels=range(4)).tolist()
    assert agreement.accuracy(matrix) == pytest.approx(reference.accuracy_score(truth, found))
    assert agreement.macro_f1(matrix) == pytest.approx(
        reference.f1_score(truth, found, average="macro", zero_division=0)
    )
    if len(set(truth) | set(found)) > 1:
        assert agreement.quadratic_kappa(matrix) == pytest.approx(
            reference.cohen_kappa_score(truth, found, weights="quadratic", labels=range(4))
        )


@settings(max_examples=60, deadline=None)
@given(CODES, st.sampled_from(agreement.LEVELS))
def test_two_coders_without_gaps_are_the_special_case(pair, level):
    truth, found = pair
    short = agreement.alpha(agreement.confusion(truth, found, 4), level)
    assert short == pytest.approx(agreement.krippendorff_alpha(pair, level), nan_ok=True)


@given(CODES, st.integers(2, 5))
def test_a_weight_counts_a_row_that_often(pair, times):
    truth, found = pair
    weight = np.ones(len(truth))
    weight[0] = times
    repeated = np.r_[np.repeat(0, times), np.arange(1, len(truth))]
    assert np.allclose(
        agreement.confusion(truth, found, 4, weight),
        agreement.confusion(truth[repeated], found[repeated], 4),
    )
    chance = np.random.default_rng(0).dirichlet(np.ones(4), len(truth))
    for measure in (agreement.brier, agreement.calibration_error):
        weighted = measure(chance, truth, weight)
        assert weighted == pytest.approx(measure(chance[repeated], truth[repeated]))


def test_brier_and_calibration_of_known_cases():
    sure = np.eye(3)[[0, 1, 2, 2]]
    truth = np.array([0, 1, 2, 0])
    assert agreement.brier(sure, truth) == pytest.approx(0.5)
    assert agreement.calibration_error(sure, truth) == pytest.approx(0.25)


def test_what_is_not_defined_is_nan():
    same = agreement.confusion(np.zeros(4, dtype=np.int64), np.zeros(4, dtype=np.int64), 3)
    assert np.isnan(agreement.alpha(same, "interval"))
    assert np.isnan(agreement.quadratic_kappa(same))
    assert np.isnan(agreement.krippendorff_alpha(np.full((2, 3), NOT), "nominal"))
    assert agreement.macro_f1(same) == 1


def test_the_interval_covers_the_figure_and_is_the_same_every_time():
    random = np.random.default_rng(1)
    right = (random.random(200) < 0.7).astype(float)
    measure = lambda rows: np.array([right[rows].mean(), np.nan])  # noqa: E731
    first, nothing = agreement.bootstrap(measure, 200)
    assert first.low < first.value < first.high
    assert first.high - first.low == pytest.approx(4 * np.sqrt(0.21 / 200), rel=0.2)
    assert first == agreement.bootstrap(measure, 200)[0]
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
