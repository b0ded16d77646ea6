r"""What happened: the posterior of a customer's tone state at every date.

The model is a hidden Markov model in continuous time with the five ordered tone levels as its
states (Rabiner 1989, "A tutorial on hidden Markov models"; Jackson, Sharples and Thompson 2003,
"Multistate Markov models for disease progression with classification error").

* State. A customer's attitude x(t), one of boos … enthousiast. It changes with a rate q_ij per
  month from i to j; over a time d the transition matrix is A(d) = exp(Q d). A contact is an
  experience in itself, so d = CONTACT_MONTHS + the months that passed, capped; d is rounded to
  one of twelve gaps, so that there are twelve matrices and not one per row.
* Expression. Somebody in state s writes a text of tone y with probability E_c[s, y] on channel
  c: even a fan writes a flat line now and then, and a call is flatter than a review.
* Reading. The tone model gives q(y | text), calibrated. Divided by the population's share of
  each tone, pi(y), it is proportional to p(text | y) (the scaled likelihood of Bourlard and
  Morgan 1994), so L(s) = sum_y E_c[s, y] q(y) / pi(y): a text the model is unsure of says little.
* Contact. All pieces of one local day are one contact. The pieces of a day are not independent,
  so log L of the contact is the sum over its pieces divided by the square root of their number
  (a composite likelihood); a short turn of a conversation weighs less than a full answer.

Forward: a_t(j) = L_t(j) sum_i a_(t-1)(i) A_ij / c_t, with c_t making it sum to one.
Backward: b_t(i) = sum_j A_ij L_(t+1)(j) b_(t+1)(j) / c_(t+1). Posterior: a_t(s) b_t(s).

Change is a statement about the whole path, not about two marginals. With the same c_t, a second
forward pass that may not enter the states V gives the joint probability of never having been in
V and of the state now; what is left of a_n(f) is P(was in V before, is in f now | all texts).
The moment of the turn follows from the same masses, see `turning_mass`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from klankbord.records import Mapped, in_turn
from klankbord.schema import TONES
from klankbord.shifts.histories import Bools, Floats, Ints
from klankbord.shifts.sequences import Layout, Sequences, lay_out, ragged

STATES = len(TONES)
BATCH = 20_000  # sequences at a time, which bounds memory


@dataclass(frozen=True, eq=False)
class Dynamics:
    """The population's parameters: how tone starts, moves and is expressed."""

    prior: Floats  # (5,) share of each tone among all pieces
    initial: Floats  # (5,) state at the first contact
    rates: Floats  # (5, 5) generator, rows sum to zero
    emission: Floats  # (channels, 5, 5) tone of a text given the state
    durations: Floats  # (gaps,) time each gap stands for

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Dynamics:
        """Return the parameters that `values()` gave away."""
        return cls(**{name: np.array(value) for name, value in values.items()})

    def values(self) -> dict[str, Any]:
        """Return the parameters as JSON values, nothing rounded."""
        return {field.name: getattr(self, field.name).tolist() for field in fields(self)}

    def transitions(self) -> Floats:
        """Return exp(rates x duration) of every gap, (gaps, 5, 5)."""
        matrices = exponential(self.rates[None] * self.durations[:, None, None])
        matrices = np.clip(matrices, 0.0, None)
        return np.asarray(matrices / matrices.sum(axis=2, keepdims=True), dtype=np.float64)


def exponential(matrices: Floats) -> Floats:
    """Return the matrix exponential of each small matrix of a stack (n, k, k).

    Scaling and squaring with a Taylor series (Moler and Van Loan 2003, method 3); for a dozen
    small matrices this is a hundred times faster than scipy's general routine.
    """
    size = float(np.abs(matrices).sum(axis=2).max(initial=0.0))
    squarings = max(0, int(np.ceil(np.log2(max(size, 1e-300)))) + 2)
    scaled = matrices / 2.0**squarings  # norm at most 1/4
    term = np.broadcast_to(np.eye(matrices.shape[-1]), matrices.shape)
    total = term.copy()
    for order in range(1, 13):
        term = term @ scaled / order
        total += term
    for _ in range(squarings):
        total = total @ total
    return np.asarray(total, dtype=np.float64)


