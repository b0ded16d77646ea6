"""Complaint codes by example, beside the trained theme head.

The head has read reviews of shops and restaurants; a few phrases per code tell it what, say, a
telecom customer's complaint is about. Their similarity to a text is added to the head's
log-probabilities. Weight and offsets were chosen on `tone dev`: accuracy of the theme .744 without
and .758 with, macro-F1 .435 and .476 (`scripts/evaluate_models.py` prints them).
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from klankbord.models.encoder import Encoder

_FILE = Path(__file__).with_name("theme_examples.toml")
_WEIGHT = 5.0
_NO_COMPLAINT = 0.2  # similarity that "no complaint", the first theme, counts for
_NO_EXAMPLES = 0.1  # and that of a code without examples


class ThemeExamples:
    """The examples of each theme as vectors of `encoder`."""

    def __init__(self, themes: Sequence[str], encoder: Encoder) -> None:
        known = {theme: _examples()[theme] for theme in themes if theme in _examples()}
        self._vectors = encoder.encode([phrase for phrases in known.values() for phrase in phrases])
        self._places = [themes.index(theme) for theme in known]
        self._ends = np.cumsum([len(phrases) for phrases in known.values()])
        base = [_NO_EXAMPLES if place else _NO_COMPLAINT for place in range(len(themes))]
        self._base = np.array(base, dtype=np.float32)
        self.fingerprint = hashlib.sha256(_FILE.read_bytes()).hexdigest()[:12]

    def likeness(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the similarity of n texts with every example, (n, examples)."""
        similarity: NDArray[np.float32] = vectors @ self._vectors.T
        return similarity

    def bonus(self, likeness: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what to add to the log-probability of each theme, (n, themes)."""
        total = np.tile(self._base, (len(likeness), 1))
        by_example = np.ascontiguousarray(likeness.T)
        for place, examples in zip(
            self._places, np.split(by_example, self._ends[:-1]), strict=True
        ):
            first, second = np.full((2, len(likeness)), -np.inf, dtype=np.float32)
            for similarity in examples:
                second = np.maximum(second, np.minimum(first, similarity))
                first = np.maximum(first, similarity)
            total[:, place] = (first + second) / 2  # of the two nearest
        weighted: NDArray[np.float32] = _WEIGHT * total
        return weighted


@cache
def _examples() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))
