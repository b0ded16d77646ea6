"""Who is compared with whom, and over which days; the variance of a plain difference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from klankbord.loop.adjusting import estimate
from klankbord.loop.levels import Series, before
from klankbord.loop.matching import NEVER, Flagged, Matches, match

DAY = 86_400
WINDOW = 90 * DAY
UNTIL = 1_000 * DAY


def contacts(*histories):
    """Return the series of customers 0, 1, …, each given as {day: level}."""
    rows = [
        (owner, day, level) for owner, own in enumerate(histories) for day, level in own.items()
    ]
    owner, day, level = (np.array(column) for column in zip(*rows, strict=True))
    return Series(owner, day * DAY, level.astype(float), np.zeros(len(rows), np.int8))


def flags(flagged, acted, **more):
    acted = np.array([NEVER if day is None else day * DAY for day in acted])
    whole = {
        "customer": np.arange(len(flagged)),
        "kind": np.zeros(len(flagged), np.int64),
        "flagged": np.array(flagged) * DAY,
        "acted": acted,
        "barred": acted,
        "value": np.full(len(flagged), np.nan),
    }
    return Flagged(**(whole | more))


def matched(flagged, series, **options):
    known = before(series, flagged.customer, flagged.flagged)
    return match(flagged, series, known, **({"window": WINDOW, "until": UNTIL} | options))


LOW = {80: 2.0, 100: 1.0}


def test_the_compared_side_waits_as_long_as_the_acted_side():
    series = contacts(
        LOW | {115: 3.0, 130: 4.0},  # flagged on 100, acted on 120
        {day + 200: level for day, level in LOW.items()} | {310: 0.0, 321: 2.0, 500: 4.0},
    )
    found = matched(flags([100, 300], [120, None]), series)
    assert found.acted.tolist() == [0]
    assert found.compared.tolist() == [1]
    assert found.acted_after.tolist() == [4.0]  # day 115 came before the action
    assert found.compared_after.tolist() == [2.0]  # days 320 … 410 alone


def test_whoever_is_acted_on_later_counts_until_then_on_both_sides():
    series = contacts(
        LOW | {121: 2.0, 150: 4.0},
        LOW | {122: 1.0, 131: 3.0},
    )
    found = matched(flags([100, 100], [120, 130]), series)
    pair = found.acted == 0
    assert found.compared_after[pair].tolist() == [1.0]  # up to day 130
    assert found.acted_after[pair].tolist() == [2.0]  # as many days
    assert not (found.acted == 1).any()  # by day 130 the other had been acted on


def test_nobody_is_compared_who_was_acted_on_sooner_or_has_said_nothing_since():
    series = contacts(LOW | {115: 2.0, 130: 4.0}, LOW | {118: 3.0, 130: 3.0}, LOW)
    found = matched(flags([100, 100, 100], [120, 110, None]), series)
    assert found.measurable.tolist() == [True, True, False]
    assert found.acted.tolist() == [1]  # customer 0 was not acted on by day 110 …
    assert found.compared.tolist() == [0]
    late = matched(flags([100, 100, 100], [120, 110, None]), series, until=117 * DAY)
    assert not late.measurable.any()


def test_only_the_same_kind_and_another_customer_within_the_caliper():
    series = contacts(
        LOW | {130: 4.0}, LOW | {130: 2.0}, LOW | {130: 1.0}, {80: 4.0, 100: 4.0, 130: 4.0}
    )
    chosen = flags([100] * 4, [120, None, None, None], kind=np.array([0, 0, 1, 0]))
    found = matched(chosen, series)
    assert found.compared.tolist() == [1]
    assert 3 in matched(chosen, series, caliper=99.0).compared
    same = replace(chosen, customer=np.array([0, 0, 2, 3]))
    assert len(matched(same, series).acted) == 0


def test_equally_near_customers_all_count():
    series = contacts(LOW | {130: 4.0}, *(LOW | {130: level} for level in (0.0, 1.0, 2.0, 3.0)))
    found = matched(flags([100] * 5, [120, None, None, None, None]), series, neighbours=2)
    assert sorted(found.compared.tolist()) == [1, 2, 3, 4]
    assert found.weight.tolist() == [0.25] * 4


def test_what_is_known_before():
    series = contacts({10: 1.0, 20: 2.0, 30: 3.0, 99: 0.0}, {50: 4.0})
    known = before(series, np.array([0, 1, 1]), np.array([30, 60, 40]) * DAY)
    assert known.contacts.tolist() == [3, 1, 0]
    assert known.mean.tolist() == [2.0, 4.0, 0.0]
    assert known.last.tolist() == [3.0, 4.0, 0.0]
    assert known.slope.tolist() == pytest.approx([1.0, 0.0, 0.0])


def pairs(acted, compared):
    """Return one pair of equal traits for each two levels."""
    count = len(acted)
    return Matches(
        traits=np.zeros((2 * count, 2)),
        names=("last", "mean"),
        last=np.zeros(2 * count),
        measurable=np.arange(2 * count) < count,
        acted=np.arange(count),
        compared=count + np.arange(count),
        acted_after=np.array(acted, float),
        compared_after=np.array(compared, float),
        weight=np.ones(count),
    )


def test_without_traits_the_variance_is_welchs():
    random = np.random.default_rng(3)
    acted, compared = random.normal(1, 1, 30), random.normal(0, 2, 30)
    found = estimate(pairs(acted, compared), np.arange(60), np.ones(60, bool))
    assert found.effect == pytest.approx(acted.mean() - compared.mean())
    assert found.error**2 == pytest.approx(acted.var(ddof=1) / 30 + compared.var(ddof=1) / 30)
    assert (found.acted, found.compared) == (30, 30)


def test_a_customer_used_often_counts_once_and_widens_the_interval():
    random = np.random.default_rng(3)
    acted, compared = random.normal(1, 1, 30), random.normal(0, 1, 30)
    once = pairs(acted, compared)
    often = replace(
        once,
        compared=30 + np.arange(30) % 10,
        compared_after=compared[np.arange(30) % 10],
    )
    found = estimate(often, np.arange(60), np.ones(60, bool))
    assert found.compared == 10
    assert found.error > estimate(once, np.arange(60), np.ones(60, bool)).error


def test_nothing_that_varies_gives_no_interval():
    assert estimate(pairs([1.0] * 20, [0.0] * 20), np.arange(40), np.ones(40, bool)) is None
    assert estimate(pairs([1.0], [0.0]), np.arange(2), np.ones(2, bool)) is None
