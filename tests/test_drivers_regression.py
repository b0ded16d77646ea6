import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from klankbord.drivers import customers
from klankbord.drivers.regression import regress


@pytest.mark.parametrize("repeats", [1, 5])
def test_intervals_hold_the_truth_nine_times_in_ten(repeats: int) -> None:
    # unequal spread, a skewed bounded score, few mentions; customers who answer more than once
    # with a mood of their own
    rng = np.random.default_rng(10 + repeats)
    held = {"rare": 0, "common": 0}
    runs = 400
    customers = 400 // repeats
    for _ in range(runs):
        cluster = np.repeat(np.arange(customers), repeats)
        mood = np.repeat(rng.normal(size=customers), repeats) if repeats > 1 else 0.0
        prone = np.repeat(rng.random(customers), repeats)
        rare = rng.random(len(cluster)) < 0.16 * prone
        common = rng.random(len(cluster)) < 0.6 * prone
        noise = rng.exponential(size=len(cluster)) - 1
        score = 7 - 1.5 * rare - 0.5 * common + mood + noise * (1 + rare)
        design = np.column_stack([rare, common]).astype(float)
        for name, true, estimate in zip(
            held, (-1.5, -0.5), regress(design, score, cluster), strict=True
        ):
            assert estimate is not None
            held[name] += estimate.low <= true <= estimate.high
    for count in held.values():
        assert 0.85 <= count / runs <= 0.95


def test_hc3_is_the_textbook_one_without_customers() -> None:
    rng = np.random.default_rng(4)
    design = (rng.random((60, 2)) < 0.4).astype(float)
    score = design @ [1.0, -1.0] + rng.normal(size=60)
    x = np.column_stack([np.ones(60), design])
    inverse = np.linalg.inv(x.T @ x)
    residual = score - x @ (inverse @ x.T @ score)
    leverage = np.diag(x @ inverse @ x.T)
    meat = (x * (residual / (1 - leverage))[:, None] ** 2).T @ x
    error = np.sqrt(np.diag(inverse @ meat @ inverse))
    for place, estimate in enumerate(regress(design, score, np.arange(60)), start=1):
        assert estimate is not None
        half = (estimate.high - estimate.low) / 2
        # a 90 % t quantile between the normal one and that of four degrees of freedom
        assert 1.645 * error[place] < half < 2.132 * error[place]
        reach = half / error[place]
        freedom = np.linspace(4, 60, 20_000)
        implied = freedom[np.argmin(np.abs(stats.t.ppf(0.95, freedom) - reach))]
        assert 10 < implied <= 60


@pytest.mark.parametrize(("limit", "value"), [("_MAX_DENSE", 50), ("_AT_ONCE", 100)])
def test_clusters_of_any_size_take_the_same_way(monkeypatch, limit, value) -> None:
    # a customer with many answers is handled by another formula than one with few
    rng = np.random.default_rng(6)
    cluster = np.repeat(np.arange(30), 41)
    design = (rng.random((len(cluster), 2)) < 0.4).astype(float)
    score = design @ [1.0, -1.0] + rng.normal(size=len(cluster))
    large = regress(design, score, cluster)
    monkeypatch.setattr(customers, limit, value)
    dense = regress(design, score, cluster)
    for one, other in zip(large, dense, strict=True):
        assert dataclasses.astuple(one) == pytest.approx(dataclasses.astuple(other), rel=1e-8)


def test_answers_that_are_alike_may_share_a_row(monkeypatch) -> None:
    rng = np.random.default_rng(8)
    kinds = np.unique(rng.random((60, 5)) < 0.3, axis=0).astype(float)
    kind = rng.integers(0, len(kinds) - 1, 900)  # nobody is of the last one
    cluster = rng.integers(0, 250, 900)
    score = kinds[kind] @ [1.0, -1.0, 0.5, 0, 0] + rng.normal(size=900)
    expected = regress(kinds[kind], score, cluster)
    shared = [regress(kinds, score, cluster, kind=kind)]
    monkeypatch.setattr(customers, "_MAX_KINDS", 3)
    shared.append(regress(kinds, score, cluster, kind=kind))
    for found in shared:
        for one, other in zip(expected, found, strict=True):
            assert dataclasses.astuple(one) == pytest.approx(dataclasses.astuple(other), rel=1e-9)


