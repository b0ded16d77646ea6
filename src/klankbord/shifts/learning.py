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
from itertools import pairwise

import numpy as np

from klankbord.schema import Tone
from klankbord.shifts.histories import CHANNELS, Floats, Ints
from klankbord.shifts.sequences import GAP_MONTHS, Layout, Sequences, lay_out
from klankbord.shifts.trajectories import (
    STATES,
    Dynamics,
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
    from threadpoolctl import threadpool_limits

    expected = expectation or Expectation()
    dynamics = before_learning(sequences, expected)
    if not len(sequences):
        return dynamics
    with threadpool_limits(limits=1, user_api="blas"):  # a second one would wait more than work
        return _learned(sequences, dynamics, expected)


def _learned(sequences: Sequences, dynamics: Dynamics, expected: Expectation) -> Dynamics:
    step = max(1, -(-len(sequences) // SAMPLE))
    sample = sequences if step == 1 else sequences.take(np.arange(0, len(sequences), step))
    layout = lay_out(sample, dynamics.prior)
    pairs = _Pairs.of(layout, len(expected.durations))
    for _ in range(ROUNDS):
        improved = _round(layout, pairs, dynamics, expected)
        change = max(
            float(np.abs(improved.emission - dynamics.emission).max()),
            float(np.abs(improved.rates - dynamics.rates).max()),
            float(np.abs(improved.initial - dynamics.initial).max()),
        )
        dynamics = improved
        if change < TOLERANCE:
            break
    return dynamics


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Places of two contacts in a row, by the gap between them."""

    left: Ints
    right: Ints
    ends: Ints  # (gaps + 1,) offsets

    @classmethod
    def of(cls, layout: Layout, gaps: int) -> _Pairs:
        gap = layout.gap[layout.steps[1] :]
        order = np.argsort(gap, kind="stable")
        ends = np.searchsorted(gap[order], np.arange(gaps + 1))
        return cls(layout.previous()[order], order + layout.steps[1], ends)

    def expected(self, filtered: Floats, arrived: Floats) -> Floats:
        """Return the expected endpoint pairs divided by the transition matrix, (gaps, 5, 5)."""
        left, right = filtered[:, self.left], arrived[:, self.right]
        return np.stack(
            [left[:, low:high] @ right[:, low:high].T for low, high in pairwise(self.ends)]
        )


def _round(layout: Layout, pairs: _Pairs, dynamics: Dynamics, expected: Expectation) -> Dynamics:
    by_piece = piece_likelihood(layout, dynamics)
    weights = contact_likelihood(layout, by_piece)
    masses, scale = forward(weights, layout, dynamics)
    filtered = masses[:, 0]
    ahead = backward(weights, scale, layout, dynamics)
    posterior = filtered * ahead
    posterior /= posterior.sum(axis=0)
    first = posterior[:, : layout.steps[1]]
    initial = first.sum(axis=1) + INITIAL_SEQUENCES * dynamics.prior
    return replace(
        dynamics,
        initial=initial / initial.sum(),
        rates=_rates(pairs.expected(filtered, weights * ahead / scale), dynamics, expected),
        emission=_emission(layout, dynamics, by_piece, posterior, expected),
    )


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
    layout: Layout,
    dynamics: Dynamics,
    by_piece: Floats,
    posterior: Floats,
    expected: Expectation,
) -> Floats:
    sizes = np.diff(layout.piece)
    if by_piece.shape[1] != len(sizes):
        posterior = np.repeat(posterior, sizes, axis=1)
    share = posterior / by_piece * layout.weight
    counts = np.zeros_like(dynamics.emission)
    for channel, where in layout.channels:
        found = share[:, where] @ layout.ratio[:, where].T
        counts[channel] = dynamics.emission[channel] * found
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
