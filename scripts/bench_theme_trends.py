"""How often a theme's trend verdict is chance, and how often a planted one is found.

    python scripts/bench_theme_trends.py [--runs 300]

Simulates reports of 40 themes: without any change ("none planted": the share of reports with a
false verdict is the rate to hold), and with 8 of them changed (the false share of the verdicts,
averaged over reports, and the share of planted changes found, by verdict). Courses: stable;
overdispersed (weekly rates scatter by half around their mean); seasonal (a yearly wave and a
December peak), over three years; a survey in waves of two weeks every quarter.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable

import numpy as np

from klankbord.themes.trend import (
    EMERGING,
    FALLING,
    RECENT_WEEKS,
    RISING,
    STABLE,
    TOO_LITTLE,
    judge,
)

THEMES, PLANTED = 40, 8
FIRST_WEEK = 2700  # a Monday in 2021
MOVED = (RISING, FALLING, EMERGING)
Plant = Callable[[np.ndarray], np.ndarray]  # weeks to a factor on the rate


def steady(weeks: np.ndarray) -> np.ndarray:
    """Double over the span, steadily."""
    return np.exp(np.log(2) * (weeks - weeks[0]) / (weeks[-1] - weeks[0]))


def sudden(weeks: np.ndarray) -> np.ndarray:
    """Double in the last four weeks."""
    return np.where(weeks > weeks[-1] - RECENT_WEEKS, 2.0, 1.0)


def fading(weeks: np.ndarray) -> np.ndarray:
    """Fall to a third in the last four weeks."""
    return np.where(weeks > weeks[-1] - RECENT_WEEKS, 1 / 3, 1.0)


def new(weeks: np.ndarray) -> np.ndarray:
    """Appear in the last four weeks, after a tenth of that before."""
    return np.where(weeks > weeks[-1] - RECENT_WEEKS, 1.0, 0.1)


PLANTS: dict[str, Plant] = {
    "doubles steadily": steady,
    "doubles in four weeks": sudden,
    "is new in four weeks": new,
    "falls to a third": fading,
}


def simulate(
    rng: np.random.Generator,
    *,
    span: int,
    feedback: int,
    scatter: float,
    wander: float,
    season: float,
    waves: bool,
    plant: Plant | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return counts (themes x weeks), feedback per week and week numbers of one report."""
    weeks = FIRST_WEEK + np.arange(span)
    if waves:
        weeks = weeks[(weeks % 13) < 2]
    total = rng.poisson(feedback, len(weeks)) + 1
    rate = np.exp(rng.normal(np.log(0.03), 0.7, (THEMES, 1)))
    noise = rng.normal(0, scatter, (THEMES, len(weeks)))
    drift = np.zeros_like(noise)
    for week in range(1, len(weeks)):
        shock = rng.normal(0, wander * np.sqrt(1 - 0.7**2), THEMES)
        drift[:, week] = 0.7 * drift[:, week - 1] + shock
    phase = rng.uniform(0, 2 * np.pi, (THEMES, 1))
    yearly = np.sin(2 * np.pi * weeks / 52.18 + phase) + 1.5 * ((weeks % 52.18) > 48)
    rate = rate * np.exp(noise + drift + season * yearly)
    if plant is not None:
        rate[:PLANTED] *= plant(weeks)
    return rng.binomial(total, np.clip(rate, 0, 0.9)).astype(float), total.astype(float), weeks


def run(name: str, runs: int, **world: object) -> None:
    """Print one line per planted change."""
    for plant_name, plant in {"none planted": None, **PLANTS}.items():
        rng = np.random.default_rng(sum(map(ord, name + plant_name)))
        false, found, judged = [], Counter[str](), 0
        for _ in range(runs):
            counts, total, weeks = simulate(rng, plant=plant, **world)  # type: ignore[arg-type]
            verdicts = [verdict for verdict, _ in judge(counts, total, weeks)]
            first = PLANTED if plant else 0
            wrong = sum(verdict in MOVED for verdict in verdicts[first:])
            moved = sum(verdict in MOVED for verdict in verdicts)
            false.append(wrong / max(moved, 1))
            found.update(verdicts[:first])
            judged += sum(verdict != TOO_LITTLE for verdict in verdicts)
        error = 1.64 * np.std(false) / np.sqrt(runs)
        power = ", ".join(
            f"{verdict} {found[verdict] / PLANTED / runs:.0%}"
            for verdict in (*MOVED, STABLE, TOO_LITTLE)
            if found[verdict]
        )
        line = f"{name:38} {plant_name:22} false {np.mean(false):6.1%} ± {error:.1%}"
        print(f"{line}  judged {judged / THEMES / runs:4.0%}  {power}", flush=True)


def main() -> None:
    """Run every kind of course."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    plain = {"span": 52, "feedback": 200, "scatter": 0.0, "wander": 0.0, "season": 0.0}
    plain |= {"waves": False}
    run("a year, stable", runs, **plain)
    run("a year, stable, little feedback", runs, **plain | {"feedback": 30})
    run("12 weeks, stable", runs, **plain | {"span": 12})
    run("a year, overdispersed", runs, **plain | {"scatter": 0.5})
    run("a year, wandering", runs, **plain | {"wander": 0.3})
    run("18 months, stable", runs, **plain | {"span": 78})
    run("three years, stable", runs, **plain | {"span": 156})
    run("three years, seasonal", runs, **plain | {"span": 156, "season": 0.5})
    run(
        "three years, seasonal, overdispersed",
        runs,
        **plain | {"span": 156, "season": 0.5, "scatter": 0.5},
    )
    run("two years, seasonal", runs, **plain | {"span": 105, "season": 0.5})
    run("18 months, seasonal (not claimed)", runs, **plain | {"span": 78, "season": 0.5})
    run("two years of waves", runs, **plain | {"span": 105, "waves": True, "feedback": 800})


if __name__ == "__main__":
    main()