def test_many_customers_take_about_the_same_degrees_of_freedom(monkeypatch) -> None:
    rng = np.random.default_rng(14)
    cluster = rng.integers(0, 800, 1500)
    design = rng.random((1500, 4)) < [0.02, 0.05, 0.2, 0.5]
    score = rng.normal(size=1500) * (1 + design[:, 0])
    exact = regress(design, score, cluster)
    monkeypatch.setattr(customers, "_MANY", 500)
    for one, other in zip(exact, regress(design, score, cluster), strict=True):
        assert other.error == one.error
        assert other.high == pytest.approx(one.high, abs=0.02 * one.error)


def test_importance_is_the_share_of_variance_lost_without_it() -> None:
    rng = np.random.default_rng(15)
    design = rng.random((20_000, 4)) < 0.3
    design[:, 3] = np.where(rng.random(20_000) < 0.8, design[:, 2], design[:, 3])
    score = design @ [-2.0, -1.0, -1.0, 0.0] + rng.normal(size=20_000)
    found = [one.importance for one in regress(design, score, np.arange(20_000))]

    def explained(columns: np.ndarray) -> float:
        x = np.column_stack([np.ones(len(score)), columns])
        fitted = x @ np.linalg.lstsq(x, score, rcond=None)[0]
        return float(((fitted - score.mean()) ** 2).sum())

    for column, share in enumerate(found):
        lost = 1 - explained(np.delete(design, column, axis=1)) / explained(design)
        assert share == pytest.approx(lost, abs=2e-3)
    assert found[1] > 1.5 * found[2]  # what goes together with another is lost less without it


def test_chance_explains_nothing() -> None:
    rng = np.random.default_rng(16)
    shares = []
    for _ in range(100):
        design = rng.random((200, 5)) < 0.3
        score = rng.normal(size=200) - 2 * design[:, 0]
        shares.append([one.importance for one in regress(design, score, np.arange(200))])
    mean = np.mean(shares, axis=0)
    assert mean[0] == pytest.approx(1, abs=0.05)
    assert (mean[1:] < 0.01).all()


def test_a_contrast_of_coefficients() -> None:
    rng = np.random.default_rng(17)
    group = rng.integers(0, 3, 300)
    score = np.array([1.0, 2.0, 4.0])[group] + rng.normal(size=300)
    design = group[:, None] == [0, 1]
    difference, first = regress(design, score, np.arange(300), np.array([[1.0, -1.0], [1.0, 0]]))
    means = [score[group == number].mean() for number in range(3)]
    assert difference.impact == pytest.approx(means[0] - means[1])
    assert first.impact == pytest.approx(means[0] - means[2])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(0, 3))
def test_what_tied_columns_leave_open_is_not_reported(seed: int, free: int, tied: int) -> None:
    rng = np.random.default_rng(seed)
    design = (rng.random((80, free)) < rng.uniform(0.2, 0.6, free)).astype(float)
    ties = rng.integers(-1, 2, (free, tied)).astype(float)
    design = np.column_stack([design, design @ ties + rng.integers(0, 2, tied)])
    place = rng.permutation(free + tied)
    score, cluster = rng.normal(size=80), np.arange(80)
    straight = regress(design, score, cluster)
    turned = regress(design[:, place], score, cluster)
    for new, old in enumerate(place):
        assert (turned[new] is None) == (straight[old] is None)
        if straight[old] is not None:
            assert turned[new].impact == pytest.approx(straight[old].impact, abs=1e-8)


def test_what_rests_on_one_customer_is_not_reported() -> None:
    rng = np.random.default_rng(18)
    score = rng.normal(size=500)
    for size in (1, 5, 50):  # each handled by a way of its own
        cluster = np.repeat(np.arange(500 // size), size)
        one = (cluster == 3).astype(float)
        assert regress(one[:, None], score, cluster) == [None]
        common = rng.random(500) < 0.4
        design = np.column_stack([common, np.abs(common - one), rng.random(500) < 0.3])
        first, second, third = regress(design, score, cluster)  # the first two differ in one
        assert (first, second) == (None, None)
        assert third is not None


def test_nothing_to_see_no_estimate() -> None:
    score = np.random.default_rng(19).normal(size=50)
    assert regress(np.zeros((50, 1)), score, np.arange(50)) == [None]
    assert regress(np.arange(50)[:, None] < 25, np.ones(50), np.arange(50)) == [None]
