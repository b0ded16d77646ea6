from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.moments import UNDATED
from klankbord.themes.shares import in_months, knows_season, months, periods, wilson
from klankbord.themes.trend import (
    EMERGING,
    FALLING,
    MAX_WEEKS,
    RECENT_WEEKS,
    RISING,
    STABLE,
    TOO_LITTLE,
    judge,
    measure,
    trends,
    week_numbers,
)

WEEKS = 26
PER_WEEK = 200


def simulated(rate: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the week of each piece of feedback and the rows that mention the theme."""
    rng = np.random.default_rng(seed)
    weeks = np.repeat(np.arange(2800, 2800 + len(rate)), PER_WEEK)
    return weeks, np.flatnonzero(rng.random(len(weeks)) < np.repeat(rate, PER_WEEK))


@pytest.mark.parametrize(
    ("rate", "verdict"),
    [
        (np.linspace(0.03, 0.09, WEEKS), "stijgend"),
        (np.linspace(0.09, 0.03, WEEKS), "dalend"),
    ],
)
def test_planted_course_is_found(rate: np.ndarray, verdict: str) -> None:
    weeks, rows = simulated(rate, seed=3)
    (trend,) = trends(weeks, [rows])
    assert trend.verdict == verdict
    assert trend.p is not None
    assert sum(hits for _, hits, _ in trend.weekly) == len(rows)
    assert {total for _, _, total in trend.weekly} == {PER_WEEK}


def test_the_same_share_every_week_is_stable() -> None:
    weeks = np.repeat(np.arange(WEEKS), PER_WEEK)
    (trend,) = trends(weeks, [np.arange(0, len(weeks), 20)])
    assert (trend.verdict, trend.p) == ("stabiel", pytest.approx(1.0))


@pytest.mark.parametrize("spread", [0.0, 0.4])
def test_noise_is_called_a_trend_no_more_than_the_test_allows(spread: float) -> None:
    # spread: weeks differ by more than chance alone, as they do after a holiday or a mailing
    rng = np.random.default_rng(11)
    runs = 1500
    rate = np.clip(0.05 * np.exp(spread * rng.normal(size=(runs, WEEKS))), 0, 0.9)
    counts = rng.binomial(PER_WEEK, rate).astype(float)
    for found in measure(counts, np.full(WEEKS, float(PER_WEEK)), np.arange(WEEKS)):
        p = found[:, 1]
        assert np.mean(p < 0.05) < 0.05 + 0.02
        assert np.mean(p < 0.10) < 0.10 + 0.025
        assert np.mean(p < 0.10) > 0.04


def test_weeks_that_hang_together_say_less() -> None:
    rng = np.random.default_rng(12)
    runs, span = 400, 52
    stretch = np.repeat(rng.normal(0, 0.4, (runs, span // 4)), 4, axis=1)
    counts = rng.binomial(PER_WEEK, 0.05 * np.exp(stretch)).astype(float)
    slope, step = measure(counts, np.full(span, float(PER_WEEK)), np.arange(span))
    assert np.mean(slope[:, 1] < 0.10) < 0.10 + 0.05
    assert np.mean(step[:, 1] < 0.10) < 0.10 + 0.05


def seasonal(weeks: np.ndarray) -> np.ndarray:
    """Return a yearly wave with a December peak, as a factor."""
    return np.exp(0.5 * np.sin(2 * np.pi * weeks / 52.18) + 0.7 * (months(weeks) % 12 == 11))


@pytest.mark.parametrize("end", range(0, 52, 13))
def test_a_season_is_no_trend_in_the_third_year(end: int) -> None:
    rng = np.random.default_rng(end)
    weeks = 2800 + end + np.arange(150)
    total = np.full(len(weeks), 300.0)
    counts = rng.binomial(300, 0.04 * seasonal(weeks), (40, len(weeks))).astype(float)
    verdicts = [verdict for verdict, _ in judge(counts, total, weeks)]
    assert sum(verdict != STABLE for verdict in verdicts) <= 1
    grown = counts + rng.binomial(300, np.linspace(0, 0.04, 150), counts.shape)
    assert [verdict for verdict, _ in judge(grown, total, weeks)].count(RISING) >= 38


def test_a_season_seen_once_is_marked_as_one_that_cannot_be_told() -> None:
    once, often = np.repeat(np.arange(90), 3), np.repeat(np.arange(120), 3)
    assert not trends(once, [np.arange(90)])[0].seasonless
    (trend,) = trends(often, [np.arange(90)])
    assert trend.seasonless
    assert knows_season(trend.weekly)
    assert not knows_season(trend.weekly[:90])
    assert not knows_season(())


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(0.02, 0.08, EMERGING), (0.0, 0.03, EMERGING), (0.08, 0.02, FALLING), (0.05, 0.05, STABLE)],
)
def test_a_jump_in_the_last_four_weeks_is_told_from_a_slope(
    before: float, after: float, verdict: str
) -> None:
    rate = np.full(40, before)
    rate[-RECENT_WEEKS:] = after
    weeks, rows = simulated(rate, seed=8)
    (trend,) = trends(weeks, [rows])
    assert trend.verdict == verdict


def test_weeks_without_feedback_do_not_count() -> None:
    """A survey in waves: two weeks every quarter; the last wave is what its last weeks are."""
    rng = np.random.default_rng(4)
    weeks = 2700 + np.arange(104)
    waves = weeks[weeks % 13 < 2]
    rate = np.where(waves > waves[-1] - RECENT_WEEKS, 0.09, 0.03)
    counts = rng.binomial(400, rate, (5, len(waves))).astype(float)
    verdicts = judge(counts, np.full(len(waves), 400.0), waves)
    assert [verdict for verdict, _ in verdicts] == [EMERGING] * 5


def test_a_flat_rate_with_uneven_feedback_is_stable() -> None:
    total = np.array([10.0, 1000.0] * 15)
    ((verdict, p),) = judge(total[None] / 10, total, np.arange(30))
    assert (verdict, p) == (STABLE, pytest.approx(1.0))


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 80)), min_size=1, max_size=60),
    st.integers(0, 2**32 - 1),
)
def test_any_course_gets_a_verdict_and_a_p_value_or_neither(
    given_weeks: list[tuple[int, int]], seed: int
) -> None:
    present = dict(sorted(given_weeks))
    weeks, total = np.array(list(present)), np.array(list(present.values()), dtype=float)
    counts = np.random.default_rng(seed).integers(0, total + 1, (3, len(weeks))).astype(float)
    for verdict, p in judge(counts, total, weeks):
        assert (verdict == TOO_LITTLE) == (p is None)
        assert p is None or 0 <= p <= 1


def test_periods_are_weeks_within_a_year_and_months_beyond_it_or_with_little_feedback() -> None:
    monday = date(2025, 12, 29)  # its Thursday is New Year's Day
    weekly = tuple((monday + timedelta(weeks=at), 4, 40) for at in range(10))
    assert [period.start for period in periods(weekly)] == [week for week, _, _ in weekly]
    assert periods(weekly)[0].share == 0.1
    assert periods(weekly)[0].low < 0.1 < periods(weekly)[0].high
    few = tuple((monday + timedelta(weeks=at), 1, 10) for at in range(30))
    assert not in_months(few[:20])
    assert periods(few)[0].start == date(2026, 1, 1)
    assert sum(period.feedback for period in periods(few)) == 300
    assert in_months((*weekly, (monday + timedelta(weeks=53), 4, 40)))
    assert periods(()) == ()


@given(st.integers(1, 500), st.floats(0, 1))
def test_wilson_holds_the_share_inside_nought_and_one(total: int, share: float) -> None:
    hits = np.array([float(round(total * share))])
    low, high = wilson(hits, np.array([float(total)]))
    assert 0 <= low[0] <= hits[0] / total <= high[0] <= 1
    assert high[0] > low[0]


def test_false_discoveries_are_held_over_many_themes() -> None:
    rng = np.random.default_rng(5)
    false = 0
    for _ in range(60):
        weeks = np.repeat(np.arange(20), 100)
        rows = [np.flatnonzero(rng.random(len(weeks)) < 0.06) for _ in range(20)]
        false += any(trend.verdict in (RISING, FALLING, EMERGING) for trend in trends(weeks, rows))
    assert false / 60 <= 0.10 + 0.10


@pytest.mark.parametrize(
    "weeks",
    [
        np.full(2000, -1),  # no dates
        np.repeat(np.arange(7), 300),  # seven weeks
    ],
)
def test_too_little_to_judge(weeks: np.ndarray) -> None:
    (trend,) = trends(weeks, [np.arange(0, 2000, 10)])
    assert (trend.verdict, trend.p) == (TOO_LITTLE, None)


def test_fewer_than_fifteen_mentions_are_too_few() -> None:
    weeks = np.repeat(np.arange(20), 50)
    few, enough = trends(weeks, [np.arange(0, 14 * 70, 70), np.arange(0, 1000, 66)])
    assert few.verdict == TOO_LITTLE
    assert enough.verdict == "stabiel"


def test_a_theme_that_everybody_mentions_has_no_trend() -> None:
    weeks = np.repeat(np.arange(20), 50)
    assert trends(weeks, [np.arange(1000)])[0].verdict == TOO_LITTLE


def test_weeks_begin_on_monday_and_the_long_past_stays_out() -> None:
    dates = [
        date(2024, 6, 2),  # Sunday
        date(2024, 6, 3),  # Monday
        date(2024, 6, 5),
        date(2021, 6, 6),
    ]
    days = np.array([*((day - date(1970, 1, 1)).days for day in dates), UNDATED])
    weeks = week_numbers(days)
    assert weeks[1] - weeks[0] == 1
    assert weeks[2] == weeks[1]
    assert weeks[3:].tolist() == [-1, -1]
    (trend,) = trends(weeks, [np.array([0, 1])])
    assert trend.weekly == ((date(2024, 5, 27), 1, 1), (date(2024, 6, 3), 1, 2))
    assert MAX_WEEKS == 156
