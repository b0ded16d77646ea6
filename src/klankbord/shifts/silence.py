r"""Silence: a voice that stops, asks no more, skips surveys, or speaks shorter or more rarely.

Stopping. Everybody writes at a rhythm of their own, some like clockwork, and may fall silent for
good after any piece (Platzer and Reutterer 2016, "Ticking away the moments: timing regularity
helps to better predict customer activity"; after Fader, Hardie and Lee 2005). The gaps are
Gamma(k, rate), with one regularity k for all and a rate that is Gamma(r, alpha) over customers, so
with n gaps of t days in all the chance of a silence of s days or longer from an active voice is
    S = 1 - I(s / (alpha + t + s); k, r + k n),   I the regularised incomplete beta function.
From the third piece on each may be the last; that chance is Beta(a, b) over customers, so after m
pieces that were not the last it is h = a / (a + b + m), and
    P(stopped) = h / (h + (1 - h) S).
The five parameters are fitted to all customers of three pieces or more, with weak priors so that
ten customers give a sensible answer too. Pieces within a week of each other count once. Silence
lasts until the last moment at which the sources the customer writes in say anything, or until the
customer cancelled, and not until today: an export that ends in May is no silence in June.

Shrinking and slowing: the mean log length of the last answers, or the mean log frequency (one over
the gap) of the last contacts, against the earlier ones (`falls.py`). Questions that vanish stand in
`questions.py`, survey waves that are skipped in `waves.py`.

What cannot be known: an invitation that was skipped leaves no row. Unless the source exports
unanswered invitations, a customer who was never asked looks like one who did not answer. Where a
survey comes in waves, how often customers answer one is learned and allowed for, but a customer
who was taken off the list of a survey still looks like one who dropped out. The five claims share
one probability, that of the strongest: they are told as one claim, that this voice is going.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from klankbord.moments import DAY_US
from klankbord.shifts.falls import Change, fall
from klankbord.shifts.histories import Bools, Floats, Ints, Pieces
from klankbord.shifts.questions import Vanished, vanish
from klankbord.shifts.sequences import offsets_of
from klankbord.shifts.waves import Skipped, skip

BURST_DAYS = 7
LEAST_CONTACTS = 4
LEAST_SPAN_DAYS = 60
LEAST_SILENCE_DAYS = 30
LONGEST_GAPS = 2.5  # silent at least this many times the longest gap so far: people go away a while
FIT_SAMPLE = 5_000
VOICE = 3  # contacts from which each may be the last
# Means and standard deviations of the normal priors on log k, log r, log alpha (days), log a and
# log b; k is bounded so that one skipped survey wave is not taken for the end.
LOG_MEAN = np.log([1.5, 3.0, 90.0, 0.5, 10.0])
LOG_SD = np.array([0.5, 0.7, 1.0, 0.7, 0.7])
LOG_BOUNDS = [(np.log(0.3), np.log(8.0)), (-2, 5), (0, 9), (-5, 3), (-2, 7)]


@dataclass(frozen=True, eq=False)
class Silence:
    """What is known of the rhythm and length of each customer's pieces, one entry a customer."""

    customer: Ints
    stopped: Floats  # posterior probability; 0 for those who are no regular voice
    contacts: Ints
    rhythm_days: Floats  # mean gap between contacts
    last_at: Ints  # microseconds
    silent_days: Floats  # until the sources end
    shorter: Change  # characters per answer
    rarer: Change  # days between contacts
    vanished: Vanished  # questions
    skipped: Skipped  # survey waves

    @property
    def probability(self) -> Floats:
        """Return the probability of the strongest of the five claims."""
        claims = (self.shorter, self.rarer, self.vanished, self.skipped)
        strongest = self.stopped
        for claim in claims:
            strongest = np.maximum(strongest, claim.probability)
        return strongest


@dataclass(frozen=True, eq=False)
class Rhythms:
    """What the rhythm model reads of each customer, in days."""

    repeats: Floats  # contacts after the first
    until_last: Floats  # from the first to the last
    log_gaps: Floats  # sum of the logs of the gaps
    silent: Floats  # since the last

    def take(self, which: Ints) -> Rhythms:
        """Return the entries of these indices."""
        return Rhythms(
            self.repeats[which], self.until_last[which], self.log_gaps[which], self.silent[which]
        )


