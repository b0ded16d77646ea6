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
from numpy.typing import NDArray

from klankbord.schema import TONES
from klankbord.shifts.histories import Bools, Floats, Ints, Pieces

STATES = len(TONES)
DAYS_PER_MONTH = 30.0
CONTACT_MONTHS = 3.0
# Upper edges of the gaps between two contacts in days, and the length each stands for.
GAP_EDGES = np.array([3, 7, 14, 30, 60, 90, 135, 200, 300, 450, 730])
GAP_DAYS = np.array([2.0, 5.0, 10.0, 22.0, 45.0, 75.0, 110.0, 165.0, 245.0, 365.0, 560.0, 900.0])
GAP_MONTHS: Floats = CONTACT_MONTHS + GAP_DAYS / DAYS_PER_MONTH
FULL_TURN = 60  # characters from which a turn of a conversation weighs as much as an answer
LEAST_WEIGHT = 0.1


@dataclass(frozen=True, eq=False)
class Sequences:
    """Ragged sequences of contacts, each contact one or more pieces."""

    probabilities: NDArray[np.float32]  # (pieces, 5)
    channel: NDArray[np.int8]  # (pieces,)
    weight: Floats  # (pieces,)
    contact: Ints  # (contacts + 1,) offsets into the pieces
    gap: Ints  # (contacts,) index of the transition that leads to the contact
    start: Ints  # (sequences + 1,) offsets into the contacts

    def __len__(self) -> int:
        return len(self.start) - 1

    def take(self, which: Ints) -> Sequences:
        """Return the sequences with these indices, in this order."""
        contacts, start = ragged(self.start, which)
        pieces, contact = ragged(self.contact, contacts)
        return Sequences(
            self.probabilities[pieces],
            self.channel[pieces],
            self.weight[pieces],
            contact,
            self.gap[contacts],
            start,
        )

    def with_one_more(
        self, probabilities: NDArray[np.float32], channel: NDArray[np.int8]
    ) -> Sequences:
        """Return every sequence with a contact of one more piece, after its usual gap."""
        ends, last = self.contact[self.start[1:]], self.start[1:]
        count = np.insert(np.diff(self.contact), last, 1)
        usual = np.array(
            [
                int(np.median(self.gap[low + 1 : high])) if high - low > 1 else 0
                for low, high in zip(self.start[:-1], last, strict=True)
            ],
            dtype=self.gap.dtype,
        )
        return Sequences(
            np.insert(self.probabilities, ends, probabilities, axis=0),
            np.insert(self.channel, ends, channel),
            np.insert(self.weight, ends, 1.0),
            np.concatenate([[0], np.cumsum(count)]),
            np.insert(self.gap, last, usual),
            self.start + np.arange(len(self.start)),
        )

    def slice(self, low: int, high: int) -> Sequences:
        """Return sequences `low` up to `high` without copying."""
        first, last = self.start[low], self.start[high]
        pieces = slice(self.contact[first], self.contact[last])
        return Sequences(
            self.probabilities[pieces],
            self.channel[pieces],
            self.weight[pieces],
            self.contact[first : last + 1] - self.contact[first],
            self.gap[first:last],
            self.start[low : high + 1] - first,
        )


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


def ragged(offsets: Ints, which: Ints) -> tuple[Ints, Ints]:
    """Return the flat indices of the groups `which`, and the offsets of their copy."""
    sizes = offsets[which + 1] - offsets[which]
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    flat = np.repeat(offsets[which] - start[:-1], sizes) + np.arange(start[-1])
    return flat, start


def offsets_of(*keys: NDArray[np.integer]) -> Ints:
    """Return where runs of equal keys start, and the end."""
    n = len(keys[0])
    if n == 0:
        return np.zeros(1, dtype=np.int64)
    changed = np.zeros(n - 1, dtype=bool)
    for key in keys:
        changed |= key[1:] != key[:-1]
    return np.concatenate([[0], np.flatnonzero(changed) + 1, [n]]).astype(np.int64)


