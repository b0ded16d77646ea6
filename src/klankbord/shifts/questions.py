r"""Questions that vanish: a customer who used to ask, and in the last contacts never does.

What a customer writes in one channel on one day is a contact, with a question in it or without.
In a channel where q of a customer's n earlier contacts held one, the customer's rate has mean and
weight
    m = (a + q) / (a + b + n),   1 / w = 1 / (a + b + n) + 1 / STEADY,
where rates are Beta(a, b) over the customers of that channel, fitted by maximum likelihood with
weak priors, and STEADY bounds what the past may say of the future: people ask in bursts. That the
last k contacts hold no question then has, under "as always", the beta-binomial chance
    B(w m, w (1 - m) + k) / B(w m, w (1 - m)),   B the beta function,
and under "vanished" the chance 1. The chances of a customer's channels are multiplied, so who goes
over from the telephone, where people ask, to reviews, where they do not, is no news. Where the
last contacts begin is not known: the ratio of both hypotheses is averaged over all places, as in
`falls.py`. The share of vanishers among those who used to ask is learned by EM (a zero-inflated
beta-binomial; Hall 2000, "Zero-inflated Poisson and binomial regression with random effects").

A question is a question mark that ends a word. Speech that was written down without punctuation
holds none, so there nothing vanishes either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from klankbord.shifts.falls import Turns, likeliest, sums_before, turns_of, two_groups
from klankbord.shifts.histories import Bools, Floats, Ints, Pieces

LEAST_ASKED = 2  # earlier contacts with a question: one is an incident
STEADY = 16.0  # contacts
LOG_MEAN = np.log([0.5, 2.0])  # of the normal priors on log a and log b
LOG_SD = 1.0
FIT_SAMPLE = 5_000


@dataclass(frozen=True, eq=False)
class Vanished:
    """Whose questions vanished, one entry a customer; counts are contacts with words."""

    probability: Floats  # posterior; 0 for those who hardly asked or still ask
    asked: Ints  # of the earlier contacts, how many held a question
    earlier: Ints
    later: Ints  # the last contacts, without a question
    since: Ints  # moment of the first of them, microseconds


@dataclass(frozen=True, eq=False)
class _Contacts:
    owner: Ints
    channel: Ints
    at: Ints
    asked: Bools


def vanish(pieces: Pieces, owner: Ints, n: int) -> Vanished:
    """Return whose questions vanished; `owner` (0 … n - 1, ascending) is whose each piece is."""
    zeros = np.zeros(n, dtype=np.int64)
    nothing = Vanished(np.zeros(n), zeros, zeros, zeros, zeros)
    contacts = _contacts(pieces, owner)
    count = np.bincount(contacts.owner, minlength=n)
    turns = turns_of(contacts.owner, count)
    asked = sums_before(contacts.asked.astype(np.float64), contacts.owner, count)[turns.where]
    askers = np.bincount(contacts.owner[contacts.asked], minlength=n)
    ended = (asked >= LEAST_ASKED) & (asked == askers[turns.owner])
    judged = np.bincount(turns.owner[asked >= LEAST_ASKED], minlength=n) > 0
    if not ended.any():
        return nothing
    ratio = np.where(ended, np.exp(-_log_none(contacts, count, turns)), 0.0)
    possible = np.maximum(np.bincount(turns.owner, minlength=n), 1)
    changed = np.bincount(turns.owner, ratio, minlength=n) / possible
    probability = np.zeros(n)
    probability[judged] = two_groups(changed[judged], np.ones(judged.sum()))
    best = likeliest(ratio, turns.owner, n)
    return Vanished(
        probability=probability,
        asked=asked[best].astype(np.int64),
        earlier=turns.early[best],
        later=turns.late[best],
        since=contacts.at[turns.where[best]],
    )


def _contacts(pieces: Pieces, owner: Ints) -> _Contacts:
    """Return the days on which a customer wrote in a channel, by customer and day."""
    worded = np.flatnonzero(pieces.length > 0)
    own, day = owner[worded], pieces.day[worded]
    channel = pieces.channel[worded].astype(np.int64)
    order = np.lexsort((channel, day, own))
    worded, own, day, channel = worded[order], own[order], day[order], channel[order]
    new = np.ones(len(own), dtype=bool)
    new[1:] = (np.diff(own) != 0) | (np.diff(day) != 0) | (np.diff(channel) != 0)
    opens = np.flatnonzero(new)
    asked = pieces.question[worded]
    held = np.logical_or.reduceat(asked, opens) if len(opens) else asked
    return _Contacts(own[opens], channel[opens], pieces.at[worded[opens]], held)


def _log_none(contacts: _Contacts, count: Ints, turns: Turns) -> Floats:
    """Return the log chance of no question from each turn on, of who asks as always."""
    from scipy.special import betaln

    owner, n = contacts.owner, len(count)
    total = np.zeros(len(turns.where))
    for channel in np.unique(contacts.channel):
        here = (contacts.channel == channel).astype(np.float64)
        held = here * contacts.asked
        size = sums_before(here, owner, count)[turns.where]
        asked = sums_before(held, owner, count)[turns.where]
        every = np.bincount(owner, here, minlength=n).astype(np.float64)
        late = every[turns.owner] - size
        theirs = np.bincount(owner, held, minlength=n).astype(np.float64)
        a, b = fit_rates(theirs[every > 0], every[every > 0])
        mean = (a + asked) / (a + b + size)
        weight = 1 / (1 / (a + b + size) + 1 / STEADY)
        yes, no = weight * mean, weight * (1 - mean)
        total += betaln(yes, no + late) - betaln(yes, no)
    return total


def fit_rates(asked: Floats, contacts: Floats) -> tuple[float, float]:
    """Return the most probable (a, b) of the rates at which a population asks."""
    from scipy.optimize import minimize
    from scipy.special import betaln

    step = max(1, -(-len(asked) // FIT_SAMPLE))
    pairs = np.stack([asked[::step], contacts[::step]])
    (q, n), times = np.unique(pairs, axis=1, return_counts=True)

    def loss(logs: Floats) -> float:
        a, b = np.exp(logs)
        likelihood = (times * (betaln(a + q, b + n - q) - betaln(a, b))).sum()
        return float(0.5 * (((logs - LOG_MEAN) / LOG_SD) ** 2).sum() - likelihood)

    a, b = np.exp(minimize(loss, LOG_MEAN, method="L-BFGS-B", bounds=[(-6, 5), (-3, 6)]).x)
    return float(a), float(b)
