r"""Learning the population's parameters by expectation and maximisation (Baum-Welch).

Rates. The expected number of i -> j endpoint pairs per gap comes from forward-backward; the
expected jumps N_kl and time in state R_k between the endpoints follow from the integral
M = \int_0^d exp(Q' u) W exp(Q' (d - u)) du with W = pairs / A(d), which is the corner block of one
10 x 10 matrix exponential (Van Loan 1978; Hobolth and Jensen 2005, "Statistical inference in
evolutionary models of DNA sequences via the EM algorithm"). With a Gamma prior of RATE_MONTHS of
pseudo-observation, q_kl = (N_kl + RATE_MONTHS q0_kl) / (R_k + RATE_MONTHS).

Expression. E[s, y] is the shrunken share of tone y in state s over all channels (Dirichlet prior
that favours the state's own tone), and E_c is shrunk to E with CHANNEL_PIECES pseudo-pieces: a
channel with little data speaks like all others, one with much data by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from klankbord.schema import Tone
from klankbord.shifts.histories import CHANNELS, Floats, Ints
from klankbord.shifts.trajectories import (
    GAP_MONTHS,
    STATES,
    Dynamics,
    Sequences,
    backward,
    contact_likelihood,
    exponential,
    forward,
    piece_likelihood,
)

SAMPLE = 20_000  # sequences that are learned from, evenly spread over all
ROUNDS = 60
TOLERANCE = 5e-4
RATE_MONTHS = 120.0
INITIAL_SEQUENCES = 10.0
PRIOR_PIECES = 25.0
CHANNEL_PIECES = 60.0
LEAST_OWN_TONE = 0.5  # over all channels; keeps the states what their names say


@dataclass(frozen=True)
class Expectation:
    """What is assumed of a population before any of its texts is read."""

    leaving: tuple[float, float, float, float] = (0.010, 0.006, 0.003, 0.002)  # by distance
    durations: tuple[float, ...] = tuple(GAP_MONTHS)
    own_tone: float = 0.85  # share of texts in the tone of the state itself
    plain: float = 0.0  # share of texts that are neutraal whatever the state
    emission_pieces: float = 40.0  # pseudo-pieces that these shares count for

    def rates(self) -> Floats:
        """Return the prior generator, (5, 5)."""
        return generator(np.array((0.0, *self.leaving))[_distance()])

    def emission(self) -> Floats:
        """Return the prior share of each tone in each state, (5, 5)."""
        near = np.where(_distance() > 0, 0.35 ** _distance(), 0.0)
        near = (1 - self.own_tone) * near / near.sum(axis=1, keepdims=True)
        shares = (1 - self.plain) * (near + self.own_tone * np.eye(STATES))
        shares[:, Tone.NEUTRAAL.rank] += self.plain
        return np.asarray(shares, dtype=np.float64)


def generator(rates: Floats) -> Floats:
    """Return `rates` with a diagonal that makes the rows sum to zero."""
    off = rates * ~np.eye(STATES, dtype=bool)
    return np.asarray(off - np.diag(off.sum(axis=1)), dtype=np.float64)


def before_learning(sequences: Sequences, expectation: Expectation) -> Dynamics:
    """Return the parameters assumed before learning; only the prior share of tones is counted."""
    counts = sequences.probabilities.sum(axis=0, dtype=np.float64)
    prior = (counts + PRIOR_PIECES / STATES) / (counts.sum() + PRIOR_PIECES)
    return Dynamics(
        prior=prior,
        initial=prior,
        rates=expectation.rates(),
        emission=np.tile(expectation.emission(), (len(CHANNELS), 1, 1)),
        durations=np.array(expectation.durations),
    )


def learn(sequences: Sequences, expectation: Expectation | None = None) -> Dynamics:
    """Return the parameters with the highest posterior that EM reaches from the prior ones."""
    expected = expectation or Expectation()
    dynamics = before_learning(sequences, expected)
    if not len(sequences):
        return dynamics
    step = max(1, -(-len(sequences) // SAMPLE))
    sample = sequences if step == 1 else sequences.take(np.arange(0, len(sequences), step))
    for _ in range(ROUNDS):
        improved = _round(sample, dynamics, expected)
        change = max(
            float(np.abs(improved.emission - dynamics.emission).max()),
            float(np.abs(improved.rates - dynamics.rates).max()),
            float(np.abs(improved.initial - dynamics.initial).max()),
        )
        dynamics = improved
        if change < TOLERANCE:
            break
    return dynamics


def _round(sequences: Sequences, dynamics: Dynamics, expected: Expectation) -> Dynamics:
    by_piece = piece_likelihood(sequences, dynamics)
    weights = contact_likelihood(sequences, by_piece)
    masses, scale = forward(weights, sequences, dynamics)
    filtered = masses[:, 0]
    ahead = backward(weights, scale, sequences, dynamics)
    posterior = filtered * ahead
    posterior /= posterior.sum(axis=1, keepdims=True)

    initial = posterior[sequences.start[:-1]].sum(axis=0) + INITIAL_SEQUENCES * dynamics.prior
    later = np.ones(len(weights), dtype=bool)
    later[sequences.start[:-1]] = False
    rows = np.flatnonzero(later)
    arrived = weights[rows] * ahead[rows] / scale[rows][:, None]
    pairs = _pairs(filtered[rows - 1], arrived, sequences.gap[rows], dynamics)
    return replace(
        dynamics,
        initial=initial / initial.sum(),
        rates=_rates(pairs, dynamics, expected),
        emission=_emission(sequences, dynamics, by_piece, posterior, expected),
    )


def _pairs(left: Floats, arrived: Floats, gap: Ints, dynamics: Dynamics) -> Floats:
    """Return the expected endpoint pairs divided by the transition matrix, (gaps, 5, 5)."""
    result = np.zeros((len(dynamics.durations), STATES, STATES))
    for index in np.unique(gap):
        where = gap == index
        result[index] = left[where].T @ arrived[where]
    return result


def _rates(weights: Floats, dynamics: Dynamics, expected: Expectation) -> Floats:
    used = np.flatnonzero(weights.sum(axis=(1, 2)) > 0)
    block = np.zeros((len(used), 2 * STATES, 2 * STATES))
    block[:, :STATES, :STATES] = block[:, STATES:, STATES:] = dynamics.rates.T
    # exp of [[Q', W], [0, Q']] d has the integral of exp(Q' u) W exp(Q' (d - u)) in its corner
    size = weights[used].max(initial=1.0)
    block[:, :STATES, STATES:] = weights[used] / size
    integrals = exponential(block * dynamics.durations[used][:, None, None])[:, :STATES, STATES:]
    total = integrals.sum(axis=0) * size if len(used) else np.zeros((STATES, STATES))
    jumps = dynamics.rates * total
    stays = np.diag(total)[:, None]
    shrunk = (jumps + RATE_MONTHS * expected.rates()) / (stays + RATE_MONTHS)
    return generator(np.clip(shrunk, 1e-7, None))


def _emission(
    sequences: Sequences,
    dynamics: Dynamics,
    by_piece: Floats,
    posterior: Floats,
    expected: Expectation,
) -> Floats:
    of_contact = np.repeat(np.arange(len(posterior)), np.diff(sequences.contact))
    share = posterior[of_contact] / by_piece * sequences.weight[:, None]
    ratio = sequences.probabilities / dynamics.prior
    counts = np.zeros_like(dynamics.emission)
    for channel in np.unique(sequences.channel):
        where = sequences.channel == channel
        counts[channel] = dynamics.emission[channel] * (share[where].T @ ratio[where])
    pooled = _shares(counts.sum(axis=0) + expected.emission_pieces * expected.emission())
    own = np.diag(pooled)
    lifted = np.maximum(own, LEAST_OWN_TONE)
    off = pooled * ~np.eye(STATES, dtype=bool)
    room = np.where(own < 1, (1 - lifted) / np.maximum(1 - own, 1e-12), 0.0)
    pooled = off * room[:, None] + np.diag(lifted)
    return _shares(counts + CHANNEL_PIECES * pooled)


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / counts.sum(axis=-1, keepdims=True), dtype=np.float64)


def _distance() -> Ints:
    ranks = np.arange(STATES)
    return np.asarray(np.abs(ranks[:, None] - ranks[None, :]), dtype=np.int64)