def newest(start: Ints, most: int) -> Bools:
    """Tell which members are among the last `most` of their group; `start` holds offsets."""
    return np.asarray(np.repeat(start[1:], np.diff(start)) - np.arange(start[-1]) <= most)


def turn_weight(pieces: Pieces) -> Floats:
    """Return the weight of each piece: 1, or less for a short turn of a conversation."""
    short = np.clip(pieces.length / FULL_TURN, LEAST_WEIGHT, 1.0)
    return np.where(pieces.conversation >= 0, short, 1.0)


def daily(pieces: Pieces) -> Sequences:
    """Lay sorted usable pieces out as one sequence of daily contacts per customer."""
    contact = offsets_of(pieces.customer, pieces.day)
    first = contact[:-1]
    customer, day = pieces.customer[first], pieces.day[first]
    days = np.diff(day, prepend=day[:1])
    gap = np.searchsorted(GAP_EDGES, days, side="left").astype(np.int64)
    return Sequences(
        pieces.probabilities, pieces.channel, turn_weight(pieces), contact, gap,
        offsets_of(customer),
    )  # fmt: skip


def piece_likelihood(sequences: Sequences, dynamics: Dynamics) -> Floats:
    """Return L(state) of every piece, up to a factor, (pieces, 5)."""
    ratio = sequences.probabilities / dynamics.prior
    result = np.empty_like(ratio, dtype=np.float64)
    present = np.unique(sequences.channel)
    for channel in present:
        by_tone = dynamics.emission[channel].T
        if len(present) == 1:
            return np.asarray(ratio @ by_tone, dtype=np.float64)
        where = sequences.channel == channel
        result[where] = ratio[where] @ by_tone
    return result


def contact_likelihood(sequences: Sequences, by_piece: Floats) -> Floats:
    """Return L(state) of every contact with its largest value 1, (contacts, 5)."""
    first = sequences.contact[:-1]
    if len(first) == len(by_piece) and (sequences.weight == 1).all():
        return np.asarray(by_piece / by_piece.max(axis=1, keepdims=True), dtype=np.float64)
    if not len(first):
        return np.zeros((0, STATES))
    logs = np.log(by_piece) * sequences.weight[:, None]
    total = np.add.reduceat(logs, first, axis=0)
    pieces = np.add.reduceat(sequences.weight, first)
    total /= np.sqrt(np.maximum(pieces, 1.0))[:, None]
    return np.asarray(np.exp(total - total.max(axis=1, keepdims=True)), dtype=np.float64)


def likelihood(sequences: Sequences, dynamics: Dynamics) -> Floats:
    """Return L(state) of every contact, (contacts, 5)."""
    return contact_likelihood(sequences, piece_likelihood(sequences, dynamics))


def forward(
    likelihood: Floats, sequences: Sequences, dynamics: Dynamics, allowed: Bools | None = None
) -> tuple[Floats, Floats]:
    """Return filtered masses (contacts, k, 5) and the scale c of each contact.

    `allowed` (k, 5) holds for each of k filters the states its paths may visit; the first must
    allow all, and gives the scale of every filter.
    """
    masks = np.ones((1, STATES)) if allowed is None else allowed.astype(np.float64)
    transitions = dynamics.transitions()
    masses = np.empty((len(likelihood), len(masks), STATES))
    scale = np.empty(len(likelihood))
    for rows, step in _steps(sequences.start):
        if step == 0:
            mass = np.broadcast_to(dynamics.initial, (len(rows), len(masks), STATES))
        else:
            mass = _move(masses[rows - 1], sequences.gap[rows], transitions)
        mass = mass * likelihood[rows][:, None, :] * masks
        total = mass[:, 0].sum(axis=1)
        scale[rows] = total
        masses[rows] = mass / total[:, None, None]
    return masses, scale


