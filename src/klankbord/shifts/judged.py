"""Who can be judged: three usable pieces on two days, the last days with words."""

from __future__ import annotations

import numpy as np

from klankbord.shifts.histories import Bools, Histories, Pieces
from klankbord.shifts.trajectories import newest, offsets_of

LEAST_PIECES = 3
MOST_CONTACTS = 500  # days with words, the last ones, on which a customer is judged


def judged_words(histories: Histories) -> tuple[Pieces, Bools]:
    """Return the usable pieces of the customers who can be judged, and who they are."""
    words = histories.pieces.take(histories.pieces.usable)
    judged = _enough(words, len(histories.customers))
    return _latest(words.take(judged[words.customer])), judged


def _enough(words: Pieces, customers: int) -> Bools:
    """Tell which customers have three usable pieces on two days; a day's conversation is one."""
    if not len(words):
        return np.zeros(customers, dtype=bool)
    alone = np.bincount(words.customer[words.conversation < 0], minlength=customers)
    turns = words.take(words.conversation >= 0)
    order = np.lexsort((turns.conversation, turns.day, turns.customer))
    turns = turns.take(order)
    talks = offsets_of(turns.customer, turns.day, turns.conversation)[:-1]
    together = np.bincount(turns.customer[talks], minlength=customers)
    days = offsets_of(words.customer, words.day)[:-1]
    contacts = np.bincount(words.customer[days], minlength=customers)
    return np.asarray((alone + together >= LEAST_PIECES) & (contacts >= 2))


def _latest(words: Pieces) -> Pieces:
    """Return the pieces of the last MOST_CONTACTS days of each customer."""
    days = offsets_of(words.customer, words.day)
    kept = newest(offsets_of(words.customer[days[:-1]]), MOST_CONTACTS)
    return words.take(np.repeat(kept, np.diff(days)))
