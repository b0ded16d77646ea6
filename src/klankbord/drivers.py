"""How the score goes together with each theme: an association, never a cause.

Least squares of the score on whether a piece of feedback mentions each head theme; a sub-theme is
judged with its head split into the sub-themes and the rest, so against no such mention. Standard
errors allow for unequal spread and for customers who answer more than once: HC3 (MacKinnon &
White 1985) and its extension to clusters, with Satterthwaite degrees of freedom (Bell &
McCaffrey 2002; Pustejovsky & Tipton 2018). A customer is a cluster, feedback without one its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klankbord.arrays import one, to_numpy
from klankbord.metrics import main_metric
from klankbord.records import Driver, Theme
from klankbord.schema import SPEAKING, Channel

MIN_MENTIONS = 20  # with a score, and as many without the mention
MIN_CUSTOMERS = 10  # different ones on either side
MIN_FREEDOM = 4.0  # degrees of freedom below which the t interval is not to be trusted
CONFIDENCE = 0.90
FALSE_DISCOVERY_RATE = 0.10
TOO_LITTLE = "te weinig gegevens"
_MAX_DENSE = 40  # rows of one customer up to which its matrix is inverted as it stands


@dataclass(frozen=True)
class Estimate:
    """One coefficient: score points, 90 % interval, p-value."""

    impact: float
    low: float
    high: float
    p: float


def associate(
    feedback: pa.Table, scores: pa.Table, segments: pa.Table, themes: Sequence[Theme]
) -> tuple[Driver, ...]:
    """Return one Driver per theme, for the main score metric of feedback in words.

    `segments` carry their theme_id. Strongest lowering association first, themes with too few
    data last. Verdicts hold at a false-discovery rate of 10 % over the themes judged.
    """
    from threadpoolctl import threadpool_limits

    ordered = sorted(themes, key=lambda theme: theme.theme_id)
    metric, rows = _scored(feedback, scores)
    if not ordered or metric is None:
        return ()
    mentions, uncoded = _mentions(feedback, segments, ordered)
    mentions, uncoded = mentions[rows], uncoded[rows]
    score = _numpy(feedback, "score_value")[rows]
    cluster = _clusters(feedback, rows)
    with threadpool_limits(limits=1, user_api="blas"):  # one order of summation on any machine
        estimates = _estimates(ordered, mentions, uncoded, score, cluster)
    adjusted = _adjusted([estimate.p if estimate else np.nan for estimate in estimates])
    drivers = []
    for place, (theme, estimate) in enumerate(zip(ordered, estimates, strict=True)):
        count = int(mentions[:, place].sum())
        if estimate is None:
            drivers.append(Driver(theme.theme_id, metric, count, None, None, None, TOO_LITTLE))
            continue
        verdict = "geen aantoonbaar verband"
        if adjusted[place] <= FALSE_DISCOVERY_RATE:
            verdict = "lager" if estimate.impact < 0 else "hoger"
        drivers.append(
            Driver(
                theme.theme_id,
                metric,
                count,
                estimate.impact,
                estimate.low,
                estimate.high,
                verdict,
            )
        )
    return tuple(
        sorted(
            drivers,
            key=lambda d: (d.impact is None, d.impact or 0.0, -d.mentions, d.theme_id),
        )
    )


def _scored(feedback: pa.Table, scores: pa.Table) -> tuple[str | None, np.ndarray]:
    """Return the main metric and the rows that carry it, in order of feedback_id.

    Only customers' own words count: without words nothing can be mentioned, so rows that hold
    a score alone would not be a fair comparison.
    """
    worded = pc.is_in(_one(feedback, "feedback_id"), value_set=_one(scores, "feedback_id"))
    speaking = pa.array(SPEAKING, pa.string())
    fit = pc.and_(
        pc.and_(worded, pc.is_in(_one(feedback, "author_role"), value_set=speaking)),
        pc.and_(
            pc.not_equal(_one(feedback, "channel"), pa.scalar(str(Channel.AI_ANSWER))),
            pc.and_(
                pc.is_valid(_one(feedback, "score_metric")),
                pc.fill_null(pc.is_finite(_one(feedback, "score_value")), False),
            ),
        ),
    )
    usable = fit.to_numpy(zero_copy_only=False).astype(bool)
    metrics = _numpy(feedback, "score_metric")
    metric = main_metric(metrics[usable])
    if not metric:
        return None, np.zeros(0, dtype=np.int64)
    order = np.asarray(pc.sort_indices(_one(feedback, "feedback_id")), dtype=np.int64)
    return metric, order[(usable & (metrics == metric))[order]]


def _mentions(
    feedback: pa.Table, segments: pa.Table, themes: Sequence[Theme]
) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows of `feedback` mention which theme, and which complain of something else.

    A mention of a sub-theme is one of its head.
    """
    place = {theme.theme_id: column for column, theme in enumerate(themes)}
    named = pa.array(list(place), pa.string())
    column = pc.index_in(_one(segments, "theme_id"), value_set=named)
    row = pc.index_in(_one(segments, "feedback_id"), value_set=_one(feedback, "feedback_id"))
    uncoded = np.zeros(feedback.num_rows, dtype=bool)
    loose = pc.and_(
        pc.and_(pc.is_valid(_one(segments, "theme_id")), pc.is_null(column)), pc.is_valid(row)
    )
    uncoded[row.filter(loose).to_numpy(zero_copy_only=False)] = True
    known = pc.and_(pc.is_valid(column), pc.is_valid(row))
    columns = column.filter(known).to_numpy(zero_copy_only=False)
    rows = row.filter(known).to_numpy(zero_copy_only=False)
    matrix = np.zeros((feedback.num_rows, len(themes)), dtype=bool)
    matrix[rows, columns] = True
    for theme in themes:
        if theme.parent_id in place:
            matrix[:, place[theme.parent_id]] |= matrix[:, place[theme.theme_id]]
    return matrix, uncoded