def listen(pieces: Pieces, left_at: Ints | None = None) -> Silence:
    """Return the silence of every customer with a dated piece, with words or without.

    `left_at` holds the moment each customer code cancelled, or a far one: silence after that is
    no news and does not count.
    """
    start = offsets_of(pieces.customer)
    first, last = start[:-1], start[1:] - 1
    day = pieces.day
    apart = np.ones(len(day), dtype=bool)
    apart[1:] = (day[1:] - day[:-1] >= BURST_DAYS) | (pieces.customer[1:] != pieces.customer[:-1])
    contacts = np.add.reduceat(apart.astype(np.int64), first) if len(first) else first
    end = np.maximum.reduceat(pieces.source_end, first) if len(first) else first
    left = np.full(len(first), np.iinfo(np.int64).max)
    if left_at is not None:
        left = left_at[pieces.customer[first]]
    end = np.minimum(end, left)
    gaps = np.diff(day, prepend=day[:1])
    gaps[first] = 0
    longest = np.maximum.reduceat(gaps, first) if len(first) else first

    repeats = (contacts - 1).astype(np.float64)
    apart[first] = False
    since_contact = _since_contact(day, apart, first)
    logs = np.log(since_contact) * apart
    log_gaps = np.add.reduceat(logs, first) if len(first) else np.zeros(0)
    until_last = (day[last] - day[first]).astype(np.float64)
    silent = np.maximum((end - pieces.at[last]) / DAY_US, 0.0)
    rhythms = Rhythms(repeats, until_last, log_gaps, silent)
    regular = (
        (contacts >= LEAST_CONTACTS)
        & (until_last >= LEAST_SPAN_DAYS)
        & (silent >= LEAST_SILENCE_DAYS)
        & (silent >= LONGEST_GAPS * longest)
    )
    stopped = np.zeros(len(first))
    if regular.any():
        voices = np.flatnonzero(contacts >= VOICE)
        fitted = fit_rhythm(rhythms.take(voices[:: max(1, -(-len(voices) // FIT_SAMPLE))]))
        probability = stopped_probability(fitted, rhythms)
        stopped = np.where(regular, probability, 0.0)
    owner = np.repeat(np.arange(len(first)), np.diff(start))
    return Silence(
        customer=pieces.customer[first],
        stopped=stopped,
        contacts=contacts,
        rhythm_days=until_last / np.maximum(repeats, 1),
        last_at=pieces.at[last],
        silent_days=silent,
        shorter=_shorter(pieces, owner, len(first)),
        rarer=fall(since_contact[apart], -logs[apart], owner[apart], pieces.at[apart], len(first)),
        vanished=vanish(pieces, owner, len(first)),
        skipped=skip(pieces, owner, left),
    )


def fit_rhythm(rhythms: Rhythms) -> Floats:
    """Return the most probable (k, r, alpha, a, b) of a population of voices."""
    from scipy.optimize import minimize

    def loss(logs: Floats) -> float:
        penalty = 0.5 * (((logs - LOG_MEAN) / LOG_SD) ** 2).sum()
        return float(penalty - _log_likelihood(np.exp(logs), rhythms))

    found = minimize(loss, LOG_MEAN, method="L-BFGS-B", bounds=LOG_BOUNDS, options={"maxiter": 60})
    return np.asarray(np.exp(found.x), dtype=np.float64)


def _log_likelihood(parameters: Floats, rhythms: Rhythms) -> float:
    from scipy.special import betaln, gammaln

    k, r, alpha, a, b = parameters
    n, went_on = rhythms.repeats, np.maximum(rhythms.repeats - (VOICE - 1), 0.0)
    gaps = (k - 1) * rhythms.log_gaps - n * gammaln(k) + gammaln(k * n + r) - gammaln(r)
    gaps = gaps + r * np.log(alpha) - (k * n + r) * np.log(alpha + rhythms.until_last)
    alive = betaln(a, b + went_on) - betaln(a, b)
    last = a / (a + b + went_on)
    end = np.log(last + (1 - last) * _still_active(parameters, rhythms))
    return float((gaps + alive + end).sum())


def _still_active(parameters: Floats, rhythms: Rhythms) -> Floats:
    """Return the chance that a voice which has not stopped is silent for so long."""
    from scipy.special import betainc

    k, r, alpha = parameters[:3]
    share = rhythms.silent / (alpha + rhythms.until_last + rhythms.silent)
    chance = 1 - betainc(k, r + k * rhythms.repeats, share)
    return np.asarray(np.clip(chance, 1e-12, 1.0), dtype=np.float64)


def stopped_probability(parameters: Floats, rhythms: Rhythms) -> Floats:
    """Return the posterior probability that the voice's last piece was the last for good."""
    a, b = parameters[3:]
    last = a / (a + b + np.maximum(rhythms.repeats - (VOICE - 1), 0.0))
    silence = (1 - last) * _still_active(parameters, rhythms)
    return np.asarray(last / (last + silence), dtype=np.float64)


def _since_contact(day: Ints, apart: Bools, first: Ints) -> Floats:
    """Return the days from the piece that opened the previous contact, at least one."""
    opens = apart.copy()
    opens[first] = True
    where = np.flatnonzero(opens)
    result = np.ones(len(day))
    result[where[1:]] = np.maximum(day[where[1:]] - day[where[:-1]], 1)
    return result


def _shorter(pieces: Pieces, owner: Ints, n: int) -> Change:
    """Return who writes shorter answers, in characters."""
    answers = (pieces.conversation < 0) & (pieces.length > 0)
    logs = np.log(np.where(answers, pieces.length, 1)).astype(np.float64)
    for channel in np.unique(pieces.channel[answers]):  # a review is longer than a survey answer
        where = answers & (pieces.channel == channel)
        logs[where] -= logs[where].mean()
    length = pieces.length[answers].astype(np.float64)
    return fall(length, logs[answers], owner[answers], pieces.at[answers], n)
