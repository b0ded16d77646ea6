"""Measure the search for tone shifts on planted histories, and its speed.

    python scripts/simulate_shifts.py                    # recall, false alarms, speed
    python scripts/simulate_shifts.py --customers 500    # quick
    python scripts/simulate_shifts.py --speed 1000000    # a million customers, eight contacts each

A simulated customer has a state and writes 3-6 pieces, and then 2-4 more. One in ten drops from
enthousiast to neutraal in between; the others stay what they were. A share of the pieces
(`--wobble`) is written one level off the state: a good or a bad day, which is no shift. The tone
of each piece is labelled right with the given accuracy; the probabilities are calibrated: the
Bayes posterior of the true tone given the label. The naive rule flags everybody whose last label
is neutraal or lower after an earlier enthousiast.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from klankbord.moments import DAY_US
from klankbord.schema import CUSTOMERS, FEEDBACK, SCORES, TONE_PROBABILITIES, TONES, ShiftKind
from klankbord.shifts import find_shifts
from klankbord.shifts.learning import learn
from klankbord.shifts.policy import allowed_states, journey_claims
from klankbord.shifts.trajectories import Sequences, final_masses

AS_OF = datetime(2025, 1, 1, tzinfo=UTC)
SHARES = np.array([0.08, 0.17, 0.25, 0.30, 0.20])  # of customers who stay at each level
PLANTED = 0.1
FROM, TO = 4, 2


@dataclass(frozen=True, eq=False)
class Simulation:
    """Histories as labelled, with what was planted."""

    owner: np.ndarray  # customer of each piece
    day: np.ndarray  # days before AS_OF
    label: np.ndarray
    probabilities: np.ndarray  # (pieces, 5)
    dropped: np.ndarray  # per customer


def confusion(accuracy: float) -> np.ndarray:
    """Return P(label | tone): errors are mostly to a neighbouring level."""
    distance = np.abs(np.arange(5)[:, None] - np.arange(5))
    wrong = np.where(distance > 0, 0.25 ** (distance - 1.0), 0.0)
    wrong /= wrong.sum(axis=1, keepdims=True)
    return accuracy * np.eye(5) + (1 - accuracy) * wrong


def simulate(customers: int, accuracy: float, wobble: float, seed: int) -> Simulation:
    """Draw `customers` histories."""
    rng = np.random.default_rng(seed)
    before, after = rng.integers(3, 7, customers), rng.integers(2, 5, customers)
    dropped = rng.random(customers) < PLANTED
    level = np.where(dropped, FROM, rng.choice(5, customers, p=SHARES))
    length = before + after
    owner = np.repeat(np.arange(customers), length)
    start = np.cumsum(length) - length
    position = np.arange(len(owner)) - start[owner]
    state = np.where(dropped[owner] & (position >= before[owner]), TO, level[owner])
    off = rng.random(len(owner)) < wobble
    tone = np.where(off, np.clip(state + rng.choice([-1, 1], len(owner)), 0, 4), state)
    matrix = confusion(accuracy)
    draw = rng.random(len(owner))[:, None]
    label = np.minimum((draw > np.cumsum(matrix, axis=1)[tone]).sum(axis=1), 4)
    joint = (np.bincount(tone, minlength=5) / len(tone))[:, None] * matrix
    posterior = (joint / np.maximum(joint.sum(axis=0), 1e-12)).T
    gap = rng.gamma(4.0, 15.0, len(owner)).astype(np.int64) + 1
    until_end = np.cumsum(gap[::-1])[::-1]
    end = until_end[np.minimum(start + length - 1, len(owner) - 1)]
    day = until_end - end[owner] + 1
    return Simulation(owner, day, label, posterior[label], dropped)


def tables(simulation: Simulation) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return the simulation as feedback, scores and (no) customers."""
    n = len(simulation.owner)
    numbers = pa.array(np.arange(n)).cast(pa.string())
    now = int(AS_OF.timestamp()) * 1_000_000
    constant = {"source": "simulatie", "channel": "survey", "author_role": "customer"}
    columns = {name: pa.repeat(value, n) for name, value in constant.items()}
    columns |= {
        "feedback_id": numbers,
        "customer_id": pa.array(simulation.owner).cast(pa.string()),
        "verbatim": pa.repeat("tekst", n),
        "received_at": pa.array(now - simulation.day * DAY_US, pa.timestamp("us", tz="UTC")),
        "attributes": pa.repeat("{}", n),
    }
    feedback = pa.table(
        [columns.get(f.name, pa.nulls(n, f.type)).cast(f.type) for f in FEEDBACK], schema=FEEDBACK
    )
    scored = {name: simulation.probabilities[:, i] for i, name in enumerate(TONE_PROBABILITIES)}
    filled = {
        "feedback_id": numbers,
        "tone": pa.array([t.value for t in TONES]).take(pa.array(simulation.label)),
        "cues": pa.array([[]] * n, pa.list_(pa.string())),
        "scored_by": pa.repeat("simulatie", n),
        **{name: pa.array(values) for name, values in scored.items()},
        **{name: pa.repeat(0.0, n) for name in ("valence", "enthusiasm", "tone_sd")},
    }
    flags = ("mixed", "churn_cue", "ambassador_cue", "unresolved", "non_answer")
    filled |= {name: pa.repeat(False, n) for name in flags}
    scores = pa.table(
        [filled.get(f.name, pa.nulls(n, f.type)).cast(f.type) for f in SCORES], schema=SCORES
    )
    return feedback, scores, CUSTOMERS.empty_table()


