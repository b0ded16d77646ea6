"""One draw of planted histories, with what Klankbord and the other detectors make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

import planted_histories as planted
from klankbord.schema import ShiftKind
from klankbord.shifts import find_shifts
from klankbord.shifts.histories import Bools, Floats, gather
from klankbord.shifts.judged import judged_words
from klankbord.shifts.learning import learn
from klankbord.shifts.policy import JOURNEYS, allowed_states, journey_claims
from klankbord.shifts.sequences import daily
from klankbord.shifts.trajectories import final_masses
from other_detectors import DETECTORS, best_threshold, discoveries
from planted_histories import AS_OF, LEVELS, Histories

DROPS = (ShiftKind.ESCALATIE, ShiftKind.TELEURSTELLING, ShiftKind.VERKOELING)
JOURNEY_KINDS = tuple(dict.fromkeys(journey.kind for journey in JOURNEYS))
TUNING_SEED = 0

Reader = Callable[[Histories, int], Floats]  # histories and seed to tone probabilities


@dataclass(frozen=True, eq=False)
class Run:
    """One draw of histories with what Klankbord and the others make of it."""

    histories: Histories
    true: dict[ShiftKind, Bools]  # per customer
    listed: dict[int, list[ShiftKind]]  # by customer
    expected_false: float
    probability: dict[ShiftKind, Floats]  # of each customer, 0 where nobody could judge
    scores: dict[str, Floats]
    flagged: dict[str, Bools]

    def right(self, customer: int, kind: ShiftKind) -> bool:
        """Tell whether a listed shift is one."""
        if kind is ShiftKind.STILTE:
            return bool(self.histories.kind[customer] == planted.SILENT)
        return kind in self.true and bool(self.true[kind][customer])

    @property
    def dropped(self) -> Bools:
        """Tell of whom any drop is true."""
        return np.logical_or.reduce([self.true[kind] for kind in DROPS])


def share(right: int, of: int) -> str:
    """Return a share with its 95 % Wilson interval."""
    if not of:
        return "–"
    low, high = binomtest(int(right), int(of)).proportion_ci(method="wilson")
    return f"{right / of:.3f} ({low:.3f}–{high:.3f}, n={of})"


def truths(histories: Histories) -> dict[ShiftKind, Bools]:
    """Return of which customers each kind of journey is true, by the planted states."""
    start = histories.start()
    now = histories.state[start[1:] - 1]
    found = {kind: np.zeros(histories.customers, dtype=bool) for kind in JOURNEY_KINDS}
    for journey in JOURNEYS:
        been = np.logical_or.reduceat(journey.visited[histories.state], start[:-1])
        found[journey.kind] |= been & journey.settled[now]
    return found


def take(histories: Histories, kept: Bools) -> Histories:
    """Return the histories with only the contacts `kept`."""
    columns = (histories.owner, histories.day, histories.channel, histories.state)
    return Histories(
        *(column[kept] for column in columns), histories.expressed[kept],
        histories.kind, histories.turn,
    )  # fmt: skip


def beliefs(histories: Histories, probabilities: Floats) -> dict[ShiftKind, Floats]:
    """Return the probability of each kind of journey, of every customer."""
    feedback, scores, _ = planted.tables(histories, probabilities)
    gathered = gather(feedback, scores, AS_OF)
    words, _ = judged_words(gathered)
    sequences = daily(words)
    codes = words.customer[sequences.contact[sequences.start[:-1]]]
    names = gathered.customers.take(codes).to_pylist()
    masses = final_masses(sequences, learn(sequences), allowed_states())
    found = {}
    for claims in journey_claims(masses, np.array(names, dtype=np.int64)):
        found[claims.kind] = np.zeros(histories.customers)
        found[claims.kind][claims.customer] = claims.probability
    return found


def run(
    customers: int, seed: int, reader: Reader, fdr: float, thresholds: dict[str, float] | None
) -> Run:
    """Draw, read and search once; `thresholds` are those of the detectors that need one."""
    histories = planted.draw(customers, seed)
    probabilities = reader(histories, seed)
    feedback, scores, none = planted.tables(histories, probabilities)
    found = find_shifts(feedback, scores, none, fdr=fdr, as_of=AS_OF)
    listed: dict[int, list[ShiftKind]] = {}
    for shift in found.shifts:
        listed.setdefault(int(shift.customer_id), []).append(shift.kind)
    rank = probabilities @ np.arange(LEVELS)
    others, flagged = {}, {}
    for name, detector in DETECTORS.items():
        drops = detector(rank, histories.day, histories.start())
        others[name] = drops.score
        if drops.p is not None:
            flagged[name] = discoveries(drops.p, fdr)
        elif thresholds is not None:
            flagged[name] = drops.score >= thresholds[name]
    return Run(
        histories, truths(histories), listed, found.expected_false,
        beliefs(histories, probabilities), others, flagged,
    )  # fmt: skip


def tuned(customers: int, reader: Reader, fdr: float) -> dict[str, float]:
    """Return the best thresholds of the other detectors on a seed of its own."""
    trial = run(customers, TUNING_SEED, reader, fdr, None)
    return {name: best_threshold(score, trial.dropped) for name, score in trial.scores.items()}
