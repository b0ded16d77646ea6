from datetime import date

import numpy as np
import pytest

from klankbord.metrics.figures import Gap, Span
from klankbord.metrics.monthly import behaviour, is_orders, monthly_measures, repeat_purchase
from klankbord.metrics.periods import Period

from .builders import AS_OF, customers

QUARTER = Span(Period.QUARTER, date(2026, 1, 1), date(2026, 12, 31))


def bought(*months: int) -> dict[str, object]:
    names = [f"Bestellingen 2026-{month:02}" for month in range(1, len(months) + 1)]
    return {"attributes": dict(zip(names, months, strict=True))}


def test_repeat_purchase_is_of_buyers():
    rows = [bought(1, 1, 0, 9)] * 12 + [bought(1, 0, 0, 9)] * 12 + [bought(0, 0, 0, 9)] * 30
    table = customers(rows)
    measures = monthly_measures(table, table["customer_id"].combine_chunks(), AS_OF)
    found = {one.measure: one for one in behaviour(measures, QUARTER, np.ones(54, bool), "")}
    assert found["repeat_purchase"].value == pytest.approx(50)
    assert found["repeat_purchase"].count == 24
    assert found["monthly:Bestellingen"].value == pytest.approx(36 / (54 * 3))
    assert found["monthly:Bestellingen"].count == 54


def test_months_say_nothing_of_weeks_and_no_orders_of_purchases():
    week = Span(Period.WEEK, date(2026, 1, 5), date(2026, 12, 31))
    nobody = np.ones(0, bool)
    assert [one.gap for one in behaviour({}, week, nobody, "")] == [Gap.MONTHS_ONLY]
    assert [one.gap for one in behaviour({}, QUARTER, nobody, "")] == [Gap.NO_ORDERS]


@pytest.mark.parametrize("name", ["orders", "Aantal_bestellingen", "AANKOPEN"])
def test_names_for_orders(name: str):
    assert is_orders(name)
    assert not is_orders("logins")


def test_nobody_bought():
    assert repeat_purchase(np.zeros(0, np.int64), np.zeros(0)) is None


def test_a_year_that_cannot_be_is_no_month():
    table = customers([{"attributes": {"orders 0000-01": 3, "orders 9999-12": 2}}])
    assert monthly_measures(table, table["customer_id"].combine_chunks(), AS_OF) == {}