def quality(flagged: np.ndarray, dropped: np.ndarray) -> tuple[float, float]:
    """Return recall and the realised share of false alarms."""
    right = dropped[flagged].sum()
    return right / max(dropped.sum(), 1), 1 - right / max(len(flagged), 1)


def naive(simulation: Simulation) -> np.ndarray:
    """Return the customers whose last label is flat or worse after an earlier enthousiast."""
    last = np.append(simulation.owner[1:] != simulation.owner[:-1], True)
    fan = np.bincount(
        simulation.owner[~last], simulation.label[~last] == FROM, len(simulation.dropped)
    )
    return np.flatnonzero((simulation.label[last] <= TO) & (fan > 0))


def measure(customers: int, accuracy: float, wobble: float, fdr: float, seeds: int) -> list[float]:
    """Return mean recall and false alarms of verkoeling, the whole list and the naive rule."""
    rows = []
    for seed in range(seeds):
        simulation = simulate(customers, accuracy, wobble, seed)
        found = find_shifts(*tables(simulation), fdr=fdr, as_of=AS_OF)
        cooled = [s for s in found.shifts if s.kind is ShiftKind.VERKOELING]
        flagged = np.array([int(s.customer_id) for s in cooled], dtype=np.int64)
        drops = (ShiftKind.VERKOELING, ShiftKind.TELEURSTELLING, ShiftKind.ESCALATIE)
        listed = np.array([int(s.customer_id) for s in found.shifts], dtype=np.int64)
        true = [simulation.dropped[int(s.customer_id)] and s.kind in drops for s in found.shifts]
        rows.append(
            (
                *quality(flagged, simulation.dropped),
                1 - sum(true) / max(len(listed), 1),
                found.expected_false / max(len(listed), 1),
                *quality(naive(simulation), simulation.dropped),
            )
        )
    return [float(value) for value in np.mean(rows, axis=0)]


def speed(customers: int, contacts: int = 8) -> None:
    """Print how fast the belief, and then the whole search, is over evenly long histories."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(customers), contacts)
    state = rng.choice(5, customers, p=SHARES)
    drop = (rng.random(customers) < PLANTED) & (state == FROM)
    turned = drop[owner] & (np.tile(np.arange(contacts), customers) >= contacts // 2)
    tone = np.where(turned, TO, state[owner])
    matrix = confusion(0.8)
    draw = rng.random(len(owner))[:, None]
    label = np.minimum((draw > np.cumsum(matrix, axis=1)[tone]).sum(axis=1), 4)
    joint = (np.bincount(tone, minlength=5) / len(tone))[:, None] * matrix
    probabilities = (joint / joint.sum(axis=0)).T[label].astype(np.float32)
    day = np.tile(np.arange(contacts)[::-1] * 60 + 1, customers) + rng.integers(0, 50, len(owner))
    rows = len(owner)
    sequences = Sequences(
        probabilities,
        np.zeros(rows, dtype=np.int8),
        np.ones(rows),
        np.arange(rows + 1),
        rng.integers(4, 8, rows),
        np.arange(0, rows + 1, contacts),
    )
    begin = time.perf_counter()
    dynamics = learn(sequences)
    learned = time.perf_counter()
    journey_claims(final_masses(sequences, dynamics, allowed_states()), np.arange(customers))
    done = time.perf_counter()
    print(
        f"belief: {customers} customers x {contacts} = {rows} rows: learn {learned - begin:.1f} s,"
        f" probabilities {done - learned:.1f} s, {rows / (done - begin):,.0f} rows/s"
    )
    del sequences
    given = tables(Simulation(owner, day, label, probabilities, drop))
    begin = time.perf_counter()
    found = find_shifts(*given, fdr=0.1, as_of=AS_OF)
    seconds = time.perf_counter() - begin
    print(
        f"find_shifts, tables to {len(found.shifts)} explained shifts: {seconds:.1f} s,"
        f" {rows / seconds:,.0f} rows/s"
    )


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--customers", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--fdr", type=float, default=0.10)
    parser.add_argument("--wobble", type=float, nargs="*", default=[0.0, 0.15, 0.3])
    parser.add_argument("--speed", type=int, default=0, help="customers in the speed test")
    options = parser.parse_args()
    if options.speed:
        speed(options.speed)
        return
    print(f"{options.customers} customers, {options.seeds} seeds, asked FDR {options.fdr:.2f}")
    print("wobble accuracy | recall   FDR | list FDR stated | naive recall   FDR")
    for wobble in options.wobble:
        for accuracy in (1.0, 0.9, 0.8, 0.75):
            row = measure(options.customers, accuracy, wobble, options.fdr, options.seeds)
            print(
                f"{wobble:6.2f} {accuracy:8.2f} | {row[0]:6.3f} {row[1]:5.3f} |"
                f" {row[2]:8.3f} {row[3]:6.3f} | {row[4]:12.3f} {row[5]:5.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
