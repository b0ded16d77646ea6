"""Who can be judged: three usable pieces on two days, the last days with words."""

from __future__ import annotations

import numpy as np

from klankbord.shifts.histories import Bools, Histories, Pieces
from klankbord.shifts.sequences import newest, offsets_of

LEAST_PIECES = 3
MOST_CONTACTS = 500  # days with words, the last ones, on which a customer is judged


def judged_words(histories: Histories) -> tuple[Pieces, Bools]:
    """Return the usable pieces of the customers who can be judged, and who they are."""
    pieces = histories.pieces
    judged = _enough(pieces, len(histories.customers))
    return _latest(pieces.take(pieces.usable & judged[pieces.customer])), judged


def _enough(pieces: Pieces, customers: int) -> Bools:
    """Tell which customers have three usable pieces on two days; a day's conversation is one."""
    worded = np.flatnonzero(pieces.usable)
    customer, day = pieces.customer[worded], pieces.day[worded]
    conversation = pieces.conversation[worded]
    alone = np.bincount(customer[conversation < 0], minlength=customers)
    turns = np.flatnonzero(conversation >= 0)
    turns = turns[np.lexsort((conversation[turns], day[turns], customer[turns]))]
    talks = offsets_of(customer[turns], day[turns], conversation[turns])[:-1]
    together = np.bincount(customer[turns[talks]], minlength=customers)
    contacts = np.bincount(customer[offsets_of(customer, day)[:-1]], minlength=customers)
    return np.asarray((alone + together >= LEAST_PIECES) & (contacts >= 2))


def _latest(words: Pieces) -> Pieces:
    """Return the pieces of the last MOST_CONTACTS days of each customer."""
    days = offsets_of(words.customer, words.day)
    kept = newest(offsets_of(words.customer[days[:-1]]), MOST_CONTACTS)
    return words if kept.all() else words.take(np.repeat(kept, np.diff(days)))
