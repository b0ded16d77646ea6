from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.metrics.figures import Figure, Gap, Span, Unit, missing
from klankbord.metrics.periods import Period
from klankbord.metrics.small_groups import SMALL_GROUP, hidden, protected

SPAN = Span(Period.MONTH, date(2026, 3, 1), date(2026, 3, 31))


def worth(group: str, customers: int, measure: str = "mrr") -> Figure:
    return Figure(measure, SPAN, group, Unit.EURO, 100.0 * customers, None, None, customers)


def shown(*figures: Figure) -> dict[str, int | None]:
    found = protected(figures)
    assert all((one.value is None) == (one.count is None) for one in found)
    assert all((one.gap is Gap.TOO_FEW) == (one.count is None) for one in found)
    return {one.segment: one.count for one in found}


def test_two_small_groups_hide_one_another():
    assert shown(worth("a", 4), worth("b", 2), worth("c", 9)) == {"a": None, "b": None, "c": 9}


def test_one_small_group_takes_the_next_along():
    assert shown(worth("a", 4), worth("b", 20), worth("c", 9)) == {"a": None, "b": 20, "c": None}


def test_measures_and_periods_are_apart():
    found = protected([worth("a", 3), worth("b", 9), worth("a", 9, "clv"), worth("b", 9, "clv")])
    assert [one.count for one in found] == [None, None, 9, 9]


def test_what_a_column_lacks_stays_said():
    lacking = missing("mrr", SPAN, "a", Unit.EURO, Gap.NO_VALUES, 3)
    (found,) = protected([lacking])
    assert (found.gap, found.count) == (Gap.NO_VALUES, None)


def test_an_empty_group_tells_nothing():
    assert shown(worth("b", 20), worth("c", 9)) == {"b": 20, "c": 9}
    (empty,) = protected([missing("mrr", SPAN, "a", Unit.EURO, Gap.TOO_FEW)])
    assert empty.count == 0


@pytest.mark.parametrize("rest", [0, 3])
@given(counts=st.lists(st.integers(0, 30), min_size=1, max_size=8))
def test_the_total_never_tells_a_small_group(rest: int, counts: list[int]):
    number = np.array(counts)
    small = number < SMALL_GROUP
    out = hidden(number, small, rest=rest)
    assert (out | ~small).all()
    unseen = [count for count, is_hidden in zip(counts, out, strict=True) if is_hidden and count]
    if any(0 < count < SMALL_GROUP for count in counts) and (~small).any():
        assert len(unseen) > 1 or rest
