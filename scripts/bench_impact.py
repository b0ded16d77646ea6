"""Measure what `klankbord impact` claims on simulated customers whose true effect is known.

    python scripts/bench_impact.py                       # every world, 400 times
    python scripts/bench_impact.py --repeats 50          # a quick look
    python scripts/bench_impact.py --world none --seed 9 # one world, other draws
    python scripts/bench_impact.py --methods             # also other ways of matching

How the customers are made stands in simulated_actions.py. Each line tells of one way to measure
tone: what it claims on average, how far that is from the truth, how often its 90 % interval holds
the truth, and how often it claims a difference (power, or false alarms where the effect is 0).
"naive" is before against after of those acted on, "unmatched" that change less the change of
everybody flagged and never acted on.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy import stats

from klankbord.loop import matching
from klankbord.loop.impact import LEAST, measure_impact
from klankbord.loop.levels import before, series
from klankbord.shifts.histories import gather
from simulated_actions import AS_OF, Case, World, simulate

FIRST_SEED = 1_000
WORLDS = (
    World("none"),
    World("effect", effect=0.3),
    World("varied", effect=0.3, effect_by_value=0.15),
    World("few", effect=0.3, flagged=120),
    World("seldom", effect=0.3, share=0.15),
    World("choosy", effect=0.3, selection=2.0),
    World("unseen", effect=0.3, unseen=0.5),
)
WINDOW = 90 * 86_400
METHODS = {
    "one neighbour": {"neighbours": 1},
    "five neighbours": {"neighbours": 5},
    "narrow caliper": {"caliper": 0.5},
    "no caliper": {"caliper": 99.0},
}


@dataclass(frozen=True)
class Claim:
    """One estimate of one run beside the truth, in tone levels."""

    way: str
    effect: float
    low: float
    high: float
    truth: float
    differs: bool


def claims(world: World, seed: int, ways: tuple[str, ...] = ()) -> list[Claim]:
    """Measure one simulated workspace in every way."""
    case = simulate(world, seed)
    truth = float(np.mean([case.lift[action] for action in case.acted_at]))
    return [*_plain(case, truth), *_matched(case, truth, ways)]


def _matched(case: Case, truth: float, ways: tuple[str, ...]) -> Iterator[Claim]:
    tables = (case.actions, case.acted_at, case.feedback, case.scores, case.customers)
    for one in measure_impact(*tables, as_of=AS_OF):
        if one.measure == "tone" and one.effect is not None:
            way = "matched" if one.by == "all" else "matched, one kind"
            differs = one.verdict in ("beter", "slechter")
            yield Claim(way, one.effect, one.low, one.high, truth, differs)
    kept = dict(matching.match.__kwdefaults__)
    for way in ways:
        try:
            matching.match.__kwdefaults__.update(METHODS[way])
            found = measure_impact(*tables, as_of=AS_OF)[0]
        finally:
            matching.match.__kwdefaults__.update(kept)
        if found.effect is not None:
            differs = found.verdict in ("beter", "slechter")
            yield Claim(way, found.effect, found.low, found.high, truth, differs)


def _plain(case: Case, truth: float) -> Iterator[Claim]:
    """Yield what the naive and the unmatched comparison claim."""
    histories = gather(case.feedback, case.scores, AS_OF)
    contacts = series(histories, case.feedback, "tone")
    place = {name: at for at, name in enumerate(histories.customers.to_pylist())}
    customer = np.array([place[action.customer_id] for action in case.actions])
    opened = _seconds([action.opened_at for action in case.actions])
    acted = np.array([action.action_id in case.acted_at for action in case.actions])
    done = _seconds([case.acted_at.get(a.action_id, a.opened_at) for a in case.actions])
    last = before(contacts, customer, opened).last
    after = contacts.mean(contacts.place(customer, done), contacts.place(customer, done + WINDOW))
    change = after - last
    heard = np.isfinite(change)
    ours, others = change[acted & heard], change[~acted & heard]
    yield _claim("naive", ours, np.zeros(0), truth)
    yield _claim("unmatched", ours, others, truth)


def _claim(way: str, ours: np.ndarray, others: np.ndarray, truth: float) -> Claim:
    effect = ours.mean() - (others.mean() if len(others) else 0.0)
    variance = sum(side.var(ddof=1) / len(side) for side in (ours, others) if len(side) > 1)
    freedom = min(len(side) for side in (ours, others) if len(side)) - 1
    reach = stats.t.ppf(0.95, freedom) * np.sqrt(variance)
    low, high = float(effect - reach), float(effect + reach)
    return Claim(way, float(effect), low, high, truth, not low <= 0 <= high)


def _seconds(moments: list) -> np.ndarray:
    return np.array([int(moment.timestamp()) for moment in moments], dtype=np.int64)


def lines(world: World, found: list[Claim]) -> Iterator[str]:
    """Yield a line per way of measuring."""
    for way in dict.fromkeys(claim.way for claim in found):
        some = [claim for claim in found if claim.way == way]
        effect = np.array([claim.effect for claim in some])
        truth = np.array([claim.truth for claim in some])
        held = np.mean([c.low <= c.truth <= c.high for c in some])
        width = np.mean([c.high - c.low for c in some])
        differs = np.mean([c.differs for c in some])
        yield (
            f"| {world.name} | {way} | {len(some)} | {truth.mean():.2f} | {effect.mean():+.2f} "
            f"| {(effect - truth).mean():+.3f} | {held:.1%} | {width:.2f} | {differs:.1%} |"
        )


def _one(task: tuple[World, int, tuple[str, ...]]) -> list[Claim]:
    return claims(*task)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--world", choices=[world.name for world in WORLDS])
    parser.add_argument("--methods", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    ways = tuple(METHODS) if options.methods else ()
    print(
        f"Tone, at least {LEAST} customers on either side, {options.repeats} simulations a world, "
        "intervals of 90 %\n"
    )
    print("| world | way | estimates | true | claimed | bias | held | width | differs |")
    print("|---|---|---|---|---|---|---|---|---|")
    start = time.perf_counter()
    with ProcessPoolExecutor(options.jobs) as pool:
        for world in WORLDS:
            if options.world in (None, world.name):
                seeds = range(options.seed, options.seed + options.repeats)
                tasks = [(replace(world), seed, ways) for seed in seeds]
                found = [one for some in pool.map(_one, tasks, chunksize=4) for one in some]
                print("\n".join(lines(world, found)), flush=True)
    print(f"\n{time.perf_counter() - start:.0f} seconds")


if __name__ == "__main__":
    main()
