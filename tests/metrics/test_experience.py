from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.metrics.experience import answers, estimate
from klankbord.metrics.figures import Gap, Span, figure
from klankbord.metrics.periods import Period
from klankbord.schema import SCORE_RANGES, ScoreMetric

from .builders import ZONE, feedback

MARCH = Span(Period.MONTH, date(2026, 3, 1), date(2026, 12, 31))


@st.composite
def answered(draw: st.DrawFn) -> tuple[ScoreMetric, np.ndarray, np.ndarray]:
    metric = draw(st.sampled_from(ScoreMetric))
    low, high = SCORE_RANGES[metric]
    size = draw(st.integers(1, 60))
    scores = draw(st.lists(st.integers(int(low), int(high)), min_size=size, max_size=size))
    groups = draw(st.lists(st.integers(-1, 15), min_size=size, max_size=size))
    return metric, np.array(scores, float), np.array(groups)


@settings(deadline=None)
@given(answered(), st.randoms(use_true_random=False))
def test_an_estimate_lies_in_its_interval_on_its_scale_in_any_order(given_answers, random):
    metric, scores, groups = given_answers
    found = estimate(metric, scores, groups)
    assert found is not None
    low, high = SCORE_RANGES[metric]
    if metric is ScoreMetric.NPS:
        low, high = -100, 100
    if metric is ScoreMetric.CSAT:
        low, high = 0, 1
    assert low <= found.value <= high
    if found.low is not None and found.high is not None:
        assert low <= found.low <= found.value + 1e-9
        assert found.value - 1e-9 <= found.high <= high
    order = list(range(len(scores)))
    random.shuffle(order)
    again = estimate(metric, scores[order], groups[order])
    for name in ("value", "low", "high"):
        one, other = getattr(found, name), getattr(again, name)
        assert one is other is None or one == pytest.approx(other, abs=1e-9)


def test_nps_csat_and_ces_by_hand():
    alone = np.full(20, -1)
    nps = estimate(ScoreMetric.NPS, np.repeat([10.0, 9, 8, 7, 6, 0], [5, 5, 3, 3, 2, 2]), alone)
    csat = estimate(ScoreMetric.CSAT, np.repeat([5.0, 4, 3, 1], [6, 6, 5, 3]), alone)
    ces = estimate(ScoreMetric.CES, np.repeat([7.0, 5.0], 10), alone)
    assert nps is not None
    assert csat is not None
    assert ces is not None
    assert (nps.value, csat.value, ces.value) == pytest.approx((30, 0.6, 6))


@pytest.mark.parametrize(("answered_by", "gap"), [(19, Gap.TOO_FEW), (20, None)])
def test_nineteen_answers_are_too_few(answered_by: int, gap: Gap | None):
    scores = np.resize([10.0, 3.0], answered_by)
    found = estimate(ScoreMetric.NPS, scores, np.arange(answered_by))
    one = figure("nps", MARCH, "", unit=None, found=found)
    assert one.gap is gap
    assert (one.value is None) == (gap is not None)
    assert one.count == answered_by


def test_many_answers_of_a_few_customers_are_too_few():
    found = estimate(ScoreMetric.NPS, np.resize([10.0, 3.0], 100), np.resize([0, 1, 2], 100))
    assert figure("nps", MARCH, "", unit=None, found=found).gap is Gap.TOO_FEW


def test_only_what_customers_answered_themselves_counts():
    table = feedback(
        [
            {"score_value": 9.0, "customer_id": "a"},
            {"score_value": 8.0, "author_role": "unknown"},
            {"score_value": 1.0, "author_role": "agent"},
            {"score_value": 1.0, "author_role": "bot"},
            {"score_value": 1.0, "channel": "ai_answer"},
            {"score_value": None},
            {"score_value": float("nan")},
            {"score_value": 1.0, "score_metric": None},
            {"score_value": 2.0, "received_at": None},
        ]
    )
    given_answers = answers(table, ZONE)
    assert sorted(given_answers.score) == [8, 9]
    assert given_answers.undated == 1


def test_an_answer_counts_on_the_day_it_was_where_the_customer_is():
    late = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # half past midnight in Amsterdam
    given_answers = answers(feedback([{"score_value": 9.0, "received_at": late}]), ZONE)
    assert given_answers.day.tolist() == [date(2026, 4, 1)]


@pytest.mark.parametrize("shares", [(0.2, 0.35, 0.45), (0.05, 0.15, 0.8)], ids=["usual", "loved"])
@pytest.mark.parametrize(("size", "each"), [(20, 1), (50, 1), (200, 5)])
def test_the_nps_interval_holds_the_truth_nine_times_in_ten(shares, size, each):
    rng = np.random.default_rng(size)
    truth, held = 100 * (shares[2] - shares[0]), 0
    groups = np.repeat(np.arange(size // each), each)
    for own in rng.choice([3.0, 8.0, 10.0], (1000, size // each), p=shares):
        found = estimate(ScoreMetric.NPS, np.repeat(own, each), groups)
        held += found is not None and found.low <= truth <= found.high
    assert 0.87 <= held / 1000 <= 0.955
