"""Check the drivers' intervals, verdicts and ranking on simulated answers whose truth is known.

    python scripts/check_drivers.py              # a few minutes
    python scripts/check_drivers.py --runs 100   # rougher
    python scripts/check_drivers.py --speed 100000   # also the seconds that so many rows take

Scores are whole numbers from 0 to 10, heaped at 10; themes go together; customers answer one to
six times and have a mood of their own; some complain more than others, in one of the worlds those
in a bad mood. What is true of a world is the association in a million answers of it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits

from klankbord.discoveries import FALSE_DISCOVERY_RATE, adjusted
from klankbord.drivers.association import MIN_MENTIONS
from klankbord.drivers.ranking import shrink
from klankbord.drivers.regression import Estimate, regress

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

SIZES = (100, 150, 300, 600, 2000)  # answers
DRAWS = 400  # of the bootstrap
SHARE = np.array([0.30, 0.20, 0.15, 0.12, 0.10, 0.08, 0.25, 0.06])  # of answers, per theme
IMPACT = np.array([-0.8, -2.0, 0.0, -1.5, 0.0, -2.5, 0.0, 0.0])  # on the mood behind the score
NEGLIGIBLE = 0.05  # score points below which an association counts as none
WORLDS = (("planted", IMPACT, 0.0), ("nothing", 0 * IMPACT, 0.0), ("moody", IMPACT, 0.3))
METHODS = ("CR3, Satterthwaite", "cluster bootstrap", "same, smooth weights")


@dataclass(frozen=True)
class World:
    """How answers come about."""

    share: Floats  # of answers that mention each theme
    impact: Floats  # of a mention on the mood
    repeats: int  # answers per customer at most
    moody: float = 0.0  # how much more often who is in a bad mood complains: of anything

    def draw(self, rng: np.random.Generator, rows: int) -> tuple[Bools, Floats, Ints]:
        """Return mentions (rows x themes), scores and customers."""
        cluster = np.repeat(np.arange(rows), rng.integers(1, self.repeats + 1, rows))[:rows]
        mood = rng.normal(size=rows)[cluster] if self.repeats > 1 else np.zeros(rows)
        prone = np.exp(0.5 * rng.normal(size=rows)[cluster] - 0.125 - self.moody * mood)
        mentions = rng.random((rows, len(self.share))) < prone[:, None] * self.share
        mentions[:, 2] |= mentions[:, 1] & (rng.random(rows) < 0.4)  # goes together with another
        latent = 9.3 + mentions @ self.impact + mood - rng.gamma(1.5, 1.0, rows)
        return mentions, np.clip(np.round(latent), 0, 10), cluster

    def truth(self, parts: int = 10) -> Floats:
        """Return the association of each theme with the score in a million answers, or fewer."""
        gram, product = 0.0, 0.0
        for part in range(parts):
            mentions, score, _ = self.draw(np.random.default_rng([1, part]), 100_000)
            x = np.column_stack([np.ones(len(score)), mentions])
            gram, product = gram + x.T @ x, product + x.T @ score
        return np.linalg.solve(gram, product)[1:]


def _coefficients(mentions: Bools, score: Floats, weights: Floats) -> Floats:
    """Return weighted least-squares coefficients, draws x (1 + themes)."""
    x = np.column_stack([np.ones(len(score)), mentions])
    p = x.shape[1]
    products = (x[:, :, None] * x[:, None, :]).reshape(len(score), p * p)
    grams = (weights @ products).reshape(-1, p, p) + 1e-9 * np.eye(p)
    return np.linalg.solve(grams, (weights @ (x * score[:, None]))[:, :, None])[:, :, 0]


def _bootstrap(
    mentions: Bools, score: Floats, cluster: Ints, rng: np.random.Generator, *, smooth: bool
) -> tuple[Floats, Floats, Floats]:
    """Return low, high (percentiles) and two-sided p of a cluster bootstrap."""
    count = int(cluster.max()) + 1
    if smooth:
        per_customer = rng.exponential(size=(DRAWS, count))
    else:
        per_customer = rng.multinomial(count, np.full(count, 1 / count), DRAWS).astype(float)
    drawn = _coefficients(mentions, score, per_customer[:, cluster])[:, 1:]
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    below = (drawn < 0).mean(axis=0)
    p = 2 * np.minimum(below, 1 - below) + 1 / DRAWS
    return low, high, np.minimum(p, 1.0)


class Tally:
    """How often each method's intervals hold the truth, and how many of its finds are false."""

    def __init__(self) -> None:
        self.held = dict.fromkeys(METHODS, 0)
        self.width = dict.fromkeys(METHODS, 0.0)
        self.false = {method: [] for method in METHODS}
        self.right = dict.fromkeys(METHODS, 0)
        self.judged = self.real = 0

    def add(self, method: str, ends: tuple[Floats, Floats], p: Floats, truth: Floats) -> None:
        """Count one run of one method."""
        low, high = ends
        found = adjusted(list(p)) <= FALSE_DISCOVERY_RATE
        none = np.abs(truth) < NEGLIGIBLE
        self.held[method] += int(((low <= truth) & (truth <= high)).sum())
        self.width[method] += float((high - low).sum())
        self.false[method].append(float((found & none).sum() / max(1, found.sum())))
        self.right[method] += int((found & ~none).sum())

    def rows(self, name: str) -> list[str]:
        """Return a line per method."""
        return [
            f"{name} | {method} | {self.held[method] / max(1, self.judged):.3f} | "
            f"{self.width[method] / max(1, self.judged):.2f} | "
            f"{np.mean(self.false[method]):.3f} | {self.right[method] / max(1, self.real):.2f}"
            for method in METHODS
        ]


