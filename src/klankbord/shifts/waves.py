r"""Survey waves that a customer no longer answers.

A survey comes in waves when all its answers lie in a few short runs of days with weeks without
any answer between them. Of a customer whose first answer is in wave 0, the n waves since then are
n opportunities, of which x were answered, the last of these t waves after the first. Everybody
answers a wave with a chance p of their own, Beta(alpha, beta) over customers, and may drop out for
good before each wave with a chance theta, Beta(gamma, delta): the BG/BB model (Fader, Hardie and
Shang 2010, "Customer-base analysis in a discrete-time noncontractual setting"). With B the beta
function, the likelihoods of having answered so and
    still taking part:   A   = B(alpha + x, beta + n - x) B(gamma, delta + n),
    gone since t + i:    G_i = B(alpha + x, beta + t - x + i) B(gamma + 1, delta + t + i),
both over B(alpha, beta) B(gamma, delta), give
    P(dropped out) = sum_i G_i / (A + sum_i G_i),   i = 0 … n - t - 1.
The four parameters are fitted to all customers of the survey, with weak priors. A last wave with
less than half of the usual number of answers is still running, and is no opportunity yet; nor is a
wave after the customer cancelled.

What cannot be known: who was asked. A skipped invitation and a customer who was not asked look
alike. The learned p allows for it where customers are drawn at random: there it is low, and a few
waves without an answer say little. It does not where customers are moved out of the panel for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from klankbord.schema import Channel
from klankbord.shifts.histories import CHANNELS, Floats, Ints, Pieces
from klankbord.shifts.sequences import offsets_of

QUIET_DAYS = 14  # without any answer, between two waves
LONGEST_DAYS = 31  # of a wave
LEAST_WAVES = 4
USUAL_ANSWERS = 10  # of the median wave; fewer make no wave but a few people with a habit
STRAGGLERS = 0.1  # of the usual number of answers: fewer belong to the wave before
RUNNING = 0.5  # of the usual number of answers: fewer, and the last wave is not over
LEAST_ANSWERED = 3
LEAST_SKIPPED = 2
FIT_SAMPLE = 5_000
# Means and standard deviations of the normal priors on log alpha, beta, gamma and delta.
LOG_MEAN = np.log([1.5, 1.0, 0.5, 10.0])
LOG_SD = np.array([1.0, 1.0, 0.7, 0.7])
LOG_BOUNDS = [(-3, 5), (-3, 5), (-5, 3), (-2, 7)]


@dataclass(frozen=True, eq=False)
class Skipped:
    """Who no longer answers the waves of a survey, one entry a customer."""

    probability: Floats  # posterior, of having dropped out; 0 for those who answered too few
    answered: Ints  # waves
    waves: Ints  # from the first to the last answered
    skipped: Ints  # waves since
    since: Ints  # moment of the first answer by anybody in the first of those, microseconds


@dataclass(frozen=True, eq=False)
class Turnout:
    """What the model reads of each customer, in waves after the first one answered."""

    answered: Ints  # x
    until: Ints  # t, of the last answered
    waves: Ints  # n

    def take(self, which: Ints) -> Turnout:
        """Return the entries of these indices."""
        return Turnout(self.answered[which], self.until[which], self.waves[which])


def skip(pieces: Pieces, owner: Ints, left_at: Ints) -> Skipped:
    """Return who no longer answers; `owner` (ascending) is whose each piece is.

    `left_at` holds the moment each owner cancelled, or a far one.
    """
    n = len(left_at)
    zeros = np.zeros(n, dtype=np.int64)
    found = Skipped(np.zeros(n), zeros, zeros.copy(), zeros.copy(), zeros.copy())
    surveys = np.flatnonzero(pieces.channel == CHANNELS.index(Channel.SURVEY))
    surveys = surveys[np.argsort(pieces.stream[surveys], kind="stable")]
    for begin, end in pairwise(offsets_of(pieces.stream[surveys])):
        own = surveys[begin:end]
        wave, opened = waves_of(pieces.day[own], pieces.at[own])
        if len(opened):
            _judge(found, owner[own], wave, opened, left_at)
    return found


def waves_of(day: Ints, at: Ints) -> tuple[Ints, Ints]:
    """Return the wave of each answer, and the moment each wave that is over began.

    No moments where the answers do not come in waves. An answer in a wave that is still running
    has the number after the last.
    """
    none = np.zeros(len(day), dtype=np.int64), np.zeros(0, dtype=np.int64)
    days, place, answers = np.unique(day, return_inverse=True, return_counts=True)
    opens = np.flatnonzero(np.diff(days, prepend=days[0] - QUIET_DAYS) >= QUIET_DAYS)
    total = np.add.reduceat(answers, opens)
    usual = float(np.median(total))
    lasted = np.append(days[opens[1:] - 1], days[-1]) - days[opens] + 1
    if usual < USUAL_ANSWERS or lasted.max() > LONGEST_DAYS:
        return none
    real = total >= STRAGGLERS * usual
    run = np.repeat(np.arange(len(opens)), np.diff(opens, append=len(days)))
    wave = np.maximum(np.cumsum(real) - 1, 0)[run][place]
    opened = np.full(int(wave.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(opened, wave, at)
    over = len(opened) - int(total[real][-1] < RUNNING * usual)
    return (wave, opened[:over]) if over >= LEAST_WAVES else none


def _judge(found: Skipped, owner: Ints, wave: Ints, opened: Ints, left_at: Ints) -> None:
    """Fill in what one survey says, of owners of whom no other says more."""
    once = np.unique(owner * (len(opened) + 1) + wave)
    person, wave = np.divmod(once, len(opened) + 1)
    start = offsets_of(person)
    who, first, last = person[start[:-1]], wave[start[:-1]], wave[start[1:] - 1]
    held = np.searchsorted(opened, left_at[who]) - 1  # the last wave before the customer left
    until = last - first
    turnout = Turnout(np.diff(start) - 1, until, np.maximum(held - first, until))
    skipped = turnout.waves - until
    claimed = (turnout.answered + 1 >= LEAST_ANSWERED) & (skipped >= LEAST_SKIPPED)
    if not claimed.any():
        return
    chance = dropped_probability(fit_turnout(turnout), turnout)
    new = np.flatnonzero(claimed & (chance > found.probability[who]))
    at = who[new]
    found.probability[at] = chance[new]
    found.answered[at] = turnout.answered[new] + 1
    found.waves[at] = until[new] + 1
    found.skipped[at] = skipped[new]
    found.since[at] = opened[last[new] + 1]


def fit_turnout(turnout: Turnout) -> Floats:
    """Return the most probable (alpha, beta, gamma, delta) of a population."""
    from scipy.optimize import minimize

    invited = np.flatnonzero(turnout.waves > 0)
    taken = turnout.take(invited[:: max(1, -(-len(invited) // FIT_SAMPLE))])
    triples = np.stack([taken.answered, taken.until, taken.waves])
    cells, times = np.unique(triples, axis=1, return_counts=True)
    distinct = Turnout(*cells)

    def loss(logs: Floats) -> float:
        active, gone = _log_likelihoods(np.exp(logs), distinct)
        likelihood = (times * np.logaddexp(active, gone)).sum()
        return float(0.5 * (((logs - LOG_MEAN) / LOG_SD) ** 2).sum() - likelihood)

    found = minimize(loss, LOG_MEAN, method="L-BFGS-B", bounds=LOG_BOUNDS, options={"maxiter": 60})
    return np.asarray(np.exp(found.x), dtype=np.float64)


def dropped_probability(parameters: Floats, turnout: Turnout) -> Floats:
    """Return the posterior probability of having dropped out before the last wave."""
    active, gone = _log_likelihoods(parameters, turnout)
    return np.asarray(np.exp(gone - np.logaddexp(active, gone)), dtype=np.float64)


def _log_likelihoods(parameters: Floats, turnout: Turnout) -> tuple[Floats, Floats]:
    """Return the log likelihoods of who still takes part and of who is gone."""
    from scipy.special import betaln

    alpha, beta, gamma, delta = parameters
    x, t, n = turnout.answered, turnout.until, turnout.waves
    common = betaln(alpha, beta) + betaln(gamma, delta)
    active = betaln(alpha + x, beta + n - x) + betaln(gamma, delta + n) - common
    gone = np.full(len(x), -np.inf)
    for i in range(int((n - t).max(initial=0))):
        open_ = np.flatnonzero(i < n - t)
        x_, t_ = x[open_], t[open_]
        part = betaln(alpha + x_, beta + t_ - x_ + i) + betaln(gamma + 1, delta + t_ + i) - common
        gone[open_] = np.logaddexp(gone[open_], part)
    return np.asarray(active), gone
