"""Pieces as ragged sequences of contacts, and those laid out for passes over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from klankbord.shifts.histories import Bools, Floats, Ints, Pieces

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


@dataclass(frozen=True, eq=False)
class Layout:
    """Sequences as a pass reads them: all their first contacts, then all their second ones, ….

    Longer sequences come first, so that those of a step are the first of the step before. States
    and tones lie in rows, contacts and pieces in columns.
    """

    contact_at: Ints  # (contacts,) which contact lies at each place
    steps: Ints  # (longest + 1,) offsets of the steps
    gap: Ints  # (contacts,)
    piece: Ints  # (contacts + 1,) offsets into the pieces
    ratio: Floats  # (5, pieces) probability of each tone, over its share among all pieces
    weight: Floats  # (pieces,)
    channels: tuple[tuple[int, Ints | slice], ...]  # each with its pieces

    def moves(self) -> list[tuple[slice, slice]]:
        """Return for each step after the first where it lies, and where it comes from."""
        ends = self.steps.tolist()
        return [
            (slice(low, high), slice(before, before + high - low))
            for before, low, high in zip(ends, ends[1:], ends[2:], strict=False)
        ]

    def previous(self) -> Ints:
        """Return the place before each one after the first step."""
        sizes = np.diff(self.steps)
        later = np.arange(self.steps[1], self.steps[-1])
        return np.asarray(later - np.repeat(sizes[:-1], sizes[1:]), dtype=np.int64)

    def by_contact(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values of places, in columns, as values of contacts, in rows."""
        result = np.empty((len(self.contact_at), *values.shape[:-1]), dtype=values.dtype)
        result[self.contact_at] = np.moveaxis(values, -1, 0)
        return result


def lay_out(sequences: Sequences, prior: Floats) -> Layout:
    """Lay sequences out for passes; `prior` is the share of each tone among all pieces."""
    contact_at, steps = _steps(sequences.start)
    pieces, offsets = ragged(sequences.contact, contact_at)
    channel = sequences.channel[pieces]
    present = np.unique(channel).tolist()
    return Layout(
        contact_at,
        steps,
        sequences.gap[contact_at],
        offsets,
        np.ascontiguousarray(sequences.probabilities[pieces].T / prior[:, None]),
        sequences.weight[pieces],
        tuple((c, np.flatnonzero(channel == c)) for c in present)
        if len(present) > 1
        else tuple((c, slice(None)) for c in present),
    )


def _steps(start: Ints) -> tuple[Ints, Ints]:
    """Return the contacts step by step, the longest sequence first, and the steps' offsets."""
    lengths = np.diff(start)
    order = np.argsort(-lengths, kind="stable")
    first, descending = start[:-1][order], -lengths[order]
    longest = int(lengths.max()) if len(lengths) else 0
    reach = np.searchsorted(descending, -np.arange(longest), side="left")
    offsets = np.concatenate([[0], np.cumsum(reach)]).astype(np.int64)
    step = np.repeat(np.arange(longest), reach)
    return first[np.arange(offsets[-1]) - offsets[step]] + step, offsets
