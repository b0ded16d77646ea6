from collections.abc import Callable

import numpy as np
import pytest

from klankbord.metrics import intervals
from klankbord.metrics.intervals import Estimate

ALONE = np.full(1000, -1)
SEVERAL = [20, 20, 10, 10, 10, 8, 8, 4, 4, 4, 2, 2, 2, *[1] * 20]  # answers per customer

Estimator = Callable[[np.ndarray, np.ndarray], Estimate | None]
ESTIMATORS = [intervals.net_promoter_score, intervals.mean, intervals.proportion]


def test_nps_by_hand() -> None:
    answers = np.array([10.0] * 10 + [7.0] * 6 + [6.0] * 4)
    found = intervals.net_promoter_score(answers, ALONE[:20])
    assert found is not None
    assert found.value == pytest.approx(30)
    # 10 + 0.75 promoters, 6 + 1.5 passives, 4 + 0.75 detractors of 23: 6/23 ± 1.729 x 0.1623
    assert found.low == pytest.approx(-1.98, abs=0.01)
    assert found.high == pytest.approx(54.15, abs=0.01)


def test_nps_of_only_promoters_keeps_a_width() -> None:
    found = intervals.net_promoter_score(np.full(12, 10.0), ALONE[:12])
    assert found is not None
    assert found.low is not None
    assert found.low < 95


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_too_few_answers_have_no_interval(estimate: Estimator) -> None:
    few = estimate(np.array([9.0, 10.0, 1.0]) > 5, ALONE[:3])
    assert few is not None
    assert few.low is None
    assert few.high is None
    assert estimate(np.array([]), ALONE[:0]) is None


@pytest.mark.parametrize("estimate", ESTIMATORS)
@pytest.mark.parametrize(
    "sizes", [[100], [25] * 4, [96, 1, 1, 1, 1]], ids=["one", "four", "one and a few"]
)
def test_many_answers_of_too_few_customers_have_no_interval(
    estimate: Estimator, sizes: list[int]
) -> None:
    answers = np.arange(100.0) % 11
    values = answers > 8 if estimate is intervals.proportion else answers
    found = estimate(values, np.repeat(np.arange(len(sizes)), sizes))
    assert found is not None
    assert (found.low, found.high, found.answers) == (None, None, 100)


def test_wilson_by_hand() -> None:
    found = intervals.proportion(np.array([True] * 5 + [False] * 15), ALONE[:20])
    assert found is not None
    # t² = 2.9898: centre (0.25 + 0.07474) / 1.14949, half 1.7291 / 1.14949 x sqrt(0.0112438)
    assert found.low == pytest.approx(0.1230, abs=5e-4)
    assert found.high == pytest.approx(0.4420, abs=5e-4)


def test_mean_by_hand() -> None:
    found = intervals.mean(np.arange(1.0, 11.0), ALONE[:10])
    assert found is not None
    assert found.value == 5.5
    assert found.high == pytest.approx(5.5 + 1.833113 * (9.1666667 / 10) ** 0.5, abs=1e-4)


@pytest.mark.parametrize("estimate", ESTIMATORS)
def test_repeating_every_answer_does_not_make_it_surer(estimate: Estimator) -> None:
    rng = np.random.default_rng(4)
    answers = rng.integers(0, 11, 60).astype(float)
    values = answers > 8 if estimate is intervals.proportion else answers
    once = estimate(values, np.arange(60))
    thrice = estimate(np.repeat(values, 3), np.repeat(np.arange(60), 3))
    assert once is not None
    assert thrice is not None
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high), rel=0.02)


@pytest.mark.parametrize("hit", [True, False])
def test_only_hits_of_ten_customers_are_ten_hits(hit: bool) -> None:
    once = intervals.proportion(np.full(10, hit), np.arange(10))
    often = intervals.proportion(np.full(200, hit), np.repeat(np.arange(10), 20))
    assert once is not None
    assert often is not None
    assert (often.low, often.high) == pytest.approx((once.low, once.high))


def test_a_customer_with_most_answers_does_not_hide_behind_the_rest() -> None:
    """The mean lies near that customer, so that their residuals cancel."""
    groups = np.array([0] * 40 + list(range(1, 61)))
    values = np.where(groups == 0, 5.0, 1.0 + groups % 2)
    assert intervals.effective_customers(groups) == pytest.approx(100**2 / (40**2 + 60))
    # 40 alike answers have the variance of one: 40² of the 100² against 1² for each other answer
    assert intervals.design_effect(values - values.mean(), groups) > 20


@pytest.mark.parametrize("estimate", ESTIMATORS)
@pytest.mark.parametrize(
    "sizes",
    [[20] * 5, [3] * 30, [1] * 10, SEVERAL],
    ids=["5 x 20", "30 x 3", "10 single", "a few talk much"],
)
def test_intervals_cover_nine_times_out_of_ten(estimate: Estimator, sizes: list[int]) -> None:
    """Half of the variance of an answer lies between customers."""
    rng = np.random.default_rng(11)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    draws = rng.normal(size=(1200, len(sizes)))[:, groups] + rng.normal(size=(1200, len(groups)))
    truth = 0.0
    if estimate is intervals.proportion:
        draws, truth = draws > 0, 0.5
    if estimate is intervals.net_promoter_score:
        draws = np.select([draws > 0.6745 * 2**0.5, draws < -0.6745 * 2**0.5], [10, 3], 8)
    hits = 0
    for values in draws:
        found = estimate(values, groups)
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= truth <= found.high
    assert 0.85 <= hits / len(draws) <= 0.95


def test_difference_needs_enough_on_both_sides() -> None:
    many, few = np.arange(20.0), np.arange(3.0)
    assert intervals.difference(many, ALONE[:20], few, ALONE[:3]) is None
    assert intervals.difference(many, ALONE[:20], many, np.zeros(20, int)) is None
    assert intervals.difference(many, ALONE[:20], many[:0], ALONE[:0]) is None
    found = intervals.difference(many + 100, ALONE[:20], many, ALONE[:20])
    assert found is not None
    assert found.value == 100
    assert found.low is not None
    # 19 degrees of freedom on both sides make 38 of Welch
    assert found.low == pytest.approx(100 - 1.68595 * (2 * 35 / 20) ** 0.5, abs=1e-4)
