"""Quasi-binomial regression of many themes at once, and the test of one column of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ROUNDS = 60
_FARTHEST = 30.0  # log-odds beyond which a share is nought or one
_LONGEST_STEP = 2.0
_LEAST_FREEDOM = 4.0  # to measure a dispersion over blocks
_LEAST_THEMES = 6  # to learn what they have in common


@dataclass(frozen=True)
class _Fit:
    """One fit per theme (themes x rows, or themes)."""

    last: np.ndarray  # coefficient of the last column
    residual: np.ndarray  # hits minus expected hits
    variance: np.ndarray  # binomial variance of the hits
    deviance: np.ndarray  # with what the priors add
    parameters: np.ndarray  # effective number


def compare(
    hits: np.ndarray,
    total: np.ndarray,
    base: np.ndarray,
    spread: np.ndarray,
    column: np.ndarray,
    block: np.ndarray,
) -> np.ndarray:
    """Test what `column` adds to `base` in the log-odds of `hits` (themes x rows) out of `total`.

    `spread` holds the prior standard deviation of each column of `base`, nought for a free one.
    `block` numbers stretches of rows that may go up and down together: the dispersion is measured
    over rows and over blocks, and the larger one holds, with its own degrees of freedom. Both are
    drawn to what the themes have in common, as far as they have.
    Returns per theme the coefficient, its two-sided p-value and the penalised deviance left.
    """
    from scipy.special import stdtr

    without = _fit(hits, total, base, spread)
    fitted = _fit(hits, total, np.column_stack([base, column]), np.append(spread, 0.0))
    size = np.log(hits.sum(axis=1))
    dispersion, freedom = _moderated(*_dispersion(fitted, np.arange(len(total))), size)
    wider, fewer = _dispersion(fitted, block)
    enough = fewer >= _LEAST_FREEDOM
    wider, fewer = _moderated(wider, fewer, size)
    together = (wider > dispersion) & enough
    dispersion, freedom = (
        np.where(together, ours, theirs) for ours, theirs in ((wider, dispersion), (fewer, freedom))
    )
    gain = np.maximum(without.deviance - fitted.deviance, 0.0)
    p = 2 * stdtr(freedom, -np.sqrt(gain / np.maximum(dispersion, 1.0)))
    return np.column_stack([fitted.last, p, fitted.deviance])


def _dispersion(fitted: _Fit, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Pearson's chi-square over the sums of `block` per degree of freedom, and those."""
    inside = (block[:, None] == np.unique(block)).astype(float)
    freedom = np.maximum(inside.shape[1] - fitted.parameters, 1.0)
    chi = (fitted.residual @ inside) ** 2 / np.maximum(fitted.variance @ inside, 1e-12)
    return chi.sum(axis=1) / freedom, freedom


def _moderated(
    dispersion: np.ndarray, freedom: np.ndarray, size: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return dispersions drawn to those of themes as large, with the degrees of freedom it adds.

    Empirical Bayes with a scaled inverse chi-square prior, fitted to the logarithms: their line
    over `size` (log mentions; what scatters by a factor is more dispersed in a larger theme) and
    their variance around it. Smyth (2004), Statistical Applications in Genetics and Molecular
    Biology 3, article 3, section 6.2; for quasi-likelihood Lund et al. (2012), same journal 11,
    article 8. The other themes never weigh more than a theme's own course.
    """
    from scipy.special import digamma, polygamma

    fit = dispersion > 0
    if fit.sum() < _LEAST_THEMES:
        return dispersion, freedom
    half = freedom[fit] / 2
    logs = np.log(dispersion[fit]) - digamma(half) + np.log(half)
    line = np.column_stack([np.ones(len(size)), size - size.mean()])
    course = line @ np.linalg.lstsq(line[fit], logs, rcond=None)[0]
    around = float(np.square(logs - course[fit]).sum()) / (len(logs) - 2)
    extra = around - float(np.mean(polygamma(1, half)))
    most = float(np.mean(freedom))
    prior = min(2 * _inverse_trigamma(extra), most) if extra > 0 else most
    common = np.exp(course + digamma(prior / 2) - np.log(prior / 2))
    return (prior * common + freedom * dispersion) / (prior + freedom), prior + freedom


def _inverse_trigamma(value: float) -> float:
    """Return the x > 0 whose trigamma is `value` > 0, by Newton's method on 1 / trigamma."""
    from scipy.special import polygamma

    x = 0.5 + 1 / value
    for _ in range(50):
        found = float(polygamma(1, x))
        step = found * (1 - found / value) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-9 * x:
            break
    return x


def _fit(hits: np.ndarray, total: np.ndarray, design: np.ndarray, spread: np.ndarray) -> _Fit:
    """Fit by Newton's method with steps of limited length."""
    from scipy.special import expit, xlogy

    penalty = np.diag(np.divide(1.0, spread**2, out=np.zeros(len(spread)), where=spread > 0))
    rate = hits.sum(axis=1) / total.sum()
    beta = np.zeros((len(hits), design.shape[1]))
    beta[:, 0] = np.log(rate / (1 - rate))
    for _ in range(_ROUNDS):
        share = expit(np.clip(beta @ design.T, -_FARTHEST, _FARTHEST))
        variance = total * share * (1 - share)
        information = np.einsum("kr,rp,rq->kpq", variance, design, design, optimize=True)
        curvature = information + penalty + 1e-9 * np.eye(design.shape[1])
        gradient = (hits - total * share) @ design - beta @ penalty
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        step = np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        if np.abs(step).max(initial=0.0) < 1e-8:
            break
        beta = np.clip(beta + step, -_FARTHEST, _FARTHEST)
    misses, expected = total - hits, total * share
    terms = xlogy(hits, hits / expected) + xlogy(misses, misses / (total - expected))
    priors = np.sum((beta @ penalty) * beta, axis=1)
    used = np.trace(np.linalg.solve(curvature, information), axis1=1, axis2=2)
    return _Fit(beta[:, -1], hits - expected, variance, 2 * terms.sum(axis=1) + priors, used)