def piece_likelihood(layout: Layout, dynamics: Dynamics) -> Floats:
    """Return L(state) of every piece, up to a factor, (5, pieces)."""
    result = np.empty_like(layout.ratio, dtype=np.float64)
    for channel, where in layout.channels:
        result[:, where] = dynamics.emission[channel] @ layout.ratio[:, where]
    return result


def contact_likelihood(layout: Layout, by_piece: Floats) -> Floats:
    """Return L(state) of every contact with its largest value 1, (5, contacts)."""
    first, sizes = layout.piece[:-1], np.diff(layout.piece)
    alone = by_piece if len(first) == by_piece.shape[1] else by_piece[:, first]
    result = alone / alone.max(axis=0) if len(first) else np.zeros((STATES, 0))
    several = np.flatnonzero((sizes > 1) | (layout.weight[first] != 1))
    if len(several):
        pieces, offsets = ragged(layout.piece, several)
        weight = layout.weight[pieces]
        total = np.add.reduceat(np.log(by_piece[:, pieces]) * weight, offsets[:-1], axis=1)
        total /= np.sqrt(np.maximum(np.add.reduceat(weight, offsets[:-1]), 1.0))
        result[:, several] = np.exp(total - total.max(axis=0))
    return np.asarray(result, dtype=np.float64)


def likelihood(sequences: Sequences, dynamics: Dynamics) -> Floats:
    """Return L(state) of every contact, (contacts, 5)."""
    layout = lay_out(sequences, dynamics.prior)
    return layout.by_contact(contact_likelihood(layout, piece_likelihood(layout, dynamics)))


def forward(
    likelihood: Floats, layout: Layout, dynamics: Dynamics, allowed: Bools | None = None
) -> tuple[Floats, Floats]:
    """Return filtered masses (5, k, contacts) and the scale c of each contact.

    `allowed` (k, 5) holds for each of k filters the states its paths may visit; the first must
    allow all, and gives the scale of every filter.
    """
    masks = np.ones((1, STATES)) if allowed is None else allowed.astype(np.float64)
    masks = masks.T[:, :, None]
    table = dynamics.transitions().transpose(1, 2, 0).copy()
    scale = np.empty(likelihood.shape[1])
    masses = np.empty((STATES, masks.shape[1], likelihood.shape[1]))
    here, mass = slice(0, int(layout.steps[1])), dynamics.initial[:, None, None]
    for now, before in ((here, here), *layout.moves()):
        if now.start:
            mass = _move(masses[:, :, before], layout.gap[now], table)
        mass = mass * likelihood[:, None, now] * masks
        scale[now] = mass[:, 0].sum(axis=0)
        np.divide(mass, scale[now], out=masses[:, :, now])
    return masses, scale


def backward(
    likelihood: Floats,
    scale: Floats,
    layout: Layout,
    dynamics: Dynamics,
    allowed: Bools | None = None,
) -> Floats:
    """Return the backward masses (5, contacts) of paths that stay in `allowed` states."""
    mask = np.ones(STATES) if allowed is None else allowed.astype(np.float64)
    table = dynamics.transitions().transpose(2, 1, 0).copy()
    masses = np.empty_like(likelihood)
    masses[:] = mask[:, None]
    for now, before in reversed(layout.moves()):
        ahead = likelihood[:, now] * masses[:, now] / scale[now]
        masses[:, before] = _move(ahead, layout.gap[now], table) * mask[:, None]
    return masses


def smooth(sequences: Sequences, dynamics: Dynamics) -> Floats:
    """Return the posterior over the five states at every contact, given all texts."""
    if not len(sequences):
        return np.zeros((0, STATES))
    layout, weights = _read(sequences, dynamics)
    filtered, scale = forward(weights, layout, dynamics)
    posterior = filtered[:, 0] * backward(weights, scale, layout, dynamics)
    return layout.by_contact(posterior / posterior.sum(axis=0))


