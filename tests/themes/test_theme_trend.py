from datetime import date

import numpy as np
import pytest

from klankbord.moments import UNDATED
from klankbord.themes.trend import MAX_WEEKS, TOO_LITTLE, slopes, trends, week_numbers

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
    _, p = slopes(counts, np.full(WEEKS, float(PER_WEEK)), np.arange(float(WEEKS)))
    assert np.mean(p < 0.05) < 0.05 + 0.02
    assert np.mean(p < 0.10) < 0.10 + 0.025
    assert np.mean(p < 0.10) > 0.05


def test_false_discoveries_are_held_over_many_themes() -> None:
    rng = np.random.default_rng(5)
    false = 0
    for _ in range(60):
        weeks = np.repeat(np.arange(20), 100)
        rows = [np.flatnonzero(rng.random(len(weeks)) < 0.06) for _ in range(20)]
        false += any(trend.verdict in ("stijgend", "dalend") for trend in trends(weeks, rows))
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


def test_fewer_than_twenty_mentions_are_too_few() -> None:
    weeks = np.repeat(np.arange(20), 50)
    few, enough = trends(weeks, [np.arange(0, 19 * 50, 50), np.arange(0, 1000, 40)])
    assert few.verdict == TOO_LITTLE
    assert enough.verdict == "stabiel"


def test_a_theme_that_everybody_mentions_has_no_trend() -> None:
    weeks = np.repeat(np.arange(20), 50)
    assert trends(weeks, [np.arange(1000)])[0].verdict == TOO_LITTLE


def test_weeks_begin_on_monday_and_the_long_past_stays_out() -> None:
    given = [
        date(2024, 6, 2),  # Sunday
        date(2024, 6, 3),  # Monday
        date(2024, 6, 5),
        date(2023, 6, 4),
    ]
    days = np.array([*((day - date(1970, 1, 1)).days for day in given), UNDATED])
    weeks = week_numbers(days)
    assert weeks[1] - weeks[0] == 1
    assert weeks[2] == weeks[1]
    assert weeks[3:].tolist() == [-1, -1]
    (trend,) = trends(weeks, [np.array([0, 1])])
    assert trend.weekly == ((date(2024, 5, 27), 1, 1), (date(2024, 6, 3), 1, 2))
    assert MAX_WEEKS == 52
