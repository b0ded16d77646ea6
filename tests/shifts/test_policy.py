from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.schema import ShiftKind
from klankbord.shifts.policy import (
    LEAST_PROBABILITY,
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
