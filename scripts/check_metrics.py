"""Measure how often the 90 % intervals of `klankbord metrics` hold the truth, on simulated data.

    python scripts/check_metrics.py [--runs 4000]

NPS is shown with the interval in use (adjusted Wald, Rocks 2016) and with the plain one of the
multinomial variance, which is what it was chosen over.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from klankbord.metrics import intervals
from klankbord.metrics.experience import estimate
from klankbord.metrics.intervals import Estimate
from klankbord.metrics.retention import lifetime_value
from klankbord.schema import ScoreMetric

MIXES = {  # shares of detractors, passives and promoters
    "even": (0.33, 0.34, 0.33),
    "usual": (0.20, 0.35, 0.45),
    "loved": (0.05, 0.15, 0.80),
    "adored": (0.01, 0.04, 0.95),
}
SIZES = (20, 50, 200)
Rng = np.random.Generator
Draw = Callable[[Rng], tuple[Estimate | None, float]]


def coverage(draw: Draw, runs: int, seed: int) -> float:
    """Return how often the interval holds the truth, of the `runs` in which one is given."""
    rng = np.random.default_rng(seed)
    held = []
    for _ in range(runs):
        found, truth = draw(rng)
        if found is not None and found.low is not None and found.high is not None:
            held.append(found.low <= truth <= found.high)
    return float(np.mean(held))


def plain_nps(answers: np.ndarray) -> Estimate:
    """Return the NPS with the interval of the multinomial variance: p + d - (p - d)²."""
    scored = np.where(answers >= 9, 1.0, np.where(answers <= 6, -1.0, 0.0))
    score, size = scored.mean(), len(answers)
    half = 1.6448536 * np.sqrt(max(0.0, np.abs(scored).mean() - score**2) / size)
    return Estimate(100 * score, 100 * (score - half), 100 * (score + half), size)


def nps(mix: tuple[float, float, float], size: int, per_customer: int, *, plain: bool) -> Draw:
    """Draw answers of customers who answer `per_customer` times, always alike."""

    def draw(rng: Rng) -> tuple[Estimate | None, float]:
        own = rng.choice([3.0, 8.0, 10.0], size // per_customer, p=mix)
        answers = np.repeat(own, per_customer)
        groups = np.repeat(np.arange(len(own)), per_customer)
        found = plain_nps(answers) if plain else estimate(ScoreMetric.NPS, answers, groups)
        return found, 100 * (mix[2] - mix[0])

    return draw


def scored(metric: ScoreMetric, shares: tuple[float, ...], size: int) -> Draw:
    """Draw answers 1, 2, … with these shares."""
    scale = np.arange(1.0, len(shares) + 1)

    def draw(rng: Rng) -> tuple[Estimate | None, float]:
        answers = rng.choice(scale, size, p=shares)
        top = float(np.dot(scale >= 4, shares))
        truth = top if metric is ScoreMetric.CSAT else float(np.dot(scale, shares))
        return estimate(metric, answers, np.arange(size)), truth

    return draw


def revenue_churn(size: int, churn: float) -> Draw:
    """Draw customers of very unequal value who leave whatever they are worth."""

    def draw(rng: Rng) -> tuple[Estimate | None, float]:
        values = rng.lognormal(6, 1, size)
        return intervals.weighted_proportion(rng.random(size) < churn, values), churn

    return draw


def clv(size: int, rate: float) -> Draw:
    """Draw a year of customers who cancel at a constant `rate` per year."""

    def draw(rng: Rng) -> tuple[Estimate | None, float]:
        stay = rng.exponential(1 / rate, size)
        left, exposure = int((stay < 1).sum()), float(np.minimum(stay, 1).sum())
        values = rng.lognormal(6, 1, size)
        found = lifetime_value(values[stay >= 1], exposure / max(left, 1), max(left, 1))
        return found, float(np.exp(6.5) / rate)

    return draw


def main() -> None:
    """Print the coverage of every interval."""
    parser = argparse.ArgumentParser(description="Coverage of the 90 % intervals.")
    parser.add_argument("--runs", type=int, default=4000)
    runs = parser.parse_args().runs
    print(f"{'NPS, answers':34}{'in use':>8}{'plain':>8}")
    for name, mix in MIXES.items():
        for size in SIZES:
            used = coverage(nps(mix, size, 1, plain=False), runs, 1)
            plain = coverage(nps(mix, size, 1, plain=True), runs, 1)
            print(f"{name + ', ' + str(size):34}{used:8.1%}{plain:8.1%}")
    used = coverage(nps(MIXES["usual"], 200, 5, plain=False), runs, 2)
    plain = coverage(nps(MIXES["usual"], 200, 5, plain=True), runs, 2)
    print(f"{'usual, 200 of 40 customers':34}{used:8.1%}{plain:8.1%}")
    others: dict[str, Draw] = {}
    for size in SIZES:
        csat = scored(ScoreMetric.CSAT, (0.05, 0.05, 0.15, 0.35, 0.40), size)
        ces = scored(ScoreMetric.CES, (0.05, 0.05, 0.05, 0.10, 0.20, 0.25, 0.30), size)
        others |= {f"CSAT, {size} answers": csat, f"CES, {size} answers": ces}
    for size, churn in ((100, 0.05), (400, 0.03), (2000, 0.02)):
        others[f"revenue churn {churn:.0%} of {size}"] = revenue_churn(size, churn)
    for size, rate in ((150, 0.2), (500, 0.1), (2000, 0.3)):
        others[f"CLV, {size} customers, {rate} a year"] = clv(size, rate)
    for seed, (name, draw) in enumerate(others.items(), start=3):
        print(f"{name:34}{coverage(draw, runs, seed):8.1%}")


if __name__ == "__main__":
    main()