def _clusters(feedback: pa.Table, rows: np.ndarray) -> np.ndarray:
    """Return a number per row: equal for the same customer, unique where there is none."""
    customer = _one(feedback, "customer_id").take(pa.array(rows))
    number = pc.fill_null(customer.dictionary_encode().indices, -1)
    numbers: np.ndarray = number.to_numpy(zero_copy_only=False).astype(np.int64)
    nobody = numbers < 0
    numbers[nobody] = numbers.max(initial=-1) + 1 + np.arange(int(nobody.sum()))
    return numbers


def _estimates(
    themes: Sequence[Theme],
    mentions: np.ndarray,
    uncoded: np.ndarray,
    score: np.ndarray,
    cluster: np.ndarray,
) -> list[Estimate | None]:
    """Return one estimate per theme; complaints outside the themes judged are held equal too."""
    enough = np.array([_is_enough(column, cluster) for column in mentions.T], dtype=bool)
    heads = [place for place, theme in enumerate(themes) if theme.parent_id is None]
    judged = [place for place in heads if enough[place]]
    rare = [place for place in heads if not enough[place]]
    others = mentions[:, rare].any(axis=1) | uncoded
    design = np.column_stack([mentions[:, judged], others]).astype(float)
    out: list[Estimate | None] = [None] * len(themes)
    for place, estimate in zip(judged, regress(design, score, cluster), strict=False):
        out[place] = estimate
    for head in judged:
        subs = [
            place
            for place, theme in enumerate(themes)
            if theme.parent_id == themes[head].theme_id and enough[place]
        ]
        if not subs:
            continue
        rest = mentions[:, head] & ~mentions[:, subs].any(axis=1)
        context = [place for place in judged if place != head]
        design = np.column_stack([mentions[:, subs], rest, mentions[:, context], others])
        estimates = regress(design.astype(float), score, cluster)
        for place, estimate in zip(subs, estimates, strict=False):
            out[place] = estimate
    return out


def _is_enough(mention: np.ndarray, cluster: np.ndarray) -> bool:
    return all(
        int(side.sum()) >= MIN_MENTIONS and len(np.unique(cluster[side])) >= MIN_CUSTOMERS
        for side in (mention, ~mention)
    )


def regress(design: np.ndarray, score: np.ndarray, cluster: np.ndarray) -> list[Estimate | None]:
    """Regress `score` on the columns of `design` plus an intercept, one Estimate per column.

    None for a column that the others determine, or that rests on too few customers.
    """
    from scipy import stats

    rows = len(score)
    out: list[Estimate | None] = [None] * design.shape[1]
    kept = _independent(np.column_stack([np.ones(rows), design]))
    if rows <= len(kept) + 1 or np.ptp(score) == 0:
        return out
    x = np.column_stack([np.ones(rows), design])[:, kept]
    inverse = np.linalg.inv(x.T @ x)
    coefficient = inverse @ (x.T @ score)
    residual = score - x @ coefficient
    adjusted = _undo_leverage(x, inverse, residual, cluster)
    number = np.unique(cluster, return_inverse=True)[1]
    groups = int(number.max()) + 1
    meat = _sums(adjusted.residual[:, None] * x, number, groups)
    variance = np.diag(inverse @ (meat.T @ meat) @ inverse)
    for place, column in enumerate(kept):
        if column == 0 or variance[place] <= 0:
            continue
        freedom = _satterthwaite(x, inverse, place, adjusted, number, groups)
        if freedom < MIN_FREEDOM:
            continue
        error = float(np.sqrt(variance[place]))
        reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * error
        impact = float(coefficient[place])
        p = float(2 * stats.t.sf(abs(impact) / error, freedom))
        out[column - 1] = Estimate(impact, impact - reach, impact + reach, p)
    return out


