from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.metrics.base import CustomerBase, customer_base
from klankbord.metrics.figures import Figure, Gap, Span
from klankbord.metrics.periods import Period
from klankbord.metrics.retention import (
    Movement,
    lasting,
    movement,
    reactivated,
    retained,
)

from .builders import AS_OF, ZONE, customers

YEAR = Span(Period.YEAR, date(2026, 1, 1), date(2026, 12, 31))
MARCH = Span(Period.MONTH, date(2026, 3, 1), date(2026, 12, 31))


def base_of(rows: list[dict[str, Any]]) -> CustomerBase:
    table = customers(rows)
    known = zip(table["customer_id"].to_pylist(), table["value_eur"].to_pylist(), strict=True)
    return customer_base(table, {name: value for name, value in known if value is not None}, ZONE)


def everyone(base: CustomerBase) -> np.ndarray:
    return np.ones(len(base.rows), bool)


def by_name(figures: Any) -> dict[str, Figure]:
    return {one.measure: one for one in figures}


def test_the_golden_sum():
    assert Movement(start=1000, end=1150, new=200).retention == 95
    assert Movement(start=1000, end=1150, new=200).churn == 5


def test_the_golden_sum_from_a_customer_table():
    left, joined = date(2026, 3, 15), date(2026, 3, 20)
    rows = [{"cancelled_at": left}] * 50 + [{}] * 950 + [{"started_at": joined}] * 200
    rows.append({"started_at": joined, "cancelled_at": joined + timedelta(days=3)})
    rows.append({"started_at": date(2019, 1, 1), "cancelled_at": date(2025, 12, 31)})
    base = base_of(rows)
    assert movement(base, MARCH, everyone(base)) == Movement(start=1000, end=1150, new=200)
    found = by_name(retained(base, MARCH, everyone(base), ""))
    assert found["retention"].value == pytest.approx(95)
    assert found["churn"].value == pytest.approx(5)
    assert found["churn"].low == pytest.approx(100 - found["retention"].high)
    assert found["retention"].count == 1000


@st.composite
def some_customers(draw: st.DrawFn) -> list[dict[str, Any]]:
    days = st.dates(date(2025, 10, 1), date(2026, 6, 30))
    rows = []
    for _ in range(draw(st.integers(20, 45))):
        start = draw(st.one_of(st.just(date(2020, 1, 1)), days))
        left = draw(st.one_of(st.none(), days))
        value = draw(st.floats(0, 5000))
        rows.append({"started_at": start, "cancelled_at": left, "value_eur": value})
    return rows


@settings(deadline=None, max_examples=40)
@given(some_customers(), st.randoms(use_true_random=False))
def test_retention_and_churn_make_a_hundred_in_any_order(rows, random):
    base = base_of(rows)
    found = by_name(retained(base, MARCH, everyone(base), ""))
    moved = movement(base, MARCH, everyone(base))
    kept, lost = found["retention"], found["churn"]
    if kept.value is not None and lost.value is not None:
        assert kept.value + lost.value == pytest.approx(100)
        assert kept.value == pytest.approx(moved.retention)
        assert 0 <= kept.low <= kept.value <= kept.high <= 100
        assert 0 <= lost.low <= lost.value <= lost.high <= 100
    else:
        assert moved.start < 20
    revenue = found["revenue_churn"]
    if revenue.value is not None:
        assert -1e-9 <= revenue.low <= revenue.value + 1e-9 <= revenue.high + 2e-9 <= 100 + 3e-9
    random.shuffle(rows)
    again = base_of(rows)
    shuffled = by_name(retained(again, MARCH, everyone(again), ""))
    for name, one in found.items():
        assert one.value == pytest.approx(shuffled[name].value, nan_ok=True)


def test_revenue_churn_weighs_by_value_and_mrr_is_a_twelfth():
    rows = [{"cancelled_at": date(2026, 3, 15), "value_eur": 900.0}]
    rows += [{"value_eur": 100.0}] * 21 + [{}]
    base = base_of(rows)
    found = by_name(retained(base, MARCH, everyone(base), ""))
    assert found["churn"].value == pytest.approx(100 / 23)
    assert found["mrr"].value == pytest.approx(2100 / 12)
    assert found["mrr"].count == 21
    assert found["revenue_churn"].count == 22


def test_one_giant_is_no_measure_of_revenue_churn():
    rows = [{"cancelled_at": date(2026, 3, 15), "value_eur": 90_000.0}]
    base = base_of(rows + [{"value_eur": 100.0}] * 40)
    assert by_name(retained(base, MARCH, everyone(base), ""))["revenue_churn"].gap is Gap.TOO_FEW


