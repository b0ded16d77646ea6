r"""Paradox: a high score in words that are flat or worse.

A high score is itself evidence about the words: where nearly everybody who gives a nine writes
warmly, a flat reading of one such text is more likely a reading error. So the share of high
scores in each tone, h(y) = P(high | tone y), is learned over all scored pieces by EM (shrunk to
the overall share), each scored piece's tone probabilities are multiplied by h(y) or 1 - h(y), and
the claim is judged by the trajectory model on those: from the last but one high-scored piece on,
the customer's state is neutraal or lower at every contact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from klankbord.shifts.histories import HIGH, LOW_SCORE, NO_SCORE, Floats, Ints, Pieces
from klankbord.shifts.policy import states
from klankbord.shifts.sequences import Sequences, offsets_of
from klankbord.shifts.trajectories import Dynamics, settled_since

FLAT = states(0, 1, 2)
LEAST_HIGH = 2
SHARE_PIECES = 20.0
_ROUNDS = 20


@dataclass(frozen=True, eq=False)
class Paradox:
    """Customers whose words and scores disagree, one entry a candidate."""

    sequence: Ints  # index of the customer's sequence
    probability: Floats
    since: Ints  # piece with the last but one high score
    usual_rank: float  # mean tone rank of texts that come with a high score


def high_share(probabilities: Floats, high: Floats) -> Floats:
    """Return the learned P(high score | tone), (5,)."""
    overall = (high.sum() + 1) / (len(high) + 2)
    share = np.full(probabilities.shape[1], overall)
    highs, lows = probabilities[high > 0], probabilities[high <= 0]
    for _ in range(_ROUNDS):
        of_high, of_low = _tones(highs, share), _tones(lows, 1 - share)
        share = (of_high + SHARE_PIECES * overall) / (of_high + of_low + SHARE_PIECES)
    return np.asarray(np.clip(share, 0.01, 0.99), dtype=np.float64)


def _tones(probabilities: Floats, weight: Floats) -> Floats:
    """Return the expected number of pieces of each tone, with tones weighted so, (5,)."""
    return np.asarray(weight * ((1 / np.maximum(probabilities @ weight, 1e-300)) @ probabilities))


def contradict(pieces: Pieces, sequences: Sequences, dynamics: Dynamics) -> Paradox:
    """Judge the customers with two high scores in words, the last score given a high one."""
    nobody = Paradox(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.int64), 4.0)
    start = offsets_of(pieces.customer)
    index = np.arange(len(pieces))
    scored = pieces.score != NO_SCORE
    if not scored.any():
        return nobody
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start))
    high = pieces.score == HIGH
    high_index, high_owner = index[high], owner[high]
    count = np.bincount(high_owner, minlength=len(start) - 1)
    last_scored = np.full(len(start) - 1, -1, dtype=np.int64)
    last_scored[owner[scored]] = index[scored]  # ascending, so the last one stays
    candidate = np.flatnonzero(
        (count >= LEAST_HIGH) & (pieces.score[np.maximum(last_scored, 0)] == HIGH)
    )
    if not candidate.size:
        return nobody
    since = high_index[np.cumsum(count)[candidate] - LEAST_HIGH]

    probabilities = pieces.probabilities[scored].astype(np.float64)
    share = high_share(probabilities, high[scored].astype(np.float64))
    adjusted = pieces.probabilities.astype(np.float64)
    adjusted[high] *= share
    adjusted[pieces.score == LOW_SCORE] *= 1 - share
    adjusted /= adjusted.sum(axis=1, keepdims=True)
    usual = adjusted[high].sum(axis=0)
    usual_rank = float(usual @ np.arange(len(usual)) / usual.sum())

    own = replace(sequences, probabilities=adjusted.astype(np.float32)).take(candidate)
    contact_of = np.searchsorted(sequences.contact, since, side="right") - 1
    step = contact_of - sequences.start[candidate]
    probability = settled_since(own, dynamics, FLAT, own.start[:-1] + step)
    return Paradox(candidate, np.clip(probability, 0.0, 1.0), since, usual_rank)