@dataclass(frozen=True)
class _Adjusted:
    """Residuals and design rows, each cluster multiplied by (I - H)^-1 of its own."""

    residual: np.ndarray
    x: np.ndarray


def _undo_leverage(
    x: np.ndarray, inverse: np.ndarray, residual: np.ndarray, cluster: np.ndarray
) -> _Adjusted:
    """Multiply each cluster's residuals and rows by the inverse of its (I - H).

    A cluster on which a column rests wholly has no inverse; its pseudo-inverse is used, and the
    degrees of freedom then fall below what is reported.
    """
    number, size = np.unique(cluster, return_inverse=True, return_counts=True)[1:]
    new_residual, new_x = residual.copy(), x.copy()
    order = np.argsort(number, kind="stable")
    begins = np.cumsum(size) - size
    for rows in np.unique(size):
        of_size = begins[size == rows]
        if rows <= _MAX_DENSE:
            own = order[of_size[:, None] + np.arange(rows)]  # clusters x rows
            part = x[own]
            leverage = part @ inverse @ part.swapaxes(1, 2)
            undo = np.linalg.pinv(np.eye(rows) - leverage, rcond=1e-10, hermitian=True)
            new_residual[own] = (undo @ residual[own][:, :, None])[:, :, 0]
            new_x[own] = undo @ part
            continue
        for begin in of_size:  # Woodbury: (I - X M X')^-1 = I + X (M^-1 - X'X)^-1 X'
            own = order[begin : begin + rows]
            part = x[own]
            outside = np.linalg.inv(inverse) - part.T @ part
            core = part @ np.linalg.pinv(outside, rcond=1e-10, hermitian=True)
            new_residual[own] += core @ (part.T @ residual[own])
            new_x[own] += core @ (part.T @ part)
    return _Adjusted(new_residual, new_x)


def _satterthwaite(
    x: np.ndarray,
    inverse: np.ndarray,
    place: int,
    adjusted: _Adjusted,
    number: np.ndarray,
    groups: int,
) -> float:
    """Return degrees of freedom of one coefficient's variance under equal, independent errors.

    The variance is a quadratic form e' (I - H) G G' (I - H) e, G holding one column per cluster;
    trace(P)^2 / trace(P^2) with P = G' (I - H) G, which is diagonal minus low rank.
    """
    weight = adjusted.x @ inverse[:, place]
    diagonal = np.bincount(number, weights=weight**2, minlength=groups)
    cross = _sums(weight[:, None] * x, number, groups)
    gram = inverse @ (cross.T @ cross)
    trace = diagonal.sum() - np.trace(gram)
    weighted = float((diagonal * np.einsum("ij,jk,ik->i", cross, inverse, cross)).sum())
    square = float((diagonal**2).sum()) - 2 * weighted + float(np.trace(gram @ gram))
    return float(trace**2 / square) if square > 0 else 0.0


def _sums(values: np.ndarray, number: np.ndarray, groups: int) -> np.ndarray:
    """Return the sum of the rows of `values` per cluster."""
    return np.column_stack(
        [np.bincount(number, weights=column, minlength=groups) for column in values.T]
    )


def _independent(x: np.ndarray) -> list[int]:
    """Return the columns, in order, that those before them do not determine."""
    kept: list[int] = []
    basis = np.zeros((len(x), 0))
    for column in range(x.shape[1]):
        value = x[:, column]
        rest = value - basis @ (basis.T @ value)
        rest -= basis @ (basis.T @ rest)
        length = float(np.linalg.norm(rest))
        if length > 1e-8 * max(1.0, float(np.linalg.norm(value))):
            kept.append(column)
            basis = np.column_stack([basis, rest / length])
    return kept


def _adjusted(p: Sequence[float]) -> np.ndarray:
    """Return p-values adjusted for the false-discovery rate (Benjamini & Hochberg 1995)."""
    from scipy import stats

    values = np.array(p, dtype=float)
    judged = np.isfinite(values)
    if judged.any():
        values[judged] = stats.false_discovery_control(values[judged], method="bh")
    return values


def _one(table: pa.Table, name: str) -> pa.Array:
    return one(table.column(name))


def _numpy(table: pa.Table, name: str) -> np.ndarray:
    return to_numpy(table.column(name))