@dataclass(frozen=True, eq=False)
class Believing:
    """Believes where customers are in the end, each by their own history alone."""

    dynamics: Dynamics
    allowed: Bools  # (k, 5)

    def __call__(self, part: Sequences) -> Floats:
        """Return `final_masses` of a part of all sequences."""
        layout, weights = _read(part, self.dynamics)
        masses, _ = forward(weights, layout, self.dynamics, self.allowed)
        place = np.empty(len(layout.contact_at), dtype=np.int64)
        place[layout.contact_at] = np.arange(len(place))
        last = masses[:, :, place[part.start[1:] - 1]]
        return np.asarray(last.transpose(2, 1, 0))


def final_masses(
    sequences: Sequences,
    dynamics: Dynamics,
    allowed: Bools,
    mapped: Mapped = in_turn,
) -> Floats:
    """Return per sequence the joint mass of the last state and of `allowed` paths, (m, k, 5).

    The first row of `allowed` must allow every state. `mapped` does a BATCH of sequences at a time.
    """
    starts = range(0, len(sequences), BATCH)
    parts = (sequences.slice(low, min(low + BATCH, len(sequences))) for low in starts)
    result = np.empty((len(sequences), len(allowed), STATES))
    for low, masses in zip(starts, mapped(Believing(dynamics, allowed), parts), strict=True):
        result[low : low + BATCH] = masses
    return result


def turned(masses: Floats, avoiding: int, settled: Bools) -> Floats:
    """Return P(left the path of filter `avoiding`, is `settled` now) from `final_masses`, (m,)."""
    been = masses[:, 0] - masses[:, avoiding]
    return np.asarray(np.clip(been[:, settled].sum(axis=1), 0.0, 1.0), dtype=np.float64)


def turning_mass(
    sequences: Sequences, dynamics: Dynamics, visited: Bools, settled: Bools
) -> Floats:
    """Return for every contact the probability that the turn fell there.

    The turn is the first contact of the last stretch in `settled` states, of a path that was in a
    `visited` state before; the masses of a sequence sum to the probability that it turned:
    m_t = sum over i outside and j inside `settled` of (a_(t-1)(i) - a'_(t-1)(i)) A_ij L_t(j)
    b'_t(j) / c_t, where a' never visits and b' never leaves `settled`.
    """
    layout, weights = _read(sequences, dynamics)
    allowed = np.stack([np.ones(STATES, dtype=bool), ~visited])
    masses, scale = forward(weights, layout, dynamics, allowed)
    stay = backward(weights, scale, layout, dynamics, settled)
    been = (masses[:, 0] - masses[:, 1]) * ~settled[:, None]
    later = slice(int(layout.steps[1]), None)
    table = dynamics.transitions().transpose(1, 2, 0).copy()
    moved = _move(been[:, layout.previous()], layout.gap[later], table)
    inside = moved * weights[:, later] * stay[:, later] * settled[:, None]
    result = np.zeros(weights.shape[1])
    result[layout.contact_at[later]] = inside.sum(axis=0) / scale[later]
    return result


def settled_since(sequences: Sequences, dynamics: Dynamics, settled: Bools, since: Ints) -> Floats:
    """Return the probability that all contacts from `since` on (one a sequence) are `settled`."""
    layout, weights = _read(sequences, dynamics)
    masses, scale = forward(weights, layout, dynamics)
    stay = backward(weights, scale, layout, dynamics, settled)
    inside = (masses[:, 0] * stay * settled[:, None]).sum(axis=0)
    return np.asarray(layout.by_contact(inside)[since], dtype=np.float64)


def _read(sequences: Sequences, dynamics: Dynamics) -> tuple[Layout, Floats]:
    layout = lay_out(sequences, dynamics.prior)
    return layout, contact_likelihood(layout, piece_likelihood(layout, dynamics))


def _move(masses: Floats, gap: Ints, table: Floats) -> Floats:
    """Move masses (5, …, contacts) from state i to j by `table` (i, j, gap)."""
    between = (slice(None), *(None,) * (masses.ndim - 2), slice(None))
    result = masses[0] * table[0].take(gap, axis=1)[between]
    for state in range(1, STATES):
        result += masses[state] * table[state].take(gap, axis=1)[between]
    return np.asarray(result, dtype=np.float64)
