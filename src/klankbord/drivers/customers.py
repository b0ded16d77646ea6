"""What the answers of one customer have in common, undone in the errors of a regression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_MAX_DENSE = 40  # rows of one customer up to which its matrix is inverted as it stands
_AT_ONCE = 5_000  # rows of customers with equally many handled together: a cache holds them
_MANY = 5_000  # customers above which degrees of freedom are taken from the leading term
_MAX_KINDS = 3_000  # different rows of which all products are held
_SMALL = 0.5  # leverage of a customer with which nothing is near singular
_ROUNDING = 1e-6  # share of a weight that rounding may lose
_NOTHING = 1e-10  # share of a customer's rows below which nothing is left beside its leverage


@dataclass(frozen=True)
class Undone:
    """Residuals and weights multiplied by the inverse of each customer's (I - H)."""

    residual: Floats  # per row
    squares: Floats  # customers x weights: the sum of squared weights
    weights: Floats | None  # rows x weights; None with many customers
    rests: Bools  # per weight: on a customer on whom a coefficient rests wholly


class Customers:
    """The rows of a design, those of a customer together: `x` holds the different ones.

    `kind` is the place in `x` of each row, `number` the customer, 0 and ascending.
    """

    def __init__(self, x: Floats, kind: Ints, number: Ints, inverse: Floats) -> None:
        self._x, self._kind, self._number, self._inverse = x, kind, number, inverse
        self._size = np.bincount(number)
        few = len(x) <= _MAX_KINDS
        self._products = x @ inverse @ x.T if few else None

    def sums(self, weight: Floats) -> Floats:
        """Return the sum of each customer's rows times their weights, customers x columns."""
        from scipy import sparse

        ends = np.concatenate([[0], np.cumsum(self._size)])
        shape = len(self._size), len(self._x)
        summed: Floats = sparse.csr_array((weight, self._kind, ends), shape=shape) @ self._x
        return summed

    def freedom(self, undone: Undone, place: int) -> float:
        """Return degrees of freedom of one variance under equal, independent errors.

        The variance is a quadratic form e' (I - H) G G' (I - H) e, G holding one column per
        cluster; trace(P)^2 / trace(P^2) with P = G' (I - H) G, a diagonal minus low rank. With
        many customers the low rank takes about one degree away, and is not computed.
        """
        diagonal = undone.squares[:, place]
        if undone.weights is None:
            return float(diagonal.sum() ** 2 / (diagonal**2).sum()) - 1
        cross = self.sums(undone.weights[:, place])
        gram = self._inverse @ (cross.T @ cross)
        weighted = float((self._inverse * (cross.T @ (diagonal[:, None] * cross))).sum())
        trace = float(diagonal.sum() - np.trace(gram))
        square = float((diagonal**2).sum()) - 2 * weighted + float((gram * gram.T).sum())
        return trace**2 / square if square > 0 else 0.0

    def undo_leverage(self, residual: Floats, weights: Floats) -> Undone:
        """Multiply each customer's rows by the inverse of its (I - H); `weights` are of kinds.

        A customer on whom a coefficient rests wholly has no inverse: the pseudo-inverse is used.
        """
        number, rows = len(self._size), len(self._kind)
        undone, squares = np.empty(rows), np.empty((number, weights.shape[1]))
        kept = np.empty((rows, weights.shape[1])) if number <= _MANY else None
        lost = np.zeros(weights.shape[1] + 1)
        for first, size in self._by_size():
            own = first[:, None] + np.arange(size)  # customers x rows
            before = np.concatenate([residual[own][..., None], weights[self._kind[own]]], axis=2)
            after, missing = self._undone(own, before)
            undone[own], weight = after[..., 0], after[..., 1:]
            squares[self._number[first]] = np.einsum("crw,crw->cw", weight, weight)
            if kept is not None:
                kept[own] = weight
            lost = np.maximum(lost, missing)
        largest = np.abs(weights[np.unique(self._kind)]).max(axis=0)
        return Undone(undone, squares, kept, lost[1:] > _ROUNDING * largest)

    def _undone(self, own: Ints, before: Floats) -> tuple[Floats, Floats]:
        """Return the rows of customers without leverage, and what each column loses by it."""
        kind = self._kind[own]
        if own.shape[1] > _MAX_DENSE:  # Woodbury: (I - X M X')^-1 = I + X (M^-1 - X'X)^-1 X'
            part = self._x[kind]
            turned = part.swapaxes(1, 2)
            outside = np.linalg.inv(self._inverse) - turned @ part
            undo = np.linalg.pinv(outside, rcond=_NOTHING, hermitian=True)
            after = before + part @ (undo @ (turned @ before))
            back = after - part @ (self._inverse @ (turned @ after))
            return after, np.abs(before - back).max(axis=(0, 1))
        left = np.eye(own.shape[1]) - self._leverage(kind)
        lost, after = np.zeros(before.shape[2]), np.empty_like(before)
        safe = np.trace(left, axis1=1, axis2=2) >= own.shape[1] - _SMALL
        after[safe] = np.linalg.inv(left[safe]) @ before[safe]
        if not safe.all():
            near = left[~safe]
            value, turn = np.linalg.eigh(near)
            undo = np.divide(1.0, value, out=np.zeros_like(value), where=value > _NOTHING)
            after[~safe] = (turn * undo[:, None, :]) @ (turn.swapaxes(1, 2) @ before[~safe])
            lost = np.abs(before[~safe] - near @ after[~safe]).max(axis=(0, 1))
        return after, lost

    def _leverage(self, kind: Ints) -> Floats:
        """Return the hat matrix of each customer, customers x rows x rows."""
        if self._products is not None:
            hat: Floats = self._products[kind[:, :, None], kind[:, None, :]]
            return hat
        part = self._x[kind]
        hats: Floats = part @ self._inverse @ part.swapaxes(1, 2)
        return hats

    def _by_size(self) -> Iterator[tuple[Ints, int]]:
        """Yield the first rows of customers with equally many rows, and how many, by parts."""
        begins = np.cumsum(self._size) - self._size
        for rows in np.unique(self._size):
            of_size = begins[self._size == rows]
            step = max(1, _AT_ONCE // int(rows))
            for start in range(0, len(of_size), step):
                yield of_size[start : start + step], int(rows)