def intervals(runs: int) -> None:
    """Print coverage of the 90 % intervals and realised false discoveries, by size."""
    print("answers, most per customer | method | coverage | width | false share | power")
    for repeats in (1, 6):
        for kind, impact, moody in WORLDS[: 3 if repeats > 1 else 2]:
            world = World(SHARE, impact, repeats, moody)
            truth = world.truth()
            for rows in SIZES:
                tally = Tally()
                for run in range(runs):
                    _one_run(world, truth, rows, np.random.default_rng([rows, repeats, run]), tally)
                print("\n".join(tally.rows(f"{rows}, {repeats}, {kind}")), flush=True)


def _one_run(
    world: World, truth: Floats, rows: int, rng: np.random.Generator, tally: Tally
) -> None:
    mentions, score, cluster = world.draw(rng, rows)
    enough = mentions.sum(axis=0) >= MIN_MENTIONS
    others = mentions[:, ~enough].any(axis=1)
    design = np.column_stack([mentions[:, enough], others])
    found = regress(design, score, cluster, np.eye(int(enough.sum()), design.shape[1]))
    judged = np.array([estimate is not None for estimate in found], dtype=bool)
    if not judged.any():
        return
    own = truth[enough][judged]
    tally.judged += len(own)
    tally.real += int((np.abs(own) >= NEGLIGIBLE).sum())
    estimates = [estimate for estimate in found if estimate is not None]
    ends = np.array([[e.low, e.high, e.p] for e in estimates]).T
    tally.add(METHODS[0], (ends[0], ends[1]), ends[2], own)
    place = np.flatnonzero(judged)
    for method, smooth in zip(METHODS[1:], (False, True), strict=True):
        low, high, p = _bootstrap(design, score, cluster, rng, smooth=smooth)
        tally.add(method, (low[place], high[place]), p[place], own)


def _empirical_bayes(estimates: Sequence[Estimate]) -> Floats:
    """Shrink with the one spread of Paule & Mandel (1982)."""
    value = np.array([e.impact for e in estimates])
    variance = np.array([e.error for e in estimates]) ** 2
    low, high = 0.0, float(np.ptp(value)) ** 2 + 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        weight = 1 / (variance + middle)
        mean = float((weight * value).sum() / weight.sum())
        above = float((weight * (value - mean) ** 2).sum()) > len(value) - 1
        low, high = (middle, high) if above else (low, middle)
    return mean + low / (low + variance) * (value - mean)


def _ridge(mentions: Bools, score: Floats) -> Floats:
    """Return ridge coefficients, the penalty by generalised cross-validation."""
    x = mentions - mentions.mean(axis=0)
    left, singular, right = np.linalg.svd(x, full_matrices=False)
    projected = left.T @ (score - score.mean())
    total = float(((score - score.mean()) ** 2).sum())

    def criterion(penalty: float) -> float:
        kept = singular**2 / (singular**2 + penalty)
        rest = total - float((projected**2 * (1 - (1 - kept) ** 2)).sum())
        return rest / (len(score) - 1 - kept.sum()) ** 2

    penalty = min(np.geomspace(0.01, 1e4, 40), key=criterion)
    return right.T @ (singular / (singular**2 + penalty) * projected)


