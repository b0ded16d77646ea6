"""What to flag: the claims a tone shift makes, and how many of them may be false.

A claim is a statement about a customer with a posterior probability p. A list of claims is
expected to hold sum(1 - p) false ones, so the longest list with mean(1 - p) <= fdr, taken from
the most probable down, keeps the Bayesian false-discovery rate (Newton, Noueiry, Sarkar and
Ahlquist 2004, "Detecting differential gene expression with a semiparametric hierarchical mixture
method"; Mueller, Parmigiani, Robert and Rousseau 2004, "Optimal sample size for multiple testing").

Kinds are not pooled: in one pool a kind with many near-certain claims would buy room for
doubtful claims of another kind, and the list of that kind alone would break its promise (Efron
2008, "Simultaneous inference: when should hypothesis testing problems be combined?"). Each kind
keeps the rate by itself, and then so does every union of kinds. A claim that is not twice as
likely true as false is never listed, however much room the certain ones leave: such a claim is
mostly one bad day, the last.

People who look into listed shifts say which were false alarms. With y = 1 for a real one and p its
probability, logit P(y = 1) = logit p + b, with one b per kind, N(0, 0.5^2) before any verdict:
a kind that is dismissed more often than its probabilities say gets lower ones, and so a list that
is shorter (calibration in the large), while one verdict moves little.

The three drops are nested claims, "at least down to": a customer is listed under the gravest one
that survives its own list, so one drop is never listed twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from klankbord.records import Verdict
from klankbord.schema import ShiftKind
from klankbord.shifts.histories import Bools, Floats, Ints
from klankbord.shifts.trajectories import STATES, turned

LEAST_PROBABILITY = 2 / 3  # a claim must be twice as likely to be true as to be false
RECENCY_DAYS = 180.0  # after so long a shift counts for half
GOOD_NEWS = 0.25  # a recovery can wait
PRECISION = 4.0  # of the prior on the shift in log odds: a standard deviation of 0.5
LARGEST_VALUE = 4.0  # cap on the weight of value: four times that of a typical customer


def states(*ranks: int) -> Bools:
    """Return the mask of these tone ranks."""
    mask = np.zeros(STATES, dtype=bool)
    mask[list(ranks)] = True
    return mask


@dataclass(frozen=True, eq=False)
class Journey:
    """A path that was in `visited` states and is in `settled` states now."""

    kind: ShiftKind
    visited: Bools
    settled: Bools


# In the order in which a customer is assigned: the gravest drop first, recovery last. A recovery
# is a rise of two levels or more, so it has two parts with other starting points.
JOURNEYS: tuple[Journey, ...] = (
    Journey(ShiftKind.ESCALATIE, states(1, 2, 3, 4), states(0)),
    Journey(ShiftKind.TELEURSTELLING, states(3, 4), states(0, 1)),
    Journey(ShiftKind.VERKOELING, states(4), states(0, 1, 2)),
    Journey(ShiftKind.HERSTEL, states(0, 1), states(3, 4)),
    Journey(ShiftKind.HERSTEL, states(0), states(2)),
)


@dataclass(frozen=True, eq=False)
class Claims:
    """Claims of one kind, at most one per customer."""

    kind: ShiftKind
    customer: Ints
    probability: Floats


@dataclass(frozen=True)
class Calibration:
    """By how much people's verdicts move the log odds of each kind; nothing moves by default."""

    shift: Mapping[ShiftKind, float] = field(default_factory=dict)

    @classmethod
    def learn(cls, verdicts: Sequence[Verdict]) -> Calibration:
        """Return the most probable shift of each kind that people judged."""
        return cls({kind: _log_odds_shift(verdicts, kind) for kind in {v.kind for v in verdicts}})

    def applied(self, claims: Claims) -> Claims:
        """Return the claims with calibrated probabilities."""
        moved = _moved(claims.probability, self.shift.get(claims.kind, 0.0))
        return Claims(claims.kind, claims.customer, moved)

    def moved(self, kind: ShiftKind, believed: float) -> float:
        """Return one calibrated probability."""
        return float(_moved(np.array(believed), self.shift.get(kind, 0.0)))

    def believed(self, kind: ShiftKind, moved: float) -> float:
        """Return the probability that was calibrated to `moved`."""
        return float(_moved(np.array(moved), -self.shift.get(kind, 0.0)))


