import numpy as np
import pytest

from klankbord.report import intervals

ALONE = np.full(1000, -1)


def test_nps_by_hand() -> None:
    answers = np.array([10.0] * 10 + [7.0] * 6 + [6.0] * 4)
    found = intervals.net_promoter_score(answers, ALONE[:20])
    assert found is not None
    assert found.value == pytest.approx(30)
    # 10 + 0.75 promoters, 6 + 1.5 passives, 4 + 0.75 detractors of 23: 6/23 ± 1.645 x 0.1623
    assert found.low == pytest.approx(-0.61, abs=0.01)
    assert found.high == pytest.approx(52.78, abs=0.01)


def test_nps_of_only_promoters_keeps_a_width() -> None:
    found = intervals.net_promoter_score(np.full(12, 10.0), ALONE[:12])
    assert found is not None
    assert found.low is not None
    assert found.low < 95


@pytest.mark.parametrize(
    "estimate", [intervals.net_promoter_score, intervals.mean, intervals.proportion]
)
def test_too_few_answers_have_no_interval(estimate: object) -> None:
    few = estimate(np.array([9.0, 10.0, 1.0]) > 5, ALONE[:3])
    assert few.low is None
    assert few.high is None
    assert estimate(np.array([]), ALONE[:0]) is None


def test_wilson_by_hand() -> None:
    found = intervals.proportion(np.array([True] * 5 + [False] * 15), ALONE[:20])
    assert found is not None
    # z² = 2.7055: centre (0.25 + 0.06764) / 1.13528, half 1.6449 / 1.13528 x sqrt(0.0110662)
    assert found.low == pytest.approx(0.1274, abs=5e-4)
    assert found.high == pytest.approx(0.4322, abs=5e-4)


def test_mean_by_hand() -> None:
    found = intervals.mean(np.arange(1.0, 11.0), ALONE[:10])
    assert found is not None
    assert found.value == 5.5
    assert found.high == pytest.approx(5.5 + 1.644854 * (9.1666667 / 10) ** 0.5, abs=1e-4)


@pytest.mark.parametrize("estimate", [intervals.net_promoter_score, intervals.proportion])
def test_repeating_every_answer_does_not_make_it_surer(estimate: object) -> None:
    rng = np.random.default_rng(4)
    answers = rng.integers(0, 11, 60).astype(float)
    values = answers > 8 if estimate is intervals.proportion else answers
    once = estimate(values, np.arange(60))
    thrice = estimate(np.repeat(values, 3), np.repeat(np.arange(60), 3))
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))


def test_nps_interval_covers_nine_times_out_of_ten() -> None:
    rng = np.random.default_rng(1)
    weights = np.array([1, 1, 1, 1, 1, 2, 2, 4, 6, 5, 6]) / 30
    truth = 100 * (weights[9:].sum() - weights[:7].sum())
    hits = 0
    for _ in range(2000):
        found = intervals.net_promoter_score(
            rng.choice(11, 40, p=weights).astype(float), ALONE[:40]
        )
        hits += found.low <= truth <= found.high
    assert 0.88 <= hits / 2000 <= 0.92


def test_difference_needs_enough_on_both_sides() -> None:
    many, few = np.arange(20.0), np.arange(3.0)
    assert intervals.difference(many, ALONE[:20], few, ALONE[:3]) is None
    found = intervals.difference(many + 100, ALONE[:20], many, ALONE[:20])
    assert found is not None
    assert found.value == 100
    assert found.low is not None
    assert found.low > 95
