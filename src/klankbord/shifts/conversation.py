"""Gesprek: a drop inside one conversation, judged on the customer's own turns.

The trajectory model with a turn as its unit of time, and parameters learned from all
conversations: how customers open, how tone moves from turn to turn and how a tone is worded in a
turn. The claim is that the customer was neutraal or better at some turn and is ontevreden or
worse from a later turn up to the end; an agent who wins the customer back leaves no drop, and
the conversation is counted as recovered. Turns by agents and bots are not read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from klankbord.records import Mapped, in_turn
from klankbord.shifts.histories import Floats, Ints, Pieces
from klankbord.shifts.learning import Expectation, learn
from klankbord.shifts.policy import states
from klankbord.shifts.sequences import Sequences, newest, offsets_of, turn_weight
from klankbord.shifts.trajectories import Dynamics, final_masses, turned

HIGH, LOW = states(2, 3, 4), states(0, 1)
LEAST_TURNS = 3
MOST_TURNS = 200  # of the customer, the last ones: whoever says more is judged by how it ended
# Tone moves faster from turn to turn than from month to month, and half of what is said is plain
# business. How a tone is worded is hardly learned here: with a handful of turns, "always like
# this, worded oddly" and "changed" explain a drop equally well, and EM would pick the first.
TURN = Expectation(
    leaving=(0.05, 0.03, 0.015, 0.01),
    durations=(1.0,),
    own_tone=0.9,
    plain=0.3,
    emission_pieces=5_000.0,
)


@dataclass(frozen=True, eq=False)
class Conversations:
    """The judged conversations of known customers, one sequence each."""

    pieces: Pieces  # usable customer turns, by customer, conversation and turn
    sequences: Sequences
    dynamics: Dynamics
    customer: Ints  # of each sequence
    probability: Floats  # of a drop, of each sequence
    recovered: Floats  # that the customer was low at some turn and neutraal or better at the end


def long_turns(pieces: Pieces) -> Pieces:
    """Return the turns of the conversations with at least three usable turns of one customer.

    They are ordered by customer, conversation and turn, the last MOST_TURNS of each conversation.
    """
    turns = pieces.take(np.flatnonzero(pieces.usable & (pieces.conversation >= 0)))
    order = np.lexsort((turns.at, turns.turn, turns.conversation, turns.customer))
    turns = turns.take(order)
    start = offsets_of(turns.customer, turns.conversation)
    long_enough = np.repeat(np.diff(start) >= LEAST_TURNS, np.diff(start))
    return turns.take(long_enough & newest(start, MOST_TURNS))


def converse(pieces: Pieces, mapped: Mapped = in_turn) -> Conversations:
    """Judge every conversation with at least three usable turns of one customer."""
    turns = long_turns(pieces)
    start = offsets_of(turns.customer, turns.conversation)
    sequences = Sequences(
        probabilities=turns.probabilities,
        channel=turns.channel,
        weight=turn_weight(turns),
        contact=np.arange(len(turns) + 1, dtype=np.int64),
        gap=np.zeros(len(turns), dtype=np.int64),
        start=start,
    )
    dynamics = learn(sequences, TURN)
    masses = final_masses(sequences, dynamics, np.stack([HIGH | LOW, ~HIGH, ~LOW]), mapped)
    return Conversations(
        turns, sequences, dynamics, turns.customer[start[:-1]],
        turned(masses, 1, LOW), turned(masses, 2, HIGH),
    )  # fmt: skip


def worst(conversations: Conversations) -> Ints:
    """Return per customer the sequence that most probably drops, the latest of equals."""
    last = conversations.sequences.start[1:] - 1
    at = conversations.pieces.at[last]
    order = np.lexsort((-at, -conversations.probability, conversations.customer))
    owners = conversations.customer[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = owners[1:] != owners[:-1]
    return order[first]