def _log_odds_shift(verdicts: Sequence[Verdict], kind: ShiftKind) -> float:
    own = [verdict for verdict in verdicts if verdict.kind is kind]
    believed = np.array([verdict.believed for verdict in own])
    real = np.array([verdict.real for verdict in own], dtype=np.float64)
    shift = 0.0
    for _ in range(50):  # Newton; the log posterior is concave
        p = _moved(believed, shift)
        step = ((real - p).sum() - PRECISION * shift) / ((p * (1 - p)).sum() + PRECISION)
        shift += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-9:
            break
    return shift


def _moved(probability: Floats, shift: float) -> Floats:
    """Add `shift` to the log odds."""
    if shift == 0.0:
        return probability
    odds = np.exp(shift) * probability
    return np.asarray(odds / (odds + 1 - probability), dtype=np.float64)


def allowed_states() -> Bools:
    """Return the filters whose final masses `journey_claims` reads, (k, 5)."""
    return np.stack([np.ones(STATES, dtype=bool), *(~journey.visited for journey in JOURNEYS)])


def journey_claims(masses: Floats, customers: Ints) -> list[Claims]:
    """Return P(visited before, settled now) of each kind of journey, in order of assignment."""
    by_kind: dict[ShiftKind, Floats] = {}
    for index, journey in enumerate(JOURNEYS, start=1):
        probability = turned(masses, index, journey.settled)
        by_kind[journey.kind] = by_kind.get(journey.kind, np.zeros(len(masses))) + probability
    return [Claims(kind, customers, np.minimum(p, 1.0)) for kind, p in by_kind.items()]


def keep(probability: Floats, fdr: float) -> Ints:
    """Return the indices of the longest list that keeps the false-discovery rate, best first."""
    order = np.argsort(-probability, kind="stable")
    descending = probability[order]
    rate = np.cumsum(1 - descending) / np.arange(1, len(order) + 1)
    return order[: int(((rate <= fdr) & (descending >= LEAST_PROBABILITY)).sum())]


def select(claims: Sequence[Claims], fdr: float) -> list[Claims]:
    """Return the claims to list; of the drops and the recovery one per customer."""
    taken: set[int] = set()
    chosen = []
    journeys = {journey.kind for journey in JOURNEYS}
    for claim in claims:
        open_ = np.arange(len(claim.customer))
        if claim.kind in journeys and taken:
            open_ = open_[~np.isin(claim.customer, np.array(sorted(taken)))]
        kept = open_[keep(claim.probability[open_], fdr)]
        if claim.kind in journeys:
            taken.update(int(code) for code in claim.customer[kept])
        chosen.append(Claims(claim.kind, claim.customer[kept], claim.probability[kept]))
    return chosen


def running_rate(probability: Floats) -> Floats:
    """Return for each claim the mean of 1 - p over it and all at least as probable ones."""
    order = np.argsort(-probability, kind="stable")
    descending = probability[order]
    last = np.searchsorted(-descending, -descending, side="right")
    result = np.empty(len(probability))
    result[order] = (np.cumsum(1 - descending) / np.arange(1, len(order) + 1))[last - 1]
    return result


def value_weights(value: Mapping[str, float]) -> dict[str, float]:
    """Return the weight of each customer's value, 1 for the median one, growing as its root."""
    known = np.array([v for v in value.values() if v > 0])
    median = float(np.median(known)) if known.size else 1.0
    return {
        customer: float(np.clip(np.sqrt(max(v, 0.0) / median), 1 / LARGEST_VALUE, LARGEST_VALUE))
        for customer, v in value.items()
    }


def priority(
    kind: ShiftKind, probability: float, size: float, value_weight: float, days_ago: float
) -> float:
    """Return the ranking key: probability x size x value x recency, 0 … 1, or 1 … 2.

    `size` is in tone levels. Verkoeling is what nobody else notices, so it heads the list: its
    key is raised by one. A recovery calls for thanks, not for rescue: its key is lowered.
    """
    recency = float(0.5 ** (max(days_ago, 0.0) / RECENCY_DAYS))
    share = min(max(size, 0.0), STATES - 1) / (STATES - 1)
    key = probability * share * value_weight / LARGEST_VALUE * recency
    if kind is ShiftKind.HERSTEL:
        return key * GOOD_NEWS
    return key + 1.0 if kind is ShiftKind.VERKOELING else key