def test_without_values_the_column_is_asked_for():
    base = base_of([{"cancelled_at": date(2026, 3, 15)}] * 30)
    found = by_name(retained(base, MARCH, everyone(base), ""))
    assert found["revenue_churn"].gap is Gap.NO_VALUES
    assert found["mrr"].gap is Gap.NO_VALUES


def test_lifespan_is_exposure_over_cancellations_and_clv_its_value():
    left = [{"cancelled_at": date(2025, 12, 1)}] * 5  # the year is recorded from its start on
    left += [{"cancelled_at": date(2026, 7, 2), "value_eur": 500.0}] * 40
    base = base_of([*left, *[{"value_eur": 600.0}] * 100, *[{"value_eur": 200.0}] * 100])
    found = by_name(lasting(base, YEAR, everyone(base), ""))
    exposure = (200 * 365 + 40 * 182) / 365.25
    assert found["lifespan"].value == pytest.approx(exposure / 40)
    assert found["clv"].value == pytest.approx(400 * exposure / 40)
    assert found["retention_year"].value == pytest.approx(100 * np.exp(-40 / exposure))
    for one in found.values():
        assert one.low < one.value < one.high


def test_the_rate_is_not_counted_from_its_own_first_event():
    """Cancellations are recorded since one on 1 July: that one tells nothing of the rate."""
    rows = [{"cancelled_at": date(2026, 7, 1)}, *[{"cancelled_at": date(2026, 10, 1)}] * 20]
    base = base_of([*rows, *[{}] * 100])
    exposure = (100 * 183 + 20 * 91) / 365.25
    found = by_name(lasting(base, YEAR, everyone(base), ""))
    assert found["lifespan"].value == pytest.approx(exposure / 20)


@pytest.mark.parametrize(("left", "gap"), [(0, Gap.ALL_STAYED), (9, Gap.TOO_FEW), (10, None)])
def test_a_lifespan_needs_customers_who_left(left: int, gap: Gap | None):
    old = [{"cancelled_at": date(2024, 1, 1)}]
    base = base_of([*old, *[{"cancelled_at": date(2026, 5, 5)}] * left, *[{}] * 60])
    assert by_name(lasting(base, YEAR, everyone(base), ""))["lifespan"].gap is gap


def test_clv_holds_the_truth_nine_times_in_ten():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        stay = rng.exponential(1 / 0.25, 300)
        base = CustomerBase(
            rows=np.arange(300),
            started=np.full(300, np.datetime64("2020-01-01", "D")),
            cancelled=np.datetime64("2026-01-01", "D") + (stay * 365.25).astype("timedelta64[D]"),
            returned=np.full(300, np.datetime64("NaT", "D")),
            value=rng.gamma(2, 300, 300),
            without_start=0,
            contradictory=0,
            tells_returns=False,
        )
        clv = by_name(lasting(base, YEAR, everyone(base), ""))["clv"]
        held += clv.low <= 600 / 0.25 <= clv.high
    assert 0.86 <= held / 400 <= 0.95


def test_who_came_back_counts_as_reactivated_and_as_new():
    back = {"attributes": {"Terugkeerdatum": "10-03-2026"}}
    gone = {"cancelled_at": date(2025, 6, 1)}
    rows = [{**gone, **back}] * 5 + [gone] * 15 + [{}] * 30
    base = base_of(rows)
    one = reactivated(base, MARCH, everyone(base), "")
    assert one.value == pytest.approx(25)
    assert one.count == 20
    assert movement(base, MARCH, everyone(base)) == Movement(start=30, end=35, new=5)


def test_without_a_column_for_returns_it_is_asked_for():
    base = base_of([{"cancelled_at": date(2025, 6, 1)}] * 30)
    assert reactivated(base, MARCH, everyone(base), "").gap is Gap.NO_RETURNS


def test_who_cannot_be_placed_is_left_out_and_counted():
    rows = [{}, {"started_at": None}, {"cancelled_at": date(2019, 5, 1)}]
    base = base_of(rows)
    assert (len(base.rows), base.without_start, base.contradictory) == (1, 1, 1)


def test_a_negative_value_is_no_value():
    base = base_of([{"value_eur": -5.0}, {"value_eur": 7.0}])
    assert np.isnan(base.value).tolist() == [True, False]


def test_a_period_goes_as_far_as_it_was_seen():
    span = Span(Period.MONTH, date(2026, 12, 1), date(2026, 12, 10))
    rows = [{"cancelled_at": datetime(2026, 12, 20, tzinfo=AS_OF.tzinfo)}] * 10 + [{}] * 30
    base = base_of(rows)
    assert movement(base, span, everyone(base)).retention == 100
    assert not span.complete
