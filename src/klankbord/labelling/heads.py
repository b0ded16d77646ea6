"""Fit a tone head on labelled texts and say honestly, by cross-validation, what it brings.

The head is a regularised multinomial logistic regression over three blocks: hashed n-grams, the
sentence vector and the base model's own scores. How much each block counts (which is how strongly
its weights are held back) is chosen on the labels given, one block at a time.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from klankbord.models.adapted import (
    FLOOR,
    base_features,
    head_logits,
    ngram_counts,
    recalibrated,
)
from klankbord.models.encoder import Encoder
from klankbord.models.ngrams import BUCKET_BITS
from klankbord.models.scores import ToneScores, softmax
from klankbord.records import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

FOLDS = 5
_SEARCHED = 2_000  # rows on which the blocks are chosen
_SEARCH_FOLDS = 3
_COMMON = 400  # rows from which a bucket must occur in two texts to count
_STEPS = 100  # of the optimiser


@dataclass(frozen=True)
class Recipe:
    """How much each block counts (0 leaves it out), and whether rare classes count as much."""

    ngrams: float = 1.4
    vector: float = 0.7
    base: float = 0.4
    balanced: bool = False


@dataclass(frozen=True)
class Blocks:
    """What the head sees of n texts."""

    ngrams: csr_array  # (n, buckets)
    buckets: Ints  # of each column
    vector: Floats  # (n, dimension)
    base: Floats  # (n, 9), standardised
    centre: Floats  # of the base block before it was standardised
    spread: Floats


@dataclass(frozen=True)
class Head:
    """Weights over the blocks as they come, nothing left to scale."""

    buckets: Ints
    table: Floats
    vector: Floats
    base: Floats
    bias: Floats


def blocks_of(texts: Sequence[str], scores: ToneScores, encoder: Encoder) -> Blocks:
    """Return the three blocks of `texts`, which the base model scored as `scores`."""
    counts = ngram_counts(texts, None, BUCKET_BITS).tocsr()
    counts.sum_duplicates()
    least = 2 if len(texts) >= _COMMON else 1
    texts_with = np.bincount(counts.indices, minlength=counts.shape[1])
    buckets = np.flatnonzero(texts_with >= least).astype(np.int64)
    raw = base_features(scores)
    spread = np.maximum(raw.std(axis=0), 0.1).astype(np.float32)
    centre = raw.mean(axis=0)
    return Blocks(
        ngrams=counts[:, buckets],
        buckets=buckets,
        vector=encoder.encode(texts),
        base=(raw - centre) / spread,
        centre=centre,
        spread=spread,
    )


def folds_of(texts: Sequence[str], codes: Ints, folds: int, seed: int = 0) -> Ints:
    """Return the fold of each row: equal texts together, every class spread evenly."""
    keys = [" ".join(text.casefold().split()) for text in texts]
    first: dict[str, int] = {}
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    salt = str(seed)
    order = sorted(
        first.items(),
        key=lambda item: (
            codes[item[1]],
            hashlib.sha256((salt + item[0]).encode("utf-8", "replace")).digest(),
        ),
    )
    fold = {key: place % folds for place, (key, _) in enumerate(order)}
    return np.array([fold[key] for key in keys], dtype=np.int64)


def choose(blocks: Blocks, codes: Ints, fold: Ints, progress: Progress = silent) -> Recipe:
    """Return the recipe with the least loss on rows held out; blocks are tried one at a time."""
    rows = np.flatnonzero(fold >= 0)[:: max(1, -(-len(codes) // _SEARCHED))]
    some, wanted = _take(blocks, rows), codes[rows]
    third = fold[rows] % _SEARCH_FOLDS if fold.max() >= _SEARCH_FOLDS else fold[rows]
    best = Recipe()
    trials: list[tuple[str, tuple[float, ...]]] = [
        ("base", (0.1, 1.2)),
        ("vector", (0.0, 0.35, 1.4, 2.8)),
        ("ngrams", (0.0, 0.7, 2.8)),
        ("base", (0.0, 0.1, 0.4, 1.2)),
    ]
    total = 1 + sum(len(values) for _, values in trials)
    losses = {best: _held_out_loss(some, wanted, third, best)}
    done = 1
    for block, values in trials:
        for value in values:
            progress("choose", done, total)
            done += 1
            recipe = _with(best, block, value)
            if recipe not in losses and (recipe.ngrams or recipe.vector or recipe.base):
                losses[recipe] = _held_out_loss(some, wanted, third, recipe)
        best = min(losses, key=lambda recipe: (round(losses[recipe], 6), _size(recipe)))
    progress("choose", total, total)
    return best


def held_out(
    blocks: Blocks, codes: Ints, fold: Ints, recipe: Recipe, progress: Progress = silent
) -> Floats:
    """Return (n, classes) logits of every row by a head that was fitted without its fold."""
    classes = int(codes.max()) + 1
    logits = np.zeros((len(codes), classes), dtype=np.float32)
    kinds = np.unique(fold)
    for done, held in enumerate(kinds.tolist()):
        progress("cross-validate", done, len(kinds))
        mine = fold == held
        own = _take(blocks, np.flatnonzero(mine))
        head = fit(_take(blocks, np.flatnonzero(~mine)), codes[~mine], recipe, classes)
        logits[mine] = _logits(head, own)
    progress("cross-validate", len(kinds), len(kinds))
    return logits


def fit(blocks: Blocks, codes: Ints, recipe: Recipe, classes: int) -> Head:
    """Fit the head; its weights are for the blocks before scaling and standardising."""
    from scipy.sparse import csr_array, hstack
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    used = np.unique(blocks.ngrams.indices)  # the others would get no weight
    scaled = hstack(
        [
            blocks.ngrams[:, used] * np.float32(recipe.ngrams),
            csr_array(blocks.vector * np.float32(recipe.vector)),
            csr_array(blocks.base * np.float32(recipe.base)),
        ]
    ).tocsr()
    scaled.indices, scaled.indptr = (
        part.astype(np.int32) for part in (scaled.indices, scaled.indptr)
    )
    model = LogisticRegression(
        C=1.0,
        max_iter=_STEPS,
        tol=1e-3,
        class_weight="balanced" if recipe.balanced else None,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(scaled, codes)
    weights = np.zeros((scaled.shape[1], classes), dtype=np.float32)
    bias = np.full(classes, -30, dtype=np.float32)  # of a class that is not among `codes`
    known = model.classes_.astype(int)
    if len(known) == 2:
        weights[:, known[1]], bias[known] = model.coef_[0], (0, model.intercept_[0])
    else:
        weights[:, known], bias[known] = model.coef_.T, model.intercept_
    ends = np.cumsum([len(used), blocks.vector.shape[1]])
    of_used, vector, base = np.split(weights, ends)
    table = np.zeros((len(blocks.buckets), classes), dtype=np.float32)
    table[used] = of_used
    base = base * np.float32(recipe.base) / blocks.spread[:, None]
    return Head(
        buckets=blocks.buckets,
        table=table * np.float32(recipe.ngrams),
        vector=vector * np.float32(recipe.vector),
        base=base,
        bias=bias - blocks.centre @ base,
    )


def temperature_of(logits: Floats, codes: Ints) -> float:
    """Return the divisor of the logits with the least loss on `codes`."""
    from scipy.optimize import minimize_scalar

    found: Any = minimize_scalar(
        lambda log: losses(softmax(logits / np.exp(log)), codes).mean(),
        bounds=(-2.0, 2.0),
        method="bounded",
    )
    return round(float(np.exp(found.x)), 4)


def recalibration_of(own: Floats, codes: Ints, *, shifts: bool = True) -> tuple[float, Floats]:
    """Return temperature and a shift per class for the base model's class probabilities.

    Without `shifts` they are 0, so that the most probable class stays. Both are
    held back towards 1 and 0, as if ten more rows had said so.
    """
    from scipy.optimize import minimize

    logs = np.log(own + FLOOR).astype(np.float64)

    def loss(values: NDArray[np.float64]) -> float:
        chances = softmax(logs * np.exp(values[0]) + (values[1:] if shifts else 0))
        return float(losses(chances, codes).sum() + 5 * (values**2).sum())

    found: Any = minimize(loss, np.zeros(own.shape[1] + 1), method="L-BFGS-B")
    return round(float(np.exp(-found.x[0])), 4), np.round(found.x[1:], 4).astype(np.float32)


def held_out_recalibration(own: Floats, codes: Ints, fold: Ints, *, shifts: bool = True) -> Floats:
    """Return class probabilities of every row, recalibrated without its fold."""
    chances = own.copy()
    for held in np.unique(fold).tolist():
        mine = fold == held
        chances[mine] = recalibrated(
            own[mine], *recalibration_of(own[~mine], codes[~mine], shifts=shifts)
        )
    return chances


def losses(chances: NDArray[np.floating], codes: Ints) -> NDArray[np.float64]:
    """Return minus the log-probability of each row's label."""
    right = chances[np.arange(len(codes)), codes].astype(np.float64)
    return -np.log(np.maximum(right, 1e-6))


def _held_out_loss(blocks: Blocks, codes: Ints, fold: Ints, recipe: Recipe) -> float:
    logits = held_out(blocks, codes, fold, recipe)
    return float(losses(softmax(logits / temperature_of(logits, codes)), codes).mean())


def _logits(head: Head, blocks: Blocks) -> Floats:
    raw = blocks.base * blocks.spread + blocks.centre
    return head_logits(blocks.ngrams, blocks.vector, raw, vars(head))


def _take(blocks: Blocks, rows: Ints) -> Blocks:
    return replace(
        blocks, ngrams=blocks.ngrams[rows], vector=blocks.vector[rows], base=blocks.base[rows]
    )


def _with(recipe: Recipe, block: str, value: float) -> Recipe:
    changes: dict[str, Any] = {block: value}
    return replace(recipe, **changes)


def _size(recipe: Recipe) -> float:
    return recipe.ngrams + recipe.vector + recipe.base