RANKINGS: dict[str, Callable[[Sequence[Estimate], Bools, Floats], Floats]] = {
    "least squares": lambda found, *_: np.array([e.impact for e in found]),
    "ridge": lambda _, mentions, score: _ridge(mentions, score)[:-1],
    "one spread (Paule-Mandel)": lambda found, *_: _empirical_bayes(found),
    "spread averaged (shrink)": lambda found, *_: shrink(
        [e.impact for e in found], [e.error for e in found]
    ),
    "how often mentioned": lambda _, mentions, __: -mentions[:, :-1].sum(axis=0).astype(float),
}


def ranking(runs: int) -> None:
    """Print how well each way of shrinking ranks 15 themes, of which half matter little."""
    print(
        "\nanswers, strength | ranking by | rank correlation | true impact of top 3 | error (rms)"
    )
    for rows, strength in ((400, 1.0), (400, 0.3), (2000, 1.0), (2000, 0.3)):
        out = {name: np.zeros(3) for name in RANKINGS}
        best, seen = 0.0, 0
        for run in range(runs):
            rng = np.random.default_rng([rows, run])
            share = np.exp(rng.normal(np.log(0.06), 0.8, 15)).clip(0.01, 0.4)
            impact = -strength * np.where(rng.random(15) < 0.5, 0.3, rng.gamma(2.0, 0.8, 15))
            world = World(share, impact, 3)
            mentions, score, cluster = world.draw(rng, rows)
            enough = mentions.sum(axis=0) >= MIN_MENTIONS
            others = mentions[:, ~enough].any(axis=1)
            design = np.column_stack([mentions[:, enough], others])
            found = regress(design, score, cluster)[:-1]
            estimates = [e for e in found if e is not None]
            if len(estimates) < len(found) or len(estimates) < 5:
                continue
            own = world.truth(2)[enough]
            seen += 1
            best += float(np.sort(own)[:3].mean())
            for name, way in RANKINGS.items():
                guess = way(estimates, design, score)
                out[name] += (
                    stats.spearmanr(guess + 1e-9 * rng.random(len(own)), own).statistic,
                    own[np.argsort(guess, kind="stable")[:3]].mean(),
                    ((guess - own) ** 2).mean(),
                )
        for name, sums in out.items():
            error = "" if name.startswith("how") else f"{(sums[2] / seen) ** 0.5:.3f}"
            line = f"{rows}, {strength} | {name} | {sums[0] / seen:.3f} | {sums[1] / seen:.3f} | "
            print(line + error)
        print(f"{rows}, {strength} | the truth | 1 | {best / seen:.3f} | 0", flush=True)


def importance(runs: int) -> None:
    """Print the share of explained variance lost without each theme, beside the truth."""
    world = World(SHARE, IMPACT, 6)
    mentions, score, cluster = world.draw(np.random.default_rng(1), 300_000)
    true = [e.importance if e else 0.0 for e in regress(mentions, score, cluster)]
    print("\nanswers | share of explained variance lost, per theme (truth first)")
    print("300000 | " + " ".join(f"{value:.3f}" for value in true))
    for rows in (300, 600, 2000):
        sums, seen = np.zeros(len(SHARE)), 0
        for run in range(runs):
            found = regress(*world.draw(np.random.default_rng([rows, run]), rows))
            if all(found):
                sums += [e.importance for e in found if e]
                seen += 1
        print(f"{rows} | " + " ".join(f"{value:.3f}" for value in sums / max(1, seen)), flush=True)


def speed(rows: int) -> None:
    """Print the seconds of one regression on 40 themes, 60 % as many customers as answers."""
    rng = np.random.default_rng(0)
    mentions = rng.random((rows, 40)) < rng.uniform(0.002, 0.08, 40)
    score = rng.normal(size=rows)
    cluster = rng.integers(0, int(0.6 * rows), rows)
    begin = time.perf_counter()
    regress(mentions, score, cluster)
    print(f"\n{rows} answers x 40 themes: {time.perf_counter() - begin:.1f} s")


def main() -> None:
    """Run the checks and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--speed", type=int, default=0, metavar="ROWS")
    options = parser.parse_args()
    with threadpool_limits(limits=1, user_api="blas"):
        intervals(options.runs)
        ranking(options.runs)
        importance(options.runs)
        if options.speed:
            speed(options.speed)


if __name__ == "__main__":
    main()