def backward(
    likelihood: Floats,
    scale: Floats,
    sequences: Sequences,
    dynamics: Dynamics,
    allowed: Bools | None = None,
) -> Floats:
    """Return the backward masses (contacts, 5) of paths that stay in `allowed` states."""
    mask = np.ones(STATES) if allowed is None else allowed.astype(np.float64)
    transitions = np.swapaxes(dynamics.transitions(), 1, 2)
    masses = np.empty_like(likelihood)
    masses[sequences.start[1:] - 1] = mask
    for rows, step in reversed(list(_steps(sequences.start))):
        if step == 0:
            continue
        ahead = likelihood[rows] * masses[rows] / scale[rows][:, None]
        masses[rows - 1] = _move(ahead[:, None], sequences.gap[rows], transitions)[:, 0] * mask
    return masses


def smooth(sequences: Sequences, dynamics: Dynamics) -> Floats:
    """Return the posterior over the five states at every contact, given all texts."""
    weights = likelihood(sequences, dynamics)
    filtered, scale = forward(weights, sequences, dynamics)
    posterior = filtered[:, 0] * backward(weights, scale, sequences, dynamics)
    return np.asarray(posterior / posterior.sum(axis=1, keepdims=True), dtype=np.float64)


def final_masses(
    sequences: Sequences, dynamics: Dynamics, allowed: Bools, batch: int = 20_000
) -> Floats:
    """Return per sequence the joint mass of the last state and of `allowed` paths, (m, k, 5).

    The first row of `allowed` must allow every state. Works in batches, so memory is bounded.
    """
    result = np.empty((len(sequences), len(allowed), STATES))
    for low in range(0, len(sequences), batch):
        part = sequences.slice(low, min(low + batch, len(sequences)))
        masses, _ = forward(likelihood(part, dynamics), part, dynamics, allowed)
        result[low : low + batch] = masses[part.start[1:] - 1]
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
    weights = likelihood(sequences, dynamics)
    allowed = np.stack([np.ones(STATES, dtype=bool), ~visited])
    masses, scale = forward(weights, sequences, dynamics, allowed)
    stay = backward(weights, scale, sequences, dynamics, settled)
    been = (masses[:, 0] - masses[:, 1]) * ~settled
    result = np.zeros(len(weights))
    later = np.ones(len(weights), dtype=bool)
    later[sequences.start[:-1]] = False
    rows = np.flatnonzero(later)
    moved = _move(been[rows - 1][:, None], sequences.gap[rows], dynamics.transitions())[:, 0]
    inside = moved * weights[rows] * stay[rows] * settled
    result[rows] = inside.sum(axis=1) / scale[rows]
    return result


def settled_since(sequences: Sequences, dynamics: Dynamics, settled: Bools, since: Ints) -> Floats:
    """Return the probability that all contacts from `since` on (one a sequence) are `settled`."""
    weights = likelihood(sequences, dynamics)
    masses, scale = forward(weights, sequences, dynamics)
    stay = backward(weights, scale, sequences, dynamics, settled)
    return np.asarray((masses[since, 0] * stay[since] * settled).sum(axis=1), dtype=np.float64)


def _steps(start: Ints) -> list[tuple[Ints, int]]:
    """Return for each step the contacts that come that many after their sequence's first."""
    lengths = np.diff(start)
    order = np.argsort(-lengths, kind="stable")
    first, descending = start[:-1][order], -lengths[order]
    longest = int(lengths.max()) if len(lengths) else 0
    reach = np.searchsorted(descending, -np.arange(longest), side="left")
    return [(first[:count] + step, step) for step, count in enumerate(reach)]


def _move(masses: Floats, gap: Ints, transitions: Floats) -> Floats:
    """Multiply each row's masses (k, 5) by the transition matrix of its gap."""
    result = np.empty_like(masses)
    for index in np.unique(gap):
        where = np.flatnonzero(gap == index)
        if len(where) == len(gap):
            return np.asarray(masses @ transitions[index], dtype=np.float64)
        result[where] = masses[where] @ transitions[index]
    return result
