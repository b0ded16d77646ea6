"""How good a tone model is on labelled rows: figures with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from klankbord import agreement
from klankbord.agreement import LEVELS, Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

ENOUGH = 30  # labelled rows
TOO_FEW = "te weinig gegevens"
AGREEMENT = ("macro_f1", "accuracy", "quadratic_kappa", *(f"alpha_{level}" for level in LEVELS))
SCORES = (*AGREEMENT, "brier", "calibration_error")


@dataclass(frozen=True)
class Quality:
    """Figures over labelled rows, each with its 95 % interval."""

    rows: int
    classes: tuple[str, ...]
    weighted: bool
    figures: dict[str, Estimate]  # by name, those of SCORES or AGREEMENT
    f1: tuple[Estimate, ...]  # per class
    confusion: tuple[tuple[Estimate, ...], ...]  # rows: label, columns: found; adds up to `rows`

    @property
    def verdict(self) -> str:
        """Say "te weinig gegevens" under thirty rows, else nothing."""
        return TOO_FEW if self.rows < ENOUGH else ""

    def as_json(self) -> dict[str, Any]:
        """Return plain values; what is not defined is null."""
        return {
            "rows": self.rows,
            "verdict": self.verdict,
            "weighted": self.weighted,
            "classes": list(self.classes),
            "figures": {name: _plain(value) for name, value in self.figures.items()},
            "f1": dict(zip(self.classes, map(_plain, self.f1), strict=True)),
            "confusion": [[_plain(cell) for cell in row] for row in self.confusion],
        }


def measure(
    truth: Ints,
    found: Ints,
    classes: Sequence[str],
    *,
    probabilities: Floats | None = None,
    weight: Floats | None = None,
    seed: int = 0,
) -> Quality:
    """Compare `found` with `truth` (class codes); with `probabilities` also how calibrated.

    `weight` says how many rows of the whole each row stands for; the figures are then those of
    the whole, and the intervals say how unsure a sample of this size leaves them.
    """
    size, rows = len(classes), len(truth)
    mass = np.ones(rows) if weight is None else weight * (rows / weight.sum() if rows else 1)

    def figures(where: Ints) -> Floats:
        own = mass[where] * (rows / mass[where].sum())
        matrix = agreement.confusion(truth[where], found[where], size, own)
        values = [
            agreement.macro_f1(matrix),
            agreement.accuracy(matrix),
            agreement.quadratic_kappa(matrix),
            *(agreement.alpha(matrix, level) for level in LEVELS),
        ]
        if probabilities is not None:
            values.append(agreement.brier(probabilities[where], truth[where], own))
            values.append(agreement.calibration_error(probabilities[where], truth[where], own))
        return np.concatenate([values, agreement.f1_scores(matrix), matrix.ravel()])

    names = AGREEMENT if probabilities is None else SCORES
    nothing = [Estimate(float("nan"), float("nan"), float("nan"))]
    made = (
        agreement.bootstrap(figures, rows, seed=seed)
        if rows
        else nothing * (len(names) + size + size**2)
    )
    cells = made[len(names) + size :]
    return Quality(
        rows=rows,
        classes=tuple(classes),
        weighted=weight is not None,
        figures=dict(zip(names, made, strict=False)),
        f1=tuple(made[len(names) : len(names) + size]),
        confusion=tuple(tuple(cells[row * size : (row + 1) * size]) for row in range(size)),
    )


def _plain(estimate: Estimate) -> dict[str, float | None]:
    values: dict[str, float] = asdict(estimate)
    return {name: None if isnan(value) else round(value, 4) for name, value in values.items()}
