from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.records import Verdict
from klankbord.schema import ShiftKind
from klankbord.shifts.policy import (
    LEAST_PROBABILITY,
    Calibration,
    Claims,
    keep,
    priority,
    running_rate,
    select,
    value_weights,
)

probabilities = st.lists(st.floats(0, 1), max_size=40).map(np.array)


def claims(kind: ShiftKind, *pairs: tuple[int, float]) -> Claims:
    return Claims(kind, np.array([c for c, _ in pairs]), np.array([p for _, p in pairs]))


@given(probabilities, st.floats(0.01, 0.5))
def test_kept_list_holds_the_rate_and_is_the_longest(p, fdr):
    kept = keep(p, fdr)
    if len(kept):
        assert (1 - p[kept]).mean() <= fdr + 1e-12
        assert (np.diff(p[kept]) <= 0).all()
    rest = np.sort(np.delete(p, kept))[::-1]
    if len(rest) and rest[0] >= LEAST_PROBABILITY:
        longer = np.append(p[kept], rest[0])
        assert (1 - longer).mean() > fdr - 1e-12


@given(probabilities)
def test_running_rate_is_the_mean_over_all_as_probable(p):
    rates = running_rate(p)
    for value, rate in zip(p, rates, strict=True):
        assert rate == pytest.approx((1 - p[p >= value]).mean())


def test_certain_claims_of_one_kind_buy_no_room_for_another():
    silent = claims(ShiftKind.STILTE, *[(i, 0.999) for i in range(100)])
    cooled = claims(ShiftKind.VERKOELING, *[(i, 0.6) for i in range(10)])
    kept = {c.kind: c for c in select([cooled, silent], 0.1)}
    assert len(kept[ShiftKind.STILTE].customer) == 100
    assert len(kept[ShiftKind.VERKOELING].customer) == 0


def test_a_claim_more_likely_false_than_true_is_never_listed():
    p = np.append(np.full(100, 0.9999), 0.4)
    assert len(keep(p, 0.1)) == 100


def test_one_drop_is_listed_once_under_the_gravest_kind_that_holds():
    kept = select(
        [
            claims(ShiftKind.ESCALATIE, (1, 0.2), (2, 0.98)),
            claims(ShiftKind.TELEURSTELLING, (1, 0.97), (2, 0.99)),
            claims(ShiftKind.VERKOELING, (1, 0.99), (2, 0.99), (3, 0.95)),
        ],
        0.1,
    )
    assert [c.customer.tolist() for c in kept] == [[2], [1], [3]]


def test_priority_grows_with_each_factor_and_verkoeling_comes_first():
    base = priority(ShiftKind.ESCALATIE, 0.8, 2, 1.0, 30)
    assert priority(ShiftKind.ESCALATIE, 0.9, 2, 1.0, 30) > base
    assert priority(ShiftKind.ESCALATIE, 0.8, 3, 1.0, 30) > base
    assert priority(ShiftKind.ESCALATIE, 0.8, 2, 2.0, 30) > base
    assert priority(ShiftKind.ESCALATIE, 0.8, 2, 1.0, 10) > base
    assert priority(ShiftKind.VERKOELING, 0.5, 0.1, 0.25, 900) > priority(
        ShiftKind.ESCALATIE, 1.0, 4, 4.0, 0
    )
    assert priority(ShiftKind.HERSTEL, 0.8, 2, 1.0, 30) < base


def test_value_weights_are_one_for_the_median():
    weights = value_weights({"a": 100.0, "b": 400.0, "c": 10_000_000.0, "d": 1.0, "e": 400.0})
    assert weights["b"] == 1.0
    assert weights["a"] == pytest.approx(0.5)
    assert weights["c"] == 4.0
    assert weights["d"] == 0.25
    assert value_weights({}) == {}


def judged(kind: ShiftKind, believed: list[float], real: list[bool]) -> list[Verdict]:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    pairs = enumerate(zip(believed, real, strict=True))
    return [Verdict(f"V-{i}", kind, p, bool(found), at) for i, (p, found) in pairs]


def test_without_verdicts_nothing_moves():
    own = claims(ShiftKind.HERSTEL, (1, 0.9), (2, 0.3))
    assert (Calibration().applied(own).probability == own.probability).all()
    assert Calibration.learn([]).shift == {}


def test_verdicts_bring_the_list_of_an_overconfident_model_back_to_the_asked_rate():
    rng = np.random.default_rng(5)
    believed = rng.uniform(0.5, 0.999, 4_000)
    truth = believed / (believed + np.exp(1.5) * (1 - believed))  # what it should have said
    real = rng.random(4_000) < truth
    shown = rng.choice(keep(believed, 0.1), 500, replace=False)
    learnt = Calibration.learn(judged(ShiftKind.VERKOELING, believed[shown], real[shown]))
    own = Claims(ShiftKind.VERKOELING, np.arange(4_000), believed)
    before, after = keep(believed, 0.1), keep(learnt.applied(own).probability, 0.1)
    assert 1 - real[before].mean() > 0.2
    assert 1 - real[after].mean() == pytest.approx(0.1, abs=0.04)
    other = claims(ShiftKind.HERSTEL, (1, 0.9))
    assert learnt.applied(other).probability == other.probability


@given(st.floats(0.001, 0.999), st.lists(st.booleans(), min_size=1, max_size=9))
def test_a_calibrated_probability_leads_back_to_the_believed_one(believed, real):
    kind = ShiftKind.STILTE
    learnt = Calibration.learn(judged(kind, [0.8] * len(real), real))
    moved = learnt.moved(kind, believed)
    assert 0 < moved < 1
    assert learnt.believed(kind, moved) == pytest.approx(believed)
    if not any(real):
        assert moved < believed
