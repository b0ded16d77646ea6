"""A lasting fall: the last values of a customer against the earlier ones.

Any value with LEAST_EARLY values before it and LEAST_LATE from it on may be the first of the last
ones, each with the same chance. Around such a turn the drop d of the mean log value is compared
under two hypotheses, "as always", d ~ N(0, v + DRIFT^2), and "shrunk", d ~ N(SHRUNK, v + SPREAD^2).
Here v is the sampling variance from the customer's own scatter around the turn that fits best,
shrunk to everybody's (Smyth 2004). The likelihood of a hypothesis is the mean over the turns of
    N(d; ...) / N(d; 0, v),
which divides out what the values say whatever the turn (a change point of unknown place; Smith
1975, "A Bayesian approach to inference about a change-point in a sequence of random variables").
The share of shrinkers is learned by EM (the two-groups model of Efron 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from klankbord.shifts.histories import Floats, Ints

LEAST_ANSWERS = 5
LEAST_EARLY, LEAST_LATE = 3, 2  # values on either side of a turn
DRIFT, SHRUNK, SPREAD = 0.25, -1.2, 0.4  # in logs of characters and of contacts per day
SHARE_PRIOR, SHARE_WEIGHT = 0.03, 50.0
SCATTER_WEIGHT = 6.0


@dataclass(frozen=True, eq=False)
class Change:
    """The last values of a customer against the earlier ones, one entry a customer."""

    probability: Floats  # posterior, of a lasting fall; 0 where there are too few values
    before: Floats  # means of log(1 + value), as values again
    after: Floats
    since: Ints  # moment of the first of the last values


@dataclass(frozen=True, eq=False)
class Turns:
    """Every value that may be the first of the last ones of its owner."""

    where: Ints  # index of the value
    owner: Ints
    early: Ints  # values of the owner before it
    late: Ints  # and from it on


@dataclass(frozen=True, eq=False)
class _Drops:
    drop: Floats  # of the mean log, late minus early
    size: Floats  # of the variance of the drop, in variances of one value


def no_change(n: int) -> Change:
    """Return a change of nobody among `n` customers."""
    return Change(np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64))


def turns_of(owner: Ints, count: Ints) -> Turns:
    """Return where values in order of owner and moment may turn; `count` is that of each owner."""
    begin = np.cumsum(count) - count
    early = np.arange(len(owner)) - begin[owner]
    late = count[owner] - early
    possible = (early >= LEAST_EARLY) & (late >= LEAST_LATE) & (count >= LEAST_ANSWERS)[owner]
    where = np.flatnonzero(possible)
    return Turns(where, owner[where], early[where], late[where])


def sums_before(values: Floats, owner: Ints, count: Ints) -> Floats:
    """Return the sum of the values of the same owner before each."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    begin = np.cumsum(count) - count
    return np.asarray(total[:-1] - total[begin[owner]], dtype=np.float64)


def fall(values: Floats, logs: Floats, owner: Ints, at: Ints, n: int) -> Change:
    """Compare the last `logs` of each owner 0 … n - 1 with the earlier ones; `values` to tell."""
    found = no_change(n)
    count = np.bincount(owner, minlength=n)
    turns = turns_of(owner, count)
    judged = count >= LEAST_ANSWERS
    if not judged.any():
        return found
    early, late = _means(logs, owner, count, turns)
    drops = _Drops(late - early, 1 / turns.early + 1 / turns.late)
    scatter = _scatter(logs, owner, count, turns, drops)
    changed, always, best = _likelihoods(turns, drops, scatter)
    here = best[judged]
    fell = drops.drop[here] < 0
    early, late = _means(np.log1p(values), owner, count, turns)
    found.probability[judged] = two_groups(changed[judged], always[judged]) * fell
    found.before[judged] = np.expm1(early[here])
    found.after[judged] = np.expm1(late[here])
    found.since[judged] = at[turns.where[here]]
    return found


def _means(values: Floats, owner: Ints, count: Ints, turns: Turns) -> tuple[Floats, Floats]:
    """Return the means before each turn and since."""
    before = sums_before(values, owner, count)[turns.where]
    total = np.bincount(owner, values, minlength=len(count))[turns.owner]
    return before / turns.early, (total - before) / turns.late


def _scatter(logs: Floats, owner: Ints, count: Ints, turns: Turns, drops: _Drops) -> Floats:
    """Return the variance of one value of each owner, around the turn that fits best."""
    n = len(count)
    mean = np.bincount(owner, logs, minlength=n) / np.maximum(count, 1)
    explained = np.zeros(n)
    np.maximum.at(explained, turns.owner, drops.drop**2 / drops.size)
    squares = np.bincount(owner, (logs - mean[owner]) ** 2, minlength=n)
    squares = np.maximum(squares - explained, 0.0)
    judged = count >= LEAST_ANSWERS
    freedom = np.where(judged, count - 3, 0)  # two means and the place of the turn
    pooled = squares[judged].sum() / max(freedom[judged].sum(), 1)
    return np.asarray((squares + SCATTER_WEIGHT * pooled) / (freedom + SCATTER_WEIGHT))


def _likelihoods(turns: Turns, drops: _Drops, scatter: Floats) -> tuple[Floats, Floats, Ints]:
    """Return both likelihoods of each owner, on one scale, and the likeliest turn if it shrank."""
    n = len(scatter)
    variance = np.maximum(scatter[turns.owner] * drops.size, 1e-9)
    none = _log_normal(drops.drop, 0.0, variance)
    shrank = _log_normal(drops.drop, SHRUNK, variance + SPREAD**2) - none
    drifted = _log_normal(drops.drop, 0.0, variance + DRIFT**2) - none
    top = np.full(n, -np.inf)
    np.maximum.at(top, turns.owner, np.maximum(shrank, drifted))
    scale = top[turns.owner]
    changed = np.bincount(turns.owner, np.exp(shrank - scale), minlength=n).astype(np.float64)
    always = np.bincount(turns.owner, np.exp(drifted - scale), minlength=n).astype(np.float64)
    return changed, np.maximum(always, 1e-300), likeliest(shrank, turns.owner, n)


def likeliest(values: Floats, owner: Ints, n: int) -> Ints:
    """Return the index of the largest of the values of each of `n` owners, the last of equals."""
    peak = np.full(n, -np.inf)
    np.maximum.at(peak, owner, values)
    highest = np.flatnonzero(values == peak[owner])
    best = np.zeros(n, dtype=np.int64)
    best[owner[highest]] = highest
    return best


def two_groups(changed: Floats, always: Floats) -> Floats:
    """Return the posterior probability of a change, from the likelihoods of both hypotheses.

    The share of those who changed is learned by EM, with a prior worth SHARE_WEIGHT customers.
    """
    share = SHARE_PRIOR
    probability = np.zeros(len(changed))
    for _ in range(50):
        probability = share * changed / (share * changed + (1 - share) * always)
        total = probability.sum() + SHARE_WEIGHT * SHARE_PRIOR
        share = float(total / (len(changed) + SHARE_WEIGHT))
    return np.asarray(probability, dtype=np.float64)


def _log_normal(x: Floats, mean: float, variance: Floats) -> Floats:
    return np.asarray(-0.5 * ((x - mean) ** 2 / variance + np.log(variance)), dtype=np.float64)
